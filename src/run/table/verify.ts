import type { Definition } from '../../sync/definition/definition.ts';
import type { Key } from '../../sync/fields/key.ts';
import { keyIn, type Mapping } from '../../sync/fields/mapping.ts';
import type { Change } from '../../sync/plan/change.ts';
import { recordOf } from '../../sync/plan/chunk.ts';
import { unknown } from '../../sync/plan/known.ts';
import type { Checked, Finding, Verified } from '../../sync/state/checked.ts';
import type { BadRow } from '../../sync/state/state.ts';
import { Fenced } from '../../sync/words/problem.ts';
import { type Text, text } from '../../sync/words/text.ts';
import type { Place } from '../job.ts';
import { factsRead } from '../known.ts';
import { agree, idsOf, isOurs, judgeOf, type Read, untouchable } from '../plan/compare.ts';
import { openSides, type Sides, viewOf } from '../plan/open-sides.ts';
import { type BothRead, openSpools, readSides } from '../plan/read-sides.ts';
import { learned, nothingLearned, remember } from '../plan/short-cut.ts';
import { carryOver, keepUnseen } from '../plan/trust.ts';
import type {
  CallMeter,
  Clock,
  Known,
  Log,
  OpenTable,
  People,
  ShortCutFacts,
  Sources,
  Store,
} from '../ports.ts';
import { listedKey } from '../shown.ts';
import { openFound } from '../target.ts';

/** What verifying works with. */
export interface VerifyParts {
  readonly sources: Sources;
  readonly people: People;
  readonly store: Pick<Store, 'facts' | 'known' | 'leases'>;
  readonly openTable: OpenTable;
  readonly place: Place;
  readonly clock: Pick<Clock, 'now'>;
  readonly log: Log;
}

/**
 * Reads both sides whole and compares them key by key, as a run does. Writes nothing to the table and takes no lease;
 * keeps what it has read as the known table, unless a run works on it.
 * @param onKeys gets every key, some at a time, in the query's order, then what only the table has
 */
export type Verify = (
  definition: Definition,
  onKeys: (keys: readonly Checked[]) => Promise<void>,
  meter: CallMeter,
  signal: AbortSignal,
) => Promise<Verified>;

/** Keys that are handed on at once. */
const batch = 500;
const samplesKept = 5;

/** Makes the verification of one program. Rejects with `ProblemError` or `CallError`. */
export function verifier(parts: VerifyParts): Verify {
  const { store } = parts;
  return async (saved, onKeys, meter, signal) => {
    const { definition, table } = await openFound(saved, store.facts, (address) =>
      parts.openTable(address, meter, signal),
    );
    const sides = await openSides(definition, table, { ...parts, signal });
    const spools = openSpools(parts.place);
    try {
      const before = await remembered(sides, parts);
      const both = await readSides(sides, { people: parts.people, meter, spools, signal });
      const within = await viewOf(sides, signal);
      const report = reporter(onKeys);
      const carried = await carryOver(before.known, both.records.index);
      for await (const key of checked(sides, { both, spools, within })) {
        signal.throwIfAborted();
        await report.take(key);
      }
      const known = await keepRead({ sides, both, before, carried }, parts);
      const running = await store.leases.holder(sides.target.scope.table);
      const { advanced } = sides.target.about;
      const notes = doubts({ running: running?.run, moved: both.records.moved, advanced });
      return {
        ...{ rows: both.rows.rows, records: both.records.index.size },
        ...(await report.end()),
        known,
        notes: [...sides.notes, ...notes],
      };
    } finally {
      spools.close();
    }
  };
}

/** What was known of a table before it was read. */
interface Remembered {
  readonly known: Known | undefined;
  readonly facts: ShortCutFacts;
  /** The last lease of the table, where no run holds it. */
  readonly fence: number | undefined;
  readonly at: number;
}

async function remembered({ target: { scope } }: Sides, { store, clock }: VerifyParts): Promise<Remembered> {
  const at = clock.now();
  // First: whatever a run keeps from now on, it keeps under a later lease.
  const fence = await store.leases.free(scope.table);
  const known = await store.known.load(scope);
  return { known, facts: (await store.facts.shortCut.of(scope)) ?? nothingLearned, fence, at };
}

/** A table that was read, compared and agreed to. */
interface Verifying {
  readonly sides: Sides;
  readonly both: BothRead;
  readonly before: Remembered;
  readonly carried: Awaited<ReturnType<typeof carryOver>>;
}

