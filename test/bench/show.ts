import type { Measured } from './judge.ts';

const columns = [
  ['run', 22],
  ['rows', 8],
  ['calls/least', 12],
  ['refused', 8],
  ['width', 6],
  ['latencies', 11],
  ['busy', 10],
  ['wall', 10],
  ['wall/lat.', 10],
  ['CPU→plan', 9],
  ['CPU all', 8],
  ['peak', 8],
  ['loop 99 %', 10],
] as const;

/** The heading of the table. */
export const heading = (): string =>
  `${columns.map(([name, width], at) => (at === 0 ? name.padEnd(width) : name.padStart(width))).join('')}  aims`;

/** One run as a line of the table; what is off the mark is spelt out after it. */
export function lineOf(run: Measured): string {
  const counts = Object.values(run.calls);
  const made = counts.reduce((sum, { made: one }) => sum + one, 0);
  const least = counts.reduce((sum, { least: one }) => sum + one, 0);
  const cells = [
    run.name,
    String(run.rows),
    `${made}/${least}`,
    String(run.refused),
    String(run.width),
    ms(run.latency),
    ms(run.busy),
    ms(run.wall),
    (run.wall / run.latency).toFixed(2),
    ms(run.cpuToPlan),
    ms(run.cpu),
    `${run.peakMb} MB`,
    `${run.loop.p99} ms`,
  ];
  const line = cells.map((cell, at) => {
    const [, width] = columns[at] ?? ['', 10];
    return at === 0 ? cell.padEnd(width) : cell.padStart(width);
  });
  const missed = run.aims.filter((aim) => !aim.met).map((aim) => aim.name);
  return `${line.join('')}  ${missed.length === 0 ? 'all met' : `missed: ${missed.join('; ')}`}${odd(run)}`;
}

/** The calls that were more or fewer than the least. */
function odd({ calls }: Measured): string {
  return Object.entries(calls)
    .filter(([, { made, least }]) => made !== least)
    .map(([name, { made, least }]) => `; ${name} ${made} instead of ${least}`)
    .join('');
}

const ms = (n: number): string => `${(n / 1000).toFixed(2)} s`;

/** What the columns mean. */
export const legend = `
calls/least  calls that were carried out, and the fewest possible: token, base info, table list (before and
             after the records, and after what was written), fields, records (500 a page), creates
             and updates (1,000 a call), deletes (500 a call, looked up 100 a call)
latencies    of all calls added up, as the local Feishu measured them; the first reads overlap each other
busy         time in which at least one call was under way
wall         from the run's start to its end
CPU→plan     of all threads, from the run's start to its plan; CPU all: with start-up and upload
loop 99 %    for how long the event loop was held up at the 99th percentile, from the run's start on
`;
