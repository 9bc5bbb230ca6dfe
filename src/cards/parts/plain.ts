import type { Text } from '../../sync/text.ts';

/** Marks that cannot be seen or that turn the line round: zero-width and direction marks, fillers. */
const unseen = /\p{Cf}|[\u115f\u1160\u3164\uffa0]|\u034f|\u17b4|\u17b5/gu;
const loneHalf = /\p{Cs}/gu;
const controls = /(?!\s)\p{Cc}/gu;
const blanks = /\s+/gu;

/**
 * Makes harmless plain text of anything that came from rows, errors, names or people: one line, no unseen
 * marks, no tags, at most `max` code points with `…` at the cut. Meant for `plain_text` elements, where
 * Feishu reads no Markdown; the angle brackets go all the same, so that no client can find a mention in it.
 * https://open.feishu.cn/document/uAjLw4CM/ukzMukzMukzM/feishu-cards/card-json-v2-components/content-components/plain-text
 */
export function plain(words: string, max: number): string {
  // Long texts are cut twice, so that a megabyte of error text costs nothing: roughly first, exactly last.
  const clean = words
    .slice(0, max * 4 + 64)
    .replace(loneHalf, '\ufffd')
    .replace(unseen, '')
    .replace(controls, '')
    .replace(blanks, ' ')
    .replaceAll('<', '＜')
    .replaceAll('>', '＞')
    .trim();
  const points = Array.from(clean);
  const whole = points.length <= max && words.length <= max * 4 + 64;
  return whole ? clean : `${points.slice(0, max - 1).join('')}…`;
}

/** {@link plain} for a sentence in both languages. */
export const plainText = (words: Text, max: number): Text => ({
  zh: plain(words.zh, max),
  en: plain(words.en, max),
});

/** The same words in both languages, as for names and keys. */
export const same = (words: string): Text => ({ zh: words, en: words });

/** Puts texts behind one another. */
export const joined = (parts: readonly Text[], between: string): Text => ({
  zh: parts.map((part) => part.zh).join(between),
  en: parts.map((part) => part.en).join(between),
});
