import { afterEach, beforeEach, expect, it } from 'vitest';
import { callOptions, type Http, http, type Passage, sdkHttp } from '../../src/feishu/calls/http.ts';
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

it('sends query and JSON as Feishu reads them', async () => {
  const url = `${server.url}/x`;
  const params = { a: 1, list: ['x', 'y'], none: undefined };
  const { headers } = callOptions({ timeout: 5000 }, undefined);
  await sdkHttp(transport).request({ url, method: 'GET', params, headers });
  await sdkHttp(transport).request({ url, method: 'post', data: { a: 1 }, headers });
  await sdkHttp(transport).request({ url, method: 'DELETE', headers });
  expect(
    server.seen.map(({ method, query, body }) => `${method} ${query.toString()} ${body}`.trim()),
  ).toEqual(['GET a=1&list=x&list=y', 'POST  {"a":1}', 'DELETE  {}']);
});

it('throws for other statuses', async () => {
  const { headers } = callOptions({ timeout: 5000 }, undefined);
  await expect(
    sdkHttp(transport).request({ url: `${server.url}/refused`, method: 'GET', headers }),
  ).rejects.toThrow('HTTP 403');
});

it('tells each call what became of its own request', async () => {
  const instance = sdkHttp(transport);
  const good: Passage = { timeout: 5000 };
  const bad: Passage = { timeout: 5000 };
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

it('sends files and numbers in a form', async () => {
  const { headers } = callOptions({ timeout: 5000 }, undefined);
  await sdkHttp(transport).request({
    url: `${server.url}/x`,
    method: 'POST',
    headers: { ...headers, 'Content-Type': 'multipart/form-data' },
    data: { file_name: 'a.bin', duration: 7, file: Buffer.from('one two') },
  });
  const [seen] = server.seen;
  const type = seen?.headers['content-type'] ?? '';
  const form = await new Response(seen?.body, { headers: { 'content-type': type } }).formData();
  expect([form.get('file_name'), form.get('duration')]).toEqual(['a.bin', '7']);
  const file = form.get('file');
  expect(file instanceof File && [file.name, await file.text()]).toEqual(['a.bin', 'one two']);
});
