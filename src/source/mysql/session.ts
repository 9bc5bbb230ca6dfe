import type { Clock, Query } from '../../run/ports.ts';
import type { Dialect } from '../../sync/definition/sql.ts';
import type { Problem } from '../../sync/words/problem.ts';
import { type Lifetime, openLifetime } from '../lifetime.ts';
import { judged, tooLong } from '../problems.ts';
import { ask, dial, type MysqlAddress, type Wire } from './connection.ts';
import { type Asked, toProblem, zoneProblem } from './problems.ts';
import { dialectOf, notReadOnly, type Settings, settle, unsettled, wrongSettings } from './settings.ts';

interface SessionFacts {
  /** What stands in for a zone that the server does not know by name; null when it knows it. */
  readonly offset: string | null;
  readonly server: Server;
  /** As they were asked back before the query. */
  readonly settings: Settings;
  readonly dialect: Dialect;
  /** What the query rule has against the query, as this server reads it. */
  readonly refused: readonly Problem[];
  readonly onlyReads: boolean;
}

/** A connection that is ready for one query: read-only, in the query's zone, with its time limit. */
export interface Session {
  readonly wire: Wire;
  readonly asked: Asked;
  readonly facts: SessionFacts;
  /** Its end ends the query here and on the server. */
  readonly lifetime: Lifetime;
  /** Says goodbye and closes; can be called again. */
  close(): void;
  /** Closes, and says what its work failed with: what ended it, or a `ProblemError`. */
  failed(error: unknown): Error;
}

