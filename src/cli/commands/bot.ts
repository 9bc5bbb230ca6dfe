import { isGoing, type State } from '../../sync/state/state.ts';
import { type Problem, ProblemError, problem } from '../../sync/words/problem.ts';
import { inLocale, text } from '../../sync/words/text.ts';
import { type Answer, type Command, command, definitionName, flag, option, wholeOption } from '../command.ts';
import { errorOf, exitOf, iso, reportNoRun, reportOf } from '../report.ts';
import { aborted, hindered, refusedOf, type Session, sessionCommand } from '../session.ts';
import { ended, follow } from './run.ts';

/** Runs the bot until it is told to stop. */
export const start = sessionCommand({
  name: 'start',
  help: text('启动机器人，直到 Ctrl-C 或 SIGTERM', 'run the bot until Ctrl-C or SIGTERM'),
  failed: (_, error) => ({ status: 'failed', error }),
  run: async (_, { program, shell: { locale, terminal, world } }) => {
    await program.serve();
    const running = text('机器人已启动，按 Ctrl-C 结束。', 'The bot is running; Ctrl-C ends it.');
    terminal.write(`${inLocale(running, locale)}\n`);
    await aborted(world.stopping);
    return { exit: 0, json: { status: 'stopped', error: null }, lines: [] };
  },
});

/** Stops the run of a definition that goes on or waits, and answers what it came to. */
export const cancel = sessionCommand({
  name: 'cancel',
  help: text(
    '停下正在进行或等待确认的同步，不论在哪个进程里',
    'stop a sync that is running or waiting, in any process',
  ),
  words: { name: definitionName },
  failed: ({ name }, error) => reportNoRun(name, error),
  run: async ({ name }, session) => {
    const { program, shell } = session;
    const [open] = (await program.runs.open())
      .map(({ state }) => state)
      .filter(({ definition }) => definition === name)
      .toSorted(byUrgency);
    if (!open) return nothing(name, session);
    const { run: id } = open;
    const refused = await refusedOf(name, { right: 'stop', what: 'cancel', run: id }, session);
    if (refused) return refused;
    const acted = await program.runs.cancel(id, { kind: 'cli', user: shell.world.user });
    switch (acted.kind) {
      case 'going':
        return stopped(await follow(acted.run, session));
      case 'settled':
        await program.acts.redraw(acted.state);
        return stopped(ended(acted.state, shell));
      case 'asked': {
        const state = await endOf(acted.state, session);
        return isGoing(state) ? shell.refuse(stillGoing(state), 1) : stopped(ended(state, shell));
      }
      case 'stale':
      case 'busy':
      case 'no-such-run':
        return shell.refuse(nothingOpen(name), 1);
    }
  },
});

/** What goes on comes before what only waits, perhaps for another table that the definition named once. */
const byUrgency = (one: State, other: State): number =>
  Number(isGoing(other)) - Number(isGoing(one)) || other.startedAt - one.startedAt;

/** No run of that name is open: where there is no such sync either, the name was wrong. */
async function nothing(name: string, { program, shell }: Session): Promise<Answer> {
  const fault = await program.definitions.get(name).catch((error: unknown) => error);
  const isUnknown = fault instanceof ProblemError && fault.problems[0].code === 'no-such-definition';
  return isUnknown ? shell.refuse(fault, 2) : shell.refuse(nothingOpen(name), 1);
}

/** What was asked for has happened, whatever the run as a whole came to. */
const stopped = (answer: Answer): Answer => ({ ...answer, exit: 0 });

/** How often is looked whether another process has stopped the run, and for how long, in ms. */
const lookEvery = 250;
const patience = 30_000;

/** The run once the process that carries it out has ended it, or as it is when that takes too long. */
async function endOf(last: State, { program, shell }: Session): Promise<State> {
  const { clock, stopping } = shell.world;
  const until = clock.monotonic() + patience;
  let state = last;
  while (isGoing(state) && clock.monotonic() < until && !stopping.aborted) {
    await clock.sleep(lookEvery, stopping).catch(() => undefined);
    state = (await program.runs.find(last.run)) ?? state;
  }
  return state;
}

const nothingOpen = (name: string): ProblemError =>
  problem({
    code: 'nothing-to-cancel',
    message: text(`${name} 没有在进行，什么都没有做。`, `${name} is not running; nothing was done.`),
    cure: text(
      `要开始同步：bitable-sync run ${name}。它若在别处进行，请用那里的 STORE_URL。`,
      `bitable-sync run ${name} starts it. If it runs elsewhere, use the STORE_URL of that place.`,
    ),
  });

const stillGoing = (state: State): ProblemError =>
  problem({
    code: 'still-going',
    message: text(
      `运行 ${state.run} 已收到取消，但还没有停下。`,
      `Run ${state.run} was asked to stop and has not stopped yet.`,
    ),
    cure: text(
      '在途的分块结束后它就会停下；结果见开始它的地方。',
      'It stops once what is on its way has ended; where it was started shows the rest.',
    ),
  });

