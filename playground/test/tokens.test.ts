import { expect, it } from 'vitest';
import { caller, newBench, send, tokenOf } from './support.ts';

const bench = newBench();
const path = '/open-apis/auth/v3/tenant_access_token/internal';

it('gives a token beside the code, and the same one while 30 minutes or more are left', async () => {
  let now = 1_700_000_000_000;
  const playground = await bench.start({ now: () => now });
  const ask = () =>
    send(playground.url, 'POST', path, { app_id: playground.appId, app_secret: playground.appSecret });
  const first = await ask();
  expect(first.body).toMatchObject({ code: 0, msg: 'ok', expire: 7200 });
  expect(first.body['tenant_access_token']).toMatch(/^t-/);
  now += 90 * 60_000;
  const second = await ask();
  expect(second.body).toEqual({ ...first.body, expire: 1800 });
  now += 1000;
  const third = await ask();
  expect(third.body['expire']).toBe(7200);
  expect(third.body['tenant_access_token']).not.toBe(first.body['tenant_access_token']);
});

it('lets a token end at its own time, also after a newer one was given', async () => {
  let now = 1_700_000_000_000;
  const playground = await bench.start({ now: () => now });
  const call = await caller(playground);
  const info = () => call('GET', '/open-apis/bot/v3/info');
  now += 119 * 60_000;
  const newer = await tokenOf(playground);
  expect((await info()).code).toBe(0);
  now += 60_000;
  expect(await info()).toMatchObject({ status: 400, code: 99991663 });
  expect((await call('GET', '/open-apis/bot/v3/info', undefined, newer)).code).toBe(0);
});

it.each([
  ['an unknown app', { app_id: 'cli_0000000000000000' }, 10003],
  ['a missing secret', { app_secret: undefined }, 10003],
  ['a wrong secret', { app_secret: 'no' }, 10015],
])('refuses %s with HTTP 200', async (_name, change, code) => {
  const playground = await bench.start();
  const body = { app_id: playground.appId, app_secret: playground.appSecret, ...change };
  expect(await send(playground.url, 'POST', path, body)).toMatchObject({ status: 200, code });
});

it('gives a disabled app no token', async () => {
  const playground = await bench.start();
  playground.app.setEnabled(false);
  const body = { app_id: playground.appId, app_secret: playground.appSecret };
  expect(await send(playground.url, 'POST', path, body)).toMatchObject({ status: 200, code: 10014 });
});

it.each([
  ['no header', {}, 99991661],
  ['no Bearer', { authorization: 't-abc' }, 99991661],
  ['a token of no known form', { authorization: 'Bearer abc' }, 99991671],
  ['a token nobody was given', { authorization: 'Bearer t-abc' }, 99991663],
  ['a user token', { authorization: 'Bearer u-abc' }, 99991668],
])('refuses a call with %s', async (_name, headers: Record<string, string>, code) => {
  const playground = await bench.start();
  const answer = await send(playground.url, 'GET', '/open-apis/bot/v3/info', undefined, headers);
  expect(answer).toMatchObject({ status: 400, code });
  expect(answer.body['error']).toMatchObject({ log_id: answer.headers.get('x-tt-logid') });
});

it('names the scopes that would help when the app has none of them', async () => {
  const playground = await bench.start();
  const base = playground.base({ tables: [{ name: 'a', fields: [{ name: 'key', type: 'Text' }] }] });
  const call = await caller(playground);
  const get = () => call('GET', `/open-apis/bitable/v1/apps/${base.appToken}`);
  playground.app.revokeScopes('bitable:app', 'bitable:app:readonly');
  expect((await get()).code).toBe(0);
  playground.app.revokeScopes('base:app:read');
  const answer = await get();
  expect(answer).toMatchObject({ status: 400, code: 99991672 });
  expect(answer.body['error']).toMatchObject({
    permission_violations: [
      { type: 'action_scope_required', subject: 'bitable:app' },
      { type: 'action_scope_required', subject: 'bitable:app:readonly' },
      { type: 'action_scope_required', subject: 'base:app:read' },
    ],
  });
});

it('answers unknown paths in plain text and remembers them', async () => {
  const playground = await bench.start();
  const answer = await send(playground.url, 'GET', '/open-apis/nothing/v1/here');
  expect(answer).toMatchObject({ status: 404, text: '404 page not found' });
  expect(answer.headers.get('content-type')).toBe('text/plain');
  expect(playground.unknown).toEqual([{ method: 'GET', path: '/open-apis/nothing/v1/here' }]);
});
