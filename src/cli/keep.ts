import { resolve } from 'node:path';
import { type Connection, readLocalConfig, secretsOf } from '../config.ts';
import { problem } from '../sync/problem.ts';
import { inLocale, type Locale, text } from '../sync/text.ts';
import type { Answer } from './answer.ts';
import type { Command } from './arguments.ts';
import type { Counter } from './perform.ts';
import { plain } from './words.ts';
import type { World } from './world.ts';

type Surroundings = Pick<World, 'env' | 'cwd' | 'storeCare'>;

/** Copies the store into a file while others work with it. Rejects with `ProblemError` when there is no copy. */
export async function backup(
  { file }: Extract<Command, { kind: 'backup' }>,
  { env, cwd, storeCare }: Surroundings,
  locale: Locale,
): Promise<Answer> {
  const { store } = readLocalConfig(env, cwd);
  if (store.kind === 'mysql') throw problem(useDump);
  const to = resolve(cwd, file);
  const bytes = (await storeCare()).backUp(store.path, to);
  return {
    exit: 0,
    json: { status: 'ok', file: to, bytes, error: null },
    lines: [
      inLocale(
        text(
          `已备份到 ${to}（${sizeOf(bytes)}）。恢复：停下机器人，用它替换 ${store.path}。`,
          `Backed up to ${to} (${sizeOf(bytes)}). To restore: stop the bot and put it in the place of ${store.path}.`,
        ),
        locale,
      ),
    ].map(plain),
  };
}

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

/** Copies everything into another store, and says how to go on with it. Rejects with `ProblemError`. */
export async function moveStore(
  { url }: Extract<Command, { kind: 'move-store' }>,
  { world, locale, openLog }: Pick<Counter, 'world' | 'locale' | 'openLog'>,
): Promise<Answer> {
  const { env, cwd, clock, stopping } = world;
  const { store: from } = readLocalConfig(env, cwd);
  const asked = url === '-' ? await firstLine(world.lines) : url;
  // An empty setting would mean the default.
  const given = { ...env, STORE_URL: asked.trim() || '-' };
  const { store: to } = readLocalConfig(given, cwd);
  const secrets = [...secretsOf(env), ...secretsOf(given)];
  const log = await openLog({ level: 'warn', secrets });
  const care = await world.storeCare();
  const rows = await care.move(from, to, { clock, log, signal: stopping });
  const shown = shownUrl(to);
  const say = (zh: string, en: string): string => inLocale(text(zh, en), locale);
  return {
    exit: 0,
    json: { status: 'moved', rows, store: shown, error: null },
    lines: [
      say(
        `已复制 ${rows} 条记录；原来的没有变。改好设置再启动机器人：`,
        `Copied ${rows} rows; the old store is as it was. Change the setting, then start the bot:`,
      ),
      `STORE_URL=${shown}`,
    ].map(plain),
  };
}

async function firstLine(lines: AsyncIterable<string>): Promise<string> {
  for await (const line of lines) return line;
  return '';
}

/** The address without its password. */
function shownUrl(store: Connection): string {
  if (store.kind === 'sqlite') return `sqlite:${store.path}`;
  const url = new URL(store.url);
  if (url.password !== '') url.password = '***';
  return url.href;
}
