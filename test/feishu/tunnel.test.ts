import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer as createSecureServer, request } from 'node:https';
import { type AddressInfo, createServer as createNetServer } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { http } from '../../src/feishu/calls/http.ts';
import { agents, ProxyFault, type Tunneling } from '../../src/feishu/calls/tunnel.ts';
import { problemOf } from '../../src/sync/words/failure.ts';
import { type HttpProxy, type Manner, startHttpProxy } from '../support/http-proxy.ts';
import { failureFrom, forever, newClient, newMeter, type Script, startServer } from './parts.ts';

const closers: (() => unknown)[] = [];
afterEach(async () => {
  while (closers.length > 0) await closers.pop()?.();
});

const by = (url: string, ...around: string[]) => ({ setting: 'HTTPS_PROXY', url, around });

async function newProxy(manner?: Manner): Promise<HttpProxy> {
  const proxy = await startHttpProxy(manner);
  closers.push(proxy.stop);
  return proxy;
}

/** A server and a client that reaches it through this proxy. */
async function setUp(url: string, { script, within, around = [] }: SetUp = {}) {
  const server = await startServer(script ?? (() => undefined));
  closers.push(server.stop);
  const tunneling: Tunneling = { proxy: by(url, ...around), ...(within === undefined ? {} : { within }) };
  const client = newClient(server.url, { http: http(tunneling) });
  closers.push(client.stop);
  const call = () =>
    client.call({ kind: 'write', meter: newMeter(), signal: forever }, (sdk, options) =>
      sdk.im.v1.chat.get({ path: { chat_id: 'oc_1' } }, options),
    );
  return { server, call, to: new URL(server.url).host };
}

interface SetUp {
  readonly script?: Script;
  readonly within?: number;
  readonly around?: readonly string[];
}

async function freePort(): Promise<number> {
  const free = createNetServer().listen(0, '127.0.0.1');
  await once(free, 'listening');
  const { port } = free.address() as AddressInfo;
  await new Promise((resolve) => free.close(resolve));
  return port;
}

describe('through a proxy', () => {
  it.each([[{}], [{ login: 'ann:p@ss w/rd#1' }]])(
    'calls and tokens go, over one connection: %j',
    async (manner) => {
      const proxy = await newProxy(manner);
      const { server, call, to } = await setUp(proxy.url);
      for (let i = 0; i < 3; i += 1) await call();
      expect(server.seen).toHaveLength(4);
      expect(proxy.opened).toEqual([to]);
      expect(server.seen.flatMap(({ headers }) => Object.keys(headers))).not.toContain('proxy-authorization');
    },
  );

  it('none goes whose host NO_PROXY names', async () => {
    const proxy = await newProxy();
    const { server, call } = await setUp(proxy.url, { around: ['127.0.0.1'] });
    await call();
    expect(server.seen).toHaveLength(2);
    expect(proxy.asked).toEqual([]);
  });

  it('a call that Feishu refuses is still Feishu’s to explain', async () => {
    const proxy = await newProxy();
    const { call } = await setUp(proxy.url, { script: () => ({ status: 407, body: '<html>' }) });
    expect(await failureFrom(call())).toMatchObject({
      status: 407,
      message: expect.stringContaining('HTTP 407'),
    });
  });
});

