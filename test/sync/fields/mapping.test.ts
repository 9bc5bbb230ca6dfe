import { describe, expect, it } from 'vitest';
import type { ColumnRule, Definition } from '../../../src/sync/definition/definition.ts';
import type { Field, FieldKind } from '../../../src/sync/definition/field.ts';
import type { Column, ColumnType, KnownField } from '../../../src/sync/fields/column.ts';
import { isMismatch, keyIn, type Mapping, mapColumns } from '../../../src/sync/fields/mapping.ts';
import { creationOf, homelessColumns } from '../../../src/sync/fields/schema.ts';
import { transform } from '../../../src/sync/fields/transform.ts';
import { type Change, createOf } from '../../../src/sync/plan/change.ts';
import { newOptions, optionsPerField } from '../../../src/sync/plan/policy.ts';
import { zoneOf } from '../../../src/sync/words/zone.ts';
import { sampleDefinition } from '../../support/samples.ts';

const zone = zoneOf('Asia/Shanghai');
const column = (name: string, type: ColumnType = 'any'): Column => ({ name, type });
const field = (name: string, kind: FieldKind = 'text', more: Partial<Field> = {}): Field => ({
  id: `fld-${name}`,
  name,
  kind,
  look: kind,
  primary: false,
  ...more,
});

const definition = (change: Partial<Definition> = {}): Definition => ({
  ...sampleDefinition,
  key: [{ column: 'no', field: 'no' }],
  ...change,
});

function mapped(what: Definition, columns: Column[], fields: Field[], known?: KnownField[]): Mapping {
  const result = mapColumns(what, { columns, fields, known }, zone);
  if (isMismatch(result)) throw new Error(result.map(({ code }) => code).join());
  return result;
}

function mismatches(what: Definition, columns: Column[], fields: Field[], known?: KnownField[]) {
  const result = mapColumns(what, { columns, fields, known }, zone);
  if (!isMismatch(result)) throw new Error('it fits');
  return result;
}

describe('a column that no field takes', () => {
  it.each<[ColumnType, ColumnRule, string]>([
    ['binary', {}, 'HEX(column)'],
    ['geometry', {}, 'ST_AsText(column)'],
    ['binary', { as: 'number' }, 'HEX(column)'],
    ['time', { as: 'date' }, 'TIME_TO_SEC(column)'],
  ])('(%s, %j) is told instead of the field that is missing', (type, rule, cure) => {
    const what = definition({ fields: { odd: rule } });
    const problems = mismatches(what, [column('no'), column('odd', type)], [field('no')]);
    expect(problems).toMatchObject([
      { code: 'no-fit', where: 'odd', cure: { en: expect.stringContaining(cure) } },
    ]);
    expect(
      creationOf(
        homelessColumns(what, { columns: [column('no'), column('odd', type)], fields: [field('no')] }, true),
        [],
        1,
      ),
    ).toEqual({
      fields: [],
      problems: [],
    });
  });
});

