import type { Actor } from '../../sync/state/state.ts';
import type { Problem } from '../../sync/words/problem.ts';
import { count, type Text, text } from '../../sync/words/text.ts';
import type { Element, Elements, Room } from './card.ts';
import { joined, type Maybe, plain, plainText, same } from './words.ts';

/** How a line of plain words looks. */
export interface LineLook {
  readonly size?: 'normal' | 'notation' | 'heading';
  readonly colour?: 'default' | 'grey' | 'red' | 'orange';
}

export const grey: LineLook = { colour: 'grey' };
export const small: LineLook = { size: 'notation' };
/** For what most people need not read. */
export const aside: LineLook = { ...grey, ...small };

/**
 * Plain words: whatever they hold, Feishu shows it letter by letter. The place for everything that comes
 * from rows, errors, names and people, cleaned by `plain`.
 */
export const line = (words: Text, { size = 'normal', colour = 'default' }: LineLook = {}): Element => ({
  tag: 'div',
  text: { tag: 'plain_text', content: words, text_size: size, text_color: colour },
});

/** A {@link line} of our own. */
export const say = (zh: string, en: string, look?: LineLook): Element => line(text(zh, en), look);

/** Several {@link line}s as one element, so that long lists stay under the limit of 200 elements. */
export const lines = (all: readonly Maybe<Text>[], look?: LineLook): Element => line(joined(all, '\n'), look);

/** How many of a list are left out. */
export const more = (left: number): Text => text(`… 还有 ${count(left)} 个`, `… and ${count(left)} more`);

/** {@link more} as a line; nothing where none is left out. */
export const moreLine = (left: number): Elements => left > 0 && line(more(left));

/** The head of a list as one element, and how many more there are. */
export function list<T>(all: readonly T[], most: number, draw: (one: T) => Text): Element {
  return lines([...all.slice(0, most).map(draw), all.length > most && more(all.length - most)], small);
}

/** Markdown: for our own words and numbers only, never for data. */
export const rich = (words: Text, size: 'normal' | 'notation' = 'normal'): Element => ({
  tag: 'markdown',
  content: words,
  text_size: size,
});

/** A heading over a part of the card. */
export const heading = ({ zh, en }: Text): Element => rich(text(`**${zh}**`, `**${en}**`));

/** A figure and what it counts. */
export interface Figure {
  readonly name: Text;
  readonly value: string;
}

/** Figures side by side, each with its name below. */
export const figures = (all: readonly Figure[]): Element => ({
  tag: 'column_set',
  flex_mode: 'none',
  columns: all.map(({ name, value }) => {
    const shown = (words: string) => `**${value}**\n<font color='grey'>${words}</font>`;
    const content = text(shown(name.zh), shown(name.en));
    return { ...wide(1), elements: [{ tag: 'markdown', text_align: 'center', content }] };
  }),
});

const wide = (weight: number) => ({ tag: 'column', width: 'weighted', weight });

/** Buttons side by side, on as many lines as they need; nothing where there is none. */
export const buttonRow = (buttons: readonly Element[]): Elements =>
  buttons.length > 0 && {
    tag: 'column_set',
    flex_mode: 'flow',
    columns: buttons.map((one) => ({ tag: 'column', width: 'auto', elements: [one] })),
  };

