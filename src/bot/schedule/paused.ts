import type { Schedules } from '../ports.ts';

/** A schedule that stands still. */
export interface Pause {
  /** open_id of who wanted it; nothing where it paused itself. */
  readonly by: string | undefined;
  /** Since when, in ms. */
  readonly at: number;
  /** What was away in all the failures: the pause ends by itself when that is back. */
  readonly away: 'feishu' | 'source' | undefined;
}

/** A pause as it was noted. One that cannot be read is somebody's wish. */
export function pauseOf(value: string): Pause {
  try {
    const { by, at, away } = JSON.parse(value) as Readonly<Record<string, unknown>>;
    return {
      by: typeof by === 'string' ? by : undefined,
      at: typeof at === 'number' ? at : 0,
      away: away === 'feishu' || away === 'source' ? away : undefined,
    };
  } catch {
    return { by: undefined, at: 0, away: undefined };
  }
}

/** Lets a definition's schedule go on; failures before this moment are forgiven. */
export async function resume(schedules: Schedules, definition: string, now: number): Promise<void> {
  await schedules.mark('resumed', definition, '', String(now));
  await schedules.mark('paused', definition, '', undefined);
}