describe('a mapping', () => {
  it('knows the columns of numbers that a date field reads as milliseconds though nobody said so', () => {
    const columns = [column('no'), column('a', 'integer'), column('b', 'integer'), column('c', 'datetime')];
    const all = [field('no'), field('A', 'date'), field('b', 'date'), field('c', 'date')];
    const what = definition({ fields: { a: { to: 'A' }, b: { unit: 'ms' } } });
    expect(mapped(what, columns, all).unsaid).toEqual([{ column: 'a', field: 'A', at: 1 }]);
  });

  const two = [column('no'), column('amount')];
  const both = [field('other'), field('amount', 'number'), field('no')];

  it('brings columns to the fields of their names, and reads both sides alike', () => {
    const map = mapped(definition(), two, both);
    expect(map.targets).toEqual([
      { id: 'fld-no', name: 'no', kind: 'text', hidden: false },
      { id: 'fld-amount', name: 'amount', kind: 'number', hidden: false },
    ]);
    expect(map.wanted(['k1', '1.50'])).toEqual(['k1', '1.5']);
    expect(map.wanted(['k1', null])).toEqual(['k1', '']);
    expect(map.wanted(['k1'])).toEqual(['k1', '']);
    expect(map.held({ no: [{ type: 'text', text: 'k1' }], amount: 1.5, other: 'x' })).toEqual(['k1', '1.5']);
    expect(map.held({ no: null })).toEqual(['', '']);
    expect(keyIn(map, [' k1 ', '1'])).toBe('k1');
  });

  it('names the first value that does not fit, and knows the row all the same', () => {
    const map = mapped(definition(), two, both);
    const bad = map.wanted(['k1', 'many']);
    expect(bad).toMatchObject({ field: 'amount', bad: { bad: { en: '`many` is not a number for amount' } } });
    expect(map.rowKey([' k1', 'many'])).toBe('k1');
    expect(map.rowKey([null, 'many'])).toBe('');
  });

  it('cannot tell the key of a row whose key is bad', () => {
    const what = definition({
      key: [
        { column: 'no', field: 'no' },
        { column: 'amount', field: 'amount' },
      ],
    });
    const map = mapped(what, two, both);
    expect(map.rowKey(['k1', '5'])).toBe('2:k11:5');
    expect(map.rowKey(['k1', 'many'])).toBe('');
  });

  it('follows `to`, `skip` and the key’s own field', () => {
    const what = definition({
      key: [{ column: 'no', field: '订单号' }],
      fields: { amount: { to: '金额' }, junk: { skip: true }, no: { skip: true } },
    });
    const map = mapped(what, [...two, column('junk')], [field('订单号'), field('金额', 'number')]);
    expect(map.targets.map(({ name }) => name)).toEqual(['订单号', '金额']);
    expect(map.key).toEqual([0]);
  });

  it('reads an empty field as empty, whatever it is called', () => {
    const names = ['no', 'constructor', 'toString', '__proto__', 'hasOwnProperty'];
    const map = mapped(
      definition(),
      names.map((name) => column(name)),
      names.map((name) => field(name)),
    );
    expect(map.held({ no: 'k1' })).toEqual(['k1', '', '', '', '']);
  });

  it('hides private columns, in reasons too', () => {
    const map = mapped(definition({ private: ['amount'] }), two, both);
    expect(map.targets.map(({ hidden }) => hidden)).toEqual([false, true]);
    expect(JSON.stringify(map.wanted(['k1', 'secret']))).not.toContain('secret');
  });

  it('hides a private column by the name of its field, too, whatever people call that by now', () => {
    const what = definition({ private: ['sum'], fields: { amount: { to: 'sum' } } });
    const known = [{ column: 'amount', id: 'f-total', name: 'sum', kind: 'text' as const }];
    const map = mapped(what, two, [field('no'), field('total', 'text', { id: 'f-total' })], known);
    expect(map.targets.map(({ name, hidden }) => [name, hidden])).toEqual([
      ['no', false],
      ['total', true],
    ]);
  });

  it('refuses a private column that is none: nobody would see that its values are shown', () => {
    const [found] = mismatches(definition({ private: ['no', 'amuont'] }), two, both);
    expect(found).toMatchObject({
      code: 'no-such-column',
      message: { en: 'private names "amuont", which is not a column of the query' },
      cure: { en: 'Did you mean "amount"? Change the definition or the query.' },
    });
  });

  it('carries what a rule says of empty cells and options', () => {
    const fields = [field('no'), field('amount', 'select', { options: ['a'] })];
    const map = mapped(definition({ fields: { amount: { empty: 'keep' } } }), two, fields);
    expect(map.targets[1]).toMatchObject({ keep: true, options: ['a'] });
  });

  it('changes values as the rules say before the field reads them', () => {
    const rule: ColumnRule = { trim: true, map: { none: null, one: 1 }, default: 7 };
    const map = mapped(definition({ fields: { amount: rule } }), two, both);
    expect([' one ', 'none', null, '', '5'].map((value) => map.wanted(['k', value]))).toEqual([
      ['k', '1'],
      ['k', '7'],
      ['k', '7'],
      ['k', '7'],
      ['k', '5'],
    ]);
    const empty = mapped(definition({ fields: { amount: { map: { none: null } } } }), two, both);
    expect(empty.wanted(['k', 'none'])).toEqual(['k', '']);
  });

  it('may have a key that Feishu fills, in mode update only', () => {
    const fields = [field('no', 'auto-number'), field('amount', 'number')];
    const map = mapped(definition({ mode: 'update' }), two, fields);
    expect(map.targets[0]).toMatchObject({ filled: { as: 'text', zone: 'Asia/Shanghai' } });
    expect(map.held({ no: '0007', amount: 1 })).toEqual(['0007', '1']);
    expect(mismatches(definition(), two, fields)[0].code).toBe('read-only-field');
  });
});

