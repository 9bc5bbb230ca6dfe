import { severalCard, unknownCard } from '../cards/answer-cards.ts';
import type { Definition } from '../sync/definition/definition.ts';
import { ProblemError } from '../sync/words/problem.ts';
import { type Locale, nearest } from '../sync/words/text.ts';
import type { Bot, Commands } from './bot.ts';
import type { CardJson, ListedDefinition } from './ports.ts';

/** A definition, or the card that says that there is none, or that several have this title. */
export type Found =
  | { readonly kind: 'definition'; readonly definition: Definition }
  | { readonly kind: 'not'; readonly card: CardJson };

const definitionName = /^[a-z0-9][a-z0-9_-]{0,39}$/u;

/**
 * Looks a definition up by its name, or by its exact title where only one has it; else says what is wrong or which
 * names are near.
 * @param verb what is asked for: the buttons of a title that several have do that
 */
export async function find(
  asked: string,
  { definitions, locale, commands }: Pick<Bot, 'definitions' | 'locale' | 'commands'>,
  verb = 'sync',
): Promise<Found> {
  const name = asked.toLowerCase();
  const list = await definitions.list();
  const titled = list.filter((one) => titleOf(one) === asked);
  const listed = list.find((one) => one.name === name) ?? titled[0];
  if (listed?.name !== name && titled.length > 1) {
    const names = titled.map((one) => one.name);
    return { kind: 'not', card: severalCard(asked, verb, names, locale) };
  }
  // A name that is not listed may still have appeared this very moment.
  if (listed === undefined && !definitionName.test(name))
    return { kind: 'not', card: unknown(asked, list, commands, locale) };
  try {
    return { kind: 'definition', definition: await definitions.get(listed?.name ?? name) };
  } catch (error) {
    if (listed === undefined && error instanceof ProblemError)
      return { kind: 'not', card: unknown(asked, list, commands, locale) };
    throw error;
  }
}

/** A definition by its name; nothing when its file is gone or broken, which leaves what it is about to the admins. */
export async function definitionOf(
  name: string,
  { definitions }: Pick<Bot, 'definitions'>,
): Promise<Definition | undefined> {
  try {
    return await definitions.get(name);
  } catch (error) {
    if (error instanceof ProblemError) return undefined;
    throw error;
  }
}

const titleOf = (one: ListedDefinition): string | undefined =>
  'definition' in one ? one.definition.title.normalize('NFKC') : undefined;

function unknown(
  asked: string,
  list: readonly ListedDefinition[],
  commands: Commands,
  locale: Locale,
): CardJson {
  const near = nearest(
    asked,
    list.map((one) => one.name),
  );
  // A mistyped command reads like a name.
  const [first = '', ...rest] = asked.split(' ');
  const name = rest.join(' ').toLowerCase();
  const known = rest.length === 0 || definitionName.test(name);
  const meant = known ? commands.near(first).map((verb) => ({ verb, name })) : [];
  return unknownCard(asked, near, locale, meant);
}
