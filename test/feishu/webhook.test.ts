import { once } from 'node:events';
import { request } from 'node:http';
import { connect } from 'node:net';
import { seal } from 'bitable-playground';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type Door, doorLimits, openDoor, type Readiness } from '../../src/feishu/events/door.ts';
import { decrypted, keyring, signatureOf, webhook, webhookPath } from '../../src/feishu/events/webhook.ts';
import { problem } from '../../src/sync/words/problem.ts';
import { text } from '../../src/sync/words/text.ts';

const encryptKey = 'key-of-the-test';
const verificationToken = 'token-of-the-test';
const hour = 3600;
const window = 7 * hour;
const at = 1_780_000_000;
let warned: Readonly<Record<string, unknown>>[];
const log = {
  debug: () => undefined,
  info: () => undefined,
  warn: (event: string, facts = {}) => void warned.push({ event, ...facts }),
  error: () => undefined,
};

const event = (id: string, token = verificationToken): string =>
  JSON.stringify({
    schema: '2.0',
    header: { event_id: id, event_type: 'im.message.receive_v1', token },
    event: { words: id },
  });

/** The limits of the door, with times that a test can wait for. */
const quick = {
  ...doorLimits,
  headersTimeout: 100,
  requestTimeout: 200,
  connectionsCheckingInterval: 20,
};

const fine = { ok: true } as const;
let answer: Readiness;
let mishap: Error | undefined;
let door: Door;
let open: (limits: typeof doorLimits) => Promise<Door>;
let now: number;
let taken: { type: string; id: unknown; nonce: string | undefined }[];

beforeEach(async () => {
  answer = { ok: true, store: fine, token: fine, connection: fine };
  now = at;
  mishap = undefined;
  taken = [];
  warned = [];
  const receiver = {
    types: ['im.message.receive_v1'],
    leaveOut: () => undefined,
    receive: async (type: string, payload: unknown, nonce?: string) => {
      const { header } = payload as { header: { event_id: string } };
      taken.push({ type, id: header.event_id, nonce });
      return { toast: { type: 'info', content: 'ok' } } as const;
    },
  };
  const takes = webhook({
    encryptKey,
    verificationToken,
    window,
    receiver,
    clock: { now: () => now * 1000 },
    log,
  });
  const clock = { now: () => now * 1000 };
  const ready = async () => {
    if (mishap) throw mishap;
    return answer;
  };
  open = (limits) => openDoor({ port: 0, ready, version: '1.2.3', webhook: takes, log, clock }, limits);
  door = await open(doorLimits);
});
afterEach(() => door.stop());

interface Answer {
  readonly status: number;
  readonly body: unknown;
}

async function send(
  body: string | Buffer,
  headers: Readonly<Record<string, string>> = {},
  path = webhookPath,
): Promise<Answer> {
  const answer = await fetch(`http://127.0.0.1:${door.port}${path}`, { method: 'POST', body, headers });
  const text = await answer.text();
  return { status: answer.status, body: text.startsWith('{') ? JSON.parse(text) : text };
}

const sendSealed = (payload: string, key = encryptKey, time = at, nonce?: string): Promise<Answer> => {
  const { body, headers } = seal(payload, key, time, nonce);
  return send(body, headers);
};

