/** A stretch of time: from `start` up to, not including, `end`; ms since epoch. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

const dayMs = 86_400_000;

/** How far a zone's clocks stand before UTC at an instant, ms. */
function zoneOffset(ms: number, timeZone: string): number {
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  });
  const parts = new Map(format.formatToParts(ms).map((part) => [part.type, Number(part.value)]));
  const get = (type: Intl.DateTimeFormatPartTypes): number => parts.get(type) ?? 0;
  const wall = Date.UTC(get('year'), get('month') - 1, get('day'), get('hour'), get('minute'), get('second'));
  return wall - Math.floor(ms / 1000) * 1000;
}

/** The instant at which clocks of a zone show a time; `wall` is that time as if it were UTC, ms. */
export function instant(wall: number, timeZone: string): number {
  const guess = wall - zoneOffset(wall, timeZone);
  return wall - zoneOffset(guess, timeZone);
}

/** What clocks of a zone show at an instant, as if it were UTC, ms. */
const wallOf = (ms: number, timeZone: string): number => ms + zoneOffset(ms, timeZone);

const two = (value: number): string => String(value).padStart(2, '0');

/** A time as clocks of a zone show it, in a form such as `yyyy/MM/dd HH:mm`. */
export function shownDate(ms: number, form: string, timeZone: string): string {
  const wall = new Date(wallOf(ms, timeZone));
  return form
    .replace('yyyy', String(wall.getUTCFullYear()))
    .replace('MM', two(wall.getUTCMonth() + 1))
    .replace('dd', two(wall.getUTCDate()))
    .replace('HH', two(wall.getUTCHours()))
    .replace('mm', two(wall.getUTCMinutes()));
}

/**
 * The span that a date keyword or an exact date names, in the zone of the base
 * (https://open.feishu.cn/document/uAjLw4CM/ukTMukTMukTM/reference/bitable-v1/app-table-record/record-filter-guide).
 * `undefined` when it is no such keyword.
 */
export function namedSpan(words: readonly string[], now: number, timeZone: string): Span | undefined {
  const [word, exact] = words;
  const of = (ms: number): number => {
    return Math.floor(wallOf(ms, timeZone) / dayMs) * dayMs;
  };
  const today = of(now);
  const span = (first: number, days: number): Span => ({
    start: instant(first, timeZone),
    end: instant(first + days * dayMs, timeZone),
  });
  const month = (shift: number): Span => {
    const day = new Date(today);
    const start = Date.UTC(day.getUTCFullYear(), day.getUTCMonth() + shift, 1);
    const end = Date.UTC(day.getUTCFullYear(), day.getUTCMonth() + shift + 1, 1);
    return { start: instant(start, timeZone), end: instant(end, timeZone) };
  };
  const monday = today - ((new Date(today).getUTCDay() + 6) % 7) * dayMs;
  if (word === 'ExactDate') return /^-?\d+$/.test(exact ?? '') ? span(of(Number(exact)), 1) : undefined;
  const named: Readonly<Record<string, () => Span>> = {
    Today: () => span(today, 1),
    Tomorrow: () => span(today + dayMs, 1),
    Yesterday: () => span(today - dayMs, 1),
    CurrentWeek: () => span(monday, 7),
    LastWeek: () => span(monday - 7 * dayMs, 7),
    CurrentMonth: () => month(0),
    LastMonth: () => month(-1),
    TheLastWeek: () => span(today - 6 * dayMs, 7),
    TheNextWeek: () => span(today, 7),
    TheLastMonth: () => span(today - 29 * dayMs, 30),
    TheNextMonth: () => span(today, 30),
  };
  return word === undefined ? undefined : named[word]?.();
}
