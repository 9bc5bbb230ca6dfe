import { type Cell, isBad, type Kind } from './kind.ts';
import { heldText, textKind } from './text.ts';

/**
 * Link fields. Canonical: the link, and on a second line the words shown for it where they differ.
 * Both parts are always written: a plain string is refused with 1254068.
 */
export const urlKind: Kind = {
  wanted: (place) => (value) => {
    const whole = textKind.wanted(place)(value);
    return isBad(whole) ? whole : whole.trim();
  },
  held: heldLink,
  written: (cell) => {
    if (cell === '') return null;
    const [link = '', words] = cell.split('\n');
    return { link, text: words ?? link };
  },
};

function heldLink(raw: unknown): Cell {
  if (typeof raw !== 'object' || raw === null || Array.isArray(raw)) return heldText(raw);
  const { link, text } = raw as { link?: unknown; text?: unknown };
  const to = typeof link === 'string' ? link : '';
  const words = typeof text === 'string' ? text : to;
  if (to === '' && words === '') return '';
  return words === to || words === '' ? to : `${to}\n${words}`;
}
