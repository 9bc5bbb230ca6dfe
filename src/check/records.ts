import { readTable } from '../run/plan/read-table.ts';
import type { RecordPage, Table } from '../run/ports.ts';
import { shownKey } from '../run/sample.ts';
import type { Definition } from '../sync/definition/definition.ts';
import type { Key } from '../sync/fields/key.ts';
import type { Mapping } from '../sync/fields/mapping.ts';
import type { Problem } from '../sync/words/problem.ts';
import { count, listed, type Text, text } from '../sync/words/text.ts';

/** Pages that are looked at, of 500 records each. */
const mostPages = 400;
/** Doubled keys that are shown. */
const shown = 3;

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
  const names = mapping.key.map((at) => mapping.targets[at]?.name ?? '');
  if (view === 'limit') await table.inView(names, signal);
  // A table that moves meanwhile is not read again: this is a look, no run.
  const some: Table = {
    ...table,
    revision: () => Promise.resolve(0),
    records: (_, ended) => firstPages(table.records(names, ended)),
  };
  const { index } = await readTable(some, mapping, { revision: 0 }, signal);
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
    `${count(n)} values of the table’s key (${name}) stand in several records, so the query’s rows with them are not written: ${some.en}`,
  ),
  cure: keepOne,
});

const doubledKeys = (name: string, n: number, some: Text): Problem => ({
  code: 'warn-table-key-doubled',
  where: 'target',
  message: text(
    `表格的主键字段（${name}）里有 ${count(n)} 个值出现在多条记录里，这些记录不会更新也不会删除：${some.zh}`,
    `${count(n)} values of the table’s key (${name}) stand in several records; no run changes or deletes those: ${some.en}`,
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
