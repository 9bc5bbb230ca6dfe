import { refusalCard, severalCard, unknownCard } from '../cards/answer-cards.ts';
import type { Definition } from '../sync/definition/definition.ts';
import { ProblemError } from '../sync/words/problem.ts';
import { nearest, type Text, text } from '../sync/words/text.ts';
import { may, type Permission, type Right } from './access.ts';
import type { Bot, ChatRequest } from './bot.ts';
import { visible } from './commands/grammar.ts';
import { factsOf } from './failures.ts';
import type { CardJson, ClickEvent, ListedDefinition } from './ports.ts';
import { requestOf } from './post.ts';

/** Something that somebody wants to do. */
export interface Deed {
  readonly right: Right;
  /** The command or the button, as the audit log tells it. */
  readonly what: string;
  readonly definition: Definition | undefined;
  /** The definition's name, where it cannot be read. */
  readonly name?: string;
  readonly run?: string;
  readonly starter?: string | undefined;
}

/** Who does it: somebody in a chat, or on the command line by the name that they have there. */
export type Doer =
  | Pick<ChatRequest, 'by' | 'chat' | 'via' | 'once' | 'group'>
  | { readonly shell: string; readonly once: string };

/** What decides about a deed and notes it. */
type PermitParts = Pick<Bot, 'kept' | 'admins' | 'audit' | 'clock' | 'log' | 'chat'>;

/** Decides whether somebody may do it now, and notes in the audit log what was asked and decided. */
export async function permit(doer: Doer, deed: Deed, bot: PermitParts): Promise<Permission> {
  const permission = await judge(doer, deed, bot);
  const { what, definition, name = '', run = '' } = deed;
  const who =
    'shell' in doer
      ? ({ by: doer.shell, chat: '', via: 'cli' } as const)
      : { by: doer.by.openId, chat: doer.chat, via: doer.via };
  // What somebody has typed as a name may be long.
  const written = definition?.name ?? Array.from(visible(name)).slice(0, 60).join('');
  const about = { what, definition: written, run, allowed: permission.allowed };
  try {
    await bot.audit.note({ id: `${doer.once}|${what}|${run}`, at: bot.clock.now(), ...who, ...about });
  } catch (error) {
    bot.log.error('audit.not-stored', factsOf(error));
  }
  return permission;
}

/** Decides as {@link permit} does, and notes nothing: for what is no act, such as which of several to offer. */
export async function judge(
  doer: Doer,
  { right, definition, starter }: Pick<Deed, 'right' | 'definition' | 'starter'>,
  bot: Omit<PermitParts, 'audit'>,
): Promise<Permission> {
  const [frozen, standing] = await Promise.all([
    bot.kept.holds.frozen(),
    'shell' in doer ? 'ours' : standingOf(doer.chat, bot),
  ]);
  const around = { admins: bot.admins, starter, frozenBy: frozen && (frozen.by.openId ?? '') };
  if ('shell' in doer) return may({ openId: '', chat: '', shell: true }, right, definition, around);
  // Only of a message is it known whether it stands in a group; a card that is pressed is shown there already.
  const outside = standing === 'unknown' && doer.group ? 'perhaps' : standing === 'outside';
  return may({ openId: doer.by.openId, chat: doer.chat, outside }, right, definition, around);
}

/** Does what somebody asks for; where they may not, answers the card that says why. */
export async function ifPermitted<T extends CardJson | undefined>(
  deed: Deed,
  request: ChatRequest,
  bot: Bot,
  work: () => Promise<T>,
): Promise<CardJson | T> {
  return refusedCard(await permit(request, deed, bot), bot) ?? work();
}

/** {@link ifPermitted} for what concerns no definition, or asks which one is meant. */
export const toldIfPermitted = (
  about: { readonly what: string; readonly name: string },
  request: ChatRequest,
  bot: Bot,
  card: () => Promise<CardJson>,
): Promise<CardJson> => ifPermitted({ right: 'ask', definition: undefined, ...about }, request, bot, card);

