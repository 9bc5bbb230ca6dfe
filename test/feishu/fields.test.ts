import { expect, it } from 'vitest';
import { fieldOf } from '../../src/feishu/table/fields.ts';
import { CallError } from '../../src/sync/words/failure.ts';

const item = (type: number, property?: unknown) => ({
  field_id: 'fld1',
  field_name: '字段',
  type,
  ui_type: 'Look',
  is_primary: false,
  property,
});

it.each([
  ['a person field for one', 11, { multiple: false }, { kind: 'person', multiple: false }],
  ['a group field for several', 23, { multiple: true }, { kind: 'group', multiple: true }],
  ['a link', 18, { table_id: 'tbl1', multiple: true }, { kind: 'link', linkTable: 'tbl1', multiple: true }],
  ['a two-way link', 21, { table_id: 'tbl1' }, { kind: 'link', linkTable: 'tbl1' }],
  ['a rating', 2, { min: 1, max: 5, formatter: '0' }, { kind: 'number', min: 1, max: 5 }],
  ['a select', 3, { options: [{ name: 'a' }, {}] }, { kind: 'select', options: ['a'] }],
  ['a number that has options by mistake', 2, { options: [{ name: 'a' }] }, { kind: 'number' }],
  ['a field without a property', 15, null, { kind: 'url' }],
  ['a type of tomorrow', 9999, { multiple: 'yes', table_id: '', min: '1' }, { kind: 'other' }],
])('%s is read with what its property says of its values', (_, type, property, field) => {
  expect(fieldOf(item(type, property))).toEqual({
    id: 'fld1',
    name: '字段',
    look: 'Look',
    primary: false,
    ...field,
  });
});

it.each([[null], [{}], [{ field_id: 'fld1' }], [{ field_id: '', field_name: 'a' }]])(
  '%j is no field',
  (raw) => {
    expect(() => fieldOf(raw)).toThrow(CallError);
  },
);
