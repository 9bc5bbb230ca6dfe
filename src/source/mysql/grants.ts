import type { Problem } from '../../sync/words/problem.ts';
import { text } from '../../sync/words/text.ts';

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
export const accountIn = (grants: readonly string[]): string | undefined =>
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
