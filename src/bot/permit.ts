import { refusalCard } from '../cards/answer-cards.ts';
import type { Definition } from '../sync/definition.ts';
import { type Text, text } from '../sync/text.ts';
import { type Circumstances, may, type Permission, type Right } from './access.ts';
import { type Asking, askingOf } from './asking.ts';
import type { Background } from './background.ts';
import { visible } from './command.ts';
import type { Desk } from './desk.ts';
import { standingOf } from './outside.ts';
import type { CardJson, ClickEvent } from './ports.ts';
import { factsOf } from './trouble.ts';

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
  | Pick<Asking, 'by' | 'chat' | 'via' | 'once' | 'group'>
  | { readonly shell: string; readonly once: string };

type Book = Pick<Desk, 'kept' | 'admins' | 'audit' | 'clock' | 'log' | 'chat'>;

/** Decides whether somebody may do it now, and notes in the audit log what was asked and decided. */
export async function permit(doer: Doer, deed: Deed, desk: Book): Promise<Permission> {
  const permission = await judge(doer, deed, desk);
  const { what, definition, name, run } = deed;
  const who =
    'shell' in doer
      ? ({ by: doer.shell, chat: '', via: 'cli' } as const)
      : { by: doer.by.openId, chat: doer.chat, via: doer.via };
  const entry = { id: `${doer.once}|${what}|${run ?? ''}`, at: desk.clock.now(), ...who, what };
  const about = {
    ...{ definition: definition?.name ?? kept(name ?? ''), run: run ?? '' },
    allowed: permission.allowed,
  };
  try {
    await desk.audit.note({ ...entry, ...about });
  } catch (error) {
    desk.log.error('audit.not-stored', factsOf(error));
  }
  return permission;
}

/** What somebody has typed as a name, short enough for the log. */
const kept = (name: string): string => Array.from(visible(name)).slice(0, 60).join('');

/** Decides as {@link permit} does, and notes nothing: for what is no act, such as which of several to offer. */
export async function judge(
  doer: Doer,
  { right, definition, starter }: Pick<Deed, 'right' | 'definition' | 'starter'>,
  desk: Omit<Book, 'audit'>,
): Promise<Permission> {
  const [frozen, standing] = await Promise.all([
    desk.kept.holds.frozen(),
    'shell' in doer ? 'ours' : standingOf(doer.chat, desk),
  ]);
  const around: Circumstances = { starter, frozenBy: frozen && (frozen.by.openId ?? '') };
  const asker =
    'shell' in doer
      ? { openId: '', chat: '', shell: true }
      : {
          openId: doer.by.openId,
          chat: doer.chat,
          // Only of a message is it known whether it stands in a group; a card that is pressed is shown there already.
          outside: standing === 'unknown' && doer.group ? ('perhaps' as const) : standing === 'outside',
        };
  return may(asker, right, definition, desk.admins, around);
}

/** Does what somebody asks for; where they may not, answers the card that says why. */
export async function ifPermitted<T extends CardJson | undefined>(
  deed: Deed,
  asking: Asking,
  desk: Desk,
  work: () => Promise<T>,
): Promise<CardJson | T> {
  return refusedCard(await permit(asking, deed, desk), desk) ?? work();
}

/** Why not, and whom to ask, as a card; nothing where it is allowed. */
export function refusedCard(permission: Permission, { locale }: Pick<Desk, 'locale'>): CardJson | undefined {
  return permission.allowed ? undefined : refusalCard(permission.refusal, permission.ask, locale);
}

/**
 * Decides about a press like {@link permit}; answers why not, for a toast, and nothing where it is allowed. A toast can
 * name nobody but by open_id, so that whom to ask is told in a card to the presser alone.
 */
export async function refusedPress(
  event: ClickEvent,
  deed: Deed,
  desk: Book & Pick<Desk, 'chat' | 'locale'> & { readonly background: Background },
): Promise<Text | undefined> {
  const permission = await permit(askingOf(event), deed, desk);
  if (permission.allowed) return undefined;
  const { refusal, ask } = permission;
  if (ask.length === 0) return refusal;
  desk.background.start('refused', async () => {
    await desk.chat.send(event.from, refusalCard(refusal, ask, desk.locale), `refused:${event.id}`);
  });
  return text(
    `${refusal.zh}该找谁，机器人单独发消息告诉你。`,
    `${refusal.en} A message to you alone says whom to ask.`,
  );
}
