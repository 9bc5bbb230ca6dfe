import type { Dialect, InsertQueryBuilder, Kysely, RawBuilder, Transaction } from 'kysely';
import type { Problem } from '../../sync/words/problem.ts';
import { text } from '../../sync/words/text.ts';
import type { TableShape, Tables } from './schema.ts';

export type Database = Kysely<Tables>;
export type Trx = Transaction<Tables>;

/** Something in the database that has a table's name. */
export interface Relation {
  /** False for a view. */
  readonly table: boolean;
  /** In lower case; none for a view. */
  readonly columns: readonly string[];
}

/** All that differs between the databases that the store runs on. */
export interface Backend {
  readonly dialect: Dialect;
  readonly words: Words;
  readonly faults: Faults;
  /** Runs work that no other process may run at the same time. Rejects where the database is not fit for the store. */
  alone(db: Database, work: (db: Database) => Promise<void>): Promise<void>;
  /**
   * Does work that reads or writes the whole database, in one transaction on one connection. Rejects with a
   * `ProblemError` when somebody else has the database open.
   */
  hold<R>(db: Database, work: (db: Database) => Promise<R>): Promise<R>;
  /** What is to be done now and then so that the database stays in order. */
  tidy(db: Database): Promise<void>;
}

/** What each of them says in SQL of its own. */
export interface Words {
  /** The statements that create a table with its indexes; they fail where it is there already. */
  create(table: TableShape): readonly string[];
  /** The statements that give tables other names, all at once where the database can do that. */
  rename(names: readonly (readonly [from: string, to: string])[]): readonly string[];
  /** What has one of these names now, by its name in lower case. */
  relations(db: Database, names: readonly string[]): Promise<ReadonlyMap<string, Relation>>;
  /** Makes an insert leave rows alone whose key is there already. */
  unlessThere<T extends keyof Tables, O>(
    insert: InsertQueryBuilder<Tables, T, O>,
  ): InsertQueryBuilder<Tables, T, O>;
  /** The condition for rows that come after these values in the order of these columns, as an index finds them. */
  after(columns: readonly string[], values: readonly unknown[]): RawBuilder<unknown>;
  /** The database's own clock, in ms since the epoch, where all its clients share one. */
  readonly time?: RawBuilder<number>;
  /** Whether a select must hold its row until the transaction ends, because transactions run side by side. */
  readonly holdsRows: boolean;
}

/** What their errors mean. */
export interface Faults {
  /** Whether the transaction lost against another one and can simply be done again; also of an error already put in words. */
  lostRace(error: unknown): boolean;
  /** Whether another program holds what a statement needs: the same statement may pass later. */
  isLocked(error: unknown): boolean;
  /** What a person must put right so that the database works; `undefined` for other errors. */
  problem(error: unknown): Problem | undefined;
}

/** How often work is done again after it lost against another process. */
const tries = 5;

/** Does all of the work or none of it. */
export const transact = <R>(db: Database, backend: Backend, work: (trx: Trx) => Promise<R>): Promise<R> =>
  untilWon(backend, () => db.transaction().execute(work));

/** Does work that is one statement or one transaction, again where it lost against another one. */
export async function untilWon<R>(backend: Backend, work: () => Promise<R>): Promise<R> {
  for (let left = tries; ; left--) {
    try {
      return await work();
    } catch (error) {
      if (left <= 1 || !backend.faults.lostRace(error)) throw error;
    }
  }
}

/** Relations by name, from rows of which each tells one column. */
export function relationsOf(
  rows: readonly { readonly relation: string; readonly kind: string; readonly field: string | null }[],
): ReadonlyMap<string, Relation> {
  const found = new Map<string, { table: boolean; columns: string[] }>();
  for (const { relation, kind, field } of rows) {
    const name = relation.toLowerCase();
    const one = found.get(name) ?? { table: /^(?:base )?table$/i.test(kind), columns: [] };
    if (field !== null) one.columns.push(field.toLowerCase());
    found.set(name, one);
  }
  return found;
}

/** What to say when others have the database open whose whole content is wanted. */
export const inUse: Problem = {
  code: 'store-in-use',
  message: text(
    '存储正被使用：机器人、一次同步或别的会话。',
    'The store is in use: by a bot, a run, or another session.',
  ),
  cure: text('先停下它们，然后再试。', 'Stop it first, then try again.'),
};
