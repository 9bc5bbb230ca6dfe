import type { Actor } from '../../sync/state/state.ts';
import type { Problem } from '../../sync/words/problem.ts';
import { count, type Text, text } from '../../sync/words/text.ts';
import { type Element, head, type Room } from './card.ts';
import { joined, plain, plainText, same } from './words.ts';

/** How a line of plain words looks. */
export interface LineLook {
  readonly size?: 'normal' | 'notation' | 'heading';
  readonly colour?: 'default' | 'grey' | 'red' | 'orange';
}

/**
 * Plain words: whatever they hold, Feishu shows it letter by letter. The place for everything that comes
 * from rows, errors, names and people, cleaned by `plain`.
 */
export const line = (words: Text, { size = 'normal', colour = 'default' }: LineLook = {}): Element => ({
  tag: 'div',
  text: { tag: 'plain_text', content: words, text_size: size, text_color: colour },
});

/** Several {@link line}s as one element, so that long lists stay under the limit of 200 elements. */
export const lines = (all: readonly Text[], look?: LineLook): Element => line(joined(all, '\n'), look);

/** Says how many of a list are left out; nothing where none is. */
export const moreLine = (left: number): readonly Element[] =>
  left === 0 ? [] : [line(text(`… 还有 ${count(left)} 个`, `… and ${count(left)} more`))];

/** Markdown: for our own words and numbers only, never for data. */
export const rich = (words: Text, size: 'normal' | 'notation' = 'normal'): Element => ({
  tag: 'markdown',
  content: words,
  text_size: size,
});

/** A heading over a part of the card. */
export const heading = (words: Text): Element => rich({ zh: `**${words.zh}**`, en: `**${words.en}**` });

/** Figures side by side, each with its name below. */
export const figures = (all: readonly { readonly name: Text; readonly value: string }[]): Element => ({
  tag: 'column_set',
  flex_mode: 'none',
  columns: all.map(({ name, value }) => ({
    tag: 'column',
    width: 'weighted',
    weight: 1,
    elements: [
      {
        tag: 'markdown',
        text_align: 'center',
        content: {
          zh: `**${value}**\n<font color='grey'>${name.zh}</font>`,
          en: `**${value}**\n<font color='grey'>${name.en}</font>`,
        },
      },
    ],
  })),
});

/** Buttons side by side, on as many lines as they need. */
export const buttonRow = (buttons: readonly Element[]): Element => ({
  tag: 'column_set',
  flex_mode: 'flow',
  columns: buttons.map((one) => ({ tag: 'column', width: 'auto', elements: [one] })),
});

/** Words on the left, a button on the right. */
export const withButton = (left: Element, right: Element): Element => ({
  tag: 'column_set',
  flex_mode: 'none',
  columns: [
    { tag: 'column', width: 'weighted', weight: 4, vertical_align: 'center', elements: [left] },
    { tag: 'column', width: 'auto', vertical_align: 'center', elements: [right] },
  ],
});

export const rule: Element = { tag: 'hr' };

const openId = /^ou_[A-Za-z0-9]{1,64}$/u;

/**
 * Shows somebody by name without notifying them, for {@link rich} words. Feishu looks the name up.
 * https://open.feishu.cn/document/uAjLw4CM/ukzMukzMukzM/feishu-cards/card-json-v2-components/content-components/rich-text
 */
export const person = (id: string): string | undefined =>
  openId.test(id)
    ? `<person id='${id}' show_name=true show_avatar=false style='normal'></person>`
    : undefined;

/**
 * Notifies people, as one line; nothing where there is nobody. At most five: more would be noise.
 * https://open.feishu.cn/document/uAjLw4CM/ukzMukzMukzM/feishu-cards/card-json-v2-components/content-components/rich-text
 */
export function mention(ids: readonly string[]): readonly Element[] {
  const tags = ids.filter((id) => openId.test(id)).map((id) => `<at id=${id}></at>`);
  return tags.length === 0 ? [] : [rich({ zh: tags.slice(0, 5).join(' '), en: tags.slice(0, 5).join(' ') })];
}

/** A shell user's name that means nothing in Markdown. */
const shellName = /^[A-Za-z0-9][A-Za-z0-9.-]{0,31}$/u;

/** Somebody on the command line; a name that may be read as Markdown is left out. */
function commandLine(user = ''): Text {
  if (!shellName.test(user)) return text('命令行', 'the command line');
  return text(`命令行（${user}）`, `the command line (${user})`);
}

/** Who did something, for {@link rich} words. */
export function who(actor: Actor): Text {
  const named = actor.openId === undefined ? undefined : person(actor.openId);
  if (named !== undefined) return { zh: named, en: named };
  if (actor.kind === 'cli') return commandLine(actor.user);
  if (actor.kind === 'schedule') return text('定时任务', 'the schedule');
  return text('群成员', 'somebody in the chat');
}

/** What is wrong, and below it what to do; all problems, as far as there is room. */
export function problemElements(problems: readonly Problem[], room: Room): readonly Element[] {
  const { shown, more } = head(problems, Math.ceil(room.lines / 2));
  return [
    ...shown.flatMap((one) => [line(plainText(one.message, room.chars * 2)), cure(one, room)]),
    ...(more === 0 ? [] : [line(text(`… 还有 ${more} 个问题`, `… and ${more} more problems`))]),
  ];
}

function cure(one: Problem, room: Room): Element {
  const todo = plainText(one.cure, room.chars * 2);
  const more: readonly (readonly [string | undefined, Text])[] = [
    [one.where, text('位置', 'Where')],
    [one.logId, text('日志 ID', 'Log ID')],
  ];
  return lines(
    [
      text(`→ ${todo.zh}`, `→ ${todo.en}`),
      ...more.flatMap(([value, name]) => {
        if (value === undefined) return [];
        const { zh } = same(plain(value, 80));
        return [text(`${name.zh}：${zh}`, `${name.en}: ${zh}`)];
      }),
    ],
    { colour: 'grey' },
  );
}
