import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { type Http, type HttpCall, http, NoAnswer, type Room } from '../../src/feishu/http.ts';

describe('an answer that is collected in a room', () => {
  let server: Server;
  let transport: Http;

  async function serve(answer: RequestListener): Promise<(more?: Partial<HttpCall>) => Promise<Buffer>> {
    server = createServer(answer).listen(0, '127.0.0.1');
    await once(server, 'listening');
    transport = http();
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    return async (more) => {
      const call = { method: 'GET', url, headers: {}, body: undefined, timeout: 10_000, signal: undefined };
      const { body } = await transport.send({ ...call, read: (bytes) => bytes, ...more });
      if (body.kind !== 'json') throw new Error('The answer was not read.');
      return body.value as Buffer;
    };
  }

  afterEach(async () => {
    transport.stop();
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  });

  it('is not there, nor is a request, where the call may not go any more once the connection stands', async () => {
    let requests = 0;
    const get = await serve((_, response) => {
      requests++;
      response.end('{}');
    });
    let may = true;
    const going = get({ mayGo: () => may });
    may = false;
    await expect(going).rejects.toMatchObject({ why: 'held-up', sent: false });
    expect(requests).toBe(0);
    await get({ mayGo: () => true });
    await expect(get({ mayGo: () => false })).rejects.toMatchObject({ why: 'held-up', sent: false });
    expect(requests).toBe(1);
  });

  it('is the same as without one, whatever its size, its parts and its packing', async () => {
    let sent: readonly Buffer[] = [];
    let how: 'sized' | 'chunked' | 'gzip' = 'sized';
    const get = await serve((_, response) => {
      const whole = Buffer.concat(sent);
      if (how === 'sized') response.setHeader('content-length', whole.length);
      if (how === 'gzip') response.setHeader('content-encoding', 'gzip').end(gzipSync(whole));
      else {
        for (const part of sent) response.write(part);
        response.end();
      }
    });
    const room: Room = { bytes: undefined };
    const part = fc
      .tuple(fc.integer({ min: 1, max: 300_000 }), fc.nat(255))
      .map(([size, seed]) => Buffer.alloc(size, `${seed} 页`));
    await fc.assert(
      fc.asyncProperty(
        fc.array(part, { minLength: 1, maxLength: 3 }),
        fc.constantFrom('sized', 'chunked', 'gzip'),
        async (parts, packing) => {
          sent = parts;
          how = packing;
          expect((await get({ room })).equals(await get())).toBe(true);
        },
      ),
      { numRuns: 30 },
    );
  });

  it('stands where the one before it stood', async () => {
    let calls = 0;
    const get = await serve((_, response) => response.end(`"${++calls}"`));
    const room: Room = { bytes: undefined };
    const first = await get({ room });
    expect(first.toString()).toBe('"1"');
    const second = await get({ room });
    expect(second.buffer).toBe(first.buffer);
    expect(second.toString()).toBe('"2"');
  });

  it('never shares it with a call that was given up, nor with one that is under way', async () => {
    const held: (() => void)[] = [];
    let arrived = (): void => {};
    const get = await serve((_, response) => {
      response.write('"half');
      held.push(() => response.end('"'));
      arrived();
    });
    const room: Room = { bytes: Buffer.alloc(16) };
    const now = (): Buffer | undefined => room.bytes;
    const before = now();
    const giveUp = new AbortController();
    const begun = new Promise<void>((resolve) => (arrived = resolve));
    const left = get({ room, signal: giveUp.signal });
    await begun;
    while (now() !== undefined) await new Promise(setImmediate);
    const second = new Promise<void>((resolve) => (arrived = resolve));
    const other = get({ room });
    await second;
    giveUp.abort(new Error('enough'));
    await expect(left).rejects.toBeInstanceOf(NoAnswer);
    expect(now()).toBeUndefined();
    for (const end of held) end();
    expect((await other).toString()).toBe('"half"');
    expect((await other).buffer).not.toBe(before?.buffer);
    expect(now()?.buffer).toBe((await other).buffer);
  });
});
