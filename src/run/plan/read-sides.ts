import type { Fields, TableRecord } from '../../sync/definition/field.ts';
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
import type { CallMeter, People, Table } from '../ports.ts';
import { listedKey, listedValue, shownKey } from '../shown.ts';
import { findPeople, readLinked, resolverOf } from './lookup.ts';
import type { Sides } from './open-sides.ts';
import { readStill, type StillRead } from './read-still.ts';
import { Spool } from './spool.ts';

/** What both sides are read with. */
export interface Reading {
  readonly people: People;
  readonly meter: CallMeter;
  /** Take the rows. */
  readonly spools: Pick<Spools, 'rows' | 'bad'>;
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

/** The query's rows, and what their words stand for. */
export type WantedRead = Pick<BothRead, 'rows' | 'resolver'>;

/** Reads source and table side by side, and looks up what their words stand for; when one fails, all of it does. */
export const readSides = (sides: Sides, reading: Reading): Promise<BothRead> =>
  readWith(sides, reading, (signal) => readRecords(sides, { ...reading, signal }));

/** Reads the source only, and looks up what its words stand for. */
export const readWanted = (sides: Sides, reading: Reading): Promise<WantedRead> =>
  readWith(sides, reading, async () => undefined);

/** Reads the table only. */
export const readRecords = (
  { target, mapping }: Pick<Sides, 'target' | 'mapping'>,
  { signal, onRead, timed = (_, work) => work() }: Pick<Reading, 'signal' | 'onRead' | 'timed'>,
): Promise<TableRead> => timed('table', () => readTable(target, mapping, signal, onRead));

async function readWith<T>(
  sides: Sides,
  reading: Reading,
  table: (signal: AbortSignal) => Promise<T>,
): Promise<WantedRead & { readonly records: T }> {
  const { mapping } = sides;
  const { people, meter, timed = (_, work) => work() } = reading;
  const [[rows, known], records, linked] = await sideBySide(
    reading.signal,
    async (signal) => {
      const read = await timed('source', () => readSource(sides, { ...reading, signal }));
      return [read, await findPeople(people, read.people, meter, signal)] as const;
    },
    table,
    (signal) => readLinked(sides, signal),
  );
  return { rows, records, resolver: resolverOf(mapping.targets, known, linked) };
}

/** Does several things at once; when one fails the others are given up, and all have ended before this rejects. */
async function sideBySide<T extends readonly unknown[]>(
  signal: AbortSignal,
  ...work: { readonly [K in keyof T]: (signal: AbortSignal) => Promise<T[K]> }
): Promise<T> {
  const give = new AbortController();
  const all = AbortSignal.any([signal, give.signal]);
  const going = work.map((one) => one(all));
  for (const one of going) one.catch((error: unknown) => give.abort(error));
  await Promise.allSettled(going);
  if (give.signal.aborted) throw give.signal.reason;
  return Promise.all(going) as Promise<unknown> as Promise<T>;
}

/** One row of the query. */
export interface SourceRow {
  /** Its number in the query's answer, from 1 on. */
  readonly row: number;
  /** Its canonical cells. */
  readonly cells: readonly Cell[];
}

/** Where rows wait until both sides are read: those to be compared, and those that are refused already. */
export interface Spools {
  readonly rows: Spool<SourceRow>;
  /** The store would keep the server waiting. */
  readonly bad: Spool<BadRow>;
  /** Of `rows`, those that are to be compared, where the others are as they were. */
  readonly unlike: Spool<SourceRow>;
  close(): void;
}

/** Bytes of refused rows that are kept in memory. */
const badInMemory = 4 * 1024 * 1024;

/** Opens the spools of one read; to be closed in every case. */
export function openSpools({ folder }: Pick<Place, 'folder'>): Spools {
  const rows = new Spool<SourceRow>(folder);
  const bad = new Spool<BadRow>(folder, badInMemory);
  const unlike = new Spool<SourceRow>(folder);
  return {
    ...{ rows, bad, unlike },
    close: () => [rows, bad, unlike].forEach((spool) => void spool.close()),
  };
}

/** What the query's rows showed, once they are drained. */
export interface SourceRead {
  readonly rows: number;
  /** How often each key stands in the answer, rejected rows included. */
  readonly times: ReadonlyMap<Key, number>;
  /** Keys that a row spells otherwise than they are compared. */
  readonly loose: ReadonlySet<Key>;
  /** Rows with a value that its field cannot take, and their keys. */
  readonly rejected: number;
  readonly rejectedKeys: ReadonlySet<Key>;
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

/** Drains the query into the spools at the server's pace: it never waits for Feishu. */
async function readSource(
  { origin, mapping }: Pick<Sides, 'origin' | 'mapping'>,
  { spools, signal, onRead }: Pick<Reading, 'spools' | 'signal' | 'onRead'>,
): Promise<SourceRead> {
  const answer = await origin.source.rows(origin.query, signal);
  if (!sameColumns(origin.columns, answer.columns)) {
    // Asked for once and left, which closes the connection.
    for await (const _ of answer.batches) break;
    throw problem(otherColumns);
  }
  const rows = rowTaker(mapping, spools);
  for await (const batch of answer.batches) {
    for (const row of batch) rows.take(row);
    onRead?.({ rows: rows.count() });
  }
  return rows.read(answer.notes?.() ?? []);
}

/** Takes rows, one after the other. */
function rowTaker(mapping: Mapping, spools: Reading['spools']) {
  const times = new Map<Key, number>();
  const rejectedKeys = new Set<Key>();
  const loose = new Set<Key>();
  const words = lookupWords(mapping.targets);
  const filledColumns = filled(mapping.targets.length);
  const seconds = secondsWatch(mapping.unsaid);
  let rows = 0;
  let keyless = 0;

  function countKey(key: Key): void {
    if (key === '') keyless++;
    else times.set(key, (times.get(key) ?? 0) + 1);
  }

  function reject(row: readonly Value[], { field, column, bad }: Misfit): void {
    const key = mapping.rowKey(row);
    countKey(key);
    rejectedKeys.add(key);
    const value = row[column] ?? null;
    const target = mapping.targets.find(({ name }) => name === field);
    const shown = value instanceof Uint8Array ? '' : listedValue(target, String(value ?? ''));
    const listed = { kind: 'rejected', row: rows, key: listedKey(mapping, key) } as const;
    spools.bad.append({ ...listed, field, reason: bad.bad, value: shown });
  }

  return {
    take(row: readonly Value[]): void {
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
      spools.rows.append({ row: rows, cells });
    },
    count: (): number => rows,
    read: (notes: readonly Text[]): SourceRead => ({
      ...{ rows, times, loose, keyless, rejectedKeys },
      rejected: spools.bad.size,
      notes: [...notes, ...seconds.notes()],
      unmet: rows === 0 ? [] : mapping.unmet(),
      people: words.all(),
      filled: filledColumns.all(),
    }),
  };
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
export interface TableRead extends Pick<StillRead<unknown>, 'revision' | 'moved'> {
  readonly index: TableIndex;
  /** What people call the persons, groups and files in the cells, by ID; only so many. */
  readonly names: ReadonlyMap<string, string>;
  /** Which columns have a value in any record, by position. */
  readonly filled: readonly boolean[];
}

/** Reads all records into an index. @param onRead told how many records are read, of how many */
export async function readTable(
  { table, revision }: { readonly table: Table; readonly revision: number },
  mapping: Mapping,
  signal: AbortSignal,
  onRead?: Reading['onRead'],
): Promise<TableRead> {
  const names = nameList(mapping);
  const fields = mapping.targets.map(({ name }) => name);
  const onPage = (records: number, total: number): void => onRead?.({ records, total });
  const { read, ...how } = await readStill(table, { fields, revision, signal, onPage }, () => {
    const index = tableIndex();
    const columns = filled(fields.length);
    return {
      ...{ index, columns },
      count: () => index.size,
      take(records: readonly TableRecord[]) {
        for (const { id, fields: raw } of records) {
          const cells = mapping.held(raw);
          columns.see(cells);
          names.see(raw);
          index.add(id, keyIn(mapping, cells), rowText(cells));
        }
      },
    };
  });
  return { ...how, index: read.index, names: names.all, filled: read.columns.all() };
}

/** Names that are kept: samples show a few of them only. */
const namesKept = 5_000;

/** Collects what people call the members of cells, where Feishu tells it and nobody has asked to hide it. */
export function nameList({ targets }: Mapping) {
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
export function tableNotes({ index }: TableRead, mapping: Mapping): readonly Text[] {
  const doubled = [...index.doubled.keys()];
  const some = listed(doubled.slice(0, 5).map((key) => shownKey(mapping, key)));
  const { length: empty } = index.withoutKey;
  const keys = doubled.length === 1 ? 'A key stands' : `${count(doubled.length)} keys stand`;
  const records =
    empty === 1
      ? 'A record of the table has an empty key and was left alone.'
      : `${count(empty)} records of the table have an empty key and were left alone.`;
  return [
    ...(doubled.length === 0
      ? []
      : [
          text(
            `表格里有 ${count(doubled.length)} 个主键重复，相关记录一条都没有动：${some.zh}`,
            `${keys} more than once in the table; none of the records was touched: ${some.en}`,
          ),
        ]),
    ...(empty === 0 ? [] : [text(`表格里有 ${count(empty)} 条记录主键为空，没有动。`, records)]),
  ];
}
