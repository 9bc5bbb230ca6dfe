import { type FileHandle, open } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Inited } from '../../run/table/init-table.ts';
import { namesOf } from '../../sync/fields/schema.ts';
import {
  type Checked,
  checkedCells,
  checkedHeader,
  isEqual,
  type Verified,
  verifiedLines,
} from '../../sync/state/checked.ts';
import { csvLine } from '../../sync/words/csv.ts';
import { type ProblemError, problem } from '../../sync/words/problem.ts';
import { count, inLocale, type Locale, listed, text } from '../../sync/words/text.ts';
import { definitionName, option } from '../command.ts';
import {
  errorOf,
  inBrackets,
  iso,
  noCalls,
  plain,
  plainLine,
  problemLines,
  type ReportedError,
  speaking,
} from '../report.ts';
import { hindered, newCalls, sessionCommand } from '../session.ts';

/** Creates the table of a definition that names a base only, and says how to go on. */
export const init = sessionCommand({
  name: 'init',
  help: text(
    '为只写了多维表格地址的定义新建数据表和字段',
    'create the table, with its fields, of a definition that names a base only',
  ),
  words: { name: definitionName },
  failed: ({ name }, error) => initJson(name, 'failed', error),
  run: async ({ name }, session) => {
    const { program, shell } = session;
    const { locale } = shell;
    const refused = await hindered(name, { right: 'approve', what: 'init' }, session);
    if (refused) return refused;
    const { calls, meter } = newCalls();
    const inited = await program.tables.init(name, meter, shell.world.stopping);
    const [first, ...others] = inited.kind === 'exists' ? inited.problems : [];
    const error = first ? errorOf([first, ...others], locale) : null;
    return {
      exit: error ? 1 : 0,
      json: { ...initJson(name, inited.kind, error, inited), calls },
      lines: initLines(name, inited, locale).map(plainLine),
    };
  },
});

/** What `init` came to, for programs: always the same keys. */
const initJson = (
  definition: string,
  status: Inited['kind'] | 'failed',
  error: ReportedError | null,
  inited?: Inited,
): object => ({
  status,
  definition,
  target: inited?.target ?? null,
  table: inited?.table ?? null,
  fields: (inited?.fields ?? []).map(({ name, kind }) => ({ name, kind })),
  blankRows: inited?.kind === 'created' ? inited.blankRows : 0,
  calls: noCalls,
  error,
});

function initLines(name: string, inited: Inited, locale: Locale): readonly string[] {
  const say = speaking(locale);
  const { table } = inited;
  const paste = [
    say(
      '  定义可以写上这一行；不写也能运行，机器人已经记住：',
      '  The definition may say this line; it runs without it too, for it is remembered:',
    ),
    `    target: ${inited.target}`,
  ];
  const next = say(`  接着：bitable-sync run ${name}`, `  Next: bitable-sync run ${name}`);
  if (inited.kind === 'created') {
    const { fields, blankRows } = inited;
    return [
      say(
        `✓ ${name} — 新建了数据表「${table.name}」，${count(fields.length)} 个字段`,
        `✓ ${name} — created the table "${table.name}" with ${count(fields.length)} fields`,
      ),
      `  ${inLocale(namesOf(fields), locale)}`,
      ...(blankRows > 0
        ? [say(`  删掉了新表里的 ${blankRows} 个空行`, `  removed ${blankRows} blank rows of the new table`)]
        : []),
      ...paste,
      next,
    ];
  }
  const { problems, own } = inited;
  const fields = listed(
    inited.fields.slice(0, fieldsShown).map((one) => `${one.name}${inBrackets(one.look, say)}`),
  );
  const more = inited.fields.length > fieldsShown ? ' …' : '';
  const found = own
    ? say(
        `定义的 target 已经写了数据表「${table.name}」（${table.id}），没有什么要建的`,
        `the definition's target names the table "${table.name}" (${table.id}) itself; there is nothing to create`,
      )
    : say(
        `数据表「${table.name}」已经有了，什么都没有改`,
        `the table "${table.name}" exists already; nothing was changed`,
      );
  return [
    `${problems.length === 0 ? '✓' : '✗'} ${name} — ${found}`,
    say(`  它的字段：${fields.zh}${more}`, `  its fields: ${fields.en}${more}`),
    ...inited.notes.map((note) => `  ! ${inLocale(note, locale)}`),
    ...problems.flatMap((one) => problemLines(one, locale)).map((line) => `  ${line}`),
    ...(own ? [] : paste),
    ...(problems.length === 0 ? [next] : []),
  ];
}

/** Fields that are listed at most. */
const fieldsShown = 40;

