import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { endOfValue } from '../../src/sync/json-bytes.ts';
import { keyTable } from '../../src/sync/key-table.ts';
import { kindOf } from '../../src/sync/kinds/kinds.ts';
import type { Holder } from '../../src/sync/mapping.ts';
import { packCells } from '../../src/sync/pack.ts';
import { type RecordScanner, recordScanner } from '../../src/sync/record-scanner.ts';

const kindsHere = ['text', 'number', 'date', 'phone', 'select', 'checkbox', 'multi', 'url'] as const;
const holders = kindsHere.map((kind, at): Holder => {
  const { held, copied } = kindOf(kind) ?? { held: () => '' };
  return { name: `字段 ${at}`, read: held, ...(copied ? { copied } : {}) };
});

const word = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 6 }),
  fc.constantFrom('', '"', '\\', '\n', '\u001e', '\u001f1', '订单', '😀', 'a"b', ']', '}'),
);
const number = fc.oneof(
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.integer(),
  fc.integer({ min: -1e6, max: 1e6 }).map((n) => n / 100),
  fc.constantFrom(0, -0, 1e15, 999_999_999_999_999, 1e-7, 0.05, 1e21, 0.1 + 0.2),
);
const segment = fc.oneof(
  fc.record({ text: word, type: fc.constant('text') }),
  fc.record({ type: fc.constant('url'), text: word, link: word }),
  fc.record({ type: fc.constant('text') }),
  fc.record({ text: number }),
);
const raw = fc.oneof(
  word,
  number,
  fc.boolean(),
  fc.constant(null),
  fc.array(segment, { maxLength: 2 }),
  fc.array(word, { maxLength: 3 }),
  fc.jsonValue(),
);
const name = fc.oneof({ weight: 8, arbitrary: fc.constantFrom(...holders.map((one) => one.name)) }, word);
const fields = fc.dictionary(name, raw, { maxKeys: 8, noNullPrototype: true });
const id = fc.stringMatching(/^rec[0-9a-zA-Z]{1,12}$/);

/** What parsing gives: the slow way, whose answer is the right one. */
const byParsing = (of: Readonly<Record<string, unknown>>): string =>
  packCells(
    holders.map(({ name: one, read }) => {
      const value = Object.hasOwn(of, one) ? of[one] : null;
      return value === null ? '' : read(value);
    }),
  );

