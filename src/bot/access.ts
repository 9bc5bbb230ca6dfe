import type { Definition } from '../sync/definition/definition.ts';
import type { State } from '../sync/state/state.ts';
import { type Text, text } from '../sync/words/text.ts';

/**
 * What somebody wants to do: start or retry a run (`run`); look at one, plan one or set what happens by the clock
 * (`look`); end one (`stop`); let a plan through that waits for a decision (`approve`), or throw it away (`discard`);
 * what concerns every definition (`admin`); or be told what there is (`ask`).
 */
export type Right = 'run' | 'look' | 'stop' | 'approve' | 'discard' | 'admin' | 'ask';

/** Who asks, and where. */
export interface Asker {
  readonly openId: string;
  readonly chat: string;
  /** The chat has members of other companies; `perhaps`: nobody could tell. */
  readonly outside?: boolean | 'perhaps';
  /** Somebody on the command line: who is there has the secrets, and may do all that is not frozen. */
  readonly shell?: boolean;
}

/** What else decides at this moment. */
export interface Circumstances {
  /** open_ids. */
  readonly admins: readonly string[];
  /** open_id of who started the run that it is about. */
  readonly starter?: string | undefined;
  /** Who has frozen everything: an open_id, empty for somebody on the command line. */
  readonly frozenBy?: string | undefined;
}

export type Permission =
  | { readonly allowed: true }
  /** `ask`: open_ids of those who may; words for more than one are left out. */
  | { readonly allowed: false; readonly refusal: Text; readonly ask: readonly string[] };

type Access = Pick<Definition, 'name' | 'access'>;

const yes: Permission = { allowed: true };

/**
 * Who may approve plans of a definition: open_ids, and words for more than one. `everyone`: everybody in the chat;
 * `runners`: everybody who may run it, which is what `other` means when it is named alone; `other`: but not the
 * starter of the run.
 */
export function approvers(
  access: Definition['access'] | undefined,
  admins: readonly string[],
): readonly string[] {
  const named = access?.approve ?? [];
  const alone = named.length > 0 && named.every((one) => one === 'other');
  return [...new Set([...(alone ? ['runners'] : []), ...named, ...admins])];
}

/**
 * Decides at the time of the act whether somebody may do it: for commands, buttons, menus and forms alike. Nobody in
 * chats with outsiders. Starting and looking: those in `access.run`, else everyone in the chats of `access.chats`, else
 * everyone; nobody starts anything while all is frozen. Stopping: they, and whoever started it. Approving: those in
 * `access.approve` (`everyone`: in those chats) and the admins, but with `other` among them never the starter; with nobody named only the command
 * line. Discarding is for the same people and writes nothing: they may while all is frozen too. A definition that
 * cannot be read leaves only the admins.
 */
export function may(
  asker: Asker,
  right: Right,
  definition: Access | undefined,
  { admins, starter, frozenBy }: Circumstances,
): Permission {
  if (asker.outside) return refused([], asker.outside === 'perhaps' ? perhapsOutsiders : outsiders);
  if (right === 'ask') return yes;
  const admin = admins.includes(asker.openId);
  if (right === 'admin') return admin || asker.shell ? yes : refused(admins, adminsOnly);
  if (frozenBy !== undefined && (right === 'run' || right === 'approve'))
    return refused(frozenBy === '' ? admins : [frozenBy], frozen);
  if (asker.shell) return yes;
  if (right === 'stop' && starter === asker.openId) return yes;
  if (right === 'approve' || right === 'discard') return mayApprove(asker, definition, admins, starter);
  return admin ? yes : mayRun(asker, definition, admins);
}

function mayApprove(
  asker: Asker,
  definition: Access | undefined,
  admins: readonly string[],
  starter: string | undefined,
): Permission {
  const list = approvers(definition?.access, admins);
  const may = deciders(list, starter);
  if (list.includes('other') && starter === asker.openId) return refused(may, notOwn);
  if (list.includes(asker.openId)) return yes;
  if (list.includes('everyone')) return isHere(asker, definition) ? yes : refused(may, notHere);
  if (list.includes('runners')) return mayRun(asker, definition, admins);
  return refused(may, list.length === 0 ? onlyCommandLine(definition) : notApprover);
}

/** Those of {@link approvers} who may decide about a run: with `other` among them not its starter. */
export const deciders = (list: readonly string[], starter: string | undefined): readonly string[] =>
  list.includes('other') ? list.filter((id) => id !== starter) : list;

function mayRun(asker: Asker, definition: Access | undefined, admins: readonly string[]): Permission {
  if (!definition) return refused(admins, unreadable);
  const { access } = definition;
  const open = access.run === undefined || access.run.includes('everyone');
  if (access.run?.includes(asker.openId) || (open && isHere(asker, definition))) return yes;
  return refused([...(access.run ?? []), ...admins], open ? notHere : notRunner);
}

/** Whether the chat is one of those that a definition is for: `everyone` means everybody in them. */
const isHere = ({ chat }: Asker, definition: Access | undefined): boolean =>
  definition?.access.chats === undefined || definition.access.chats.includes(chat);

/** open_id of who started the run. */
export const starterOf = ({ acts }: Pick<State, 'acts'>): string | undefined =>
  acts.find(({ op }) => op === 'start')?.by.openId;

const refused = (list: readonly string[], refusal: Text): Permission => ({
  allowed: false,
  refusal,
  ask: [...new Set(list)].filter((id) => id !== '' && !groups.has(id)),
});

/** Words that stand for more than one person. */
const groups: ReadonlySet<string> = new Set(['everyone', 'runners', 'other']);

const outsiders = text(
  '外部群里不能使用这个机器人。',
  'This bot does nothing in groups with people from other companies.',
);
const perhapsOutsiders = text(
  '无法确认这个群里有没有外部成员，什么都没有做。请稍后再试；如果一直这样，请管理员给应用开通 im:chat:readonly 权限并发布版本。',
  'I cannot see whether this group has people from other companies, so nothing was done. Try again in a moment; if it stays so, an admin must give the app the scope im:chat:readonly and publish a version.',
);
const adminsOnly = text('只有管理员（ADMINS）可以这样做。', 'Only admins (ADMINS) may do that.');
const frozen = text(
  '全部同步已被冻结，解冻后才能运行（/sync thaw）。',
  'Everything is frozen; nothing runs before /sync thaw.',
);
const notOwn = text('运行是你发起的，要由别人确认。', 'You started this run; someone else has to decide.');
const notApprover = text('你不能确认这个计划。', 'You may not apply this plan.');
const notRunner = text('你不能运行这个同步。', 'You may not run this sync.');
const notHere = text('这个同步不能在这个会话里运行。', 'This sync may not be run in this chat.');
const unreadable = text(
  '这个同步的定义读不出来，只有管理员可以操作。',
  'The definition cannot be read; only admins may act.',
);
const onlyCommandLine = (definition: Access | undefined): Text => {
  const command = `bitable-sync run ${definition?.name ?? 'NAME'} --approve RUN`;
  return text(
    `没有设置可确认的人（ADMINS），只能在服务器上运行 ${command}。`,
    `Nobody is named who may apply (ADMINS); only the command line can: ${command}.`,
  );
};
