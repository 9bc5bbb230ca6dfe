import {
  CompiledQuery,
  MysqlDialect,
  type MysqlPool,
  type MysqlPoolConnection,
  type MysqlQueryResult,
  sql,
} from 'kysely';
import { createPool, type ExecuteValues, type Pool, type PoolConnection, type PoolOptions } from 'mysql2';
import { type Problem, ProblemError, problem } from '../../sync/words/problem.ts';
import { text } from '../../sync/words/text.ts';
import { type Backend, type Database, inUse, type Relation, relationsOf } from './backend.ts';
import { codeOf, mysqlProblem, silentCode } from './problems.ts';
import type { TableShape } from './schema.ts';

/** Connections at most: settling, the heartbeat of leases and a person's clicks run side by side. */
const connections = 8;

/** Seconds that a process waits for another one to bring the schema up to date. */
const patience = 60;

/** Bytes that the server must take in one statement: chunks have up to 2 MB. */
const packet = 4 * 1024 * 1024;

/**
 * The store in a MySQL or MariaDB database that several instances share.
 * @param idle seconds after which the server ends a session that says nothing, and with it the locks of a transaction
 * whose process is stopped or gone: they would keep every other instance out for hours
 */
export function mysqlBackend(url: string, idle = silence / 1000): Backend {
  const pool = createPool({
    ...addressOf(url),
    charset: 'utf8mb4',
    connectionLimit: connections,
    connectTimeout: 10_000,
    // Sessions that nobody needs are ended from here, well before the server does.
    maxIdle: connections - 1,
    idleTimeout: (idle * 1000) / 2,
    flags: ['-LOCAL_FILES'],
  });
  return {
    dialect: new MysqlDialect({
      pool: bytesPool(pool),
      onCreateConnection: async (connection) => {
        for (const statement of sessionOf(idle)) await connection.executeQuery(CompiledQuery.raw(statement));
      },
    }),
    words: {
      create: createTable,
      rename: (names) => [`rename table ${names.map(([from, to]) => `\`${from}\` to \`${to}\``).join(', ')}`],
      relations,
      unlessThere: (insert) => insert.ignore(),
      after: (columns, values) => sql`(${sql.join(laterThan(columns, values), sql` or `)})`,
      time,
      holdsRows: true,
    },
    faults: {
      lostRace: (error) => codeOf(error instanceof ProblemError ? error.cause : error) === 'ER_LOCK_DEADLOCK',
      // Such a time-out takes back the statement and leaves the transaction as it was.
      isLocked: (error) => codeOf(error) === 'ER_LOCK_WAIT_TIMEOUT',
      problem: mysqlProblem,
    },
    alone: (db, work) =>
      db.connection().execute((one) =>
        locked(one, async () => {
          await examine(one);
          await work(one);
        }),
      ),
    hold: (db, work) => db.connection().execute((one) => locked(one, () => holdDatabase(one, work))),
    tidy: async () => {},
  };
}

/** @param idle seconds */
const sessionOf = (idle: number): readonly string[] => [
  // Without gap locks two instances that write to different tables do not wait for each other.
  'set session transaction isolation level read committed',
  // Whatever the server's own settings are, texts arrive as they are and nothing is cut. It says soon that somebody
  // holds a row or a table; waiting on is done here, with words.
  `set names utf8mb4, session sql_mode = 'STRICT_ALL_TABLES', session innodb_lock_wait_timeout = 5, session lock_wait_timeout = 5, session wait_timeout = ${idle}`,
];

async function relations(db: Database, names: readonly string[]): Promise<ReadonlyMap<string, Relation>> {
  const { rows } = await sql<{ relation: string; kind: string; field: string | null }>`
    select one.table_name as relation, one.table_type as kind, field.column_name as field
    from information_schema.tables one
    left join information_schema.columns field
      on field.table_schema = one.table_schema and field.table_name = one.table_name
    where one.table_schema = database() and lower(one.table_name) in (${sql.join(names)})`.execute(db);
  return relationsOf(rows);
}

/** @throws ProblemError when a chunk would not fit */
async function examine(db: Database): Promise<void> {
  const { rows } = await sql<{ size: number }>`select @@max_allowed_packet as size`.execute(db);
  if (Number(rows[0]?.size) < packet) throw problem(smallPacket);
}

/** Where the server is: `?ssl=true`, `?ssl=skip-verify` and `?socket=/path` mean what they mean for connections. */
function addressOf(url: string): PoolOptions {
  const address = new URL(url);
  const socketPath = address.searchParams.get('socket');
  const ssl = address.searchParams.get('ssl') ?? 'false';
  const checked = ssl !== 'skip-verify';
  // The driver would take any of its options from there, some of which undo our safety.
  address.search = '';
  return {
    uri: address.href,
    ...(socketPath === null ? {} : { socketPath }),
    ...(ssl === 'false' ? {} : { ssl: { rejectUnauthorized: checked, verifyIdentity: checked } }),
  };
}

// Of the zone's own making: a local time stands twice in the hour that autumn repeats.
const time = sql<number>`timestampdiff(microsecond, '1970-01-01', utc_timestamp(6)) div 1000`;

/** Named locks count for the whole server, so the name holds the database's own. */
const lockName = sql`left(concat('bitable-sync:', database()), 64)`;

/** Does work under the named lock, which other processes wait for. */
async function locked<R>(db: Database, work: () => Promise<R>): Promise<R> {
  for (let waited = 0; ; waited += 5) {
    if (waited >= patience) throw problem(upgrading);
    const { rows } = await sql<{ got: unknown }>`select get_lock(${lockName}, 5) as got`.execute(db);
    if (Number(rows[0]?.got) === 1) break;
  }
  try {
    return await work();
  } finally {
    await sql`select release_lock(${lockName})`.execute(db);
  }
}

const upgrading: Problem = {
  code: 'store-busy',
  message: text('另一个实例正在升级数据库，等待超时', 'another instance is still upgrading the store'),
  cure: text('请等它完成后再启动', 'wait until it is done, then start again'),
  where: 'STORE_URL',
};

/** Others that come in meanwhile wait for the named lock, or are seen at the end. */
async function holdDatabase<R>(db: Database, work: (db: Database) => Promise<R>): Promise<R> {
  // The server needs a moment to forget a session that has ended.
  for (let tries = 10; await isShared(db); tries--) {
    if (tries === 0) throw problem(inUse);
    await sql`do sleep(0.2)`.execute(db);
  }
  await sql`set session transaction isolation level repeatable read`.execute(db);
  await sql`start transaction with consistent snapshot`.execute(db);
  try {
    const result = await work(db);
    if (await isShared(db)) throw problem(inUse);
    await sql`commit`.execute(db);
    return result;
  } catch (error) {
    await sql`rollback`.execute(db);
    throw error;
  }
}

/**
 * Whether anybody else has the database open, or holds a table. An account that may not see the sessions of others sees
 * those of its own.
 */
async function isShared(db: Database): Promise<boolean> {
  const { rows } = await sql<{ others: unknown }>`select
    (select count(*) from information_schema.processlist where db = database() and id <> connection_id()) +
    (select count(*) from bitable_sync_leases where run is not null and until > ${time}) as others`.execute(
    db,
  );
  return Number(rows[0]?.others) > 0;
}

/** `a > 1`, or `a = 1 and b > 2`: of rows as a whole, the server would compare every one. */
const laterThan = (columns: readonly string[], values: readonly unknown[]) =>
  columns.map((column, at) => {
    const equal = columns.slice(0, at).map((name, index) => sql`${sql.ref(name)} = ${values[index]}`);
    return sql`(${sql.join([...equal, sql`${sql.ref(column)} > ${values[at]}`], sql` and `)})`;
  });

function createTable({ name, columns, primary, unique = {}, indexes = {} }: TableShape): string[] {
  const list = (names: readonly string[]): string => names.map((one) => `\`${one}\``).join(', ');
  const lines = [
    ...Object.entries(columns).map(([column, type]) => `\`${column}\` ${type}`),
    `primary key (${list(primary)})`,
    ...Object.entries(unique).map(([as, on]) => `unique index \`${as}\` (${list(on)})`),
    ...Object.entries(indexes).map(([as, on]) => `index \`${as}\` (${list(on)})`),
  ];
  // Record IDs and names differ by case; a binary collation compares them exactly.
  const options = 'engine=InnoDB default charset=utf8mb4 collate=utf8mb4_bin';
  return [`create table \`${name}\` (${lines.join(', ')}) ${options}`];
}

