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
    ...{ clock: one.clock, log: quiet },
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

describe('what the bot knows of the table', () => {
  const scopeOf = (one: World) => ({
    definition: one.definition.name,
    table: `${one.table.base}/${one.table.id}`,
  });
  const edit = (one: World, id: string, fields: object): void => {
    one.table.held.set(id, { ...one.table.held.get(id), ...fields });
  };
  /** A table that two runs have found as the query wants it. */
  async function known(rows = 4): Promise<World> {
    const one = await world({ chunkSize: 1_000 }, store);
    one.table.pageSize = 500;
    one.source.rowsNow = rowsOf(1, rows);
    await one.run();
    await one.run();
    return one;
  }

  it('is as read where nobody changed anything, at no further call', async () => {
    const one = await known();
    const { seen, calls } = await verified(one);
    expect(seen.known).toBe('as-read');
    expect(calls).toEqual(['about', 'fields', 'revision', 'records', 'revision']);
    expect((await verified(await world({}, store))).seen.known).toBeNull();
  });

  it('is brought up to date, and the next run still tells what people changed', async () => {
    const one = await known();
    edit(one, 'rec2', { 金额: 99 });
    one.table.held.delete('rec3');
    one.table.moved++;
    expect((await verified(one)).seen.known).toBe('updated');
    expect((await verified(one)).seen.known).not.toBe('left');
    const state = await one.run();
    expect(state).toMatchObject({
      ...{ status: 'done', setBack: 1, rows: { created: 1, updated: 1 } },
      drift: { records: 1, fields: [{ field: '金额', records: 1 }] },
    });
    expect((await one.run()).drift?.records).toBe(0);
  });

  it('lets the next run go by the short cut, which sets back what people changed', async () => {
    const one = await known(600);
    for (let at = 0; at < 3; at++) await one.run();
    expect((await one.run()).read).toBe('shortcut');
    edit(one, 'rec2', { 金额: 99 });
    one.table.moved++;
    expect((await verified(one)).seen.known).toBe('updated');
    expect(await one.run()).toMatchObject({
      read: 'shortcut',
      setBack: 1,
      rows: { updated: 1, unchanged: 599 },
    });
    expect(await one.run()).toMatchObject({ setBack: 0, rows: { unchanged: 600 } });
  });

  it('switches the short cut off where it was wrong', async () => {
    const one = await known();
    edit(one, 'rec2', { 金额: 99 });
    await verified(one);
    expect(await store.facts.shortCut.of(scopeOf(one))).toMatchObject({
      agreed: 0,
      distrusted: one.clock.now(),
    });
  });

  it('stays as it was where a key was mistyped, which the next run puts back', async () => {
    const one = await known();
    edit(one, 'rec2', { [keyField]: [{ type: 'text', text: 'k00Z' }] });
    one.table.moved++;
    expect((await verified(one)).seen.known).toBe('left');
    expect(await one.run()).toMatchObject({ rows: { updated: 1, created: 0 }, deletes: { done: 0 } });
    expect(one.table.held.has('rec2')).toBe(true);
  });

  it('stays as it was while a run works on the table, or has meanwhile', async () => {
    const one = await known();
    const { table } = scopeOf(one);
    one.table.onPage = () => {
      one.table.onPage = () => undefined;
      void store.leases.claim(table, 'r-new', 'p').then(async (claim) => {
        if (claim.kind === 'claimed') await store.leases.release(table, claim.lease.fence);
      });
    };
    expect((await verified(one)).seen.known).toBe('left');
    const claim = await store.leases.claim(table, 'r-busy', 'p');
    expect(claim.kind).toBe('claimed');
    expect((await verified(one)).seen.known).toBe('left');
  });
});
