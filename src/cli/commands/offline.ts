import { resolve } from 'node:path';
import type { ListedDefinition } from '../../bot/ports.ts';
import type { ScheduleState } from '../../bot/schedule/entries.ts';
import { readLocalConfig, secretsOf } from '../../config.ts';
import type { SavedSyncs } from '../../local.ts';
import type { FoundTarget } from '../../run/target.ts';
import { fileOf } from '../../sync/definition/databases.ts';
import { problem } from '../../sync/words/problem.ts';
import { columnsOf, inLocale, type Locale, text } from '../../sync/words/text.ts';
import { type Answer, argument, command } from '../command.ts';
import { iso, pad, plain, problemLines, reportedProblem, speaking } from '../report.ts';
import { localSession } from '../session.ts';

/** Lists the saved syncs with the tables that they write to; broken files with their problems. */
export const definitions = command({
  name: 'definitions',
  help: text('列出所有定义', 'list the definitions'),
  failed: (_, error) => ({ status: 'failed', definitions: [], error }),
  run: async (_, shell) => {
    const { config, log } = await localSession(shell);
    const open = await shell.world.load.definitions();
    return definitionsAnswer(open(config, { log, clock: shell.world.clock }), shell.locale);
  },
});

async function definitionsAnswer(saved: SavedSyncs, locale: Locale): Promise<Answer> {
  const list = await saved.definitions.list();
  const sound = list.flatMap((one) => ('definition' in one ? [one.definition] : []));
  const { targets, clocks } = await saved.aboutOf(sound);
  const listed = list.map((one) =>
    'problems' in one ? one : { ...one, ...targetOf(one, targets), clock: clocks.get(one.name) },
  );
  const broken = sound.length < list.length;
  const width = Math.max(0, ...list.map(({ name }) => columnsOf(name))) + 2;
  const none = text(
    '还没有定义：在定义文件夹里放一个 YAML 文件。',
    'No definition yet: put a YAML file into the folder.',
  );
  return {
    exit: broken ? 1 : 0,
    json: {
      status: broken ? 'problems' : 'ok',
      definitions: listed.map((one) => ('problems' in one ? brokenJson(one, locale) : soundJson(one))),
      error: null,
    },
    lines:
      list.length === 0
        ? [inLocale(none, locale)]
        : listed.flatMap((one) => {
            const [first = '', ...others] =
              'problems' in one ? brokenLines(one, locale) : [soundLine(one, locale)];
            return [`${pad(plain(one.name), width)}${plain(first)}`, ...others];
          }),
  };
}

type Sound = Extract<ListedDefinition, { readonly definition: unknown }>;
type Broken = Exclude<ListedDefinition, Sound>;

interface Listed extends Sound {
  /** The address that counts: the definition's own, or that of the table which `init` created. */
  readonly target: string;
  /** Who named the table. */
  readonly table: 'definition' | 'init' | 'none';
  readonly clock: ScheduleState | undefined;
}

function targetOf(
  { name, definition }: Sound,
  targets: ReadonlyMap<string, FoundTarget>,
): Pick<Listed, 'target' | 'table'> {
  const found = targets.get(name);
  if (found?.kind === 'made') return { target: found.address, table: 'init' };
  return { target: definition.target, table: found?.kind === 'none' ? 'none' : 'definition' };
}

const brokenJson = ({ name, file, problems }: Broken, locale: Locale): object => ({
  ...{ name, file },
  problems: problems.map((problem) => reportedProblem(problem, locale)),
});

const brokenLines = ({ file, problems }: Broken, locale: Locale): readonly string[] => [
  file,
  ...problems.flatMap((problem) => problemLines(problem, locale)).map((line) => `  ${line}`),
];

/** `nextRun`: when it runs by itself next; null when it never does. */
const soundJson = ({ name, definition, target, table, clock }: Listed): object => ({
  ...{ name, title: definition.title, mode: definition.mode, connection: definition.source.connection },
  ...{ target, table },
  nextRun: clock?.nextRun === undefined ? null : iso(clock.nextRun),
  paused: clock?.paused ?? false,
  problems: [],
});