/** Puts the short cut past a whole read of a table on trial again, where it was switched off. Exit 1 where it was not. */
export const trust = sessionCommand({
  name: 'trust',
  help: text(
    '表格的捷径停用之后，让它重新接受验证',
    'put the short cut past reading a whole table on trial again, where it was switched off',
  ),
  words: { name: definitionName },
  failed: ({ name }, error) => ({
    ...{ status: 'failed', definition: name, since: null },
    calls: noCalls,
    error,
  }),
  run: async ({ name }, session) => {
    const { program, shell } = session;
    const refused = await hindered(name, { right: 'look', what: 'trust' }, session);
    if (refused) return refused;
    const { calls, meter } = newCalls();
    const since = await program.tables.trust(name, meter, shell.world.stopping);
    if (since === null) return shell.refuse(nothingToTrust(name), 1);
    const done = text(
      `✓ ${name} — 捷径从 ${iso(since)} 起停用，现在重新验证：三次整读与它一致之后才会启用。`,
      `✓ ${name} — the short cut, switched off since ${iso(since)}, is on trial again: it is used once three whole reads have agreed with it.`,
    );
    return {
      exit: 0,
      json: { ...{ status: 'ok', definition: name, since: iso(since) }, calls, error: null },
      lines: [plain(inLocale(done, shell.locale))],
    };
  },
});

const nothingToTrust = (name: string): ProblemError =>
  problem({
    code: 'nothing-to-trust',
    message: text(
      `${name} 的捷径没有停用，什么都没有做。`,
      `The short cut of ${name} is not switched off; nothing was done.`,
    ),
    cure: text(
      `bitable-sync check ${name} 会说明表格怎样读取。`,
      `bitable-sync check ${name} says how its table is read.`,
    ),
  });

/** Compares both sides key by key and says what differs. Exit 0 when nothing does, else 1. */
export const verify = sessionCommand({
  name: 'verify',
  help: text('逐个主键核对两边是否一致，不写入', 'compare both sides key by key, write nothing'),
  words: {
    name: definitionName,
    csv: option(
      '--csv <file>',
      text('把每个主键的结果写入这个 CSV 文件', 'write what became of every key to this CSV file'),
    ),
  },
  failed: ({ name }, error) => verifyJson(name, 'failed', error),
  run: async ({ name, csv }, session) => {
    const { program, shell } = session;
    const { locale, world } = shell;
    const refused = await hindered(name, { right: 'look', what: 'verify' }, session);
    if (refused) return refused;
    const { calls, meter } = newCalls();
    const path = csv === undefined ? undefined : resolve(world.cwd, csv);
    const file = path === undefined ? undefined : await openFile(path);
    try {
      await file?.write(`\ufeff${csvLine(checkedHeader.map((one) => inLocale(one, locale)))}`);
      const onKeys = async (keys: readonly Checked[]): Promise<void> => {
        await file?.write(keys.map((one) => csvLine(checkedCells(one, locale))).join(''));
      };
      const seen = await program.tables.verify(name, onKeys, meter, world.stopping);
      const equal = isEqual(seen);
      const status = equal ? 'equal' : 'different';
      return {
        exit: equal ? 0 : 1,
        json: { ...verifyJson(name, status, null, seen), csv: path ?? null, calls },
        lines: verifyLines(name, seen, path, locale),
      };
    } finally {
      await file?.close();
    }
  },
});

/** What `verify` came to, for programs: always the same keys. */
const verifyJson = (
  definition: string,
  status: 'equal' | 'different' | 'failed',
  error: ReportedError | null,
  seen?: Verified,
): object => ({
  status,
  definition,
  rows: seen?.rows ?? 0,
  records: seen?.records ?? 0,
  keys: seen?.counts ?? { equal: 0, missing: 0, extra: 0, different: 0, doubled: 0, invalid: 0 },
  leftAlone: seen?.leftAlone ?? 0,
  samples: seen?.samples ?? {},
  known: seen?.known ?? null,
  csv: null,
  calls: noCalls,
  error,
});

function verifyLines(name: string, seen: Verified, path: string | undefined, locale: Locale): string[] {
  const [mark, title] = isEqual(seen)
    ? ['✓', text('两边一致', 'both sides are equal')]
    : ['✗', text('两边不同', 'both sides differ')];
  return [
    `${mark} ${name} — ${inLocale(title, locale)}`,
    ...verifiedLines(seen).map((one) => `  ${plain(inLocale(one, locale))}`),
    ...(path === undefined ? [] : [`  CSV: ${plain(path)}`]),
  ];
}

async function openFile(path: string): Promise<FileHandle> {
  try {
    return await open(path, 'w', 0o600);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
    throw problem({
      code: 'csv-not-written',
      where: path,
      message: text(`无法写入文件（${code}）`, `the file cannot be written (${code})`),
      cure: text('请检查 --csv 的路径和写权限', 'check the path after --csv and the right to write there'),
    });
  }
}
