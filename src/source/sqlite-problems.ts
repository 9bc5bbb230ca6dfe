import { oddCharacter } from '../sync/odd-characters.ts';
import { ProblemError, problem } from '../sync/problem.ts';
import { text, visible } from '../sync/text.ts';
import { type Kind as KindOf, ofQuery, writes, wrongFunction, wrongName, wrongSyntax } from './kinds.ts';

/** What problems say about the read that they happened to. */
export interface AskedFile {
  /** The setting's name. */
  readonly where: string;
  readonly path: string;
  /** Where the query stands in its definition. */
  readonly at: string;
  readonly sql: string;
}

type Kind = KindOf<AskedFile>;

const missing: Kind = {
  code: 'no-database',
  message: ({ path }, said) =>
    text(`无法打开数据库文件 ${path}（${said}）。`, `The database file ${path} cannot be opened (${said}).`),
  cure: ({ where }) =>
    text(
      `检查 ${where} 里的路径和文件的读权限。`,
      `Check the path in ${where} and the right to read the file.`,
    ),
};
const busy: Kind = {
  code: 'database-busy',
  message: ({ path }) =>
    text(
      `数据库文件 ${path} 正被其他程序写入。`,
      `The database file ${path} is being written by another program.`,
    ),
  cure: () =>
    text(
      '稍后再同步，或让写入的程序改用 WAL 模式。',
      'Run again later, or let the writing program use WAL mode.',
    ),
};
const broken: Kind = {
  code: 'database-broken',
  message: ({ path }, said) =>
    text(
      `文件 ${path} 不是完好的 SQLite 数据库（${said}）。`,
      `The file ${path} is not a sound SQLite database (${said}).`,
    ),
  cure: ({ where }) =>
    text(
      `检查 ${where} 里的路径；用 sqlite3 的 pragma integrity_check 检查文件，或恢复备份。`,
      `Check the path in ${where}; look at the file with sqlite3's pragma integrity_check, or restore a backup.`,
    ),
};
const diskFull: Kind = {
  code: 'disk-failed',
  message: (_, said) =>
    text(`读取数据库时磁盘出错（${said}）。`, `The disk failed while the database was read (${said}).`),
  cure: () =>
    text('检查磁盘和临时文件夹的剩余空间。', 'Check the disk and the free space of the temporary folder.'),
};
const otherFailure: Kind = ofQuery(
  'query-failed',
  text('查询失败', 'The query failed'),
  text('用 sqlite3 运行该查询，查明原因。', 'Run the query with sqlite3 to find out why.'),
);

// https://www.sqlite.org/rescode.html
const byCode: ReadonlyMap<string, Kind> = new Map([
  ['ENOENT', missing],
  ['EACCES', missing],
  ['EISDIR', missing],
  ['ENOTDIR', missing],
  ['SQLITE_CANTOPEN', missing],
  ['SQLITE_PERM', missing],
  ['SQLITE_AUTH', missing],
  ['SQLITE_BUSY', busy],
  ['SQLITE_LOCKED', busy],
  ['SQLITE_CORRUPT', broken],
  ['SQLITE_NOTADB', broken],
  ['SQLITE_FULL', diskFull],
  ['SQLITE_IOERR', diskFull],
  ['SQLITE_READONLY', writes],
]);

/** Says in words what the driver's error means. A `ProblemError` stays as it is. */
export function sqliteProblem(error: unknown, asked: AskedFile): ProblemError {
  if (error instanceof ProblemError) return error;
  const said = visible((error instanceof Error ? error.message : String(error)).slice(0, 300));
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const kind = byCode.get(code) ?? byCode.get(code.split('_').slice(0, 2).join('_')) ?? byWords(said);
  const cure = (kind.inQuery ? oddCharacter(asked.sql, 'sqlite') : undefined) ?? kind.cure(asked, said);
  const where = kind.inQuery ? asked.at : asked.where;
  return problem({ code: kind.code, where, message: kind.message(asked, said), cure }, { cause: error });
}

/** SQLite has one code for every fault in a statement, and none for a file that cannot be opened. */
function byWords(said: string): Kind {
  if (said.startsWith('no such function')) return wrongFunction;
  if (/^no such (table|column)/.test(said)) return wrongName;
  if (/syntax error|incomplete input|unrecognized token/.test(said)) return wrongSyntax;
  return said.startsWith('ConnectionFailed') ? missing : otherFailure;
}
