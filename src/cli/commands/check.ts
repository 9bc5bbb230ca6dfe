import type { CheckStep, Checkup } from '../../check/check.ts';
import type { Problem } from '../../sync/words/problem.ts';
import { inLocale, type Locale, listed, text } from '../../sync/words/text.ts';
import { type Answer, argumentList, definitionName } from '../command.ts';
import { plain, problemLines } from '../draw.ts';
import { reportedProblem } from '../report.ts';
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
      return checked(await program.check(names, shell.world.stopping), shell.locale);
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
  return {
    exit: right ? 0 : 1,
    json: {
      status: statusOf(right),
      app: app.map((step) => stepJson(step, locale)),
      definitions: definitions.map(({ name, steps }) => ({
        name,
        status: statusOf(isRight(steps)),
        steps: steps.map((step) => stepJson(step, locale)),
      })),
      findings: findings.map((one) => ({
        ...reportedProblem(one.problem, locale),
        advice: one.advice,
        definitions: one.definitions,
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

const stepJson = ({ what, problems, advice }: CheckStep, locale: Locale): object => ({
  what: inLocale(what, locale),
  problems: problems.map((problem) => reportedProblem(problem, locale)),
  advice: advice.map((problem) => reportedProblem(problem, locale)),
});

/** Everything that was found, in order, the same thing once. */
function findingsIn({ app, definitions }: Checkup): readonly Finding[] {
  const found = new Map<string, Finding>();
  const take = (steps: readonly CheckStep[], name: string | undefined): void => {
    for (const step of steps) {
      for (const problem of [...step.problems, ...step.advice]) {
        const { code, where, message, cure } = problem;
        const same = JSON.stringify([code, where, message.en, cure.en]);
        const before = found.get(same);
        const names = new Set([...(before?.definitions ?? []), ...(name === undefined ? [] : [name])]);
        found.set(same, { problem, advice: step.advice.includes(problem), definitions: [...names] });
      }
    }
  };
  take(app, undefined);
  for (const { name, steps } of definitions) take(steps, name);
  return [...found.values()];
}

/** Where a thing is to be mended: a setting, a definition, or several. */
function placeOf({ problem: { where }, definitions }: Finding): string {
  if (where !== undefined && /^CONNECTION_\w+$/.test(where)) return where;
  return definitions.join(', ');
}

/** The app, then what concerns several definitions, then one after the other; each place with what was found there. */
function placeLines({ app, definitions }: Checkup, findings: readonly Finding[], locale: Locale): string[] {
  const byPlace = new Map<string, Finding[]>();
  for (const one of findings) byPlace.set(placeOf(one), [...(byPlace.get(placeOf(one)) ?? []), one]);
  const names = new Set(definitions.map(({ name }) => name));
  const shared = [...byPlace.keys()].filter((place) => place !== '' && !names.has(place));
  const lines = (place: string, head: string): string[] => {
    const found = byPlace.get(place) ?? [];
    return [head, ...found.flatMap((one) => findingLines(one, locale))];
  };
  const tried = (steps: readonly CheckStep[]): string =>
    steps.map(({ what }) => plain(inLocale(what, locale))).join(' · ');
  const headOf = (place: string): string => {
    const concerned = [...new Set((byPlace.get(place) ?? []).flatMap((one) => one.definitions))];
    const mark = markOf(byPlace.get(place) ?? []);
    return `${mark} ${plain(place)}${place === concerned.join(', ') ? '' : ` (${concerned.map(plain).join(', ')})`}`;
  };
  return [
    ...lines('', `${markOf(byPlace.get('') ?? [])} ${inLocale(text('应用', 'App'), locale)}: ${tried(app)}`),
    ...shared.flatMap((place) => lines(place, headOf(place))),
    ...definitions.flatMap(({ name, steps }) =>
      lines(name, `${markOf(concerning(name, findings))} ${plain(name)}: ${tried(steps)}`),
    ),
  ];
}

const concerning = (name: string, findings: readonly Finding[]): readonly Finding[] =>
  findings.filter(({ definitions }) => definitions.includes(name));

const markOf = (found: readonly Finding[]): '✗' | '!' | '✓' =>
  found.some(({ advice }) => !advice) ? '✗' : found.length > 0 ? '!' : '✓';

const findingLines = ({ problem, advice }: Finding, locale: Locale): readonly string[] =>
  problemLines(problem, locale, advice ? '!' : '✗').map((line) => `  ${line}`);

/** The last line: what is not ready, by name. */
function verdict({ app, definitions }: Checkup, findings: readonly Finding[], broken: readonly string[]) {
  const names = listed(broken.map(plain));
  const all = definitions.length;
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
  const n = findings.length;
  if (n === 0) return text('✓ 一切就绪', '✓ All is ready');
  return text(
    `✓ 可以同步，另有 ${n} 点值得处理（见 !）`,
    `✓ Ready to sync; ${n} ${n === 1 ? 'thing is' : 'things are'} worth a look (see !)`,
  );
}
