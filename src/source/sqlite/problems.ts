import { ProblemError, problem } from '../../sync/words/problem.ts';
import { type Text, text } from '../../sync/words/text.ts';
import {
  type AskedQuery,
  type Fault,
  ofQuery,
  worded,
  writes,
  wrongFunction,
  wrongName,
  wrongSyntax,
} from '../problems.ts';
import type { Bounds, Failure } from './process.ts';
import { limits, type Refusal } from './rules.ts';

/** What problems say about the read that they happened to. */
export interface AskedFile extends AskedQuery {
  readonly path: string;
  readonly bounds: Bounds;
}

const missing: Fault = {
  code: 'no-database',
  message: text('无法打开数据库文件 {path}（{said}）。', 'Cannot open the database file {path} ({said}).'),
  cure: text('检查 {where} 里的路径和文件的读权限。', "Check the path in {where} and the file's rights."),
};
const busy: Fault = {
  code: 'database-busy',
  message: text('数据库文件 {path} 正被其他程序写入。', 'Another program is writing to {path}.'),
  cure: text(
    '稍后再同步，或让写入的程序改用 WAL 模式。',
    'Run again later, or have the writer use WAL mode.',
  ),
};
const broken: Fault = {
  code: 'database-broken',
  message: text(
    '文件 {path} 不是完好的 SQLite 数据库（{said}）。',
    '{path} is not a sound SQLite database ({said}).',
  ),
  cure: text(
    '检查 {where} 里的路径；用 sqlite3 的 pragma integrity_check 检查文件，或恢复备份。',
    "Check the path in {where}; look at the file with sqlite3's pragma integrity_check, or restore a backup.",
  ),
};
const diskFailed: Fault = {
  code: 'disk-failed',
  message: text('读取数据库时磁盘出错（{said}）。', 'The disk failed while the database was read ({said}).'),
  cure: text('检查磁盘和临时文件夹的剩余空间。', 'Check the disk and the room in the temporary folder.'),
};
const otherFailure = ofQuery(
  'query-failed',
  text('查询失败', 'The query failed'),
  text('用 sqlite3 运行该查询，查明原因。', 'Run the query with sqlite3 to find out why.'),
);
const gone: Fault = {
  code: 'query-failed',
  message: text('执行查询的进程意外结束（{said}）。', 'The process running the query died ({said}).'),
  cure: text(
    '检查空闲内存和允许的进程数，再同步。',
    "Check the machine's free memory and process limit, then run again.",
  ),
};

const refused = {
  code: 'query-refused',
  inQuery: true,
  message: text('查询被拒绝：{what}。', 'The query was refused: {what}.'),
  cure: text(
    '改用 SQLite 的普通函数和表；全文索引等虚拟表里的内容请从原表读取。',
    "Use SQLite's plain functions and tables; read what is in a virtual table, such as a full-text index, from the table that it was made of.",
  ),
} as const satisfies Fault;
const refusedWords: Readonly<Record<Refusal['kind'], (name: string) => Text>> = {
  function: (name) => text(`函数 ${name} 不能使用`, `the function ${name} may not be called`),
  table: (name) =>
    text(`${name} 不是普通的表，不能读取`, `${name} is not an ordinary table and may not be read`),
  statement: () => text('查询只能读取表', 'a query may only read tables'),
};

const size = (bytes: number): string =>
  bytes >= 1024 ** 3 ? `${Math.round(bytes / 1024 ** 3)} GB` : `${Math.round(bytes / 1024 ** 2)} MB`;

const tooLarge = (message: Text): Fault => ({
  code: 'query-too-large',
  inQuery: true,
  message,
  cure: text(
    '缩小查询的范围：加 WHERE 条件，少选列，检查 JOIN 和递归是否会不断产生行。',
    'Narrow the query: add a WHERE, choose fewer columns, and look for a join or a recursion that makes rows without end.',
  ),
});
const tooMuchMemory = tooLarge(
  text(
    '查询使用的内存超过了 {memory}，已中止。',
    'The query took more than {memory} of memory and was ended.',
  ),
);
const tooManyFiles = tooLarge(
  text(
    '查询的临时文件超过了 {files}，已中止。',
    'The query took more than {files} of temporary files and was ended.',
  ),
);
const tooLongValue: Fault = {
  ...tooLarge(
    text(
      `查询里有一个值或一行超过了 ${size(limits.length)}。`,
      `A value or a row of the query is larger than ${size(limits.length)}.`,
    ),
  ),
  cure: text(
    '用 substr(列, 1, 长度) 截短，或不选这一列。',
    'Cut it with substr(column, 1, length), or leave it out.',
  ),
};

// https://www.sqlite.org/rescode.html
const byCode: ReadonlyMap<number, Fault> = new Map([
  [3, missing], // PERM
  [5, busy], // BUSY
  [6, busy], // LOCKED
  [7, tooMuchMemory], // NOMEM
  [8, writes], // READONLY
  [10, diskFailed], // IOERR
  [11, broken], // CORRUPT
  [13, diskFailed], // FULL
  [14, missing], // CANTOPEN
  [18, tooLongValue], // TOOBIG
  [26, broken], // NOTADB
]);
const bySystem: ReadonlySet<string> = new Set('ENOENT EACCES EISDIR ENOTDIR ELOOP ENAMETOOLONG'.split(' '));

/** An answer of the reading process that is none. */
export class ReadFailure extends Error {
  readonly failure: Failure;

  constructor(failure: Failure) {
    super(failure.said);
    this.name = 'ReadFailure';
    this.failure = failure;
  }
}

/** Says in words why a read failed. A `ProblemError` stays as it is. */
export function sqliteProblem(error: unknown, asked: AskedFile): ProblemError {
  if (error instanceof ProblemError) return error;
  const said = systemCode(error) ?? (error instanceof Error ? error.message : String(error));
  const failure = error instanceof ReadFailure ? error.failure : undefined;
  const what = failure?.kind === 'refused' ? refusedWords[failure.what](failure.said) : '';
  const { path, bounds } = asked;
  const words = { said, path, what, memory: size(bounds.memory), files: size(bounds.files) };
  const fault = failure ? faultOf(failure) : faultBefore(error);
  return problem(worded(fault, asked, 'sqlite', words), { cause: error });
}

const faultBefore = (error: unknown): Fault => (systemCode(error) ? missing : otherFailure);

const systemCode = (error: unknown): string | undefined => {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  return bySystem.has(code) ? code : undefined;
};

function faultOf(failure: Failure): Fault {
  if (failure.kind === 'refused') return refused;
  // The finer codes have the coarse one in their last byte.
  if (failure.kind === 'failed') return byCode.get(failure.code & 255) ?? byWords(failure.said);
  if (failure.said === 'memory') return tooMuchMemory;
  return failure.said === 'files' ? tooManyFiles : gone;
}

/** SQLite has one code for every fault in a statement. */
function byWords(said: string): Fault {
  if (said.startsWith('no such function')) return wrongFunction;
  if (/^no such (table|column)/.test(said)) return wrongName;
  if (/syntax error|incomplete input|unrecognized token/.test(said)) return wrongSyntax;
  return otherFailure;
}
