/** A sentence for people, in both languages that the product speaks. */
export interface Text {
  readonly zh: string;
  readonly en: string;
}

/** The languages of cards, messages and the terminal. */
export type Locale = 'zh-CN' | 'en-US';

/** Pairs a Chinese sentence with its English twin. */
export const text = (zh: string, en: string): Text => ({ zh, en });

/** Picks the reader's language. */
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
