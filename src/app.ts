import { randomBytes, randomUUID } from 'node:crypto';
import { tmpdir } from 'node:os';
import { approvers } from './bot/access.ts';
import { createBackground } from './bot/background.ts';
import { standstill } from './bot/commands/look.ts';
import { definitionOf } from './bot/find.ts';
import { freeze, frozenNow, thaw } from './bot/frozen.ts';
import { createBot } from './bot/handle.ts';
import { permit } from './bot/permit.ts';
import type { Chat } from './bot/ports.ts';
import { pause, resumeSchedule } from './bot/reminders.ts';
import { tendRuns } from './bot/resume.ts';
import { noteQuota, quotaCode } from './bot/schedule/quota.ts';
import { startSchedule } from './bot/schedule/ticker.ts';
import { everySecond } from './bot/schedule/wake.ts';
import { factsOf } from './bot/trouble.ts';
import { runCard } from './cards/runCard.ts';
import { checkAll } from './check.ts';
import type { Instance, OpenProgram, Program, Surroundings } from './cli/program.ts';
import { type Config, storeUrl } from './config.ts';
import { folderDefinitions } from './definitions/folder.ts';
import { openBase, openTable } from './feishu/address.ts';
import { whoAmI } from './feishu/bot.ts';
import { chat } from './feishu/chat.ts';
import { feishuClient } from './feishu/client.ts';
import { longConnection } from './feishu/connection.ts';
import { people } from './feishu/people.ts';
import { type ReadyParts, readiness } from './feishu/ready.ts';
import { type Receiver, receiver } from './feishu/receive.ts';
import { webhook } from './feishu/webhook.ts';
import { isAlive, ownerName, placeOf } from './process.ts';
import { initTable } from './run/init-table.ts';
import { keeper } from './run/keeper.ts';
import { openLanes } from './run/lane.ts';
import type { CallMeter, Chance } from './run/ports.ts';
import { openRuns } from './run/registry.ts';
import { openSpoolFolder } from './run/spool-file.ts';
import { story } from './run/story.ts';
import { unwritten } from './run/unwritten.ts';
import { type Verify, verifier } from './run/verify.ts';
import { setUp } from './setup.ts';
import { notEncrypted, openSources } from './source/sources.ts';
import { beside } from './store/db/watch.ts';
import { type OpenedStore, openStore } from './store/open.ts';
import { hiding } from './sync/hide.ts';
import { proxyTo } from './sync/proxy.ts';
import { text } from './sync/text.ts';
import { keepTidy } from './tidy.ts';

