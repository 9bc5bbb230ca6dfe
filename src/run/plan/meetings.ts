import type { Definition, Mode } from '../../sync/definition/definition.ts';
import type { Key } from '../../sync/fields/key.ts';
import type { Mapping } from '../../sync/fields/mapping.ts';
import type { Compared } from '../../sync/plan/diff.ts';
import { count, type Text, text } from '../../sync/words/text.ts';
import { shownKey } from '../sample.ts';
import type { TableRead } from './read-table.ts';

/** What both sides' keys are looked at with. */
interface Sides {
  readonly definition: Pick<Definition, 'mode'>;
  readonly mapping: Pick<Mapping, 'targets' | 'key'>;
  readonly table: TableRead;
}

/**
 * Notices that not one row of the query found its record, though the table has some: then the keys are most likely
 * written in two ways.
 */
export function meetingsOf({ definition, mapping, table }: Sides) {
  let strangers = 0;
  let met = false;
  let first: Key = '';
  return {
    /** Takes what the comparison says of one row. @param keyOf the row's key, asked for once */
    see(found: Compared, keyOf: () => Key): void {
      if (met || (found.kind === 'invalid' && found.why !== 'doubled-table')) return;
      met = found.kind !== 'create' && !('absent' in found);
      if (strangers++ === 0) first = keyOf();
    },
    notes(): readonly Text[] {
      const [held] = table.index.records();
      if (met || strangers === 0 || !held) return [];
      const rows = count(strangers);
      const records = count(table.index.size);
      const [wanted, there] = [shownKey(mapping, first), shownKey(mapping, held[0])];
      const { zh, en } = outcome[definition.mode];
      return [
        text(
          `查询的 ${rows} 行没有一行在表格的 ${records} 条记录里找到同一个主键，${zh}。查询里的主键如「${wanted}」，表格里的如「${there}」：如果不是本意，请核对 key 的列和字段。`,
          `Not one of the query's ${rows} rows found a record with its key among the table's ${records}: ${en}. A key of the query is "${wanted}", one of the table "${there}": if that is not meant, compare the column and the field of key.`,
        ),
      ];
    },
  };
}

const asNew = text('全部当作新行', 'all of them count as new');

const outcome: Readonly<Record<Mode, Text>> = {
  update: text('所以一条都没有更新', 'nothing is updated'),
  upsert: asNew,
  append: asNew,
  mirror: asNew,
};
