import { describe, expect, it } from 'vitest';
import type { BaseCall, Playground, RevisionRule } from '../src/index.ts';
import { caller, newBench, recordsPath } from './support.ts';

const bench = newBench();

/** A base of one table with records k0 to k4, and what lists of tables and records say of it. */
async function opened(more: Parameters<typeof bench.start>[0] = {}) {
  const playground = await bench.start(more);
  const base = baseIn(playground);
  const call = await caller(playground);
  const table = base.table();
  const ids = table.records().map(({ record_id }) => record_id);
  const revision = async () => {
    const { data } = await call('GET', `/open-apis/bitable/v1/apps/${base.appToken}/tables`);
    return (data['items'] as { revision: number }[])[0]?.revision ?? 0;
  };
  const search = async (body: object = {}, query = '') => {
    const { data } = await call('POST', `${recordsPath(base)}/search${query}`, body);
    const items = data['items'] as { record_id: string }[];
    return { ids: items.map(({ record_id }) => record_id), total: data['total'] };
  };
  const look = async () =>
    (await call('POST', `${recordsPath(base)}/batch_get`, { record_ids: ids })).data as {
      records: { record_id: string }[];
      forbidden_record_ids: string[];
      absent_record_ids: string[];
    };
  return { base, call, table, ids, revision, search, look };
}

const baseIn = (playground: Playground) =>
  playground.base({
    tables: [
      {
        name: 'orders',
        fields: [{ name: 'key', type: 'Text' }],
        records: Array.from({ length: 5 }, (_, n) => ({ key: `k${n}` })),
      },
    ],
  });

describe('the revision', () => {
  type Rule = NonNullable<RevisionRule['step']>;
  const rules: readonly (readonly [string, Rule | undefined, readonly number[]])[] = [
    ['moves by call', undefined, [1, 1, 1, 1]],
    ['moves by record', ({ records }) => records, [2, 2, 1, 0]],
    ['does not move on edits', ({ what }) => (what === 'edit' ? 0 : 1), [1, 0, 1, 1]],
    ['moves for the app only', ({ by }) => (by === 'app' ? 1 : 0), [1, 1, 0, 0]],
    ['does not move on view edits', ({ what }) => (what === 'view' ? 0 : 1), [1, 1, 1, 0]],
    ['never moves', () => 0, [0, 0, 0, 0]],
  ];
  it.each(rules)('%s', async (_, step, steps) => {
    const { base, call, table, ids, revision } = await opened();
    if (step) base.setRevisions({ step });
    const moves: number[] = [];
    let before = await revision();
    for (const act of [
      () => call('POST', `${recordsPath(base)}/batch_create`, { records: [{ fields: {} }, { fields: {} }] }),
      () =>
        call('POST', `${recordsPath(base)}/batch_update`, {
          records: ids.slice(0, 2).map((record_id) => ({ record_id, fields: { key: 'x' } })),
        }),
      async () => table.remove(ids[4] ?? ''),
      async () => table.addView('mine'),
    ]) {
      await act();
      const now = await revision();
      moves.push(now - before);
      before = now;
    }
    expect(moves).toEqual(steps);
  });

  it('comes so many lists late', async () => {
    const { base, table, revision } = await opened();
    const before = await revision();
    base.setRevisions({ late: 2 });
    table.add({ key: 'new' });
    expect([await revision(), await revision(), await revision()]).toEqual([before, before, before + 1]);
    base.setRevisions({});
    table.add({ key: 'newer' });
    expect(await revision()).toBe(before + 2);
  });

  it('comes so many milliseconds late', async () => {
    let now = 1_700_000_000_000;
    const { base, table, revision } = await opened({ now: () => now });
    const before = await revision();
    base.setRevisions({ late: { ms: 1000 } });
    table.add({ key: 'new' });
    now += 600;
    table.add({ key: 'newer' });
    expect(await revision()).toBe(before);
    now += 400;
    expect(await revision()).toBe(before + 1);
    now += 600;
    expect(await revision()).toBe(before + 2);
  });
});

