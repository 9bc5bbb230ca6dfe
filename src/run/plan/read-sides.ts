import type { Fields } from '../../sync/definition/field.ts';
import type { Column, PersonBy, Value } from '../../sync/fields/column.ts';
import type { Key } from '../../sync/fields/key.ts';
import { filled, secondsWatch } from '../../sync/fields/kinds/date.ts';
import type { Cell } from '../../sync/fields/kinds/kind.ts';
import { kinds } from '../../sync/fields/kinds/kinds.ts';
import { lookupWords, type Resolver, tooManyWords } from '../../sync/fields/lookup.ts';
import { keyIn, type Mapping, type Misfit } from '../../sync/fields/mapping.ts';
import { rowText } from '../../sync/plan/change.ts';
import { type TableIndex, tableIndex } from '../../sync/plan/diff.ts';
import type { BadRow } from '../../sync/state/state.ts';
import { problem } from '../../sync/words/problem.ts';
import { count, listed, type Text, text } from '../../sync/words/text.ts';
import type { Place } from '../job.ts';
import type { CallMeter, People, Query, Source, Table } from '../ports.ts';
import { listedKey, listedValue, shownKey } from '../shown.ts';
import { findPeople, readLinked, resolverOf } from './lookup.ts';
import type { Sides } from './open-sides.ts';
import { inTurns, openSpool, type Spool } from './spool.ts';

/** What both sides are read with. */
export interface Reading {
  readonly people: People;
  readonly meter: CallMeter;
  /** Take the rows. */
  readonly spools: Spools;
  readonly signal: AbortSignal;
  /** Told how far the reading is. */
  onRead?(seen: { rows?: number; records?: number; total?: number }): void;
  /** Carries one side's reading out, and may measure it. */
  timed?<T>(what: 'source' | 'table', work: () => Promise<T>): Promise<T>;
}

/** Both sides, as a run compares them. */
export interface BothRead {
  readonly rows: SourceRead;
  readonly records: TableRead;
  /** Turns words into IDs, where the mapping asks for it. */
  readonly resolver: Resolver | undefined;
}

/** Reads source and table side by side, and looks up what their words stand for; when one fails, all of it does. */
export async function readSides(sides: Sides, reading: Reading): Promise<BothRead> {
  const { mapping, target } = sides;
  const { people, meter, spools, onRead, timed = (_, work) => work() } = reading;
  const { revision } = target;
  const onRows = (rows: number): void => onRead?.({ rows });
  const onPage = (records: number, total: number): void => onRead?.({ records, total });
  const [[rows, known], [records, linked]] = await sideBySide(
    reading.signal,
    async (both) => {
      const drained = { ...sides.origin, mapping, spool: spools.rows, bad: spools.bad };
      const read = await timed('source', () => readSource(drained, onRows, both));
      return [read, await findPeople(people, read.people, meter, both)] as const;
    },
    (both) =>
      sideBySide(
        both,
        (all) => timed('table', () => readTable(target.table, mapping, { revision, onPage }, all)),
        (all) => readLinked(sides, all),
      ),
  );
  return { rows, records, resolver: resolverOf(mapping.targets, known, linked) };
}

/** One row of the query. */
export interface SourceRow {
  /** Its number in the query's answer, from 1 on. */
  readonly row: number;
  /** Its canonical cells. */
  readonly cells: readonly Cell[];
}

/** What the query's rows showed, once they are drained. */
export interface SourceRead {
  readonly rows: number;
  /** How often each key stands in the answer, rejected rows included. */
  readonly times: ReadonlyMap<Key, number>;
  /** Keys that a row spells otherwise than they are compared. */
  readonly loose: ReadonlySet<Key>;
  /** Rows with a value that its field cannot take. */
  readonly rejected: number;
  /** Rows whose key is empty or cannot be read: nobody knows whose record they are. */
  readonly keyless: number;
  /** What is worth telling of the values. */
  readonly notes: readonly Text[];
  /** Entries of a `map` that no row has met. */
  readonly unmet: readonly Text[];
  /** The different words by which people are to be looked up. */
  readonly people: ReadonlyMap<PersonBy, ReadonlySet<string>>;
  /** Which columns have a value in any row, by position. */
  readonly filled: readonly boolean[];
}

/** What a query is drained with. */
export interface Draining {
  readonly source: Source;
  readonly query: Query;
  /** As they were told before the query ran. */
  readonly columns: readonly Column[];
  readonly mapping: Mapping;
  readonly spool: Spool<SourceRow>;
  /** Takes the rows that are refused while they are read: the store would keep the server waiting. */
  readonly bad: Spool<BadRow>;
}

