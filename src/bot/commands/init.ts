import { saidCard } from '../../cards/command-cards.ts';
import { commandButton } from '../../cards/parts/button.ts';
import { colours } from '../../cards/parts/look.ts';
import { same } from '../../cards/parts/plain.ts';
import type { Definition } from '../../sync/definition.ts';
import { namesOf } from '../../sync/schema.ts';
import { listed, type Text, text } from '../../sync/text.ts';
import type { Desk } from '../desk.ts';
import type { CardJson } from '../ports.ts';

type Inited = Awaited<ReturnType<Desk['init']>>;

/** Creates the table of a definition that names a base only; of one that is there it says whether it fits. */
export async function init({ name, title }: Definition, desk: Desk): Promise<CardJson> {
  const inited = await desk.init(name);
  const fits = inited.kind === 'created' || inited.problems.length === 0;
  const next = commandButton('sync', name, 0, text('同步', 'Sync'));
  return saidCard(same(title), words(inited), desk.locale, {
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
