import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { WritableKind } from '../../../../src/sync/definition/field.ts';
import type { ColumnType, Value } from '../../../../src/sync/fields/column.ts';
import { isBad } from '../../../../src/sync/fields/kinds/kind.ts';
import { kindOf, kinds } from '../../../../src/sync/fields/kinds/kinds.ts';
import { place, type Setting } from './place.ts';

/** How `records/search` answers what a write call has put into a cell. Null leaves the cell out. */
const asRead: Readonly<Record<WritableKind, (written: never) => unknown>> = {
  text: (words: string) => [{ type: 'text', text: words }],
  number: (number: number) => number,
  select: (name: string) => name,
  multi: (names: string[]) => [...names].reverse(),
  date: (ms: number) => ms,
  checkbox: (flag: boolean) => flag,
  phone: (digits: string) => digits,
  url: (both: object) => ({ ...both }),
  person: (people: { id: string }[]) => people.map(({ id }) => ({ id, name: 'Ada', email: '' })).reverse(),
  group: (chats: { id: string }[]) => chats.map(({ id }) => ({ id, name: 'Team', avatar_url: '' })).reverse(),
  location: (place: string) => ({ location: `${place}000`, name: 'Tower' }),
  link: (ids: string[]) => ({ link_record_ids: [...ids].reverse() }),
  attachment: (files: { file_token: string }[]) => files.map((file) => ({ ...file, name: 'a.png', size: 1 })),
};

/** A place without a point is read with one. */
const readAgain = (kind: WritableKind, written: unknown): unknown =>
  kind === 'location' && typeof written === 'string'
    ? {
        location: written.replaceAll(
          /\d+(\.\d+)?/g,
          (number) => `${number}${number.includes('.') ? '' : '.'}000`,
        ),
      }
    : asRead[kind](written as never);

const nasty = [
  '',
  ' ',
  '\u200b',
  '😀𠮷',
  '１２３',
  '007',
  '+86 138-0000-0000',
  '12345678901234567890',
  'x'.repeat(100_000),
  'x'.repeat(100_001),
  'a\nb\r\nc',
  'NaN',
  'Infinity',
  '-0',
  '-0.0',
  '1e400',
  '1969-12-31 23:59:59.999999',
  '2038-01-19 03:14:08',
  '0000-00-00',
  '{"a":[1,{"b":null}]}',
  '[1,"2",null,true]',
  '[[1]]',
  'https://example.com\nhere',
  'ou_a',
  'oc_a',
  'recA',
  '1,2',
  'constructor',
  '__proto__',
];

const words = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(...nasty) },
  fc.string({ unit: 'binary' }),
  fc.string({ unit: 'grapheme' }),
  fc.bigInt().map(String),
  fc.double().map(String),
  fc.json(),
  fc.date({ noInvalidDate: true }).map((date) => date.toISOString()),
  fc
    .array(fc.constantFrom('ou_a', 'ou_b', 'oc_a', 'recA', 'recB', 'tok-1'), { maxLength: 4 })
    .map((ids) => JSON.stringify(ids)),
  fc
    .tuple(fc.double({ min: -180, max: 180, noNaN: true }), fc.double({ min: -90, max: 90, noNaN: true }))
    .map(String),
  fc.array(fc.webUrl(), { minLength: 1, maxLength: 2 }).map((both) => both.join('\n')),
);

const value: fc.Arbitrary<Exclude<Value, null>> = fc.oneof(
  { weight: 4, arbitrary: words },
  fc.double(),
  fc.integer(),
  fc.maxSafeInteger(),
  fc.uint8Array({ maxLength: 9 }),
);

const types: readonly ColumnType[] = [
  'integer',
  'decimal',
  'float',
  'text',
  'date',
  'datetime',
  'timestamp',
  'time',
  'year',
  'bit',
  'json',
  'enum',
  'set',
  'binary',
  'geometry',
  'any',
];

const setting: fc.Arbitrary<Setting> = fc.record({
  type: fc.constantFrom(...types),
  hidden: fc.boolean(),
  rule: fc.record(
    {
      round: fc.boolean(),
      split: fc.constantFrom(',', ';', ''),
      by: fc.constantFrom('email', 'open_id', '编号'),
      unit: fc.constantFrom('s', 'ms'),
      options: fc.constantFrom('create', 'reject'),
    },
    { requiredKeys: [] },
  ),
  field: fc.record(
    {
      look: fc.constantFrom('', 'Rating'),
      multiple: fc.boolean(),
      options: fc.constant(['a']),
      min: fc.constant(1),
      max: fc.constant(5),
    },
    { requiredKeys: [] },
  ),
});

describe.each([...kinds.keys()] as WritableKind[])('%s', (name) => {
  const kind = kindOf(name);
  if (!kind) throw new Error(`no kind ${name}`);

  it('reads every value as a cell or as words, and what is written and read again is the same cell', () => {
    fc.assert(
      fc.property(value, setting, (given, how) => {
        const cell = kind.wanted(place(name, how))(given);
        if (isBad(cell)) {
          expect(cell.bad.zh).toContain('「f」');
          expect(cell.bad.en).toContain('for f');
          return;
        }
        const written = kind.written(cell);
        expect(JSON.parse(JSON.stringify(written))).toEqual(written);
        if (cell === '') expect(written).toBe(name === 'checkbox' ? false : null);
        else expect(kind.held(readAgain(name, written))).toBe(cell);
      }),
      { numRuns: 400 },
    );
  });

  it('reads whatever Feishu may answer, and reads it the same a second time', () => {
    fc.assert(
      fc.property(fc.oneof(fc.anything(), fc.jsonValue(), words), (raw) => {
        const cell = kind.held(raw);
        expect(typeof cell).toBe('string');
        expect(kind.held(raw)).toBe(cell);
      }),
    );
  });

  it('has one empty cell for all that is empty', () => {
    for (const raw of [null, undefined, '', [], {}, false]) {
      // A flag in a field of words is a word.
      if (raw === false && ['text', 'phone', 'select', 'multi', 'url', 'location'].includes(name)) continue;
      expect(kind.held(raw)).toBe('');
    }
  });
});