/** What sessions of one source share. */
export interface SessionParts {
  readonly address: MysqlAddress;
  /** The setting's name, for problems. */
  readonly where: string;
  readonly clock: Clock;
  readonly stopping: AbortSignal;
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
 * Connects and prepares the session. From then on the end of its lifetime ends the query on the server too.
 * Rejects with a `ProblemError`, or what ended it.
 */
export async function openSession(parts: SessionParts, query: Query, signal: AbortSignal): Promise<Session> {
  const lifetime = openLifetime([signal, parts.stopping], parts.clock);
  const asked: Asked = { ...query, where: parts.where, place: parts.address.place };
  const wire = dial(parts.address, connectTimeout);
  let kill: string | undefined;
  wire.connection.on('error', (error: Error) => lifetime.end(toProblem(error, asked)));
  lifetime.signal.addEventListener('abort', () => {
    hangUp(wire);
    if (kill !== undefined) parts.background(killOnServer(parts, kill));
  });
  const close = (): void => {
    lifetime.over();
    sayGoodbye(wire);
  };
  try {
    await lifetime.race(connected(wire));
    kill = `kill ${wire.connection.threadId}`;
    lifetime.limit(query.timeout + grace, () => tooLong(query.timeout, query.at));
    const { thread, ...facts } = await lifetime.race(prepareSession(wire, query, asked));
    if (facts.server.kind === 'tidb') kill = facts.server.kill(thread);
    return {
      ...{ wire, asked, lifetime, facts, close },
      failed(error) {
        close();
        return lifetime.signal.aborted ? lifetime.reason() : toProblem(error, asked);
      },
    };
  } catch (error) {
    const problem = lifetime.signal.aborted ? lifetime.reason() : toProblem(error, asked);
    lifetime.over();
    hangUp(wire);
    throw problem;
  }
}

const connected = ({ connection }: Wire): Promise<void> =>
  new Promise((resolve, reject) => {
    connection.connect((error) => (error ? reject(error) : resolve()));
  });

/** Sets the session up, asks back what it is like, and answers what it has learned of the server. */
async function prepareSession(
  wire: Wire,
  query: Query,
  asked: Asked,
): Promise<SessionFacts & { readonly thread: string }> {
  // The login's character set is only a wish: a server may set another one, or use its own for everybody.
  await ask(wire, 'set names utf8mb4');
  const [about] = await ask(
    wire,
    `select version(), convert_tz('2020-01-01 00:00:00', '+00:00', ?) is not null, char_length('${emoji}'), '${emoji}',
      connection_id()`,
    [query.timeZone],
  );
  const [version, knowsZone, length, echo, thread] = about ?? [];
  const offset = Number(knowsZone) === 1 ? null : (fixedOffset(query.timeZone, sameSince) ?? null);
  if (Number(knowsZone) !== 1 && offset === null) throw zoneProblem(asked);
  const wanted = { timeZone: offset ?? query.timeZone, timeout: query.timeout };
  const takesMode = await readOnly(wire);
  const settings = await settle(wire, wanted);
  const server = serverOf(String(version), settings);
  // TiDB can be told to say yes and do nothing.
  const onlyReads = takesMode && server.kind !== 'tidb';
  const wrong = wrongSettings(settings, wanted, Number(length) === 1 && echo === emoji);
  if (onlyReads) wrong.push(...notReadOnly(settings));
  if (wrong.length > 0) throw unsettled(wrong, asked.where);
  const dialect = dialectOf(settings);
  const refused = judged(query.sql, asked.at, dialect);
  return { refused, offset, server, settings, dialect, onlyReads, thread: String(thread) };
}

/** A character of four bytes: what is not UTF-8 all the way would damage it, and every text like it. */
const emoji = '😀';

/** What a server answers that has no read-only sessions: not supported, unknown, a variable that is none. */
const noSuchMode: ReadonlySet<number> = new Set([1235, 1064, 1105, 1193]);

/** Makes the session read-only; answers whether the server takes that. Some of the family have nothing like it. */
async function readOnly(wire: Wire): Promise<boolean> {
  try {
    await ask(wire, 'set session transaction read only');
    return true;
  } catch (error) {
    if (error instanceof Error && 'errno' in error && noSuchMode.has(Number(error.errno))) return false;
    throw error;
  }
}

/** Offsets count as fixed from this year on: many zones, China's among them, changed clocks long ago. */
export const sameSince = 2000;

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
async function killOnServer({ address, clock }: SessionParts, statement: string): Promise<void> {
  const wire = dial(address, killTimeout);
  const done = new AbortController();
  const killed = connected(wire).then(() => ask(wire, statement));
  const late = clock.sleep(killTimeout, done.signal);
  late.catch(() => {});
  await Promise.race([killed, late]).catch(() => {});
  killed.catch(() => {});
  done.abort();
  hangUp(wire);
}

/** Which server of the family it is, as far as it makes a difference. */
export interface Server {
  readonly kind: 'mysql' | 'mariadb' | 'tidb' | 'polardb';
  /** The statement that ends a connection. */
  kill(thread: string): string;
}

/** Tells the server by what `version()` answers, such as `5.7.25-TiDB-v5.4.0` or `10.11.6-MariaDB`. */
function serverOf(version: string, settings: Settings): Server {
  const [, major = '0', minor = '0'] = /-TiDB-v(\d+)\.(\d+)/i.exec(version) ?? [];
  if (/tidb/i.test(version)) {
    // Older ones do not pass a KILL on to the node that it is for, and ignore it unless it is said to be safe.
    // https://docs.pingcap.com/tidb/stable/sql-statement-kill
    const old = Number(major) < 6 || (major === '6' && Number(minor) < 1);
    return { kind: 'tidb', kill: (thread) => `kill ${old ? 'tidb ' : ''}${thread}` };
  }
  const kill = (thread: string): string => `kill ${thread}`;
  if (/mariadb/i.test(version)) return { kind: 'mariadb', kill };
  if (/polardb/i.test(version) || settings.has('polardb_version')) return { kind: 'polardb', kill };
  return { kind: 'mysql', kill };
}

/** Whether this error says that a server has no prepared statements, or no room for one more. */
export const cannotPrepare = (error: unknown): boolean =>
  error instanceof Error && 'errno' in error && [1047, 1295, 1461].includes(Number(error.errno));

const day = 86_400_000;
const until = Date.UTC(2101, 0, 1);
/** Finding one costs some 20 ms. */
const offsets = new Map<string, string | undefined>();

/**
 * The offset of a zone that has had only one since a year and has only one until 2100, such as `+08:00`. Stands in for
 * the zone's name on servers without zone tables; undefined when it changes, as with daylight saving time.
 * @throws RangeError when the name is unknown to this Node
 */
export function fixedOffset(timeZone: string, sinceYear: number): string | undefined {
  const name = `${timeZone} ${sinceYear}`;
  if (!offsets.has(name)) offsets.set(name, findOffset(timeZone, sinceYear));
  return offsets.get(name);
}

function findOffset(timeZone: string, sinceYear: number): string | undefined {
  const format = new Intl.DateTimeFormat('en-US', { timeZone, timeZoneName: 'longOffset' });
  const offsetAt = (instant: number): string | undefined => / GMT(.*)$/.exec(format.format(instant))?.[1];
  const first = offsetAt(Date.UTC(sinceYear, 0, 1));
  // No zone has gone back after less than four weeks: the shortest such times are Morocco's months of Ramadan.
  for (let instant = Date.UTC(sinceYear, 0, 29); instant < until; instant += 28 * day) {
    if (offsetAt(instant) !== first) return undefined;
  }
  return first === '' ? '+00:00' : first;
}
