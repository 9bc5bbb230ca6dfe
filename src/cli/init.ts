import type { Inited } from '../run/init-table.ts';
import { namesOf } from '../sync/schema.ts';
import { count, inLocale, type Locale, listed, text } from '../sync/text.ts';
import { refusedOf, wrongIn } from './allowed.ts';
import type { Answer } from './answer.ts';
import type { Command } from './arguments.ts';
import { newCalls } from './calls.ts';
import type { Desk } from './desk.ts';
import { problemLines } from './draw.ts';
import { errorOf, initJson } from './report.ts';
import { plainLine } from './words.ts';

/** Creates the table of a definition that names a base only, and says how to go on. */
export async function init(command: Extract<Command, { kind: 'init' }>, desk: Desk): Promise<Answer> {
  const { program, stopping, locale } = desk;
  const { name } = command;
  const deed = { right: 'approve', what: 'init' } as const;
  const refused = (await wrongIn(command, desk)) ?? (await refusedOf(command, deed, desk));
  if (refused) return refused;
  const { calls, meter } = newCalls();
  const inited = await program.init(name, meter, stopping);
  const [first, ...others] = inited.kind === 'exists' ? inited.problems : [];
  const error = first ? errorOf([first, ...others], locale) : null;
  return {
    exit: error ? 1 : 0,
    json: { ...initJson(name, inited.kind, error, inited), calls },
    lines: lines(name, inited, locale).map(plainLine),
  };
}

function lines(name: string, inited: Inited, locale: Locale): readonly string[] {
  const say = (zh: string, en: string): string => inLocale(text(zh, en), locale);
  const paste = [
    say(
      '  定义可以写上这一行；不写也能运行，机器人已经记住：',
      '  The definition may say this line; it runs without it too, for it is remembered:',
    ),
    `    target: ${inited.target}`,
  ];
  const next = say(`  接着：bitable-sync run ${name}`, `  Next: bitable-sync run ${name}`);
  if (inited.kind === 'created') {
    const fields = namesOf(inited.fields);
    const rows = inited.blankRows;
    return [
      say(
        `✓ ${name} — 新建了数据表「${inited.table.name}」，${count(inited.fields.length)} 个字段`,
        `✓ ${name} — created the table "${inited.table.name}" with ${count(inited.fields.length)} fields`,
      ),
      `  ${inLocale(fields, locale)}`,
      ...(rows > 0
        ? [say(`  删掉了新表里的 ${rows} 个空行`, `  removed ${rows} blank rows of the new table`)]
        : []),
      ...paste,
      next,
    ];
  }
  const { table, problems } = inited;
  const fields = listed(inited.fields.slice(0, fieldsShown).map(({ name: one, look }) => `${one} (${look})`));
  const more = inited.fields.length > fieldsShown ? ' …' : '';
  const mark = problems.length === 0 ? '✓' : '✗';
  return [
    inited.own
      ? say(
          `${mark} ${name} — 定义的 target 已经写了数据表「${table.name}」（${table.id}），没有什么要建的`,
          `${mark} ${name} — the definition's target names the table "${table.name}" (${table.id}) itself; there is nothing to create`,
        )
      : say(
          `${mark} ${name} — 数据表「${table.name}」已经有了，什么都没有改`,
          `${mark} ${name} — the table "${table.name}" exists already; nothing was changed`,
        ),
    say(`  它的字段：${fields.zh}${more}`, `  its fields: ${fields.en}${more}`),
    ...inited.notes.map((note) => `  ! ${inLocale(note, locale)}`),
    ...problems.flatMap((one) => problemLines(one, locale)).map((line) => `  ${line}`),
    ...(inited.own ? [] : paste),
    ...(problems.length === 0 ? [next] : []),
  ];
}

/** Fields that are listed at most. */
const fieldsShown = 40;