/** Words on the left, a button on the right. */
export const withButton = (left: Element, right: Element): Element => ({
  tag: 'column_set',
  flex_mode: 'none',
  columns: [
    { ...wide(4), vertical_align: 'center', elements: [left] },
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

/** The first five of those that are people, by name. */
export const people = (ids: readonly string[]): string =>
  ids
    .flatMap((id) => person(id) ?? [])
    .slice(0, 5)
    .join(' ');

/**
 * Notifies people, as one line; nothing where there is nobody. At most five: more would be noise.
 * https://open.feishu.cn/document/uAjLw4CM/ukzMukzMukzM/feishu-cards/card-json-v2-components/content-components/rich-text
 */
export function mention(ids: readonly string[]): Elements {
  const tags = ids.filter((id) => openId.test(id)).map((id) => `<at id=${id}></at>`);
  return tags.length > 0 && rich(same(tags.slice(0, 5).join(' ')));
}

/** A shell user's name that means nothing in Markdown. */
const shellName = /^[A-Za-z0-9][A-Za-z0-9.-]{0,31}$/u;

/** Who did something, for {@link rich} words. A name that may be read as Markdown is left out. */
export function who({ kind, openId = '', user = '' }: Actor): Text {
  const named = person(openId);
  if (named !== undefined) return same(named);
  if (kind === 'schedule') return text('定时任务', 'the schedule');
  if (kind !== 'cli') return text('群成员', 'someone in the chat');
  if (!shellName.test(user)) return text('命令行', 'the command line');
  return text(`命令行（${user}）`, `the command line (${user})`);
}

/** What is wrong, and below it what to do; all problems, as far as there is room. */
export function problemElements(problems: readonly Problem[], room: Room): Elements {
  const shown = problems.slice(0, Math.ceil(room.lines / 2));
  const left = problems.length - shown.length;
  return [
    ...shown.map((one) => [line(plainText(one.message, room.chars * 2)), cure(one, room.chars * 2)]),
    left > 0 && say(`… 还有 ${left} 个问题`, `… and ${left} more problems`),
  ];
}

function cure({ cure, where, logId }: Problem, chars: number): Element {
  const todo = plainText(cure, chars);
  const named = (zh: string, en: string, value: string | undefined) =>
    value !== undefined && text(`${zh}：${plain(value, 80)}`, `${en}: ${plain(value, 80)}`);
  const more = [named('位置', 'Where', where), named('日志 ID', 'Log ID', logId)];
  return lines([text(`→ ${todo.zh}`, `→ ${todo.en}`), ...more], grey);
}

/** Until when a reminder is put off. */
export const snoozes = ['hour', 'tomorrow'] as const;

/** What a button sends when it is pressed: never to be trusted, only to be compared with what is stored. */
export interface Press {
  /** What it asks for: a button of the bot's. */
  readonly op: string;
  /** The run that the button belongs to; on notices and in lists the definition's name, on commands it may be empty. */
  readonly run: string;
  /** The run's version when the button was drawn; a button of an older version has no effect. */
  readonly v: number;
  /** For `snooze`. */
  readonly until?: (typeof snoozes)[number];
  /** For `command`: what people type after /sync. */
  readonly verb?: string;
  /** For `command`: what it takes besides a name. */
  readonly more?: string;
}

/** Characters of what a command takes besides a name. */
export const longestMore = 200;

/** Characters of a run's ID or a definition's name in a button's value, at most. */
export const longestRun = 100;

/** The button's value as it travels. */
export const encode = ({ op, run, v, until, verb, more }: Press): Readonly<Record<string, unknown>> => ({
  ...{ op, run: plain(run, longestRun), v },
  ...(until !== undefined && { until }),
  ...(verb !== undefined && { verb }),
  ...(more !== undefined && { more: plain(more, longestMore) }),
});

export interface ButtonLook {
  readonly label: Text;
  readonly type?: 'default' | 'primary' | 'primary_filled' | 'danger' | 'danger_filled';
  /** Unique in its card; the op when not given. */
  readonly name?: string;
  /** Opens this address as well. */
  readonly url?: string | undefined;
  /** Sends the form that it stands in. */
  readonly submit?: true;
  /** Asks first. */
  readonly confirm?: { readonly title: Text; readonly text: Text };
}

/**
 * One button. Its first behaviour is always the callback, a link may follow.
 * https://open.feishu.cn/document/uAjLw4CM/ukzMukzMukzM/feishu-cards/card-json-v2-components/interactive-components/button
 */
export function button(press: Press, look: ButtonLook): Element {
  const { label, type = 'default', name = press.op, url, confirm, submit } = look;
  const callback = { type: 'callback', value: encode(press) };
  const words = (content: Text) => ({ tag: 'plain_text', content });
  return {
    ...{ tag: 'button', name, type, text: words(label) },
    ...(submit && { form_action_type: 'submit' }),
    ...(confirm && { confirm: { title: words(confirm.title), text: words(confirm.text) } }),
    behaviors: url === undefined ? [callback] : [callback, { type: 'open_url', default_url: url }],
  };
}

/** A button that does what a command does; `at`: its place among those of the card, for a name of its own. */
export const commandButton = (verb: string, definition: string, at: number, label: Text): Element =>
  button({ op: 'command', verb, run: definition, v: 0 }, { label, name: `${verb}_${at + 1}` });

/** Buttons that start a sync each. Names must differ within a card, so all but the first carry a number. */
export const syncButton = (definition: string, at: number, label: Text): Element =>
  button(
    { op: 'sync', run: definition, v: 0 },
    { label, name: at === 0 ? 'sync' : `sync_${at + 1}`, type: at === 0 ? 'primary' : 'default' },
  );
