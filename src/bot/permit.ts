import { refusalCard } from '../cards/answer-cards.ts';
import type { Definition } from '../sync/definition/definition.ts';
import { type Text, text } from '../sync/words/text.ts';
import { type Circumstances, may, type Permission, type Right } from './access.ts';
import type { Bot, ChatRequest } from './bot.ts';
import { visible } from './commands/grammar.ts';
import { factsOf } from './failures.ts';
import { find } from './find.ts';
import type { CardJson, ClickEvent } from './ports.ts';
import { requestOf } from './request.ts';

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
  const { what, definition, name, run } = deed;
  const who =
    'shell' in doer
      ? ({ by: doer.shell, chat: '', via: 'cli' } as const)
      : { by: doer.by.openId, chat: doer.chat, via: doer.via };
  const entry = { id: `${doer.once}|${what}|${run ?? ''}`, at: bot.clock.now(), ...who, what };
  const about = {
    ...{ definition: definition?.name ?? kept(name ?? ''), run: run ?? '' },
    allowed: permission.allowed,
  };
  try {
    await bot.audit.note({ ...entry, ...about });
  } catch (error) {
    bot.log.error('audit.not-stored', factsOf(error));
  }
  return permission;
}

/** What somebody has typed as a name, short enough for the log. */
const kept = (name: string): string => Array.from(visible(name)).slice(0, 60).join('');

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
  const around: Circumstances = {
    admins: bot.admins,
    starter,
    frozenBy: frozen && (frozen.by.openId ?? ''),
  };
  const asker =
    'shell' in doer
      ? { openId: '', chat: '', shell: true }
      : {
          openId: doer.by.openId,
          chat: doer.chat,
          // Only of a message is it known whether it stands in a group; a card that is pressed is shown there already.
          outside: standing === 'unknown' && doer.group ? ('perhaps' as const) : standing === 'outside',
        };
  return may(asker, right, definition, around);
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

/** Whether a chat has members of other companies. */
export type Standing = 'ours' | 'outside' | 'unknown';

/** Milliseconds that "nobody from outside" counts: a group can be opened to other companies later. */
const counts = 6 * 3_600_000;

/** Notes whether a chat has members of other companies. */
export const noteStanding = (
  chat: string,
  outside: boolean,
  { kept, clock }: Pick<Bot, 'kept' | 'clock'>,
): Promise<void> => kept.chats.saveOutsiders(chat, outside, clock.now());

/**
 * Answers whether a chat has members of other companies, and asks Feishu where that is not known or was learned hours
 * ago: the event that says so when the bot is added may never have come. Never rejects.
 */
export async function standingOf(
  chat: string,
  bot: Pick<Bot, 'kept' | 'chat' | 'clock' | 'log'>,
): Promise<Standing> {
  const known = await bot.kept.chats.outsiders(chat);
  if (known?.outside) return 'outside';
  // A press on the bot's menu comes from no chat, but whoever may press has opened one.
  if (!chat.startsWith('oc_')) return 'ours';
  if (known && Math.abs(bot.clock.now() - known.at) < counts) return 'ours';
  try {
    const { outside } = await bot.chat.about(chat);
    await noteStanding(chat, outside, bot);
    return outside ? 'outside' : 'ours';
  } catch (error) {
    bot.log.warn('chat.outsiders-not-told', { chat, ...factsOf(error) });
    return known === undefined ? 'unknown' : 'ours';
  }
}
