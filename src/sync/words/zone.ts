/** An IANA time zone, ready to turn wall-clock times into instants. */
export interface Zone {
  readonly name: string;
  /**
   * The instant (ms) at which clocks in the zone show a time.
   *
   * A time that the spring change skips moves forward by the gap; of a doubled hour in autumn the first
   * counts. That is what `Temporal` calls "compatible".
   * @param local the wall-clock time, as if it were UTC, in ms
   */
  instant(local: number): number;
  /** Whether clocks in the zone show a time twice, as in autumn. @param local as for `instant` */
  isDoubled(local: number): boolean;
  /** Every instant (ms) at which clocks show a time: none in the gap of spring, two in the doubled hour of autumn. */
  instants(local: number): readonly number[];
  /** What clocks show at an instant, as if it were UTC, in ms. */
  local(instant: number): number;
}

const day = 86_400_000;
const quarter = 900_000;
const sinceQuarters = Date.UTC(1973, 0);
const mostQuarters = 10_000;

/** Prepares a zone by name. @throws RangeError when the name is unknown to this Node. */
export function zoneOf(name: string): Zone {
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone: name,
    hourCycle: 'h23',
    era: 'short',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  });
  const lookUp = (instant: number): number => wallClock(format, instant) - Math.floor(instant / 1000) * 1000;
  const ofQuarter = new Map<number, number>();
  /** Asking for an offset costs much; since 1973 clocks change at full quarters of an hour only. */
  const offsetAt = (instant: number): number => {
    if (instant < sinceQuarters) return lookUp(instant);
    const number = Math.floor(instant / quarter);
    const known = ofQuarter.get(number) ?? lookUp(instant);
    if (ofQuarter.size > mostQuarters) ofQuarter.clear();
    ofQuarter.set(number, known);
    return known;
  };
  /** The day's offset where the day has only one; NaN on days with a change. */
  const ofDay = new Map<number, number>();

  function dayOffset(local: number): number {
    const number = Math.floor(local / day);
    const known = ofDay.get(number);
    if (known !== undefined) return known;
    // A day of margin on both sides covers every offset that a zone can have.
    const before = offsetAt((number - 1) * day);
    const after = offsetAt((number + 2) * day);
    const only = before === after && offsetAt(number * day + day / 2) === before ? before : Number.NaN;
    ofDay.set(number, only);
    return only;
  }

  function instants(local: number): readonly number[] {
    const offset = dayOffset(local);
    if (!Number.isNaN(offset)) return [local - offset];
    const offsets = new Set([offsetAt(local - day), offsetAt(local), offsetAt(local + day)]);
    return [...offsets]
      .map((one) => local - one)
      .filter((instant) => instant + offsetAt(instant) === local)
      .sort((a, b) => a - b);
  }

  return {
    name,
    local: (instant) => instant + offsetAt(instant),
    instants,
    isDoubled: (local) => instants(local).length > 1,
    instant(local) {
      const offset = dayOffset(local);
      if (!Number.isNaN(offset)) return local - offset;
      const before = offsetAt(local - day);
      const early = local - before;
      if (offsetAt(early) === before) return early;
      const late = local - offsetAt(local + day);
      return offsetAt(late) === local - late ? late : early;
    },
  };
}

function wallClock(format: Intl.DateTimeFormat, instant: number): number {
  const parts = new Map(format.formatToParts(instant).map((part) => [part.type, part.value]));
  const number = (type: Intl.DateTimeFormatPartTypes): number => Number(parts.get(type));
  const year = parts.get('era') === 'BC' ? 1 - number('year') : number('year');
  const date = new Date(0);
  date.setUTCFullYear(year, number('month') - 1, number('day'));
  date.setUTCHours(number('hour'), number('minute'), number('second'));
  return date.getTime();
}
