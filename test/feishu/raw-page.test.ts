import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { idReader, parsed, RawRecord, splitPage, splitWritten } from '../../src/feishu/raw-page.ts';
import { shape } from '../../src/feishu/shape.ts';

const record = fc.record({
  record_id: fc.string({ minLength: 1 }),
  fields: fc.dictionary(fc.string(), fc.jsonValue()),
});
const records = fc.array(record, { maxLength: 5 });

/** An answer as it was split, its records parsed again. */
function whole(answer: unknown, name: string): unknown {
  const data = shape(shape(answer)?.['data']);
  const items = data?.[name] as readonly RawRecord[];
  expect(items.every((one) => one instanceof RawRecord)).toBe(true);
  return { ...shape(answer), data: { ...data, [name]: items.map(parsed) } };
}

describe('an answer with many records', () => {
  it('holds, when it is split, what parsing finds in it', () => {
    fc.assert(
      fc.property(records, fc.string(), fc.boolean(), (items, token, first) => {
        const around = { has_more: true, page_token: token };
        const answer = { code: 0, msg: token, data: first ? { items, ...around } : { ...around, items } };
        const plain: unknown = JSON.parse(JSON.stringify(answer));
        expect(whole(splitPage(Buffer.from(JSON.stringify(answer))), 'items')).toEqual(plain);
      }),
    );
  });

  const nested = fc.dictionary(fc.constantFrom('record_id', 'a', '"record_id":"'), fc.string());
  const fields = fc.dictionary(fc.constantFrom('record_id', 'a', 'b'), fc.oneof(fc.jsonValue(), nested));
  const written = fc.tuple(fc.string({ minLength: 1 }), fields, fc.constantFrom('first', 'last', 'among'));

  it('tells the IDs of what was written as parsing does, wherever they stand', () => {
    fc.assert(
      fc.property(fc.array(written, { maxLength: 5 }), (all) => {
        const sent = all.map(([record_id, cells, where]) => {
          if (where === 'first') return { record_id, fields: cells };
          return where === 'last' ? { fields: cells, record_id } : { id: 'x', record_id, fields: cells };
        });
        const answer = splitWritten(Buffer.from(JSON.stringify({ code: 0, data: { records: sent } })));
        const found = shape(shape(answer)?.['data'])?.['records'] as readonly unknown[];
        expect(found.map(idReader())).toEqual(sent.map(({ record_id }) => record_id));
      }),
      { numRuns: 300 },
    );
  });

  it.each([
    ['{"code":0,"data":{}}', 'it has no records'],
    ['{"code":0,"data":{"items":[1]}}', 'its records are none'],
    ['{"code":0,"data":{"items":[{"a":1}]', 'it was cut'],
    ['{"code":0,"data":{"items":[{"a":1}{"a":2}]}}', 'a comma is missing'],
    ['{"code":0,"data":{"items":[{"a":1},]}}', 'a comma is too many'],
    ['{"code":0,"data":{"more":{"items":[{"a":1}]}}}', 'they stand elsewhere'],
    ['{"code":0,"data":{"items": [{"a":{"items":[{}]}}]}}', 'they stand deeper, too'],
    ['{"code":0,"data":{"items":[{ "a":1 }] }', 'what follows is no JSON'],
  ])('is left to the parser where it is %s: %s', (json) => {
    expect(splitPage(Buffer.from(json))).toBeUndefined();
  });

  it('is left to the parser where it is no UTF-8', () => {
    expect(splitPage(Buffer.from('{"code":0,"data":{"items":[{"a":"\xff"}]}}', 'latin1'))).toBeUndefined();
  });
});
