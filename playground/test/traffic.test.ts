import { randomUUID } from 'node:crypto';
import { expect, it } from 'vitest';
import type { Playground } from '../src/index.ts';
import { caller, newBench, recordsPath } from './support.ts';

const bench = newBench();

const twoTables = (playground: Playground) => {
  const fields = [{ name: 'key', type: 'Text' }];
  return playground.base({
    tables: [
      { name: 'a', fields },
      { name: 'b', fields },
    ],
  });
};

const overlapping = async (playground: Playground, tables: readonly number[]) => {
  const base = twoTables(playground);
  const call = await caller(playground);
  const answers = await Promise.all(
    tables.map((at) => call('POST', recordsPath(base, at), { fields: { key: 'x' } })),
  );
  return { base, codes: answers.map(({ code }) => code).sort() };
};

it('takes one write at a time in a base', async () => {
  const playground = await bench.start({ latency: 500 });
  const { base, codes } = await overlapping(playground, [0, 1, 0]);
  expect(codes).toEqual([0, 1254291, 1254291]);
  expect(base.table(0).size() + base.table(1).size()).toBe(1);
  expect(playground.writesAtOnceMax()).toBe(1);
});

it('takes one write at a time in each table where tables are apart', async () => {
  const playground = await bench.start({ latency: 500, writers: { per: 'table', atOnce: 1 } });
  const { codes } = await overlapping(playground, [0, 1, 0]);
  expect(codes).toEqual([0, 0, 1254291]);
});

it('takes several writes at once where it is lenient', async () => {
  const playground = await bench.start({ latency: 500, writers: { per: 'base', atOnce: 3 } });
  const { codes } = await overlapping(playground, [0, 0, 0, 0]);
  expect(codes).toEqual([0, 0, 0, 1254291]);
  expect(playground.writesAtOnceMax()).toBe(3);
});

it('throttles an API at its rate, says how long to wait, and lets others through', async () => {
  let now = 1_700_000_000_000;
  const playground = await bench.start({ now: () => now });
  const base = twoTables(playground);
  const call = await caller(playground);
  const search = () => call('POST', `${recordsPath(base)}/search`, {});
  for (let i = 0; i < 20; i++) expect((await search()).code).toBe(0);
  const over = await search();
  expect(over).toMatchObject({ status: 429, code: 99991400 });
  expect(over.headers.get('x-ogw-ratelimit-limit')).toBe('20');
  expect(over.headers.get('x-ogw-ratelimit-reset')).toBe('1');
  expect((await call('POST', recordsPath(base), { fields: {} })).code).toBe(0);
  now += 1000;
  expect((await search()).code).toBe(0);
});

it('counts no calls when rates are off', async () => {
  const playground = await bench.start({ now: () => 0, rates: false });
  const base = twoTables(playground);
  const call = await caller(playground);
  for (let i = 0; i < 30; i++) expect((await call('POST', `${recordsPath(base)}/search`, {})).code).toBe(0);
});

it('answers 1254290 with HTTP 200 and no headers at the rate of a base', async () => {
  const playground = await bench.start({ now: () => 1, limits: { baseCallsPerSecond: 2 } });
  const base = twoTables(playground);
  const call = await caller(playground);
  const get = () => call('GET', `/open-apis/bitable/v1/apps/${base.appToken}`);
  expect([(await get()).code, (await get()).code]).toEqual([0, 0]);
  const over = await get();
  expect(over).toMatchObject({ status: 200, code: 1254290 });
  expect(over.headers.has('x-ogw-ratelimit-reset')).toBe(false);
});

const create = (call: Awaited<ReturnType<typeof caller>>, path: string, token: string, key = 'x') =>
  call('POST', `${path}/batch_create?client_token=${token}`, { records: [{ fields: { key } }] });

it('gives the first result again for a repeated client token, until it has forgotten it', async () => {
  let now = 1_700_000_000_000;
  const playground = await bench.start({ now: () => now, limits: { tokenMs: 1e9 } });
  const base = twoTables(playground);
  const call = await caller(playground);
  const token = randomUUID();
  const first = await create(call, recordsPath(base), token);
  now += 599_000;
  expect((await create(call, recordsPath(base), token)).data).toEqual(first.data);
  expect(base.table().size()).toBe(1);
  expect((await create(call, recordsPath(base), token, 'other')).code).toBe(1255006);
  now += 1000;
  expect((await create(call, recordsPath(base), token)).data).not.toEqual(first.data);
  expect(base.table().size()).toBe(2);
});

it('refuses client tokens that are no UUID v4', async () => {
  const playground = await bench.start();
  const call = await caller(playground);
  const answer = await create(
    call,
    recordsPath(twoTables(playground)),
    '6ba7b810-9dad-11d1-80b4-00c04fd430c8',
  );
  expect(answer).toMatchObject({ status: 400, code: 1254037 });
});

it('says so when the first call with a client token still runs', async () => {
  const playground = await bench.start({ latency: 500 });
  const base = twoTables(playground);
  const call = await caller(playground);
  const token = randomUUID();
  const both = await Promise.all([
    create(call, recordsPath(base), token),
    create(call, recordsPath(base), token),
  ]);
  expect(both.map(({ code }) => code).sort()).toEqual([0, 1254608]);
  expect(base.table().size()).toBe(1);
});

it('forgets the client token of a refused call', async () => {
  const playground = await bench.start();
  const base = twoTables(playground);
  const call = await caller(playground);
  const token = randomUUID();
  const bad = { records: [{ fields: { nope: 1 } }] };
  const refused = await call('POST', `${recordsPath(base)}/batch_create?client_token=${token}`, bad);
  expect(refused.code).toBe(1254045);
  expect((await create(call, recordsPath(base), token)).code).toBe(0);
});

it('measures each call itself', async () => {
  const playground = await bench.start({
    latency: (route, rows) => (route === 'records.batch_create' ? 20 + rows : 0),
  });
  const base = twoTables(playground);
  const call = await caller(playground);
  playground.clearCalls();
  await call('POST', `${recordsPath(base)}/batch_create`, { records: [{ fields: {} }, { fields: {} }] });
  const [one] = playground.calls();
  expect(one).toMatchObject({
    route: 'records.batch_create',
    status: 200,
    code: 0,
    rows: 2,
    write: true,
    business: true,
  });
  expect(one?.ms).toBeGreaterThanOrEqual(21);
});