/** Puts the program together by hand: settings in, parts wired, one stop. */
export const openProgram: OpenProgram = async (config, surroundings) => {
  const { log: told, clock, hide = hiding([]), instance: self = thisProcess() } = surroundings;
  const log = beside(told);
  const releases: (() => Promise<void> | void)[] = [];
  const release = async (): Promise<void> => {
    for (let close = releases.pop(); close; close = releases.pop()) await close();
  };
  const owned = <T>(part: T, close: (part: T) => Promise<void> | void): T => {
    releases.push(() => close(part));
    return part;
  };
  try {
    const store = owned(await openStore(storeUrl(config.store), { clock, log: told }), (part) => part.stop());
    const spool = owned(openSpoolFolder(tmpdir(), self), (part) => part.stop());
    const { sources } = owned(openSources(config.connections, { clock }), (part) => part.stop());
    const { schedules } = store;
    const aside = owned(createBackground(log), (part) => part.settled());
    const client = owned(
      feishuClient({
        onFailure: ({ code }) => {
          if (code === quotaCode) aside.start('quota', () => noteQuota(schedules, clock.now()));
        },
        appId: config.app.id,
        appSecret: config.app.secret,
        domain: config.app.domain,
        proxy: config.app.proxy,
        log,
        clock,
        chance,
      }),
      (part) => part.stop(),
    );
    const known = people(client, clock);
    const definitions = folderDefinitions(config.definitions);
    const lanes = openLanes(store.facts.width, clock, chance);
    const { timeZone } = config;
    const runs = owned(
      openRuns({
        sources,
        people: known,
        store,
        lanes,
        clock,
        chance,
        log,
        timeZone,
        folder: spool.path,
        openTable: openTable(client),
        keeper: keeper(store.leases, self.owner, self.isAlive, clock, log),
        definition: (name) => definitions.get(name),
        isHeld: async () => (await frozenNow(schedules)) !== undefined,
      }),
      (part) => part.stop(),
    );
    const verify = verifier({
      ...{ sources, people: known, store, timeZone },
      folder: spool.path,
      openTable: openTable(client),
    });
    const init = async (name: string, meter: CallMeter, signal: AbortSignal) =>
      initTable(await definitions.get(name), {
        ...{ sources, store, lanes, timeZone, meter, signal },
        openBase: openBase(client),
      });
    const talk = chat(client, uncounted, hide);
    const parts = { store, client, chat: talk, runs, definitions, verify, init, owned };
    const book = { schedules, audit: store.audit, admins: config.admins, clock, log, chat: talk };
    const serve = serving(config, { ...surroundings, log }, parts);
    return {
      runs,
      definitions,
      check: (names, signal) =>
        checkAll(names, { config, client, people: known, sources, store, definitions, signal }),
      verify: async (name, onKeys, meter, signal) =>
        verify(await definitions.get(name), onKeys, meter, signal),
      init,
      permit: async ({ user, name, ...deed }) => {
        const definition = await definitionOf(name, { definitions });
        return permit({ shell: user, once: randomUUID() }, { ...deed, name, definition }, book);
      },
      redraw: async (state) => {
        const card = (await store.journal.findRun(state.run))?.card;
        if (!card) return;
        const definition = await definitionOf(state.definition, { definitions });
        const people = approvers(definition?.access, config.admins);
        const view = { now: clock.now(), locale: config.locale, timeZone, approvers: people };
        await talk.patch(card.message, runCard(state, view)).catch((error: unknown) => {
          log.warn('card.not-shown', { run: state.run, ...factsOf(error) });
        });
      },
      rule: async (what, user) => {
        await permit(
          { shell: user, once: randomUUID() },
          { right: 'admin', what, definition: undefined },
          book,
        );
        const desk = { schedules, clock, runs };
        return what === 'freeze' ? freeze({ kind: 'cli', user }, desk) : thaw(desk);
      },
      standing: async () => {
        const [open, still] = await Promise.all([runs.open(), standstill({ schedules, clock })]);
        return { open: open.map(({ state }) => state), ...still };
      },
      story: (name, key) => story(name, key, store),
      turn: async (what, name, user) => {
        const asker = { openId: user, chat: '', shell: true };
        const about = { schedules, clock, timeZone, admins: config.admins };
        const change = what === 'pause' ? pause : resumeSchedule;
        return (await change(await definitions.get(name), asker, about)).words;
      },
      audit: (name, limit) => store.audit.list(name, limit),
      setup: (signal) => setUp(config, client, signal),
      serve,
      hurry: store.hurry,
      stop: () => {
        store.hurry();
        return release();
      },
    };
  } catch (error) {
    await release();
    throw error;
  }
};

function thisProcess(): Instance {
  const owner = ownerName(placeOf(), process.pid, randomUUID());
  return { owner, isAlive: isAlive(owner) };
}

interface Served {
  readonly store: OpenedStore;
  readonly client: ReturnType<typeof feishuClient>;
  readonly chat: Chat;
  readonly runs: Program['runs'];
  readonly definitions: Program['definitions'];
  readonly verify: Verify;
  readonly init: Program['init'];
  readonly owned: <T>(part: T, close: (part: T) => Promise<void> | void) => T;
}

