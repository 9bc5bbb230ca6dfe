import type { ListedDefinition } from '../bot/ports.ts';
import type { Outlook } from '../bot/schedule/outlook.ts';
import type { FoundTarget } from '../run/target.ts';
import { columnsOf } from '../sync/columns.ts';
import { inLocale, type Locale, type Text, text } from '../sync/text.ts';
import type { Answer } from './answer.ts';
import { problemLines } from './draw.ts';
import type { SavedSyncs } from './program.ts';
import { reportedProblem } from './report.ts';
import { pad, plain } from './words.ts';

interface About {
  readonly targets: ReadonlyMap<string, FoundTarget>;
  readonly clocks: ReadonlyMap<string, Outlook>;
  readonly locale: Locale;
}

/** Lists the saved syncs with the tables that they write to; broken files with their problems. */
export async function definitions(saved: SavedSyncs, locale: Locale): Promise<Answer> {
  const list = await saved.definitions.list();
  const sound = list.flatMap((one) => ('definition' in one ? [one.definition] : []));
  const about: About = {
    targets: await saved.targetsOf(sound),
    clocks: await saved.outlooksOf(sound),
    locale,
  };
  const broken = list.some((one) => 'problems' in one);
  const width = Math.max(0, ...list.map(({ name }) => columnsOf(name))) + 2;
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
      definitions: list.map((one) => listedJson(one, about)),
      error: null,
    },
    lines: list.length === 0 ? [none] : list.flatMap((one) => listedLines(one, about, width)),
  };
}

/** `target` is the address that counts: the definition's own, or that of the table which `init` created. */
const listedJson = (one: ListedDefinition, { targets, clocks, locale }: About): object =>
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
        ...clockJson(clocks.get(one.name)),
        problems: [],
      };

/** `table` says who named the table: the definition itself, `init`, or nobody yet. */
function targetOf(own: string, found: FoundTarget | undefined): { target: string; table: string } {
  if (found?.kind === 'made') return { target: found.address, table: 'init' };
  return { target: own, table: found?.kind === 'none' ? 'none' : 'definition' };
}

function listedLines(
  one: ListedDefinition,
  { targets, clocks, locale }: About,
  width: number,
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
  const parts = [title, mode, source.connection, `${target}${hints[table] ?? ''}`];
  const clock = clockWords(clocks.get(one.name));
  if (clock) parts.push(inLocale(clock, locale));
  return [`${pad(one.name, width)}${plain(parts.join(' · '))}`];
}

/** `nextRun`: when it runs by itself next; null when it never does. */
const clockJson = (clock: Outlook | undefined): object => ({
  nextRun: clock?.nextRun === undefined ? null : new Date(clock.nextRun).toISOString(),
  paused: clock?.paused ?? false,
});

function clockWords(clock: Outlook | undefined): Text | undefined {
  if (clock?.paused) return text('定时已暂停', 'schedule paused');
  if (clock?.nextRun === undefined) return undefined;
  const at = new Date(clock.nextRun).toISOString();
  return text(`下次运行 ${at}`, `next run ${at}`);
}
