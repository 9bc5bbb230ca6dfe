import type { ListedDefinition } from '../bot/ports.ts';
import type { FoundTarget } from '../run/target.ts';
import { inLocale, type Locale, text } from '../sync/text.ts';
import type { Answer } from './answer.ts';
import { problemLines } from './draw.ts';
import type { SavedSyncs } from './program.ts';
import { reportedProblem } from './report.ts';
import { pad, plain, widthOf } from './words.ts';

type Targets = ReadonlyMap<string, FoundTarget>;

/** Lists the saved syncs with the tables that they write to; broken files with their problems. */
export async function definitions(saved: SavedSyncs, locale: Locale): Promise<Answer> {
  const list = await saved.definitions.list();
  const targets = await saved.targetsOf(list.flatMap((one) => ('definition' in one ? [one.definition] : [])));
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
      definitions: list.map((one) => listedJson(one, targets, locale)),
      error: null,
    },
    lines: list.length === 0 ? [none] : list.flatMap((one) => listedLines(one, targets, width, locale)),
  };
}

/** `target` is the address that counts: the definition's own, or that of the table which `init` created. */
const listedJson = (one: ListedDefinition, targets: Targets, locale: Locale): object =>
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
        ...targetOf(one.definition.target, targets.get(one.name)),
        problems: [],
      };

/** `table` says who named the table: the definition itself, `init`, or nobody yet. */
function targetOf(own: string, found: FoundTarget | undefined): { target: string; table: string } {
  if (found?.kind === 'made') return { target: found.address, table: 'init' };
  return { target: own, table: found?.kind === 'none' ? 'none' : 'definition' };
}

function listedLines(
  one: ListedDefinition,
  targets: Targets,
  width: number,
  locale: Locale,
): readonly string[] {
  if ('problems' in one) {
    return [
      `${pad(plain(one.name), width)}${plain(one.file)}`,
      ...one.problems.flatMap((problem) => problemLines(problem, locale)).map((line) => `  ${line}`),
    ];
  }
  const { title, mode, source } = one.definition;
  const { target, table } = targetOf(one.definition.target, targets.get(one.name));
  const hints: Readonly<Record<string, string>> = {
    init: inLocale(text('（init 新建的表）', ' (created by init)'), locale),
    none: inLocale(
      text(`（还没有表：bitable-sync init ${one.name}）`, ` (no table yet: bitable-sync init ${one.name})`),
      locale,
    ),
  };
  const shown = `${target}${hints[table] ?? ''}`;
  return [`${pad(one.name, width)}${plain([title, mode, source.connection, shown].join(' · '))}`];
}
