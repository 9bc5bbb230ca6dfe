import type { Wake } from './ticker.ts';

/**
 * Wakes once a second, whatever the clocks of the machine's zone do: node-cron's own beat stops for the hour that they
 * show twice in autumn. Never keeps the process alive.
 */
export const everySecond: Wake = (tick) => {
  const timer = setInterval(tick, 1000).unref();
  return () => clearInterval(timer);
};