/**
 * Drains the query into the spool at the server's pace: it never waits for Feishu.
 */
export async function readSource(
  { source, query, columns, mapping, spool, bad }: Draining,
  onRows: (rows: number) => void,
  signal: AbortSignal,
): Promise<SourceRead> {
  const answer = await source.rows(query, signal);
  if (!sameColumns(columns, answer.columns)) {
    // Asked for once and left, which closes the connection.
    for await (const _ of answer.batches) break;
    throw problem(otherColumns);
  }
  const rows = rowTaker(mapping, spool, bad);
  for await (const batch of answer.batches) {
    for (const row of batch) rows.take(row);
    onRows(rows.count());
  }
  return rows.read(answer.notes?.() ?? []);
}

/** Takes rows, one after the other. */
function rowTaker(mapping: Mapping, spool: Spool<SourceRow>, bad: Spool<BadRow>) {
  const times = new Map<Key, number>();
  const loose = new Set<Key>();
  const words = lookupWords(mapping.targets);
  const filledColumns = filled(mapping.targets.length);
  const seconds = secondsWatch(mapping.unsaid);
  let rows = 0;
  let rejected = 0;
  let keyless = 0;

  function take(row: readonly Value[]): void {
    rows++;
    const cells = mapping.wanted(row);
    if ('bad' in cells) {
      reject(row, cells);
      return;
    }
    const key = keyIn(mapping, cells);
    countKey(key);
    filledColumns.see(cells);
    if (mapping.isLoose(row, cells)) loose.add(key);
    if (!words.take(cells)) throw problem(tooManyWords);
    seconds.take(cells);
    spool.append({ row: rows, cells });
  }

  function countKey(key: Key): void {
    if (key === '') keyless++;
    else times.set(key, (times.get(key) ?? 0) + 1);
  }

  function reject(row: readonly Value[], misfit: Misfit): void {
    const key = mapping.rowKey(row);
    countKey(key);
    rejected++;
    bad.append({ row: rows, key: listedKey(mapping, key), ...badCell(mapping, row, misfit) });
  }

  return {
    take,
    count: (): number => rows,
    read: (notes: readonly Text[]): SourceRead => ({
      rows,
      times,
      loose,
      rejected,
      keyless,
      notes: [...notes, ...seconds.notes()],
      unmet: rows === 0 ? [] : mapping.unmet(),
      people: words.all(),
      filled: filledColumns.all(),
    }),
  };
}

/** What is wrong with a row that is refused, without its key and number. */
function badCell(
  mapping: Mapping,
  values: readonly Value[],
  { field, column, bad }: Misfit,
): Omit<BadRow, 'key' | 'row'> {
  const value = values[column] ?? null;
  const target = mapping.targets.find(({ name }) => name === field);
  const shown = value instanceof Uint8Array ? '' : listedValue(target, String(value ?? ''));
  return { kind: 'rejected', field, reason: bad.bad, value: shown };
}

/** The columns were told before the query ran; should the answer have others, the mapping is not true. */
const sameColumns = (told: readonly Column[], came: readonly Column[]): boolean =>
  told.length === came.length && told.every((column, at) => column.name === came[at]?.name);

const otherColumns = {
  code: 'columns-moved',
  message: text('查询返回的列和预先得知的不一样', 'the query answered with other columns than it announced'),
  cure: text(
    '表结构可能刚改过，请再同步一次。',
    'The tables may just have been altered: run the sync again.',
  ),
};

/** The whole table as read, and whether it stood still meanwhile. */
export interface TableRead {
  readonly index: TableIndex;
  /** What people call the persons, groups and files in the cells, by ID; only so many. */
  readonly names: ReadonlyMap<string, string>;
  /** The table's change counter after the read. */
  readonly revision: number;
  /** Whether it moved while it was read, though the count agrees: what is missing may only have been overlooked. */
  readonly moved: boolean;
  /** Whether it kept moving through every try, and not even the count agrees. */
  readonly moving: boolean;
  /** Which columns have a value in any record, by position. */
  readonly filled: readonly boolean[];
}

/** How often a table that moves is read before the run makes do with it. */
const tries = 3;

/**
 * Reads all records into an index.
 *
 * The change counter is taken before and after: equal means that the read is exact. If it moved, as many
 * records must have been read as the last page says there are; else the table is read again. A count that agrees
 * is no proof: a record deleted from a page already read lets the next page begin one record too late.
 * @param since the change counter before the read; `onPage` is told how many records are read, of how many
 */
