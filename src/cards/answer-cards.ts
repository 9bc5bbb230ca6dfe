import type { Problem } from '../sync/words/problem.ts';
import { type Locale, type Text, text } from '../sync/words/text.ts';
import { commandButton, syncButton } from './parts/button.ts';
import { type Card, type Element, fitted, makeCard } from './parts/card.ts';
import { buttonRow, line, lines, person, problemElements, rich } from './parts/element.ts';
import { type Colour, colours, queued } from './parts/look.ts';
import { plain, plainText, same } from './parts/words.ts';

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
export function meant({ verb, name }: { readonly verb: string; readonly name: string }, at: number): Element {
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
      elements: [
        line(refusal),
        ...(shown.length === 0 ? [] : [rich(text(`请找：${shown.join(' ')}`, `Ask: ${shown.join(' ')}`))]),
      ],
    },
    locale,
  );
}

/** Says in one line what became of a command; grey lines and buttons follow. */
export function saidCard(
  title: Text,
  words: readonly Text[],
  locale: Locale,
  { colour = colours.resting, buttons = [] }: { colour?: Colour; buttons?: readonly Element[] } = {},
): Card {
  return fitted((room) =>
    makeCard(
      {
        colour,
        title: plainText(title, 60),
        summary: plainText(words[0] ?? title, 60),
        elements: [
          lines(words.slice(0, 20).map((one) => plainText(one, room.chars * 2))),
          ...(buttons.length === 0 ? [] : [buttonRow(buttons)]),
        ],
      },
      locale,
    ),
  );
}