function soundLine({ name, definition, target, table, clock }: Listed, locale: Locale): string {
  const say = speaking(locale);
  const { title, mode, source } = definition;
  const hints = {
    definition: '',
    init: say('（init 新建的表）', ' (created by init)'),
    none: say(`（还没有表：bitable-sync init ${name}）`, ` (no table yet: bitable-sync init ${name})`),
  };
  const next = clock?.nextRun === undefined ? '' : iso(clock.nextRun);
  const due = clock?.paused
    ? say('定时已暂停', 'schedule paused')
    : next && say(`下次运行 ${next}`, `next run ${next}`);
  return [title, mode, source.connection, target + hints[table], due].filter(Boolean).join(' · ');
}

/** Copies the store into a file while others work with it. */
export const backup = command({
  name: 'backup',
  help: text(
    '把同步记录（SQLite）备份到一个新文件，机器人可以照常运行',
    'copy the store (SQLite) into a new file, while the bot runs',
  ),
  words: { file: argument('<file>', text('备份写到哪里', 'where the copy goes')) },
  failed: (_, error) => ({ status: 'failed', file: null, bytes: null, error }),
  run: async ({ file }, { world: { env, cwd, load }, locale }) => {
    const { store } = readLocalConfig(env, cwd);
    const from = fileOf(store.url);
    if (from === undefined) throw problem(useDump);
    const to = resolve(cwd, file);
    const bytes = (await load.storeCare()).backUp(from, to);
    const done = text(
      `已备份到 ${to}（${sizeOf(bytes)}）。恢复：停下机器人，用它替换 ${from}。`,
      `Backed up to ${to} (${sizeOf(bytes)}). To restore: stop the bot and put it in the place of ${from}.`,
    );
    const json = { status: 'ok', file: to, bytes, error: null };
    return { exit: 0, json, lines: [plain(inLocale(done, locale))] };
  },
});

const useDump = {
  code: 'backup-mysql',
  where: 'STORE_URL',
  message: text(
    '同步记录在 MySQL 里，这个命令只备份文件。',
    'The store is in MySQL; this command copies files.',
  ),
  cure: text(
    '请用 mysqldump --single-transaction 备份该库里以 bitable_sync_ 开头的表。',
    'Use mysqldump --single-transaction for the tables of that database whose names begin with bitable_sync_.',
  ),
};

const sizeOf = (bytes: number): string =>
  bytes < 1e6 ? `${Math.ceil(bytes / 1e3)} KB` : `${(bytes / 1e6).toFixed(1)} MB`;

/** Copies everything into another store, and says how to go on with it. */
export const moveStore = command({
  name: 'move-store',
  help: text(
    '把同步记录全部搬到另一个空的库或文件，先停下机器人',
    'copy the whole store into another, empty database or file; stop the bot first',
  ),
  words: {
    url: argument(
      '<url>',
      text(
        '新的地址，写法同 STORE_URL；写 - 则从标准输入读一行：命令行里的密码，同一台机器上的人看得到',
        'the new address, as STORE_URL has it; - reads a line from stdin: anyone on this machine can see a password in a command line',
      ),
    ),
  },
  failed: (_, error) => ({ status: 'failed', rows: 0, store: null, error }),
  run: async ({ url }, { world, locale, openLog }) => {
    const { env, cwd, clock, stopping, io, load } = world;
    const { store: from } = readLocalConfig(env, cwd);
    const asked = url === '-' ? await firstLine(io.lines) : url;
    // An empty setting would mean the default.
    const given = { ...env, STORE_URL: asked.trim() || '-' };
    const { store: to } = readLocalConfig(given, cwd);
    const log = await openLog({ level: 'warn', secrets: [...secretsOf(env), ...secretsOf(given)] });
    const care = await load.storeCare();
    const rows = await care.move(from, to, { clock, log, signal: stopping });
    const shown = shownUrl(to.url);
    const done = text(
      `已复制 ${rows} 条记录；原来的没有变。改好设置再启动机器人：`,
      `Copied ${rows} rows; the old store is as it was. Change the setting, then start the bot:`,
    );
    const json = { status: 'moved', rows, store: shown, error: null };
    return { exit: 0, json, lines: [inLocale(done, locale), `STORE_URL=${shown}`].map(plain) };
  },
});

async function firstLine(lines: AsyncIterable<string>): Promise<string> {
  for await (const line of lines) return line;
  return '';
}

/** The address without its password. */
function shownUrl(address: string): string {
  if (fileOf(address) !== undefined) return address;
  const url = new URL(address);
  if (url.password !== '') url.password = '***';
  return url.href;
}
