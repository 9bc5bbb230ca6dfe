import type { Clock, Query, Source } from '../../run/ports.ts';
import { judged, stopped } from '../problems.ts';
import { judgeSession } from './check.ts';
import { detailsOf } from './columns.ts';
import { parseMysqlUrl } from './connection.ts';
import { toProblem } from './problems.ts';
import { described, fieldsOf, readingOf } from './query.ts';
import { startReading } from './reading.ts';
import { fixedOffset, openSession, type Session, type SessionParts, sameSince } from './session.ts';

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
    ...{ address, where, clock, stopping: stopping.signal },
    offsetOf(timeZone) {
      if (!offsets.has(timeZone)) offsets.set(timeZone, fixedOffset(timeZone, sameSince));
      return offsets.get(timeZone);
    },
    background(work) {
      const kept = work.finally(() => background.delete(kept));
      background.add(kept);
    },
  };

  return {
    columns: (query, signal) =>
      briefly(parts, query, signal, async (session) => described(session, (await fieldsOf(session)).fields)),
    describe: (query, signal) =>
      briefly(parts, query, signal, async (session) => {
        const { fields } = await fieldsOf(session);
        described(session, fields);
        return detailsOf(session.wire, fields);
      }),
    async rows(query, signal) {
      const session = await openSession(parts, query, signal);
      try {
        return await startReading(session, await session.leash.race(readingOf(session)));
      } catch (error) {
        throw session.failed(error);
      }
    },
    async check(query, signal) {
      try {
        return await briefly(parts, query, signal, (session) => judgeSession(session, parts));
      } catch (error) {
        if (signal.aborted) throw error;
        const asked = { ...query, where, place: address.place };
        return [...judged(query.sql, query.at, 'mysql'), ...toProblem(error, asked).problems];
      }
    },
    async stop() {
      stopping.abort(stopped(where));
      await Promise.all(background);
    },
  };
}

/** Opens a session for short work and closes it. */
async function briefly<T>(
  parts: SessionParts,
  query: Query,
  signal: AbortSignal,
  work: (session: Session) => Promise<T>,
): Promise<T> {
  const session = await openSession(parts, query, signal);
  try {
    const answer = await session.leash.race(work(session));
    session.close();
    return answer;
  } catch (error) {
    throw session.failed(error);
  }
}
