import type { Clock, Log, LogEvent } from '../run/ports.ts';

/** Milliseconds between two lines of one kind. */
const quietFor = 60_000;

/**
 * Makes a `warn` for what anybody on the network can cause: one line a minute of each event and `why`, with the number
 * of those left out since the last one.
 */
export function seldom({ clock, log }: { readonly clock: Pick<Clock, 'now'>; readonly log: Log }) {
  const kinds = new Map<string, { at: number; leftOut: number }>();
  return (event: LogEvent, facts: { readonly why: string }): void => {
    const kind = `${event}|${facts.why}`;
    const now = clock.now();
    const last = kinds.get(kind);
    if (last && now - last.at < quietFor) {
      last.leftOut++;
      return;
    }
    kinds.set(kind, { at: now, leftOut: 0 });
    log.warn(event, last && last.leftOut > 0 ? { ...facts, leftOut: last.leftOut } : facts);
  };
}