describe('what does not fit', () => {
  it('is told all at once, with names', () => {
    const what = definition({
      key: [
        { column: 'no', field: 'no' },
        { column: 'gone', field: 'gone' },
      ],
      fields: { phantom: { as: 'text' }, amount: { as: 'date' }, again: { to: 'city' } },
    });
    const columns = ['no', 'amount', 'x', 'y', 'sum', 'city', 'again'].map((name) => column(name));
    const fields = [
      field('no', 'checkbox'),
      field('amount', 'number'),
      field('sum', 'formula', { look: 'Formula' }),
      field('city'),
    ];
    const found = mismatches(what, columns, fields);
    expect(found.map(({ code, message }) => `${code}: ${message.en}`)).toEqual([
      'no-such-field: the table has no fields "x", "y"',
      'no-such-column: fields names "phantom", which is not a column of the query',
      'other-kind: the definition says "amount" is date, in the table it is number (number)',
      'read-only-field: the field "sum" (Formula) cannot be written by a sync',
      'doubled-field: two columns go to the field "city"',
      'no-key-kind: the field "no" (checkbox) cannot be a key',
      'no-key-column: the query has no key column "gone"',
    ]);
    expect(found.every(({ cure }) => cure.zh !== '' && cure.en !== '')).toBe(true);
  });

  it.each([
    ['amount', 'Amount'],
    ['金额(元)', '金额（元）'],
    ['金额', '金额\u00a0'],
    ['amuont', 'amount'],
  ])('names the field that is probably meant: %j, %j', (name, there) => {
    const columns = [column('no'), column(name)];
    const [found] = mismatches(definition(), columns, [field('no'), field(there)]);
    expect(found.code).toBe('no-such-field');
    expect(found.cure.en).toContain(`fields: { ${JSON.stringify(name)}: { to: ${JSON.stringify(there)} } }`);
  });

  it('names the column that is probably meant', () => {
    const what = definition({ fields: { Amount: { as: 'number' } }, key: [{ column: 'No', field: 'no' }] });
    const columns = [column('no'), column('amount')];
    const found = mismatches(what, columns, [field('no'), field('amount', 'number')]);
    expect(found.map(({ cure }) => cure.en)).toEqual([
      'Did you mean "amount"? Change the definition or the query.',
      'Did you mean "no"? Change the definition or the query.',
    ]);
  });

  it.each([
    ['formula', 'mode: update'],
    ['auto-number', 'mode: update'],
  ] as const)('never says to skip a key that is a %s', (kind, cure) => {
    const [found] = mismatches(definition(), [column('no')], [field('no', kind)]);
    expect(found.code).toBe('read-only-field');
    expect(found.cure.en).toContain(cure);
    expect(found.cure.en).not.toContain('skip');
  });

  it('shows characters in a name that cannot be seen', () => {
    const [found] = mismatches(definition(), [column('no'), column('x\u00a0y')], [field('no')]);
    expect(found.message.en).toBe('the table has no fields "x[U+00A0]y"');
  });

  it('is nothing that a rule leaves out', () => {
    const what = definition({ fields: { junk: { skip: true } } });
    expect(
      isMismatch(mapColumns(what, { columns: [column('no'), column('junk')], fields: [field('no')] }, zone)),
    ).toBe(false);
  });
});

