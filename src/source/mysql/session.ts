import type { Clock, Query } from '../../run/ports.ts';
import type { Dialect } from '../../sync/definition/sql.ts';
import type { Problem } from '../../sync/words/problem.ts';
import type { Leash } from '../leash.ts';
import { judged, tooLong } from '../problems.ts';
import { dial, type MysqlAddress, type Wire } from './address.ts';
import { ask } from './ask.ts';
import { type Server, serverOf } from './family.ts';
import { type Asked, toProblem, zoneProblem } from './problems.ts';
import { dialectOf, notReadOnly, type Settings, settle, unsettled, wrongSettings } from './settings.ts';

/** What is known of a session that is ready. */
interface SessionFacts {
  /** What stands in for a zone that the server does not know by name; null when it knows it. */
  readonly offset: string | null;
  readonly server: Server;
  /** As they were asked back before the query. */
  readonly settings: Settings;
  readonly dialect: Dialect;
  /** What the query rule has against the query, as this server reads it. */
  readonly refused: readonly Problem[];
  /** Whether it takes no writes. */
  readonly onlyReads: boolean;
}

/** A connection that is ready for one query: read-only, in the query's zone, with its time limit. */
export interface Session extends SessionFacts {
  readonly wire: Wire;
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
  let kill: string | undefined;
  wire.connection.on('error', (error: Error) => leash.pull(toProblem(error, asked)));
  leash.signal.addEventListener('abort', () => {
    hangUp(wire);
    if (kill !== undefined) parts.background(killOnServer(parts, kill));
  });
  try {
    await leash.race(connected(wire));
    kill = `kill ${wire.connection.threadId}`;
    leash.limit(query.timeout + grace, () => tooLong(query.timeout, query.at));
    const { thread, ...facts } = await leash.race(prepareSession(wire, query, asked, parts));
    if (facts.server.kind === 'tidb') kill = facts.server.kill(thread);
    return { wire, ...facts, close: () => sayGoodbye(wire) };
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

/** Sets the session up, asks back what it is like, and answers what it has learned of the server. */
async function prepareSession(
  wire: Wire,
  query: Query,
  asked: Asked,
  { offsetOf }: SessionParts,
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
  const offset = Number(knowsZone) === 1 ? null : (offsetOf(query.timeZone) ?? null);
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
