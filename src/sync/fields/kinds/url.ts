import { text } from '../../words/text.ts';
import type { Value } from '../value.ts';
import { type Bad, type Cell, isBad, type Kind, type Place, unfit } from './kind.ts';
import { heldText, plainText, textLimit, tooLong } from './text.ts';

/** Addresses that run something or show what they hold, instead of leading somewhere. */
const running = /^(?:javascript|vbscript|data):/i;
/** Browsers pass over these at the beginning of an address, and tabs and line breaks anywhere. */
const ignored = /[\0-\x20]/g;

/**
 * Link fields. Canonical: the link, and on a second line the words shown for it where they differ.
 * Both parts are always written: a plain string is refused with 1254068.
 */
export const urlKind: Kind = {
  wanted: (place) => (value) => linkOf(place, value),
  held: heldLink,
  written: (cell) => {
    if (cell === '') return null;
    const [link, words] = parts(cell);
    return { link, text: words || link };
  },
};

function linkOf(place: Place, value: Exclude<Value, null>): Cell | Bad {
  const whole = plainText(place, value);
  if (isBad(whole)) return whole;
  const [first, second] = parts(whole);
  const link = first.trim();
  const words = second.trim();
  if (link === '') return words === '' ? '' : unfit(place, value, noLink.zh, noLink.en, clear);
  if (running.test(link.replace(ignored, ''))) {
    return unfit(
      place,
      value,
      '不接受会运行脚本或自带内容的网址',
      'runs or shows what it holds instead of leading somewhere, so it is refused',
    );
  }
  return whole.length > textLimit ? tooLong(place, value) : canonical(link, words);
}

const noLink = text('的第一行应是网址，现在是空的', 'has no address on its first line');

const clear = text(
  "没有网址的行请在查询里写空值，如 CONCAT(NULLIF(网址, ''), CHAR(10), 文字)。",
  "Let the query answer NULL where there is no address, such as CONCAT(NULLIF(address, ''), CHAR(10), words).",
);

/** The link, and what stands after the first line break: the words shown for it. */
function parts(cell: string): readonly [link: string, words: string] {
  const at = cell.indexOf('\n');
  return at < 0 ? [cell, ''] : [cell.slice(0, at), cell.slice(at + 1)];
}

/** Words that say nothing new are left out, as they are when a cell is read. */
const canonical = (link: string, words: string): Cell =>
  words === link || words === '' ? link : `${link}\n${words}`;

function heldLink(raw: unknown): Cell {
  if (typeof raw !== 'object' || raw === null || Array.isArray(raw)) return heldText(raw);
  const { link, text } = raw as { link?: unknown; text?: unknown };
  const to = typeof link === 'string' ? link : '';
  const words = typeof text === 'string' ? text : to;
  return canonical(to, words);
}
