import type { CheckStep, Checkup } from '../../check/check.ts';
import type { Setup } from '../../feishu/app/setup.ts';
import type { Problem } from '../../sync/words/problem.ts';
import { inLocale, type Locale, listed, type Text, text } from '../../sync/words/text.ts';
import { type Answer, argumentList, definitionName } from '../command.ts';
import { inBrackets, plain, problemLines, reportedProblem, speaking } from '../report.ts';
import { sessionCommand } from '../session.ts';

/** Tries everything that a run needs, and lists what is wrong with its cure. */
export const check = sessionCommand({
  name: 'check',
  help: text(
    '检查设置、连接、权限、表格和字段，每个问题都附解决办法',
    'look at settings, connections, permissions, tables and fields; each problem with its cure',
  ),
  words: { names: argumentList('[names...]', definitionName.help, '[NAME…]') },
  failed: (_, error) => ({
    status: 'failed',
    ...{ app: [], definitions: [], findings: [], broken: [], error },
  }),
  run: async ({ names }, { program, shell }) => {
    try {
      return checked(await program.tables.check(names, shell.world.stopping), shell.locale);
    } catch (error) {
      return shell.refuse(error);
    }
  },
});

/** One thing that was found, with all that it concerns. */
interface Finding {
  readonly problem: Problem;
  /** Whether nothing fails for it. */
  readonly advice: boolean;
  /** The definitions that it concerns; none when it is the app's or the settings'. */
  readonly definitions: readonly string[];
}

function checked(checkup: Checkup, locale: Locale): Answer {
  const { app, definitions } = checkup;
  const findings = findingsIn(checkup);
  const broken = definitions.filter(({ steps }) => !isRight(steps)).map(({ name }) => name);
  const right = isRight(app) && broken.length === 0;
  const reported = (problem: Problem) => reportedProblem(problem, locale);
  const stepsJson = (steps: readonly CheckStep[]) =>
    steps.map(({ what, problems, advice }) => ({
      what: inLocale(what, locale),
      problems: problems.map(reported),
      advice: advice.map(reported),
    }));
  return {
    exit: right ? 0 : 1,
    json: {
      status: statusOf(right),
      app: stepsJson(app),
      definitions: definitions.map(({ name, steps }) => ({
        ...{ name, status: statusOf(isRight(steps)), steps: stepsJson(steps) },
      })),
      findings: findings.map(({ problem, advice, definitions: names }) => ({
        ...{ ...reported(problem), advice, definitions: names },
      })),
      broken,
      error: null,
    },
    lines: [...placeLines(checkup, findings, locale), inLocale(verdict(checkup, findings, broken), locale)],
  };
}

const isRight = (steps: readonly CheckStep[]): boolean =>
  steps.every(({ problems }) => problems.length === 0);
const statusOf = (right: boolean): string => (right ? 'ok' : 'problems');

/** Everything that was found, in order, the same thing once. */
function findingsIn({ app, definitions }: Checkup): readonly Finding[] {
  const found = new Map<string, Finding>();
  for (const { name, steps } of [{ name: undefined, steps: app }, ...definitions])
    for (const { problems, advice } of steps)
      for (const problem of [...problems, ...advice]) {
        const { code, where, message, cure } = problem;
        const same = JSON.stringify([code, where, message.en, cure.en]);
        const names = [...(found.get(same)?.definitions ?? []), ...(name === undefined ? [] : [name])];
        found.set(same, { problem, advice: advice.includes(problem), definitions: [...new Set(names)] });
      }
  return [...found.values()];
}

/** Where a thing is to be mended: a setting, a definition, or several. */
function placeOf({ problem: { where }, definitions }: Finding): string {
  if (where !== undefined && /^CONNECTION_\w+$/.test(where)) return where;
  return definitions.join(', ');
}

/** The app, then what concerns several definitions, then one after the other; each place with what was found there. */
function placeLines({ app, definitions }: Checkup, findings: readonly Finding[], locale: Locale): string[] {
  const say = speaking(locale);
  const byPlace = new Map<string, Finding[]>();
  for (const one of findings) byPlace.set(placeOf(one), [...(byPlace.get(placeOf(one)) ?? []), one]);
  const names = new Set(definitions.map(({ name }) => name));
  const lines = (place: string, head: string): string[] => [
    head,
    ...(byPlace.get(place) ?? [])
      .flatMap(({ problem, advice }) => problemLines(problem, locale, advice ? '!' : '✗'))
      .map((line) => `  ${line}`),
  ];
  const tried = (steps: readonly CheckStep[]): string =>
    steps.map(({ what }) => plain(inLocale(what, locale))).join(' · ');
  const shared = [...byPlace].flatMap(([place, found]) => {
    if (place === '' || names.has(place)) return [];
    const concerned = [...new Set(found.flatMap((one) => one.definitions))];
    const all = inLocale(listed(concerned.map(plain)), locale);
    const whom = place === concerned.join(', ') ? '' : inBrackets(all, say);
    return lines(place, `${markOf(found)} ${plain(place)}${whom}`);
  });
  return [
    ...lines('', `${markOf(byPlace.get('') ?? [])} ${say('应用：', 'App: ')}${tried(app)}`),
    ...shared,
    ...definitions.flatMap(({ name, steps }) => {
      const about = findings.filter((one) => one.definitions.includes(name));
      return lines(name, `${markOf(about)} ${plain(name)}${say('：', ': ')}${tried(steps)}`);
    }),
  ];
}

const markOf = (found: readonly Finding[]): '✗' | '!' | '✓' => {
  if (found.some(({ advice }) => !advice)) return '✗';
  return found.length > 0 ? '!' : '✓';
};

/** The last line: what is not ready, by name. */
function verdict(
  { app, definitions }: Checkup,
  findings: readonly Finding[],
  broken: readonly string[],
): Text {
  const names = listed(broken.map(plain));
  const [all, n] = [definitions.length, findings.length];
  const parts = [
    ...(isRight(app) ? [] : [text('应用或设置有问题', 'the app or its settings are not ready')]),
    ...(broken.length === 0
      ? []
      : [
          text(
            `${all} 个定义里有 ${broken.length} 个不能正常同步：${names.zh}`,
            `${broken.length} of ${all} definitions are not ready: ${names.en}`,
          ),
        ]),
  ];
  if (parts.length > 0)
    return text(`✗ ${parts.map(({ zh }) => zh).join('；')}`, `✗ ${parts.map(({ en }) => en).join('; ')}`);
  if (n === 0) return text('✓ 一切就绪', '✓ All is ready');
  return text(
    `✓ 可以同步，另有 ${n} 点值得处理（见 !）`,
    `✓ Ready to sync; ${n} ${n === 1 ? 'thing is' : 'things are'} worth a look (see !)`,
  );
}

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
