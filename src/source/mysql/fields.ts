import type { FieldPacket } from 'mysql2';
import type { Column } from '../../sync/fields/column.ts';
import { problem } from '../../sync/words/problem.ts';
import { text } from '../../sync/words/text.ts';
import { refuseDoubled } from '../problems.ts';
import { askWithFields, prepare } from './ask.ts';
import { statement } from './exact.ts';
import { cannotPrepare } from './family.ts';
import type { Asked } from './problems.ts';
import type { Session } from './session.ts';
import { columnType } from './types.ts';

/** A query's columns as the server tells them without running it. */
export interface Fields {
  readonly fields: readonly FieldPacket[];
  /** Whether it has prepared the query. */
  readonly prepared: boolean;
}

/**
 * Asks a server for the columns of a query. A statement without any is refused, whatever it is: it can only do something.
 * Servers without prepared statements, or that prepare without telling columns, tell those of the query inside another
 * one that has no rows, where only a SELECT can stand.
 * @throws ProblemError, or the driver's error
 */
export async function fieldsOf(session: Session, sql: string, asked: Asked): Promise<Fields> {
  const prepared = await prepare(session.wire, sql).catch((error: unknown) => {
    if (cannotPrepare(error)) return undefined;
    throw error;
  });
  if (prepared && prepared.length > 0) return { fields: prepared, prepared: true };
  try {
    const inside = `select * from (${statement(sql, session.dialect)}\n) q limit 0`;
    return { fields: (await askWithFields(session.wire, inside)).fields, prepared: false };
  } catch (error) {
    const { errno } = error as { readonly errno?: unknown };
    if (errno === doubledColumn) throw doubled(asked.at);
    if (prepared && errno === syntaxError) throw noColumns(asked.at);
    throw error;
  }
}

// https://dev.mysql.com/doc/mysql-errors/8.4/en/server-error-reference.html
const doubledColumn = 1060;
const syntaxError = 1064;

/** The columns of an answer, as the rest of the program knows them. @throws ProblemError when two have the same name */
export function described(
  { settings }: Session,
  fields: readonly FieldPacket[],
  { sql, at }: Asked,
): readonly Column[] {
  refuseDoubled(
    fields.map((field) => field.name),
    at,
  );
  const limits = ['group_concat_max_len', 'max_allowed_packet'].flatMap((name) => settings.get(name) ?? []);
  const cuts = putTogether.test(sql) && limits.length > 0 ? { cutAt: Math.min(...limits.map(Number)) } : {};
  return fields.map((field) => {
    const type = columnType(field);
    return { name: field.name, type, ...(type === 'text' || type === 'json' ? cuts : {}) };
  });
}

/** What makes one text of many, and cuts it where it gets too long. */
const putTogether = /group_concat|json_(?:array|object)agg/i;

const doubled = (where: string) =>
  problem({
    code: 'query-doubled-columns',
    where,
    message: text('查询结果有重名的列。', 'The query answers with doubled column names.'),
    cure: text('用 AS 给它们不同的名字。', 'Give them different names with AS.'),
  });

const noColumns = (where: string) =>
  problem({
    code: 'query-no-columns',
    where,
    message: text(
      '这条语句不返回任何列，所以没有执行。',
      'The statement answers with no columns, so it was not run.',
    ),
    cure: text('只写一条 SELECT 或 WITH … SELECT 语句。', 'Write one SELECT or WITH … SELECT statement.'),
  });

/** The server does not tell how it sends a BIT that was worked out, and cannot be asked for its number. */
export const unclearBit = (name: string, where: string) =>
  problem({
    code: 'query-unclear-bit',
    where,
    message: text(
      `列 ${name} 是由 BIT 计算出来的，数据库返回它的方式不明确。`,
      `The column ${name} is worked out from a BIT, and the database does not tell how it sends it.`,
    ),
    cure: text(
      `在查询里写成数字：(…) + 0 AS ${name}。`,
      `Make it a number in the query: (…) + 0 AS ${name}.`,
    ),
  });
