import type { Problem } from '../sync/words/problem.ts';
import { type Locale, type Text, text } from '../sync/words/text.ts';
import { type Card, type Colour, colours, type Element, makeCard, queued, type View } from './parts/card.ts';
import {
  aside,
  button,
  buttonRow,
  commandButton,
  grey,
  line,
  lines,
  more,
  people,
  problemElements,
  rich,
  say,
  syncButton,
} from './parts/element.ts';
import { moment, plain, plainText, same } from './parts/words.ts';

/** Tells somebody what stands in the way and what to do; all problems at once. @param about what they asked for */
export function problemCard(about: string, problems: readonly Problem[], locale: Locale): Card {
  const name = plain(about, 60);
  return makeCard(locale, (room) => ({
    colour: colours.bad,
    title: text('没有开始', 'Not started'),
    subtitle: name === '' ? undefined : same(name),
    elements: [problemElements(problems, room)],
  }));
}

/** Tells that a command was taken, while what it needs is still being looked up. */
export const acceptedCard = (title: string, locale: Locale): Card =>
  makeCard(locale, {
    colour: queued.colour,
    title: same(plain(title, 60)),
    tag: queued.label,
    summary: queued.label,
    elements: [say('已收到，正在打开表格。', 'Got it, opening the table.')],
  });

/** A command that somebody may have meant; `name` is empty where it takes none, or none was given. */
export interface Meant {
  readonly verb: string;
  readonly name: string;
}

/** A button for a command, labelled as it is typed. */
function meant({ verb, name }: Meant, at: number): Element {
  const short = plain(name, 40);
  if (verb === 'help') return commandButton(verb, name, at, same('/help'));
  const typed = verb === 'sync' ? short : verb === 'plan' ? `${short} --plan` : `${verb} ${short}`;
  return commandButton(verb, name, at, same(`/sync ${typed.trim()}`.trim()));
}

/** Tells that no sync has this name, with the nearest ones as buttons. */
export function unknownCard(
  asked: string,
  nearest: readonly string[],
  locale: Locale,
  commands: readonly Meant[] = [],
): Card {
  const name = plain(asked, 60);
  const near = [
    ...nearest.slice(0, 5).map((one, at) => syncButton(one, at, same(plain(one, 40)))),
    ...commands.slice(0, 3).map(meant),
  ];
  return makeCard(locale, {
    colour: colours.asking,
    title: text('没有这个同步', 'No such sync'),
    elements: [
      say(`没有名为「${name}」的同步。`, `No sync is called "${name}".`),
      near.length > 0 && say('是不是要找：', 'Did you mean:'),
      buttonRow(near),
      say('发送 /sync list 查看全部。', 'Send /sync list to see all of them.', grey),
    ],
  });
}

/** Answers an order to stop a sync: what becomes of it, and where the numbers will stand. */
export const cancelCard = (what: Text, names: readonly string[], locale: Locale): Card =>
  makeCard(locale, {
    colour: colours.resting,
    title: text('取消同步', 'Cancel a sync'),
    summary: what,
    elements: [
      line(what),
      buttonRow(names.slice(0, 10).map((name, at) => meant({ verb: 'cancel', name }, at))),
    ],
  });

/** Asks which of the syncs is meant that have the same title; each button does what was asked for. */
export function severalCard(asked: string, verb: string, names: readonly string[], locale: Locale): Card {
  const name = plain(asked, 60);
  return makeCard(locale, {
    colour: colours.asking,
    title: text('是哪一个？', 'Which one?'),
    elements: [
      say(`有 ${names.length} 个同步都叫「${name}」：`, `${names.length} syncs are called "${name}":`),
      buttonRow(names.slice(0, 10).map((one, at) => meant({ verb, name: one }, at))),
    ],
  });
}

/** Tells who may do what was refused; they are shown by name without being notified. */
export function refusalCard(refusal: Text, ask: readonly string[], locale: Locale): Card {
  const shown = people(ask);
  return makeCard(locale, {
    colour: colours.asking,
    title: text('没有权限', 'Not allowed'),
    elements: [line(refusal), shown !== '' && rich(text(`请找：${shown}`, `Ask: ${shown}`))],
  });
}

/** Says in one line what became of a command; more lines and buttons follow. */
export const saidCard = (
  title: Text,
  words: readonly Text[],
  locale: Locale,
  { colour = colours.resting, buttons = [] }: { colour?: Colour; buttons?: readonly Element[] } = {},
): Card =>
  makeCard(locale, (room) => ({
    colour,
    title: plainText(title, 60),
    summary: plainText(words[0] ?? title, 60),
    elements: [lines(words.slice(0, 20).map((one) => plainText(one, room.chars * 2))), buttonRow(buttons)],
  }));

/** What the bot can do, with the asker's own open_id, which settings such as ADMINS are made of. */
export function helpCard(
  asker: string,
  usages: readonly { readonly line: string; readonly does: Text }[],
  locale: Locale,
): Card {
  const id = plain(asker, 80);
  return makeCard(locale, {
    colour: colours.busy,
    title: text('数据同步', 'Data sync'),
    summary: text('使用说明', 'How to use it'),
    elements: [
      say(
        '把数据库查询的结果同步到多维表格，只写不同的部分。',
        'Keeps a table equal to a database query and writes only what differs.',
      ),
      lines(usages.map(({ line, does }) => text(`${line}　${does.zh}`, `${line} – ${does.en}`))),
      say(
        '在群里请先 @ 机器人，再写命令。',
        'In a group, mention the bot first, then write the command.',
        grey,
      ),
      say(`你的 open_id：${id}`, `Your open_id: ${id}`, aside),
    ],
  });
}

