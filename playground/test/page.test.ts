import { request } from 'node:http';
import { text } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import { newBench } from './support.ts';

const bench = newBench();

async function opened() {
  const feishu = await bench.start();
  const person = feishu.person('Ada');
  const chat = feishu.chat({ kind: 'p2p', members: [person] });
  const page = feishu.openPage({ cast: [{ person }] });
  const ask = (
    path: string,
    headers: Record<string, string> = {},
    body?: string,
  ): Promise<{ status: number | undefined; headers: NodeJS.Dict<string | string[]>; body: string }> =>
    new Promise((resolve, reject) => {
      const { port } = new URL(page.url);
      const sent = request(
        { host: '127.0.0.1', port, path, method: body === undefined ? 'GET' : 'POST', headers },
        (answer) => {
          text(answer).then(
            (words) => resolve({ status: answer.statusCode, headers: answer.headers, body: words }),
            reject,
          );
        },
      );
      sent.on('error', reject).end(body);
    });
  const said = JSON.stringify({
    kind: 'say',
    chat: chat.id,
    from: person.openId,
    text: 'hi',
    mention: false,
  });
  const json = { 'content-type': 'application/json' };
  return { feishu, page, ask, said, json };
}

describe('the page', () => {
  it('is there only while it is open, and allows nothing from elsewhere', async () => {
    const { feishu, page, ask } = await opened();
    const { status, headers, body } = await ask('/');
    expect(status).toBe(200);
    expect(body).toContain('/page/main.js');
    expect(headers['content-security-policy']).toContain("default-src 'none'");
    expect(headers['access-control-allow-origin']).toBeUndefined();
    expect((await ask('/page/main.js')).body).toContain('openPage');
    expect((await ask('/page/main.js')).body).not.toContain(': void');
    for (const path of [
      '/page/../host.js',
      '/page/tsconfig.json',
      '/page/nothing.js',
      '/page/%2e%2e/host.js',
    ])
      expect((await ask(path)).status, path).toBe(404);
    page.close();
    expect((await ask('/')).status).toBe(404);
    expect(feishu.unknown.at(-1)).toEqual({ method: 'GET', path: '/' });
  });

  it('does what it is asked to by itself', async () => {
    const { ask, said, json } = await opened();
    expect(await ask('/page/acts', json, said)).toMatchObject({ status: 200, body: '{}' });
  });

  it.each([
    ['a name that somebody else lets point here', { host: 'evil.example.com' }],
    ['a page of another origin', { origin: 'http://evil.example.com' }],
    ['another port of this machine', { origin: 'http://127.0.0.1:1' }],
    ['a browser that says where it comes from', { 'sec-fetch-site': 'cross-site' }],
    ['a form, which needs no leave', { 'content-type': 'text/plain' }],
  ])('refuses %s', async (_, headers) => {
    const { feishu, ask, said, json } = await opened();
    const seen: string[] = [];
    feishu.watch(({ kind }) => seen.push(kind));
    expect((await ask('/page/acts', { ...json, ...headers }, said)).status).toBe(403);
    expect(seen).toEqual([]);
  });

  it.each([
    '{',
    '{"kind":"format"}',
    '{"kind":"say","chat":1}',
    `{"kind":"say","text":"${'x'.repeat(70_000)}"}`,
  ])('answers 400 to what is no act: %.40s', async (body) => {
    const { ask, json } = await opened();
    expect((await ask('/page/acts', json, body)).status).toBe(400);
  });

  it('says in words what cannot be done', async () => {
    const { ask, json } = await opened();
    const act = { kind: 'edit', table: 'tblNone', record: 'r', field: 'f', text: '' };
    expect(JSON.parse((await ask('/page/acts', json, JSON.stringify(act))).body)).toEqual({
      error: 'There is no table tblNone.',
    });
  });
});
