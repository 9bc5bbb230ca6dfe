import type { Report } from '../../src/cli/report.ts';
import { differences, type Expected } from './model.ts';
import type { Ended } from './process.ts';
import type { StoredRun } from './stored.ts';
import type { Chain, Deeds, Witness } from './witness.ts';

/** A run from its first process to its last word, and what it must make of the table. */
export interface Matter {
  readonly chain: Chain;
  must: Expected;
}

/** Whether what a run says of itself adds up. */
export function sums({ status, rows, deletes }: Pick<Report, 'status' | 'rows' | 'deletes'>): string[] {
  const { read, ...parts } = rows;
  const { planned, ...gone } = deletes;
  const wrong: string[] = [];
  if (sum(parts) !== read) wrong.push(`rows do not add up: ${JSON.stringify(rows)}`);
  if (status !== 'planned' && status !== 'waiting' && sum(gone) !== planned)
    wrong.push(`deletes do not add up: ${JSON.stringify(deletes)}`);
  return wrong;
}

/** Whether a report, its exit code and the store say the same. */
export function agrees(line: string, { exit, report }: Ended, stored: StoredRun | undefined): string[] {
  if (!report || report.run === null) return [];
  const wrong: string[] = [];
  const { status, rows, deletes, error } = report;
  const right = status === 'done' || status === 'planned';
  const isCancel = line.startsWith('cancel');
  if (!isCancel && (exit === 0) !== right) wrong.push(`exit code ${exit}`);
  if ((exit === 4) !== (error?.code === 'taken-over')) wrong.push(`exit code ${exit} for ${error?.code}`);
  // Left open for the next start, or somebody else's by now.
  if (status === 'interrupted') return wrong;
  // Somebody may throw a plan that waits away at once, and a newer run takes its place.
  if (status === 'waiting' && (stored?.status === 'expired' || stored?.status === 'cancelled')) return wrong;
  if (stored?.status !== status) wrong.push(`the store calls it ${stored?.status}`);
  else if (!same(rows, stored.rows) || !same(deletes, stored.deletes))
    wrong.push(`the store counts ${JSON.stringify([stored.rows, stored.deletes])}`);
  return wrong;
}

const same = (a: object, b: Readonly<Record<string, number>>): boolean =>
  Object.entries(a).every(([name, n]) => b[name] === n);

/** Whether the runs of a chain count what was seen at Feishu: each what its programs did, all together what all did. */
export function counts(chain: Chain, runs: readonly StoredRun[]): string[] {
  const wrong: string[] = [];
  const all = [...chain.deeds.values()];
  for (const { run, added, edits, removed } of all)
    if (run === null && added + edits + removed > 0)
      wrong.push(`a program that carried out no run wrote ${added + edits + removed} records`);
  const loose = total(all.filter(({ run }) => run === undefined));
  const mine = runs.filter(({ run }) => all.some((one) => one.run === run));
  const slack = chain.byOthers;
  for (const one of mine) {
    const saw = total(all.filter(({ run }) => run === one.run));
    const { created, updated, unknown } = one.rows as Counted;
    const { done, unknown: unknownDeletes } = one.deletes as Counted;
    const what = `run ${one.run} (${one.status})`;
    const most = (says: number, were: number, more: number, words: string): void => {
      if (says > were + more + slack)
        wrong.push(`${what}: says ${says} ${words}, ${were} were (and ${more} by killed ones)`);
    };
    const least = (says: number, were: number, words: string): void => {
      if (isOver(one) && slack === 0 && were > says)
        wrong.push(`${what}: ${were} were ${words}, it says ${says}`);
    };
    most(created, saw.added, loose.added, 'created');
    most(updated, saw.edits, loose.edits, 'updated');
    most(done, saw.removed, loose.removed, 'deleted');
    least(created + unknown, saw.added, 'created');
    least(updated + unknown, saw.edited, 'updated');
    least(done + unknownDeletes, saw.removed, 'deleted');
  }
  if (slack > 0 || mine.length === 0 || !runs.every(isOver)) return wrong;
  const saw = total(all);
  const says = { added: 0, edited: 0, removed: 0 };
  for (const { rows, deletes } of mine) {
    says.added += (rows as Counted).created + (rows as Counted).unknown;
    says.edited += (rows as Counted).updated + (rows as Counted).unknown;
    says.removed += (deletes as Counted).done + (deletes as Counted).unknown;
  }
  for (const name of ['added', 'edited', 'removed'] as const)
    if (saw[name] > says[name])
      wrong.push(`all runs together: ${saw[name]} were ${name}, they say ${says[name]}`);
  return wrong;
}

type Counted = Readonly<Record<'created' | 'updated' | 'unknown' | 'done', number>>;

/** Whether a run has said its last word: what is still open counts only what it had stored so far. */
const isOver = ({ status }: StoredRun): boolean => status !== 'running' && status !== 'interrupted';

function total(deeds: readonly Deeds[]) {
  const edited = new Set(deeds.flatMap((one) => [...one.edited]));
  return {
    added: deeds.reduce((n, one) => n + one.added, 0),
    edits: deeds.reduce((n, one) => n + one.edits, 0),
    edited: edited.size,
    removed: deeds.reduce((n, one) => n + one.removed, 0),
  };
}

/** Whether the table is what a run must make of it, when nothing of the run is left over. */
export function tableIsRight(
  { rows, deletes, status }: StoredRun,
  must: Expected,
  witness: Witness,
): string[] {
  const amiss = [rows, deletes].some(
    ({ failed = 0, unknown = 0, notSent = 0 }) => failed + unknown + notSent > 0,
  );
  if ((status !== 'done' && status !== 'partial') || amiss) return [];
  return differences(witness.records(), must);
}

const sum = (numbers: Readonly<Record<string, number>>): number =>
  Object.values(numbers).reduce((all, one) => all + one, 0);

/** A run in a few words. */
export const inShort = ({ run, status, rows, deletes }: Numbers): string =>
  `${run} ${status} rows ${short(rows)} deletes ${short(deletes)}`;

interface Numbers {
  readonly run: string | null;
  readonly status: string;
  readonly rows: object;
  readonly deletes: object;
}

const short = (numbers: object): string =>
  Object.entries(numbers)
    .filter(([, n]) => n > 0)
    .map(([name, n]) => `${name} ${n}`)
    .join(', ');
