import { isEqual, type Verified, verifiedLines } from '../sync/checked.ts';
import { type Locale, type Text, text } from '../sync/text.ts';
import { type Card, makeCard } from './card.ts';
import { line, lines } from './element.ts';
import { colours } from './look.ts';
import { plain, plainText, same } from './plain.ts';

/** Tells that both sides are being read. */
export const verifyingCard = (title: string, locale: Locale): Card =>
  card(
    title,
    'busy',
    text('正在核对', 'Verifying'),
    [
      text(
        '正在读取两边并逐个主键比较，不会写入。',
        'Reading both sides and comparing them key by key; nothing is written.',
      ),
    ],
    locale,
  );

/** What a verification came to; the keys themselves are in the file. */
export function verifyCard(title: string, seen: Verified, locale: Locale): Card {
  const equal = isEqual(seen);
  const all =
    seen.counts.equal + seen.leftAlone + Object.values(seen.counts).reduce((sum, one) => sum + one, 0);
  return card(
    title,
    equal ? 'good' : 'asking',
    equal ? text('两边一致', 'Equal') : text('两边不同', 'Different'),
    [
      ...verifiedLines(seen),
      ...(all === 0
        ? []
        : [
            text(
              '每个主键的结果已私聊发给核对的人。',
              'What became of each key went to whoever asked, as a file.',
            ),
          ]),
    ],
    locale,
  );
}

function card(
  title: string,
  colour: keyof typeof colours,
  label: Text,
  all: readonly Text[],
  locale: Locale,
): Card {
  const [first = label, ...others] = all.map((one) => plainText(one, 400));
  return makeCard(
    {
      colour: colours[colour],
      title: same(plain(title, 60)),
      tag: label,
      summary: label,
      elements: [line(first), ...(others.length === 0 ? [] : [lines(others)])],
    },
    locale,
  );
}
