import { describe, expect, it } from 'vitest';
import type { WritableKind } from '../../../../src/sync/definition/field.ts';
import { optionsIn } from '../../../../src/sync/fields/kinds/choices.ts';
import { bytes, held, type Setting, wanted, written } from './place.ts';

const set = (...members: string[]): string => JSON.stringify(members);

describe('single selects', () => {
  const closed: Setting = { rule: { options: 'reject' }, field: { options: ['小', '大'] } };

  it('take the name of an option, also one that is not there yet', () => {
    expect(wanted('select', '中')).toBe('中');
    expect(wanted('select', 3, { type: 'integer' })).toBe('3');
    expect(wanted('select', '')).toBe('');
    expect(wanted('select', bytes(1))).toContain('is bytes');
  });

  it('refuse new options where the definition says so', () => {
    expect(wanted('select', '大', closed)).toBe('大');
    expect(wanted('select', '', closed)).toBe('');
    expect(wanted('select', '中', closed)).toBe(
      'bad: `中` is no option (the definition allows no new ones) for f',
    );
    expect(wanted('select', '中', { rule: { options: 'reject' } })).toContain('is no option');
    expect(wanted('select', bytes(1), closed)).toContain('is bytes');
  });

  it('are written by name and cleared with null', () => {
    expect(written('select', '大')).toBe('大');
    expect(written('select', '')).toBeNull();
    expect(held('select', '大')).toBe('大');
  });

  it('tell the options in a cell', () => {
    expect(optionsIn('select', '')).toEqual([]);
    expect(optionsIn('select', '[大]')).toEqual(['[大]']);
    expect(optionsIn('multi', '')).toEqual([]);
    expect(optionsIn('multi', set('a', 'b'))).toEqual(['a', 'b']);
  });
});

describe('the words of a field that holds several', () => {
  it.each<[string, string | number, Setting, string]>([
    ['one value', 'a b', {}, set('a b')],
    ['a number', 7, { type: 'integer' }, set('7')],
    ['a SET', 'c,a', { type: 'set' }, set('a', 'c')],
    ['an empty SET', '', { type: 'set' }, ''],
    ['a text with separators', 'b; a;; a', { rule: { split: ';' } }, set('a', 'b')],
    ['a JSON array', '["b","a","b",""]', {}, set('a', 'b')],
    ['blanks around JSON', '["b" , "a"] ', { type: 'json' }, set('a', 'b')],
    [
      'numbers of 20 digits',
      '[12345678901234567890, 1.0, -2e3]',
      {},
      set('-2e3', '1.0', '12345678901234567890'),
    ],
    ['flags and nulls', '[true, null, false]', {}, set('false', 'true')],
    ['digits and brackets within strings', '["a\\"1]", "2"]', {}, set('2', 'a"1]')],
    ['emoji and escapes', '["\\u4e2d", "😀"]', {}, set('中', '😀')],
    ['an empty array', '[]', {}, ''],
    ['a string of JSON', '"a"', { type: 'json' }, set('a')],
    ['a number of JSON', '12345678901234567890', { type: 'json' }, set('12345678901234567890')],
    ['the null of JSON', 'null', { type: 'json' }, ''],
    ['the word null', 'null', {}, set('null')],
    ['what only begins like JSON', '[a, b', {}, set('[a, b')],
    ['an object in a text', '{"a":1}', {}, set('{"a":1}')],
    ['nothing', '', {}, ''],
  ])('come from %s', (_, value, setting, cell) => {
    expect(wanted('multi', value, setting)).toBe(cell);
  });

  it.each<[string, Setting]>([
    ['[{"id":1}]', {}],
    ['[["a"]]', { type: 'json' }],
    ['{"a":1}', { type: 'json' }],
  ])('are not guessed at in %s', (value, setting) => {
    expect(wanted('multi', value, setting)).toBe(
      `bad: \`${value}\` is not a flat JSON array for f. Take the values out in the query, such as JSON_EXTRACT(column, '$[*].name'), or use GROUP_CONCAT(column) and say split: ',' in the definition.`,
    );
  });

  it('are not bytes', () => {
    expect(wanted('multi', bytes(1))).toContain('is bytes');
    expect(wanted('multi', 1, { type: 'bit' })).toBe(set('1'));
  });

  it('may be options that there are, and no others', () => {
    const closed: Setting = { rule: { options: 'reject', split: ',' }, field: { options: ['a'] } };
    expect(wanted('multi', 'a,,a', closed)).toBe(set('a'));
    expect(wanted('multi', 'a,b', closed)).toContain('`b` is no option');
  });
});

const many = (count: number, name: (at: number) => string): string =>
  JSON.stringify(Array.from({ length: count }, (_, at) => name(at)));

