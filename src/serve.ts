import { type BotParts, ChatBot } from './bot/handle.ts';
import type { Chat, Definitions } from './bot/ports.ts';
import { tendRuns } from './bot/post.ts';
import { everySecond, Schedule } from './bot/schedule/ticker.ts';
import type { Config } from './config.ts';
import { whoAmI } from './feishu/app/setup.ts';
import type { FeishuClient } from './feishu/calls/client.ts';
import { longConnection } from './feishu/events/connection.ts';
import type { ReadyParts } from './feishu/events/door.ts';
import { type Receiver, receiver } from './feishu/events/events.ts';
import { webhook } from './feishu/events/webhook.ts';
import { chance, type Own, type Surroundings, uncounted } from './process.ts';
import type { CallMeter } from './run/ports.ts';
import type { Runs } from './run/runs/runs.ts';
import type { Inited } from './run/table/init-table.ts';
import { story, unwritten } from './run/table/rows-of-run.ts';
import type { Verify } from './run/table/verify.ts';
import { notEncrypted } from './source/sources.ts';
import type { OpenedStore } from './store/open.ts';
import { text } from './sync/words/text.ts';
import { hiding, proxyTo } from './sync/words/web-address.ts';

/** What the bot is served with. */
export interface ServeParts {
  readonly config: Config;
  readonly store: OpenedStore;
  readonly client: FeishuClient;
  readonly chat: Chat;
  readonly runs: Runs;
  readonly definitions: Definitions;
  readonly tables: {
    readonly verify: Verify;
    readonly init: (name: string, meter: CallMeter, signal: AbortSignal) => Promise<Inited>;
  };
}

/** Starts the bot: who it is, its doors, its schedule, and the runs that a stopped process left. */
export async function serve(parts: ServeParts, around: Surroundings, own: Own): Promise<void> {
  const { config, store, client, runs, definitions } = parts;
  const { log, clock, hide = hiding([]), wake = everySecond } = around;
  const { openId, name } = await whoAmI(client, uncounted);
  const over = new AbortController();
  const bot = own(openBot(parts, around, openId, over.signal), async (part) => {
    // Runs come to their end first, so that their cards can show it.
    await runs.stop();
    await part.stop();
  });
  const events = receiver({ self: openId, name, handle: bot.handle, log, clock, hide });
  const { lost } = own(openEvents(config, client, events, around), (part) => part.stop());
  await openDoors({ ...parts, events, lost }, around, own);
  own(keepTidy(config, store, around), (tidy) => tidy.stop());
  tellStart(name, config, around);
  const { locale, timeZone, admins, quietHours } = config;
  const timed = {
    ...{ kept: store.kept, journal: store.journal, definitions, runs, clock, log },
    ...{ locale, timeZone, admins, quietHours },
    chat: parts.chat,
  };
  const schedule = own(new Schedule(timed, wake), (part) => part.stop());
  const resume = async () => {
    const resumed = await runs.resume();
    schedule.adopt(resumed);
    return resumed;
  };
  own(over, (part) => part.abort());
  void tendRuns({ runs: { resume }, journal: store.journal, definitions, log, bot, clock }, over.signal);
}

function openBot(
  { config, store, client, chat, runs, definitions, tables }: ServeParts,
  { log, clock }: Surroundings,
  botOpenId: string,
  signal: AbortSignal,
): ChatBot {
  const { locale, timeZone, admins } = config;
  const parts: BotParts = {
    ...{ chat, runs, definitions, clock, log, locale, timeZone, admins },
    ...{ journal: store.journal, audit: store.audit, kept: store.kept },
    verify: tables.verify,
    init: (of) => tables.init(of, uncounted, signal),
    story: (name, key) => story(name, key, store),
    unwritten: (record) => unwritten(record, store),
  };
  return new ChatBot(parts, {
    ...{ seen: store.seen, botOpenId },
    storeWaits: () => store.trouble() !== undefined,
    time: {
      now: () => client.time(),
      ask: async () => {
        await whoAmI(client, uncounted);
        return client.time();
      },
    },
  });
}

