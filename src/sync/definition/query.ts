import type { Problem } from '../words/problem.ts';
import { type Text, text } from '../words/text.ts';
import { type Dialect, type Token, tokens } from './sql.ts';

/**
 * Says why a query may not run: only one SELECT or WITH that reads may. One problem a kind, each with its line.
 *
 * Judged on tokens, so that words in strings, names and comments do not matter. A read-only session is not enough: it
 * lets `INTO OUTFILE` write a file. https://dev.mysql.com/doc/refman/8.4/en/select-into.html
 */
export function judgeQuery(sql: string, dialect: Dialect = 'mysql'): Problem[] {
  // Servers end a comment or a quoted name at it.
  if (sql.includes('\0')) return [nulCharacter];
  const all = tokens(sql, dialect);
  if (all.length === 0) return [empty];
  return rules.flatMap(({ code, find, zh, en, cure }) => {
    const token = find(all, sql);
    if (token === undefined) return [];
    const { line, text: word } = token;
    const says = (words: string): string =>
      words.replace('{}', () => (word.length > 40 ? `${word.slice(0, 40)}…` : word));
    return [
      { code, message: text(`查询第 ${line} 行：${says(zh)}。`, `Query, line ${line}: ${says(en)}.`), cure },
    ];
  });
}

/** Something that no query may have. */
interface Rule {
  readonly code: string;
  /** Where it is. */
  readonly find: (all: readonly Token[], sql: string) => Token | undefined;
  /** What it is; `{}` stands for the word. */
  readonly zh: string;
  readonly en: string;
  readonly cure: Text;
}

const selectCure = text(
  '只写一条 SELECT 或 WITH … SELECT 语句。',
  'Write one SELECT or WITH … SELECT statement.',
);

const empty: Problem = {
  code: 'query-empty',
  message: text('查询为空。', 'the query is empty.'),
  cure: selectCure,
};

const nulCharacter: Problem = {
  code: 'query-nul-character',
  message: text('查询里有编码为 0 的字符。', 'the query holds a character with the code 0.'),
  cure: text('删除这个字符。', 'Remove it.'),
};

const ofKind = (kind: Token['kind']) => (all: readonly Token[]) => all.find((token) => token.kind === kind);

const rules: readonly Rule[] = [
  {
    code: 'query-unclosed',
    find: (all) => all.find(({ kind, text: first }) => kind === 'unclosed' && first === '/'),
    zh: '注释没有结束',
    en: 'a comment is never closed',
    cure: text('补上结尾。', 'Close it.'),
  },
  {
    code: 'query-unclosed',
    find: (all) => all.find(({ kind, text: first }) => kind === 'unclosed' && first !== '/'),
    zh: '引号 {} 没有结束',
    en: 'the quote {} is never closed',
    cure: text('补上结尾。', 'Close it.'),
  },
  {
    code: 'query-executable-comment',
    find: ofKind('executable'),
    zh: '数据库会执行 /*! … */ 这种注释',
    en: 'a comment such as /*! … */ is run by the server',
    cure: text('删除它，或改成普通注释 /* … */。', 'Remove it, or make it a plain comment /* … */.'),
  },
  {
    code: 'query-half-number',
    find: ofKind('half-number'),
    zh: '像 1.5e 这样的数字在 e 后面没有指数',
    en: 'a number such as 1.5e has no exponent behind its e',
    cure: text('补上指数，或删除 e。', 'Write the exponent, or remove the e.'),
  },
  {
    code: 'query-several-statements',
    find: secondStatement,
    zh: '分号后面还有内容，只能有一条语句',
    en: 'something follows the semicolon, but only one statement is allowed',
    cure: selectCure,
  },
  {
    code: 'query-not-select',
    find: otherVerb,
    zh: '查询以 {} 开头，而不是 SELECT 或 WITH',
    en: "the query's verb is {}, not SELECT or WITH",
    cure: selectCure,
  },
  {
    code: 'query-into',
    find: (all) => all.find((_, i) => keyword(all, i) === 'INTO'),
    zh: '查询里有 INTO，它会写文件或变量',
    en: 'the query has INTO, which writes a file or a variable',
    cure: text(
      '删除 INTO 部分；如果 into 是列名，请加反引号：`into`。',
      'Remove the INTO part; if into is a column, put it in backticks: `into`.',
    ),
  },
  {
    code: 'query-locks',
    find: (all) => all.find((_, i) => locks(all, i)),
    zh: '查询会锁住行（FOR UPDATE、FOR SHARE 或 LOCK IN SHARE MODE）',
    en: 'the query locks rows (FOR UPDATE, FOR SHARE or LOCK IN SHARE MODE)',
    cure: text('删除这部分，同步只读取数据。', 'Remove that part: a sync only reads.'),
  },
  {
    code: 'query-reads-file',
    find: (all, sql) => all.find((_, i) => loadsFile(all, i, sql)),
    zh: '查询用 LOAD_FILE 读取数据库服务器上的文件',
    en: "the query calls LOAD_FILE, which reads files of the server's machine",
    cure: text('删除这个函数，同步只读取表。', 'Remove the function: a sync only reads tables.'),
  },
];

