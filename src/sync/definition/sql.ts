import { type Text, text } from '../words/text.ts';

/** One piece of a SQL text, as far as rules about whole statements need it. */
export interface Token {
  /**
   * `word`: a bare name or keyword · `number`: as servers cut it, so that a word may follow without a blank · `quoted`:
   * a string or a quoted name · `mark`: any other single character, or MySQL's `\N` for NULL · `executable`: a comment
   * that servers run · `unclosed`: a string or comment without its end · `half-number`: one that ends in the `e` of its
   * exponent.
   */
  readonly kind: 'word' | 'number' | 'half-number' | 'quoted' | 'mark' | 'executable' | 'unclosed';
  /** Words in upper case; the first character of everything else. */
  readonly text: string;
  /** Counted from 1. */
  readonly line: number;
  readonly start: number;
  readonly end: number;
}

/** How a server reads a query, as far as servers differ in it. */
interface Reading {
  /** The quotes in which a backslash keeps the next character from closing them. */
  readonly escaping: string;
  /** Whether a comment up to the end of the line begins at a place. */
  readonly remark: (sql: string, at: number) => boolean;
  /** Whether names stand in brackets, too. */
  readonly brackets: boolean;
  /** Whether `\N` is NULL. */
  readonly nullMark: boolean;
  /** What people write where another tool fills values in. */
  readonly fillIn: RegExp;
}

/** A comment as MySQL sees it: what begins with `--` needs a blank behind it. */
const remark = (sql: string, at: number): boolean =>
  sql.charAt(at) === '#' || (sql.startsWith('--', at) && (at + 2 === sql.length || blank(sql, at + 2)));

