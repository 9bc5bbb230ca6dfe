import type { FieldPacket, QueryOptions } from 'mysql2';
import type { Clock, Query, Rows, Source } from '../run/ports.ts';
import type { ColumnDetail } from '../sync/column.ts';
import { pieces } from '../sync/pieces.ts';
import type { Problem } from '../sync/problem.ts';
import { type Text, text } from '../sync/text.ts';
import type { Column, Value } from '../sync/value.ts';
import { zoneOf } from '../sync/zone.ts';
import { openFlow } from './flow.ts';
import { type Leash, openLeash } from './leash.ts';
import { parseMysqlUrl } from './mysql-address.ts';
import { detailsOf } from './mysql-columns.ts';
import { accountIn, judgeGrants } from './mysql-grants.ts';
import { type Asked, loadZones, toProblem } from './mysql-problems.ts';
import { ask, openSession, prepare, type Session, type SessionParts, sameSince } from './mysql-session.ts';
import { type Exact, exactTimes } from './mysql-timestamps.ts';
import { columnType, isExact, readCell } from './mysql-types.ts';
import { judgeWarnings } from './mysql-warnings.ts';
import { judged, refuse, refuseDoubled, stopped } from './problems.ts';
import { fixedOffset } from './zones.ts';

/**
 * Reads from MySQL or MariaDB: a fresh connection a read, which waits for nothing outside of this process, so that the
 * server is done as fast as it can be.
 * @param url `mysql://user:password@host:3306/database`
 * @param where the setting's name, for problems
 * @throws ProblemError when the URL is none
 */
export function mysqlSource(
  url: string,
  { where, clock }: { readonly where: string; readonly clock: Clock },
): Source {
  const address = parseMysqlUrl(url, where);
  const stopping = new AbortController();
  const background = new Set<Promise<void>>();
  const offsets = new Map<string, string | undefined>();
  const parts: SessionParts = {
    address,
    where,
    clock,
    offsetOf(timeZone) {
      if (!offsets.has(timeZone)) offsets.set(timeZone, fixedOffset(timeZone, sameSince));
      return offsets.get(timeZone);
    },
    background(work) {
      const kept = work.finally(() => background.delete(kept));
      background.add(kept);
    },
  };
  const askedOf = (query: Query): Asked => ({ ...query, where, place: address.place });
  const leashFor = (signal: AbortSignal): Leash => openLeash([signal, stopping.signal], clock);

  /** Opens a session for short work and closes it. */
  async function briefly<T>(
    query: Query,
    signal: AbortSignal,
    work: (session: Session) => Promise<T>,
  ): Promise<T> {
    const leash = leashFor(signal);
    const session = await openSession(parts, query, leash);
    try {
      const answer = await leash.race(work(session));
      session.close();
      return answer;
    } catch (error) {
      if (leash.signal.aborted) throw leash.reason();
      session.close();
      throw toProblem(error, askedOf(query));
    } finally {
      leash.letGo();
    }
  }

  async function columns(query: Query, signal: AbortSignal): Promise<readonly Column[]> {
    refuse(query.sql, query.at);
    return briefly(query, signal, (session) => columnsOf(session, query));
  }

  const columnsOf = async (session: Session, query: Query): Promise<readonly Column[]> =>
    described(await preparedFields(session, query), query.at);

  async function preparedFields(session: Session, query: Query): Promise<readonly FieldPacket[]> {
    return (await prepare(session.wire, query.sql)).columns;
  }

  async function describe(query: Query, signal: AbortSignal): Promise<readonly ColumnDetail[]> {
    refuse(query.sql, query.at);
    return briefly(query, signal, async (session) => {
      const fields = await preparedFields(session, query);
      described(fields, query.at);
      return detailsOf(session, fields);
    });
  }

  async function rows(query: Query, signal: AbortSignal): Promise<Rows> {
    refuse(query.sql, query.at);
    const leash = leashFor(signal);
    const session = await openSession(parts, query, leash);
    return startReading(session, leash, await readable(session, leash, query), askedOf(query));
  }

  /** The query as it is to be sent; wrapped where its times would be two instants otherwise. */
  async function readable(session: Session, leash: Leash, query: Query): Promise<Readable> {
    const plain: Readable = { sql: query.sql };
    if (parts.offsetOf(query.timeZone) !== undefined) return plain;
    try {
      const { columns: fields } = await leash.race(prepare(session.wire, query.sql));
      const exact = exactTimes(query.sql, fields, zoneOf(query.timeZone), session.mariaDb);
      if (!exact) return plain;
      for (const sql of exact.wrapped) {
        const taken = await leash.race(prepare(session.wire, sql).catch(() => undefined));
        if (taken) return { sql, fields, row: exact.row };
      }
      // It cannot stand inside another query. Its rows in a doubled hour are refused later on.
      return plain;
    } catch (error) {
      if (leash.signal.aborted) throw leash.reason();
      leash.letGo();
      session.close();
      throw toProblem(error, askedOf(query));
    }
  }

  async function check(query: Query, signal: AbortSignal): Promise<readonly Problem[]> {
    const refused = judged(query.sql, query.at);
    try {
      const found = await briefly(query, signal, async (session) => {
        const grants = (await ask(session.wire, 'show grants')).map(String);
        const warnings = judgeGrants(grants, address.database, where);
        if (session.offset !== null) warnings.push(...offsetWarning(query.timeZone, session.offset, where));
        if (refused.length > 0) return warnings;
        const failed = await columnsOf(session, query).then(
          () => [],
          (error: unknown) => toProblem(error, { ...askedOf(query), account: accountIn(grants) }).problems,
        );
        return [...failed, ...warnings];
      });
      return [...refused, ...found];
    } catch (error) {
      if (signal.aborted) throw error;
      return [...refused, ...toProblem(error, askedOf(query)).problems];
    }
  }

  return {
    columns,
    describe,
    rows,
    check,
    async stop() {
      stopping.abort(stopped(where));
      await Promise.all(background);
    },
  };
}

