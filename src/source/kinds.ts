import { type Text, text } from '../sync/words/text.ts';

/** One sort of failure of a read, in words; those below are the same for all databases. */
export interface Kind<Asked> {
  readonly code: string;
  /** Whether the query is to be mended, so that the problem stands at the query and not at the connection. */
  readonly inQuery?: true;
  readonly message: (asked: Asked, said: string) => Text;
  readonly cure: (asked: Asked, said: string) => Text;
}

/** A failure of the query itself. @param what what the server's words are about */
export const ofQuery = (code: string, what: Text, cure: Text): Kind<unknown> => ({
  code,
  inQuery: true,
  message: (_, said) => text(`${what.zh}：${said}`, `${what.en}: ${said}`),
  cure: () => cure,
});

/** The query names a table or a column that is not there. */
export const wrongName = ofQuery(
  'query-unknown-name',
  text('查询里的表或列不存在', 'The query names something that does not exist'),
  text(
    '核对查询里的表名和列名与数据库是否一致；文字要放在单引号里。',
    'Compare the names in the query with the database; texts go into single quotes.',
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
    '先在数据库客户端里把查询改到能运行，再写进定义。',
    'Change the query until it runs in a database client, then copy it into the definition.',
  ),
);
/** The query would change something. */
export const writes = ofQuery(
  'query-writes',
  text('查询会修改数据，已被拒绝', 'The query changes data and was refused'),
  text(
    '去掉会写入的部分（例如会写表的函数），只留 SELECT。',
    'Take out what writes, such as a function that changes tables: a sync only reads.',
  ),
);
