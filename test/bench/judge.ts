import type { Call } from 'bitable-playground';
import type { Ran } from './program.ts';

/** What a run had to do, for the fewest calls that this can take. */
export interface Work {
  readonly fields: number;
  /** Records that the table had. */
  readonly records: number;
  readonly creates: number;
  readonly updates: number;
  readonly deletes: number;
  /** Whether the table need not be read: its number of records is asked for, and those that change are looked up. */
  readonly isKnown?: boolean;
}

/** One measured run. */
export interface Measured {
  readonly name: string;
  readonly rows: number;
  /** Writes at once: fixed, or found out by the program. */
  readonly lanes: number | 'auto';
  /** How many writes the base took at once. */
  readonly writers: number;
  /** Carried-out calls by name, and the fewest possible. */
  readonly calls: Readonly<Record<string, { readonly made: number; readonly least: number }>>;
  readonly refused: number;
  /** The most writes that were under way at once. */
  readonly width: number;
  /** Latencies of all calls added up, as the local Feishu measured them, in ms. */
  readonly latency: number;
  /** Milliseconds in which at least one call was under way: calls that overlap count once. */
  readonly busy: number;
  /** Milliseconds from the run's start to its end. */
  readonly wall: number;
  /** Milliseconds of CPU. */
  readonly cpuToPlan: number;
  readonly cpu: number;
  readonly peakMb: number;
  readonly loop: Ran['loop'];
  readonly ms: Ran['report']['ms'];
  /** Wall time of the same work on one lane, in ms; null where that was not measured. */
  readonly oneLane: number | null;
  readonly aims: readonly Aim[];
}

/** One thing that a run should reach. */
export interface Aim {
  readonly name: string;
  readonly met: boolean;
}

const searchPage = 500;
const fieldPage = 100;
const chunk = 1_000;
const deletesPerCall = 500;
const looksPerCall = 100;

/** The fewest calls of a run, by name. The table list is read before and after the records, to see whether
 * they moved, and after what was written, to know that table again; a table that no run knows is counted before records are created, and what is to be deleted is looked up. */
function least({
  fields,
  records,
  creates,
  updates,
  deletes,
  isKnown = false,
}: Work): Readonly<Record<string, number>> {
  return {
    'auth.token': 1,
    'apps.get': 1,
    'tables.list': (isKnown ? 1 : 2) + (creates + updates + deletes > 0 ? 1 : 0),
    'fields.list': Math.ceil(fields / fieldPage),
    'records.search': isKnown ? 1 : Math.max(1, Math.ceil(records / searchPage)) + (creates > 0 ? 1 : 0),
    'records.batch_create': Math.ceil(creates / chunk),
    'records.batch_update': Math.ceil(updates / chunk),
    'records.batch_get': Math.ceil(((isKnown ? updates : 0) + deletes) / looksPerCall),
    'records.batch_delete': Math.ceil(deletes / deletesPerCall),
  };
}

/** Puts a run's figures together. */
export function measured(
  about: Pick<Measured, 'name' | 'rows' | 'lanes' | 'writers' | 'oneLane'>,
  work: Work,
  ran: Ran,
  calls: readonly Call[],
): Measured {
  const carriedOut = calls.filter((call) => call.code === 0);
  const fewest = least(work);
  const names = [...new Set([...Object.keys(fewest), ...carriedOut.map((call) => call.route)])];
  const known = {
    ...about,
    calls: Object.fromEntries(
      names.map((name) => {
        const made = carriedOut.filter((call) => call.route === name).length;
        return [name, { made, least: fewest[name] ?? 0 }];
      }),
    ),
    refused: calls.length - carriedOut.length,
    width: mostAtOnce(calls.filter((call) => call.write)),
    latency: calls.reduce((sum, call) => sum + call.ms, 0),
    busy: covered(calls),
    wall: ran.report.ms.total,
    cpuToPlan: ran.cpuToPlan,
    cpu: ran.cpu,
    peakMb: ran.peakMb,
    loop: ran.loop,
    ms: ran.report.ms,
  };
  return { ...known, aims: aimsOf(known, work) };
}

function aimsOf(run: Omit<Measured, 'aims'>, { isKnown = false }: Work): readonly Aim[] {
  const { calls, refused, wall, latency, cpuToPlan, peakMb, rows, lanes, writers, width } = run;
  const oneLane = lanes === 1 || writers === 1;
  const writes = Object.entries(calls).filter(([name]) => name.startsWith('records.batch_'));
  const nothingToWrite = writes.every(([, { least: fewest }]) => fewest === 0);
  return [
    {
      name: 'calls are the minimum',
      met: Object.values(calls).every(({ made, least: fewest }) => made === fewest),
    },
    { name: `refused at most ${lanes === 1 ? 0 : 2}`, met: refused <= (lanes === 1 ? 0 : 2) },
    ...(nothingToWrite
      ? [{ name: 'no write call', met: writes.every(([, { made }]) => made === 0) && refused === 0 }]
      : []),
    ...(oneLane && rows >= 20_000 && !isKnown
      ? [{ name: 'wall within 10 % of the latencies', met: wall <= latency * 1.1 }]
      : []),
    ...(run.oneLane === null
      ? []
      : [
          {
            name: 'wall at most three quarters of that on one lane',
            met: width > 1 && wall <= run.oneLane * 0.75,
          },
        ]),
    ...(rows <= 100_000 ? [{ name: 'CPU to plan at most 6 s', met: cpuToPlan <= 6_000 }] : []),
    aimOfMemory(peakMb, rows <= 100_000 ? 350 : 900),
    { name: 'event loop held up at most 50 ms at the 99th percentile', met: run.loop.p99 <= 50 },
  ];
}

const aimOfMemory = (peakMb: number, most: number): Aim => ({
  name: `memory at most ${most} MB`,
  met: peakMb <= most,
});

/** The most calls that were under way at the same moment. */
function mostAtOnce(calls: readonly Call[]): number {
  const moments = calls
    .flatMap(({ at, ms }) => [
      [at, 1],
      [at + ms, -1],
    ])
    .sort(([a = 0, up = 0], [b = 0, down = 0]) => a - b || up - down);
  let now = 0;
  let most = 0;
  for (const [, step = 0] of moments) {
    now += step;
    most = Math.max(most, now);
  }
  return most;
}

/** Milliseconds in which at least one call was under way. */
function covered(calls: readonly Call[]): number {
  let until = 0;
  let sum = 0;
  for (const { at, ms } of calls.toSorted((a, b) => a.at - b.at)) {
    sum += Math.max(0, at + ms - Math.max(at, until));
    until = Math.max(until, at + ms);
  }
  return sum;
}
