import type { Definition } from '../../sync/definition/definition.ts';
import type { Change, Written } from '../../sync/plan/change.ts';
import { recordOf } from '../../sync/plan/chunk.ts';
import type { TableIndex } from '../../sync/plan/diff.ts';
import { problem } from '../../sync/words/problem.ts';
import { count, text } from '../../sync/words/text.ts';
import type { Confirmed, Ledger, Scope, Store, Table } from '../ports.ts';

/** What is known from earlier runs of the scope. */
export interface History {
  /** Records that the ledger knows. */
  readonly ledger: number;
  /** What a person said once of records that the bot did not make: delete them, or keep them. */
  readonly handMade: 'delete' | 'keep' | undefined;
  readonly succeededBefore: boolean;
  readonly changed: boolean;
  /** IDs of the fields that had values after the last success. */
  readonly filled: ReadonlySet<string>;
}

/** Looks up what is known of a scope; `fingerprint` is that of the plan being made. */
export async function history(store: Store, scope: Scope, fingerprint: string): Promise<History> {
  const [ledger, handMade, agreed, last, filled = []] = await Promise.all([
    store.ledger.size(scope),
    store.facts.handMade.of(scope),
    store.facts.agreed.of(scope),
    store.journal.lastDone(scope),
    store.facts.filled.of(scope),
  ]);
  return {
    ledger,
    handMade,
    succeededBefore: last !== undefined,
    changed: last !== undefined && last.fingerprint !== fingerprint && agreed !== fingerprint,
    filled: new Set(filled),
  };
}

/** Asks the ledger about changes. */
export interface Witness {
  /** Returns the same changes; those updates marked that set back what somebody changed. */
  ask(changes: readonly Written[]): Promise<readonly Written[]>;
  /** Updates of rows that are what was confirmed last: somebody changed their records. */
  back(): number;
  /** Rows to be created that the ledger knows as records, and the first of these. */
  missing(): { readonly rows: number; readonly some: readonly Missing[] };
}

/** A record that was confirmed, and is not among those that were read. */
export interface Missing {
  readonly key: string;
  readonly record: string;
}

/** IDs that one look-up takes: enough to tell one missing right from a few deleted records. */
const sampled = 100;

/** Makes a witness. @param known records that the ledger knows in this scope; with none it is not asked */
export function witness(ledger: Pick<Ledger, 'find'>, scope: Scope, known: number): Witness {
  let back = 0;
  let rows = 0;
  const some: Missing[] = [];

  function marked(change: Written, confirmed: Confirmed | undefined): Written {
    if (!confirmed) return change;
    if (change.kind === 'update') {
      if (confirmed.hash !== change.hash) return change;
      back++;
      return { ...change, back: true };
    }
    rows++;
    if (some.length < sampled) some.push({ key: change.key, record: confirmed.record });
    return change;
  }

  return {
    async ask(changes) {
      if (known === 0 || changes.length === 0) return changes;
      const keys = changes.map(({ key }) => key);
      const found = await ledger.find(scope, keys);
      return changes.map((change) => marked(change, found.get(change.key)));
    },
    back: () => back,
    missing: () => ({ rows, some }),
  };
}

/** What became of the records that the query does not have. */
export interface LeftOver {
  /** Deletes that are not carried out: the ledger does not know the record, or nobody can tell whose it is. */
  readonly kept: number;
  /** Of these, those of which nobody can tell, see `keepsDeletes`. */
  readonly held: number;
  /** Records among the deletes that the ledger does not know. */
  readonly handMade: number;
}

/** Record IDs that are looked up in the ledger at once. */
const lookUp = 500;

/** Lets deletes through by ownership: `ours` keeps what the ledger does not know. */
export async function owned(
  leftOver: Iterable<Change>,
  policy: Definition['deletes'],
  job: {
    /** Asks the ledger. */
    known(records: readonly string[]): ReturnType<Ledger['known']>;
    take(change: Change): Promise<void>;
  },
): Promise<LeftOver> {
  let kept = 0;
  let handMade = 0;
  let group: Change[] = [];
  async function judge(): Promise<void> {
    const ours = await job.known(group.flatMap((change) => recordOf(change) ?? []));
    for (const change of group) {
      const isOurs = ours.has(recordOf(change) ?? '');
      if (!isOurs && policy === 'ours') kept++;
      else {
        if (!isOurs) handMade++;
        await job.take(change);
      }
    }
    group = [];
  }
  for (const change of leftOver) {
    group.push(change);
    if (group.length === lookUp) await judge();
  }
  if (group.length > 0) await judge();
  return { kept, handMade, held: 0 };
}

/** Lets no delete through: nobody can tell whose records these are. */
export function heldBack(leftOver: Iterable<Change>): LeftOver {
  let held = 0;
  for (const _ of leftOver) held++;
  return { kept: held, handMade: 0, held };
}

/**
 * Looks up records by ID that were confirmed once and are missing from the read, before rows are created anew: a
 * record that is really gone is absent, one that we may not see is forbidden. One call, only when there are any.
 * Rejects with a `ProblemError` when the read is not to be trusted.
 * https://open.feishu.cn/document/docs/bitable-v1/app-table-record/batch_get
 */
export async function trustRead(
  table: Pick<Table, 'look'>,
  { index, moved }: { readonly index: Pick<TableIndex, 'has'>; readonly moved: boolean },
  missing: ReturnType<Witness['missing']>,
  signal: AbortSignal,
): Promise<void> {
  // One that was read under another key is there: somebody changed its key.
  const ids = missing.some.map(({ record }) => record).filter((id) => !index.has(id));
  if (ids.length === 0) return;
  const { forbidden, present } = await table.look(ids, signal);
  if (forbidden.length > 0) throw problem(hidden(forbidden.length, ids.length, missing.rows));
  // A table that moves while it is read hands out some records twice and others not at all: creates are confirmed by
  // key then.
  if (present.length > 0 && !moved) throw problem(overlooked(present.length));
}

/** What to do where records are hidden from the app. */
export const seeAll = text(
  '在多维表格的“高级权限”里，给应用一个可以查看和编辑全部记录的角色（或“可管理”权限），再同步一次。',
  'In the Base’s advanced permissions (高级权限), give the app a role that sees and edits all records (or the right to manage), then run the sync again.',
);

const hidden = (forbidden: number, looked: number, rows: number) => ({
  code: 'records-hidden',
  message: text(
    `有 ${count(rows)} 行以前写入过、这次却读不到；抽查 ${count(looked)} 条，其中 ${count(forbidden)} 条还在表里，只是应用没有权限看到。为免重复新增，什么都没有写入。`,
    `${count(rows)} rows were written before and are missing from the read; of ${count(looked)} looked up, ${count(forbidden)} are still there and the app may not see them. Nothing was written, so that nothing is created twice.`,
  ),
  cure: seeAll,
});

const overlooked = (present: number) => ({
  code: 'records-overlooked',
  message: text(
    `飞书的列表里少了至少 ${count(present)} 条实际存在的记录，这次读取不完整，什么都没有写入。`,
    `Feishu’s list left out at least ${count(present)} records that exist: the read is not whole, and nothing was written.`,
  ),
  cure: text('请过几分钟再同步一次。', 'Run the sync again in a few minutes.'),
});