/** What is sent for a query: the query itself, or it wrapped, with its own columns. */
type Readable =
  | { readonly sql: string }
  | { readonly sql: string; readonly fields: readonly FieldPacket[]; readonly row: Exact['row'] };

/** Sends the query; answers once the columns are known, while the rows come in. */
function startReading(session: Session, leash: Leash, asking: Readable, asked: Asked): Promise<Rows> {
  const { sql } = asking;
  const reading = session.wire.connection.query({ sql, rowsAsArray: true });
  const flow = openFlow<readonly (readonly Value[])[]>(() => leash.pull(new Error('nobody reads any more')));
  const size = pieces();
  let most = size();
  let batch: (readonly Value[])[] = [];
  let notes: readonly Text[] = [];
  let failed = false;

  return new Promise((resolve, reject) => {
    function fail(error: Error): void {
      failed = true;
      leash.letGo();
      flow.fail(error);
      reject(error);
    }
    leash.signal.addEventListener('abort', () => fail(leash.reason()));
    reading.on('error', (error) => {
      if (leash.signal.aborted) return;
      session.close();
      fail(toProblem(error, asked));
    });
    reading.on('fields', (fields: unknown) => {
      try {
        const sent = fields as FieldPacket[];
        if (!sent.every(isExact)) readByCell(reading);
        const own = 'row' in asking ? asking.fields : sent;
        resolve({ columns: described(own, asked.at), batches: flow.items, notes: () => notes });
      } catch (error) {
        leash.pull(toProblem(error, asked));
      }
    });
    reading.on('result', (row: unknown) => {
      batch.push('row' in asking ? asking.row(row as Value[]) : (row as Value[]));
      if (batch.length < most) return;
      flow.push(batch);
      batch = [];
      most = size();
      takeTurns(session.wire.connection);
    });
    async function end(): Promise<void> {
      // A connection that is gone by now has brought all rows.
      const warnings = await ask(session.wire, 'show warnings limit 1000').catch(() => []);
      if (leash.signal.aborted) return;
      leash.letGo();
      session.close();
      try {
        notes = judgeWarnings(warnings, asked.at);
      } catch (error) {
        return flow.fail(error);
      }
      if (batch.length > 0) flow.push(batch);
      flow.end();
    }
    // Comes after an error too, when the flow takes nothing more.
    reading.on('end', () => {
      if (!failed && !leash.signal.aborted) void end();
    });
  });
}

/**
 * Has each cell read by us, which costs a call a cell. Only few queries need that, and what they answer with is known
 * only now: the driver tells of the columns right before it looks at the options and makes its reader of rows.
 */
function readByCell(reading: unknown): void {
  // The driver's types leave out the options of a query that was sent.
  (reading as { options: QueryOptions }).options.typeCast = readCell;
}

/**
 * Lets whatever else waits have its turn before more rows are read: a quick server fills the socket faster than its
 * rows are gone through, and clicks would wait for all of them. The server waits no longer than that turn.
 */
function takeTurns(connection: Session['wire']['connection']): void {
  connection.pause();
  setImmediate(() => connection.resume());
}

function described(fields: readonly FieldPacket[], where: string): readonly Column[] {
  refuseDoubled(
    fields.map((field) => field.name),
    where,
  );
  return fields.map((field) => ({ name: field.name, type: columnType(field) }));
}

/** Said when an offset stands in for a zone that had another one in living memory. */
function offsetWarning(timeZone: string, offset: string, where: string): Problem[] {
  if (fixedOffset(timeZone, 1970) !== undefined) return [];
  return [
    {
      code: 'warn-no-zone-tables',
      where,
      message: text(
        `数据库不认识时区 ${timeZone}，以 ${offset} 代替；${sameSince} 年以前的 TIMESTAMP 可能差一小时。`,
        `The database does not know the zone ${timeZone}; ${offset} stands in for it, and a TIMESTAMP before ${sameSince} can be an hour off.`,
      ),
      cure: loadZones,
    },
  ];
}