export async function readTable(
  table: Table,
  mapping: Mapping,
  since: { readonly revision: number; onPage?(records: number, total: number): void },
  signal: AbortSignal,
): Promise<TableRead> {
  const fields = mapping.targets.map((target) => target.name);
  const names = nameList(mapping);
  let before = since.revision;
  for (let attempt = 1; ; attempt++) {
    const index = tableIndex();
    const columns = filled(fields.length);
    let total = 0;
    for await (const page of table.records(fields, signal)) {
      if (page.restarted) index.clear();
      for await (const records of inTurns(page.records)) {
        for (const { id, fields: raw } of records) {
          const cells = mapping.held(raw);
          columns.see(cells);
          names.see(raw);
          index.add(id, keyIn(mapping, cells), rowText(cells));
        }
      }
      total = page.total;
      since.onPage?.(index.size, total);
    }
    const after = await table.revision(signal);
    const moved = after !== before;
    const moving = moved && index.size !== total;
    if (!moving || attempt === tries) {
      return { index, names: names.all, revision: after, moved, moving, filled: columns.all() };
    }
    before = after;
  }
}

/** Names that are kept: samples show a few of them only. */
const namesKept = 5_000;

/** Collects what people call the members of cells, where Feishu tells it and nobody has asked to hide it. */
function nameList({ targets }: Mapping) {
  const all = new Map<string, string>();
  const fields = targets.flatMap(({ name, kind, hidden }) => {
    const names = hidden ? undefined : kinds.get(kind)?.names;
    return names ? [{ name, names }] : [];
  });
  return {
    all,
    see(cells: Fields): void {
      if (all.size >= namesKept) return;
      for (const { name, names } of fields) for (const [id, word] of names(cells[name])) all.set(id, word);
    },
  };
}

/** What to tell about a table that has records which no run can touch. */
export function tableNotes(read: TableRead, mapping: Mapping): readonly Text[] {
  const { index, moving } = read;
  const doubled = [...index.doubled.keys()];
  const notes: Text[] = [];
  if (doubled.length > 0) {
    const some = listed(doubled.slice(0, 5).map((key) => shownKey(mapping, key)));
    notes.push(
      text(
        `表格里有 ${count(doubled.length)} 个主键重复，相关记录一条都没有动：${some.zh}`,
        `${doubled.length === 1 ? 'A key stands' : `${count(doubled.length)} keys stand`} more than once in the table; none of the records was touched: ${some.en}`,
      ),
    );
  }
  const { length: empty } = index.withoutKey;
  if (empty > 0) {
    notes.push(
      text(
        `表格里有 ${count(empty)} 条记录主键为空，没有动。`,
        empty === 1
          ? 'A record of the table has an empty key and was left alone.'
          : `${count(empty)} records of the table have an empty key and were left alone.`,
      ),
    );
  }
  if (moving) {
    notes.push(
      text(
        '读取期间表格一直在变：新增前会先按主键确认，删除要等人同意。',
        'The table kept changing while it was read: creates are confirmed by key first, deletes wait for a person.',
      ),
    );
  }
  return notes;
}

/** Does two things at once; when one fails the other is given up, and both have ended before this rejects. */
export async function sideBySide<A, B>(
  signal: AbortSignal,
  one: (signal: AbortSignal) => Promise<A>,
  other: (signal: AbortSignal) => Promise<B>,
): Promise<[A, B]> {
  const give = new AbortController();
  const both = AbortSignal.any([signal, give.signal]);
  const work = [one(both), other(both)] as const;
  for (const part of work) part.catch((error: unknown) => give.abort(error));
  const [first, second] = await Promise.allSettled(work);
  if (first.status === 'fulfilled' && second.status === 'fulfilled') return [first.value, second.value];
  throw give.signal.reason;
}

/** Where rows wait until both sides are read: those to be compared, and those that are refused already. */
export interface Spools {
  readonly rows: Spool<SourceRow>;
  readonly bad: Spool<BadRow>;
  close(): Promise<void>;
}

/** Bytes of refused rows that are kept in memory. */
const badInMemory = 4 * 1024 * 1024;

/** Opens the spools of one read; to be closed in every case. */
export function openSpools({ folder }: Pick<Place, 'folder'>): Spools {
  const rows = openSpool<SourceRow>({ folder });
  const bad = openSpool<BadRow>({ folder, memory: badInMemory });
  return {
    rows,
    bad,
    async close() {
      await rows.close();
      await bad.close();
    },
  };
}
