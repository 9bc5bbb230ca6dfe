import { sql } from 'kysely';
import type { Database, Relation, TableShape } from './backend.ts';
import { first, versions } from './shapes.ts';

type There = ReadonlyMap<string, Relation>;
type Added = Readonly<Record<string, readonly string[]>>;

const prefix = 'bitable_sync_';

/** What a table was called by 0.1.0, which had no prefix. */
const oldName = (name: string): string => name.slice(prefix.length);

/** Returns all names that the tables have now or had once. */
export const namesOf = (shapes: readonly TableShape[]): string[] =>
  shapes.flatMap(({ name }) => [name, oldName(name)]);

/** Whether a relation is a table with exactly the columns of the shape; those added later may be missing still. */
export function isOurs(one: Relation | undefined, shape: TableShape, added: Added = {}): boolean {
  if (one === undefined || !one.table) return false;
  const later = added[shape.name] ?? [];
  const wanted = Object.keys(shape.columns);
  const known = new Set([...wanted, ...later]);
  return wanted.every((name) => one.columns.includes(name)) && one.columns.every((name) => known.has(name));
}

/**
 * Returns old and new names of the tables that 0.1.0 made here, where that is proven: the rows of its `versions` are
 * 1, 2, 3 … and all of its first tables are there, column by column. A table beside them that is of somebody else
 * keeps its name. A rename that a kill cut in two is gone on with.
 */
export async function oldStore(
  db: Database,
  there: There,
  shapes: readonly TableShape[],
  added: Added,
): Promise<readonly (readonly [from: string, to: string])[] | undefined> {
  const old = (shape: TableShape): boolean => isOurs(there.get(oldName(shape.name)), shape, added);
  const done = (shape: TableShape): boolean => isOurs(there.get(shape.name), shape, added);
  if (!old(versions) || !first.every((shape) => old(shape) !== done(shape))) return undefined;
  const { rows } = await sql<{
    version: unknown;
  }>`select version from ${sql.id('versions')} order by version`.execute(db);
  const counted = rows.every(({ version }, index) => Number(version) === index + 1);
  if (!counted || rows.length === 0 || rows.length > 6) return undefined;
  const [own, ...others] = shapes.filter(old);
  // The table by which a store is known goes last.
  const order = own ? [...others, own] : others;
  return order.filter(({ name }) => !there.has(name)).map(({ name }) => [oldName(name), name] as const);
}
