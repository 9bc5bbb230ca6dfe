import { keyNames } from '../run/plan/open-sides.ts';
import { readTable } from '../run/plan/read-sides.ts';
import type { Query, RecordPage, Source, Table } from '../run/ports.ts';
import { listedKey, shownKey } from '../run/shown.ts';
import type { Definition } from '../sync/definition/definition.ts';
import type { Value } from '../sync/fields/column.ts';
import type { Key } from '../sync/fields/key.ts';
import type { Mapping } from '../sync/fields/mapping.ts';
import { badGroups, reasonOf } from '../sync/state/counts.ts';
import { type Problem, ProblemError } from '../sync/words/problem.ts';
import { count, listed, type Text, text } from '../sync/words/text.ts';

/** Rows that are looked at, and milliseconds that the query may take for it. */
const mostRows = 200_000;
const mostTime = 30_000;
/** Doubled keys that are shown. */
const shown = 3;

/** What the rows of a query say. */
export interface CheckedRows {
  readonly problems: readonly Problem[];
  /** How many there are, for people. */
  readonly rows: Text;
  /** Whether a row that was read has this key. */
  has(key: Key): boolean;
}

/**
 * Reads the query's rows, up to a limit of rows and of time, and finds doubled and empty keys and values that their
 * fields refuse, as a run would. Rejects with `ProblemError` when the query fails.
 */
export async function checkRows(
  query: Query,
  mapping: Mapping,
  source: Pick<Source, 'rows'>,
  signal: AbortSignal,
): Promise<CheckedRows> {
  const times = new Map<Key, number>();
  const values = valueSample(mapping);
  let rows = 0;
  let keyless = 0;
  const has = (key: Key): boolean => times.has(key);
  const short = { ...query, timeout: Math.min(query.timeout, mostTime) };
  try {
    const { batches } = await source.rows(short, signal);
    reading: for await (const batch of batches) {
      for (const row of batch) {
        if (rows === mostRows) break reading;
        rows++;
        const key = mapping.rowKey(row);
        if (key === '') keyless++;
        else times.set(key, (times.get(key) ?? 0) + 1);
        values.take(row);
      }
    }
  } catch (error) {
    if (!(error instanceof ProblemError) || error.problems[0].code !== 'query-too-long') throw error;
    if (short.timeout === query.timeout) throw error;
    return {
      problems: [tooSlow(query), ...values.problems(query.at)],
      rows: text('行数未知', 'rows not counted'),
      has,
    };
  }
  const doubled = [...times].filter(([, n]) => n > 1);
  const some = doubled.slice(0, shown).map(([key, n]) => `${listedKey(mapping, key)} × ${count(n)}`);
  const problems = [
    ...(rows === 0 ? [noRows(query)] : []),
    ...(doubled.length > 0 ? [notUnique(query, mapping, doubled.length, some)] : []),
    ...(keyless > 0 ? [noKey(query, mapping, keyless)] : []),
    ...values.problems(query.at),
  ];
  const number = rows === mostRows ? `${count(rows)}+` : count(rows);
  return { problems, rows: text(`${number} 行`, `${number} rows`), has };
}

const notUnique = ({ at }: Query, mapping: Mapping, n: number, some: readonly string[]): Problem => {
  const more = n > some.length ? ' …' : '';
  return {
    code: 'key-not-unique',
    where: at,
    message: text(
      `主键（${keyNames(mapping).join(' + ')}）不唯一：${count(n)} 个值出现在多行里：${some.join('、')}${more}`,
      `the key (${keyNames(mapping).join(' + ')}) is not unique: ${count(n)} values are in several rows: ${some.join(', ')}${more}`,
    ),
    cure: text(
      '这些行不会写入。检查 JOIN 是否多出了行，在查询里用 GROUP BY 或 DISTINCT 去重，或在 key 里加上能区分它们的列。',
      'Such rows are not written. See whether a JOIN multiplies rows, use GROUP BY or DISTINCT in the query, or add the column that distinguishes them to key.',
    ),
  };
};

