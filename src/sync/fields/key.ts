import type { Cell } from './kinds/kind.ts';

/** The text that names a row on both sides; `''` when any of its parts is empty. */
export type Key = string;

/**
 * Makes the key of a row from its canonical key cells, the same for query, table and ledger. Blanks at the ends do not
 * count, composed and decomposed characters are one (NFC), case counts. Lengths keep lists of parts apart.
 */
export function keyOf(parts: readonly Cell[]): Key {
  const [only] = parts;
  if (parts.length === 1 && only !== undefined) return normal(only);
  const normals = parts.map(normal);
  return normals.includes('') ? '' : normals.map((part) => `${part.length}:${part}`).join('');
}

const ascii = /^[!-~]*$/;

/** One part of a key as it is compared: without blanks at its ends, composed. */
export const normal = (part: Cell): string => (ascii.test(part) ? part : part.trim().normalize('NFC'));

/** Shows a key to people: its parts with a stroke between them, without the lengths; see {@link visible}. */
export const showKey = (key: Key, parts: number): string => showParts(partsOf(key, parts));

/** Shows the parts of a key as they are written, before they are made alike. */
export const showParts = (parts: readonly string[]): string => parts.map(visible).join(' / ');

function partsOf(key: Key, parts: number): readonly string[] {
  if (parts === 1) return [key];
  const found: string[] = [];
  for (let at = 0; at < key.length; ) {
    const colon = key.indexOf(':', at);
    const end = colon + 1 + Number(key.slice(at, colon));
    found.push(key.slice(colon + 1, end));
    at = end;
  }
  return found;
}

const blank = '␠';
/** What looks like a plain blank or like nothing; joiners and tags that make up emoji aside. */
const unseen =
  /[\p{Cc}\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u115f\u1160\u3164\uffa0]|(?![\u200d\u{e0020}-\u{e007f}])\p{Cf}|\u200d(?!\p{Extended_Pictographic})/gu;
/** A letter with its marks, or a run of letters that Hangul syllables are composed of. */
const letters = /[\u1100-\u11ff]+|\P{M}\p{M}*|\p{M}+/gu;

/**
 * Makes visible what nobody would see in a text: blanks at its ends as ␠, other blanks, controls, unseen marks and
 * letters that are not composed as ⟨U+00A0⟩.
 */
export function visible(part: string): string {
  if (ascii.test(part)) return part;
  const inner = part.trim();
  const from = part.indexOf(inner);
  const composed = inner.normalize('NFC') === inner ? inner : inner.replace(letters, uncomposed);
  return (
    blanks(part.slice(0, from)) + composed.replace(unseen, codesOf) + blanks(part.slice(from + inner.length))
  );
}

const blanks = (run: string): string =>
  Array.from(run, (one) => (one === ' ' ? blank : codesOf(one))).join('');

const uncomposed = (letter: string): string =>
  letter.normalize('NFC') === letter ? letter : codesOf(letter);

const codesOf = (letter: string): string =>
  `⟨${Array.from(letter, (one) => `U+${(one.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}`).join(' ')}⟩`;

const shownCodes = /⟨(U\+[0-9A-F]{4,5}(?: U\+[0-9A-F]{4,5})*)⟩/gu;

/** Undoes {@link visible}, for a key that somebody copied from a list. */
export const unveiled = (shown: string): string =>
  shown
    .replaceAll(blank, ' ')
    .replace(shownCodes, (_, codes: string) =>
      String.fromCodePoint(...codes.split(' ').map((code) => Number.parseInt(code.slice(2), 16))),
    );
