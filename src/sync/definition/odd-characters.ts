import { type Text, text } from '../words/text.ts';
import { type Dialect, tokens } from './sql.ts';

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
 * Names the first character outside quotes that looks like a blank or a mark and is none, with its line: a no-break
 * space, a full-width comma. Returns undefined when there is none. A name may hold such a character, so this only
 * explains a query that a server has refused.
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