describe('the webhook', () => {
  it('hands over what is signed and encrypted with our keys, and answers what the handler answers', async () => {
    const answer = await sendSealed(event('e1'), encryptKey, at, 'n1');
    expect(answer).toEqual({ status: 200, body: { toast: { type: 'info', content: 'ok' } } });
    expect(taken).toEqual([{ type: 'im.message.receive_v1', id: 'e1', nonce: 'n1' }]);
  });

  it('takes the signature over the bytes as they came, blanks and all', async () => {
    const sealed = seal(event('e1'), encryptKey, at);
    const body = Buffer.from(`{ "encrypt" :\n${JSON.stringify(JSON.parse(sealed.body).encrypt)} }`);
    const timestamp = String(at);
    const signature = signatureOf({ body, timestamp, nonce: 'n' }, encryptKey);
    const signed = {
      'X-Lark-Request-Timestamp': timestamp,
      'X-Lark-Request-Nonce': 'n',
      'X-Lark-Signature': signature,
    };
    expect((await send(body, signed)).status).toBe(200);
    expect((await send(sealed.body, signed)).status).toBe(401);
  });

  it('answers the encrypted challenge with the right token, which Feishu does not sign', async () => {
    const challenge = (token: string, key = encryptKey) =>
      send(seal(JSON.stringify({ challenge: 'c1', token, type: 'url_verification' }), key, at).body);
    expect(await challenge(verificationToken)).toEqual({ status: 200, body: { challenge: 'c1' } });
    expect((await challenge('other')).status).toBe(401);
    expect((await challenge(verificationToken, 'other')).status).toBe(401);
    const open = { challenge: 'c1', token: verificationToken, type: 'url_verification' };
    expect((await send(JSON.stringify(open))).status).toBe(401);
  });

  it.each([
    ['is forged', () => sendSealed(event('e'), 'another key')],
    ['is not signed', () => send(seal(event('e'), encryptKey, at).body)],
    [
      'has a signature that is too short',
      () => {
        const { body, headers } = seal(event('e'), encryptKey, at);
        return send(body, { ...headers, 'X-Lark-Signature': 'ab' });
      },
    ],
    [
      'is signed, but encrypted with another key',
      () => {
        const { body, headers } = seal(event('e'), 'another key', at);
        const parts = { timestamp: String(at), nonce: headers['X-Lark-Request-Nonce'] ?? '' };
        const signature = signatureOf({ body: Buffer.from(body), ...parts }, encryptKey);
        return send(body, { ...headers, 'X-Lark-Signature': signature });
      },
    ],
    ['is not encrypted', () => send(event('e'))],
    ['carries another Verification Token', () => sendSealed(event('e', 'other'))],
    ['is older than the window', () => sendSealed(event('e'), encryptKey, at - window - 1)],
    ['comes from the future', () => sendSealed(event('e'), encryptKey, at + window + 1)],
    [
      'has no time',
      () => {
        const { body } = seal(event('e'), encryptKey, at);
        const signature = signatureOf({ body: Buffer.from(body), timestamp: '', nonce: 'n' }, encryptKey);
        return send(body, { 'X-Lark-Request-Nonce': 'n', 'X-Lark-Signature': signature });
      },
    ],
  ])('refuses with 401 and without effect what %s', async (_what, act) => {
    expect((await act()).status).toBe(401);
    expect(taken).toEqual([]);
  });

  it('takes the last redelivery, six hours after the event', async () => {
    expect((await sendSealed(event('e'), encryptKey, at - 6 * hour)).status).toBe(200);
    expect(taken).toHaveLength(1);
  });

  it('answers a known event or nonce with {} and without effect', async () => {
    await sendSealed(event('e1'), encryptKey, at, 'n1');
    expect(await sendSealed(event('e1'), encryptKey, at, 'n2')).toEqual({ status: 200, body: {} });
    expect(await sendSealed(event('e2'), encryptKey, at, 'n1')).toEqual({ status: 200, body: {} });
    expect(taken).toHaveLength(1);
  });

  it.each(['', 'no json', '{"encrypt":'])('answers 400 to %j, which is no JSON', async (body) => {
    expect((await send(body)).status).toBe(400);
  });

  it.each(['[]', '"text"', 'null', '{"encrypt":7}', '{"encrypt":"AA=="}', '{}'])(
    'answers 401 to %s, which nobody encrypted',
    async (body) => {
      expect((await send(body)).status).toBe(401);
    },
  );

  it.each([
    ['of a stranger', 4 * 1024, {}],
    ['with a signature', 256 * 1024, { 'X-Lark-Signature': 'f'.repeat(64) }],
  ])('answers 413 to a body %s that is too long, with and without a length', async (_of, most, headers) => {
    const body = (size: number) => Buffer.alloc(size, 0x20);
    expect((await send(body(most + 1), headers)).status).toBe(413);
    const status = await new Promise<number | undefined>((resolve, reject) => {
      const one = request(
        { port: door.port, host: '127.0.0.1', path: webhookPath, method: 'POST', headers },
        (answer) => {
          answer.resume();
          resolve(answer.statusCode);
        },
      );
      one.on('error', reject);
      one.write(body(most));
      one.end(body(most));
    });
    expect(status).toBe(413);
    expect((await send(body(most), headers)).status).not.toBe(413);
  });

  it('reads nothing of a body whose signature is wrong, be it JSON or not', async () => {
    const signed = { 'X-Lark-Signature': 'f'.repeat(64) };
    for (const body of ['no json', '{"encrypt":"AA=="}', '['.repeat(100_000)])
      expect(await send(body, signed)).toEqual({ status: 401, body: { error: 'wrong-signature' } });
  });

  it.each([
    ['headers', 'POST /webhook/event HTTP/1.1\r\nHost: door\r\n'],
    ['a body', 'POST /webhook/event HTTP/1.1\r\nHost: door\r\nContent-Length: 100\r\n\r\n{'],
    ['nothing at all', ''],
  ])('hangs up on who sends %s and then no more', async (_what, words) => {
    const hasty = await open(quick);
    const line = connect(hasty.port, '127.0.0.1');
    line.resume();
    line.write(words);
    await once(line, 'close');
    await hasty.stop();
  });

  it('hangs up on connections beyond its limit, and says so once', async () => {
    const narrow = await open({ ...doorLimits, connections: 3 });
    const lines = Array.from({ length: 7 }, () => connect(narrow.port, '127.0.0.1'));
    for (const line of lines) line.on('error', () => undefined).resume();
    await Promise.race(lines.map((line) => once(line, 'close')));
    for (const line of lines) line.destroy();
    await narrow.stop();
    expect(warned).toEqual([{ event: 'http.refused', why: 'too-many-connections' }]);
  });

  it('logs why it failed at something: by its code, else by its class, never by its words', async () => {
    const line = connect(door.port, '127.0.0.1');
    line.resume().end('POST /webhook/event HTTP/1.1\r\nHost: door\r\nContent-Length: 100\r\n\r\n{');
    await once(line, 'close');
    const said = (why: string) => ({ event: 'http.failed', why });
    await vi.waitFor(() => expect(warned).toContainEqual(said('ECONNRESET')));
    const words = { message: text('密', 'secret'), cure: text('改', 'mend') };
    for (const error of [problem({ code: 'store-gone', ...words }), new TypeError('secret')]) {
      mishap = error;
      expect((await fetch(`http://127.0.0.1:${door.port}/readyz`)).status).toBe(500);
    }
    expect(warned.slice(-2)).toEqual([said('store-gone'), said('TypeError')]);
  });

  it('logs strangers once a minute, and how many lines were left out', async () => {
    for (let n = 0; n < 5; n++) await send(event('e'));
    now += 61;
    await send(event('e'));
    const line = { event: 'webhook.refused', why: 'not-encrypted' };
    expect(warned).toEqual([line, { ...line, leftOut: 4 }]);
  });

  it('answers 404 elsewhere', async () => {
    const { body, headers } = seal(event('e'), encryptKey, at);
    for (const path of ['/', '/webhook', '/webhook/event/', '/webhook/events'])
      expect((await send(body, headers, path)).status).toBe(404);
    expect((await fetch(`http://127.0.0.1:${door.port}${webhookPath}`)).status).toBe(404);
    expect(taken).toEqual([]);
  });
});