const usual: readonly Meant[] = [
  { verb: 'list', name: '' },
  { verb: 'help', name: '' },
];

/** Answers a line that is no command. */
export const hintCard = (locale: Locale, near: readonly Meant[] = []): Card =>
  makeCard(locale, {
    colour: colours.resting,
    title: text('没看懂这条消息', 'I don’t know that command'),
    elements: [
      say(
        '发送 /sync 加名称开始同步，例如 /sync orders；发送 /help 查看说明。',
        'Send /sync and a name to start a sync, such as /sync orders; send /help for more.',
      ),
      near.length > 0 && say('是不是要：', 'Did you mean:'),
      buttonRow((near.length > 0 ? near : usual).slice(0, 3).map(meant)),
    ],
  });

/** A sync by name and title. */
interface Named {
  readonly name: string;
  readonly title: string;
}

/** Syncs that the welcome names. */
const mostNamed = 6;

/** Greets a group that the bot was added to, or a person who opens its chat, with what can be synced there. */
export function welcomeCard(group: boolean, syncs: readonly Named[], locale: Locale): Card {
  const left = syncs.length - mostNamed;
  const named = syncs.slice(0, mostNamed);
  return makeCard(locale, {
    colour: colours.busy,
    title: text('你好，我负责同步表格', 'Hello, I keep tables in sync'),
    elements: [
      group
        ? say(
            '在这个群里先 @ 我，再写命令：@我 /sync 名称。进度放在话题里，只有失败或要人决定时才打扰大家。',
            'Mention me in this group and write a command: @me /sync NAME. Progress stays in the thread; the group hears of failures and decisions only.',
          )
        : say('直接发命令给我，例如 /sync 名称。', 'Just write me a command, such as /sync NAME.'),
      named.length > 0 &&
        lines(
          [
            text('这里可以同步：', 'To be synced here:'),
            ...named.map(({ name, title }) => same(`/sync ${plain(name, 40)}　${plain(title, 40)}`)),
            left > 0 && more(left),
          ],
          grey,
        ),
      buttonRow([
        commandButton('list', '', 0, text('可以同步的表格', 'Tables to sync')),
        commandButton('status', '', 1, text('正在进行', 'Runs in progress')),
        commandButton('help', '', 2, text('帮助', 'Help')),
      ]),
    ],
  });
}

/** A field of a {@link askCard}. */
export type Asked =
  | { readonly kind: 'definition'; readonly names: readonly Named[] }
  | { readonly kind: 'words'; readonly label: Text; readonly hint: Text };

/**
 * Asks for what a command lacks. What is filled in comes back as `form_value`: `name` and `more`.
 * https://open.feishu.cn/document/uAjLw4CM/ukzMukzMukzM/feishu-cards/card-json-v2-components/containers/form-container
 */
export function askCard(verb: string, definition: string, fields: readonly Asked[], locale: Locale): Card {
  const send = button(
    { op: 'command', verb, run: definition, v: 0 },
    { label: text('确定', 'OK'), name: 'submit', type: 'primary', submit: true },
  );
  return makeCard(locale, {
    colour: colours.asking,
    title: text('还需要一项信息', 'One thing is missing'),
    subtitle: same(`/sync ${verb}${definition === '' ? '' : ` ${plain(definition, 40)}`}`),
    elements: [{ tag: 'form', name: 'ask', elements: [...fields.map(field), send] }],
  });
}

/** Options of a select, at most: the card stays under its limits. */
const mostOptions = 50;

function field(asked: Asked): Element {
  const plainly = (content: Text | string) => ({ tag: 'plain_text', content });
  if (asked.kind === 'words')
    return {
      ...{ tag: 'input', name: 'more', required: true, max_length: 200 },
      ...{ label: plainly(asked.label), placeholder: plainly(asked.hint) },
    };
  return {
    ...{ tag: 'select_static', name: 'name', required: true },
    placeholder: plainly(text('选择同步', 'Choose a sync')),
    options: asked.names.slice(0, mostOptions).map(({ name, title }) => ({
      text: plainly(plain(title === name ? name : `${title} · ${name}`, 60)),
      value: name,
    })),
  };
}

/** A command as one button carries it. */
interface Again extends Meant {
  readonly more: string;
}

/**
 * Asks whether a command is still wanted that reached the bot long after it was written; nothing is done before.
 * @param at when it was written, in ms
 */
export function lateCard({ verb, name, more }: Again, at: number, { locale, timeZone }: View): Card {
  const words = ['/sync', verb === 'sync' ? '' : verb, name, more].filter((word) => word !== '');
  const [typed, when] = [plain(words.join(' '), 120), moment(at, timeZone)];
  return makeCard(locale, {
    colour: colours.asking,
    title: text('这条命令到得太晚', 'That command arrived late'),
    elements: [
      say(
        `${typed} 是 ${when} 写的，机器人现在才收到，所以什么都没有做。`,
        `${typed} was written at ${when} and has only reached the bot now; nothing was done.`,
      ),
      buttonRow([
        button(
          { op: 'command', verb, run: name, v: 0, ...(more !== '' && { more }) },
          { label: text('现在执行', 'Do it now'), name: `${verb}_1`, type: 'primary' },
        ),
      ]),
    ],
  });
}
