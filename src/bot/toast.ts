import { plain } from '../cards/parts/plain.ts';
import { inLocale, type Text, text } from '../sync/text.ts';
import type { Desk } from './desk.ts';
import type { Toast } from './ports.ts';

/** Makes a toast: what the presser reads for a moment. */
export type Tell = (type: Toast['type'], words: Text) => Toast;

/** Characters of a toast, at most. */
const longest = 120;

/** Says something on the presser's screen. */
export const tell =
  (locale: Desk['locale']): Tell =>
  (type, words) => ({ type, content: plain(inLocale(words, locale), longest) });

export const busy = text('这个表格正在同步，请等它结束。', 'This table is being synced; wait for it to end.');

export const inert = text(
  '这张卡片上的按钮不起作用，请用原来的卡片。',
  'Buttons work on the original card only.',
);
