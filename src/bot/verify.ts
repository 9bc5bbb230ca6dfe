import { problemCard } from '../cards/noticeCard.ts';
import { verifyCard, verifyingCard } from '../cards/verifyCard.ts';
import type { CallMeter } from '../run/ports.ts';
import { type Checked, checkedCells, checkedHeader, type Verified } from '../sync/checked.ts';
import type { Definition } from '../sync/definition.ts';
import { inLocale } from '../sync/text.ts';
import { type Asking, change, speak } from './asking.ts';
import type { Desk } from './desk.ts';
import { sendSheet } from './files.ts';
import { problemsOf } from './known.ts';
import { factsOf } from './trouble.ts';

/** Compares both sides, shows the numbers on a card and sends the list of keys to whoever asked, alone. */
export async function verifyFor(definition: Definition, asking: Asking, desk: Desk): Promise<void> {
  const { chat, locale } = desk;
  const { once, by } = asking;
  const card = await speak(verifyingCard(definition.title, locale), asking, desk);
  try {
    const pipe = checking(definition, desk);
    const name = `${definition.name}-verify-${desk.clock.now()}`;
    const header = checkedHeader.map((one) => inLocale(one, locale));
    await sendSheet(chat, by.openId, { name, header, rows: lines(pipe.keys, locale) }, `${once}:file`);
    await change(card, verifyCard(definition.title, await pipe.seen, locale), asking, desk);
  } catch (error) {
    desk.log.warn('verify.failed', factsOf(error));
    await change(card, problemCard(definition.title, problemsOf(error), locale), asking, desk);
  }
}

async function* lines(
  groups: AsyncIterable<readonly Checked[]>,
  locale: Desk['locale'],
): AsyncGenerator<readonly string[]> {
  for await (const group of groups) for (const one of group) yield checkedCells(one, locale);
}

/** The keys as they come: the verification waits until each group is taken, and ends when nobody reads on. */
function checking(
  definition: Definition,
  { verify, leaving }: Desk,
): { readonly keys: AsyncIterable<readonly Checked[]>; readonly seen: Promise<Verified> } {
  const over = new AbortController();
  const turn = () => {
    let give: (group: readonly Checked[] | undefined) => void = () => undefined;
    const group = new Promise<readonly Checked[] | undefined>((resolve) => {
      give = resolve;
    });
    return { give, group };
  };
  let next = turn();
  let taken = (): void => undefined;
  const hand = (group: readonly Checked[]): Promise<void> =>
    new Promise((resolve, reject) => {
      over.signal.addEventListener('abort', () => reject(new Error('nobody reads on')), { once: true });
      taken = resolve;
      next.give(group);
    });
  const seen = verify(definition, hand, uncounted, AbortSignal.any([leaving, over.signal]));
  const ended = (): void => next.give(undefined);
  seen.then(ended, ended);
  async function* keys(): AsyncGenerator<readonly Checked[]> {
    try {
      for (let group = await next.group; group; group = await next.group) {
        yield group;
        next = turn();
        taken();
      }
      await seen;
    } finally {
      over.abort();
    }
  }
  return { keys: keys(), seen };
}

/** Calls that belong to no run. */
const uncounted: CallMeter = { count: () => undefined };
