import type { Definition } from '../sync/definition.ts';
import { type Circumstances, may, type Permission, type Right } from './access.ts';
import type { Asking } from './asking.ts';
import type { Desk } from './desk.ts';
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

/** Decides whether somebody may do it now, and notes in the audit log what was asked and decided. */
export async function permit(
  { by, chat, via, once }: Pick<Asking, 'by' | 'chat' | 'via' | 'once'>,
  { right, what, definition, name, run, starter }: Deed,
  desk: Pick<Desk, 'schedules' | 'admins' | 'audit' | 'clock' | 'log'>,
): Promise<Permission> {
  const [frozen, outside] = await Promise.all([
    desk.schedules.marks('frozen'),
    desk.schedules.marks(outsideMark),
  ]);
  const asker = { openId: by.openId, chat, outside: outside.some((mark) => mark.chat === chat) };
  const around: Circumstances = { starter, frozenBy: frozen[0] && frozenBy(frozen[0].value) };
  const permission = may(asker, right, definition, desk.admins, around);
  const entry = { id: `${once}|${what}|${run ?? ''}`, at: desk.clock.now(), by: by.openId, chat, via, what };
  const about = { definition: definition?.name ?? name ?? '', run: run ?? '', allowed: permission.allowed };
  try {
    await desk.audit.note({ ...entry, ...about });
  } catch (error) {
    desk.log.error('audit-not-stored', factsOf(error));
  }
  return permission;
}

/** Marks a group that has members of other companies. */
export const outsideMark = 'outside';

function frozenBy(value: string): string {
  try {
    const { by } = JSON.parse(value) as { readonly by?: unknown };
    return typeof by === 'string' ? by : '';
  } catch {
    return '';
  }
}
