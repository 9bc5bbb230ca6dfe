import { expect, it } from 'vitest';
import { valueSample } from '../../src/check/rows.ts';
import type { ColumnRule } from '../../src/sync/definition/definition.ts';
import type { FieldKind } from '../../src/sync/definition/field.ts';
import type { ColumnType, Value } from '../../src/sync/fields/column.ts';
import { isMismatch, mapColumns } from '../../src/sync/fields/mapping.ts';
import { zoneOf } from '../../src/sync/words/zone.ts';
import { sampleDefinition } from '../support/samples.ts';

/** A sample of rows `[no, value]`, the value in a column of the type that goes to a field of the kind. */
function sampleOf(type: ColumnType, kind: FieldKind, rule: ColumnRule = {}, hidden: readonly string[] = []) {
  const key = [{ column: 'no', field: 'no' }];
  const definition = { ...sampleDefinition, key, fields: { v: rule }, private: hidden };
  const columns = [
    { name: 'no', type: 'text' as const },
    { name: 'v', type },
  ];
  const field = (name: string, its: FieldKind) => ({ id: name, name, kind: its, look: '', primary: false });
  const mapping = mapColumns(
    definition,
    { columns, fields: [field('no', 'text'), field('v', kind)] },
    zoneOf('Asia/Shanghai'),
  );
  if (isMismatch(mapping)) throw new Error('it does not fit');
  return valueSample(mapping);
}

it.each<[ColumnType, FieldKind, Value, string]>([
  ['integer', 'number', '9007199254740993', 'as: text'],
  ['integer', 'checkbox', 2, 'as: number'],
  ['decimal', 'number', '12345678901234.567', 'round: true'],
  ['date', 'date', '0000-00-00', 'NULLIF(v, 0)'],
  ['datetime', 'date', '2026-01-31 08:00:00.123456', 'round: true'],
  ['text', 'phone', '138-0000-0000', 'REPLACE('],
  ['text', 'url', '\nwords', 'NULLIF'],
])('a %s whose %s field refuses %j is told with the cure', (type, kind, value, cure) => {
  const sample = sampleOf(type, kind);
  for (const row of [
    ['A1', value],
    ['A2', null],
    [null, value],
  ] as const)
    sample.take(row);
  const [problem, ...more] = sample.problems('orders.yaml:5:3');
  expect(more).toEqual([]);
  expect(problem).toMatchObject({
    code: 'values-refused',
    where: 'orders.yaml:5:3',
    message: { en: expect.stringMatching(/^2 of the query's first 3 rows would be rejected \(A1, #3\): /) },
  });
  expect(problem?.message.en).toContain(cure);
});

it('reasons come with the most frequent first, rows beyond the sample are left out, and private values masked', () => {
  const sample = sampleOf('any', 'number', {}, ['v']);
  for (let row = 1; row <= 12_000; row++)
    sample.take([`A${row}`, row > 10_000 || row % 100 === 0 ? 'many' : row]);
  const [problem, ...more] = sample.problems();
  expect(more).toEqual([]);
  expect(problem?.message.en).toMatch(/^100 of the query's first 10,000 rows .* \(A100, A200, A300 …\): /);
  expect(problem?.message.en).not.toContain('many');
});

it('entries of a map that no row has are told, where all rows were seen', () => {
  const sample = sampleOf('text', 'text', { map: { '01': '北京', 1: '上海' } });
  expect(sample.problems()).toEqual([]);
  sample.take(['A1', '01']);
  expect(sample.problems().map(({ code, message }) => [code, message.en])).toEqual([
    ['warn-map-unmet', expect.stringContaining('`1`')],
  ]);
  for (let row = 0; row < 10_000; row++) sample.take([`A${row}`, '01']);
  expect(sample.problems()).toEqual([]);
});
