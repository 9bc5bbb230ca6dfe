import type { Definition } from '../../sync/definition/definition.ts';
import type { TableRecord } from '../../sync/definition/field.ts';
import type { Key } from '../../sync/fields/key.ts';
import { keyIn, type Mapping } from '../../sync/fields/mapping.ts';
import { type Change, rowText } from '../../sync/plan/change.ts';
import type { HeldRecord, TableIndex } from '../../sync/plan/diff.ts';
import { KnownTable, type Print, printOf, unknown } from '../../sync/plan/known.ts';
import { problem } from '../../sync/words/problem.ts';
import { count, type Text, text } from '../../sync/words/text.ts';
import { inTurns, mappingPrint } from '../known.ts';
import type { Known, Scope, ShortCutFacts, Store, Table } from '../ports.ts';
import type { Sides } from './open-sides.ts';
import type { BothRead, TableRead } from './read-sides.ts';
import { nothingLearned } from './short-cut.ts';

/** What is known from earlier runs of the scope. */
export interface History {
  /** The table as it was known last; undefined before the first run that ended. */
  readonly known: Known | undefined;
  /** What a person said once of records that the bot did not make: delete them, or keep them. */
  readonly handMade: 'delete' | 'keep' | undefined;
  readonly succeededBefore: boolean;
  readonly changed: boolean;
  /** IDs of the fields that had values after the last success. */
  readonly filled: ReadonlySet<string>;
  readonly shortCut: ShortCutFacts;
}

/** Looks up what is known of a scope; `fingerprint` is that of the plan being made. */
export async function history(store: Store, scope: Scope, fingerprint: string): Promise<History> {
  const [known, handMade, agreed, last, filled = [], shortCut = nothingLearned] = await Promise.all([
    store.known.load(scope),
    store.facts.handMade.of(scope),
    store.facts.agreed.of(scope),
    store.journal.lastDone(scope),
    store.facts.filled.of(scope),
    store.facts.shortCut.of(scope),
  ]);
  return {
    ...{ known, shortCut },
    handMade,
    succeededBefore: last !== undefined,
    changed: last !== undefined && last.fingerprint !== fingerprint && agreed !== fingerprint,
    filled: new Set(filled),
  };
}

/** How often a table is read that leaves out what is there. */
const tries = 3;
/** Known records that are looked up when a read lacks them, beside all those whose rows would be created anew. */
const lookedUp = 500;

/** A read that was looked into. */
export interface Trusted {
  readonly records: TableRead;
  /** Whether it is the table as it was known, as far as that is known. */
  readonly agrees: boolean;
  /** Records that stand under a key that a person gave them: found under their rows' again, and under another row's. */
  readonly keysBack: number;
  readonly movedKeys: number;
}

/** What looking into a read works with. */
interface Looking {
  readonly sides: Sides;
  readonly before: Pick<History, 'known'>;
  /** Reads the table once more. */
  again(): Promise<TableRead>;
  readonly signal: AbortSignal;
}

/**
 * Looks up by ID what was known and is missing from a read, before anything is planned: a record that is really gone is
 * absent, one that we may not see is forbidden, one that is there was left out, and the table is read again. All those
 * are asked about whose rows would be created anew. A record that stands under another key than its row's was mistyped:
 * it is put back under the row's. Rejects with a `ProblemError` when the read is not to be trusted.
 * https://open.feishu.cn/document/docs/bitable-v1/app-table-record/batch_get
 */
