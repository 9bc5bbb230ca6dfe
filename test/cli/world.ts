import type { Program } from '../../src/app.ts';
import type { ListedDefinition } from '../../src/bot/ports.ts';
import type { CheckStep } from '../../src/check/check.ts';
import { createCli } from '../../src/cli/cli.ts';
import type { World } from '../../src/cli/command.ts';
import { createLog } from '../../src/log.ts';
import type { Clock } from '../../src/run/ports.ts';
import type { Run, Runs } from '../../src/run/runs/runs.ts';
import type { Definition } from '../../src/sync/definition/definition.ts';
import type { State } from '../../src/sync/state/state.ts';
import { problem } from '../../src/sync/words/problem.ts';
import { text } from '../../src/sync/words/text.ts';
import { newPaper, noLines } from '../support/command-line.ts';
import { sampleDefinition } from '../support/samples.ts';
import { stateOf } from './state.ts';

/** A clock that a test moves by hand. */
export function handClock(): Clock & { pass(ms: number): Promise<void> } {
  let now = 0;
  const sleepers = new Set<{ readonly until: number; readonly wake: () => void }>();
  return {
    now: () => now,
    monotonic: () => now,
    sleep: (ms, signal) =>
      new Promise((resolve, reject) => {
        const sleeper = { until: now + ms, wake: resolve };
        sleepers.add(sleeper);
        signal?.addEventListener('abort', () => {
          sleepers.delete(sleeper);
          reject(signal.reason instanceof Error ? signal.reason : new Error('aborted'));
        });
      }),
    pass: async (ms) => {
      now += ms;
      for (const sleeper of sleepers) {
        if (sleeper.until > now) continue;
        sleepers.delete(sleeper);
        sleeper.wake();
      }
      await settled();
    },
  };
}

/** Lets everything happen that needs no time. */
export const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** A run that a test leads. */
export function ledRun(): Run & { tell(changes: Partial<State>): void; end(changes: Partial<State>): void } {
  let state = stateOf();
  const listeners = new Set<(state: State) => void>();
  let finish: (state: State) => void = () => undefined;
  const ended = new Promise<State>((resolve) => {
    finish = resolve;
  });
  const tell = (changes: Partial<State>): void => {
    state = { ...state, ...changes };
    for (const listener of listeners) listener(state);
  };
  return {
    id: state.run,
    state: () => state,
    watch: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    ended,
    meter: { count: () => undefined },
    lost: new AbortController().signal,
    tell,
    end: (changes) => {
      tell(changes);
      finish(state);
    },
  };
}

export const orders: Definition = {
  ...sampleDefinition,
  key: [{ column: '订单号', field: '订单号' }],
  target: 'https://example.feishu.cn/base/app?table=tbl',
};

const unused = (): never => {
  throw new Error('not part of this test');
};

/** A program in which nothing happens but what the test says. */
export function fakeProgram(parts: {
  readonly runs?: Partial<Runs>;
  readonly steps?: readonly CheckStep[];
  readonly listed?: readonly ListedDefinition[];
  readonly serve?: () => Promise<void>;
  readonly onStop?: () => Promise<void>;
}): Program & { stops: number } {
  const runs: Runs = {
    start: unused,
    retry: unused,
    apply: unused,
    discard: unused,
    cancel: unused,
    resumeCancelled: unused,
    open: () => Promise.resolve([]),
    find: () => Promise.resolve(undefined),
    latest: () => Promise.resolve([]),
    active: () => [],
    resume: () => Promise.resolve([]),
    stop: () => Promise.resolve(),
    ...parts.runs,
  };
  const fake = {
    stops: 0,
    runs,
    definitions: {
      get: (name: string) =>
        name === 'orders'
          ? Promise.resolve(orders)
          : Promise.reject(
              problem({
                code: 'no-such-definition',
                message: text(`没有定义 ${name}`, `no definition ${name}`),
                cure: text('orders?', 'orders?'),
              }),
            ),
      list: () => Promise.resolve(parts.listed ?? [{ name: 'orders', definition: orders }]),
    },
    tables: {
      check: () => Promise.resolve({ app: [], definitions: [{ name: 'orders', steps: parts.steps ?? [] }] }),
      init: () => Promise.reject(new Error('not here')),
      trust: () => Promise.reject(new Error('not here')),
      verify: () => Promise.reject(new Error('not here')),
      story: async () => ({ chapters: [], record: undefined }),
    },
    acts: {
      permit: async () => ({ allowed: true }) as const,
      audit: async () => [],
      redraw: async () => undefined,
    },
    holds: {
      rule: async () => ({ words: [], frozen: undefined, going: [] }),
      standing: async () => ({
        open: await runs.open().then((all) => all.map(({ state }) => state)),
        frozen: undefined,
        spentUntil: undefined,
      }),
      turn: async () => text('好了', 'done'),
    },
    setup: async () => ({
      bot: { name: 'Bot', openId: 'ou_bot' },
      steps: [],
      scopes: [],
      toPaste: { scopes: { tenant: [], user: [] } },
      grant: null,
      menu: [],
      commands: [],
    }),
    serve: parts.serve ?? (() => Promise.resolve()),
    stop: async () => {
      fake.stops += 1;
      await parts.onStop?.();
    },
  };
  return fake;
}

/** The settings of a machine where all is well. */
export const env = {
  LOCALE: 'en-US',
  FEISHU_APP_ID: 'cli_0123456789abcdef',
  FEISHU_APP_SECRET: 'app-secret',
  CONNECTION_SHOP: 'sqlite:./shop.db',
};

/** Types a line at a process of its own; what it wrote can be read at any time. */
export function type(
  line: string,
  program: Program,
  { load, ...changes }: Partial<Omit<World, 'load'>> & { readonly load?: Partial<World['load']> } = {},
) {
  const { written, out, err } = newPaper(80);
  const clock = handClock();
  const stop = new AbortController();
  const cli = createCli(line.split(' ').filter(Boolean), {
    version: '1.2.3',
    env,
    cwd: '/nowhere',
    user: 'ada',
    io: { out, err, lines: noLines },
    clock,
    stopping: stop.signal,
    load: {
      log: () => Promise.resolve(createLog),
      program: () => Promise.resolve(() => Promise.resolve(program)),
      definitions: () =>
        Promise.resolve(() => ({
          definitions: program.definitions,
          aboutOf: () => Promise.resolve({ targets: new Map(), clocks: new Map() }),
        })),
      storeCare: unused,
      demo: unused,
      ...load,
    },
    ...changes,
  });
  const json = (): Record<string, unknown> => {
    const lines = written.out.trimEnd().split('\n');
    return JSON.parse(lines.at(-1) ?? '') as Record<string, unknown>;
  };
  return { exit: cli.run(), abandon: cli.abandon, written, json, clock, interrupt: () => stop.abort() };
}
