import type { FieldPacket, RowDataPacket } from 'mysql2';
import type { Clock, Query } from '../run/ports.ts';
import type { Dialect } from '../sync/sql.ts';
import type { Leash } from './leash.ts';
import { dial, type MysqlAddress, type Wire } from './mysql-address.ts';
import { type Asked, toProblem, zoneProblem } from './mysql-problems.ts';
import { refuse, tooLong } from './problems.ts';

/** A connection that is ready for one query: read-only, in the query's zone, with its time limit. */
export interface Session {
  readonly wire: Wire;
  /** What stands in for a zone that the server does not know by name; null when it knows it. */
  readonly offset: string | null;
  readonly mariaDb: boolean;
  /** Says goodbye and closes; can be called again. */
  close(): void;
}

/** What sessions of one source share. */
export interface SessionParts {
  readonly address: MysqlAddress;
  /** The setting's name, for problems. */
  readonly where: string;
  readonly clock: Clock;
  /** The offset that a zone has had since {@link sameSince} and keeps, if it has only one. */
  readonly offsetOf: (timeZone: string) => string | undefined;
  /** Told of work that goes on after a read was ended. */
  readonly background: (work: Promise<void>) => void;
}

/** How long the server may take to answer at all (ms). */
const connectTimeout = 10_000;
/** How much later than the server we end a query that it should have ended (ms). */
const grace = 5_000;
/** How long we try to end a query on the server (ms). */
const killTimeout = 5_000;

/**
 * Connects and prepares the session. From then on a pull of the leash ends the query on the server too.
 * Rejects with a `ProblemError`, or the leash's reason.
 */
export async function openSession(parts: SessionParts, query: Query, leash: Leash): Promise<Session> {
  leash.check();
  const asked: Asked = { ...parts, ...query, place: parts.address.place };
  const wire = dial(parts.address, connectTimeout);
  wire.connection.on('error', (error: Error) => leash.pull(toProblem(error, asked)));
  leash.signal.addEventListener('abort', () => {
    const thread = wire.connection.threadId as number | null;
    hangUp(wire);
    if (thread !== null) parts.background(killOnServer(parts, thread));
  });
  try {
    await leash.race(connected(wire));
    leash.limit(query.timeout + grace, () => tooLong(query.timeout, query.at));
    const server = await leash.race(prepareSession(wire, query, asked, parts.offsetOf));
    return { wire, ...server, close: () => sayGoodbye(wire) };
  } catch (error) {
    const problem = leash.signal.aborted ? leash.reason() : toProblem(error, asked);
    leash.letGo();
    hangUp(wire);
    throw problem;
  }
}

const connected = ({ connection }: Wire): Promise<void> =>
  new Promise((resolve, reject) => {
    connection.connect((error) => (error ? reject(error) : resolve()));
  });

/** Sets the session up and answers what it has learned of the server. */
async function prepareSession(
  wire: Wire,
  query: Query,
  asked: Asked,
  offsetOf: SessionParts['offsetOf'],
): Promise<Pick<Session, 'offset' | 'mariaDb'>> {
  const [server] = await ask(
    wire,
    "select version(), convert_tz('2020-01-01 00:00:00', '+00:00', ?) is not null, @@session.sql_mode",
    [query.timeZone],
  );
  const [version, knowsZone, sqlMode] = server ?? [];
  refuse(query.sql, asked.at, dialectOf(String(sqlMode)));
  const offset = Number(knowsZone) === 1 ? null : (offsetOf(query.timeZone) ?? null);
  if (Number(knowsZone) !== 1 && offset === null) throw zoneProblem(asked);
  const mariaDb = /mariadb/i.test(String(version));
  const limit = mariaDb
    ? `max_statement_time = ${query.timeout / 1000}`
    : `max_execution_time = ${Math.ceil(query.timeout)}`;
  await ask(wire, `set session ${limit}, session time_zone = ?`, [offset ?? query.timeZone]);
  await ask(wire, 'set session transaction read only');
  return { offset, mariaDb };
}

/** How a server in this mode reads quotes. */
function dialectOf(sqlMode: string): Dialect {
  const modes = sqlMode.split(',');
  if (modes.includes('NO_BACKSLASH_ESCAPES')) return 'plain-mysql';
  return modes.includes('ANSI_QUOTES') ? 'ansi-mysql' : 'mysql';
}

/** Offsets count as fixed from this year on: many zones, China's among them, changed clocks long ago. */
export const sameSince = 2000;

/** Runs a statement of our own and answers its rows. */
export const ask = ({ connection }: Wire, sql: string, values: string[] = []): Promise<unknown[][]> =>
  new Promise((resolve, reject) => {
    connection.query<RowDataPacket[][]>({ sql, values, rowsAsArray: true }, (error, rows) => {
      if (error) reject(error);
      else resolve(Array.isArray(rows) ? rows.map((row) => [...row]) : []);
    });
  });

/** The columns that a query will answer with. The server parses and resolves it, but does not run it. */
export const prepare = (
  { connection }: Wire,
  sql: string,
): Promise<{ columns: readonly FieldPacket[]; parameters: number }> =>
  new Promise((resolve, reject) => {
    connection.prepare(sql, (error, statement: unknown) => {
      if (error) return reject(error);
      // The driver's types leave out what it knows of a statement.
      const { columns, parameters } = statement as { columns: FieldPacket[]; parameters: unknown[] };
      return resolve({ columns, parameters: parameters.length });
    });
  });

function sayGoodbye({ connection, socket }: Wire): void {
  if (!socket.writable) return;
  connection.end(() => {});
  socket.destroySoon();
}

function hangUp({ connection, socket }: Wire): void {
  connection.destroy();
  socket.destroy();
}

/**
 * Ends a query for good: a server does not notice that we hung up while it sorts or waits. Never rejects; when
 * it fails, the session's own time limit ends the query.
 */
async function killOnServer({ address, clock }: SessionParts, thread: number): Promise<void> {
  const wire = dial(address, killTimeout);
  const done = new AbortController();
  const killed = connected(wire).then(() => ask(wire, `kill ${thread}`));
  const late = clock.sleep(killTimeout, done.signal);
  late.catch(() => {});
  await Promise.race([killed, late]).catch(() => {});
  killed.catch(() => {});
  done.abort();
  hangUp(wire);
}