describe('the total of a whole table', () => {
  it('comes so many lists late, and that of a filter on time', async () => {
    const { base, table, ids, search } = await opened();
    base.setTotals({ late: 1 });
    table.remove(ids[0] ?? '', ids[1] ?? '');
    const filter = { conjunction: 'and', conditions: [{ field_name: 'key', operator: 'is', value: ['k3'] }] };
    expect((await search({ filter })).total).toBe(1);
    expect(await search()).toEqual({ ids: ids.slice(2), total: 5 });
    expect(await search()).toEqual({ ids: ids.slice(2), total: 3 });
  });

  it('comes so many milliseconds late', async () => {
    let now = 1_700_000_000_000;
    const { base, call, search } = await opened({ now: () => now });
    base.setTotals({ late: { ms: 1000 } });
    await call('POST', `${recordsPath(base)}/batch_create`, { records: [{ fields: {} }] });
    expect(await search()).toMatchObject({ total: 5 });
    now += 1000;
    expect(await search()).toMatchObject({ total: 6 });
  });
});

it('a person edits between each two calls of the app', async () => {
  const { base, table, search, revision, call } = await opened();
  const seen: Partial<BaseCall>[] = [];
  const end = base.beforeCalls(async ({ nth, route, write, table: id, body }) => {
    await Promise.resolve();
    seen.push({ nth, route, write, table: id });
    if (write) expect(body()).toEqual({ fields: { key: 'app' } });
    table.add({ key: `person ${nth}` });
  });
  expect((await search()).total).toBe(6);
  expect((await search()).total).toBe(7);
  await revision();
  await call('POST', recordsPath(base), { fields: { key: 'app' } });
  end();
  expect((await search()).total).toBe(10);
  const at = { table: table.id, write: false };
  expect(seen).toEqual([
    { ...at, nth: 1, route: 'records.search' },
    { ...at, nth: 2, route: 'records.search' },
    { ...at, nth: 3, route: 'tables.list', table: undefined },
    { ...at, nth: 4, route: 'records.create', write: true },
  ]);
});

describe('records that vanish and come back', () => {
  const all = { records: 5, forbidden: 0, absent: 0 };
  it.each([
    ['a fault of lists', {}, { listed: 3, total: 3, ...all }, 0],
    ['lists that are short of their total', { totals: false }, { listed: 3, total: 5, ...all }, 0],
    ['a total that is short', { lists: false, totals: true }, { listed: 5, total: 3, ...all }, 0],
    [
      'a role that hides them',
      { lookUps: 'forbidden' },
      { listed: 3, total: 3, records: 3, forbidden: 2, absent: 0 },
      1254302,
    ],
    [
      'a role that hides them and counts them',
      { lookUps: 'forbidden', totals: false },
      { listed: 3, total: 5, records: 3, forbidden: 2, absent: 0 },
      1254302,
    ],
    [
      'as if they were gone',
      { lookUps: 'absent' },
      { listed: 3, total: 3, records: 3, forbidden: 0, absent: 2 },
      1254043,
    ],
  ] as const)('%s', async (_, how, expected, code) => {
    const { base, call, table, ids, search, look, revision } = await opened();
    const before = await revision();
    const [hidden = '', other = ''] = ids;
    const now = async () => {
      const list = await search();
      const { records, forbidden_record_ids: forbidden, absent_record_ids: absent } = await look();
      return {
        ...{ listed: list.ids.length, total: list.total },
        ...{ records: records.length, forbidden: forbidden.length, absent: absent.length },
      };
    };
    const back = base.conceal([hidden, other], how);
    expect(await now()).toEqual(expected);
    const write = () => call('PUT', `${recordsPath(base)}/${hidden}`, { fields: { key: 'mine' } });
    expect([await revision(), (await write()).code, table.size()]).toEqual([before, code, 5]);
    back();
    expect([await now(), (await write()).code]).toEqual([{ listed: 5, total: 5, ...all }, 0]);
  });

  it('for so many pages, over which paging goes as if they were not there', async () => {
    const { base, ids, search } = await opened();
    base.conceal([ids[0] ?? ''], { searches: 2 });
    expect((await search({}, '?page_size=2')).ids).toEqual([ids[1], ids[2]]);
    const filter = { conjunction: 'or', conditions: [{ field_name: 'key', operator: 'is', value: ['k0'] }] };
    expect(await search({ filter })).toEqual({ ids: [], total: 0 });
    expect(await search({ filter })).toEqual({ ids: [ids[0]], total: 1 });
  });

  it('for so many milliseconds', async () => {
    let now = 1_700_000_000_000;
    const { base, ids, search } = await opened({ now: () => now });
    base.conceal(ids, { ms: 500 });
    expect((await search()).total).toBe(0);
    now += 500;
    expect((await search()).total).toBe(5);
  });

  it('and none that are not there', async () => {
    const { base } = await opened();
    expect(() => base.conceal(['recNobody'])).toThrow('no record recNobody');
  });
});
