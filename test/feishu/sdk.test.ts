import { Readable } from 'node:stream';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type Http, http } from '../../src/feishu/calls/http.ts';
import { callOptions, multipart, passage, sdkHttp } from '../../src/feishu/calls/sdk.ts';
import { type Server, startServer } from './parts.ts';

let transport: Http;
let server: Server;

beforeEach(async () => {
  transport = http();
  server = await startServer(({ path }) =>
    path === '/refused'
      ? { status: 403, body: { code: 91403 }, headers: { 'x-tt-logid': 'log1' } }
      : { body: { code: 0 } },
  );
});

afterEach(async () => {
  transport.stop();
  await server.stop();
});

it('speaks every method that the SDK expects of its transport', async () => {
  const instance = sdkHttp(transport, () => passage(5000));
  const url = `${server.url}/x`;
  await instance.get(url, { params: { a: 1, list: ['x', 'y'], none: undefined } });
  await instance.delete(url);
  await instance.options(url);
  await instance.post(url, { a: 1 });
  await instance.put(url, { a: 2 });
  await instance.patch(url, { a: 3 });
  expect(
    server.seen.map(({ method, query, body }) => `${method} ${query.toString()} ${body}`.trim()),
  ).toEqual([
    'GET a=1&list=x&list=y',
    'DELETE',
    'OPTIONS  {}',
    'POST  {"a":1}',
    'PUT  {"a":2}',
    'PATCH  {"a":3}',
  ]);
});

it('hands headers back when the SDK asks for them, and throws with the answer for other statuses', async () => {
  const instance = sdkHttp(transport, () => passage(5000));
  const answer: unknown = await instance.request({
    url: `${server.url}/x`,
    method: 'GET',
    $return_headers: true,
  });
  expect(answer).toMatchObject({ data: { code: 0 }, headers: { 'content-type': 'application/json' } });
  await expect(instance.get(`${server.url}/refused`)).rejects.toMatchObject({
    message: 'HTTP 403',
    response: { status: 403, data: { code: 91403 }, headers: { 'x-tt-logid': 'log1' } },
  });
});

it('tells each call what became of its own request', async () => {
  const instance = sdkHttp(transport);
  const [good, bad] = [passage(5000), passage(5000)];
  await instance.request({
    url: `${server.url}/x`,
    method: 'GET',
    headers: callOptions(good, 't-1').headers,
  });
  await instance
    .request({ url: `${server.url}/refused`, method: 'GET', headers: callOptions(bad, undefined).headers })
    .catch(() => undefined);
  expect([good.answer?.status, bad.answer?.status]).toEqual([200, 403]);
  expect(server.seen.map(({ headers }) => headers.authorization)).toEqual(['Bearer t-1', undefined]);
});

it('refuses a call that came without its options', async () => {
  await expect(sdkHttp(transport).request({ url: `${server.url}/x` })).rejects.toThrow('without its options');
  expect(server.seen).toEqual([]);
});

it('sends streams, numbers and objects in a form', async () => {
  const { type, body } = await multipart({
    file_name: 'a.bin',
    duration: 7,
    extra: { a: 1 },
    missing: undefined,
    file: Readable.from([Buffer.from('one '), Buffer.from('two')]),
  });
  const form = await new Response(new Uint8Array(body), { headers: { 'content-type': type } }).formData();
  expect([form.get('file_name'), form.get('duration'), form.get('extra'), form.has('missing')]).toEqual([
    'a.bin',
    '7',
    '{"a":1}',
    false,
  ]);
  const file = form.get('file');
  expect(file instanceof File && [file.name, await file.text()]).toEqual(['a.bin', 'one two']);
});
