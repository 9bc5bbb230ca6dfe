import type { Problem } from '../sync/problem.ts';
import { type Locale, type Text, text } from '../sync/text.ts';
import { moment } from './parts/amounts.ts';
import { button, commandButton, syncButton } from './parts/button.ts';
import { type Card, type Element, fitted, makeCard, type View } from './parts/card.ts';
import { buttonRow, line, lines, person, problemElements, rich } from './parts/element.ts';
import { colours, queued } from './parts/look.ts';
import { plain, same } from './parts/plain.ts';

/** Tells somebody what stands in the way and what to do; all problems at once. @param about what they asked for. */
export function problemCard(about: string, problems: readonly Problem[], locale: Locale): Card {
  const title = text('没有开始', 'Not started');
  const name = plain(about, 60);
  return fitted((room) =>
    makeCard(
      {
        colour: colours.bad,
        title,
        ...(name !== '' && { subtitle: same(name) }),
        summary: title,
        elements: problemElements(problems, room),
      },
      locale,
    ),
  );
}

/** Tells that a command was taken, while what it needs is still being looked up. */
export function acceptedCard(title: string, locale: Locale): Card {
  const { colour, label } = queued;
  return makeCard(
    {
      colour,
      title: same(plain(title, 60)),
      tag: label,
      summary: label,
      elements: [line(text('已收到，正在打开表格。', 'Got it, opening the table.'))],
    },
    locale,
  );
}

/** Tells that no sync has this name, with the nearest ones as buttons. */
export function unknownCard(
  asked: string,
  nearest: readonly string[],
  locale: Locale,
  commands: readonly { readonly verb: string; readonly name: string }[] = [],
): Card {
  const title = text('没有这个同步', 'No such sync');
  const name = plain(asked, 60);
  const names = nearest.slice(0, 5);
  return makeCard(
    {
      colour: colours.asking,
      title,
      summary: title,
      elements: [
        line(text(`没有名为「${name}」的同步。`, `No sync is called "${name}".`)),
        ...(names.length + commands.length === 0
          ? []
          : [
              line(text('是不是要找：', 'Did you mean:')),
              buttonRow([
                ...names.map((one, at) => syncButton(one, at, same(plain(one, 40)))),
                ...commands.slice(0, 3).map(meant),
              ]),
            ]),
        line(text('发送 /sync list 查看全部。', 'Send /sync list to see all of them.'), { colour: 'grey' }),
      ],
    },
    locale,
  );
}

/** A command that somebody may have meant, labelled as it is typed. */
function meant({ verb, name }: { readonly verb: string; readonly name: string }, at: number): Element {
  const short = plain(name, 40);
  const typed =
    verb === 'sync' ? short : verb === 'plan' ? `${short} --plan` : verb === 'help' ? '' : `${verb} ${short}`;
  const line = verb === 'help' ? '/help' : `/sync ${typed.trim()}`;
  return commandButton(verb, name, at, same(line.trim()));
}

/** Answers an order to stop a sync: what becomes of it, and where the numbers will stand. */
export function cancelCard(what: Text, names: readonly string[], locale: Locale): Card {
  const title = text('取消同步', 'Cancel a sync');
  const commands = names.slice(0, 10).map((name, at) => meant({ verb: 'cancel', name }, at));
  return makeCard(
    {
      colour: colours.resting,
      title,
      summary: what,
      elements: [line(what), ...(commands.length === 0 ? [] : [buttonRow(commands)])],
    },
    locale,
  );
}

/** Asks which of the syncs is meant that have the same title; each button does what was asked for. */
export function severalCard(asked: string, verb: string, names: readonly string[], locale: Locale): Card {
  const title = text('是哪一个？', 'Which one?');
  const name = plain(asked, 60);
  return makeCard(
    {
      colour: colours.asking,
      title,
      summary: title,
      elements: [
        line(
          text(`有 ${names.length} 个同步都叫「${name}」：`, `${names.length} syncs are called "${name}":`),
        ),
        buttonRow(names.slice(0, 10).map((one, at) => meant({ verb, name: one }, at))),
      ],
    },
    locale,
  );
}

/** Tells who may do what was refused; `people` are shown by name without being notified. */
export function refusalCard(refusal: Text, people: readonly string[], locale: Locale): Card {
  const title = text('没有权限', 'Not allowed');
  const shown = people.flatMap((id) => person(id) ?? []).slice(0, 5);
  return makeCard(
    {
      colour: colours.asking,
      title,
      summary: title,
      elements: [
        line(refusal),
        ...(shown.length === 0 ? [] : [rich(text(`请找：${shown.join(' ')}`, `Ask: ${shown.join(' ')}`))]),
      ],
    },
    locale,
  );
}

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
      summary: title,
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
      summary: title,
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
      summary: title,
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
      summary: title,
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
