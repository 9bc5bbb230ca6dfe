import type { FieldKind } from '../../sync/definition/field.ts';
import type { Mapping } from '../../sync/fields/mapping.ts';
import { type Compared, whyBadKey } from '../../sync/plan/diff.ts';
import type { BadRow } from '../../sync/state/state.ts';
import { listedKey, listedParts } from '../bad-rows.ts';
import type { SourceRead } from './read-source.ts';
import type { TableRead } from './read-table.ts';

/** Both sides, as far as bad keys are looked at. */
interface Place {
  readonly mapping: Pick<Mapping, 'targets' | 'key'>;
  readonly table: TableRead;
  readonly source: SourceRead;
}

type Invalid = Extract<Compared, { kind: 'invalid' }>;

/** A row whose key is empty or doubled, as it is listed. */
export function invalidRow(
  row: number,
  { key, parts, why }: Invalid,
  { mapping, table, source }: Place,
): BadRow {
  const records = why === 'doubled-table' ? { value: idsOf(table.index.doubled.get(key) ?? []) } : {};
  const loose = why === 'empty' ? parts.some(isBlank) : why === 'doubled-table' || source.loose.has(key);
  const reason = whyBadKey(why, kindsOf(mapping), loose);
  return { kind: 'invalid', key: listedParts(mapping, key === '' ? [''] : parts), row, reason, ...records };
}

const isBlank = (part: string): boolean => part !== '' && part.trim() === '';

const kindsOf = ({ key, targets }: Place['mapping']): readonly FieldKind[] =>
  key.flatMap((at) => targets[at]?.kind ?? []);

/** The table's own records that no run can touch, where no row of the query tells of them. */
export function* untouchable({ mapping, table, source }: Place): Generator<BadRow> {
  const { index } = table;
  for (const [key, records] of index.doubled) {
    if (source.times.has(key)) continue;
    const value = idsOf(records);
    const reason = whyBadKey('doubled-table', kindsOf(mapping), true);
    yield { kind: 'table', key: listedKey(mapping, key), row: null, reason, value };
  }
  const reason = whyBadKey('empty', [], false);
  for (const value of index.withoutKey) yield { kind: 'table', key: '', row: null, reason, value };
}

/** Record IDs as they are listed. */
export const idsOf = (records: readonly string[]): string =>
  records.slice(0, recordsShown).join(' ') + (records.length > recordsShown ? ' …' : '');

const recordsShown = 20;
