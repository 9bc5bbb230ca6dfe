import { type Text, text } from '../sync/text.ts';

/** One sort of failure of a read, in words; those below are the same for all databases. */
export interface Kind<Asked> {
  readonly code: string;
  readonly message: (asked: Asked, said: string) => Text;
  readonly cure: (asked: Asked) => Text;
}

const fixQuery = text('修改定义文件里的查询。', "Change the query in the definition's file.");

/** The query names a table, a column or a function that is not there. */
export const wrongName: Kind<unknown> = {
  code: 'query-unknown-name',
  message: (_, said) =>
    text(`查询里的表或列不存在：${said}`, `The query names something that does not exist: ${said}`),
  cure: () => fixQuery,
};
/** The query cannot be read. */
export const wrongSyntax: Kind<unknown> = {
  code: 'query-syntax',
  message: (_, said) => text(`查询语法错误：${said}`, `The query's syntax is wrong: ${said}`),
  cure: () => fixQuery,
};
/** The query would change something. */
export const writes: Kind<unknown> = {
  code: 'query-writes',
  message: (_, said) =>
    text(`查询会修改数据，已被拒绝：${said}`, `The query changes data and was refused: ${said}`),
  cure: () => fixQuery,
};
