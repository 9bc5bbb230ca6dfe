import type { Setup } from '../../feishu/app/setup.ts';
import { type Problem, ProblemError, problem } from '../../sync/words/problem.ts';
import { inLocale, type Locale, text } from '../../sync/words/text.ts';
import { type Answer, command, type DemoStage, flag, option, type Shell, wholeOption } from '../command.ts';
import { plain, problemLines, speaking } from '../draw.ts';
import { errorOf, exitOf, reportedProblem, reportNoRun, reportOf } from '../report.ts';
import { sessionCommand } from '../session.ts';

/** Runs the bot until it is told to stop. */
export const start = sessionCommand({
  name: 'start',
  help: text('启动机器人，直到 Ctrl-C 或 SIGTERM', 'run the bot until Ctrl-C or SIGTERM'),
  failed: (_, error) => ({ status: 'failed', error }),
  run: async (_, { program, shell }) => {
    const { locale, terminal, world } = shell;
    try {
      await program.serve();
    } catch (error) {
      if (error instanceof ProblemError) return shell.refuse(error, 1);
      throw error;
    }
    terminal.write(
      `${inLocale(text('机器人已启动，按 Ctrl-C 结束。', 'The bot is running; Ctrl-C ends it.'), locale)}\n`,
    );
    await aborted(world.stopping);
    return { exit: 0, json: { status: 'stopped', error: null }, lines: [] };
  },
});

const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });

/** Prints what is to be done in the console, and what of it is still missing. */
export const setup = sessionCommand({
  name: 'setup',
  help: text(
    '列出飞书应用要做的设置，检查权限，注册 / 命令',
    'list what the Feishu app needs in the console, check its permissions, register the slash commands',
  ),
  failed: (_, error) => ({ status: 'failed', error }),
  run: async (_, { program, shell }) => {
    const { world, locale } = shell;
    await program.permit({ name: '', right: 'ask', what: 'setup', user: world.user });
    try {
      return setupAnswer(await program.setup(world.stopping), locale);
    } catch (error) {
      return shell.refuse(error);
    }
  },
});

function setupAnswer(found: Setup, locale: Locale): Answer {
  const missing = found.scopes.filter(({ granted, optional }) => !granted && !optional);
  return {
    exit: missing.length === 0 ? 0 : 1,
    json: {
      status: missing.length === 0 ? 'ok' : 'problems',
      bot: found.bot,
      steps: found.steps.map(({ what, page }) => ({ what: inLocale(what, locale), page })),
      scopes: found.scopes.map(({ use, ...scope }) => ({ ...scope, use: inLocale(use, locale) })),
      toPaste: found.toPaste,
      grant: found.grant,
      menu: found.menu.map(({ under, name, key }) => ({
        under: under && inLocale(under, locale),
        name: inLocale(name, locale),
        key,
      })),
      commands: found.commands.map(({ command, state, problem }) => ({
        command,
        state,
        problem: problem ? reportedProblem(problem, locale) : null,
      })),
      error: null,
    },
    lines: setupLines(found, locale),
  };
}

function setupLines(found: Setup, locale: Locale): readonly string[] {
  const say = speaking(locale);
  return [
    say(`机器人：${plain(found.bot.name)}`, `Bot: ${plain(found.bot.name)}`),
    '',
    say('在开发者后台：', 'In the console:'),
    ...found.steps.flatMap(({ what, page }, at) => [
      `  ${at + 1}. ${inLocale(what, locale)}`,
      `     ${page}`,
    ]),
    '',
    say('权限（粘贴到“批量导入”）：', 'Permissions (paste them into the batch import):'),
    ...JSON.stringify(found.toPaste, null, 2)
      .split('\n')
      .map((line) => `  ${line}`),
    '',
    ...found.scopes.map(({ name, use, optional, granted }) => {
      const mark = granted ? '✓' : optional ? '·' : '✗';
      const rest = optional && !granted ? say('（不用可以不开）', ' (only where it is used)') : '';
      return `  ${mark} ${name}  ${inLocale(use, locale)}${rest}`;
    }),
    ...(found.grant === null ? [] : [say(`  去开通：${found.grant}`, `  Grant them: ${found.grant}`)]),
    '',
    say('机器人菜单（名称 → 事件 key）：', 'The menu of the bot (name → event key):'),
    ...found.menu.map(({ under, name, key }) => {
      const place = under ? `${inLocale(under, locale)} › ` : '';
      return `  ${place}${inLocale(name, locale)} → ${key}`;
    }),
    '',
    say('/ 命令：', 'Slash commands:'),
    ...found.commands.flatMap(({ command, state, problem }) => [
      `  ${state === 'failed' ? '·' : '✓'} /${command}  ${inLocale(states[state], locale)}`,
      ...(problem ? problemLines(problem, locale).map((line) => `    ${line}`) : []),
    ]),
  ];
}

const states = {
  registered: text('已注册，几分钟后在输入框里出现', 'registered; the input box offers it in some minutes'),
  known: text('已经注册过', 'was registered already'),
  failed: text('没有注册成功，直接输入命令也可以用', 'not registered; typed as text it works all the same'),
} as const;

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
  },
  failed: (_, error) => reportNoRun(null, error),
  run: async (options, shell) => {
    const { world, locale } = shell;
    const level = world.env['LOG_LEVEL'] === 'debug' ? 'debug' : 'warn';
    const log = await shell.openLog({ level, secrets: [] });
    const play = await world.openDemo();
    if (!play) throw problem(noDemo);
    const state = await play(options, stageOf(shell, log));
    return {
      exit: state && options.once ? exitOf(state) : options.once ? 1 : 0,
      json: state ? reportOf(state, locale) : reportNoRun(null, errorOf([noRun], locale)),
      lines: [],
    };
  },
});

function stageOf({ world, json }: Shell, log: DemoStage['log']): DemoStage {
  const shown = json ? world.err : world.out;
  return {
    say: (words) => shown.write(`${words}\n`),
    write: (words) => shown.write(words),
    log,
    clock: world.clock,
    signal: world.stopping,
    lines: world.lines,
    isTTY: shown.isTTY,
    get columns() {
      return shown.columns;
    },
    get rows() {
      return shown.rows ?? 24;
    },
    env: world.env,
  };
}

const noDemo = {
  code: 'no-demo',
  message: text('这个构建里没有演示。', 'This build holds no demo.'),
  cure: text('克隆代码仓库，在其中运行 npm run demo。', 'Clone the repository and type npm run demo there.'),
};

const noRun: Problem = {
  code: 'no-run',
  message: text('演示结束时还没有运行完成。', 'The demo ended before a run did.'),
  cure: text('再次运行 npm run demo。', 'Start npm run demo again.'),
};
