import { type Arrivals, type BotParts, ChatBot } from '../../src/bot/handle.ts';
import type { RunRecord } from '../../src/run/ports.ts';
import {
  definition,
  fakeAudit,
  fakeChat,
  fakeClock,
  fakeDefinitions,
  fakeJournal,
  fakeKept,
  fakeLog,
  fakeRuns,
  fakeSeen,
  message,
  settle,
} from './fakes.ts';

/** A bot among fakes, with two syncs: one for everybody, one for Bob. Nobody is an admin. */
export function newStage(change: Partial<BotParts & Arrivals> = {}, records: readonly RunRecord[] = []) {
  const clock = fakeClock();
  const talk = fakeChat(clock);
  const log = fakeLog();
  const audit = fakeAudit();
  const { runs, asked, answers } = fakeRuns();
  const journal = fakeJournal(records);
  const parts: BotParts & Arrivals = {
    ...{ chat: talk.chat, runs, journal, clock, log, audit },
    definitions: fakeDefinitions([
      definition(),
      definition({ name: 'users', title: '用户 ①', access: { run: ['ou_bob'] } }),
    ]),
    seen: fakeSeen(),
    storeWaits: () => false,
    unwritten: async function* () {},
    kept: fakeKept(),
    verify: () => Promise.reject(new Error('not here')),
    init: () => Promise.reject(new Error('not here')),
    story: async () => ({ chapters: [], record: undefined }),
    locale: 'en-US',
    timeZone: 'UTC',
    admins: [],
    botOpenId: 'ou_bot',
    time: { now: clock.now, ask: async () => clock.now() },
    ...change,
  };
  const bot = new ChatBot(parts, parts);
  /** What the bot answered to a line, once it is quiet. */
  const ask = async (line: string | undefined, about: Parameters<typeof message>[1] = {}) => {
    await bot.handle(message(line, about));
    await settle();
    await settle();
    return talk.said.at(-1)?.card ?? {};
  };
  return { bot, ask, clock, ...talk, log, audit, asked, answers, journal, parts };
}
