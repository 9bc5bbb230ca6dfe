import { type Locale, type Text, text } from '../sync/words/text.ts';
import { meant } from './answer-cards.ts';
import { button, commandButton } from './parts/button.ts';
import { type Card, type Element, makeCard, type View } from './parts/card.ts';
import { buttonRow, line, lines } from './parts/element.ts';
import { colours } from './parts/look.ts';
import { moment, plain, same } from './parts/words.ts';

/** What the bot can do, with the asker's own open_id, which settings such as ADMINS are made of. */
export function helpCard(
  asker: string,
  usages: readonly { readonly line: string; readonly does: Text }[],
  locale: Locale,
): Card {
  const title = text('数据同步', 'Data sync');
  const id = plain(asker, 80);
  return makeCard(
    {
      colour: colours.busy,
      title,
      summary: text('使用说明', 'How to use it'),
      elements: [
        line(
          text(
            '把数据库查询的结果同步到多维表格，只写不同的部分。',
            'Keeps a table equal to a database query and writes only what differs.',
          ),
        ),
        lines(usages.map(({ line, does }) => text(`${line}　${does.zh}`, `${line} – ${does.en}`))),
        line(
          text(
            '在群里请先 @ 机器人，再写命令。',
            'In a group, mention the bot first, then write the command.',
          ),
          { colour: 'grey' },
        ),
        line(text(`你的 open_id：${id}`, `Your open_id: ${id}`), { size: 'notation', colour: 'grey' }),
      ],
    },
    locale,
  );
}

/** Answers a line that is no command. */
export function hintCard(
  locale: Locale,
  near: readonly { readonly verb: string; readonly name: string }[] = [],
): Card {
  const title = text('没看懂这条消息', 'That is no command I know');
  const usual = [
    { verb: 'list', name: '' },
    { verb: 'help', name: '' },
  ] as const;
  const first = near.length === 0 ? usual : near;
  return makeCard(
    {
      colour: colours.resting,
      title,
      elements: [
        line(
          text(
            '发送 /sync 加名称开始同步，例如 /sync orders；发送 /help 查看说明。',
            'Send /sync and a name to start a sync, such as /sync orders; send /help for more.',
          ),
        ),
        ...(near.length === 0 ? [] : [line(text('是不是要：', 'Did you mean:'))]),
        buttonRow(first.slice(0, 3).map(meant)),
      ],
    },
    locale,
  );
}

/** Syncs that the welcome names. */
const mostNamed = 6;

/** Greets a group that the bot was added to, or a person who opens its chat, with what can be synced there. */
export function welcomeCard(
  group: boolean,
  syncs: readonly { readonly name: string; readonly title: string }[],
  locale: Locale,
): Card {
  const title = text('你好，我负责同步表格', 'Hello, I keep tables in sync');
  const how = group
    ? text(
        '在这个群里先 @ 我，再写命令：@我 /sync 名称。进度放在话题里，只有失败或要人决定时才打扰大家。',
        'Mention me in this group and write a command: @me /sync NAME. Progress stays in the thread; the group hears of failures and decisions only.',
      )
    : text('直接发命令给我，例如 /sync 名称。', 'Just write me a command, such as /sync NAME.');
  const buttons = [
    commandButton('list', '', 0, text('可以同步的表格', 'Tables to sync')),
    commandButton('status', '', 1, text('正在进行', 'What goes on')),
    commandButton('help', '', 2, text('帮助', 'Help')),
  ];
  return makeCard(
    {
      colour: colours.busy,
      title,
      elements: [
        line(how),
        ...(syncs.length === 0 ? [] : [lines(named(syncs), { colour: 'grey' })]),
        buttonRow(buttons),
      ],
    },
    locale,
  );
}

function named(syncs: readonly { readonly name: string; readonly title: string }[]): readonly Text[] {
  const more = syncs.length - mostNamed;
  return [
    text('这里可以同步：', 'To be synced here:'),
    ...syncs
      .slice(0, mostNamed)
      .map(({ name, title }) => same(`/sync ${plain(name, 40)}　${plain(title, 40)}`)),
    ...(more > 0 ? [text(`… 还有 ${more} 个`, `… and ${more} more`)] : []),
  ];
}

/** A field of a {@link askCard}. */
export type Asked =
  | {
      readonly kind: 'definition';
      readonly names: readonly { readonly name: string; readonly title: string }[];
    }
  | { readonly kind: 'words'; readonly label: Text; readonly hint: Text };

/**
 * Asks for what a command lacks. What is filled in comes back as `form_value`: `name` and `more`.
 * https://open.feishu.cn/document/uAjLw4CM/ukzMukzMukzM/feishu-cards/card-json-v2-components/containers/form-container
 */
export function askCard(verb: string, definition: string, fields: readonly Asked[], locale: Locale): Card {
  const title = text('还缺一点', 'One thing is missing');
  return makeCard(
    {
      colour: colours.asking,
      title,
      subtitle: same(`/sync ${verb}${definition === '' ? '' : ` ${plain(definition, 40)}`}`),
      elements: [
        {
          tag: 'form',
          name: 'ask',
          elements: [
            ...fields.map(field),
            button(
              { op: 'command', verb, run: definition, v: 0 },
              { label: text('确定', 'OK'), name: 'submit', type: 'primary', submit: true },
            ),
          ],
        },
      ],
    },
    locale,
  );
}

/** A select of Feishu takes at most this many options here, so that the card stays under its limits. */
const mostOptions = 50;

function field(asked: Asked): Element {
  if (asked.kind === 'words')
    return {
      ...{ tag: 'input', name: 'more', required: true, max_length: 200 },
      label: { tag: 'plain_text', content: asked.label },
      placeholder: { tag: 'plain_text', content: asked.hint },
    };
  return {
    ...{ tag: 'select_static', name: 'name', required: true },
    placeholder: { tag: 'plain_text', content: text('选择同步', 'Choose a sync') },
    options: asked.names.slice(0, mostOptions).map(({ name, title }) => ({
      text: {
        tag: 'plain_text',
        content: plain(title === name ? name : `${title} · ${name}`, 60),
      },
      value: name,
    })),
  };
}

/** A command as one button carries it. */
interface Again {
  readonly verb: string;
  readonly name: string;
  readonly more: string;
}

/**
 * Asks whether a command is still wanted that reached the bot long after it was written; nothing is done before.
 * @param at when it was written, in ms
 */
export function lateCard({ verb, name, more }: Again, at: number, { locale, timeZone }: View): Card {
  const title = text('这条命令到得太晚', 'That command arrived late');
  const typed = plain(
    ['/sync', verb === 'sync' ? '' : verb, name, more].filter((word) => word !== '').join(' '),
    120,
  );
  const when = moment(at, timeZone);
  const label: Text = text('现在执行', 'Do it now');
  return makeCard(
    {
      colour: colours.asking,
      title,
      elements: [
        line(
          text(
            `${typed} 是 ${when} 写的，机器人现在才收到，所以什么都没有做。`,
            `${typed} was written at ${when} and has only reached the bot now; nothing was done.`,
          ),
        ),
        buttonRow([
          button(
            { op: 'command', verb, run: name, v: 0, ...(more !== '' && { more }) },
            { label, name: `${verb}_1`, type: 'primary' },
          ),
        ]),
      ],
    },
    locale,
  );
}
