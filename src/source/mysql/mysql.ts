import type { Clock, Query, Rows, Source } from '../../run/ports.ts';
import type { Column, ColumnDetail } from '../../sync/fields/column.ts';
import type { Problem } from '../../sync/words/problem.ts';
import { text } from '../../sync/words/text.ts';
import { zoneOf } from '../../sync/words/zone.ts';
import { type Leash, openLeash } from '../leash.ts';
import { judged, refuseJudged, stopped } from '../problems.ts';
import { fixedOffset } from '../zones.ts';
import { parseMysqlUrl, unencrypted } from './address.ts';
import { ask, prepare } from './ask.ts';
import { detailsOf } from './columns.ts';
import { besideBits, besideTimes, wrap } from './exact.ts';
import { cannotPrepare, judgeServer } from './family.ts';
import { described, fieldsOf, unclearBit } from './fields.ts';
import { accountIn, judgeGrants } from './grants.ts';
import { type Asked, loadZones, toProblem } from './problems.ts';
import { type Reading, startReading } from './reading.ts';
import { openSession, type Session, type SessionParts, sameSince } from './session.ts';
import { isSingle } from './types.ts';

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

  const columns = (query: Query, signal: AbortSignal): Promise<readonly Column[]> =>
    briefly(query, signal, (session) => columnsOf(session, query));

  async function columnsOf(session: Session, query: Query): Promise<readonly Column[]> {
    refuseJudged(session.refused);
    const { fields } = await fieldsOf(session, query.sql, askedOf(query));
    return described(session, fields, askedOf(query));
  }

  const describe = (query: Query, signal: AbortSignal): Promise<readonly ColumnDetail[]> =>
    briefly(query, signal, async (session) => {
      refuseJudged(session.refused);
      const { fields } = await fieldsOf(session, query.sql, askedOf(query));
      described(session, fields, askedOf(query));
      return detailsOf(session, fields);
    });

  async function rows(query: Query, signal: AbortSignal): Promise<Rows> {
    const leash = leashFor(signal);
    const session = await openSession(parts, query, leash);
    try {
      const reading = await leash.race(readingOf(session, query));
      return await startReading(session, leash, reading, askedOf(query));
    } catch (error) {
      if (leash.signal.aborted) throw leash.reason();
      leash.letGo();
      session.close();
      throw toProblem(error, askedOf(query));
    }
  }

  /** The query as it is to be sent; inside another one where the server would not show its values exactly otherwise. */
  async function readingOf(session: Session, query: Query): Promise<Reading> {
    refuseJudged(session.refused);
    const { fields, prepared } = await fieldsOf(session, query.sql, askedOf(query));
    const columns = described(session, fields, askedOf(query));
    const binary = prepared && fields.some(isSingle);
    const fixed = parts.offsetOf(query.timeZone) !== undefined;
    const native = session.server.kind === 'mariadb';
    const bits = besideBits(fields);
    const besides = [...bits, ...(fixed ? [] : besideTimes(fields, zoneOf(query.timeZone), native))];
    if (besides.length === 0) return { sql: query.sql, columns, binary };
    const wrapped = wrap(query.sql, session.dialect, fields, besides);
    for (const sql of wrapped.queries) {
      const taken = await prepare(session.wire, sql).catch(cannotPrepare);
      if (taken) return { sql, columns, binary, row: wrapped.row };
    }
    // It cannot stand inside another query. Its times in a doubled hour are refused later on.
    const [bit] = bits;
    if (bit) throw unclearBit(fields[bit.at]?.name ?? '', query.at);
    return { sql: query.sql, columns, binary };
  }

  async function check(query: Query, signal: AbortSignal): Promise<readonly Problem[]> {
    try {
      return await briefly(query, signal, async (session) => {
        const grants = (await ask(session.wire, 'show grants')).map(String);
        const failed = await columnsOf(session, query).then(
          () => [],
          (error: unknown) => toProblem(error, { ...askedOf(query), account: accountIn(grants) }).problems,
        );
        return [
          ...failed,
          ...judgeGrants(grants, address.database, where),
          ...judgeServer(session.server, session.onlyReads, where),
          ...(session.offset === null ? [] : offsetWarning(query.timeZone, session.offset, where)),
          ...unencrypted(address, where),
        ];
      });
    } catch (error) {
      if (signal.aborted) throw error;
      return [...judged(query.sql, query.at), ...toProblem(error, askedOf(query)).problems];
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
