import type { Setup } from '../../feishu/app/setup.ts';
import { type Problem, problem } from '../../sync/words/problem.ts';
import { inLocale, type Locale, type Text, text } from '../../sync/words/text.ts';
import { type Answer, command, flag, option, wholeOption } from '../command.ts';
import { plain, problemLines, speaking } from '../draw.ts';
import { errorOf, exitOf, reportedProblem, reportNoRun, reportOf } from '../report.ts';
import { aborted, sessionCommand } from '../session.ts';

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
    await program.acts.permit({ name: '', right: 'ask', what: 'setup', user: world.user });
    try {
      return setupAnswer(await program.setup(world.stopping), locale);
    } catch (error) {
      return shell.refuse(error);
    }
  },
});

function setupAnswer(found: Setup, locale: Locale): Answer {
  const isReady = found.scopes.every(({ granted, optional }) => granted || optional);
  const words = (one: Text): string => inLocale(one, locale);
  return {
    exit: isReady ? 0 : 1,
    json: {
      status: isReady ? 'ok' : 'problems',
      bot: found.bot,
      steps: found.steps.map(({ what, page }) => ({ what: words(what), page })),
      scopes: found.scopes.map(({ use, ...scope }) => ({ ...scope, use: words(use) })),
      toPaste: found.toPaste,
      grant: found.grant,
      menu: found.menu.map(({ under, name, key }) => ({
        under: under && words(under),
        name: words(name),
        key,
      })),
      commands: found.commands.map(({ command, state, problem }) => ({
        ...{ command, state },
        problem: problem ? reportedProblem(problem, locale) : null,
      })),
      error: null,
    },
    lines: setupLines(found, locale),
  };
}

function setupLines(found: Setup, locale: Locale): readonly string[] {
  const say = speaking(locale);
  const words = (one: Text): string => inLocale(one, locale);
  const scopes = found.scopes.map(({ name, use, optional, granted }) => {
    const missing = optional ? '·' : '✗';
    const rest = optional && !granted ? say('（不用可以不开）', ' (only where it is used)') : '';
    return `  ${granted ? '✓' : missing} ${name}  ${words(use)}${rest}`;
  });
  return [
    say(`机器人：${plain(found.bot.name)}`, `Bot: ${plain(found.bot.name)}`),
    '',
    say('在开发者后台：', 'In the console:'),
    ...found.steps.flatMap(({ what, page }, at) => [`  ${at + 1}. ${words(what)}`, `     ${page}`]),
    '',
    say('权限（粘贴到“批量导入”）：', 'Permissions (paste them into the batch import):'),
    JSON.stringify(found.toPaste, null, 2).replaceAll(/^/gm, '  '),
    '',
    ...scopes,
    ...(found.grant === null ? [] : [say(`  去开通：${found.grant}`, `  Grant them: ${found.grant}`)]),
    '',
    say('机器人菜单（名称 → 事件 key）：', 'The menu of the bot (name → event key):'),
    ...found.menu.map(
      ({ under, name, key }) => `  ${under ? `${words(under)} › ` : ''}${words(name)} → ${key}`,
    ),
    '',
    say('/ 命令：', 'Slash commands:'),
    ...found.commands.flatMap(({ command, state, problem }) => [
      `  ${state === 'failed' ? '·' : '✓'} /${command}  ${words(states[state])}`,
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
  message: text('这个构建里没有演示。', 'This build holds no demo.'),
  cure: text('克隆代码仓库，在其中运行 npm run demo。', 'Clone the repository and type npm run demo there.'),
};

const noRun: Problem = {
  code: 'no-run',
  message: text('演示结束时还没有运行完成。', 'The demo ended before a run did.'),
  cure: text('再次运行 npm run demo。', 'Start npm run demo again.'),
};
