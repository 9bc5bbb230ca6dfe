import { chmodSync, closeSync, existsSync, fstatSync, mkdirSync, openSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { sql } from 'kysely';
import type { Problem } from '../sync/problem.ts';
import { text } from '../sync/text.ts';
import type { Backend, Database, TableShape } from './backend.ts';
import type { NewLedgerRow } from './schema.ts';
import { SqliteFault, sqliteDialect } from './sqlite-driver.ts';

/** Milliseconds that a write waits for another process: the bot and the command line may share the file. */
const patience = 10_000;

/** The store in a file that only its owner can read; file and folder are made when missing. */
export function sqliteBackend(name: string): Backend {
  const path = name === ':memory:' ? name : prepareFile(resolve(name));
  return {
    dialect: sqliteDialect({ path, patience }),
    create: createTable,
    unlessThere: (insert) => insert.orIgnore(),
    confirm: confirmAll,
    alone: (db, work) => db.transaction().execute(work),
    holdsRows: false,
    // A transaction begins as the only writer: it waits instead of losing.
    lostRace: () => false,
    problem: (error) => (error instanceof SqliteFault ? sqliteProblem(path, error) : undefined),
    examine: async () => {},
  };
}

/**
 * All rows travel to the thread as one text: a parameter for each of their values costs several times as much, on
 * both sides.
 */
async function confirmAll(db: Database, rows: readonly NewLedgerRow[]): Promise<void> {
  const values = JSON.stringify(
    rows.map(({ scope, key_id, key_text, record, hash, run }) => [
      scope,
      key_id,
      key_text,
      record,
      hash,
      run,
    ]),
  );
  const at = (column: number) => sql.raw(`json_extract(value, '$[${column}]')`);
  await sql`replace into ledger (scope, key_id, key_text, record, hash, run)
    select ${at(0)}, ${at(1)}, ${at(2)}, ${at(3)}, ${at(4)}, ${at(5)} from json_each(${values})`.execute(db);
}

/** SQLite gives its side files the rights of the main one, so that one must have them before it is opened. */
function prepareFile(path: string): string {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const file = openSync(path, 'a', 0o600);
  const open = (fstatSync(file).mode & 0o077) !== 0;
  closeSync(file);
  if (!open) return path;
  for (const one of [path, `${path}-wal`, `${path}-shm`]) if (existsSync(one)) chmodSync(one, 0o600);
  return path;
}

function createTable({ name, columns, primary, unique = {}, indexes = {} }: TableShape): string[] {
  const lines = Object.entries(columns).map(([column, type]) => `"${column}" ${type}`);
  const list = (names: readonly string[]): string => names.map((one) => `"${one}"`).join(', ');
  // Blobs do better with a row ID of their own; small rows without one are stored once, in the key's order.
  const rowid = Object.values(columns).some((type) => type.startsWith('long')) ? '' : ' without rowid';
  const index =
    (kind: string) =>
    ([as, on]: [string, readonly string[]]) =>
      `create ${kind} if not exists "${as}" on "${name}" (${list(on)})`;
  return [
    `create table if not exists "${name}" (${lines.join(', ')}, primary key (${list(primary)}))${rowid}`,
    ...Object.entries(unique).map(index('unique index')),
    ...Object.entries(indexes).map(index('index')),
  ];
}

function sqliteProblem(path: string, fault: SqliteFault): Problem {
  const where = 'STORE_URL';
  if (fault.code === 'SQLITE_NOTADB') {
    return {
      code: 'store-not-a-database',
      message: text(`${path} 不是 SQLite 数据库`, `${path} is no SQLite database`),
      cure: text('请移走该文件，或修改 STORE_URL', 'move the file away, or let STORE_URL name another one'),
      where,
    };
  }
  if (fault.code.startsWith('SQLITE_BUSY')) {
    return {
      code: 'store-busy',
      message: text(`${path} 一直被另一个程序占用`, `another program keeps ${path} locked`),
      cure: text('请结束占用该文件的程序后重试', 'end the program that holds the file and try again'),
      where,
    };
  }
  return {
    code: 'store-unusable',
    message: text(`无法使用 ${path}：${fault.message}`, `${path} cannot be used: ${fault.message}`),
    cure: text(
      '请检查磁盘空间和文件权限；文件损坏时请从备份恢复，或移走它重新开始',
      'check disk space and file rights; if the file is damaged, restore a backup or move it away to start anew',
    ),
    where,
  };
}
