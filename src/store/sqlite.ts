import { resolve } from 'node:path';
import { sql } from 'kysely';
import type { Backend, Database, TableShape } from './backend.ts';
import type { NewLedgerRow } from './schema.ts';
import { SqliteFault, sqliteDialect } from './sqlite-driver.ts';
import { fileProblem, prepareFile } from './sqlite-file.ts';

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
    problem: (error) => (error instanceof SqliteFault ? fileProblem(path, error.code) : undefined),
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
