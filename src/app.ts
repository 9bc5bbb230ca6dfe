import { randomUUID } from 'node:crypto';
import { tmpdir } from 'node:os';
import { approvers } from './bot/access.ts';
import { createBackground } from './bot/bot.ts';
import { botMenu, slashCommands } from './bot/commands/registry.ts';
import { factsOf } from './bot/failures.ts';
import { type Deed, definitionOf, permit } from './bot/permit.ts';
import { freezeAll, pauseSchedule, resumeSchedule, thawAll } from './bot/schedule/controls.ts';
import { globalHold, noteQuota, quotaCode } from './bot/schedule/entries.ts';
import { runCard } from './cards/run-card.ts';
import { checkAll } from './check/check.ts';
import type { Config } from './config.ts';
import { folderDefinitions } from './definitions/folder.ts';
import { setUp } from './feishu/app/setup.ts';
import { feishuClient } from './feishu/calls/client.ts';
import { chat } from './feishu/chat/chat.ts';
import { people } from './feishu/chat/people.ts';
import { openBase, openTable } from './feishu/table/open.ts';
import { chance, type Own, ownership, type Surroundings, thisProcess, uncounted } from './process.ts';
import { keeper } from './run/keeper.ts';
import { openLanes } from './run/lane.ts';
import { trustAgain } from './run/plan/short-cut.ts';
import type { CallMeter } from './run/ports.ts';
import { openRuns } from './run/runs/registry.ts';
import { initTable } from './run/table/init-table.ts';
import { story } from './run/table/rows-of-run.ts';
import { type Verify, verifier } from './run/table/verify.ts';
import { openFound } from './run/target.ts';
import { serve } from './serve.ts';
import { openSources } from './source/sources.ts';
import { beside } from './store/db/open.ts';
import { openStore } from './store/open.ts';
import type { State } from './sync/state/state.ts';
import { problem } from './sync/words/problem.ts';
import { text } from './sync/words/text.ts';
import { hiding } from './sync/words/web-address.ts';

/** The whole program as the command line works it. */
export type Program = Awaited<ReturnType<typeof openProgram>>;

/** Something that is wanted on the command line: `name` is the definition's, `user` the shell's. */
export interface ShellDeed extends Pick<Deed, 'right' | 'what' | 'run'> {
  readonly name: string;
  readonly user: string;
}

/** Opens the program: settings in, parts wired by hand, one stop. Rejects with `ProblemError` for what a person must mend. */
export async function openProgram(config: Config, surroundings: Surroundings) {
  const { own, close } = ownership();
  const around = { ...surroundings, log: beside(surroundings.log) };
  try {
    const parts = await openParts(config, surroundings, own);
    const { store, runs, definitions, client } = parts;
    // From then on the store waits no longer than a moment for other programs.
    surroundings.stopping?.addEventListener('abort', store.hurry, { once: true });
    return {
      ...{ runs, definitions },
      tables: tableUses(parts),
      acts: actUses(parts, around),
      holds: holdUses(parts, around),
      /** Looks at the Feishu app and registers its slash commands. Rejects with `ProblemError` or `CallError`. */
      setup: (signal: AbortSignal) =>
        setUp(config.app, client, { commands: slashCommands, menu: botMenu }, signal),
      /** Starts the bot: resolves once it listens. Rejects with `ProblemError` when it cannot. */
      serve: () => serve(parts, around, own),
      /** Takes no more work, lets the calls in flight end, stores where everything stands, closes all. Safe to call twice. */
      stop: () => {
        store.hurry();
        return close();
      },
    };
  } catch (error) {
    await close();
    throw error;
  }
}

type Parts = Awaited<ReturnType<typeof openParts>>;

async function openParts(config: Config, surroundings: Surroundings, own: Own) {
  const { clock, hide = hiding([]), instance: self = thisProcess() } = surroundings;
  const log = beside(surroundings.log);
  const { timeZone } = config;
  const store = own(await openStore(config.store.url, { clock, log: surroundings.log }), (part) =>
    part.stop(),
  );
  const { sources } = own(openSources(config.connections, { clock }), (part) => part.stop());
  const { kept } = store;
  const aside = own(createBackground(log), (part) => part.settled());
  const client = own(
    feishuClient({
      onFailure: ({ code }) => {
        if (code === quotaCode) aside.start('quota', () => noteQuota(kept.holds, clock.now()));
      },
      ...{ app: config.app, log, clock, chance },
    }),
    (part) => part.stop(),
  );
  const known = people(client, clock);
  const definitions = folderDefinitions(config.definitions);
  const lanes = openLanes(store.facts.width, clock, chance);
  const reading = {
    ...{ sources, people: known, store, place: { timeZone, folder: tmpdir() } },
    openTable: openTable(client),
  };
  const runs = own(
    openRuns(
      { ...reading, lanes, clock, chance, log },
      {
        openTable: openTable(client),
        keeper: keeper(store.leases, self.owner, self.isAlive, { clock, log }),
        definition: (name) => definitions.get(name),
        isHeld: async () => (await kept.holds.frozen()) !== undefined,
      },
    ),
    (part) => part.stop(),
  );
  const init = async (name: string, meter: CallMeter, signal: AbortSignal) =>
    initTable(await definitions.get(name), {
      ...{ sources, store, lanes, timeZone, meter, signal },
      openBase: openBase(client),
    });
  const trust = async (name: string, meter: CallMeter, signal: AbortSignal) => {
    const { table } = await openFound(await definitions.get(name), store.facts, (address) =>
      reading.openTable(address, meter, signal),
    );
    // Says which tables there are, where this one is gone.
    await table.revision(signal);
    return trustAgain({ definition: name, table: `${table.base}/${table.id}` }, { store, log });
  };
  const check = (names: readonly string[], signal: AbortSignal) =>
    checkAll(names, {
      ...{ config, client, people: known, sources, store, definitions, signal },
      now: clock.now(),
    });
  return {
    ...{ config, store, client, chat: chat(client, uncounted, hide), runs, definitions },
    tables: { check, init, trust, verify: verifier({ ...reading, clock, log }) },
  };
}

