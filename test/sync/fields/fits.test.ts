import { describe, expect, it } from 'vitest';
import type { ColumnRule } from '../../../src/sync/definition/definition.ts';
import type { FieldKind, WritableKind } from '../../../src/sync/definition/field.ts';
import type { ColumnType } from '../../../src/sync/fields/column.ts';
import { refusal, typesTable } from '../../../src/sync/fields/fits.ts';
import { kinds } from '../../../src/sync/fields/kinds/kinds.ts';

const all = [...kinds.keys()] as WritableKind[];
const numbers = 'text number date checkbox select multi phone person link';
const days = 'text date select multi';

/** The whole table once more, by hand. */
const table: Readonly<Record<ColumnType, string>> = {
  integer: numbers,
  decimal: numbers,
  float: 'text number date checkbox select multi',
  bit: 'text number checkbox select multi',
  text: all.join(' '),
  enum: all.join(' '),
  set: 'text multi person group link attachment',
  json: 'text number checkbox multi person group link attachment',
  date: days,
  datetime: days,
  timestamp: days,
  time: 'text select multi',
  year: 'text number select multi',
  binary: '',
  geometry: '',
  any: all.join(' '),
};

const refused = (type: ColumnType, kind: FieldKind, rule: ColumnRule = {}) =>
  refusal({ name: '列', type }, { name: '字段', kind }, rule);

describe.each(Object.entries(table) as [ColumnType, string][])('a column of type %s', (type, fitting) => {
  // Numbers name people and records only by something, which is told apart below.
  const rule = { by: 'mobile' };

  it(`fills ${fitting || 'nothing'}`, () => {
    const fits = all.filter((kind) => refused(type, kind, rule) === undefined);
    expect(fits.sort()).toEqual(fitting.split(' ').filter(Boolean).sort());
  });

  it('is refused with a reason and a cure in both languages', () => {
    for (const kind of all) {
      const problem = refused(type, kind, rule);
      if (!problem) continue;
      expect(problem).toMatchObject({ code: 'no-fit', where: '列' });
      expect(problem.message.en).toMatch(
        `the column "列" (${type}) cannot fill the field "字段" (${kind}): `,
      );
      expect(problem.message.zh).toMatch(/^列「列」.+「字段」.+：./);
      expect(problem.cure.zh).not.toBe('');
      expect(problem.cure.en).not.toBe('');
    }
  });
});

describe('rules', () => {
  it('that map make other values of a column, but never of bytes', () => {
    expect(refused('year', 'date', { map: { 2026: '2026-01-01' } })).toBeUndefined();
    expect(refused('integer', 'person', { map: { 1: 'ou_a' } })).toBeUndefined();
    expect(refused('binary', 'text', { map: { a: 'b' } })?.code).toBe('no-fit');
  });

  it.each(['integer', 'decimal'] as const)('must say by what an %s names people and records', (type) => {
    expect(refused(type, 'person')).toMatchObject({
      code: 'no-by',
      where: '列',
      message: { en: 'the column "列" holds numbers, and no open_id is one' },
      cure: { en: 'Say by: mobile (or user_id) for the column in the definition.' },
    });
    expect(refused(type, 'person', { by: 'open_id' })?.code).toBe('no-by');
    expect(refused(type, 'person', { by: 'user_id' })).toBeUndefined();
    expect(refused(type, 'link')?.cure.zh).toBe('在定义里给这一列写 by: 对方表的字段。');
    expect(refused(type, 'link', { by: '客户编号' })).toBeUndefined();
  });

  it('may leave texts to be IDs', () => {
    expect(refused('text', 'person')).toBeUndefined();
    expect(refused('text', 'link')).toBeUndefined();
  });
});

it('the tables have a line for every type and every kind', () => {
  const lines = typesTable('en-US').split('\n');
  expect(lines).toHaveLength(2 + Object.keys(table).length + 1 + 2 + all.length);
  for (const kind of all) expect(lines.some((line) => line.startsWith(`| \`${kind}\` |`))).toBe(true);
});