describe('a field that somebody changes in Feishu', () => {
  const columns = [column('no'), column('city')];
  const known: KnownField[] = [
    { column: 'no', id: 'fld-no', name: 'no', kind: 'text' },
    { column: 'city', id: 'fld-1', name: 'city', kind: 'text' },
  ];

  it('is found again under its new name', () => {
    const map = mapped(definition(), columns, [field('no'), field('城市', 'text', { id: 'fld-1' })], known);
    expect(map.targets[1]).toMatchObject({ id: 'fld-1', name: '城市' });
    expect(map.notes.map(({ en }) => en)).toEqual([
      'The field "city" was renamed to "城市" in the table and is written as before; please update the definition.',
    ]);
    expect(map.known[1]).toEqual({ column: 'city', id: 'fld-1', name: 'city', kind: 'text' });
  });

  it('is nobody’s guess when another one has its name', () => {
    const fields = [field('no'), field('old', 'text', { id: 'fld-1' }), field('city')];
    expect(mismatches(definition(), columns, fields, known).map(({ code }) => code)).toEqual(['two-fields']);
  });

  it('is told when its type changed, when it is gone, and when the query leaves it', () => {
    const retyped = mapped(
      definition(),
      columns,
      [field('no'), field('city', 'phone', { id: 'fld-1' })],
      known,
    );
    expect(retyped.notes[0]?.en).toBe('The type of the field "city" changed from text to phone.');
    expect(mismatches(definition(), columns, [field('no')], known)[0].code).toBe('field-gone');
    const less = mapped(
      definition(),
      [column('no')],
      [field('no'), field('city', 'text', { id: 'fld-1' })],
      known,
    );
    expect(less.notes[0]?.en).toContain('has no column "city" any more');
  });
});

describe('a key that only Feishu fills', () => {
  const text = (...words: string[]) => ({
    type: 1,
    value: words.map((word) => ({ type: 'text', text: word })),
  });
  const numbers = (...all: number[]) => ({ type: 2, value: all });
  const dates = (...all: number[]) => ({ type: 5, value: all });
  const ofKey = (type: ColumnType, kind: FieldKind) =>
    mapped(definition({ mode: 'update' }), [column('no', type)], [field('no', kind)]);

  it.each<[ColumnType, string | number | Uint8Array, unknown]>([
    ['date', '2026-01-31', dates(1769788800000)],
    ['date', '2026-01-31', text('2026-01-31')],
    ['date', '2026-01-31', 1769788800000],
    ['datetime', '2026-01-31 08:00:00', dates(1769817600000)],
    ['datetime', '2026-01-31 00:00:00', text('2026-01-31')],
    ['datetime', '2026-01-31 08:00:00.1234', dates(1769817600123)],
    ['timestamp', '2026-01-31 08:00:00', dates(1769817600000)],
    ['decimal', '12.50', numbers(12.5)],
    ['decimal', '12.50', text('12.50')],
    ['decimal', '12.50', text('12.5')],
    ['decimal', '-0.00', numbers(0)],
    ['decimal', '0.05', numbers(0.05)],
    ['decimal', '100.00', [100]],
    ['decimal', '12345678901234567890.10', text('12345678901234567890.1')],
    ['integer', 7, numbers(7)],
    ['integer', 7, text('007')],
    ['integer', '12345678901234567890', text('12345678901234567890')],
    ['float', 0.1 + 0.2, numbers(0.1 + 0.2)],
    ['float', 0.1 + 0.2, text('0.3')],
    ['year', 2026, numbers(2026)],
    ['bit', 256, numbers(256)],
    ['text', 'A-1', text('A', '-1')],
    ['text', '007', text('007')],
    ['any', 12.5, numbers(12.5)],
  ])('matches a %s column by value: %j and %j', (type, value, raw) => {
    const map = ofKey(type, 'formula');
    expect(map.rowKey([value])).not.toBe('');
    expect(keyIn(map, map.held({ no: raw }))).toBe(map.rowKey([value]));
    expect(keyIn(map, map.wanted([value]) as readonly string[])).toBe(map.rowKey([value]));
  });

  it.each<[ColumnType, string | number, unknown]>([
    ['text', '1.10', text('1.1')],
    ['text', '007', text('7')],
    ['date', '2026-01-31', dates(1769788800001)],
    ['date', '2026-01-31', text('31.01.2026')],
    ['decimal', '12.50', text('12.50 元')],
    ['decimal', '12.51', numbers(12.5)],
    ['integer', 1, text('')],
    ['integer', 1, null],
  ])('takes no other value for it: %s %j and %j', (type, value, raw) => {
    const map = ofKey(type, 'formula');
    expect(keyIn(map, map.held({ no: raw }))).not.toBe(map.rowKey([value]));
  });

  it('counts up as the column does', () => {
    const map = ofKey('integer', 'auto-number');
    expect(keyIn(map, map.held({ no: '001' }))).toBe(map.rowKey([1]));
    expect(map.targets[0]).toMatchObject({ filled: { as: 'number', zone: 'Asia/Shanghai' } });
  });
});

