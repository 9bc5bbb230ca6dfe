import type { Definition } from '../sync/definition.ts';
import type { State } from '../sync/state.ts';
import { type Text, text } from '../sync/text.ts';

/** What somebody wants to do: start or retry a run, or let a plan through that waits for a decision. */
export type Right = 'run' | 'approve';

/** Who asks, and where. */
export interface Asker {
  readonly openId: string;
  readonly chat: string;
}

export type Permission =
  | { readonly allowed: true }
  /** `ask`: open_ids of those who may, `everyone` left out. */
  | { readonly allowed: false; readonly refusal: Text; readonly ask: readonly string[] };

type Access = Pick<Definition, 'name' | 'access'>;

const yes: Permission = { allowed: true };

/** open_ids of those who may approve plans of a definition; `everyone` stands for all. */
export const approvers = (
  access: Definition['access'] | undefined,
  admins: readonly string[],
): readonly string[] => [...new Set([...(access?.approve ?? []), ...admins])];

/**
 * Decides at the time of the act whether somebody may do it: for commands and buttons alike. Starting: those
 * in `access.run`, else everyone in the chats of `access.chats`, else everyone. Approving: those in
 * `access.approve` and the admins; with nobody named only the command line. A definition that cannot be read
 * leaves only the admins.
 */
export function may(
  asker: Asker,
  right: Right,
  definition: Access | undefined,
  admins: readonly string[],
): Permission {
  if (admins.includes(asker.openId)) return yes;
  const access = definition?.access;
  if (right === 'approve') {
    const list = approvers(access, admins);
    if (list.includes('everyone') || list.includes(asker.openId)) return yes;
    return refused(list, list.length === 0 ? onlyCommandLine(definition) : notApprover);
  }
  if (!access) return refused(admins, unreadable);
  const open = access.run === undefined || access.run.includes('everyone');
  const here = access.chats === undefined || access.chats.includes(asker.chat);
  if (access.run?.includes(asker.openId) || (open && here)) return yes;
  return refused([...(access.run ?? []), ...admins], open ? notHere : notRunner);
}

/** Whether somebody started the run: they may stop it, whatever else they may. */
export const startedBy = ({ acts }: Pick<State, 'acts'>, openId: string): boolean =>
  acts.some(({ op, by }) => op === 'start' && by.openId === openId);

const refused = (list: readonly string[], refusal: Text): Permission => ({
  allowed: false,
  refusal,
  ask: list.filter((id) => id !== 'everyone'),
});

const notApprover = text('你不能应用或放行这个计划。', 'You may not apply this plan.');
const notRunner = text('你不能运行这个同步。', 'You may not run this sync.');
const notHere = text('这个同步不能在这个会话里运行。', 'This sync may not be run in this chat.');
const unreadable = text(
  '这个同步的定义读不出来，只有管理员可以操作。',
  'The definition cannot be read; only admins may act.',
);
const onlyCommandLine = (definition: Access | undefined): Text => {
  const command = `bitable-sync run ${definition?.name ?? 'NAME'} --approve RUN`;
  return text(
    `没有设置可以应用的人（ADMINS），只能在服务器上运行 ${command}。`,
    `Nobody is named who may apply (ADMINS); only the command line can: ${command}.`,
  );
};
