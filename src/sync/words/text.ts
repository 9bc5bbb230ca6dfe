/** A sentence for people, in both languages that the product speaks. */
export interface Text {
  readonly zh: string;
  readonly en: string;
}

export type Locale = 'zh-CN' | 'en-US';

export const text = (zh: string, en: string): Text => ({ zh, en });

export const inLocale = (words: Text, locale: Locale): string => (locale === 'zh-CN' ? words.zh : words.en);

/** Shows blanks that cannot be told from an ordinary one, and characters that show nothing: `[U+00A0]`. */
export const visible = (words: string): string =>
  words.replaceAll(
    /[\u00a0\u00ad\u1680\u2000-\u200f\u2028-\u202f\u205f-\u2064\u3000\ufeff]/g,
    (one) => `[U+${one.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}]`,
  );

/** Words one after the other, parted as each language does it. */
export const listed = (words: readonly string[]): Text => text(words.join('、'), words.join(', '));

/** Writes a count the way cards show it: `1,234`. */
export const count = (n: number): string => n.toLocaleString('en-US');

const wide =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\ua960-\ua97f\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]|\p{Emoji_Presentation}/u;
const none = /[\p{Mn}\p{Me}\p{Cf}\p{Cc}]/u;

/** Columns that a character takes in a terminal: two for wide ones such as Chinese and emoji, none for marks. */
const widthOf = (char: string): number => (none.test(char) ? 0 : wide.test(char) ? 2 : 1);

export function columnsOf(words: string): number {
  let columns = 0;
  for (const char of words) columns += widthOf(char);
  return columns;
}

/** The longest beginning that takes at most so many columns. */
export function take(words: string, columns: number): string {
  let taken = '';
  let width = 0;
  for (const char of words) {
    width += widthOf(char);
    if (width > columns) break;
    taken += char;
  }
  return taken;
}

/** Cuts the text to so many columns, with an ellipsis where something is missing. */
export const cut = (words: string, columns: number): string =>
  columnsOf(words) <= columns ? words : `${take(words, columns - 1)}…`;

const most = 3;

/** The names that may be meant by a word, nearest first; case, blanks at the ends and full-width forms do not count. */
export function nearest(word: string, names: readonly string[]): readonly string[] {
  const asked = folded(word);
  const limit = Math.max(2, Math.floor(asked.length / 3));
  const near = names
    .map((name) => ({ name, far: distance(asked, folded(name)) }))
    .filter(({ far, name }) => far <= limit && far < Math.max(asked.length, name.length));
  const least = Math.min(...near.map(({ far }) => far));
  return near
    .filter(({ far }) => far === least)
    .map(({ name }) => name)
    .sort((a, b) => a.localeCompare(b))
    .slice(0, most);
}

const folded = (name: string): string => name.normalize('NFKC').trim().toLowerCase();

/** How far two names are apart; 1 when one holds the other. */
const distance = (a: string, b: string): number =>
  a !== b && Math.min(a.length, b.length) > 2 && (a.includes(b) || b.includes(a)) ? 1 : edits(a, b);

/** Counts the letters to insert, drop, change or swap with the next one that make one text of the other. */
export function edits(a: string, b: string): number {
  if (a === b) return 0;
  // No name is so long, and the work grows with the square.
  if (a.length > 200) return Number.POSITIVE_INFINITY;
  if (Math.abs(a.length - b.length) > 20) return Number.POSITIVE_INFINITY;
  let before: number[] = [];
  let row = Array.from({ length: b.length + 1 }, (_, at) => at);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1];
      let far = Math.min((row[j - 1] ?? 0) + (same ? 0 : 1), (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        far = Math.min(far, (before[j - 2] ?? 0) + 1);
      }
      next.push(far);
    }
    before = row;
    row = next;
  }
  return row.at(-1) ?? b.length;
}