const smallPacket: Problem = {
  code: 'store-packet',
  message: text(
    '存储数据库的 max_allowed_packet 小于 4 MB，放不下一个分块',
    "the store's max_allowed_packet is below 4 MB: a chunk does not fit",
  ),
  cure: text('请在数据库服务器上设置 max_allowed_packet=64M', 'set max_allowed_packet=64M on the server'),
  where: 'STORE_URL',
};

/** Bytes from which a value travels as it is, in a prepared statement. */
const large = 16 * 1024;

/** Milliseconds after which a server that says nothing counts as gone. Statements take milliseconds, locks 5 s. */
const silence = 20_000;

const silent = (): Error => Object.assign(new Error('the server does not answer'), { code: silentCode });

/**
 * A pool for Kysely that leaves a server which hangs, and that sends large bytes as bytes. In the text of a statement each would be two digits,
 * and writing those down holds up the event loop for some 10 ms a megabyte.
 */
export function bytesPool(pool: Pool, patience = silence): MysqlPool {
  // Kysely knows a connection again by its identity.
  const known = new WeakMap<PoolConnection, MysqlPoolConnection>();
  return {
    getConnection(callback) {
      pool.getConnection((error, connection) => {
        // Kysely looks at the error first, and at nothing else then.
        if (error) return callback(error, undefined as never);
        const dressed = known.get(connection) ?? dress(connection, patience);
        known.set(connection, dressed);
        callback(null, dressed);
      });
    },
    end: (callback) => pool.end(callback),
  };
}

type Told = (error: unknown, result: MysqlQueryResult) => void;

function dress(connection: PoolConnection, patience: number): MysqlPoolConnection {
  let gone = false;
  function query(sql: string, parameters: unknown[]): never;
  function query(sql: string, parameters: unknown[], told: Told): void;
  function query(sql: string, parameters: unknown[], told?: Told): void {
    if (!told) throw new Error('the store reads no streams');
    if (gone) {
      told(silent(), undefined as never);
      return;
    }
    const late = setTimeout(() => {
      gone = true;
      // The statement and those behind it end with it.
      connection.destroy();
      answer(silent(), undefined);
    }, patience);
    let answered = false;
    const answer = (error: unknown, result: unknown): void => {
      clearTimeout(late);
      if (!answered) told(error, result as MysqlQueryResult);
      answered = true;
    };
    const bytes = parameters.some((value) => value instanceof Uint8Array && value.length >= large);
    if (bytes) connection.execute(sql, parameters as ExecuteValues, answer);
    else connection.query(sql, parameters, answer);
  }
  return { query, release: () => connection.release() };
}