const noKey = ({ at }: Query, mapping: Mapping, n: number): Problem => ({
  code: 'key-empty',
  where: at,
  message: text(
    `${count(n)} 行的主键（${keyNames(mapping).join(' + ')}）是空的，或不符合它的字段`,
    `the key (${keyNames(mapping).join(' + ')}) of ${count(n)} rows is empty, or does not fit its field`,
  ),
  cure: text(
    '这些行不会写入，也不会删除任何记录。在查询里排除它们（WHERE 列 IS NOT NULL），或换一个主键。',
    'Such rows are not written, and nothing is deleted while there are any. Leave them out in the query (WHERE column IS NOT NULL), or use another key.',
  ),
});

const noRows = ({ at }: Query): Problem => ({
  code: 'warn-no-rows',
  where: at,
  message: text('查询现在一行也没有返回', 'the query answers no row now'),
  cure: text(
    '如果不是本意，请检查查询的条件和连接的数据库。',
    'Where it is not meant, look at the conditions of the query and at the database of its connection.',
  ),
});

const tooSlow = ({ at }: Query): Problem => ({
  code: 'warn-rows-not-counted',
  where: at,
  message: text(
    `查询在 ${mostTime / 1000} 秒内没有返回全部行，没有数行数和重复的主键`,
    `the query did not answer all rows within ${mostTime / 1000} s: rows and doubled keys were not counted`,
  ),
  cure: text('运行 bitable-sync plan 可以看到。', 'bitable-sync plan shows them.'),
});

/** Rows whose values are looked at. */
const looked = 10_000;
/** Reasons that are told, and keys that each of them names. */
const reasonsShown = 5;
const keysShown = 3;

/** Looks at the first rows of a query for values that their fields will refuse. */
interface ValueSample {
  take(row: readonly Value[]): void;
  /** A problem for each reason, the most frequent first. @param where the query's place */
  problems(where?: string): readonly Problem[];
}

/** Begins a sample of the rows that go through a mapping; it looks at 10,000 of them at most. */
export function valueSample(mapping: Mapping): ValueSample {
  const groups = badGroups();
  let rows = 0;
  return {
    take(row) {
      if (rows++ >= looked) return;
      const cells = mapping.wanted(row);
      if (!('bad' in cells)) return;
      const { field, bad } = cells;
      groups.take({
        kind: 'rejected',
        key: listedKey(mapping, mapping.rowKey(row)),
        row: rows,
        field,
        reason: bad.bad,
      });
    },
    problems(where) {
      const seen = Math.min(rows, looked);
      const refused = groups.all().slice(0, reasonsShown);
      const unmet = rows === 0 || rows > looked ? [] : mapping.unmet();
      const at = where === undefined ? {} : { where };
      return [
        ...refused.map((group) => ({
          ...{ code: 'values-refused', ...at, cure: otherRows },
          message: refusal(seen, group.rows, group.samples.slice(0, keysShown).map(nameOf), reasonOf(group)),
        })),
        ...unmet.map((message) => ({ code: 'warn-map-unmet', ...at, message, cure: asWritten })),
      ];
    },
  };
}

const nameOf = ({ key, row }: { readonly key: string; readonly row: number | null }): string =>
  key === '' ? `#${row ?? ''}` : key;

function refusal(seen: number, rows: number, keys: readonly string[], reason: Text): Text {
  const some = listed(keys);
  const more = rows > keys.length ? ' …' : '';
  return text(
    `查询的前 ${count(seen)} 行里有 ${count(rows)} 行会被拒绝（${some.zh}${more}）：${reason.zh}`,
    `${count(rows)} of the query's first ${count(seen)} rows would be rejected (${some.en}${more}): ${reason.en}`,
  );
}