/** Looks the definition up by name or title and works on it; answers a card where there is none, or several. */
export async function withDefinition(
  { name, what }: { readonly name: string; readonly what: string },
  request: ChatRequest,
  bot: Bot,
  work: (definition: Definition) => Promise<CardJson | undefined>,
): Promise<CardJson | undefined> {
  const found = await find(name, bot, what).catch((error: unknown) => ({ kind: 'broken', error }) as const);
  if (found.kind === 'definition') return work(found.definition);
  // Names that are near and what is wrong with a file are not for everybody either.
  return toldIfPermitted({ what, name }, request, bot, async () => {
    if (found.kind === 'broken') throw found.error;
    return found.card;
  });
}

/** Why not, and whom to ask, as a card; nothing where it is allowed. */
export function refusedCard(permission: Permission, { locale }: Pick<Bot, 'locale'>): CardJson | undefined {
  return permission.allowed ? undefined : refusalCard(permission.refusal, permission.ask, locale);
}

/**
 * Decides about a press like {@link permit}; answers why not, for a toast, and nothing where it is allowed. A toast can
 * name nobody but by open_id, so that whom to ask is told in a card to the presser alone.
 */
export async function refusedPress(event: ClickEvent, deed: Deed, bot: Bot): Promise<Text | undefined> {
  const permission = await permit(requestOf(event), deed, bot);
  if (permission.allowed) return undefined;
  const { refusal, ask } = permission;
  if (ask.length === 0) return refusal;
  bot.background.start('refused', async () => {
    await bot.chat.send(event.from, refusalCard(refusal, ask, bot.locale), `refused:${event.id}`);
  });
  return text(
    `${refusal.zh}该找谁，机器人单独发消息告诉你。`,
    `${refusal.en} A message to you alone says whom to ask.`,
  );
}

/** Milliseconds that "nobody from outside" counts: a group can be opened to other companies later. */
const counts = 6 * 3_600_000;

/**
 * Answers whether a chat has members of other companies, and asks Feishu where that is not known or was learned hours
 * ago: the event that says so when the bot is added may never have come. Never rejects.
 */
export async function standingOf(
  chat: string,
  { kept: { chats }, chat: talk, clock, log }: Pick<Bot, 'kept' | 'chat' | 'clock' | 'log'>,
): Promise<'ours' | 'outside' | 'unknown'> {
  const known = await chats.outsiders(chat);
  if (known?.outside) return 'outside';
  // A press on the bot's menu comes from no chat, but whoever may press has opened one.
  if (!chat.startsWith('oc_')) return 'ours';
  if (known && Math.abs(clock.now() - known.at) < counts) return 'ours';
  try {
    const { outside } = await talk.about(chat);
    await chats.saveOutsiders(chat, outside, clock.now());
    return outside ? 'outside' : 'ours';
  } catch (error) {
    log.warn('chat.outsiders-not-told', { chat, ...factsOf(error) });
    return known === undefined ? 'unknown' : 'ours';
  }
}

/** Those definitions of a list whose files are sound. */
export const soundOf = (list: readonly ListedDefinition[]): readonly Definition[] =>
  list.flatMap((one) => ('definition' in one ? [one.definition] : []));

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
  const titled = soundOf(list).filter(({ title }) => title.normalize('NFKC') === asked);
  const listed = list.find((one) => one.name === name) ?? titled[0];
  if (listed?.name !== name && titled.length > 1) {
    const names = titled.map((one) => one.name);
    return { kind: 'not', card: severalCard(asked, verb, names, locale) };
  }
  const unknown = (): Found => {
    const names = list.map((one) => one.name);
    // A mistyped command reads like a name.
    const [first = '', ...rest] = asked.split(' ');
    const of = rest.join(' ').toLowerCase();
    const near = of === '' || definitionName.test(of) ? commands.near(first) : [];
    const meant = near.map((one) => ({ verb: one, name: of }));
    return { kind: 'not', card: unknownCard(asked, nearest(asked, names), locale, meant) };
  };
  // A name that is not listed may still have appeared this very moment.
  if (listed === undefined && !definitionName.test(name)) return unknown();
  try {
    return { kind: 'definition', definition: await definitions.get(listed?.name ?? name) };
  } catch (error) {
    if (listed === undefined && error instanceof ProblemError) return unknown();
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
