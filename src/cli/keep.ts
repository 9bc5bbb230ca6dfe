import { resolve } from 'node:path';
import { readLocalConfig } from '../config.ts';
import { problem } from '../sync/problem.ts';
import { inLocale, type Locale, text } from '../sync/text.ts';
import type { Answer } from './answer.ts';
import type { Command } from './arguments.ts';
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
