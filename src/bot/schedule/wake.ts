import { schedule } from 'node-cron';
import type { Wake } from './ticker.ts';

const nothing = (): void => undefined;
const silent = { info: nothing, warn: nothing, error: nothing, debug: nothing };

/** Wakes once a second, by node-cron. What is due is decided elsewhere: a late or missed beat costs nothing. */
export const cronWake: Wake = (tick) => {
  const task = schedule('* * * * * *', tick, { logger: silent, suppressMissedWarning: true, unref: true });
  return () => void task.destroy();
};
