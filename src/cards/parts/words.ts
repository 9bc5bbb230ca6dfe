import { count, type Text, text } from '../../sync/words/text.ts';

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
export const plainText = ({ zh, en }: Text, max: number): Text => text(plain(zh, max), plain(en, max));

/** The same words in both languages, as for names and keys. */
export const same = (words: string): Text => text(words, words);

/** Something that may be left out. */
export type Maybe<T> = T | false | null | undefined;

/** Those that are not left out. */
export const present = <T extends object>(all: readonly Maybe<T>[]): readonly T[] =>
  all.filter((one): one is T => one !== undefined && one !== null && one !== false);

/** Puts texts behind one another, without those that are left out. */
export const joined = (parts: readonly Maybe<Text>[], between: string): Text => {
  const all = present(parts);
  return text(all.map(({ zh }) => zh).join(between), all.map(({ en }) => en).join(between));
};

const barLength = 20;

/** Whole percent, rounded down so that 100 means all; 0 when there is nothing to do. */
export const percent = (part: number, whole: number): number =>
  whole <= 0 ? 0 : Math.floor((Math.min(part, whole) / whole) * 100);

/** A bar of block characters: Feishu has no progress component. */
export function bar(part: number, whole: number): string {
  const full = Math.floor((percent(part, whole) * barLength) / 100);
  return '█'.repeat(full) + '░'.repeat(barLength - full);
}

/** How long something took, to the second. */
export function lasting(ms: number): Text {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  if (seconds < 1) return text('不到 1 秒', 'under 1 s');
  if (seconds < 60) return text(`${seconds} 秒`, `${seconds} s`);
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return text(`${minutes} 分 ${seconds % 60} 秒`, `${minutes} min ${seconds % 60} s`);
  const hours = count(Math.floor(minutes / 60));
  return text(`${hours} 小时 ${minutes % 60} 分`, `${hours} h ${minutes % 60} min`);
}

/** Items a second, or nothing while there is too little to tell. */
export const rate = (items: number, ms: number): number | undefined =>
  items > 0 && ms >= 1000 ? Math.round((items * 1000) / ms) : undefined;

/** A moment as `11-23 14:03` on the wall of the given zone, with seconds when asked. */
export function moment(at: number, timeZone: string, seconds = false): string {
  // Swedish writes `2026-11-23 14:03:05`.
  const shown = new Date(at).toLocaleString('sv-SE', { timeZone });
  return seconds ? shown.slice(11) : shown.slice(5, 16);
}

/** A count with its English noun: `1 row`, `1,234 rows`. */
export const some = (n: number, noun: string): string => `${count(n)} ${noun}${n === 1 ? '' : 's'}`;
