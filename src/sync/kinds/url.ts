import { type Cell, isBad, type Kind } from './kind.ts';
import { heldText, textKind } from './text.ts';

/**
 * Link fields. Canonical: the link, and on a second line the words shown for it where they differ.
 * Both parts are always written: a plain string is refused with 1254068.
 */
export const urlKind: Kind = {
  wanted: (place) => (value) => {
    const whole = textKind.wanted(place)(value);
    if (isBad(whole)) return whole;
    const [link, words] = parts(whole.trim());
    return canonical(link.trim(), words.trim());
  },
  held: heldLink,
  written: (cell) => {
    if (cell === '') return null;
    const [link, words] = parts(cell);
    return { link, text: words || link };
  },
};

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