/** Says that the bot runs, and how: with what proxy, and which databases are reached in the open. */
function tellStart(name: string, config: Config, { log }: Surroundings): void {
  const proxy = proxyTo(config.app.domain, config.app.proxy);
  log.info('bot.started', { bot: name, ...(proxy === undefined ? {} : { proxy }) });
  const settings = notEncrypted(config.store, config.connections);
  if (settings.length > 0)
    log.warn('database.not-encrypted', { settings, cure: 'add ?ssl=true to the address' });
}

/** The HTTP port, where one is set: how ready the bot is, and the webhook where events come that way. */
async function openDoors(
  { config, store, client, events, lost }: ServeParts & { events: Receiver; lost: ReadyParts['lost'] },
  { log, clock, version = '' }: Surroundings,
  own: Own,
): Promise<void> {
  if (!config.http) return;
  const byHttp = config.app.events;
  const taking =
    byHttp.kind === 'webhook' ? { webhook: webhook({ ...byHttp, receiver: events, clock, log }) } : {};
  // Loaded only for who serves: a run in a shell begins sooner without a server.
  const { openDoor, readiness } = await import('./feishu/events/door.ts');
  const ready = readiness({
    ...{ lost, clock },
    ping: () => store.ping(),
    prove: () => client.prove(uncounted),
  });
  const door = await openDoor({ port: config.http.port, ready, version, log, clock, ...taking });
  own(door, (one) => one.stop());
}

/** The long connection, unless events come by HTTP: then there is nothing to be kept open. */
function openEvents(
  { app }: Config,
  client: FeishuClient,
  events: Receiver,
  { log, clock }: Surroundings,
): { lost: ReadyParts['lost']; stop(): Promise<void> } {
  if (app.events.kind === 'webhook') return { lost: () => undefined, stop: async () => undefined };
  const connection = longConnection({ app, http: client.http, receiver: events, log, clock, chance });
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

const day = 86_400_000;
const tidyEvery = 6 * 3_600_000;
/** How often the database is looked after, in ms: what was written meanwhile may stand beside its file. */
const tendEvery = 5_000;
/** What happened by the clock is known for longer than a year, in ms: some entries are due once in one. */
const longest = 800 * day;

/** How long IDs of events are kept, in ms: longer than a request could be sent again with a time that still counts. */
const seenFor = ({ app: { events } }: Config): number =>
  2 * day + (events.kind === 'webhook' ? 2000 * events.window : 0);

/** Deletes what is older than `KEEP_DAYS` or more than `KEEP_MB`, now and every few hours. */
function keepTidy(
  config: Config,
  store: Pick<OpenedStore, 'journal' | 'seen' | 'orders' | 'audit' | 'occasions' | 'tend'>,
  { log, clock }: Pick<Surroundings, 'log' | 'clock'>,
): { stop(): Promise<void> } {
  const over = new AbortController();
  const every = async (pause: number, work: () => Promise<void>): Promise<void> => {
    while (!over.signal.aborted) {
      await work();
      await clock.sleep(pause, over.signal).catch(() => undefined);
    }
  };
  const prune = async (): Promise<void> => {
    const before = clock.now() - config.keepDays * day;
    await store.journal.prune(before);
    await store.seen.prune(clock.now() - seenFor(config));
    await store.orders.prune(clock.now() - day);
    await store.audit.prune(before);
    await store.occasions.prune(clock.now() - longest);
    const runs = await store.journal.shrink(config.keepBytes);
    if (runs > 0) log.info('store.shrunk', { runs });
  };
  const pruning = every(tidyEvery, () =>
    prune().catch((error: unknown) => log.warn('store.not-pruned', { error })),
  );
  const tending = every(tendEvery, () => store.tend());
  return {
    stop: async () => {
      over.abort();
      await Promise.all([pruning, tending]);
    },
  };
}
