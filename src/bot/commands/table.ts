import { problemCard, saidCard } from '../../cards/answer-cards.ts';
import { verifyCard, verifyingCard } from '../../cards/list-cards.ts';
import { colours } from '../../cards/parts/card.ts';
import { commandButton } from '../../cards/parts/element.ts';
import { same } from '../../cards/parts/words.ts';
import type { CallMeter } from '../../run/ports.ts';
import type { Inited } from '../../run/table/init-table.ts';
import type { Definition } from '../../sync/definition/definition.ts';
import { namesOf } from '../../sync/fields/schema.ts';
import { type Checked, checkedCells, checkedHeader, type Verified } from '../../sync/state/checked.ts';
import { inLocale, type Locale, listed, type Text, text } from '../../sync/words/text.ts';
import { type Bot, type ChatCommand, type ChatRequest, usage } from '../bot.ts';
import { factsOf, problemsOf } from '../failures.ts';
import { sheetFiles, type Verification } from '../files.ts';
import type { CardJson } from '../ports.ts';
import { change, speak } from '../request.ts';

export const verify: ChatCommand = {
  verb: 'verify',
  spellings: ['核对'],
  needs: 'name',
  right: 'look',
  usages: [
    usage(
      '/sync verify orders',
      text('逐个主键核对两边', 'compares both sides key by key'),
      text('逐个主键核对两边，不写入', 'compares both sides key by key, writes nothing'),
    ),
  ],
  async run(definition, request, bot) {
    await verifyFor(definition, request, bot);
    return undefined;
  },
};

export const init: ChatCommand = {
  verb: 'init',
  spellings: ['建表', '初始化'],
  needs: 'name',
  right: 'approve',
  usages: [
    usage(
      '/sync init orders',
      text('新建数据表和字段', 'creates the table with its fields'),
      text(
        '新建数据表和字段；可以批准的人才能用',
        'creates the table with its fields; for those who approve',
      ),
    ),
  ],
  run: (definition, _, bot) => initOf(definition, bot),
};

/** Creates the table of a definition that names a base only; of one that is there it says whether it fits. */
async function initOf({ name, title }: Definition, bot: Bot): Promise<CardJson> {
  const inited = await bot.init(name);
  const fits = inited.kind === 'created' || inited.problems.length === 0;
  const next = commandButton('sync', name, 0, text('同步', 'Sync'));
  return saidCard(same(title), words(inited), bot.locale, {
    colour: fits ? colours.good : colours.bad,
    buttons: fits ? [next] : [],
  });
}

function words(inited: Inited): readonly Text[] {
  const { name } = inited.table;
  if (inited.kind === 'created') {
    return [
      text(`已新建数据表「${name}」，字段：`, `Created the table "${name}" with these fields:`),
      namesOf(inited.fields),
    ];
  }
  const fields = listed(inited.fields.map((field) => field.name));
  return [
    text(`数据表「${name}」已经有了，什么都没有改。`, `The table "${name}" exists; nothing was changed.`),
    text(`它的字段：${fields.zh}`, `Its fields: ${fields.en}`),
    ...inited.notes,
    ...inited.problems.flatMap(({ message, cure }) => [
      text(`✗ ${message.zh}`, `✗ ${message.en}`),
      text(`→ ${cure.zh}`, `→ ${cure.en}`),
    ]),
  ];
}

/**
 * Compares both sides, shows the numbers on a card and sends the list of keys to whoever asked, alone. Who asks while
 * the same definition is being verified waits for that and gets the same.
 */
export async function verifyFor(definition: Definition, request: ChatRequest, bot: Bot): Promise<void> {
  const { chat, locale, verifying } = bot;
  const { once, by } = request;
  const card = await speak(verifyingCard(definition.title, locale), request, bot);
  try {
    const going = verifying.get(definition) ?? verification(definition, bot);
    verifying.set(definition, going);
    const { seen, files } = await going.finally(() => verifying.delete(definition));
    for (const [at, file] of files.entries()) await chat.file(by.openId, file, `${once}:file:${at + 1}`);
    await change(card, verifyCard(definition.title, seen, locale), request, bot);
  } catch (error) {
    bot.log.warn('verify.failed', factsOf(error));
    await change(card, problemCard(definition.title, problemsOf(error), locale), request, bot);
  }
}

async function verification(definition: Definition, bot: Bot): Promise<Verification> {
  const { locale, clock } = bot;
  const { keys, seen } = checking(definition, bot);
  const name = `${definition.name}-verify-${clock.now()}`;
  const header = checkedHeader.map((one) => inLocale(one, locale));
  const files: { readonly name: string; readonly content: Buffer }[] = [];
  for await (const file of sheetFiles({ name, header, rows: keyLines(keys, locale) })) files.push(file);
  return { seen: await seen, files };
}

async function* keyLines(
  groups: AsyncIterable<readonly Checked[]>,
  locale: Locale,
): AsyncGenerator<readonly string[]> {
  for await (const group of groups) for (const one of group) yield checkedCells(one, locale);
}

/** The keys as they come: the verification waits until each group is taken, and ends when nobody reads on. */
function checking(
  definition: Definition,
  { verify, leaving }: Bot,
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
