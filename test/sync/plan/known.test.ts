import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { KnownTable, unknown } from '../../../src/sync/plan/known.ts';

interface Entry {
  readonly record: string;
  readonly key: bigint;
  readonly held: bigint;
  readonly agreed: bigint;
  readonly ours: boolean;
}

const print = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
const entry: fc.Arbitrary<Entry> = fc.record({
  record: fc.stringMatching(/^rec[a-zA-Z0-9]{1,18}$/),
  key: fc.oneof(fc.constantFrom(0n, 1n, 2n ** 63n), print),
  held: print,
  agreed: print,
  ours: fc.boolean(),
});
const entries = fc.uniqueArray(entry, { selector: ({ record }) => record, maxLength: 60 });

function tableOf(all: readonly Entry[], room = 0): KnownTable {
  const table = new KnownTable(room);
  for (const { record, key, held, agreed, ours } of all) {
    const slot = table.add(record, key, held);
    table.agree(slot, agreed);
    if (ours) table.own(slot);
  }
  table.arrange();
  return table;
}

const entriesOf = (table: KnownTable): readonly Entry[] =>
  [...table.slots()].map((slot) => ({
    record: table.record(slot),
    key: table.key(slot),
    held: table.held(slot),
    agreed: table.agreed(slot),
    ours: table.isOurs(slot),
  }));

describe('the known table', () => {
  it('has what was added, and finds it by key, whatever room it began with', () => {
    fc.assert(
      fc.property(entries, fc.nat(80), (all, room) => {
        const table = tableOf(all, room);
        expect(entriesOf(table)).toEqual(all);
        expect(table.size).toBe(all.length);
        for (const { key } of all)
          expect(table.find(key).map((slot) => table.record(slot))).toEqual(
            all.filter((one) => one.key === key).map(({ record }) => record),
          );
        expect(table.find(12_345n)).toEqual(all.flatMap(({ key }, slot) => (key === 12_345n ? [slot] : [])));
      }),
    );
  });

  it('is the same once it was stored and taken back, without what was dropped', () => {
    fc.assert(
      fc.property(entries, fc.array(fc.nat(59)), (all, gone) => {
        const table = tableOf(all);
        const dropped = new Set(gone.filter((slot) => slot < all.length));
        for (const slot of [...dropped, ...dropped]) table.drop(slot);
        const left = all.filter((_, slot) => !dropped.has(slot));
        expect(table.size).toBe(left.length);
        const back = new KnownTable();
        for (const part of table.parts()) expect(back.take(part)).toBe(true);
        back.arrange();
        expect(entriesOf(back)).toEqual(left);
        for (const { key } of left)
          expect(back.find(key).map((slot) => back.record(slot))).toEqual(
            table.find(key).map((slot) => table.record(slot)),
          );
      }),
    );
  });

  it('finds what is added later only once it was arranged again, and notes what changes', () => {
    const table = tableOf([{ record: 'rec1', key: 7n, held: 1n, agreed: 1n, ours: false }]);
    const slot = table.add('rec2', 7n, unknown);
    expect(table.find(7n)).toEqual([0]);
    table.arrange();
    expect(table.find(7n)).toEqual([0, slot]);
    table.put(slot, 7n, 5n);
    table.own(slot);
    expect([table.held(slot), table.isOurs(slot), table.isOurs(0)]).toEqual([5n, true, false]);
    table.drop(0);
    expect(table.find(7n)).toEqual([slot]);
  });

  it('takes no part that is torn', () => {
    const [part = new Uint8Array()] = tableOf([
      { record: 'rec1', key: 7n, held: 1n, agreed: 1n, ours: false },
    ]).parts();
    for (let length = 0; length < part.length; length++)
      expect(new KnownTable().take(part.subarray(0, length))).toBe(false);
    expect(new KnownTable().take(Buffer.concat([part, part]))).toBe(false);
  });

  it('costs at most 50 bytes a record, stored and in memory', () => {
    const table = new KnownTable(30_000);
    const width = 'recuABCDEFGHIJ'.length;
    for (let slot = 0; slot < 30_000; slot++)
      table.add(`rec${String(slot).padStart(width - 3, '0')}`, BigInt(slot) << 40n, 1n);
    const bytes = [...table.parts()].reduce((sum, { length }) => sum + length, 0);
    expect(bytes / 30_000).toBeLessThan(50);
    expect([...table.parts()].every(({ length }) => length < 1_000_000)).toBe(true);
  });
});