/** What is done with a definition and its table. */
function tableUses({ definitions, store, tables: { check, init, trust, verify } }: Parts) {
  return {
    /**
     * Tries settings, connections, permissions, tables and fields of the definitions named, or of all. Writes nothing.
     * A broken file is a finding; rejects with `ProblemError` for a name that does not exist.
     */
    check,
    /** Creates the table of a definition that names a base only. Rejects with `ProblemError` or `CallError`. */
    init,
    /**
     * Puts the short cut past a whole read on trial again. Answers since when it was switched off (ms), null where it is
     * not. Rejects with `ProblemError` or `CallError`.
     */
    trust,
    /** Compares both sides key by key; writes nothing. Rejects with `ProblemError` or `CallError`. */
    verify: async (name: string, onKeys: Parameters<Verify>[1], meter: CallMeter, signal: AbortSignal) =>
      verify(await definitions.get(name), onKeys, meter, signal),
    /** What the latest runs did with one row. */
    story: (name: string, key: string) => story(name, key, store),
  };
}

const allower =
  ({ config: { admins }, store, chat }: Parts, { clock, log }: Surroundings) =>
  (user: string, deed: Deed) => {
    const parts = { kept: store.kept, audit: store.audit, admins, clock, log, chat };
    return permit({ shell: user, once: randomUUID() }, deed, parts);
  };

/** What people do from the shell: whether they may, what was noted of it, and what the chat shows. */
function actUses(parts: Parts, around: Surroundings) {
  const { config, store, chat, definitions } = parts;
  const { timeZone, locale, admins } = config;
  const allow = allower(parts, around);
  return {
    /** Decides whether the command line may do something now, and notes it with who asked. */
    permit: async ({ user, name, ...deed }: ShellDeed) =>
      allow(user, { ...deed, name, definition: await definitionOf(name, { definitions }) }),
    /** Who asked for what, newest first; of one definition when named. */
    audit: (name: string | undefined, limit: number) => store.audit.list(name, limit),
    /** Draws the card of a run, where it has one, once more: nobody follows a run that waits. Never rejects. */
    redraw: async (state: State) => {
      const card = (await store.journal.findRun(state.run))?.card;
      if (!card) return;
      const definition = await definitionOf(state.definition, { definitions });
      const people = approvers(definition?.access, admins);
      const view = { now: around.clock.now(), locale, timeZone, approvers: people };
      await chat.patch(card.message, runCard(state, view)).catch((error: unknown) => {
        around.log.warn('card.not-shown', { run: state.run, ...factsOf(error) });
      });
    },
  };
}

/** What holds everything or a schedule. */
function holdUses(parts: Parts, around: Surroundings) {
  const { config, store, runs, definitions } = parts;
  const { timeZone, admins } = config;
  const { kept } = store;
  const { clock } = around;
  const allow = allower(parts, around);
  return {
    /** Freezes everything, or thaws it, and notes it with who asked. */
    rule: async (what: 'freeze' | 'thaw', user: string) => {
      await allow(user, { right: 'admin', what, definition: undefined });
      const about = { kept, clock, runs };
      return what === 'freeze' ? freezeAll({ kind: 'cli', user }, about) : thawAll(about);
    },
    /** What goes on or waits anywhere, oldest first, and what holds everything; `spentUntil` in ms. */
    standing: async () => {
      const [open, still] = await Promise.all([runs.open(), globalHold({ kept, clock })]);
      return { open: open.map(({ state }) => state), ...still };
    },
    /** Pauses or resumes what a definition does by the clock. Rejects with `ProblemError` where it is not there or has no schedule. */
    turn: async (what: 'pause' | 'resume', name: string, user: string) => {
      const change = what === 'pause' ? pauseSchedule : resumeSchedule;
      const asker = { openId: user, chat: '', shell: true };
      const about = { kept, clock, timeZone, admins };
      const { kind, words: message } = await change(await definitions.get(name), asker, about);
      if (kind === 'wrong') throw problem({ code: 'no-schedule', message, cure: scheduleHelp });
      return message;
    },
  };
}

const scheduleHelp = text(
  '要定时运行，请在定义里写 `schedule`。',
  'Put a `schedule` into the definition to run it at set times.',
);
