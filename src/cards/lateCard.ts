import { type Text, text } from '../sync/text.ts';
import { moment } from './amounts.ts';
import { button, type Verb } from './button.ts';
import { type Card, makeCard } from './card.ts';
import type { View } from './commandCards.ts';
import { buttonRow, line } from './element.ts';
import { colours } from './look.ts';
import { plain } from './plain.ts';

/** A command as one button carries it. */
interface Again {
  readonly verb: Verb;
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
