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
}

const day = 86_400_000;

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
  const offsetAt = (instant: number): number =>
    wallClock(format, instant) - Math.floor(instant / 1000) * 1000;
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

  return {
    name,
    instant(local) {
      const offset = dayOffset(local);
      if (!Number.isNaN(offset)) return local - offset;
      const before = offsetAt(local - day);
      const early = local - before;
      if (offsetAt(early) === before) return early;
      const late = local - offsetAt(local + day);
      return offsetAt(late) === local - late ? late : early;
    },
    isDoubled(local) {
      if (!Number.isNaN(dayOffset(local))) return false;
      const [before, after] = [offsetAt(local - day), offsetAt(local + day)];
      return before !== after && [before, after].every((offset) => offsetAt(local - offset) === offset);
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
