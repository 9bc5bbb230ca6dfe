import { describe, expect, it } from 'vitest';
import type { ColumnRule, Definition } from '../../../src/sync/definition/definition.ts';
import type { Field } from '../../../src/sync/definition/field.ts';
import { parseDefinition } from '../../../src/sync/definition/parse-definition.ts';
import type { ColumnDetail, ColumnType } from '../../../src/sync/fields/column.ts';
import { refusal } from '../../../src/sync/fields/fits.ts';
import { canBeKey } from '../../../src/sync/fields/kinds/kinds.ts';
import {
  creationOf,
  type FieldShape,
  fieldFor,
  fieldToBe,
  homelessColumns,
  type Role,
  tableOf,
} from '../../../src/sync/fields/schema.ts';

const column = (type: ColumnType, more: Partial<ColumnDetail> = {}): ColumnDetail => ({
  name: 'c',
  type,
  ...more,
});
const words = (count: number): string[] => Array.from({ length: count }, (_, at) => `w${at}`);

const text: FieldShape = { kind: 'text' };
const whole: FieldShape = { kind: 'number', digits: 0 };
const number = (digits: number): FieldShape => ({ kind: 'number', digits });
const checkbox: FieldShape = { kind: 'checkbox' };
const day: FieldShape = { kind: 'date', time: false };
const time: FieldShape = { kind: 'date', time: true };

describe('a column by itself becomes', () => {
  it.each<[string, ColumnDetail, FieldShape, FieldShape, FieldShape]>([
    // what it is · plain · part of the key · first column of a new table
    ['TINYINT', column('integer', { digits: 3 }), whole, whole, whole],
    ['TINYINT(1)', column('integer', { digits: 3, flag: true }), checkbox, whole, whole],
    ['INT', column('integer', { digits: 10 }), whole, whole, whole],
    ['INT UNSIGNED', column('integer', { digits: 10, unsigned: true }), whole, whole, whole],
    ['BIGINT', column('integer', { digits: 20 }), whole, text, text],
    ['BIGINT UNSIGNED', column('integer', { digits: 20, unsigned: true }), text, text, text],
    ['DECIMAL(10,2)', column('decimal', { digits: 10, scale: 2 }), number(2), number(2), number(2)],
    ['DECIMAL(10,0)', column('decimal', { digits: 10, scale: 0 }), whole, whole, whole],
    ['DECIMAL(30,10)', column('decimal', { digits: 30, scale: 10 }), number(4), text, text],
    ['FLOAT', column('float'), number(2), number(2), number(2)],
    ['FLOAT(7,3)', column('float', { scale: 3 }), number(3), number(3), number(3)],
    ['BIT(1)', column('bit', { digits: 1, flag: true }), checkbox, whole, whole],
    ['BIT(12)', column('bit', { digits: 12 }), whole, whole, whole],
    ['BIT(64)', column('bit', { digits: 64 }), text, text, text],
    ['YEAR', column('year'), whole, whole, whole],
    ['DATE', column('date'), day, day, day],
    ['DATETIME', column('datetime'), time, time, time],
    ['TIMESTAMP', column('timestamp'), time, time, time],
    ['TIME', column('time'), text, text, text],
    ['VARCHAR', column('text', { length: 40 }), text, text, text],
    ['JSON', column('json'), text, text, text],
    ['BLOB', column('binary'), text, text, text],
    ['GEOMETRY', column('geometry'), text, text, text],
    [
      'ENUM',
      column('enum', { options: ['新', '', '旧'] }),
      { kind: 'select', options: ['新', '旧'] },
      { kind: 'select', options: ['新', '旧'] },
      text,
    ],
    [
      'an ENUM without words',
      column('enum'),
      { kind: 'select', options: [] },
      { kind: 'select', options: [] },
      text,
    ],
    ['an ENUM of too many words', column('enum', { options: words(5001) }), text, text, text],
    ['SET', column('set', { options: ['a', 'b'] }), { kind: 'multi', options: ['a', 'b'] }, text, text],
    ['an expression of SQLite', column('any'), text, text, text],
    ['DECIMAL(8,2) of SQLite', column('any', { digits: 8, scale: 2 }), number(2), number(2), number(2)],
  ])('%s', (_, detail, plain, key, index) => {
    expect(fieldFor(detail, {}, 'plain')).toEqual(plain);
    expect(fieldFor(detail, {}, 'key')).toEqual(key);
    expect(fieldFor(detail, {}, 'index')).toEqual(index);
  });

  it('a key that can name rows, whatever the column is', () => {
    const types: ColumnType[] = ['integer', 'decimal', 'float', 'text', 'date', 'timestamp', 'time', 'year'];
    for (const type of [...types, 'bit', 'json', 'enum', 'set', 'binary', 'geometry', 'any'] as ColumnType[])
      for (const role of ['key', 'index'] as Role[])
        for (const more of [{}, { flag: true as const }, { digits: 40 }])
          expect(canBeKey(fieldFor(column(type, more), {}, role)?.kind ?? 'other')).toBe(true);
  });
});

