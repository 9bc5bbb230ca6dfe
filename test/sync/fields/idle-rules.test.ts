import { expect, it } from 'vitest';
import type { ColumnRule } from '../../../src/sync/definition/definition.ts';
import type { FieldKind } from '../../../src/sync/definition/field.ts';
import { idleRules } from '../../../src/sync/fields/pairing.ts';

it.each<[ColumnRule, FieldKind, string[]]>([
  [{ unit: 's' }, 'date', []],
  [{ unit: 's' }, 'text', ['unit does nothing for F: its field is text, and only date look at it.']],
  [{ split: ',' }, 'person', []],
  [
    { split: ',', options: 'reject' },
    'text',
    [
      'split does nothing for F: its field is text, and only multi, person, group, link, attachment look at it.',
      'options does nothing for F: its field is text, and only select, multi look at it.',
    ],
  ],
  [{ round: true }, 'location', []],
  [{ by: 'email', missing: 'empty' }, 'person', []],
  [{ missing: 'empty' }, 'person', ['missing does nothing for F: without by nothing is looked up.']],
  [{ trim: true, map: { 0: '女' }, default: 'x', truncate: 3, empty: 'keep' }, 'phone', []],
])('%j on a field of kind %s tells %j', (rule, kind, told) => {
  expect(idleRules(rule, { name: 'F', kind }).map(({ en }) => en)).toEqual(told);
});
