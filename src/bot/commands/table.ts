import { problemCard, saidCard } from '../../cards/answer-cards.ts';
import { verifyCard, verifyingCard } from '../../cards/list-cards.ts';
import { colours } from '../../cards/parts/card.ts';
import { commandButton } from '../../cards/parts/element.ts';
import { same } from '../../cards/parts/words.ts';
import type { CallMeter, RunRecord } from '../../run/ports.ts';
import type { Inited } from '../../run/table/init-table.ts';
import type { Unwritten } from '../../run/table/rows-of-run.ts';
import type { Definition } from '../../sync/definition/definition.ts';
import { namesOf } from '../../sync/fields/schema.ts';
import { checkedCells, checkedHeader } from '../../sync/state/checked.ts';
import { type CsvFile, csvPacker } from '../../sync/words/csv.ts';
import { inLocale, listed, type Text, text } from '../../sync/words/text.ts';
import type { Bot, ChatCommand, ChatRequest, Verification } from '../bot.ts';
import { factsOf, problemsOf } from '../failures.ts';
import type { CardJson } from '../ports.ts';
import { change, speak } from '../post.ts';

export const verify: ChatCommand = {
  ...{ verb: 'verify', spellings: ['核对'] },
  needs: 'name',
  right: 'look',
  usages: [
    {
      line: '/sync verify orders',
      does: text('逐个主键核对两边，不写入', 'compares both sides key by key, writes nothing'),
    },
  ],
  async run(definition, request, bot) {
    await verifyFor(definition, request, bot);
    return undefined;
  },
};

export const init: ChatCommand = {
  ...{ verb: 'init', spellings: ['建表', '初始化'] },
  needs: 'name',
  right: 'approve',
  usages: [
    {
      line: '/sync init orders',
      does: text(
        '新建数据表和字段；可以确认的人才能用',
        'creates the table with its fields; for those who approve',
      ),
    },
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

/** Calls that belong to no run. */
const uncounted: CallMeter = { count: () => undefined };

/** Bytes that Feishu takes for one file, at most. https://open.feishu.cn/document/server-docs/im-v1/file/create */
const fileBytes = 30_000_000;

const fileName = (name: string, at: number): string => `${name}${at === 0 ? '' : `-${at + 1}`}.csv`;

async function verification(definition: Definition, bot: Bot): Promise<Verification> {
  const { locale, clock, leaving } = bot;
  const name = `${definition.name}-verify-${clock.now()}`;
  const header = checkedHeader.map((one) => inLocale(one, locale));
  const packer = csvPacker(header, fileBytes);
  const packed: CsvFile[] = [];
  const keep = (file: CsvFile | undefined): void => {
    if (file) packed.push(file);
  };
  const take = async (keys: Parameters<Parameters<Bot['verify']>[1]>[0]): Promise<void> => {
    for (const one of keys) keep(packer.add(checkedCells(one, locale)));
  };
  const seen = await bot.verify(definition, take, uncounted, leaving);
  keep(packer.end());
  return { seen, files: packed.map(({ content }, at) => ({ name: fileName(name, at), content })) };
}

/**
 * Sends the rows that a run did not write to one person, as CSV, in several files where it is too large for one;
 * answers how many rows went.
 * @param once repeats within the hour send nothing
 */
export async function sendUnwritten(record: RunRecord, to: string, once: string, bot: Bot): Promise<number> {
  const { chat, locale, unwritten } = bot;
  const { id: run, state } = record;
  const header = unwrittenHeader.map((one) => inLocale(one, locale));
  const packer = csvPacker(header, fileBytes);
  let [files, rows] = [0, 0];
  const send = async (file: CsvFile | undefined): Promise<void> => {
    if (!file) return;
    const name = fileName(`${state.definition}-${run}`, files);
    files += 1;
    rows += file.rows;
    await chat.file(to, { name, content: file.content }, `${once}:${files}`);
  };
  for await (const group of unwritten(record))
    for (const { key, row, kind, field, code, reason, value } of group) {
      const { name, advice } = kinds[kind];
      const [called, said, todo] = [name, reason, advice].map((one) => inLocale(one, locale));
      const place = [run, key, String(row ?? ''), called ?? '', field ?? '', String(code ?? '')];
      await send(packer.add([...place, said ?? '', value ?? '', todo ?? '']));
    }
  await send(packer.end());
  return rows;
}

const unwrittenHeader: readonly Text[] = [
  text('运行', 'run'),
  text('主键', 'key'),
  text('查询中的行号', 'row in the query'),
  text('类别', 'kind'),
  text('字段', 'field'),
  text('错误码', 'code'),
  text('原因', 'reason'),
  text('值', 'value'),
  text('怎么办', 'what to do'),
];

const again = text(
  '再次同步，或点「重试」；一直如此时看原因一栏。',
  'Run the sync again or press retry; if it stays, the reason says why.',
);
const lookFirst = text(
  '再次同步即可：会先核对表格里有没有，再决定是否发送。',
  'Run the sync again: it looks first whether the table has it.',
);

const kinds: Readonly<Record<Unwritten['kind'], { readonly name: Text; readonly advice: Text }>> = {
  rejected: {
    name: text('被拒', 'rejected'),
    advice: text(
      '改正这一行的数据，或改字段；改过以后会自动再发。要原样重发，请点「重试」。',
      'Correct the row or the field: it is sent again once one of them has changed. Retry sends it as it is.',
    ),
  },
  invalid: {
    name: text('无效', 'invalid'),
    advice: text('让每行的主键都填写且唯一，再同步。', 'Give each row its own key, then run the sync again.'),
  },
  table: {
    name: text('表格里的记录', 'record of the table'),
    advice: text(
      '在表格里补上或改掉主键，或删除多余的记录。',
      'Fill in or change the key in the table, or delete the records that are too many.',
    ),
  },
  failed: { name: text('失败', 'failed'), advice: again },
  unknown: { name: text('结果未知', 'unknown'), advice: lookFirst },
  'delete-failed': { name: text('删除失败', 'delete failed'), advice: again },
  'delete-unknown': { name: text('删除结果未知', 'delete unknown'), advice: lookFirst },
};
