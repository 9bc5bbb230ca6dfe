import type { Zone } from '../words/zone.ts';

const minute = 60_000;
const day = 24 * 60 * minute;

/** Milliseconds of a time as definitions write it: `30m`, `4h`, `2d`. */
export function duration(written: string): number {
  const units: Readonly<Record<string, number>> = { m: minute, h: 60 * minute, d: day };
  return Number.parseInt(written, 10) * (units[written.slice(-1)] ?? Number.NaN);
}

/** Hours of the day in which good news waits; minutes since midnight. `from` may be later than `to`: over midnight. */
export interface QuietHours {
  readonly from: number;
  readonly to: number;
}

/** Reads `22:00-08:00`; `undefined` when it is no such span. */
export function parseQuietHours(written: string): QuietHours | undefined {
  const found = /^([01]?\d|2[0-3]):([0-5]\d)\s*[-–~]\s*([01]?\d|2[0-4]):([0-5]\d)$/.exec(written.trim());
  if (!found) return undefined;
  const [from = 0, fromMinute = 0, to = 0, toMinute = 0] = found.slice(1).map(Number);
  const hours = { from: from * 60 + fromMinute, to: to * 60 + toMinute };
  return hours.to > 24 * 60 || hours.from === hours.to ? undefined : hours;
}

/** Whether good news waits at an instant (ms). Failures never do. */
export function isQuiet(hours: QuietHours | undefined, zone: Zone, now: number): boolean {
  if (!hours) return false;
  const shown = (((zone.local(now) % day) + day) % day) / minute;
  const { from, to } = hours;
  return from < to ? shown >= from && shown < to : shown >= from || shown < to;
}

/** The same time of the day on the next day, in ms. */
export const tomorrow = (at: number, zone: Zone): number => zone.instant(zone.local(at) + day);
