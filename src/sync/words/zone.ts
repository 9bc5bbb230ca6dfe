import { nearest, type Text, text } from './text.ts';

/** An IANA time zone, ready to turn wall-clock times into instants. */
export interface Zone {
  readonly name: string;
  /**
   * The instant (ms) at which clocks show a time. One that spring skips moves forward by the gap; of a doubled hour the
   * first counts, as `Temporal`'s "compatible". @param local the wall-clock time, as if it were UTC, in ms
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
const mostKept = 10_000;

/** Prepares a zone by name. @throws RangeError when the name is unknown to this Node. */
export function zoneOf(name: string): Zone {
  const numeric = 'numeric';
  const format = new Intl.DateTimeFormat('en-US', {
    ...{ timeZone: name, hourCycle: 'h23', era: 'short', year: numeric, month: numeric, day: numeric },
    ...{ hour: numeric, minute: numeric, second: numeric },
  });
  const offsetAt = remembered((instant) => wallClock(format, instant) - Math.floor(instant / 1000) * 1000);
  /** The offset of a day that has only one; NaN on days with a change. */
  const offsetOfDay = remembered((number) => {
    // A day of margin on both sides covers every offset that a zone can have.
    const before = offsetAt((number - 1) * day);
    const isOnly = offsetAt((number + 2) * day) === before && offsetAt((number + 0.5) * day) === before;
    return isOnly ? before : Number.NaN;
  });

  function instants(local: number): readonly number[] {
    const offset = offsetOfDay(Math.floor(local / day));
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
    instant: (local) => instants(local)[0] ?? local - offsetAt(local - day),
  };
}

/** Remembers what was worked out, because asking Node for an offset costs much. */
function remembered(workOut: (of: number) => number): (of: number) => number {
  const known = new Map<number, number>();
  return (of) => {
    const before = known.get(of);
    if (before !== undefined) return before;
    if (known.size >= mostKept) known.clear();
    const found = workOut(of);
    known.set(of, found);
    return found;
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

/**
 * Answers why a name is refused as a time zone, and what to write instead. Abbreviations are refused even where this
 * Node knows them: it takes CST for Chicago. https://data.iana.org/time-zones/theory.html#abbreviations
 */
export function zoneIssue(name: string): { readonly message: Text; readonly cure: Text } | undefined {
  const message = whyNot(name);
  if (message === undefined) return undefined;
  const meant = meantBy(name);
  return {
    message,
    cure:
      meant === undefined
        ? text('写 IANA 时区名，如 Asia/Shanghai', 'Write an IANA name such as Asia/Shanghai.')
        : text(`写 IANA 时区名，可能是 ${meant}`, `Write the IANA name, probably ${meant}.`),
  };
}

function whyNot(name: string): Text | undefined {
  if (/^[a-z]{2,3}$/i.test(name) && !clear.has(name.toUpperCase()))
    return text(
      `「${name}」是缩写，在不同地方指不同的时区`,
      `"${name}" is an abbreviation: it means different zones to different people`,
    );
  // Nobody lives by these, and sixteen hours go wrong.
  const behind = /^Etc\/GMT\+([789])$/i.exec(name)?.[1];
  if (behind !== undefined)
    return text(
      `「${name}」是 UTC-${behind}：这种时区名的正负号是反的`,
      `"${name}" is UTC-${behind}: the sign in such names is inverted`,
    );
  return isKnown(name) ? undefined : text(`没有「${name}」这个时区`, `there is no time zone "${name}"`);
}

/** The two short names that mean the same to everybody. */
const clear: ReadonlySet<string> = new Set(['UTC', 'GMT']);

/** Names of offsets such as `+08:00` are left out: only some versions of Node take them. */
function isKnown(name: string): boolean {
  if (!/^[A-Za-z]/.test(name)) return false;
  try {
    new Intl.DateTimeFormat('en-US', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}

function meantBy(name: string): string | undefined {
  const word = name.trim().toUpperCase();
  const offset = /^(?:UTC|(?:ETC\/)?GMT)?\s*([+-]\d{1,2}(?::?[0-5]\d)?)$/.exec(word)?.[1];
  if (offset !== undefined) return offsets.get(offset.replace(/^\+0(?=\d)/, '+').replace(/:?00$/, ''));
  const near = nearest(word, Intl.supportedValuesOf('timeZone'));
  return meanings.get(word) ?? (word.length > 4 && near.length === 1 ? near[0] : undefined);
}

const offsets: ReadonlyMap<string, string> = new Map([
  ['+7', 'Asia/Bangkok'],
  ['+8', 'Asia/Shanghai'],
  ['+9', 'Asia/Tokyo'],
  ['+5:30', 'Asia/Kolkata'],
]);

/** What is most likely meant by an abbreviation, or by a name that is none, by those who use this program. */
const meanings: ReadonlyMap<string, string> = new Map(
  `Asia/Shanghai=CST CTT PRC BJT BEIJING ASIA/BEIJING CHINA 北京 上海 北京时间, Asia/Hong_Kong=HKT,
  Asia/Taipei=ROC, Asia/Singapore=SGT, Asia/Kuala_Lumpur=MYT, Asia/Manila=PHT, Asia/Tokyo=JST,
  Asia/Seoul=KST ROK, Asia/Ho_Chi_Minh=VST, Asia/Bangkok=ICT, Asia/Jakarta=WIB, Asia/Kolkata=IST,
  Asia/Dhaka=BDT, Asia/Karachi=PKT PLT, Asia/Dubai=GST, Asia/Yerevan=NET AMT, Europe/London=BST GB UK,
  Europe/Berlin=CET CEST MET MEST MEZ MESZ, Europe/Paris=ECT, Europe/Athens=EET EEST,
  Europe/Lisbon=WET WEST, Europe/Moscow=MSK, Europe/Istanbul=TRT, Africa/Cairo=ART,
  Africa/Johannesburg=SAST, Africa/Nairobi=EAT, Africa/Maputo=CAT, Africa/Lagos=WAT,
  America/New_York=EST EDT ET, America/Indiana/Indianapolis=IET, America/Chicago=CDT CT,
  America/Denver=MST MDT MT, America/Phoenix=PNT, America/Los_Angeles=PST PDT PT,
  America/Anchorage=AKST AKDT, America/Halifax=AST ADT, America/Puerto_Rico=PRT,
  America/St_Johns=CNT NST NDT, America/Sao_Paulo=BRT BET, America/Argentina/Buenos_Aires=AGT,
  Australia/Sydney=AEST AEDT AET, Australia/Adelaide=ACST ACDT, Australia/Darwin=ACT,
  Australia/Perth=AWST, Pacific/Auckland=NZ NZST NZDT NZT, Pacific/Honolulu=HST, Pacific/Pago_Pago=SST,
  Pacific/Apia=MIT, UTC=UCT`
    .split(/,\s+/)
    .map((line) => line.split('='))
    .flatMap(([zone = '', words = '']) => words.split(' ').map((word) => [word, zone] as const)),
);
