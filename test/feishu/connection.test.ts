import { type Playground, startPlayground } from 'bitable-playground';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ChatEvent, Toast } from '../../src/bot/ports.ts';
import type { FeishuApp } from '../../src/feishu/calls/client.ts';
import { type Http, http } from '../../src/feishu/calls/http.ts';
import { type Connection, type ConnectionState, longConnection } from '../../src/feishu/events/connection.ts';
import { receiver } from '../../src/feishu/events/events.ts';
import type { Clock } from '../../src/run/ports.ts';
import { startHttpProxy } from '../support/http-proxy.ts';
import { newLog, wallClock } from './parts.ts';

let feishu: Playground;
let transport: Http;
const connections: Connection[] = [];

beforeEach(async () => {
  feishu = await startPlayground({ seed: 5, limits: { redelivery: [50, 50] } });
  transport = http();
});

afterEach(async () => {
  while (connections.length > 0) await connections.pop()?.stop();
  transport.stop();
  await feishu.stop();
});

/** The wall clock, with the pauses between connections cut to nothing; `pauses` says how long they would have been. */
function hastyClock() {
  const pauses: number[] = [];
  const clock: Clock = {
    now: wallClock.now,
    monotonic: wallClock.monotonic,
    sleep: async (ms, signal) => {
      if ([20_000, 30_000, 2500].includes(ms)) return wallClock.sleep(ms, signal);
      pauses.push(ms);
      return wallClock.sleep(5, signal);
    },
  };
  return { clock, pauses };
}

function open(
  handle: (event: ChatEvent) => Promise<Toast | undefined> = async () => undefined,
  more: Partial<FeishuApp> = {},
) {
  const log = newLog();
  const { clock, pauses } = hastyClock();
  const connection = longConnection({
    app: { id: feishu.appId, secret: feishu.appSecret, domain: feishu.url, ...more },
    http: transport,
    receiver: receiver({ self: feishu.bot.openId, handle, log, clock, hide: (words) => words }),
    log,
    clock,
    chance: { random: () => 1 },
  });
  connections.push(connection);
  return { connection, log, pauses };
}

/** Waits for a state by looking at it after every turn of the event loop. */
async function until(
  connection: Connection,
  fits: (state: ConnectionState) => boolean,
): Promise<ConnectionState> {
  for (;;) {
    const state = connection.state();
    if (fits(state)) return state;
    await new Promise((resolve) => setImmediate(resolve));
  }
}

