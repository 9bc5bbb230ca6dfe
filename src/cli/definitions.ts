import type { Definitions, ListedDefinition } from '../bot/ports.ts';
import { inLocale, type Locale, text } from '../sync/text.ts';
import type { Answer } from './answer.ts';
import { problemLines } from './draw.ts';
import { reportedProblem } from './report.ts';
import { pad, plain, widthOf } from './words.ts';

/** Lists the saved syncs; broken files with their problems. */
export async function definitions(saved: Definitions, locale: Locale): Promise<Answer> {
  const list = await saved.list();
  const broken = list.some((one) => 'problems' in one);
  const width = Math.max(0, ...list.map(({ name }) => widthOf(name))) + 2;
  const none = inLocale(
    text(
      '还没有定义：在定义文件夹里放一个 YAML 文件。',
      'No definition yet: put a YAML file into the folder.',
    ),
    locale,
  );
  return {
    exit: broken ? 1 : 0,
    json: {
      status: broken ? 'problems' : 'ok',
      definitions: list.map((one) => listedJson(one, locale)),
      error: null,
    },
    lines: list.length === 0 ? [none] : list.flatMap((one) => listedLines(one, width, locale)),
  };
}

const listedJson = (one: ListedDefinition, locale: Locale): object =>
  'problems' in one
    ? {
        name: one.name,
        file: one.file,
        problems: one.problems.map((problem) => reportedProblem(problem, locale)),
      }
    : {
        name: one.name,
        title: one.definition.title,
        mode: one.definition.mode,
        connection: one.definition.source.connection,
        target: one.definition.target,
        problems: [],
      };

function listedLines(one: ListedDefinition, width: number, locale: Locale): readonly string[] {
  if ('problems' in one) {
    return [
      `${pad(plain(one.name), width)}${plain(one.file)}`,
      ...one.problems.flatMap((problem) => problemLines(problem, locale)).map((line) => `  ${line}`),
    ];
  }
  const { title, mode, source, target } = one.definition;
  return [`${pad(one.name, width)}${plain([title, mode, source.connection, target].join(' · '))}`];
}