describe('a proxy that lets nothing through is told in words', () => {
  const password = 'pass-word-of-the-proxy';
  const cases: readonly [string, Manner, string | RegExp, RegExp, Partial<SetUp>?][] = [
    ['wants a login', { answers: 407 }, 'HTTP 407', /user name and password of the proxy into HTTPS_PROXY/],
    ['forbids the host', { answers: 403 }, 'HTTP 403', /allow 127\.0\.0\.1:\d+.*HTTPS_PROXY/],
    ['cannot reach it', { answers: 502 }, 'HTTP 502', /HTTPS_PROXY/],
    ['is a web page', { answers: 'page' }, 'HTTP 200', /address in HTTPS_PROXY/],
    ['sends elsewhere', { answers: 302 }, 'HTTP 302', /address in HTTPS_PROXY/],
    [
      'is silent',
      { answers: 'nothing' },
      'no connection within 0.05 s',
      /address in HTTPS_PROXY/,
      { within: 50 },
    ],
  ];

  it.each(cases)('%s', async (_what, manner, message, cure, more) => {
    const proxy = await newProxy(manner);
    const { server, call } = await setUp(proxy.url.replace('//', `//ann:${password}@`), more);
    const failure = await failureFrom(call());
    const told = problemOf(failure);
    expect(failure).toMatchObject({ code: null, message, silence: 'unreached', mayHaveHappened: false });
    expect(told.message.en).toContain(proxy.host);
    expect(told.message.zh).toContain(proxy.host);
    expect(told.cure.en).toMatch(cure);
    expect(told.cure.zh).toContain('HTTPS_PROXY');
    expect(JSON.stringify([failure, told])).not.toMatch(new RegExp(`${password}|ann:`));
    expect(server.seen).toEqual([]);
  });

  it('is gone', async () => {
    const host = `127.0.0.1:${await freePort()}`;
    const { call } = await setUp(`http://ann:${password}@${host}`);
    const told = problemOf(await failureFrom(call()));
    expect(told.message.en).toBe(`The proxy ${host} cannot be reached: ECONNREFUSED`);
    expect(told.message.zh).toBe(`连不上代理 ${host}：ECONNREFUSED`);
    expect(told.cure.en).toContain('HTTPS_PROXY');
  });

  it('and the call is tried again only where that may help', async () => {
    const verdicts: string[] = [];
    for (const answers of [407, 403, 502] as const) {
      const proxy = await newProxy({ answers });
      verdicts.push((await failureFrom((await setUp(proxy.url)).call())).verdict);
    }
    expect(verdicts).toEqual(['stop', 'stop', 'round']);
  });

  it('is left at once when all connections are closed', async () => {
    const proxy = await newProxy({ answers: 'nothing' });
    const transport = http({ proxy: by(proxy.url) });
    const call = { method: 'GET', headers: {}, body: undefined, timeout: 10_000, signal: undefined };
    const sent = transport.send({ ...call, url: 'http://127.0.0.1:9/' });
    const rejected = expect(sent).rejects.toMatchObject({ why: 'network', sent: false });
    while (proxy.asked.length === 0) await new Promise(setImmediate);
    transport.stop();
    await rejected;
  });
});

describe('TLS through a proxy', () => {
  const fixture = (name: string): Buffer => readFileSync(new URL(`../fixtures/tls/${name}`, import.meta.url));
  const cert = fixture('localhost.crt');
  const trusting = { ca: cert };

  async function get(
    proxy: HttpProxy,
    options: Readonly<Record<string, unknown>>,
    url: string,
  ): Promise<string> {
    const { plain, secure } = agents({ keepAlive: true, ...options }, { proxy: by(proxy.url) });
    closers.push(
      () => plain.destroy(),
      () => secure.destroy(),
    );
    const asked = request(url, { agent: secure });
    asked.end();
    const [response] = (await once(asked, 'response')) as [NodeJS.ReadableStream];
    let text = '';
    for await (const part of response) text += String(part);
    return text;
  }

  async function newSite(): Promise<string> {
    const site = createSecureServer({ key: fixture('localhost.key'), cert }, (_, response) =>
      response.end('hi'),
    );
    site.listen(0, '127.0.0.1');
    await once(site, 'listening');
    closers.push(() => site.close());
    return `https://localhost:${(site.address() as AddressInfo).port}/`;
  }

  it('reaches the host that was meant, and no other', async () => {
    const [proxy, url] = [await newProxy(), await newSite()];
    expect(await get(proxy, trusting, url)).toBe('hi');
    expect(proxy.opened).toEqual([new URL(url).host]);
  });

  it('carries a WebSocket, as the long connection is one', async () => {
    const proxy = await newProxy({ login: 'ann:pass-word' });
    const site = createSecureServer({ key: fixture('localhost.key'), cert }).listen(0, '127.0.0.1');
    await once(site, 'listening');
    const echo = new WebSocketServer({ server: site });
    echo.on('connection', (socket) => socket.on('message', (said) => socket.send(said)));
    const { secure } = agents(trusting, { proxy: by(proxy.url) });
    const line = new WebSocket(`wss://localhost:${(site.address() as AddressInfo).port}/`, { agent: secure });
    closers.push(
      () => site.close(),
      () => echo.close(),
      () => line.terminate(),
    );
    await once(line, 'open');
    line.send('hi');
    const [said] = (await once(line, 'message')) as [Buffer];
    expect(said.toString()).toBe('hi');
    expect(proxy.opened).toHaveLength(1);
  });

  it('tells of a certificate that is not trusted', async () => {
    const [proxy, url] = [await newProxy(), await newSite()];
    const error: unknown = await get(proxy, {}, url).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(ProxyFault);
    expect(error).toMatchObject({ cure: { en: expect.stringContaining('NODE_EXTRA_CA_CERTS') } });
  });

  it('tells of a connection that breaks off', async () => {
    const proxy = await newProxy();
    const plain = await startServer(() => undefined);
    closers.push(plain.stop);
    const error: unknown = await get(proxy, {}, plain.url.replace('http:', 'https:')).catch(
      (reason: unknown) => reason,
    );
    expect(error).toBeInstanceOf(ProxyFault);
    expect(error).toMatchObject({ cure: { zh: expect.stringContaining('HTTPS_PROXY') } });
  });
});
