import type { Fields } from '../../sync/definition/field.ts';
import { filled } from '../../sync/fields/kinds/date.ts';
import { kinds } from '../../sync/fields/kinds/kinds.ts';
import { keyIn, type Mapping } from '../../sync/fields/mapping.ts';
import { rowText } from '../../sync/plan/change.ts';
import { type TableIndex, tableIndex } from '../../sync/plan/diff.ts';
import { count, listed, type Text, text } from '../../sync/words/text.ts';
import type { Table } from '../ports.ts';
import { shownKey } from '../sample.ts';
import { inTurns } from './spool.ts';

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
