import type { Zone } from '../words/zone.ts';

/**
 * A cron expression, spelt out: which values each field allows. Days may also be words: `L` (the last day),
 * `L-2`, `15W` and `LW` (the working day nearest to it); weekdays `5#2` (the second Friday) and `5L` (the last).
 * Both day fields must fit: `0 9 13 * 5` is every Friday the 13th.
 */
export interface CronFields {
  readonly second: readonly number[];
  readonly minute: readonly number[];
  readonly hour: readonly number[];
  readonly dayOfMonth: readonly (number | string)[];
  readonly month: readonly number[];
  /** 0 is Sunday. */
  readonly dayOfWeek: readonly (number | string)[];
}

/** When something is due: a cron expression on the wall clocks of a zone. */
export interface Rhythm {
  readonly fields: CronFields;
  readonly zone: Zone;
}

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;
/** Days that are searched for the next time: the rarest expression that comes again (29 February on a weekday) takes 40 years. */
const searched = 41 * 366;
/** The widest clock change that a day with one is searched around. */
const widest = 3 * hour;

/**
 * The first time after an instant; both in ms. `undefined` when it never comes. Where clocks change: what names every
 * hour follows elapsed time, due in both of a doubled hour and not in a gap. Any other means a time of the day, due
 * once a day: in the first of a doubled hour, and moved by the gap when that swallowed it.
 */
export function nextAfter({ fields, zone }: Rhythm, after: number): number | undefined {
  const shown = zone.local(after);
  // A day that was left out altogether pushes its times into the next one.
  const first = Math.floor(shown / day) - 1;
  const times = ordered(fields);
  for (let at = first; at < first + searched; at++) {
    if (!fitsDay(fields, at * day)) continue;
    const found = firstOfDay(times, zone, at * day, after);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** The last time in `(after, until]`; `undefined` when there is none. */
export function lastWithin(rhythm: Rhythm, after: number, until: number): number | undefined {
  let found = nextAfter(rhythm, after);
  if (found === undefined || found > until) return undefined;
  let beyond = until;
  while (found < beyond) {
    const middle: number = found + Math.floor((beyond - found) / 2);
    const next = nextAfter(rhythm, middle);
    if (next === undefined || next > until) beyond = middle;
    else found = next;
  }
  return found;
}

interface Times {
  readonly hours: readonly number[];
  readonly minutes: readonly number[];
  readonly seconds: readonly number[];
  readonly elapsed: boolean;
}

const ordered = ({ hour: hours, minute: minutes, second }: CronFields): Times => ({
  hours: sorted(hours),
  minutes: sorted(minutes),
  seconds: sorted(second),
  elapsed: new Set(hours).size === 24,
});

const sorted = (values: readonly number[]): readonly number[] => [...new Set(values)].sort((a, b) => a - b);

function firstOfDay(times: Times, zone: Zone, midnight: number, after: number): number | undefined {
  let best: number | undefined;
  let enough = Number.POSITIVE_INFINITY;
  const changes = zone.instants(midnight)[0] !== zone.instant(midnight + day) - day;
  for (const hours of times.hours) {
    const whole = midnight + hours * hour;
    if (whole > enough) break;
    if (zone.instant(whole) + hour + (changes ? widest : 0) <= after) continue;
    for (const minutes of times.minutes) {
      const local = whole + minutes * minute;
      if (local > enough) break;
      const starts = times.elapsed ? zone.instants(local) : [zone.instant(local)];
      for (const start of starts) {
        if (start + minute <= after || (best !== undefined && start >= best)) continue;
        const second = times.seconds.find((one) => start + one * 1000 > after);
        if (second === undefined) continue;
        best = start + second * 1000;
        // Later hours can still come earlier where clocks change.
        enough = changes ? local + widest : local;
      }
    }
  }
  return best;
}

function fitsDay({ dayOfMonth, month, dayOfWeek }: CronFields, local: number): boolean {
  const date = new Date(local);
  if (!month.includes(date.getUTCMonth() + 1)) return false;
  return dayOfMonth.some((one) => isDay(one, date)) && dayOfWeek.some((one) => isWeekday(one, date));
}

function isDay(wanted: number | string, date: Date): boolean {
  const at = date.getUTCDate();
  if (typeof wanted === 'number') return wanted === at;
  const last = new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 0)).getUTCDate();
  const word = wanted.toUpperCase();
  const before = /^L-(\d+)$/.exec(word)?.[1];
  if (before !== undefined) return last - Number(before) === at;
  const working = /^(\d+|L)W$/.exec(word)?.[1];
  if (working !== undefined) return workingDay(working === 'L' ? last : Number(working), last, date) === at;
  return word === 'L' && at === last;
}

/** The working day nearest to a day of the month, without leaving the month. */
function workingDay(wanted: number, last: number, date: Date): number | undefined {
  if (wanted < 1 || wanted > last) return undefined;
  const weekday = new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), wanted)).getUTCDay();
  if (weekday === 6) return wanted === 1 ? 3 : wanted - 1;
  if (weekday === 0) return wanted === last ? wanted - 2 : wanted + 1;
  return wanted;
}

function isWeekday(wanted: number | string, date: Date): boolean {
  const [at, weekday] = [date.getUTCDate(), date.getUTCDay()];
  if (typeof wanted === 'number') return wanted % 7 === weekday;
  const nth = /^([0-7])#([1-5])$/.exec(wanted);
  if (nth) return Number(nth[1]) % 7 === weekday && Math.ceil(at / 7) === Number(nth[2]);
  const last = /^([0-7])L$/i.exec(wanted)?.[1];
  if (last === undefined || Number(last) % 7 !== weekday) return false;
  return new Date(date.getTime() + 7 * day).getUTCMonth() !== date.getUTCMonth();
}
