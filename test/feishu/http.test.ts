import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { type Http, type HttpCall, http } from '../../src/feishu/calls/http.ts';

describe('an answer', () => {
  let server: Server;
  let transport: Http;

  async function serve(answer: RequestListener): Promise<(more?: Partial<HttpCall>) => Promise<unknown>> {
    server = createServer(answer).listen(0, '127.0.0.1');
    await once(server, 'listening');
    transport = http();
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    return async (more) => {
      const call = { method: 'GET', url, headers: {}, body: undefined, timeout: 10_000, signal: undefined };
      const { json, instead } = await transport.send({ ...call, ...more });
      if (instead !== undefined) throw new Error('The answer was not read.');
      return json;
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

  it('is what was sent, whatever its size, its parts and its packing', async () => {
    let sent: readonly string[] = [];
    let how: 'sized' | 'chunked' | 'gzip' = 'sized';
    const get = await serve((_, response) => {
      const whole = Buffer.from(JSON.stringify(sent));
      if (how === 'sized') response.setHeader('content-length', whole.length);
      if (how === 'gzip') response.setHeader('content-encoding', 'gzip').end(gzipSync(whole));
      else {
        for (let at = 0; at < whole.length; at += 70_001) response.write(whole.subarray(at, at + 70_001));
        response.end();
      }
    });
    const part = fc
      .tuple(fc.integer({ min: 1, max: 300_000 }), fc.nat(255))
      .map(([size, seed]) => `${seed} 页`.repeat(size / 4));
    await fc.assert(
      fc.asyncProperty(
        fc.array(part, { minLength: 1, maxLength: 3 }),
        fc.constantFrom('sized', 'chunked', 'gzip'),
        async (parts, packing) => {
          sent = parts;
          how = packing;
          expect(await get()).toEqual(parts);
        },
      ),
      { numRuns: 30 },
    );
  });
});
