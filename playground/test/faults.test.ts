import { request as httpRequest } from 'node:http';
import { expect, it } from 'vitest';
import type { Fault, Playground } from '../src/index.ts';
import { caller, newBench, recordsPath, tokenOf } from './support.ts';

const bench = newBench();

const orders = (playground: Playground, keys: readonly string[] = []) =>
  playground.base({
    tables: [{ name: 'a', fields: [{ name: 'key', type: 'Text' }], records: keys.map((key) => ({ key })) }],
  });

const start = async (fault: Fault) => {
  const playground = await bench.start();
  const base = orders(playground);
  const call = await caller(playground);
  playground.faults.add({ when: { route: 'records.create' }, fault });
  const create = () => call('POST', recordsPath(base), { fields: { key: 'x' } });
  return { playground, base, create, size: () => base.table().size() };
};

it('answers with a code once, then as usual', async () => {
  const { playground, create, size } = await start({ kind: 'code', code: 1255001 });
  expect(await create()).toMatchObject({ status: 200, code: 1255001, msg: 'InternalError' });
  expect(size()).toBe(0);
  expect((await create()).code).toBe(0);
  expect(playground.faults.hits().map(({ route }) => route)).toEqual(['records.create']);
  expect(playground.calls().map(({ code }) => code)).toEqual([0, 1255001, 0]);
});

it('does the work and answers with an error all the same', async () => {
  const { create, size } = await start({ kind: 'code', code: 1255040, applied: true });
  expect(await create()).toMatchObject({ status: 504, code: 1255040 });
  expect(size()).toBe(1);
});

it.each([
  ['before', false, 0],
  ['after', true, 1],
])('cuts the connection %s the work', async (_when, applied, rows) => {
  const { playground, create, size } = await start({ kind: 'reset', applied });
  await expect(create()).rejects.toThrow();
  expect(size()).toBe(rows);
  expect(playground.calls().at(-1)).toMatchObject({ route: 'records.create', status: 0, code: -1 });
  expect((await create()).code).toBe(0);
});

it('sends a gateway page', async () => {
  const { create } = await start({ kind: 'html' });
  const answer = await create();
  expect(answer.status).toBe(502);
  expect(answer.headers.get('content-type')).toBe('text/html');
  expect(answer.text).toContain('502 Bad Gateway');
});

it('changes what an answer holds', async () => {
  const { playground } = await start({ kind: 'code', code: 1255001 });
  const base = orders(playground, ['a', 'b']);
  const call = await caller(playground);
  const search = () => call('POST', `${recordsPath(base)}/search`, {});
  playground.faults.add({
    when: { route: 'records.search' },
    fault: { kind: 'answer', change: (data) => ({ ...data, items: [] }) },
  });
  expect((await search()).data).toMatchObject({ items: [], total: 2 });
  expect((await search()).data).toMatchObject({ items: [{}, {}], total: 2 });
});

it('cuts the JSON of an answer', async () => {
  const { create } = await start({ kind: 'truncate' });
  const answer = await create();
  expect(answer.status).toBe(200);
  expect(() => JSON.parse(answer.text)).toThrow();
});

it('throttles with the time to wait', async () => {
  const { create, size } = await start({ kind: 'throttle', seconds: 7 });
  const answer = await create();
  expect(answer).toMatchObject({ status: 429, code: 99991400 });
  expect(answer.headers.get('x-ogw-ratelimit-reset')).toBe('7');
  expect(size()).toBe(0);
});

it('answers late', async () => {
  const { playground, create } = await start({ kind: 'delay', ms: 40 });
  expect((await create()).code).toBe(0);
  expect(playground.calls().at(-1)?.ms).toBeGreaterThanOrEqual(38);
});

it('never answers', async () => {
  const { playground, base } = await start({ kind: 'hang' });
  const token = await tokenOf(playground);
  const { hostname, port } = new URL(playground.url);
  const closed = new Promise<string>((resolve) => {
    const headers = { authorization: `Bearer ${token}` };
    const request = httpRequest({ hostname, port, path: recordsPath(base), method: 'POST', headers }, () =>
      resolve('answered'),
    );
    request.on('error', () => resolve('closed'));
    request.end('{"fields":{}}');
    const heard = playground.watch(({ kind }) => {
      if (kind !== 'call') return;
      heard();
      playground.stop().catch(() => resolve('failed'));
    });
  });
  expect(await closed).toBe('closed');
});

it('hits the nth request that fits, and so many from there on', async () => {
  const playground = await bench.start();
  const base = orders(playground, ['a']);
  const call = await caller(playground);
  const take = playground.faults.add({
    when: { route: 'records.search', nth: 2, times: 2, match: ({ query }) => query.get('page_size') === '1' },
    fault: { kind: 'code', code: 1254290 },
  });
  const codes: number[] = [];
  for (const size of [1, 2, 1, 1, 1]) {
    codes.push((await call('POST', `${recordsPath(base)}/search?page_size=${size}`, {})).code);
  }
  expect(codes).toEqual([0, 0, 1254290, 1254290, 0]);
  take();
});

it('fails at random in the same way for the same seed', async () => {
  const run = async (seed: number) => {
    const playground = await bench.start({ rates: false });
    const base = orders(playground, ['a']);
    const call = await caller(playground);
    playground.faults.random(seed, { busy: 0.2, conflict: 0.2, html: 0.1, timeoutAfter: 0.1 });
    const codes: string[] = [];
    for (let i = 0; i < 40; i++) {
      const read = await call('POST', `${recordsPath(base)}/search`, {});
      const written = await call('POST', recordsPath(base), { fields: {} });
      codes.push(`${read.status}/${read.code}`, `${written.status}/${written.code}`);
    }
    return { codes, size: base.table().size() };
  };
  const first = await run(7);
  expect(await run(7)).toEqual(first);
  expect((await run(8)).codes).not.toEqual(first.codes);
  expect(new Set(first.codes)).toContain('200/1254291');
  const applied = first.codes.filter(
    (code, at) => at % 2 === 1 && (code === '200/0' || code === '504/1255040'),
  );
  expect(first.size).toBe(1 + applied.length);
});

it('lets a test change the table between two pages', async () => {
  const playground = await bench.start();
  const base = orders(playground, ['a', 'b', 'c']);
  const call = await caller(playground);
  let searches = 0;
  const stop = playground.onRequest(async ({ route }) => {
    if (route.name !== 'records.search') return;
    searches += 1;
    await Promise.resolve();
    if (searches === 2) base.table().add({ key: 'new' }, 0);
  });
  const one = await call('POST', `${recordsPath(base)}/search?page_size=2`, {});
  const two = await call(
    'POST',
    `${recordsPath(base)}/search?page_size=2&page_token=${String(one.data['page_token'])}`,
    {},
  );
  const keys = [one, two].flatMap(({ data }) => data['items'] as { fields: { key: [{ text: string }] } }[]);
  expect(keys.map(({ fields }) => fields.key[0].text)).toEqual(['a', 'b', 'b', 'c']);
  stop();
});
