import { problemCard } from '../cards/answer-cards.ts';
import { verifyCard, verifyingCard } from '../cards/row-cards.ts';
import type { CallMeter } from '../run/ports.ts';
import { type Checked, checkedCells, checkedHeader, type Verified } from '../sync/checked.ts';
import type { Definition } from '../sync/definition.ts';
import { inLocale } from '../sync/text.ts';
import { type Asking, change, speak } from './asking.ts';
import type { Desk } from './desk.ts';
import { sheetFiles } from './files.ts';
import { problemsOf } from './known.ts';
import { factsOf } from './trouble.ts';

/** What a verification came to, with the list of keys as files. */
interface Verification {
  readonly seen: Verified;
  readonly files: readonly { readonly name: string; readonly content: Buffer }[];
}

/** The verifications that go on, by the definition as it was read. */
export type Verifying = Map<Definition, Promise<Verification>>;

/**
 * Compares both sides, shows the numbers on a card and sends the list of keys to whoever asked, alone. Who asks while
 * the same definition is being verified waits for that and gets the same.
 */
export async function verifyFor(definition: Definition, asking: Asking, desk: Desk): Promise<void> {
  const { chat, locale, verifying } = desk;
  const { once, by } = asking;
  const card = await speak(verifyingCard(definition.title, locale), asking, desk);
  try {
    const going = verifying.get(definition) ?? verification(definition, desk);
    verifying.set(definition, going);
    const { seen, files } = await going.finally(() => verifying.delete(definition));
    for (const [at, file] of files.entries()) await chat.file(by.openId, file, `${once}:file:${at + 1}`);
    await change(card, verifyCard(definition.title, seen, locale), asking, desk);
  } catch (error) {
    desk.log.warn('verify.failed', factsOf(error));
    await change(card, problemCard(definition.title, problemsOf(error), locale), asking, desk);
  }
}

async function verification(definition: Definition, desk: Desk): Promise<Verification> {
  const { locale, clock } = desk;
  const { keys, seen } = checking(definition, desk);
  const name = `${definition.name}-verify-${clock.now()}`;
  const header = checkedHeader.map((one) => inLocale(one, locale));
  const files: { readonly name: string; readonly content: Buffer }[] = [];
  for await (const file of sheetFiles({ name, header, rows: lines(keys, locale) })) files.push(file);
  return { seen: await seen, files };
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
