import { commandButton, saidCard } from '../../cards/commandCards.ts';
import { colours } from '../../cards/look.ts';
import { same } from '../../cards/plain.ts';
import type { Definition } from '../../sync/definition.ts';
import { namesOf } from '../../sync/schema.ts';
import { type Text, text } from '../../sync/text.ts';
import type { Desk } from '../desk.ts';
import type { CardJson } from '../ports.ts';

/** Creates the table of a definition that names a base only. */
export async function init({ name, title }: Definition, desk: Desk): Promise<CardJson> {
  const inited = await desk.init(name);
  const table = inited.table.name ?? inited.table.id;
  const words: readonly Text[] =
    inited.kind === 'created'
      ? [
          text(`已新建数据表「${table}」，字段：`, `Created the table "${table}" with these fields:`),
          namesOf(inited.fields),
        ]
      : [
          text(
            `数据表「${table}」已经有了，什么都没有改。`,
            `The table "${table}" exists; nothing was changed.`,
          ),
        ];
  const next = commandButton('sync', name, 0, text('同步', 'Sync'));
  return saidCard(same(title), words, desk.locale, { colour: colours.good, buttons: [next] });
}