describe('the long connection', () => {
  it('brings messages and clicks, and takes toasts back', async () => {
    const events: ChatEvent[] = [];
    const { connection } = open(async (event) => {
      events.push(event);
      return event.kind === 'click' ? { type: 'success', content: '好的' } : undefined;
    });
    await feishu.connections.ready();
    await until(connection, ({ kind }) => kind === 'connected');
    const group = feishu.chat({ kind: 'group' });
    const said = group.say('/sync orders', { mention: true });
    expect(await said.delivered).toMatchObject({ acknowledged: true, attempts: 1 });
    const rich = group.say('/help', { mention: true, post: true });
    expect(await rich.delivered).toMatchObject({ acknowledged: true });
    expect(events).toMatchObject([
      {
        kind: 'message',
        id: said.eventId,
        message: said.messageId,
        chat: group.id,
        mentioned: true,
        tenant: feishu.tenantKey,
      },
      { kind: 'message', mentioned: true },
    ]);
    expect(events.map((event) => (event.kind === 'message' ? event.text?.trim() : ''))).toEqual([
      '/sync orders',
      '/help',
    ]);

    const { chat } = await import('../../src/feishu/chat/chat.ts');
    const { feishuClient } = await import('../../src/feishu/calls/client.ts');
    const { newMeter } = await import('./parts.ts');
    const client = feishuClient({
      app: { id: feishu.appId, secret: feishu.appSecret, domain: feishu.url },
      log: newLog(),
      clock: wallClock,
      chance: { random: () => 0 },
    });
    const button = {
      tag: 'button',
      name: 'retry',
      text: { tag: 'plain_text', content: '重试' },
      behaviors: [{ type: 'callback', value: { op: 'retry', run: 'r1', v: 1 } }],
    };
    const message = await chat(client, newMeter()).send(
      group.id,
      { schema: '2.0', body: { elements: [button] } },
      'once',
    );
    expect(await feishu.click(message, 'retry')).toEqual({ toast: { type: 'success', content: '好的' } });
    expect(events[2]).toMatchObject({
      kind: 'click',
      message,
      name: 'retry',
      value: { op: 'retry', run: 'r1', v: 1 },
    });
    client.stop();
  });

  it('acknowledges at once what its handler fails on, so that nothing comes again', async () => {
    const { connection } = open(async () => {
      throw new Error('broken');
    });
    await until(connection, ({ kind }) => kind === 'connected');
    const said = feishu.chat({ kind: 'p2p' }).say('hello');
    expect(await said.delivered).toMatchObject({ acknowledged: true, attempts: 1 });
  });

  it.each([1001, 1006] as const)('comes back after the server dropped it with %i', async (code) => {
    const { connection, pauses } = open();
    await feishu.connections.ready();
    await until(connection, ({ kind }) => kind === 'connected');
    feishu.connections.disconnect({ code });
    await until(connection, ({ kind }) => kind === 'connecting');
    await until(connection, ({ kind }) => kind === 'connected');
    await feishu.connections.ready();
    expect(feishu.connections.count()).toBe(1);
    expect(pauses).toEqual([1000]);
    expect(await feishu.chat({ kind: 'p2p' }).say('still there?').delivered).toMatchObject({
      acknowledged: true,
    });
  });

  it('tries for ever, with longer and longer pauses, and says why it is not open', async () => {
    feishu.app.setEnabled(false);
    const { connection, log, pauses } = open();
    for (const more of [1, 4, 8]) {
      while (pauses.length < more) await new Promise((resolve) => setImmediate(resolve));
    }
    expect(pauses.slice(0, 8)).toEqual([1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000]);
    const state = connection.state();
    expect(state.kind === 'connecting' && state.problem?.code).toBe('connection-refused');
    expect(log.lines.join()).toContain('403');
    feishu.app.setEnabled(true);
    await until(connection, ({ kind }) => kind === 'connected');
  });

  it('says that the credentials are wrong', async () => {
    const { connection } = open(undefined, { secret: 'wrong' });
    const state = await until(connection, (one) => one.kind === 'connecting' && one.problem !== undefined);
    if (state.kind !== 'connecting') throw new Error('It is not connecting.');
    expect(state.problem?.message.en).toContain('514');
    expect(state.problem?.cure.en).toContain('FEISHU_APP_SECRET');
  });

  it('says that Feishu cannot be reached', async () => {
    const gone = await startPlayground();
    await gone.stop();
    const { connection } = open(undefined, { domain: gone.url });
    const state = await until(connection, (one) => one.kind === 'connecting' && one.problem !== undefined);
    expect(state.kind === 'connecting' && state.problem?.code).toBe('feishu-unreachable');
  });

  it('opens through a proxy', async () => {
    const proxy = await startHttpProxy({ login: 'ann:pass-word' });
    const { connection } = open(undefined, {
      proxy: { setting: 'HTTPS_PROXY', url: proxy.url, around: [] },
    });
    await feishu.connections.ready();
    await until(connection, ({ kind }) => kind === 'connected');
    expect(proxy.opened).toEqual([new URL(feishu.url).host]);
    const said = feishu.chat({ kind: 'p2p' }).say('/help');
    expect(await said.delivered).toMatchObject({ acknowledged: true, attempts: 1 });
    await connection.stop();
    await proxy.stop();
  });

  it('says which proxy does not let it through', async () => {
    const proxy = await startHttpProxy({ answers: 403 });
    const url = proxy.url.replace('//', '//ann:pass-word@');
    const { connection, log } = open(undefined, { proxy: { setting: 'https_proxy', url, around: [] } });
    const state = await until(connection, (one) => one.kind === 'connecting' && one.problem !== undefined);
    const problem = state.kind === 'connecting' ? state.problem : undefined;
    expect(problem).toMatchObject({ code: 'feishu-unreachable' });
    expect(problem?.message.en).toContain(proxy.host);
    expect(problem?.cure.zh).toContain('https_proxy');
    expect(JSON.stringify(problem) + log.lines.join()).not.toMatch(/pass-word|ann/);
    await connection.stop();
    await proxy.stop();
  });

  it('is over when it is stopped', async () => {
    const { connection } = open();
    await until(connection, ({ kind }) => kind === 'connected');
    await connection.stop();
    expect(connection.state()).toEqual({ kind: 'stopped' });
    while (feishu.connections.count() > 0) await new Promise((resolve) => setImmediate(resolve));
  });

  it('can be stopped before it ever opened', async () => {
    const { connection } = open();
    await connection.stop();
    expect(connection.state()).toEqual({ kind: 'stopped' });
  });

  it('writes no secret, address or words of people into the log', async () => {
    const { connection, log } = open();
    await until(connection, ({ kind }) => kind === 'connected');
    await feishu.chat({ kind: 'p2p' }).say('秘密').delivered;
    feishu.connections.disconnect();
    await until(connection, ({ kind }) => kind === 'connecting');
    await connection.stop();
    expect(log.lines.join()).not.toMatch(/ticket|access_key|秘密/);
    expect(log.lines.join()).not.toContain(feishu.appSecret);
  });
});
