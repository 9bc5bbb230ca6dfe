import { randomBytes } from 'node:crypto';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { newClientTokens } from './bitable/client-tokens.ts';
import { bitableHandlers } from './bitable/handlers.ts';
import { type Lock, newLock, type Writers } from './bitable/lock.ts';
import { newFieldCalls } from './bitable/schema/field-calls.ts';
import { newTableCall } from './bitable/schema/table-calls.ts';
import { newWrites } from './bitable/write.ts';
import { type Click, newClick } from './chat/clicks.ts';
import { messageHandlers } from './chat/handlers.ts';
import { newMessages } from './chat/messages.ts';
import { routesOf } from './endpoints.ts';
import { type Connections, newConnections } from './events/connection.ts';
import { type Events, newEvents } from './events/events.ts';
import { newFaults } from './gateway/faults.ts';
import { newServer, type RequestListener } from './gateway/http.ts';
import { newRates } from './gateway/rates.ts';
import { newRouter, type Route } from './gateway/router.ts';
import { newTokens } from './gateway/tokens.ts';
import type { Playground, PlaygroundOptions } from './handle.ts';
import { seededRandom } from './random.ts';
import { newSleep } from './sleep.ts';
import { appHandlers } from './tenant/app-handlers.ts';
import { contactHandlers } from './tenant/contacts.ts';
import { makePerson } from './tenant/people.ts';
import type { PageHandler } from './view/host.ts';
import { type Call, defaultLimits, type Person, tell, type World } from './world.ts';

/** What can be switched while the playground runs. */
export interface Settings {
  writers: Writers;
  rates: boolean;
  latency: NonNullable<PlaygroundOptions['latency']>;
  /** The page, while it is open. */
  page: { readonly handle: PageHandler; close(): void } | undefined;
}

/** The wired parts behind a {@link Playground}. */
export interface Parts {
  readonly seed: number;
  readonly world: World;
  readonly settings: Settings;
  readonly server: Server;
  readonly routes: readonly Route[];
  readonly connections: Connections;
  readonly events: Events;
  readonly click: Click;
  readonly faults: Playground['faults'];
  readonly lock: Lock;
  readonly calls: Call[];
  readonly unknown: { method: string; path: string }[];
  readonly requestListeners: Set<RequestListener>;
  /** Chat id → after which `seq` the last thing was said or clicked there. */
  readonly marks: Map<string, number>;
  /** Who seems to have typed what the caller puts into tables. */
  readonly author: Person;
  /** Host and port, once it listens. */
  origin(): string;
  revokeTokens(): void;
  /** Forgets what the parts remember by themselves. */
  forget(): void;
  /** Ends waits, redeliveries and connections. */
  stop(): void;
}

function newWorld(options: PlaygroundOptions, seed: number): World {
  const random = seededRandom(seed);
  const lark = options.profile === 'lark' ? { batchCreate: 500, batchUpdate: 500 } : {};
  return {
    now: options.now ?? Date.now,
    random,
    limits: { ...defaultLimits, ...lark, ...options.limits },
    appId: options.appId ?? `cli_${randomBytes(8).toString('hex')}`,
    appSecret: options.appSecret ?? randomBytes(16).toString('hex'),
    tenantKey: random.hex(16),
    bot: makePerson(random, 'Sync Bot'),
    appEnabled: true,
    people: new Map(),
    bases: new Map(),
    wiki: new Map(),
    chats: new Map(),
    messages: new Map(),
    uploads: new Map(),
    scopesMissing: new Set(),
    seq: 0,
    watchers: new Set(),
  };
}

/** Makes and wires all parts. Nothing listens yet. */
export function newParts(options: PlaygroundOptions): Parts {
  const seed = options.seed ?? randomBytes(4).readUInt32LE();
  const world = newWorld(options, seed);
  const { writers = { per: 'base', atOnce: 1 }, rates: ratesOn = true, latency = 0 } = options;
  const settings: Settings = { writers, rates: ratesOn, latency, page: undefined };
  const rates = newRates(world.now);
  const faults = newFaults();
  const tokens = newTokens(world);
  const clientTokens = newClientTokens(world);
  const lock = newLock(() => settings.writers);
  const messages = newMessages(world, rates);
  const waits = newSleep();
  const calls: Call[] = [];
  const unknown: { method: string; path: string }[] = [];
  const requestListeners = new Set<RequestListener>();

  const server = newServer({
    world,
    find: (method, path) => find(method, path),
    tokens,
    rates,
    ratesOn: () => settings.rates,
    faults,
    listeners: requestListeners,
    latency: (route, rows) =>
      typeof settings.latency === 'number' ? settings.latency : settings.latency(route, rows),
    sleep: waits.sleep,
    onCall: (call) => {
      calls.push(call);
      tell(world, { kind: 'call', call });
    },
    onUnknown: (method, path) => unknown.push({ method, path }),
    page: () => settings.page?.handle,
  });
  const origin = (): string => `127.0.0.1:${(server.address() as AddressInfo | null)?.port ?? 0}`;
  const connections = newConnections(world, server, () => `ws://${origin()}`);
  const events = newEvents(world, connections);
  const routes = routesOf({
    ...messageHandlers(world, tokens, messages, connections),
    ...bitableHandlers(world, {
      records: newWrites(world, lock, clientTokens),
      fields: newFieldCalls(world, lock, clientTokens),
      createTable: newTableCall(world, lock),
    }),
    ...contactHandlers(world),
    ...appHandlers(world),
  });
  const find = newRouter(routes);
  const author = makePerson(world.random, 'Somebody');
  world.people.set(author.openId, author);

  return {
    seed,
    world,
    settings,
    server,
    routes,
    connections,
    events,
    click: newClick(world, events),
    faults,
    lock,
    calls,
    unknown,
    requestListeners,
    marks: new Map(),
    author,
    origin,
    revokeTokens: () => tokens.revoke(),
    forget: () => {
      for (const part of [clientTokens, messages, rates]) part.reset();
      tokens.revoke();
      faults.clear();
    },
    stop: () => {
      settings.page?.close();
      events.stop();
      waits.stop();
      connections.stop();
    },
  };
}
