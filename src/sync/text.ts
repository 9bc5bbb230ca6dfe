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

/** Words one after the other, parted as each language does it. */
export const listed = (words: readonly string[]): Text => text(words.join('、'), words.join(', '));

/** Writes a count the way cards show it: `1,234`. */
export const count = (n: number): string => n.toLocaleString('en-US');
