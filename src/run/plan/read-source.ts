import type { Column, PersonBy, Value } from '../../sync/fields/column.ts';
import type { Key } from '../../sync/fields/key.ts';
import { filled, secondsWatch } from '../../sync/fields/kinds/date.ts';
import type { Cell } from '../../sync/fields/kinds/kind.ts';
import { lookupWords, tooManyWords } from '../../sync/fields/lookup.ts';
import { keyIn, type Mapping, type Misfit } from '../../sync/fields/mapping.ts';
import type { BadRow } from '../../sync/state/state.ts';
import { problem } from '../../sync/words/problem.ts';
import { type Text, text } from '../../sync/words/text.ts';
import { listedKey, listedValue } from '../bad-rows.ts';
import type { Query, Source } from '../ports.ts';
import type { Spool } from './spool.ts';

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