it('no column becomes a field that its values never fit', () => {
  const types: ColumnType[] = [
    'integer',
    'decimal',
    'float',
    'text',
    'date',
    'datetime',
    'timestamp',
    'time',
  ];
  for (const type of [...types, 'year', 'bit', 'json', 'enum', 'set', 'any'] as ColumnType[])
    for (const more of [{}, { flag: true as const }, { digits: 60 }, { digits: 20, unsigned: true as const }])
      for (const role of ['plain', 'key', 'index'] as Role[]) {
        const detail = column(type, more);
        const shape = fieldFor(detail, {}, role);
        const made = fieldToBe({ ...(shape ?? text), name: 'c' }, 0);
        expect([detail, role, refusal(detail, made, {})]).toEqual([detail, role, undefined]);
      }
});

describe('a rule decides', () => {
  const flag = column('integer', { digits: 3, flag: true });
  const status = column('enum', { options: ['new', 'old'] });
  it.each<[string, ColumnDetail, ColumnRule, FieldShape | undefined]>([
    ['as: date on a number', column('integer', { digits: 20 }), { as: 'date' }, time],
    ['as: date on a DATE', column('date'), { as: 'date' }, day],
    ['as: number on a text', column('text'), { as: 'number' }, number(2)],
    ['as: number on money', column('decimal', { digits: 10, scale: 3 }), { as: 'number' }, number(3)],
    ['as: number on a flag', flag, { as: 'number' }, whole],
    ['as: text on a number', column('integer'), { as: 'text' }, text],
    ['as: phone', column('text'), { as: 'phone' }, { kind: 'phone' }],
    ['as: url', column('text'), { as: 'url' }, { kind: 'url' }],
    ['as: person', column('text'), { as: 'person' }, { kind: 'person' }],
    ['as: group', column('text'), { as: 'group' }, { kind: 'group' }],
    ['as: location', column('text'), { as: 'location' }, { kind: 'location' }],
    ['as: attachment', column('text'), { as: 'attachment' }, { kind: 'attachment' }],
    ['as: link, which needs its table', column('text'), { as: 'link' }, undefined],
    ['as: select on a text', column('text'), { as: 'select' }, { kind: 'select', options: [] }],
    ['as: multi on an ENUM', status, { as: 'multi' }, { kind: 'multi', options: ['new', 'old'] }],
    ['map on an ENUM', status, { map: { new: '新' } }, { kind: 'select', options: ['新', 'old'] }],
    ['map on a flag', flag, { map: { 0: '女', 1: '男' } }, { kind: 'select', options: ['女', '男'] }],
    ['map from words to yes and no', column('text'), { map: { 是: true, 否: false } }, checkbox],
    ['map from words to True and FALSE', column('text'), { map: { 是: 'True', 否: 'FALSE' } }, checkbox],
    ['map from a number to amounts', column('integer'), { map: { 1: '1.50', 2: 2 } }, whole],
    ['map from a number to words', column('integer'), { map: { 7: '七' } }, text],
    ['map from a flag to numbers', flag, { map: { 1: 100 } }, whole],
    ['split', column('text'), { split: ',' }, { kind: 'multi', options: [] }],
    ['by: email', column('text'), { by: 'email' }, { kind: 'person' }],
    ['by: a field of another table', column('text'), { by: '客户编号' }, undefined],
  ])('%s', (_, detail, rule, shape) => {
    expect(fieldFor(detail, rule, 'plain')).toEqual(shape);
  });
});