describe('a rule', () => {
  it.each<[string, ColumnRule, unknown, unknown]>([
    ['trims text', { trim: true }, ' a ', 'a'],
    ['trims nothing but text', { trim: true }, 5, 5],
    ['replaces by the value’s text', { map: { 0: '女', 1: '男' } }, 0, '女'],
    ['replaces by true and false', { map: { y: true } }, 'y', 'true'],
    ['leaves what is not listed', { map: { 0: '女' } }, 2, 2],
    ['looks nothing up that every object has', { map: { 0: '女' } }, 'constructor', 'constructor'],
    ['leaves null to the default', { map: { null: 'x' } }, null, null],
    ['stands in for null', { default: 'x' }, null, 'x'],
    ['stands in for empty text', { default: false }, '', 'false'],
    ['stands in for nothing else', { default: 'x' }, 0, 0],
    ['keeps the first characters', { truncate: 2 }, 'abc', 'ab'],
    ['counts a 4-byte character as one', { truncate: 2 }, '😀😀😀', '😀😀'],
    ['keeps what is short enough', { truncate: 3 }, '😀😀', '😀😀'],
    [
      'trims, replaces, fills, then cuts',
      { trim: true, map: { a: '' }, default: 'long', truncate: 2 },
      ' a ',
      'lo',
    ],
  ])('%s', (_, rule, from, to) => {
    expect(transform(rule)?.(from as string)).toBe(to);
  });

  it.each<[ColumnType, unknown, Record<string, string | boolean | null>, unknown]>([
    ['decimal', '1.00', { 1: '是' }, '是'],
    ['decimal', '0.50', { '0.5': '半' }, '半'],
    ['decimal', '-3.10', { '-3.1': '低' }, '低'],
    ['decimal', '1.00', { '1.0': '是' }, '是'],
    ['decimal', '1.00', { 1: '一', '1.00': '一元' }, '一元'],
    ['float', 1, { '1.0': '是' }, '是'],
    ['any', 1, { '1.0': '是' }, '是'],
    ['year', 2026, { 2026: '今年' }, '今年'],
    ['integer', '9007199254740993', { '9007199254740993': '大' }, '大'],
    ['integer', 1, { '01': '北京' }, 1],
    ['text', '1.00', { 1: '是' }, '1.00'],
    ['text', '01', { '01': '北京', 1: '上海' }, '北京'],
    ['set', 'a,b', { a: '甲', b: '乙' }, '甲,乙'],
    ['set', 'a,b', { 'a,b': '都', a: '甲' }, '都'],
    ['set', 'a,b', { a: null, b: true }, ',true'],
    ['text', 'a,b', { a: '甲' }, 'a,b'],
  ])('of a %s column reads %j by the map %j as %j', (type, from, map, to) => {
    expect(transform({ map }, type)?.(from as string)).toBe(to);
  });

  it('cuts no digits of a number, however long', () => {
    expect(transform({ truncate: 3 }, 'integer')).toBeUndefined();
    expect(transform({ truncate: 3, default: 0 }, 'decimal')?.('12345.50')).toBe('12345.50');
    expect(transform({ truncate: 10 }, 'datetime')?.('2026-01-31 08:00:00')).toBe('2026-01-31');
  });

  it('of several values in one text replaces each of them', () => {
    expect(transform({ map: { a: '甲', b: '乙' }, split: '|' }, 'text')?.('a | b|c')).toBe('甲|乙|c');
  });

  it.each<[FieldKind, ColumnRule, number | string, string]>([
    ['text', { map: { 1: '是', 0: '否' } }, 1, '是'],
    ['text', { map: { 1: '是', 0: '否' } }, 0, '否'],
    ['select', { map: { 5: '五' } }, 5, '五'],
    ['select', { map: { 5: '五' } }, 6, '6'],
    ['text', { map: { 256: '多' } }, 256, '多'],
    ['text', { map: { '18446744073709551615': '全' } }, '18446744073709551615', '全'],
    ['text', {}, '18446744073709551615', '18446744073709551615'],
    ['number', { map: { 0: -1 } }, 0, '-1'],
    ['checkbox', { map: { 1: false, 0: true } }, 1, ''],
    ['checkbox', { map: { 1: false, 0: true } }, 0, 'true'],
    ['checkbox', {}, 1, 'true'],
    ['date', { map: { 1: '2026-01-31' } }, 1, '1769788800000'],
  ])('for a BIT that goes to a %s field (%j) reads %j as "%s"', (kind, rule, bits, cell) => {
    const map = mapped(
      definition({ fields: { b: rule } }),
      [column('no'), column('b', 'bit')],
      [field('no'), field('b', kind)],
    );
    expect(map.wanted(['k', bits])).toEqual(['k', cell]);
  });

  it('tells the entries of a map that no row has met, those of rejected rows aside', () => {
    const map = mapped(
      definition({
        fields: { city: { map: { '01': '北京', 2: '上海', 3: '广州' } }, qty: { map: { x: 1 } } },
      }),
      [column('no'), column('qty'), column('city')],
      [field('no'), field('qty', 'number'), field('city')],
    );
    expect(map.wanted(['a', 1, 1])).toEqual(['a', '1', '1']);
    expect(map.wanted(['b', 1, 2])).toEqual(['b', '1', '上海']);
    expect(map.wanted(['c', 'many', 3])).toHaveProperty('bad');
    expect(map.unmet().map(({ en }) => en)).toEqual([
      expect.stringMatching(/^The map for qty has .*: `x`\./),
      expect.stringMatching(/^The map for city has .*: `01`\./),
    ]);
    map.wanted(['d', 'x', '01']);
    expect(map.unmet()).toEqual([]);
  });

  it('cuts a text of 4-byte characters to what a cell holds', () => {
    const cut = transform({ truncate: 100_000 });
    const held = String(cut?.('😀'.repeat(50_001)));
    expect(held.length).toBe(100_000);
    expect(encodeURIComponent(held.slice(-2))).toBe('%F0%9F%98%80');
    expect(String(cut?.(`x${'😀'.repeat(50_000)}`)).length).toBe(99_999);
    expect(cut?.('😀'.repeat(50_000))).toBe('😀'.repeat(50_000));
  });

  it('leaves bytes alone, and does nothing when it says nothing', () => {
    const bytes = new Uint8Array([1]);
    expect(transform({ trim: true, map: { 1: 'x' }, default: 'x', truncate: 1 })?.(bytes)).toBe(bytes);
    expect(transform({ to: 'x', as: 'text' })).toBeUndefined();
  });
});

