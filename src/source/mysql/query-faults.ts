import { text } from '../../sync/words/text.ts';
import { type Kind, ofQuery, writes, wrongFunction, wrongName, wrongSyntax } from '../kinds.ts';

const brokenView = ofQuery(
  'broken-view',
  text('查询用到的视图不能用', 'A view that the query uses does not work'),
  text(
    '视图引用的表、列或函数已不存在，或视图的定义者（DEFINER）没有权限：请数据库管理员修好它，或在查询里直接写表。',
    'A table, column or function of the view is gone, or its DEFINER lacks the rights: ask the database administrator to mend it, or name the tables themselves in the query.',
  ),
);
const grouping = ofQuery(
  'query-grouping',
  text('查询的 GROUP BY 不完整', 'The query’s GROUP BY is not complete'),
  text(
    '把这一列加进 GROUP BY，或用 MAX(列) 这样的聚合函数。',
    'Add the column to GROUP BY, or put it into a function such as MAX(column).',
  ),
);
const ambiguous = ofQuery(
  'query-ambiguous-name',
  text('查询里的列名不明确', 'The query has a name that may mean several columns'),
  text('在列名前写表名：表.列。', 'Write the table before the column: table.column.'),
);
const doubledName = ofQuery(
  'query-doubled-name',
  text('查询里有重复的名字', 'The query gives the same name twice'),
  text('用 AS 给它们不同的名字。', 'Give them different names with AS.'),
);
const needsAlias = ofQuery(
  'query-syntax',
  text('子查询没有名字', 'A subquery has no name'),
  text('在括号后面写 AS 名字。', 'Write AS and a name behind its bracket.'),
);
const severalRows = ofQuery(
  'query-several-rows',
  text('子查询返回了多行', 'A subquery answers more than one row'),
  text('加 LIMIT 1、MAX(列)，或改成 JOIN。', 'Add LIMIT 1 or MAX(column) to it, or make it a JOIN.'),
);
const collations = ofQuery(
  'query-collations',
  text('查询比较的两个文字排序规则不同', 'The query compares texts of different collations'),
  text(
    '在比较的一边写 COLLATE，例如 a.code = b.code COLLATE utf8mb4_bin。',
    'Say COLLATE on one side of the comparison, such as a.code = b.code COLLATE utf8mb4_bin.',
  ),
);
const outOfRange = ofQuery(
  'query-out-of-range',
  text('查询算出的数超出范围', 'The query computes a number that is out of range'),
  text(
    '无符号列相减可能小于零：写 CAST(列 AS SIGNED) - …，或 CAST(列 AS DECIMAL(30))。',
    'Unsigned columns may fall below zero when subtracted: use CAST(column AS SIGNED) - …, or CAST(column AS DECIMAL(30)).',
  ),
);
const wrongCall = ofQuery(
  'query-wrong-call',
  text('函数的参数不对', 'A function is called with the wrong arguments'),
  text('核对这个函数在此数据库里的参数。', 'Look up which arguments this function takes in this database.'),
);

/**
 * What a server's number says is wrong with the query.
 * https://dev.mysql.com/doc/mysql-errors/8.4/en/server-error-reference.html
 * https://mariadb.com/kb/en/mariadb-error-code-reference/
 */
export const queryFaults: ReadonlyMap<number, Kind<unknown>> = new Map([
  [1356, brokenView],
  [1449, brokenView],
  [1055, grouping],
  [1140, grouping],
  [1052, ambiguous],
  [1060, doubledName],
  [1066, doubledName],
  [1248, needsAlias],
  [1242, severalRows],
  [1253, collations],
  [1267, collations],
  [1270, collations],
  [1271, collations],
  [1264, outOfRange],
  [1690, outOfRange],
  [1582, wrongCall],
  [1051, wrongName],
  [1054, wrongName],
  [1109, wrongName],
  [1146, wrongName],
  [1128, wrongFunction],
  [1305, wrongFunction],
  [1630, wrongFunction],
  [1064, wrongSyntax],
  [1149, wrongSyntax],
  [1290, writes],
  [1792, writes],
]);
