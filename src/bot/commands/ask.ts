import { type Asked, askCard } from '../../cards/answer-cards.ts';
import type { Verb } from '../../cards/parts/button.ts';
import { text } from '../../sync/text.ts';
import type { Desk } from '../desk.ts';
import type { CardJson } from '../ports.ts';

/** Asks, with a form, for what a command lacks. */
export async function ask(verb: Verb, name: string | undefined, desk: Desk): Promise<CardJson> {
  const all = (await desk.definitions.list()).flatMap((one) => ('definition' in one ? [one.definition] : []));
  const which: readonly Asked[] = name === undefined ? [{ kind: 'definition', names: all }] : [];
  const key: Asked = {
    kind: 'words',
    label: text('主键', 'Key'),
    hint: text('例如 A001；几列之间写 " / "', 'Such as A001; several parts with " / " between them'),
  };
  return askCard(verb, name ?? '', [...which, ...(verb === 'why' ? [key] : [])], desk.locale);
}