describe('new options', () => {
  const targets = [
    { id: '1', name: 'no', kind: 'text' as const, hidden: false },
    { id: '2', name: 'city', kind: 'select' as const, hidden: false, options: ['a'] },
    { id: '3', name: 'tags', kind: 'multi' as const, hidden: false },
  ];
  const create = (city: string, tags: string[]): Change =>
    createOf('k', ['k', city, tags.length === 0 ? '' : JSON.stringify(tags)]);

  it('are those that the fields do not have, once each', () => {
    const seen = newOptions(targets);
    const changes: Change[] = [
      create('a', []),
      create('b', ['x', 'y']),
      { kind: 'delete', key: 'k', record: 'r', cells: ['k', 'z', '["z"]'] },
      { kind: 'update', key: 'k', record: 'r', hash: '', differences: [[1, 'c', 'a']] },
      create('', ['x']),
      create('b', ['y', 'x']),
    ];
    for (const change of changes) seen.see(change);
    expect(seen.size).toBe(4);
    expect(seen.names()).toEqual([
      [1, ['b', 'c']],
      [2, ['x', 'y']],
    ]);
    expect(seen.problems()).toEqual([]);
  });

  it('are a problem when a field would hold more than it can', () => {
    const seen = newOptions(targets);
    for (let n = 0; n < optionsPerField; n++) seen.see(create(`new ${n}`, []));
    expect(seen.problems().map(({ code, message }) => [code, message.en])).toEqual([
      ['too-many-options', 'The field "city" would have 5,001 options; 5,000 is the most.'],
    ]);
  });
});
