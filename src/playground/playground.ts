/**
 * A Feishu that fits in memory: it speaks the HTTP and the long-connection protocol of the open platform on 127.0.0.1,
 * so that the real SDK works against it. It covers what `coverage.ts` lists; everything else answers 404 and is noted.
 * State is plain and can be looked at; limits, faults, permissions and a person's edits are under the caller's control.
 */
import { randomBytes } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import { addBase, addWikiNode } from './baseHandle.ts';
import { bitableRoutes } from './bitableRoutes.ts';
import { botMessage, newChat } from './chatHandle.ts';
import { newClick } from './clicks.ts';
import { newClientTokens } from './clientTokens.ts';
import { newConnections } from './connection.ts';
import { newEvents } from './events.ts';
import { newFaults } from './faults.ts';
import type { Playground, PlaygroundOptions } from './handle.ts';
import { newServer, type RequestListener } from './http.ts';
import { newLock, type Writers } from './lock.ts';
import { messageRoutes } from './messageRoutes.ts';
import { newMessages } from './messages.ts';
import { addPerson, makePerson } from './people.ts';
import { seededRandom } from './random.ts';
import { newRates } from './rates.ts';
import { newRouter, type Route } from './router.ts';
import { newTokens } from './tokens.ts';
import { type Call, defaultLimits, type Happening, type World } from './world.ts';
import { newWrites } from './write.ts';

function newWorld(options: PlaygroundOptions, seed: number): World {
  const random = seededRandom(seed);
  const lark = options.profile === 'lark' ? { batchCreate: 500, batchUpdate: 500 } : {};
  return {
    now: options.now ?? Date.now,
    random,
    limits: { ...defaultLimits, ...lark, ...options.limits },
    appId: `cli_${randomBytes(8).toString('hex')}`,
    appSecret: randomBytes(16).toString('hex'),
    tenantKey: random.hex(16),
    bot: makePerson(random, 'Sync Bot'),
    appEnabled: true,
    people: new Map(),
    bases: new Map(),
    wiki: new Map(),
    chats: new Map(),
    messages: new Map(),
    scopesMissing: new Set(),
    seq: 0,
    watchers: new Set(),
  };
}

/** Waits that end early when the playground stops. */
function newSleep(): { sleep(ms: number): Promise<void>; stop(): void } {
  const waiting = new Map<NodeJS.Timeout, () => void>();
  return {
    sleep: (ms) => {
      if (ms <= 0) return Promise.resolve();
      return new Promise((resolve) => {
        const timer = setTimeout(() => {
          waiting.delete(timer);
          resolve();
        }, ms);
        waiting.set(timer, resolve);
      });
    },
    stop: () => {
      for (const [timer, resolve] of waiting) {
        clearTimeout(timer);
        resolve();
      }
      waiting.clear();
    },
  };
}

const listened = <T>(set: Set<T>, item: T): (() => void) => {
  set.add(item);
  return () => set.delete(item);
};