describe.each<[WritableKind, number, string, (at: number) => string]>([
  ['multi', 1_000, 'options', (at) => `o${at}`],
  ['person', 1_000, 'people', (at) => `ou_${at}`],
  ['group', 10, 'groups', (at) => `oc_${at}`],
  ['link', 500, 'records', (at) => `rec${at}`],
  ['attachment', 100, 'files', (at) => `box${at}`],
])('%s fields', (kind, most, noun, name) => {
  it(`hold ${most} and not one more; doubles count once`, () => {
    expect(wanted(kind, many(most, name))).not.toContain('bad');
    expect(
      wanted(
        kind,
        many(most * 2, (at) => name(at % most)),
      ),
    ).not.toContain('bad');
    expect(wanted(kind, many(most + 1, name))).toContain(
      `has ${most + 1} ${noun}, too many (at most ${most})`,
    );
  });

  it('hold one where the field says so', () => {
    const single: Setting = { field: { multiple: false } };
    expect(wanted(kind, many(1, name), single)).toBe(set(name(0)));
    expect(wanted(kind, many(2, name), single)).toContain(`has 2 ${noun}, too many (at most 1)`);
    expect(wanted(kind, many(2, name), { field: { multiple: true } })).not.toContain('bad');
  });

  it('are the same whatever the order', () => {
    expect(wanted(kind, `${name(2)};${name(1)}`, { rule: { split: ';' } })).toBe(set(name(1), name(2)));
  });

  it('are cleared with null, and empty in every way of reading', () => {
    expect(written(kind, '')).toBeNull();
    for (const raw of [null, undefined, '', [], {}, [{}], [null], [1].slice(1)])
      expect(held(kind, raw)).toBe('');
  });

  it('take nothing for nothing', () => {
    for (const value of ['', '[]', '[null, ""]']) expect(wanted(kind, value)).toBe('');
  });
});

describe('person fields', () => {
  it('take open_ids, and say how to name people otherwise', () => {
    expect(wanted('person', ' ou_a1 ')).toBe(set('ou_a1'));
    expect(wanted('person', 'ou_a1', { rule: { by: 'open_id' } })).toBe(set('ou_a1'));
    expect(wanted('person', 'a@example.com')).toBe(
      'bad: `a@example.com` is no open_id (ou_…) for f. To find people by something else, say by: email (or mobile, user_id, union_id) in the definition.',
    );
    expect(wanted('person', 'on_a1', { rule: { by: 'open_id' } })).toContain('is no open_id');
    expect(wanted('person', ' ')).toBe('');
  });

  it.each([
    ['email', ' Ada@Example.com ', 'ada@example.com'],
    ['mobile', ' +8613800000000', '+8613800000000'],
    ['user_id', 'Ab12', 'Ab12'],
    ['union_id', 'on_Ab', 'on_Ab'],
  ])('keep the words of by: %s', (by, value, word) => {
    expect(wanted('person', value, { rule: { by } })).toBe(set(word));
    expect(wanted('person', `["${value}", "${value}"]`, { rule: { by } })).toBe(set(word));
  });

  it('are read by ID, whatever else Feishu tells', () => {
    const ada = { id: 'ou_b', name: 'Ada', en_name: 'Ada', email: '', avatar_url: 'https://example.com/a' };
    expect(held('person', [ada, { id: 'ou_a' }, ada])).toBe(set('ou_a', 'ou_b'));
    expect(held('person', ada)).toBe(set('ou_b'));
    expect(held('person', [{ id: 1 }])).toBe('');
    expect(written('person', set('ou_a', 'ou_b'))).toEqual([{ id: 'ou_a' }, { id: 'ou_b' }]);
  });
});

describe('group fields', () => {
  it('take IDs of chats', () => {
    expect(wanted('group', 'oc_a')).toBe(set('oc_a'));
    expect(wanted('group', 'ou_a')).toBe('bad: `ou_a` is no chat ID (oc_…) for f');
    expect(held('group', [{ id: 'oc_a', name: 'Team', avatar_url: '' }])).toBe(set('oc_a'));
    expect(written('group', set('oc_a'))).toEqual([{ id: 'oc_a' }]);
  });
});

describe('link fields', () => {
  it('take record IDs, or with by the words of the linked table', () => {
    expect(wanted('link', 'recA1')).toBe(set('recA1'));
    expect(wanted('link', 'C-1001')).toContain(
      '`C-1001` is no record ID (rec…) for f. To find records by a field',
    );
    expect(wanted('link', ' C-1001 ', { rule: { by: '客户编号' } })).toBe(set('C-1001'));
    expect(wanted('link', 1001, { type: 'integer', rule: { by: '客户编号' } })).toBe(set('1001'));
  });

  it('are read from both forms and written as a list of IDs', () => {
    expect(held('link', { link_record_ids: ['recB', 'recA'] })).toBe(set('recA', 'recB'));
    expect(held('link', { link_record_ids: null })).toBe('');
    expect(held('link', ['recA'])).toBe(set('recA'));
    expect(written('link', set('recA', 'recB'))).toEqual(['recA', 'recB']);
  });
});

describe('attachment fields', () => {
  it('take file tokens', () => {
    expect(wanted('attachment', 'Vl3F-bv_1')).toBe(set('Vl3F-bv_1'));
    expect(wanted('attachment', 'https://example.com/a.png')).toContain(
      'is no file token for f. A file is uploaded',
    );
    expect(held('attachment', [{ file_token: 'b', name: 'b.png', size: 1 }, { file_token: 'a' }])).toBe(
      set('a', 'b'),
    );
    expect(written('attachment', set('a'))).toEqual([{ file_token: 'a' }]);
  });
});
