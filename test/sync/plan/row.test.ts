import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { keyOf, showKey, unveiled, visible } from '../../../src/sync/fields/key.ts';
import { cellsIn, hashOf, rowText } from '../../../src/sync/plan/change.ts';
import { tableIndex } from '../../../src/sync/plan/diff.ts';

/** Text with all that could confuse a row's text: separators, marks, digits after them, 4-byte characters. */
const cell = fc
  .array(
    fc.oneof(
      fc.constantFrom('\u001f', '\u001e', '\u001e0', '\u001e1', '0', '1', '', '😀', '中', ' '),
      fc.string(),
    ),
    {
      maxLength: 4,
    },
  )
  .map((parts) => parts.join(''));

describe('the text of a row', () => {
  it('gives its cells back as they were', () => {
    fc.assert(
      fc.property(fc.array(cell, { minLength: 1, maxLength: 6 }), (cells) => {
        expect(cellsIn(rowText(cells))).toEqual(cells);
      }),
    );
  });

  it('is equal exactly when the cells are', () => {
    fc.assert(
      fc.property(
        fc.array(cell, { minLength: 3, maxLength: 3 }),
        fc.array(cell, { minLength: 3, maxLength: 3 }),
        (a, b) => {
          expect(rowText(a) === rowText(b)).toBe(JSON.stringify(a) === JSON.stringify(b));
        },
      ),
    );
  });
});

describe('a hash', () => {
  it('is 14 hex digits, the same for the same text, and tells others apart', () => {
    const words = fc.string({ unit: 'binary' });
    fc.assert(
      fc.property(words, words, (a, b) => {
        expect(hashOf(a)).toMatch(/^[0-9a-f]{14}$/);
        if (a !== b) expect(hashOf(a)).not.toBe(hashOf(b));
      }),
    );
    const many = new Set(Array.from({ length: 20_000 }, (_, n) => hashOf(`k${n}`)));
    expect(many.size).toBe(20_000);
  });

  it('is the one that earlier versions stored', () => {
    expect([hashOf(''), hashOf('中\u001f1', 7), hashOf('[["fld1","text"]]')]).toEqual([
      '0bdcb81aee8d83',
      '0b431a38aa9d85',
      '0e9794d3a6f634',
    ]);
  });
});

const part = fc.oneof(
  fc.string({ unit: 'binary' }),
  cell,
  fc.constantFrom('1:a', '1', ':', ' a ', 'e\u0301', 'é'),
);

describe('a key', () => {
  it('is the same again when made of its own text', () => {
    fc.assert(
      fc.property(part, (one) => {
        const key = keyOf([one]);
        expect(keyOf([key])).toBe(key);
      }),
    );
  });

  it.each([
    ['blanks around it do not count', ' a\t', 'a'],
    ['wide blanks neither', '\u3000中 ', '中'],
    ['composed and decomposed characters are one', 'e\u0301', 'é'],
    ['case counts', 'A', 'A'],
    ['blanks within count', 'a b', 'a b'],
    ['only blanks is none', ' \t\n', ''],
  ])('%s', (_, from, key) => {
    expect(keyOf([from])).toBe(key);
  });

  it('of several parts never meets that of other parts, and shows them', () => {
    fc.assert(
      fc.property(
        fc.array(part, { minLength: 2, maxLength: 3 }),
        fc.array(part, { minLength: 2, maxLength: 3 }),
        (a, b) => {
          const [one, two] = [a.map((each) => keyOf([each])), b.map((each) => keyOf([each]))];
          const same = JSON.stringify(one) === JSON.stringify(two);
          if (keyOf(a) !== '' && keyOf(b) !== '') expect(keyOf(a) === keyOf(b)).toBe(same);
          expect(keyOf(a) === '').toBe(one.includes(''));
          if (keyOf(a) !== '') expect(showKey(keyOf(a), a.length)).toBe(one.map(visible).join(' / '));
        },
      ),
    );
  });

  it('of one part is shown as it is, colons and all', () => {
    expect(showKey('1:a', 1)).toBe('1:a');
    expect(showKey('', 2)).toBe('');
  });
});

