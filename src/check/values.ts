import { listedKey } from '../run/bad-rows.ts';
import { badGroups, reasonOf } from '../sync/bad-groups.ts';
import type { Mapping } from '../sync/mapping.ts';
import type { Problem } from '../sync/problem.ts';
import { count, listed, type Text, text } from '../sync/text.ts';
import type { Value } from '../sync/value.ts';

/** Rows whose values are looked at. */
const looked = 10_000;
/** Reasons that are told, and keys that each of them names. */
const reasonsShown = 5;
const keysShown = 3;

/** Looks at the first rows of a query for values that their fields will refuse. */
export interface ValueSample {
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