/** Starts a playground and listens on 127.0.0.1. Whoever starts it stops it. */
export async function startPlayground(options: PlaygroundOptions = {}): Promise<Playground> {
  const seed = options.seed ?? randomBytes(4).readUInt32LE();
  const world = newWorld(options, seed);
  const rates = newRates(world.now);
  const faults = newFaults();
  const tokens = newTokens(world);
  const clientTokens = newClientTokens(world);
  let writers: Writers = options.writers ?? { per: 'base', atOnce: 1 };
  let ratesOn = options.rates ?? true;
  let latency = options.latency ?? 0;
  const lock = newLock(() => writers);
  const messages = newMessages(world, rates);
  const waits = newSleep();
  const calls: Call[] = [];
  const unknown: { method: string; path: string }[] = [];
  const requestListeners = new Set<RequestListener>();
  const routes: Route[] = [];
  const marks = new Map<string, number>();
  const mark = {
    get: (chatId: string) => marks.get(chatId) ?? 0,
    set: (chatId: string) => {
      marks.set(chatId, world.seq);
    },
  };

  const server = newServer({
    world,
    find: (method, path) => find(method, path),
    tokens,
    rates,
    ratesOn: () => ratesOn,
    faults,
    listeners: requestListeners,
    latency: (route, rows) => (typeof latency === 'number' ? latency : latency(route, rows)),
    sleep: waits.sleep,
    onCall: (call) => {
      calls.push(call);
      for (const watcher of world.watchers) watcher({ kind: 'call', call });
    },
    onUnknown: (method, path) => unknown.push({ method, path }),
  });
  const origin = (): string => `127.0.0.1:${(server.address() as AddressInfo | null)?.port ?? 0}`;
  const connections = newConnections(world, server, () => `ws://${origin()}`);
  const events = newEvents(world, connections);
  const click = newClick(world, events);
  routes.push(
    ...messageRoutes(world, tokens, messages, connections),
    ...bitableRoutes(world, newWrites(world, lock, clientTokens), rates),
  );
  const find = newRouter(routes);
  const author = makePerson(world.random, 'Somebody');
  world.people.set(author.openId, author);

  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port ?? 0, '127.0.0.1', resolve);
  });

  return {
    url: `http://${origin()}`,
    appId: world.appId,
    appSecret: world.appSecret,
    tenantKey: world.tenantKey,
    bot: { openId: world.bot.openId, name: world.bot.name },
    seed,
    limits: world.limits,
    base: (spec) => addBase(world, spec, author.openId),
    wikiNode: (base) => addWikiNode(world, base),
    person: (name = `Person ${world.people.size}`) => addPerson(world, name),
    chat: ({ kind, name = 'Group', members = [] }) => {
      const [first = addPerson(world, `Person ${world.people.size}`), ...rest] = members;
      return newChat(world, events, { kind, name, members: [first, ...rest] }, mark);
    },
    message: (messageId) => {
      const message = world.messages.get(messageId);
      const latest = message?.versions.at(-1);
      return message && latest ? botMessage(message, latest) : undefined;
    },
    click: (messageId, target, { from } = {}) => {
      const chatId = world.messages.get(messageId)?.chatId ?? '';
      const [member] = world.chats.get(chatId)?.members ?? [];
      const presser = from ?? world.people.get(member ?? '') ?? author;
      mark.set(chatId);
      return click(messageId, typeof target === 'string' ? { name: target } : target, presser);
    },
    redeliver: (eventId) => events.again(eventId),
    event: (type, event) => events.deliver(type, event).delivered,
    faults,
    calls: () => calls,
    clearCalls: () => {
      calls.length = 0;
    },
    unknown,
    onRequest: (listener) => listened(requestListeners, listener),
    onCall: (listener) =>
      listened(world.watchers, (happening: Happening) => {
        if (happening.kind === 'call') listener(happening.call);
      }),
    watch: (listener) => listened(world.watchers, listener),
    writesAtOnceMax: () => lock.most(),
    setWriters: (next) => {
      writers = next;
    },
    setRates: (on) => {
      ratesOn = on;
    },
    setLatency: (next) => {
      latency = next;
    },
    connections,
    app: {
      revokeScopes: (...scopes) => {
        for (const scope of scopes) world.scopesMissing.add(scope);
      },
      grantScopes: (...scopes) => {
        if (scopes.length === 0) world.scopesMissing.clear();
        for (const scope of scopes) world.scopesMissing.delete(scope);
      },
      revokeTokens: () => tokens.revoke(),
      setEnabled: (on) => {
        world.appEnabled = on;
      },
    },
    routes: routes.map(({ name, method, path }) => ({ name, method, path })),
    reset: () => {
      for (const map of [world.bases, world.wiki, world.chats, world.messages, marks]) map.clear();
      world.scopesMissing.clear();
      world.appEnabled = true;
      calls.length = 0;
      unknown.length = 0;
      faults.clear();
      tokens.revoke();
      clientTokens.reset();
      messages.reset();
      rates.reset();
    },
    stop: async () => {
      events.stop();
      waits.stop();
      connections.stop();
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

export type { BaseHandle, BaseSpec, Fields, TableHandle, TableSpec } from './baseHandle.ts';
export type { BotMessage, ChatHandle } from './chatHandle.ts';
export type { Fault, FaultRates, FaultRule } from './faults.ts';
export type { FieldSpec } from './fields.ts';
export type { Playground, PlaygroundOptions } from './handle.ts';
export type { Access, Call, Happening, Limits, Person } from './world.ts';