describe('a record scanner', () => {
  const scan = recordScanner(holders);
  const table = keyTable();

  function read(json: string): { readonly id: string; readonly packed: string } | undefined {
    const bytes = Buffer.from(`[${json},`);
    if (!scan.read({ bytes, from: 1, to: bytes.length - 1 })) return undefined;
    return { id: table.at(table.put(scan.id())), packed: scan.packed().toString() };
  }

  it('packs what parsing packs, byte for byte, whatever the cells hold', () => {
    fc.assert(
      fc.property(id, fields, fc.boolean(), (recordId, of, first) => {
        const record = first ? { record_id: recordId, fields: of } : { fields: of, record_id: recordId };
        const found = read(JSON.stringify(record));
        // A name with an escape is left to the parser.
        if (Object.keys(of).some((one) => JSON.stringify(one) !== `"${one}"`)) {
          expect(found).toBeUndefined();
          return;
        }
        expect(found).toEqual({ id: recordId, packed: byParsing(of) });
        for (const [at, cell] of byParsing(of).split('\u001f').entries())
          expect(scan.has(at)).toBe(cell !== '');
      }),
      { numRuns: 2_000 },
    );
  });

  it('reads a record after others as it would read it alone, in order or not, whole or broken', () => {
    const inOrder = fc.tuple(...holders.map(() => fc.option(raw, { nil: undefined })));
    const damage = fc.tuple(fc.nat(), fc.constantFrom('', ',', '"', '0', '}', 'x', ',,'));
    const told = (one: RecordScanner, bytes: Buffer): unknown =>
      one.read({ bytes, from: 1, to: bytes.length - 1 }) && [
        table.at(table.put(one.id())),
        one.packed().toString(),
        holders.map((_, at) => one.has(at)),
      ];
    let taken = 0;
    fc.assert(
      fc.property(id, inOrder, fc.boolean(), fc.option(damage), (recordId, cells, turned, broken) => {
        const named = cells.flatMap((cell, at) =>
          cell === undefined ? [] : [[holders[at]?.name ?? '', cell] as const],
        );
        const of = Object.fromEntries(turned ? named.toReversed() : named);
        const json = JSON.stringify({ fields: of, record_id: recordId });
        const place = broken ? broken[0] % json.length : 0;
        const written = broken ? json.slice(0, place) + broken[1] + json.slice(place + 1) : json;
        const bytes = Buffer.from(`[${written},`);
        const alone = told(recordScanner(holders), bytes);
        if (alone !== false) taken++;
        expect(told(scan, bytes)).toEqual(alone);
      }),
      { numRuns: 2_000 },
    );
    expect(taken).toBeGreaterThan(500);
  });

  it('takes no comma that leads nowhere, and none that is missing', () => {
    const ordered = '{"fields":{"字段 0":"a","字段 1":1},"record_id":"rec1"}';
    expect(read(ordered)).toBeDefined();
    expect(read(ordered)).toBeDefined();
    for (const broken of [
      ordered.replace('1}', '1,}'),
      ordered.replace('"a",', '"a"'),
      ordered.replace('{"字段 0"', '{,"字段 0"'),
    ])
      expect(read(broken)).toBeUndefined();
  });

  it.each([
    ['0', '0'],
    ['-0', '0'],
    ['0.5', '0.5'],
    ['-0.50', '-0.5'],
    ['0.0000001', '1e-7'],
    ['10.0', '10'],
    ['1e3', '1000'],
    ['123456789012345', '123456789012345'],
    ['12345678901234.5', '12345678901234.5'],
    ['0.1234567890123456', '0.123456789012346'],
  ])('reads the number %s in whatever form it comes', (written, cell) => {
    expect(read(`{"record_id":"rec1","fields":{"字段 1":${written}}}`)?.packed).toBe(
      `\u001f${cell}${'\u001f'.repeat(6)}`,
    );
  });

  it('lets the last of two members of one name count, as the parser does', () => {
    expect(
      read('{"record_id":"rec1","fields":{"字段 3":"1\\n","字段 3":"2"}}')?.packed.split('\u001f')[3],
    ).toBe('2');
    expect(
      read('{"record_id":"rec1","fields":{"字段 3":"1","字段 3":"\\n"}}')?.packed.split('\u001f')[3],
    ).toBe('\n');
  });

  it.each([
    '{"fields":{}}',
    '{"record_id":"rec1"}',
    '{"record_id":"","fields":{}}',
    '{"record_id":1,"fields":{}}',
    '{"record_id":"rec1","fields":[]}',
    '{"record_id":"rec1","fields":{"字段 0":tru}}',
    '{"record_id":"rec1","fields":{"字段 0":}}',
    '{"record_id":"rec1","fields":{"字段 0":"a"}',
    '{"record_id":"rec1","fields":{"字段 0":"a"}}}',
    '{ "record_id":"rec1","fields":{}}',
    '{"record_id":"rec\\u0031","fields":{}}',
    '',
  ])('leaves %s to the parser', (json) => {
    expect(read(json)).toBeUndefined();
  });
});

describe('the end of a value', () => {
  it('is where its JSON ends, whatever follows', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.constantFrom(',"x":"}"', '}', ']', ',{'), (value, rest) => {
        const json = Buffer.from(JSON.stringify(value));
        const bytes = Buffer.concat([json, Buffer.from(rest)]);
        expect(endOfValue(bytes, 0, bytes.length)).toBe(json.length);
      }),
    );
  });

  it('is nowhere in what was cut', () => {
    for (const cut of ['{"a":1', '"a', '[1,', '{"a":"\\"'])
      expect(endOfValue(Buffer.from(cut), 0, cut.length)).toBe(-1);
  });
});