it('the cipher is the one of the published example', () => {
  // https://open.feishu.cn/document/ukTMukTMukTM/uYDNxYjL2QTM24iN0EjN/event-subscription-configure-/encrypt-key-encryption-configuration-case
  const { aes } = keyring({ encryptKey: 'test key', verificationToken: '' });
  expect(decrypted('P37w+VZImNgPEO1RBhJ6RtKl7n6zymIbEG1pReEzghk=', aes)).toBe('hello world');
});

describe('what watches the bot', () => {
  const get = async (path: string) => {
    const response = await fetch(`http://127.0.0.1:${door.port}${path}`);
    return { status: response.status, body: await response.json() };
  };

  it('hears at /healthz that the process lives, which version and for how long', async () => {
    const body = { ok: true, version: '1.2.3', uptime: expect.any(Number) };
    expect(await get('/healthz')).toEqual({ status: 200, body });
  });

  it('hears at /readyz what is not ok', async () => {
    expect(await get('/readyz')).toEqual({ status: 200, body: answer });
    const token = { ok: false, code: 'wrong-credentials', message: 'no' } as const;
    answer = { ...answer, ok: false, token };
    expect(await get('/readyz')).toEqual({
      status: 503,
      body: { ok: false, store: fine, token, connection: fine },
    });
  });
});
