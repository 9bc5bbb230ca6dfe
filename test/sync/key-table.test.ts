import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { keyCounter, keyTable } from '../../src/sync/key-table.ts';

const keys = fc.array(fc.string({ unit: 'binary', maxLength: 4 }), { maxLength: 300 });

describe('a key table', () => {
  it('numbers keys as a map would, and finds and tells each again', () => {
    fc.assert(
      fc.property(keys, keys, (some, others) => {
        const table = keyTable();
        const plain = new Map<string, number>();
        for (const key of some) {
          expect(table.put(key)).toBe(plain.get(key) ?? plain.size);
          if (!plain.has(key)) plain.set(key, plain.size);
        }
        expect(table.size).toBe(plain.size);
        for (const key of others) expect(table.find(key)).toBe(plain.get(key) ?? -1);
        for (const [key, number] of plain) expect(table.at(number)).toBe(key);
      }),
    );
  });

  it('keeps thousands of keys apart, long ones too', () => {
    const table = keyTable();
    const all = Array.from({ length: 5_000 }, (_, at) => `${at}`.padStart(1 + (at % 40), 'O'));
    const long = '订单'.repeat(10_000);
    for (const [at, key] of all.entries()) expect(table.put(key)).toBe(at);
    table.put(long);
    for (const [at, key] of all.entries()) expect(table.find(key)).toBe(at);
    expect(table.at(table.find(long))).toBe(long);
  });
});

describe('a key counter', () => {
  it('counts as a map would', () => {
    fc.assert(
      fc.property(keys, keys, (some, others) => {
        const counter = keyCounter();
        const plain = new Map<string, number>();
        for (const key of some) {
          counter.add(key);
          plain.set(key, (plain.get(key) ?? 0) + 1);
        }
        for (const key of [...some, ...others]) {
          expect(counter.get(key)).toBe(plain.get(key));
          expect(counter.has(key)).toBe(plain.has(key));
        }
      }),
    );
  });
});
