import { tmpdir } from 'node:os';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Store } from '../../src/run/ports.ts';
import { verifier } from '../../src/run/table/verify.ts';
import { openStore } from '../../src/store/open.ts';
import { type Checked, isEqual, type Verified } from '../../src/sync/state/checked.ts';
import { keyField, movableClock, quiet, rowsOf, type World, world } from './fakes.ts';

let store: Store;

beforeAll(async () => {
  store = await openStore('sqlite::memory:', { clock: movableClock(), log: quiet });
});
afterAll(() => store.stop());

async function verified(one: World): Promise<{ seen: Verified; keys: Checked[]; calls: string[] }> {
  const before = one.table.calls.length;
  const keys: Checked[] = [];
  const seen = await verifier({
    sources: () => one.source,
    people: one.people,
    store,
    openTable: async () => one.table,
    place: { timeZone: 'Asia/Shanghai', folder: tmpdir() },
  })(
    one.definition,
    async (some) => void keys.push(...some),
    { count: () => undefined },
    new AbortController().signal,
  );
  return { seen, keys, calls: one.table.calls.slice(before).map(({ op }) => op) };
}

const byKey = (keys: readonly Checked[]): string[] =>
  keys
    .filter(({ finding }) => finding !== 'equal')
    .map(({ finding, key }) => `${finding} ${key}`)
    .sort();

describe('a verification', () => {
  it('finds every planted difference and no other, and writes nothing', async () => {
    const planted = fc.constantFrom('same', 'missing', 'extra', 'different', 'doubled', 'twice', 'bad');
    await fc.assert(
      fc.asyncProperty(fc.array(planted, { maxLength: 25 }), async (plants) => {
        const one = await world({}, store);
        const wanted: string[] = [];
        const rows: (string | number | null)[][] = [];
        plants.forEach((plant, at) => {
          const key = `k${at}`;
          const record = { [keyField]: key, 金额: at, 备注: 'a' };
          if (plant !== 'extra') rows.push([key, plant === 'bad' ? 'no number' : at, 'a']);
          if (plant === 'twice') rows.push([key, at, 'a']);
          if (plant !== 'missing') one.table.put(plant === 'different' ? { ...record, 备注: 'b' } : record);
          if (plant === 'doubled') one.table.put(record);
          if (plant === 'twice') wanted.push(`doubled ${key}`, `doubled ${key}`);
          else if (plant === 'bad') wanted.push(`invalid ${key}`);
          else if (plant !== 'same') wanted.push(`${plant} ${key}`);
        });
        one.source.rowsNow = rows;
        const { seen, keys, calls } = await verified(one);
        expect(byKey(keys)).toEqual(wanted.sort());
        expect(seen.counts.equal).toBe(plants.filter((plant) => plant === 'same').length);
        expect(isEqual(seen)).toBe(wanted.length === 0);
        expect(calls.filter((op) => ['create', 'update', 'delete'].includes(op))).toEqual([]);
      }),
      { numRuns: 60 },
    );
  });

  it('names the fields that differ and the records, and agrees with the next run', async () => {
    const one = await world({}, store);
    one.source.rowsNow = rowsOf(1, 3);
    await one.run();
    const id = [...one.table.held.keys()][1] ?? '';
    one.table.held.set(id, { ...one.table.held.get(id), 金额: 99, 备注: [{ type: 'text', text: 'z' }] });
    one.table.moved++;
    const { keys } = await verified(one);
    expect(keys.filter(({ finding }) => finding !== 'equal')).toEqual([
      { finding: 'different', key: 'k002', row: 2, fields: ['金额', '备注'], records: id, leftAlone: false },
    ]);
    await one.run();
    expect(isEqual((await verified(one)).seen)).toBe(true);
  });

  it.each([
    ['upsert', ['different k002', 'missing k003'], 1],
    ['append', ['missing k003'], 2],
    ['update', ['different k002'], 2],
    ['mirror', ['different k002', 'extra k009', 'missing k003'], 0],
  ] as const)('in mode %s counts only what that mode would change', async (mode, wanted, leftAlone) => {
    const one = await world({ mode }, store);
    one.source.rowsNow = rowsOf(1, 3);
    one.table.put({ [keyField]: 'k001', 金额: 1, 备注: 'a' });
    one.table.put({ [keyField]: 'k002', 金额: 7, 备注: 'a' });
    one.table.put({ [keyField]: 'k009', 金额: 9, 备注: 'a' });
    const { seen, keys } = await verified(one);
    expect(byKey(keys.filter((key) => !key.leftAlone))).toEqual(wanted);
    expect(seen.leftAlone).toBe(leftAlone);
    expect(isEqual(seen)).toBe(false);
  });

  it('says when a run goes on', async () => {
    const one = await world({}, store);
    one.source.rowsNow = rowsOf(1, 1);
    await store.leases.claim(`${one.table.base}/${one.table.id}`, 'r-busy', 'p');
    const { seen } = await verified(one);
    expect(seen.notes.map(({ en }) => en).join()).toContain('Run r-busy is writing');
  });
});
