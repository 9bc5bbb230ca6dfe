import type { Clock, Query, Source } from '../../run/ports.ts';
import type { Problem } from '../../sync/words/problem.ts';
import { text } from '../../sync/words/text.ts';
import { judged, stopped } from '../problems.ts';
import { detailsOf } from './columns.ts';
import { ask, parseMysqlUrl, unencrypted } from './connection.ts';
import { loadZones, toProblem } from './problems.ts';
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
  const parts: SessionParts = {
    ...{ address, where, clock, stopping: stopping.signal },
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
        return await startReading(session, await session.lifetime.race(readingOf(session)));
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

async function briefly<T>(
  parts: SessionParts,
  query: Query,
  signal: AbortSignal,
  work: (session: Session) => Promise<T>,
): Promise<T> {
  const session = await openSession(parts, query, signal);
  try {
    const answer = await session.lifetime.race(work(session));
    session.close();
    return answer;
  } catch (error) {
    throw session.failed(error);
  }
}

/** What a session has to say of its query, its account and its server. */
async function judgeSession(session: Session, { address, where }: SessionParts): Promise<readonly Problem[]> {
  const { wire, asked, facts } = session;
  const { offset } = facts;
  const grants = (await ask(wire, 'show grants')).map(String);
  const failed = await fieldsOf(session)
    .then(({ fields }) => described(session, fields))
    .then(
      () => [],
      (error: unknown) => toProblem(error, { ...asked, account: accountIn(grants) }).problems,
    );
  return [
    ...failed,
    ...judgeGrants(grants, address.database, where),
    ...judgeServer(facts, where),
    ...(offset === null ? [] : offsetWarning(asked.timeZone, offset, where)),
    ...unencrypted(address, where),
  ];
}

const harmless: ReadonlySet<string> = new Set(['USAGE', 'SELECT', 'SHOW VIEW', 'SHOW DATABASES']);

/**
 * Warns when an account may do more than read: `warn-file-right` when it may write files on the server,
 * else `warn-more-than-select`.
 * @param grants lines of SHOW GRANTS; they can hold a password's hash and are never shown
 */
export function judgeGrants(
  grants: readonly string[],
  database: string | undefined,
  where: string,
): Problem[] {
  const rights = [...new Set(grants.flatMap(rightsIn))].filter((right) => !harmless.has(right));
  if (rights.length === 0) return [];
  const file =
    rights.includes('FILE') || grants.some((line) => /^GRANT ALL PRIVILEGES ON \*\.\*/i.test(line));
  const list = rights.slice(0, 12).join(', ') + (rights.length > 12 ? ', …' : '');
  const on = database === undefined ? '*.*' : `\`${database.replaceAll('`', '``')}\`.*`;
  const grant = `CREATE USER 'bitable_sync'@'%' IDENTIFIED BY '…'; GRANT SELECT ON ${on} TO 'bitable_sync'@'%';`;
  return [
    {
      code: file ? 'warn-file-right' : 'warn-more-than-select',
      where,
      message: file
        ? text(
            `数据库用户有 FILE 权限，可以在服务器上读写文件（全部权限：${list}）。`,
            `The database user has FILE and may read and write files on the server (all rights: ${list}).`,
          )
        : text(
            `数据库用户的权限不止 SELECT：${list}。`,
            `The database user may do more than SELECT: ${list}.`,
          ),
      cure: text(`换一个只读用户：${grant}`, `Use an account that only reads: ${grant}`),
    },
  ];
}

/** The account that lines of SHOW GRANTS are about, quoted as they have it. */
const accountIn = (grants: readonly string[]): string | undefined =>
  grants
    .map((line) => / TO (['`].+?['`]@['`].*?['`])(?: |$)/.exec(line)?.[1])
    .find((one) => one !== undefined);

/** The rights that a line grants. Lines that grant a role hold none; to call one function is no more than to read. */
function rightsIn(line: string): string[] {
  if (/^GRANT EXECUTE ON FUNCTION /i.test(line)) return [];
  const granted = /^GRANT (.+?) ON /i.exec(line)?.[1];
  if (granted === undefined) return [];
  const rights = granted
    // SELECT (`a`, `b`) is SELECT on some columns.
    .replace(/\([^()]*\)/g, '')
    .split(',')
    .map((right) => right.trim().toUpperCase());
  return / WITH .{0,200}GRANT OPTION/i.test(line) ? [...rights, 'GRANT OPTION'] : rights;
}

function judgeServer({ server, onlyReads }: Session['facts'], where: string): Problem[] {
  return [
    ...(onlyReads ? [] : [notReadOnly(where)]),
    ...(server.kind === 'polardb' ? [replicas(where)] : []),
  ];
}

const notReadOnly = (where: string): Problem => ({
  code: 'warn-not-read-only',
  where,
  message: text(
    '这个数据库没有只读会话（例如 TiDB 的默认设置）；查询仍会先经过检查，只有 SELECT 能执行。',
    'This server has no read-only sessions (as TiDB by default); queries are still checked, and only a SELECT may run.',
  ),
  cure: text('请确认该用户只有 SELECT 权限。', 'Make sure that the user may do no more than SELECT.'),
});

// https://www.alibabacloud.com/help/en/polardb/polardb-for-mysql/user-guide/connection-connection-endpoints
const replicas = (where: string): Problem => ({
  code: 'warn-replicas',
  where,
  message: text(
    'PolarDB 的集群地址会把查询分给只读节点，下一次读到的数据可能比上一次旧。',
    'The cluster address of PolarDB sends queries to read-only nodes: one read may see older data than the one before.',
  ),
  cure: text(`请在 ${where} 里使用主地址。`, `Use the primary address in ${where}.`),
});

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