export async function trusted(both: BothRead, looking: Looking): Promise<Trusted> {
  const { sides, before, again, signal } = looking;
  const { table } = sides.target;
  let { records } = both;
  if (!before.known) {
    // One answer that ends too early, by its own count, would double what it lacks.
    const isDoubted = (await lacksSome(both)) && (await table.total(signal)) !== records.index.size;
    if (isDoubted) records = await again();
    return { records, agrees: false, keysBack: 0, movedKeys: 0 };
  }
  for (let attempt = 1; ; attempt++) {
    const gaps = await gapsIn(before.known, { ...both, records }, sides);
    const ids = gaps.asked.map((slot) => gaps.known.record(slot));
    const seen = ids.length === 0 ? nothing : await table.look(ids, signal);
    if (seen.forbidden.length > 0)
      throw problem(hidden(seen.forbidden.length, ids.length, gaps.missing.length));
    const left = seen.present.filter(({ id }) => !records.index.has(id));
    // A table that moves while it is read hands out some records twice and others not at all: creates are confirmed by
    // key then.
    if (left.length > 0 && !(records.moved && attempt === tries)) {
      if (attempt === tries) throw problem(overlooked(left.length));
      records = await again();
      continue;
    }
    const { index } = records;
    const added = new Map(left.map((one) => [one.id, index.add(one.id, ...held(sides.mapping, one))]));
    keepUnseen(gaps, index.known, { added, absent: new Set(seen.absent) });
    const keys = putBack(gaps, { present: seen.present, added }, { ...both, records }, sides.mapping);
    return { records, agrees: gaps.agrees, ...keys };
  }
}

/** Whether any row of the query finds no record. */
async function lacksSome({ rows, records: { index } }: BothRead): Promise<boolean> {
  for await (const keys of inTurns(rows.times.keys())) if (keys.some((key) => !index.find(key))) return true;
  return false;
}

const nothing: Awaited<ReturnType<Table['look']>> = { present: [], forbidden: [], absent: [] };

function held(mapping: Mapping, { fields }: TableRecord): readonly [key: Key, row: string] {
  const cells = mapping.held(fields);
  return [keyIn(mapping, cells), rowText(cells)];
}

/** Records that a read lacks and a look-up showed, with where they are in the new known table. */
type Added = ReadonlyMap<string, number | undefined>;

/** What a read lacks of a known table, by slots of that. */
interface Gaps extends Pick<CarriedOver, 'missing' | 'agrees'> {
  readonly known: KnownTable;
  /** Keys of rows without a record, by the record that they had; with where that is, if it was read under another key. */
  readonly rights: ReadonlyMap<string, { readonly right: Key; readonly slot?: number }>;
  /** What is to be looked up. */
  readonly asked: readonly number[];
}

/** What became of a known table's records, by its slots. */
interface CarriedOver {
  /** Not read. */
  readonly missing: readonly number[];
  /** Read under another key, with where they are now. */
  readonly elsewhere: ReadonlyMap<number, number>;
  /** Whether the read is the known table, as far as that is known. */
  readonly agrees: boolean;
  /** Those that hold something else than a run left them with, by their slots in the read. */
  readonly drifted: readonly number[];
}

/** Goes through a known table, and notes in an index which of its records we made. */
export async function carryOver(
  before: Pick<Known, 'table'> | undefined,
  index: TableIndex,
): Promise<CarriedOver> {
  const now = index.known;
  now.arrange();
  const find = finder(now);
  const missing: number[] = [];
  const moved = new Map<string, number>();
  const drifted: number[] = [];
  let differ = 0;
  const known = before?.table ?? new KnownTable();
  for await (const slots of inTurns(known.slots()))
    for (const slot of slots) {
      const record = known.record(slot);
      const here = find(known.key(slot), record);
      if (here === undefined && index.has(record)) moved.set(record, slot);
      else if (here === undefined) missing.push(slot);
      else {
        if (known.isOurs(slot)) now.own(here);
        const isOther = known.held(slot) !== unknown && known.held(slot) !== now.held(here);
        if (isOther) differ++;
        if (isOther || known.isDrifted(slot)) drifted.push(here);
      }
    }
  const elsewhere = new Map<number, number>();
  for await (const slots of inTurns(moved.size > 0 ? now.slots() : []))
    for (const here of slots) {
      const slot = moved.get(now.record(here));
      if (slot === undefined) continue;
      elsewhere.set(slot, here);
      if (known.isOurs(slot)) now.own(here);
    }
  const agrees = missing.length + elsewhere.size + differ === 0 && known.size === index.size;
  return { missing, elsewhere, agrees, drifted };
}