const otherRows = text(
  '这样的行不会写入，其他行照常；请改查询、定义里这一列的规则，或表格的字段。',
  'Such rows are not written, all others are. Change the query, the rule of the column in the definition, or the field.',
);

const asWritten = text(
  'map 的写法要和查询给出的值一字不差。',
  'The entries of a map must be written just as the query gives the values.',
);

/** Pages that are looked at, of 500 records each. */
const mostPages = 400;

/**
 * Reads the keys of a table, up to a limit, and finds doubled and empty ones, as a run would; and asks for the view that
 * `view: limit` names. Rejects with `CallError`, also where the view is gone.
 * @param isWanted whether the query has a row of this key, as far as it was read
 */
export async function checkRecords(
  { view }: Pick<Definition, 'view'>,
  { table, mapping }: { readonly table: Table; readonly mapping: Mapping },
  isWanted: (key: Key) => boolean,
  signal: AbortSignal,
): Promise<readonly Problem[]> {
  const names = keyNames(mapping);
  if (view === 'limit') await table.inView(names, signal, 1);
  // Whether it moves meanwhile is not asked: this is a look, no run.
  const some: Table = {
    ...table,
    revision: () => Promise.resolve(0),
    records: (_, ended) => firstPages(table.records(names, ended)),
  };
  const { index } = await readTable({ table: some, revision: 0 }, mapping, signal);
  const keys = (all: readonly Key[]): Text => {
    const more = all.length > shown ? ' …' : '';
    const few = listed(all.slice(0, shown).map((key) => shownKey(mapping, key)));
    return text(`${few.zh}${more}`, `${few.en}${more}`);
  };
  const doubled = [...index.doubled.keys()];
  const wanted = doubled.filter(isWanted);
  const others = doubled.filter((key) => !isWanted(key));
  const name = names.join(' + ');
  return [
    ...(wanted.length > 0 ? [leftOut(name, wanted.length, keys(wanted))] : []),
    ...(others.length > 0 ? [doubledKeys(name, others.length, keys(others))] : []),
    ...(index.withoutKey.length > 0 ? [emptyKeys(name, index.withoutKey.length)] : []),
  ];
}

async function* firstPages(pages: AsyncIterable<RecordPage>): AsyncGenerator<RecordPage> {
  let left = mostPages;
  for await (const page of pages) {
    yield page;
    if (--left === 0) return;
  }
}

const keepOne = text(
  '在表格里按这个字段分组，每个主键只留一条记录。',
  'Group the table by this field and keep one record of each.',
);

const leftOut = (name: string, n: number, some: Text): Problem => ({
  code: 'table-key-doubled',
  where: 'target',
  message: text(
    `表格的主键字段（${name}）里有 ${count(n)} 个值出现在多条记录里，查询里同主键的行不会写入：${some.zh}`,
    `${count(n)} values of the table’s key (${name}) are in several records, so the query’s rows with them are not written: ${some.en}`,
  ),
  cure: keepOne,
});

const doubledKeys = (name: string, n: number, some: Text): Problem => ({
  code: 'warn-table-key-doubled',
  where: 'target',
  message: text(
    `表格的主键字段（${name}）里有 ${count(n)} 个值出现在多条记录里，这些记录不会更新也不会删除：${some.zh}`,
    `${count(n)} values of the table’s key (${name}) are in several records; no run changes or deletes those: ${some.en}`,
  ),
  cure: keepOne,
});

const emptyKeys = (name: string, n: number): Problem => ({
  code: 'warn-table-key-empty',
  where: 'target',
  message: text(
    `表格里有 ${count(n)} 条记录的主键字段（${name}）是空的，同步不会动它们`,
    `the key (${name}) of ${count(n)} records of the table is empty; no run touches them`,
  ),
  cure: text(
    '填上主键，或删除这些记录；如果是大家自己加的，可以不管。',
    'Fill it in or delete these records; ignore this where people added them for themselves.',
  ),
});