/** Freezes everything, or thaws it: whoever is on the command line may. */
const rule = (name: 'freeze' | 'thaw', help: Command['help']): Command =>
  sessionCommand({
    ...{ name, help },
    failed: (_, error) => ({ status: 'failed', by: null, since: null, going: [], error }),
    run: async (_, { program, shell: { world, locale } }) => {
      const { words, frozen, going } = await program.holds.rule(name, world.user);
      return {
        exit: 0,
        json: {
          status: frozen ? 'frozen' : 'thawed',
          by: frozen?.by.openId ?? frozen?.by.user ?? null,
          since: frozen ? iso(frozen.at) : null,
          going: going.map(({ run, definition }) => ({ run, definition })),
          error: null,
        },
        lines: [
          ...words.map((one) => inLocale(one, locale)),
          ...going.map(({ definition, run }) => `  bitable-sync cancel ${definition}  (${run})`),
        ],
      };
    },
  });

export const freeze = rule(
  'freeze',
  text(
    '冻结全部：不再开始任何会写入的同步，不论由谁、在哪里发起',
    'stop everything: no run that writes starts any more, no matter who asks and where',
  ),
);
export const thaw = rule('thaw', text('解除冻结', 'end the freeze'));

/** Pauses what a definition does by the clock, or lets it go on: as `/sync pause` and `/sync resume` do. */
const turn = (what: 'pause' | 'resume', help: Command['help']): Command =>
  sessionCommand({
    ...{ name: what, help, words: { name: definitionName } },
    failed: ({ name }, error) => ({ status: 'failed', definition: name, error }),
    run: async ({ name }, session) => {
      const { program, shell } = session;
      const refused = await hindered(name, { right: 'look', what }, session);
      if (refused) return refused;
      const words = await program.holds.turn(what, name, shell.world.user);
      return {
        exit: 0,
        json: { status: what === 'pause' ? 'paused' : 'resumed', definition: name, error: null },
        lines: [`${name}${inLocale(text('：', ': '), shell.locale)}${inLocale(words, shell.locale)}`],
      };
    },
  });

export const pause = turn(
  'pause',
  text(
    '暂停一个定义的定时任务，手动的同步照常',
    'pause the schedule of a definition; people can still run it',
  ),
);
export const resume = turn('resume', text('恢复一个定义的定时任务', 'resume the schedule of a definition'));

/** Plays the demo; its exit code is the last run's. */
export const demo = command({
  name: 'demo',
  help: text(
    '不需要账号的演示：本机的模拟飞书、示例商店和机器人',
    'play without an account: a local Feishu, a sample shop and the bot',
  ),
  words: {
    once: flag('--once', text('第一次同步后结束', 'end after the first run')),
    rows: wholeOption(
      '--rows <n>',
      text('示例商店的订单数', 'orders in the sample shop'),
      [1, 1_000_000],
      undefined,
    ),
    source: option('--source <url>', text('改用真实的 MySQL:mysql://…', 'use a real MySQL: mysql://…')),
    faults: flag(
      '--faults',
      text(
        '演示限流、写冲突、坏行、失败的分块和丢失的应答',
        'play throttling, conflicts, bad rows, failing chunks, lost answers',
      ),
    ),
    port: wholeOption(
      '--port <n>',
      text(
        '页面在 127.0.0.1 的端口，默认任选一个空闲的',
        'port of the page on 127.0.0.1; any free one when not given',
      ),
      [1, 65_535],
      undefined,
    ),
    live: flag(
      '--live',
      text('商店自己不断变化，每次变化后同步', 'a shop that changes by itself, synced each time'),
    ),
    open: flag('--open', text('在浏览器里打开页面', 'open the page in a browser')),
  },
  failed: (_, error) => reportNoRun(null, error),
  run: async (options, shell) => {
    const { world, locale, json } = shell;
    const { io, clock, stopping: signal, env } = world;
    const log = await shell.openLog({ level: env['LOG_LEVEL'] === 'debug' ? 'debug' : 'warn', secrets: [] });
    const play = await world.load.demo();
    if (!play) throw problem(noDemo);
    const out = json ? io.err : io.out;
    const state = await play(options, { out, log, clock, signal, lines: io.lines, env });
    const ended = state ? exitOf(state) : 1;
    return {
      exit: options.once ? ended : 0,
      json: state ? reportOf(state, locale) : reportNoRun(null, errorOf([noRun], locale)),
      lines: [],
    };
  },
});

const noDemo: Problem = {
  code: 'no-demo',
  message: text('这个构建里没有演示。', 'This build has no demo.'),
  cure: text('克隆代码仓库，在其中运行 npm run demo。', 'Clone the repository and type npm run demo there.'),
};

const noRun: Problem = {
  code: 'no-run',
  message: text('演示结束时还没有运行完成。', 'The demo ended before a run did.'),
  cure: text('再次运行 npm run demo。', 'Start npm run demo again.'),
};
