import type { Definition } from '../../sync/definition/definition.ts';
import type { Mapping } from '../../sync/fields/mapping.ts';
import { reasonsToWait } from '../../sync/plan/policy.ts';
import type { State, WaitReason } from '../../sync/state/state.ts';
import { count, text } from '../../sync/words/text.ts';
import type { Scope, Store, Table } from '../ports.ts';
import type { Comparison } from './compare.ts';
import type { SourceRead, TableRead } from './read-sides.ts';

/** What planning has found out. */
interface Seen {
  readonly definition: Definition;
  readonly mapping: Pick<Mapping, 'targets'>;
  readonly about: { readonly advanced: boolean };
  readonly rows: SourceRead;
  readonly records: TableRead;
  readonly found: Comparison;
  readonly before: History;
}

/** Why a plan must wait for a person; nothing when it may be carried out at once. */
export function whyWait(seen: Seen): readonly WaitReason[] {
  const { definition, about, rows, records, found, before } = seen;
  const reasons = reasonsToWait({
    ...before,
    handMadeAllowed: before.handMade !== undefined,
    mode: definition.mode,
    sourceRows: rows.rows,
    records: records.index.size,
    creates: found.creates,
    updates: found.updates,
    deletes: found.deletes,
    handMade: found.handMade,
    newOptions: found.newOptions.size,
    policy: definition.deletes,
    brake: definition.brake,
    advanced: about.advanced,
    emptied: emptiedColumns(seen),
  });
  return records.moving && found.deletes > 0 ? [...reasons, moving] : reasons;
}

/** Fields that had values after the last success, have some in the query, and read as empty in every record. */
const emptiedColumns = ({ mapping, rows, records, before }: Seen): readonly string[] =>
  mapping.targets.flatMap(({ id, name }, at) =>
    before.filled.has(id) && rows.filled[at] && !records.filled[at] ? [name] : [],
  );

/** What a person has said yes to. */
export interface Approved {
  /** Hash of the plan that was shown. */
  readonly hash: string;
  readonly planned: State['planned'];
  readonly withoutDeletes: boolean;
  /** It was made before the table had all fields, and goes by others since. */
  readonly fieldsToBe: boolean;
}

/** A plan that was made again needs no second yes when it is the same; of another one it says what has changed. */
export function stillToAsk(
  approved: Approved | undefined,
  found: Pick<Comparison, 'hash' | 'creates' | 'updates' | 'deletes'>,
  reasons: readonly WaitReason[],
): readonly WaitReason[] {
  if (approved === undefined) return reasons;
  if (approved.hash === found.hash) return [];
  return [...reasons, approved.fieldsToBe ? fieldsMade : moved(approved.planned, found)];
}

function moved(
  before: State['planned'],
  now: Pick<Comparison, 'creates' | 'updates' | 'deletes'>,
): WaitReason {
  const parts = [
    ['新增', 'creates', before.creates, now.creates],
    ['更新', 'updates', before.updates, now.updates],
    ['删除', 'deletes', before.deletes, now.deletes],
  ] as const;
  const other = parts.filter(([, , then, after]) => then !== after);
  const zh = other.map(([name, , then, after]) => `${name} ${count(then)} → ${count(after)}`).join('，');
  const en = other.map(([, name, then, after]) => `${count(then)} → ${count(after)} ${name}`).join(', ');
  return {
    code: 'moved',
    message: text(
      `确认之前数据或表格又变了（${zh || '数目没变，内容变了'}）。什么都没有写入；这是新的计划，请再确认一次。`,
      `The data or the table moved before the approval (${en || 'the same numbers, other content'}). Nothing was written; this is the new plan, please approve it again.`,
    ),
  };
}

const fieldsMade: WaitReason = {
  code: 'moved',
  message: text(
    '缺少的字段刚刚建好，计划按新的字段重新做了一遍，还没有写入任何行。请看过后再确认一次。',
    'The missing fields were created, and the plan was made anew with them; no row was written yet. Please look at it and approve it again.',
  ),
};

const moving: WaitReason = {
  code: 'moved',
  message: text(
    '读取三次期间表格一直在变，删除要等人确认。',
    'The table kept changing through three reads, so its deletes wait for a person.',
  ),
};

/** What is known from earlier runs of the scope. */
export interface History {
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

/** Notes which fields have values by a success. */
export async function rememberFilled(
  { facts }: Pick<Store, 'facts'>,
  scope: Scope,
  filled: readonly string[],
): Promise<void> {
  const before = await facts.filled.of(scope);
  if (JSON.stringify(before) !== JSON.stringify(filled)) await facts.filled.keep(scope, filled);
}

/** Rows that one chunk may hold: as defined, and never more than the table has shown to take. */
export async function rowsPerChunk(
  definition: Definition,
  table: Table,
  { facts }: Pick<Store, 'facts'>,
): Promise<number> {
  const wanted = definition.chunkSize === 'auto' ? table.chunkSize : definition.chunkSize;
  const took = await facts.chunkSize.of(`${table.base}/${table.id}`);
  return took === undefined ? wanted : Math.min(wanted, took);
}
