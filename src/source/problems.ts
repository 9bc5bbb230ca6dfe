import { judgeQuery } from '../sync/definition/query.ts';
import { type Dialect, dialects, oddCharacter, tokens } from '../sync/definition/sql.ts';
import { type Problem, ProblemError, problem } from '../sync/words/problem.ts';
import { type Text, text, visible } from '../sync/words/text.ts';

/** What problems say about the query that they happened to. */
export interface AskedQuery {
  /** The setting's name. */
  readonly where: string;
  /** Where the query stands in its definition. */
  readonly at: string;
  readonly sql: string;
}

/** One sort of failure of a read. In its words `{said}` is what the database said, `{where}` the setting. */
export interface Fault {
  readonly code: string;
  /** Whether the query is to be mended, so that the problem stands at the query and not at the connection. */
  readonly inQuery?: true;
  readonly message: Text;
  readonly cure: Text;
}

/** A failure of the query itself. @param what what the server's words are about */
export const ofQuery = (code: string, what: Text, cure: Text): Fault => ({
  code,
  inQuery: true,
  message: text(`${what.zh}：{said}`, `${what.en}: {said}`),
  cure,
});

/** Puts a fault in words. @param words what stands for other names in them */
export function worded(
  { code, inQuery, message, cure }: Fault,
  { where, at, sql }: AskedQuery,
  dialect: Dialect,
  { said, ...words }: Readonly<Record<string, string | Text>> & { readonly said: string },
): Problem {
  const known = { ...words, where, said: visible(said.length > 300 ? `${said.slice(0, 300)}…` : said) };
  const odd = inQuery ? oddCharacter(sql, dialect) : undefined;
  return {
    code,
    where: inQuery ? at : where,
    message: filled(message, known),
    cure: odd ?? filled(cure, known),
  };
}

function filled({ zh, en }: Text, words: Readonly<Record<string, string | Text>>): Text {
  const fill = (template: string, language: 'zh' | 'en'): string =>
    template.replace(/\{(\w+)\}/g, (blank, name: string) => {
      const word = words[name] ?? blank;
      return typeof word === 'string' ? word : word[language];
    });
  return text(fill(zh, 'zh'), fill(en, 'en'));
}

/** The query names a table or a column that is not there. */
export const wrongName = ofQuery(
  'query-unknown-name',
  text('查询里的表或列不存在', 'The query names something that does not exist'),
  text(
    '核对表名和列名是否与数据库一致；文字放在单引号里。',
    'Check the names against the database; texts go into single quotes.',
  ),
);
/** The query calls a function that the server does not have. */
export const wrongFunction = ofQuery(
  'query-unknown-function',
  text('查询里的函数不存在', 'The query calls a function that does not exist'),
  text(
    '核对函数名的拼写；MySQL、MariaDB 和 SQLite 各有一些别家没有的函数，请换成这个数据库有的。',
    'Check how the function is spelt. MySQL, MariaDB and SQLite each have functions that the others lack: use one that this database has.',
  ),
);
/** The query cannot be read. */
export const wrongSyntax = ofQuery(
  'query-syntax',
  text('查询语法错误', "The query's syntax is wrong"),
  text(
    '先在客户端里改到能运行，再写进定义。',
    'Get the query to run in a database client, then copy it here.',
  ),
);
/** The query would change something. */
export const writes = ofQuery(
  'query-writes',
  text('查询会修改数据，已被拒绝', 'The query changes data and was refused'),
  text('去掉会写入的部分，只留 SELECT。', 'Take out what writes, such as a function that changes tables.'),
);

/** Throws problems that were found before, if there are any. @throws ProblemError */
export function refuse([first, ...rest]: readonly Problem[]): void {
  if (first) throw new ProblemError([first, ...rest]);
}

/** What the query rule has against a query, and placeholders in it. @param where where the query stands */
export const judged = (sql: string, where: string, dialect: Dialect): Problem[] => [
  ...judgeQuery(sql, dialect).map((one) => ({ ...one, where })),
  ...placeholders(sql, where, dialect),
];

/** The first placeholder, such as `?` or `:name`: nothing fills it in, and SQLite takes it for null without a word. */
function placeholders(sql: string, where: string, dialect: Dialect): Problem[] {
  const { fillIn } = dialects[dialect];
  for (const { kind, start, line } of tokens(sql, dialect)) {
    const found = kind === 'quoted' ? null : fillIn.exec(sql.slice(start, start + 60));
    if (found && sql[start - 1] === ':') return [cast(`:${found[0]}`, line, where)];
    if (found) return [placeholder(found[0], line, where)];
  }
  return [];
}

const placeholder = (found: string, line: number, where: string): Problem => ({
  code: 'query-placeholder',
  where,
  message: text(
    `查询第 ${line} 行有占位符 ${found}，没有值可以填进去。`,
    `Line ${line} of the query has the placeholder ${found}: nothing fills it in.`,
  ),
  cure: text(
    `把 ${found} 换成要用的值；如果它是文字，请放进单引号里。`,
    `Write the value itself instead of ${found}; where it is meant as text, put it into single quotes.`,
  ),
});

/** What PostgreSQL writes as `id::text`. */
const cast = (found: string, line: number, where: string): Problem => ({
  code: 'query-cast',
  where,
  message: text(
    `查询第 ${line} 行的 ${found} 是 PostgreSQL 的写法，这个数据库不认识。`,
    `Line ${line} of the query has ${found}, which only PostgreSQL understands.`,
  ),
  cure: text(
    '写成 CAST(… AS CHAR)（SQLite：CAST(… AS TEXT)）。',
    'Write CAST(… AS CHAR), or CAST(… AS TEXT) in SQLite.',
  ),
});

/** The query ran longer than it may. @param timeout its limit in ms */
export function tooLong(timeout: number, where: string): ProblemError {
  const seconds = Math.round(timeout / 100) / 10;
  return problem({
    code: 'query-too-long',
    where,
    message: text(
      `查询超过了 ${seconds} 秒，已中止。`,
      `The query took longer than ${seconds} s and was ended.`,
    ),
    cure: text(
      '加索引或缩小查询范围，或在定义里调大 source.timeout（秒）。',
      'Add an index or narrow the query, or raise source.timeout (seconds) in the definition.',
    ),
  });
}

/** The program stops while a read goes on. */
export const stopped = (where: string): ProblemError =>
  problem({
    code: 'stopped',
    where,
    message: text('程序正在退出，读取已中止。', 'The program is stopping; the read was ended.'),
    cure: text('程序启动后再同步。', 'Run again once the program is up.'),
  });

/** Two columns of an answer have the same name: no field could be told apart. @param names where they are known */
export const doubled = (where: string, names: readonly string[] = []): ProblemError =>
  problem({
    code: 'query-doubled-columns',
    where,
    message: text(
      `查询结果有重名的列${names.length > 0 ? `：${names.join('、')}` : ''}。`,
      `The query answers with doubled column names${names.length > 0 ? `: ${names.join(', ')}` : ''}.`,
    ),
    cure: text('用 AS 给它们不同的名字。', 'Give them different names with AS.'),
  });

/** @throws ProblemError when two columns of an answer have the same name */
export function refuseDoubled(names: readonly string[], where: string): void {
  const twice = new Set(names.filter((name, i) => names.indexOf(name) !== i));
  if (twice.size > 0) throw doubled(where, [...twice]);
}