/** Keeps what was read as the known table, and learns from it as a run's whole read does. */
async function keepRead(
  { sides, both, before, carried }: Verifying,
  { store, clock, log }: VerifyParts,
): Promise<Verified['known']> {
  const { known, facts, fence } = before;
  const { index, moved, revision, filled } = both.records;
  const { scope } = sides.target;
  // What an older program kept is told by the run that keeps it anew.
  if (!known?.note) return null;
  // A record under another key was mistyped: the next run puts it back, as long as its key of before is known.
  if (fence === undefined || moved || carried.elsewhere.size > 0) return 'left';
  const { missing, agrees, drifted } = carried;
  const read = factsRead(sides, filled);
  const table = index.known;
  if (known.note.mapping === read.mapping)
    for (const slot of drifted) if (table.agreed(slot) === unknown) table.drift(slot);
  keepUnseen({ known: known.table, missing }, index.known, { added: new Map(), absent: new Set() });
  const note = {
    ...{ ...read, revision, total: table.seen, readAt: before.at },
    run: known.note.run,
    writes: { calls: 0, records: 0, step: 0 },
  };
  try {
    await store.known.keep(scope, { note, table }, fence);
  } catch (error) {
    if (!(error instanceof Fenced)) log.warn('verify.known-not-kept', { ...scope, error });
    return 'left';
  }
  const learning = { sides, read: both.records, agrees, now: clock.now() };
  await remember(learned(known, facts, learning), facts, { scope, store, log });
  return agrees ? 'as-read' : 'updated';
}

/** Every key of both sides once; a key that stands several times in the query once for each of its rows. */
async function* checked(
  { definition, mapping }: Sides,
  read: Pick<Read, 'both' | 'spools' | 'within'>,
): AsyncGenerator<Checked> {
  const { both, spools, within } = read;
  const { mode } = definition;
  const judge = judgeOf({ mapping, both, within: undefined }, 'mirror');
  const { known } = both.records.index;
  for await (const some of spools.bad.groups()) for (const row of some) yield wrong(row, 'invalid');
  for await (const some of spools.rows.groups())
    for (const read of some) {
      const { found, cells, wrong: bad } = judge.row(read);
      const { row } = read;
      if (bad) yield wrong(bad, found.kind === 'invalid' && found.why !== 'empty' ? 'doubled' : 'invalid');
      else if (found.kind === 'create')
        yield one('missing', mapping, found, { row, leftAlone: mode === 'update' });
      else if (found.kind === 'update') {
        const outside = within?.has(found.record) === false;
        yield one('different', mapping, found, { row, leftAlone: mode === 'append' || outside });
      } else {
        agree(known, found, cells);
        yield one('equal', mapping, { key: keyIn(mapping, cells) }, { row, leftAlone: false });
      }
    }
  for (const change of judge.leftOver()) {
    const isKept = definition.deletes === 'ours' && !isOurs(both.records.index, change.key);
    const outside = within?.has(recordOf(change) ?? '') === false || isKept;
    yield one('extra', mapping, change, { row: null, leftAlone: mode !== 'mirror' || outside });
  }
  for (const row of untouchable(mapping, both)) yield wrong(row, row.key === '' ? 'invalid' : 'doubled');
}

const wrong = ({ key, row, reason, value, kind }: BadRow, finding: Finding): Checked => ({
  ...{ finding, key, row, fields: [], reason, leftAlone: false },
  records: kind === 'rejected' ? '' : (value ?? ''),
});

function one(
  finding: Finding,
  mapping: Mapping,
  change: Change | { readonly key: Key },
  { row, leftAlone }: Pick<Checked, 'row' | 'leftAlone'>,
): Checked {
  const fields =
    'differences' in change ? change.differences.map(([at]) => mapping.targets[at]?.name ?? '') : [];
  const records = 'record' in change ? idsOf([change.record]) : '';
  return { finding, key: listedKey(mapping, change.key), row, fields, records, leftAlone };
}

/** Counts keys and hands them on in groups. */
function reporter(onKeys: (keys: readonly Checked[]) => Promise<void>) {
  const counts = { equal: 0, missing: 0, extra: 0, different: 0, doubled: 0, invalid: 0 };
  const samples: Partial<Record<Finding, string[]>> = {};
  let leftAlone = 0;
  let group: Checked[] = [];
  return {
    async take(key: Checked): Promise<void> {
      if (key.leftAlone) leftAlone++;
      else {
        counts[key.finding]++;
        const some = samples[key.finding] ?? [];
        if (key.finding !== 'equal' && some.length < samplesKept)
          samples[key.finding] = [...some, shortKey(key)];
      }
      group.push(key);
      if (group.length < batch) return;
      await onKeys(group);
      group = [];
    },
    async end() {
      if (group.length > 0) await onKeys(group);
      return { counts, samples, leftAlone };
    },
  };
}

const shortKey = ({ key, row }: Checked): string =>
  key === '' ? (row === null ? '—' : `#${row}`) : [...key.slice(0, 80)].slice(0, 40).join('');

const doubts = (seen: {
  readonly running: string | undefined;
  readonly moved: boolean;
  readonly advanced: boolean;
}): readonly Text[] => [
  ...(seen.running === undefined
    ? []
    : [
        text(
          `运行 ${seen.running} 正在写这个表格：等它结束再核对才准。`,
          `Run ${seen.running} is writing to this table: only when it has ended is the answer exact.`,
        ),
      ]),
  ...(seen.moved
    ? [
        text(
          '核对期间有人在改这个表格，个别差异可能只是那一刻的。',
          'Someone changed the table meanwhile: some differences may be temporary.',
        ),
      ]
    : []),
  ...(seen.advanced
    ? [
        text(
          '这个多维表格开启了高级权限：看不到的记录会算作缺少。',
          'This Base has advanced permissions on: records that I may not see count as missing.',
        ),
      ]
    : []),
];
