import { CompiledQuery, sql } from 'kysely';
import type { Clock, Log } from '../../run/ports.ts';
import { problem } from '../../sync/words/problem.ts';
import { text } from '../../sync/words/text.ts';
import type { Backend, Database, Relation } from './backend.ts';
import { shapeOf, type TableShape } from './schema.ts';

/** A change of the schema: tables to be created, or a table that gets the columns it has `later`. */
type Change = readonly TableShape[] | { readonly widen: TableShape };

/** The table by which a store is known. */
const versions = shapeOf('bitable_sync_versions');

const first = [
  shapeOf('bitable_sync_runs'),
  shapeOf('bitable_sync_chunks'),
  shapeOf('bitable_sync_bodies'),
  shapeOf('bitable_sync_ledger'),
  shapeOf('bitable_sync_leases'),
  shapeOf('bitable_sync_memory'),
  shapeOf('bitable_sync_seen'),
];

/**
 * The changes of the schema, oldest first; the position plus one is the version. Never edit one that was
 * released: add another. Each must be fit to run again, because MySQL cannot take back half of one.
 */
const changes: readonly Change[] = [
  first,
  [shapeOf('bitable_sync_orders')],
  [shapeOf('bitable_sync_bad_rows'), shapeOf('bitable_sync_refused_rows')],
  { widen: shapeOf('bitable_sync_chunks') },
  [shapeOf('bitable_sync_occasions'), shapeOf('bitable_sync_marks'), shapeOf('bitable_sync_reminders')],
  [shapeOf('bitable_sync_audit')],
  [shapeOf('bitable_sync_confirmed'), shapeOf('bitable_sync_known_parts')],
];

export const content: readonly TableShape[] = changes.flatMap((one) => ('widen' in one ? [] : one));
const tables = [versions, ...content];

/**
 * Brings the schema up to what this program needs; of several processes one does it, the others wait.
 * Rejects with a `ProblemError` when a newer program has changed it already, or when tables stand there that no
 * program of ours made.
 */
export async function migrate(
  db: Database,
  backend: Backend,
  { clock, log }: { readonly clock: Clock; readonly log: Log },
): Promise<void> {
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
      await run(one, 'widen' in change ? widening(change.widen) : await missing(one, backend, change));
      await one
        .insertInto('bitable_sync_versions')
        .values({ version: index + 1, at: clock.now() })
        .execute();
      log.info('store.migrated', { version: index + 1 });
    }
    refuse(strangers(await backend.words.relations(one, names)));
  });
}

/** Finds the store, takes over the one that stood here without a prefix, or makes the beginning of a new one. */
async function begin(db: Database, backend: Backend, log: Log): Promise<void> {
  const there = await backend.words.relations(db, names);
  if (isOurs(there.get(versions.name), versions)) return;
  const renamed = await oldStore(db, there);
  if (renamed) {
    refuse(strangers(there));
    await run(db, backend.words.rename(renamed));
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
  await run(db, backend.words.create(versions));
}

const widening = ({ name, later = {} }: TableShape): readonly string[] =>
  Object.entries(later).map(([column, type]) => `alter table ${name} add column ${column} ${type}`);

/** The shapes whose names somebody else's tables have. */
const strangers = (there: ReadonlyMap<string, Relation>): readonly TableShape[] =>
  tables.filter((shape) => there.has(shape.name) && !isOurs(there.get(shape.name), shape));

/** What creates the tables that a killed process has not created yet. */
async function missing(db: Database, backend: Backend, shapes: readonly TableShape[]): Promise<string[]> {
  const there = await backend.words.relations(
    db,
    shapes.map(({ name }) => name),
  );
  refuse(strangers(there));
  return shapes.filter(({ name }) => !there.has(name)).flatMap((shape) => backend.words.create(shape));
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
      '单独建一个库（STORE_URL），或把那些表改名',
      'give the store its own database (STORE_URL), or rename those tables',
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
    cure: text('请用更新版本的程序，或改 STORE_URL', 'run the newer program, or change STORE_URL'),
    where: 'STORE_URL',
  });

const prefix = 'bitable_sync_';

/** What a table was called by 0.1.0, which had no prefix. */
const oldName = (name: string): string => name.slice(prefix.length);

/** All names that the tables have now or had once. */
const names: readonly string[] = tables.flatMap(({ name }) => [name, oldName(name)]);

/** Whether a relation is a table with exactly the columns of the shape; those added later may be missing still. */
function isOurs(one: Relation | undefined, { columns, later = {} }: TableShape): boolean {
  if (one === undefined || !one.table) return false;
  const wanted = Object.keys(columns);
  const known = new Set([...wanted, ...Object.keys(later)]);
  return wanted.every((name) => one.columns.includes(name)) && one.columns.every((name) => known.has(name));
}

const released = 6;

/**
 * Returns old and new names of the tables that 0.1.0 made here, where that is proven: the rows of its `versions` are
 * 1, 2, 3 … and all of its first tables are there, column by column. A table beside them that is of somebody else
 * keeps its name. A rename that a kill cut in two is gone on with.
 */
async function oldStore(
  db: Database,
  there: ReadonlyMap<string, Relation>,
): Promise<readonly (readonly [from: string, to: string])[] | undefined> {
  const old = (shape: TableShape): boolean => isOurs(there.get(oldName(shape.name)), shape);
  const done = (shape: TableShape): boolean => isOurs(there.get(shape.name), shape);
  if (!old(versions) || !first.every((shape) => old(shape) !== done(shape))) return undefined;
  const { rows } = await sql<{
    version: unknown;
  }>`select version from ${sql.id('versions')} order by version`.execute(db);
  const counted = rows.every(({ version }, index) => Number(version) === index + 1);
  if (!counted || rows.length === 0 || rows.length > released) return undefined;
  const [own, ...others] = tables.filter(old);
  // The table by which a store is known goes last.
  const order = own ? [...others, own] : others;
  return order.filter(({ name }) => !there.has(name)).map(({ name }) => [oldName(name), name] as const);
}
