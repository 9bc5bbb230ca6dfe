import type { Problem } from '../../sync/words/problem.ts';
import { text } from '../../sync/words/text.ts';
import type { Settings } from './settings.ts';

/** Which server of the family it is, as far as it makes a difference. */
export interface Server {
  readonly kind: 'mysql' | 'mariadb' | 'tidb' | 'polardb';
  /** The statement that ends a connection. */
  kill(thread: string): string;
}

/** Tells the server by what `version()` answers, such as `5.7.25-TiDB-v5.4.0` or `10.11.6-MariaDB`. */
export function serverOf(version: string, settings: Settings): Server {
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

/** What `check` has to say of a server. @param onlyReads whether its session takes no writes */
export function judgeServer(server: Server, onlyReads: boolean, where: string): Problem[] {
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
  cure: text(
    '请确认该用户只有 SELECT 权限。',
    'Make sure that the database user has no other right than SELECT.',
  ),
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
