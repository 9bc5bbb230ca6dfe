import { CompiledQuery } from 'kysely';
import type { Clock, Log } from '../run/ports.ts';
import { problem } from '../sync/problem.ts';
import { text } from '../sync/text.ts';
import type { Backend, Database, Relation, TableShape } from './backend.ts';
import { isOurs, namesOf, oldStore } from './ownership.ts';
import { audit, first, orders, rejects, schedules, versions } from './shapes.ts';

/** A change of the schema: tables to be created, or statements that are fit to run again. */
type Change = readonly TableShape[] | { readonly statements: readonly string[] };

/**
 * The changes of the schema, oldest first; the position plus one is the version. Never edit one that was
 * released: add another. Each must be fit to run again, because MySQL cannot take back half of one.
 */
const changes: readonly Change[] = [
  first,
  [orders],
  rejects,
  { statements: ['alter table bitable_sync_chunks add column back integer not null default 0'] },
  schedules,
  [audit],
];

/** All tables. */
export const tables: readonly TableShape[] = [
  versions,
  ...changes.flatMap((one) => ('statements' in one ? [] : one)),
];

/** Columns that came later than their table. */
const added: Readonly<Record<string, readonly string[]>> = { bitable_sync_chunks: ['back'] };

/** Returns the names of all columns that a table has in the end. */
export const columnsOf = ({ name, columns }: TableShape): readonly string[] => [
  ...Object.keys(columns),
  ...(added[name] ?? []),
];

/**
 * Brings the schema up to what this program needs; of several processes one does it, the others wait.
 * Rejects with a `ProblemError` when a newer program has changed it already, or when tables stand there that no
 * program of ours made.
 */
export async function migrate(db: Database, backend: Backend, clock: Clock, log: Log): Promise<void> {
  await backend.alone(db, async (one) => {
    await begin(one, backend, log);
    const { version } = await one
      .selectFrom('bitable_sync_versions')
      .select((select) => select.fn.max<number | null>('version').as('version'))
      .executeTakeFirstOrThrow();
    const have = Number(version ?? 0);
    if (have > changes.length) throw tooNew(have);
    for (const [index, change] of changes.entries()) {
      if (index < have) continue;
      await run(one, 'statements' in change ? change.statements : await missing(one, backend, change));
      await one
        .insertInto('bitable_sync_versions')
        .values({ version: index + 1, at: clock.now() })
        .execute();
      log.info('store.migrated', { version: index + 1 });
    }
    refuse(strangers(await backend.relations(one, namesOf(tables))));
  });
}

/** Finds the store, takes over the one that stood here without a prefix, or makes the beginning of a new one. */
async function begin(db: Database, backend: Backend, log: Log): Promise<void> {
  const there = await backend.relations(db, namesOf(tables));
  if (isOurs(there.get(versions.name), versions)) return;
  const renamed = await oldStore(db, there, tables, added);
  if (renamed) {
    refuse(strangers(there));
    await run(db, backend.rename(renamed));
    // Where somebody else had one of its names, 0.1.0 never made the table.
    await run(
      db,
      await missing(
        db,
        backend,
        tables.filter((shape) => !first.includes(shape)),
      ),
    );
    log.info('store.renamed', { tables: renamed.length });
    return;
  }
  // From here on whatever has one of these names was made by us.
  refuse(tables.filter(({ name }) => there.has(name)));
  await run(db, backend.create(versions));
}

/** The shapes whose names somebody else's tables have. */
const strangers = (there: ReadonlyMap<string, Relation>): readonly TableShape[] =>
  tables.filter((shape) => there.has(shape.name) && !isOurs(there.get(shape.name), shape, added));

/** What creates the tables that a killed process has not created yet. */
async function missing(db: Database, backend: Backend, shapes: readonly TableShape[]): Promise<string[]> {
  const there = await backend.relations(
    db,
    shapes.map(({ name }) => name),
  );
  refuse(strangers(there));
  return shapes.filter(({ name }) => !there.has(name)).flatMap((shape) => backend.create(shape));
}

async function run(db: Database, statements: readonly string[]): Promise<void> {
  for (const statement of statements) {
    await db.executeQuery(CompiledQuery.raw(statement)).catch((error: unknown) => {
      if (!isThere(error)) throw error;
    });
  }
}

/** A column that an earlier try has added already; neither database has a portable "if not exists" for it. */
const isThere = (error: unknown): boolean =>
  error instanceof Error && /duplicate column name/i.test(error.message);

/** @throws ProblemError when there are such tables */
function refuse(others: readonly TableShape[]): void {
  if (others.length === 0) return;
  const names = others.map(({ name }) => name).join(', ');
  throw problem({
    code: 'store-foreign-tables',
    message: text(
      `数据库里已有同名的表或视图，但不是本程序建的：${names}`,
      `the database holds tables or views of these names that this program did not make: ${names}`,
    ),
    cure: text(
      '给同步记录单独建一个库，写进 STORE_URL；或把那些表改名',
      'let STORE_URL name a database of its own, or rename those tables',
    ),
    where: 'STORE_URL',
  });
}

const tooNew = (have: number) =>
  problem({
    code: 'store-too-new',
    message: text(
      `数据库已被更新版本的程序升级到第 ${have} 版，本程序只认识到第 ${changes.length} 版`,
      `the store was upgraded to version ${have} by a newer program; this one knows versions up to ${changes.length}`,
    ),
    cure: text(
      '请使用更新版本的程序，或把 STORE_URL 指向另一个数据库',
      'run the newer program, or let STORE_URL name another database',
    ),
    where: 'STORE_URL',
  });