/** Finds a record under a key, also where very many have the same one. */
function finder(table: KnownTable): (key: Print, record: string) => number | undefined {
  const crowds = new Map<Print, ReadonlyMap<string, number>>();
  return (key, record) => {
    const crowd = crowds.get(key);
    if (crowd) return crowd.get(record);
    const slots = table.find(key);
    if (slots.length <= 2) return slots.find((slot) => table.record(slot) === record);
    const all = new Map(slots.map((slot) => [table.record(slot), slot]));
    crowds.set(key, all);
    return all.get(record);
  };
}

/** Compares a read with what was known before, and carries over which records we made. */
async function gapsIn(
  { table: known, note }: Known,
  { rows, records: { index, revision, moved } }: BothRead,
  sides: Sides,
): Promise<Gaps> {
  const { missing, elsewhere, agrees } = await carryOver({ table: known }, index);
  if (missing.length + elsewhere.size === 0) return { known, missing, rights: new Map(), asked: [], agrees };
  const wanted = await wantedOf(known, [...missing, ...elsewhere.keys()], rows.times);
  // Keys of another mapping cannot be compared.
  const isComparable = note?.mapping === mappingPrint(sides);
  const lost = [...elsewhere].flatMap(([at, slot]) => {
    const right = wanted.get(known.key(at));
    return isComparable && right !== undefined && !index.find(right) ? [{ at, right, slot }] : [];
  });
  // Nobody adds or deletes records without moving the change counter.
  const isFalse =
    note?.revision === revision && !moved && note.writes.calls === 0 && note.total !== index.size;
  const [needed, others] = split(missing, (slot) => isFalse || wanted.has(known.key(slot)));
  return {
    ...{ known, missing, agrees },
    rights: new Map([
      ...lost.map(({ at, ...where }) => [known.record(at), where] as const),
      ...needed.flatMap((at) => {
        const right = isComparable ? wanted.get(known.key(at)) : undefined;
        return right === undefined ? [] : [[known.record(at), { right }] as const];
      }),
    ]),
    asked: [...lost.map(({ at }) => at), ...needed, ...spread(others, lookedUp)],
  };
}

/** The keys of some known records that one row of the query has, by their prints. */
async function wantedOf(
  known: KnownTable,
  slots: readonly number[],
  times: ReadonlyMap<Key, number>,
): Promise<ReadonlyMap<Print, Key>> {
  const prints = new Set(slots.map(known.key));
  const wanted = new Map<Print, Key>();
  for await (const some of inTurns(times))
    for (const [key, rows] of some) {
      const print = printOf(key);
      if (rows === 1 && prints.has(print)) wanted.set(print, key);
    }
  return wanted;
}

function split<T>(all: readonly T[], isFirst: (one: T) => boolean): readonly [T[], T[]] {
  return [all.filter(isFirst), all.filter((one) => !isFirst(one))];
}

/** So many of them, spread evenly. */
const spread = <T>(all: readonly T[], most: number): readonly T[] =>
  all.length <= most
    ? all
    : all.filter(
        (_, at) => Math.floor((at * most) / all.length) !== Math.floor(((at - 1) * most) / all.length),
      );

/**
 * Keeps records as known that were not read and not found to be gone: their rows may come back before they do. Those
 * that two whole reads lack are given up.
 */
export function keepUnseen(
  { known, missing }: Pick<Gaps, 'known' | 'missing'>,
  now: KnownTable,
  { added, absent }: { readonly added: Added; readonly absent: ReadonlySet<string> },
): void {
  for (const slot of missing) {
    const record = known.record(slot);
    const found = added.get(record);
    if (absent.has(record) || (found === undefined && known.isUnseen(slot))) continue;
    const kept = found ?? now.add(record, known.key(slot), unknown);
    if (found === undefined) now.overlook(kept);
    if (known.isOurs(slot)) now.own(kept);
  }
}