/** The bot: who it is, its doors, and the runs that a stopped process left. */
function serving(
  config: Config,
  { log, clock, version = '', hide = hiding([]), wake = everySecond }: Surroundings,
  parts: Served,
): () => Promise<void> {
  const { store, client, runs, definitions, verify, owned } = parts;
  return async () => {
    const { openId, name } = await whoAmI(client, uncounted);
    const over = new AbortController();
    const bot = owned(
      createBot({
        chat: parts.chat,
        runs,
        definitions,
        journal: store.journal,
        seen: store.seen,
        storeWaits: () => store.trouble() !== undefined,
        unwritten: (record) => unwritten(record, store),
        audit: store.audit,
        story: (name, key) => story(name, key, store),
        init: (of) => parts.init(of, uncounted, over.signal),
        schedules: store.schedules,
        verify,
        clock,
        log,
        locale: config.locale,
        timeZone: config.timeZone,
        admins: config.admins,
        botOpenId: openId,
        time: {
          now: () => client.time(),
          ask: async () => {
            await whoAmI(client, uncounted);
            return client.time();
          },
        },
      }),
      async (part) => {
        // Runs come to their end first, so that their cards can show it.
        await runs.stop();
        await part.stop();
      },
    );
    const events = receiver({ self: openId, name, handle: bot.handle, log, clock, hide });
    const connected = owned(openEvents(config, client, events, { log, clock }), (door) => door.stop());
    if (config.http) {
      const byHttp = config.app.events;
      const taking =
        byHttp.kind === 'webhook' ? { webhook: webhook({ ...byHttp, receiver: events, clock, log }) } : {};
      // Loaded only for who serves: a run in a shell begins sooner without a server.
      const { openDoor } = await import('./feishu/door.ts');
      const { lost } = connected;
      const ready = readiness({
        ping: () => store.ping(),
        prove: () => client.prove(uncounted),
        lost,
        clock,
      });
      const door = { port: config.http.port, ready, version, log, clock, ...taking };
      owned(await openDoor(door), (one) => one.stop());
    }
    owned(keepTidy(config, store, { log, clock }), (tidy) => tidy.stop());
    const proxy = proxyTo(config.app.domain, config.app.proxy);
    log.info('bot.started', { bot: name, ...(proxy === undefined ? {} : { proxy }) });
    const settings = notEncrypted(config.store, config.connections);
    if (settings.length > 0)
      log.warn('database.not-encrypted', { settings, cure: 'add ?ssl=true to the address' });
    const { locale, timeZone, admins, quietHours } = config;
    const schedule = owned(
      startSchedule(
        {
          ...{ schedules: store.schedules, journal: store.journal, definitions, runs, clock, log },
          ...{ locale, timeZone, admins, quietHours },
          chat: parts.chat,
        },
        wake,
      ),
      (part) => part.stop(),
    );
    const resume = async () => {
      const resumed = await runs.resume();
      schedule.adopt(resumed);
      return resumed;
    };
    const tended = { runs: { resume }, journal: store.journal, definitions, log, bot, clock };
    owned(over, (part) => part.abort());
    void tendRuns(tended, over.signal);
  };
}

/** The long connection, unless events come by HTTP: then there is nothing to be kept open. */
function openEvents(
  { app }: Config,
  client: Served['client'],
  events: Receiver,
  { log, clock }: Surroundings,
): { lost: ReadyParts['lost']; stop(): Promise<void> } {
  if (app.events.kind === 'webhook') return { lost: () => undefined, stop: async () => undefined };
  const { id: appId, secret: appSecret, domain, proxy } = app;
  const parts = { appId, appSecret, domain, proxy, http: client.http, receiver: events, log, clock, chance };
  const connection = longConnection(parts);
  const lost: ReadyParts['lost'] = () => {
    const state = connection.state();
    if (state.kind === 'connected') return undefined;
    return (state.kind === 'connecting' && state.problem) || notConnected;
  };
  return { lost, stop: () => connection.stop() };
}

const notConnected = {
  code: 'not-connected',
  message: text('长连接还没有建立。', 'The long connection is not open.'),
};

/** Calls that belong to no run. */
const uncounted: CallMeter = { count: () => undefined };

const chance: Chance = {
  uuid: () => randomUUID(),
  run: () => randomBytes(5).toString('hex'),
  random: () => Math.random(),
};
