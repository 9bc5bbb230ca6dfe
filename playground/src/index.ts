/**
 * A Feishu that fits in memory: it speaks the HTTP and the long-connection protocol of the open platform on 127.0.0.1,
 * so that the real SDK works against it. It covers what `endpoints.ts` lists; everything else answers 404 and is noted.
 * State is plain and can be looked at; limits, faults, permissions and a person's edits are under the caller's control.
 */
import { addBase, addWikiNode } from './bitable/base-handle.ts';
import { botMessage, newChat } from './chat/chat-handle.ts';
import { uploadIn } from './chat/uploads.ts';
import type { Playground, PlaygroundOptions } from './handle.ts';
import { newParts, type Parts } from './parts.ts';
import { addPerson, changePerson } from './tenant/people.ts';
import { openPage } from './view/host.ts';
import type { Happening } from './world.ts';

const listened = <T>(set: Set<T>, item: T): (() => void) => {
  set.add(item);
  return () => set.delete(item);
};

type People = Pick<
  Playground,
  'base' | 'wikiNode' | 'person' | 'changePerson' | 'chat' | 'message' | 'file' | 'click'
>;

/** What people of the tenant do. */
function people({ world, events, marks, author, click }: Parts): People {
  const mark = {
    get: (chatId: string) => marks.get(chatId) ?? 0,
    set: (chatId: string) => {
      marks.set(chatId, world.seq);
    },
  };
  const person: Playground['person'] = (given = {}) => {
    const spec = typeof given === 'string' ? { name: given } : given;
    return addPerson(world, { ...spec, name: spec.name ?? `Person ${world.people.size}` });
  };
  return {
    base: (spec) => addBase(world, spec, author.openId),
    wikiNode: (base) => addWikiNode(world, base),
    person,
    changePerson: (one, change) => changePerson(world, one, change),
    chat: ({ kind, name = 'Group', members = [] }) => {
      const [first = person(), ...rest] = members;
      return newChat(world, events, { kind, name, members: [first, ...rest] }, mark);
    },
    message: (messageId) => {
      const message = world.messages.get(messageId);
      const latest = message?.versions.at(-1);
      return message && latest ? botMessage(message, latest) : undefined;
    },
    file: (messageId) => {
      const message = world.messages.get(messageId);
      const latest = message?.versions.at(-1);
      return message?.type === 'file' && latest ? uploadIn(world, latest.content) : undefined;
    },
    click: (messageId, target, { from } = {}) => {
      const chatId = world.messages.get(messageId)?.chatId ?? '';
      const [member] = world.chats.get(chatId)?.members ?? [];
      const presser = from ?? world.people.get(member ?? '') ?? author;
      mark.set(chatId);
      return click(messageId, typeof target === 'string' ? { name: target } : target, presser);
    },
  };
}

type Watching = Pick<
  Playground,
  'calls' | 'clearCalls' | 'unknown' | 'onRequest' | 'onCall' | 'watch' | 'writesAtOnceMax'
>;

/** What can be seen. */
function watching({ world, calls, unknown, requestListeners, lock }: Parts): Watching {
  return {
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
  };
}

type Switches = Pick<Playground, 'setWriters' | 'setRates' | 'setLatency' | 'app'>;

/** What an administrator or the weather may change. */
function switches({ world, settings, revokeTokens }: Parts): Switches {
  return {
    setWriters: (writers) => {
      settings.writers = writers;
    },
    setRates: (on) => {
      settings.rates = on;
    },
    setLatency: (latency) => {
      settings.latency = latency;
    },
    app: {
      revokeScopes: (...scopes) => {
        for (const scope of scopes) world.scopesMissing.add(scope);
      },
      grantScopes: (...scopes) => {
        if (scopes.length === 0) world.scopesMissing.clear();
        for (const scope of scopes) world.scopesMissing.delete(scope);
      },
      revokeTokens,
      setEnabled: (on) => {
        world.appEnabled = on;
      },
    },
  };
}

function reset({ world, marks, calls, unknown, forget }: Parts): void {
  for (const map of [world.bases, world.wiki, world.chats, world.messages, world.uploads, marks]) map.clear();
  world.scopesMissing.clear();
  world.appEnabled = true;
  calls.length = 0;
  unknown.length = 0;
  forget();
}

/** Starts a playground and listens on 127.0.0.1. Whoever starts it stops it. */
export async function startPlayground(options: PlaygroundOptions = {}): Promise<Playground> {
  const parts = newParts(options);
  const { world, server, events } = parts;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port ?? 0, '127.0.0.1', resolve);
  });
  return {
    url: `http://${parts.origin()}`,
    appId: world.appId,
    appSecret: world.appSecret,
    tenantKey: world.tenantKey,
    bot: { openId: world.bot.openId, name: world.bot.name },
    seed: parts.seed,
    limits: world.limits,
    ...people(parts),
    ...watching(parts),
    ...switches(parts),
    redeliver: (eventId) => events.again(eventId),
    event: (type, event) => events.deliver(type, event).delivered,
    openPage: (opened) => {
      parts.settings.page?.close();
      const page = openPage(parts, opened);
      parts.settings.page = page;
      const close = (): void => {
        page.close();
        if (parts.settings.page === page) parts.settings.page = undefined;
      };
      return { url: `http://${parts.origin()}/`, seen: page.seen, close };
    },
    faults: parts.faults,
    connections: parts.connections,
    subscribe: (to) => events.subscribe(to),
    reset: () => reset(parts),
    stop: async () => {
      parts.stop();
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

export type { BaseHandle, Fields, TableHandle } from './bitable/base-handle.ts';
export type { Concealment } from './bitable/concealing.ts';
export type { FieldSpec } from './bitable/fields.ts';
export { cardFault } from './chat/card-check.ts';
export type { BotMessage, ChatHandle } from './chat/chat-handle.ts';
export { seal } from './events/webhook.ts';
export type { Fault, When } from './gateway/faults.ts';
export type { Playground, PlaygroundOptions } from './handle.ts';
export type { Access, BaseCall, Call, Happening, Late, RevisionRule, TableChange } from './world.ts';