/** What stands behind the semicolon that ends the statement, other than more semicolons. */
function secondStatement(all: readonly Token[]): Token | undefined {
  const semicolon = (token: Token): boolean => token.kind === 'mark' && token.text === ';';
  const end = all.findIndex(semicolon);
  return end === -1 ? undefined : all.slice(end + 1).find((token) => !semicolon(token));
}

/** The query's verb when it is another one than SELECT. */
function otherVerb(all: readonly Token[]): Token | undefined {
  const first = Math.max(
    0,
    all.findIndex((token) => token.kind !== 'mark' || token.text !== '('),
  );
  const verb = keyword(all, first) === 'WITH' ? verbAfterWith(all, first) : first;
  return verb === undefined || keyword(all, verb) === 'SELECT' ? undefined : all[verb];
}

/** Where the first verb outside the parentheses of the named subqueries stands. */
function verbAfterWith(all: readonly Token[], first: number): number | undefined {
  let depth = 0;
  for (let i = first + 1; i < all.length; i += 1) {
    const token = all[i];
    if (token?.kind === 'mark' && token.text === '(') depth += 1;
    else if (token?.kind === 'mark' && token.text === ')') depth -= 1;
    else if (depth <= 0 && verbs.has(keyword(all, i) ?? '')) return i;
  }
  return undefined;
}

const verbs: ReadonlySet<string> = new Set('SELECT INSERT UPDATE DELETE REPLACE TABLE VALUES'.split(' '));

function locks(all: readonly Token[], i: number): boolean {
  const next = keyword(all, i + 1);
  if (keyword(all, i) === 'FOR') return next === 'UPDATE' || next === 'SHARE';
  return keyword(all, i) === 'LOCK' && next === 'IN' && keyword(all, i + 2) === 'SHARE';
}

/** Whether LOAD_FILE is called at `i`; servers take a function's name in quotes, too. */
function loadsFile(all: readonly Token[], i: number, sql: string): boolean {
  const [name, next] = [all[i], all[i + 1]];
  if (name === undefined || next?.kind !== 'mark' || next.text !== '(') return false;
  return /^(["`]?)load_file\1$/i.test(sql.slice(name.start, name.end));
}

/** The word at `i` unless it is a name for sure: a column behind its table's dot, or a variable. */
function keyword(all: readonly Token[], i: number): string | undefined {
  const token = all[i];
  if (token?.kind !== 'word') return undefined;
  const before = all[i - 1];
  if (before?.kind === 'mark' && before.end === token.start) {
    if (before.text === '@') return undefined;
    const owner = all[i - 2];
    // "1.into" is the number 1. and then the keyword.
    if (before.text === '.' && owner?.end === before.start && owner.kind !== 'number') return undefined;
  }
  return token.text;
}