/** Puts mistyped records back under the keys of their rows, unless their new keys are those of other rows. */
function putBack(
  { rights }: Gaps,
  { present, added }: { readonly present: readonly TableRecord[]; readonly added: Added },
  { rows, records: { index } }: BothRead,
  mapping: Mapping,
): Pick<Trusted, 'keysBack' | 'movedKeys'> {
  const back = new Map<Key, HeldRecord>();
  let movedKeys = 0;
  for (const record of present) {
    const { right, slot = added.get(record.id) } = rights.get(record.id) ?? {};
    if (right === undefined || slot === undefined || index.find(right)) continue;
    const [key, row] = held(mapping, record);
    if (key !== right && rows.times.has(key)) movedKeys++;
    else back.set(right, { id: record.id, row, slot });
  }
  if (back.size > 0) index.putBack(back);
  return { keysBack: back.size, movedKeys };
}

/** What is told of keys that somebody changed, and that the run sets back. */
export const keysSetBack = (records: number): Text =>
  text(
    `有 ${count(records)} 条记录的主键在表格里被改过，按查询改回。`,
    records === 1
      ? 'The key of 1 record was changed in the table; it is set back to that of the query.'
      : `The keys of ${count(records)} records were changed in the table; they are set back to those of the query.`,
  );

/** Tells whether somebody has changed a record since it was known last. */
export function driftSince(
  known: Known | undefined,
  { known: now }: TableIndex,
  sides: Sides,
): (held: HeldRecord) => boolean {
  if (known?.note?.mapping !== mappingPrint(sides)) return () => false;
  const { table } = known;
  return ({ id, slot, mistyped }) => {
    if (mistyped || table === now) return mistyped === true || now.isDrifted(slot);
    const then = table.find(now.key(slot)).find((at) => table.record(at) === id);
    if (then === undefined) return false;
    return table.isDrifted(then) || (table.held(then) !== unknown && table.held(then) !== now.held(slot));
  };
}

/** What became of the records that the query does not have. */
export interface LeftOver {
  /** Deletes that are not carried out: somebody else made the record, or nobody can tell whose it is. */
  readonly kept: number;
  /** Of these, those of which nobody can tell, see `keepsDeletes`. */
  readonly held: number;
  /** Records among the deletes that somebody else made. */
  readonly handMade: number;
}

/** Lets deletes through by whose the records are: `ours` keeps what somebody else made. */
export async function owned(
  leftOver: Iterable<Change>,
  policy: Definition['deletes'],
  isOurs: (change: Change) => boolean,
  take: (change: Change) => Promise<void>,
): Promise<LeftOver> {
  let kept = 0;
  let handMade = 0;
  for (const change of leftOver) {
    const isMade = isOurs(change);
    if (!isMade && policy === 'ours') kept++;
    else {
      if (!isMade) handMade++;
      await take(change);
    }
  }
  return { kept, handMade, held: 0 };
}

/** Lets no delete through: nobody can tell whose records these are. */
export function heldBack(leftOver: Iterable<Change>): LeftOver {
  let held = 0;
  for (const _ of leftOver) held++;
  return { kept: held, handMade: 0, held };
}

/** Tells once of records that an older program kept and of which nobody knows any more that we made them. */
export function nowMadeByHand(
  { mode, deletes }: Pick<Definition, 'mode' | 'deletes'>,
  known: Known | undefined,
): readonly Text[] {
  if (mode !== 'mirror' || deletes === 'all' || !known || known.note) return [];
  const { table } = known;
  let records = 0;
  for (const slot of table.slots()) if (!table.isOurs(slot)) records++;
  if (records === 0) return [];
  const [zh, en] =
    deletes === 'ours'
      ? ['同步不会删除它们', 'a run does not delete them']
      : ['要删除时会先问', 'a run asks before it deletes them'];
  const n = count(records);
  return [
    text(
      `旧版本记下的记录里，有 ${n} 条已查不到是机器人新建的，从现在起算作手工建的：${zh}（deletes: ${deletes}）。`,
      records === 1
        ? `1 record that an older version kept counts as made by hand from now on, because no stored run shows that the bot created it: ${en} (deletes: ${deletes}).`
        : `${n} records that an older version kept count as made by hand from now on, because no stored run shows that the bot created them: ${en} (deletes: ${deletes}).`,
    ),
  ];
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
