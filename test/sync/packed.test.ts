import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hashOf } from '../../src/sync/hash.ts';
import { keyOf, showKey, unveiled, visible } from '../../src/sync/key.ts';
import { keyReader } from '../../src/sync/key-bytes.ts';
import { keyTable } from '../../src/sync/key-table.ts';
import { cellAt, packCells, packer, rowWriter, unpackCells } from '../../src/sync/pack.ts';
import { tableIndex } from '../../src/sync/table-index.ts';

/** Text with all that could confuse packing: separators, marks, digits after them, 4-byte characters. */
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

describe('packed cells', () => {
  it('come back as they were, also through bytes', () => {
    fc.assert(
      fc.property(fc.array(cell, { minLength: 1, maxLength: 6 }), (cells) => {
        const packed = packCells(cells);
        expect(unpackCells(packed)).toEqual(cells);
        expect(unpackCells(Buffer.from(packed).toString('utf8'))).toEqual(cells);
        const framed = Buffer.from(`1\u001f23${packed}`);
        expect(cells.map((_, at) => cellAt(framed, at, 4))).toEqual(cells);
      }),
    );
  });

  it('are the same bytes when they are written row by row into one buffer', () => {
    const pack = packer();
    const writer = rowWriter();
    const cells = fc.array(fc.oneof(cell, fc.string({ minLength: 1_000, maxLength: 2_000 })), {
      maxLength: 6,
    });
    fc.assert(
      fc.property(cells, (row) => {
        const packed = Buffer.from(packCells(row));
        expect(pack(row).equals(packed)).toBe(true);
        const into = Buffer.alloc(2 + writer.take(row));
        expect(into.subarray(2, writer.write(into, 2)).equals(packed)).toBe(true);
      }),
    );
  });

  it('are equal exactly when the cells are', () => {
    fc.assert(
      fc.property(
        fc.array(cell, { minLength: 3, maxLength: 3 }),
        fc.array(cell, { minLength: 3, maxLength: 3 }),
        (a, b) => {
          expect(packCells(a) === packCells(b)).toBe(JSON.stringify(a) === JSON.stringify(b));
        },
      ),
    );
  });
});

describe('a hash', () => {
  it('is 14 hex digits, the same for the same bytes, and tells others apart', () => {
    fc.assert(
      fc.property(fc.uint8Array(), fc.uint8Array(), (a, b) => {
        expect(hashOf(a)).toMatch(/^[0-9a-f]{14}$/);
        expect(hashOf(Uint8Array.from(a))).toBe(hashOf(a));
        if (Buffer.compare(a, b) !== 0) expect(hashOf(a)).not.toBe(hashOf(b));
      }),
    );
    const many = new Set(Array.from({ length: 20_000 }, (_, n) => hashOf(Buffer.from(`k${n}`))));
    expect(many.size).toBe(20_000);
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

  it('is the same when it is read from packed bytes', () => {
    const keys = fc.oneof(
      part,
      fc.string({ unit: fc.constantFrom('A', 'z', '0', '-', '!', '~', '\u007f', ' ') }),
    );
    const picks = fc.array(fc.nat(3), { minLength: 1, maxLength: 2 });
    fc.assert(
      fc.property(fc.array(keys, { minLength: 4, maxLength: 4 }), picks, (cells, parts) => {
        const expected = keyOf(parts.map((at) => cells[at] ?? ''));
        const table = keyTable();
        const packed = Buffer.from(`1\u001f3${packCells(cells)}`);
        const number = table.put(keyReader(parts)(packed, 3));
        expect(table.at(number)).toBe(expected);
        expect(table.find(expected)).toBe(number);
        const more = Buffer.concat([packed, Buffer.from('more\u001f')]);
        expect(table.find(keyReader(parts)(more, 3, packed.length))).toBe(number);
      }),
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
  const step = fc.oneof(
    { weight: 30, arbitrary: record },
    { weight: 1, arbitrary: fc.constant('clear' as const) },
  );

  it('says what a plain map says, whatever is added', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
        const index = tableIndex();
        let all = new Map<string, { key: string; cells: string }>();
        for (const one of steps) {
          if (one === 'clear') {
            index.clear();
            all = new Map();
          } else {
            index.add(one.id, one.key, Buffer.from(one.cells));
            if (!all.has(one.id)) all.set(one.id, one);
          }
        }
        const byKey = new Map<string, string[]>();
        for (const [id, { key }] of all) if (key !== '') byKey.set(key, [...(byKey.get(key) ?? []), id]);
        expect(index.size).toBe(all.size);
        expect(index.emptyKeys).toBe([...all.values()].filter(({ key }) => key === '').length);
        const doubled = [...byKey].filter(([, ids]) => ids.length > 1).map(([key]) => key);
        expect([...index.doubledKeys()].sort()).toEqual(doubled.sort());
        expect([...index.slots()].map(([key]) => key)).toEqual([...byKey.keys()]);
        for (const [key, [id = '', ...others]] of byKey) {
          const slot = index.find(key);
          expect(index.isDoubled(slot)).toBe(others.length > 0);
          const { cells = '' } = all.get(id) ?? {};
          expect(index.record(slot)).toEqual({ id, cells });
          expect(index.equals(slot, Buffer.from(cells))).toBe(true);
          expect(index.equals(slot, Buffer.from(`${cells}x`))).toBe(false);
          expect(index.equals(slot, Buffer.from(`x${cells.slice(1)}`))).toBe(cells.startsWith('x'));
        }
        expect(index.find('nobody')).toBe(-1);
      }),
    );
  });

  it('holds cells larger than its blocks, and many blocks', () => {
    const index = tableIndex();
    const huge = '中'.repeat(2_000_000);
    const cells = (n: number): string => (n % 700 === 350 ? huge : `${n}`.padEnd(3_000, 'x'));
    for (let n = 0; n < 3_000; n++) index.add(`rec${n}`, `k${n}`, Buffer.from(cells(n)));
    for (const n of [0, 349, 350, 351, 1_500, 2_450, 2_999]) {
      expect(index.record(index.find(`k${n}`)).cells === cells(n)).toBe(true);
      expect(index.equals(index.find(`k${n}`), Buffer.from(cells(n)))).toBe(true);
    }
    index.clear();
    expect([index.size, index.find('k1')]).toEqual([0, -1]);
    index.add('rec1', 'k1', Buffer.from('new'));
    expect(index.record(index.find('k1'))).toEqual({ id: 'rec1', cells: 'new' });
  });
});
