import { ProblemError } from '../sync/problem.ts';
import { inLocale, type Locale, text } from '../sync/text.ts';
import { type Answer, refusal } from './answer.ts';
import type { Command } from './arguments.ts';
import type { Desk } from './desk.ts';
import { problemLines } from './draw.ts';
import type { Setup } from './program.ts';
import { reportedProblem } from './report.ts';
import { plain } from './words.ts';

/** Prints what is to be done in the console, and what of it is still missing. */
export async function setup(command: Extract<Command, { kind: 'setup' }>, desk: Desk): Promise<Answer> {
  const { program, stopping, locale, user } = desk;
  await program.permit({ name: '', right: 'ask', what: 'setup', user });
  try {
    return answerOf(await program.setup(stopping), locale);
  } catch (error) {
    return refusal(command, error, error instanceof ProblemError ? 2 : 1, locale);
  }
}

function answerOf(found: Setup, locale: Locale): Answer {
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
    lines: lines(found, locale),
  };
}

function lines(found: Setup, locale: Locale): readonly string[] {
  const say = (zh: string, en: string): string => inLocale(text(zh, en), locale);
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