describe('a key as people see it', () => {
  it.each([
    ['bar', 'bar'],
    ['A 1-中文 ', 'A 1-中文␠'],
    ['  bar', '␠␠bar'],
    ['bar\u00a0', 'bar⟨U+00A0⟩'],
    ['a\u00a0b', 'a⟨U+00A0⟩b'],
    ['\u3000bar\t', '⟨U+3000⟩bar⟨U+0009⟩'],
    ['中\u3000文', '中\u3000文'],
    ['a\r\nb', 'a⟨U+000D⟩⟨U+000A⟩b'],
    ['bar\u200b', 'bar⟨U+200B⟩'],
    ['\ufeffbar', '⟨U+FEFF⟩bar'],
    ['a\u00adb', 'a⟨U+00AD⟩b'],
    ['\u202ebar', '⟨U+202E⟩bar'],
    ['cafe\u0301', 'caf⟨U+0065 U+0301⟩'],
    ['caf\u00e9', 'café'],
    ['\u212b', '⟨U+212B⟩'],
    ['\u1112\u1161\u11ab', '⟨U+1112 U+1161 U+11AB⟩'],
    ['ＡＢＣ', 'ＡＢＣ'],
    ['👩‍👩‍👧', '👩‍👩‍👧'],
    ['🏴\u{e0067}\u{e0062}\u{e007f}', '🏴\u{e0067}\u{e0062}\u{e007f}'],
    [' ', '␠'],
    ['', ''],
  ])('%j stands as %s, and is found by it', (part, shown) => {
    expect(visible(part)).toBe(shown);
    expect(unveiled(shown)).toBe(part);
  });

  it('can be told from every other text that looks the same', () => {
    const odd = fc.string({
      unit: fc.constantFrom('a', ' ', '\u00a0', '\u200b', '\u0301', 'e', 'é', '\u1100', '\u1161', '中', '\t'),
    });
    fc.assert(fc.property(odd, (part) => void expect(unveiled(visible(part))).toBe(part)));
  });
});

describe('the table index', () => {
  const record = fc.record({
    id: fc.integer({ min: 1, max: 40 }).map((n) => `rec${n}`),
    key: fc.constantFrom('', 'a', 'b', 'c', 'd', '键', '😀'),
    cells: cell,
  });
  it('says what a plain map says, whatever is added', () => {
    fc.assert(
      fc.property(fc.uniqueArray(record, { maxLength: 40, selector: ({ id }) => id }), (records) => {
        const index = tableIndex();
        const all = new Map<string, { key: string; cells: string }>();
        for (const one of records) {
          index.add(one.id, one.key, one.cells);
          all.set(one.id, one);
        }
        const byKey = new Map<string, string[]>();
        for (const [id, { key }] of all) if (key !== '') byKey.set(key, [...(byKey.get(key) ?? []), id]);
        expect(index.size).toBe(all.size);
        expect(index.withoutKey).toEqual([...all].flatMap(([id, { key }]) => (key === '' ? [id] : [])));
        expect(index.doubled).toEqual(new Map([...byKey].filter(([, ids]) => ids.length > 1)));
        expect([...index.records()].map(([key]) => key)).toEqual([...byKey.keys()]);
        for (const [key, [id = '', ...others]] of byKey) {
          expect(index.isDoubled(key)).toBe(others.length > 0);
          expect(index.find(key)).toMatchObject({ id, row: all.get(id)?.cells });
        }
        expect(index.find('nobody')).toBeUndefined();
        expect(index.has('nobody')).toBe(false);
        for (const id of all.keys()) expect(index.has(id)).toBe(true);
        index.add('late', 'e', '');
        expect(index.has('late')).toBe(true);
      }),
    );
  });
});