const mysql: Reading = {
  ...{ escaping: `'"`, remark, brackets: false, nullMark: true },
  // `@name` is a variable, and `$name` a name.
  fillIn: /^(?:\?|\$\d+\b|:[a-z_]\w*|\$?\{\{?[^{}'"]*\}\}?)/i,
};

/**
 * How queries are read, by the database, and by what a server's mode may change: `ansi-mysql` is one with ANSI_QUOTES,
 * `plain-mysql` one with NO_BACKSLASH_ESCAPES.
 * https://dev.mysql.com/doc/refman/8.4/en/sql-mode.html https://www.sqlite.org/lang_comment.html
 */
export const dialects = {
  mysql,
  'ansi-mysql': { ...mysql, escaping: "'" },
  'plain-mysql': { ...mysql, escaping: '' },
  sqlite: {
    ...{ escaping: '', brackets: true, nullMark: false },
    remark: (sql, at) => sql.startsWith('--', at),
    fillIn: /^(?:\?\d*|[:@$]\w+|\$?\{\{?[^{}'"]*\}\}?)/i,
  },
} satisfies Readonly<Record<string, Reading>>;
export type Dialect = keyof typeof dialects;

const wordCharacter = /[\w$\u0080-\uffff]/;
/**
 * Numbers end where a word may begin: `1e1into` is 1e1 and INTO, while `1into` is a name.
 * https://dev.mysql.com/doc/refman/8.4/en/number-literals.html
 */
const number =
  /(?:0x[\da-f]+|0b[01]+|\d+(?!\.))(?![\w$\u0080-\uffff])|\d+e[+-]?\d+|(?:\d+\.\d*|\.\d+)(?:e[+-]?\d+)?/iy;
/** MySQL drops such a number together with the characters that it had looked at, be it the first of `--`. */
const halfNumber = /(?:\d+\.\d*|\.\d+)e(?![+-]?\d)/iy;

/** Cuts a SQL text into tokens, without white space and plain comments. Takes any text and never throws. */
export function tokens(sql: string, dialect: Dialect): Token[] {
  const found: Token[] = [];
  let line = 1;
  let at = 0;
  while (at < sql.length) {
    const [kind, end] = pieceOfName(sql, at, found) ?? piece(sql, at, dialect);
    const raw = sql.slice(at, end);
    if (kind !== 'nothing') {
      found.push({ kind, text: kind === 'word' ? raw.toUpperCase() : raw.charAt(0), line, start: at, end });
    }
    line += raw.split('\n').length - 1;
    at = end;
  }
  return found;
}

/** The dot right behind a bare name, and the name right behind that dot, which may begin with digits. */
function pieceOfName(sql: string, at: number, found: readonly Token[]): [Token['kind'], number] | undefined {
  const [owner, before] = [found.at(-2), found.at(-1)];
  if (before?.end !== at) return undefined;
  if (before.kind === 'word') return sql.charAt(at) === '.' ? ['mark', at + 1] : undefined;
  if (before.text !== '.' || owner?.kind !== 'word' || owner.end !== before.start) return undefined;
  const end = wordEnd(sql, at);
  return end === at ? undefined : ['word', end];
}

/** What begins at a place and where it is over. */
function piece(sql: string, at: number, dialect: Dialect): [Token['kind'] | 'nothing', number] {
  const first = sql.charAt(at);
  const reading: Reading = dialects[dialect];
  if (blank(sql, at)) return ['nothing', at + 1];
  if (reading.remark(sql, at)) {
    const end = sql.indexOf('\n', at);
    return ['nothing', end === -1 ? sql.length : end];
  }
  if (sql.startsWith('/*', at)) {
    const close = sql.indexOf('*/', at + 2);
    if (close === -1) return ['unclosed', sql.length];
    return [/^\/\*M?!/i.test(sql.slice(at, at + 4)) ? 'executable' : 'nothing', close + 2];
  }
  if (reading.brackets && first === '[') {
    const close = sql.indexOf(']', at);
    return close === -1 ? ['unclosed', sql.length] : ['quoted', close + 1];
  }
  if (first === "'" || first === '"' || first === '`') {
    const end = quoteEnd(sql, at, reading.escaping.includes(first));
    return end === undefined ? ['unclosed', sql.length] : ['quoted', end];
  }
  if (reading.nullMark && sql.startsWith('\\N', at)) return ['mark', at + 2];
  const digits = matchEnd(number, sql, at);
  if (digits !== undefined) {
    return [matchEnd(halfNumber, sql, at) === undefined ? 'number' : 'half-number', digits];
  }
  const end = wordEnd(sql, at);
  return end === at ? ['mark', at + 1] : ['word', end];
}

function wordEnd(sql: string, at: number): number {
  let end = at;
  while (end < sql.length && wordCharacter.test(sql.charAt(end))) end += 1;
  return end;
}

/** Where what a pattern finds at a place is over. @param pattern a sticky one */
function matchEnd(pattern: RegExp, sql: string, at: number): number | undefined {
  pattern.lastIndex = at;
  return pattern.test(sql) ? pattern.lastIndex : undefined;
}

/** White space and control characters: what MySQL wants after `--`. https://dev.mysql.com/doc/refman/8.4/en/comments.html */
function blank(sql: string, at: number): boolean {
  const code = sql.charCodeAt(at);
  return code <= 32 || code === 127;
}

/** Where the quoted piece that opens at `at` is over. A doubled quote stands for itself. */
function quoteEnd(sql: string, at: number, backslash: boolean): number | undefined {
  const quote = sql.charAt(at);
  for (let i = at + 1; i < sql.length; i += 1) {
    const character = sql.charAt(i);
    if (backslash && character === '\\') i += 1;
    else if (character === quote) {
      if (sql.charAt(i + 1) !== quote) return i + 1;
      i += 1;
    }
  }
  return undefined;
}

/** Characters that look like blanks or punctuation, but that a database takes for part of a name. */
const odd =
  /[\u00a0\u1680\u2000-\u200f\u2028-\u202f\u205f-\u2064\u3000-\u3002\uff01-\uff0f\uff1a-\uff20\uff3b-\uff40\uff5b-\uff65\ufeff\u2018-\u201f]/u;

const names: ReadonlyMap<string, Text> = new Map([
  ['\u00a0', text('不换行空格', 'a no-break space')],
  ['\u3000', text('全角空格', 'an ideographic space')],
  ['\u200b', text('零宽空格', 'a zero-width space')],
  ['\ufeff', text('字节序标记（BOM）', 'a byte order mark')],
]);

/**
 * Names the first character outside quotes that looks like a blank or a mark and is none, with its line. A name may
 * hold one, so this only explains a query that a server has refused.
 */
export function oddCharacter(sql: string, dialect: Dialect): Text | undefined {
  for (const { kind, start, end, line } of tokens(sql, dialect)) {
    const character = kind === 'quoted' ? undefined : odd.exec(sql.slice(start, end))?.[0];
    if (character === undefined) continue;
    const number = `U+${character.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}`;
    const name = names.get(character);
    const shown = /\p{P}|\p{S}/u.test(character) ? ` ${character}` : '';
    return text(
      `查询第 ${line} 行有一个${name?.zh ?? `全角或特殊字符${shown}`}（${number}），请改成普通的${shown ? '半角符号' : '空格'}。`,
      `Line ${line} of the query has ${name?.en ?? `a special character${shown}`} (${number}): make it an ordinary ${shown ? 'one' : 'blank'}.`,
    );
  }
  return undefined;
}