function definition(changes: object = {}): Definition {
  const parsed = parseDefinition({
    name: 'orders',
    source: { connection: 'shop', query: 'select 1' },
    key: 'id',
    target: 'https://example.feishu.cn/base/AppTokenAbc123',
    ...changes,
  });
  if (parsed.kind !== 'definition') throw new Error(JSON.stringify(parsed.issues));
  return parsed.definition;
}

const field = (name: string): Field => ({
  id: `fld${name}`,
  name,
  kind: 'text',
  look: 'Text',
  primary: false,
});
const text40 = (name: string): ColumnDetail => ({ name, type: 'text', length: 40 });

describe('what is to be created', () => {
  const columns = [
    text40('city'),
    text40('id'),
    { ...column('decimal', { digits: 9, scale: 2 }), name: 'paid' },
  ];

  it('is what the table lacks, by the name of the field, in the order of the columns', () => {
    const rules = definition({ fields: { paid: { to: '金额' } } });
    const lacking = homelessColumns(rules, { columns, fields: [field('id')] }, false);
    expect(creationOf(lacking, columns, 1)).toEqual({
      fields: [
        { name: 'city', kind: 'text' },
        { name: '金额', kind: 'number', digits: 2 },
      ],
      problems: [],
    });
  });

  it('is nothing for columns that are skipped', () => {
    const rules = definition({ fields: { paid: 'skip', city: 'skip' } });
    expect(homelessColumns(rules, { columns, fields: [field('id')] }, false)).toEqual([]);
  });

  it('is not what a person deleted, unless that was asked for', () => {
    const known = [{ column: 'city', id: 'fldgone', name: 'city', kind: 'text' as const }];
    const names = (also: boolean) =>
      homelessColumns(definition(), { columns, fields: [field('id')], known }, also).map(({ to }) => to);
    expect(names(false)).toEqual(['paid']);
    expect(names(true)).toEqual(['city', 'paid']);
  });

  it('is refused whole where a table would have more than 300 fields', () => {
    const many = Array.from({ length: 301 }, (_, at) => text40(at === 0 ? 'id' : `c${at}`));
    const codes = (there: number) => {
      const lacking = homelessColumns(
        definition(),
        { columns: many.slice(0, 101), fields: [field('id')] },
        false,
      );
      return creationOf(lacking, many, there).problems.map(({ code }) => code);
    };
    expect(codes(200)).toEqual([]);
    expect(codes(201)).toEqual(['too-many-fields']);
    expect(tableOf(definition(), many.slice(0, 300)).problems).toEqual([]);
    expect(tableOf(definition(), many).problems.map(({ code }) => code)).toEqual(['too-many-fields']);
  });

  it('is refused for names that Feishu would change, and for links', () => {
    const odd = [text40('id'), text40(' a '), text40('b')];
    const rules = definition({ fields: { b: 'link' } });
    const lacking = homelessColumns(rules, { columns: odd, fields: [field('id')] }, false);
    expect(creationOf(lacking, odd, 1).problems.map(({ code }) => code)).toEqual([
      'bad-field-name',
      'field-not-creatable',
    ]);
  });

  it('is a whole table with the key in front', () => {
    const rules = definition({ key: ['paid', 'id'], fields: { city: { to: '城市' } } });
    expect(tableOf(rules, columns)).toEqual({
      fields: [
        { name: 'paid', kind: 'number', digits: 2 },
        { name: '城市', kind: 'text' },
        { name: 'id', kind: 'text' },
      ],
      problems: [],
    });
  });
});
