import type { Zone } from '../words/zone.ts';
import { lastWithin, nextAfter, type Rhythm } from './cron.ts';

/** How late (ms) something may be and still count as on time: the program was busy, not stopped. */
export const grace = 2 * 60_000;

const half = 30 * 60_000;
const minute = 60_000;

/**
 * When something that is due really happens, in ms: what is due in the first minute of a full or half hour comes 5 to
 * 49 s later, where fewer send at once, each entry at a second of its own. Two times of an entry never change their
 * order. https://open.feishu.cn/document/server-docs/api-call-guide/frequency-control
 */
export function spread(entry: string, due: number): number {
  const into = due % half;
  if (into >= minute) return due;
  const delay = delayOf(entry);
  return due - into + delay + Math.floor((into * (minute - delay)) / minute);
}

/** The latest time whose turn has come by `now`: {@link spread} turned round. */
function turned(entry: string, now: number): number {
  const into = now % half;
  if (into >= minute) return now;
  const delay = delayOf(entry);
  if (into < delay) return now - into - 1;
  let due = now - into + Math.min(minute - 1, Math.ceil(((into - delay + 1) * minute) / (minute - delay)));
  while (spread(entry, due) > now) due -= 1;
  return due;
}

const delayOf = (entry: string): number => 5000 + (sum(entry) % 45_000);

/** A number of 32 bits that differs between texts (FNV-1a). */
function sum(words: string): number {
  let hash = 0x811c9dc5;
  for (const letter of words) hash = Math.imul(hash ^ (letter.codePointAt(0) ?? 0), 0x01000193) >>> 0;
  return hash;
}

/** What happens to times that passed while nobody was there: see `missed` of a schedule entry. */
export type Missed = 'once' | 'skip';

/** What is to be done about an entry at one moment. */
export type Due =
  /** Nothing before `next` (ms); `undefined`: never again. */
  | { readonly kind: 'wait'; readonly next: number | undefined }
  /** It is time. `late`: the program was stopped at that time; all times missed before it are settled with it. */
  | { readonly kind: 'fire'; readonly due: number; readonly late: boolean }
  /** The last missed time: it and those before it are left out. */
  | { readonly kind: 'skip'; readonly due: number };

interface DueEntry {
  /** Names it, for {@link spread}. */
  readonly id: string;
  readonly rhythm: Rhythm;
  readonly missed: Missed;
}

/** Decides what is due; a pure function of the entry, the last time that was settled and now (ms). */
export function dueOf({ rhythm, id, missed }: DueEntry, last: number, now: number): Due {
  const due = lastWithin(rhythm, last, turned(id, now));
  if (due === undefined) {
    const next = nextAfter(rhythm, last);
    return { kind: 'wait', next: next === undefined ? undefined : spread(id, next) };
  }
  const late = now - spread(id, due) > grace;
  if (late && missed === 'skip') return { kind: 'skip', due };
  return { kind: 'fire', due, late };
}

const day = 24 * 60 * minute;

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

export const tomorrow = (at: number, zone: Zone): number => zone.instant(zone.local(at) + day);
