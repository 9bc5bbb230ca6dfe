import type { Chat } from '../bot/ports.ts';
import { owners } from '../bot/schedule/entries.ts';
import type { Definition } from '../sync/definition/definition.ts';
import { CallError, problemOf } from '../sync/words/failure.ts';
import type { Problem } from '../sync/words/problem.ts';
import { type Text, text } from '../sync/words/text.ts';

/** Answers what is wrong with a chat, or nothing; each chat is asked for once. */
export type AskChat = (
  id: string,
) => Promise<{ readonly message: Text; readonly cure: Text } | 'unsure' | undefined>;

/** Asks Feishu about chats with the app's own eyes: one that it is not in shows little of itself. */
export function chatAsker(chat: Pick<Chat, 'about'>): AskChat {
  const asked = new Map<string, ReturnType<AskChat>>();
  const ask: AskChat = async (id) => {
    try {
      await chat.about(id);
      return undefined;
    } catch (error) {
      if (!(error instanceof CallError)) throw error;
      const { failure } = error;
      // An answer without what only members see.
      if (failure.code === null && failure.silence === undefined && failure.status === undefined)
        return notInside(id);
      if (gone.has(failure.code ?? 0)) return noSuchChat(id);
      if (outside.has(failure.code ?? 0)) return notInside(id);
      if (failure.verdict === 'unknown' || failure.code === scopeMissing) return 'unsure';
      return problemOf(failure);
    }
  };
  return (id) => {
    const known = asked.get(id) ?? ask(id);
    asked.set(id, known);
    return known;
  };
}

/** https://open.feishu.cn/document/server-docs/group/chat/get-2 */
const gone: ReadonlySet<number> = new Set([232006, 232009]);
const outside: ReadonlySet<number> = new Set([230002, 232010, 232011]);
const scopeMissing = 99991672;

/** What is wrong with the chats that a definition names, and with who hears of its schedule. */
export async function checkChats(
  definition: Definition,
  admins: readonly string[],
  ask: AskChat,
): Promise<readonly Problem[]> {
  const { schedule, access } = definition;
  const named = [
    ...schedule.map(({ chat }, at) => [`schedule[${at}].chat`, chat] as const),
    ...(access.chats ?? []).map((chat, at) => [`access.chats[${at}]`, chat] as const),
  ];
  const problems: Problem[] = [];
  for (const [where, chat] of named) {
    if (!chat?.startsWith('oc_')) continue;
    const found = await ask(chat);
    if (found === 'unsure') problems.push({ ...unsure(chat), where });
    else if (found)
      problems.push({ code: 'chat-unreachable', where, message: found.message, cure: found.cure });
  }
  const told = access.chats?.[0] ?? owners(definition, admins)[0];
  const alone = told === undefined && schedule.some(({ chat }) => chat === undefined);
  return alone ? [...problems, nobodyTold] : problems;
}

const noSuchChat = (chat: string) => ({
  message: text(`没有 ${chat} 这个群，或它已解散`, `there is no chat ${chat}, or it was dissolved`),
  cure: text(
    '从群设置底部的“会话 ID”重新复制（oc_…）；或在那个群里给机器人发 /sync list，再运行 bitable-sync audit 查看。',
    'Copy the chat ID (oc_…) from the bottom of the chat’s settings again, or send /sync list to the bot there and look with bitable-sync audit.',
  ),
});

const notInside = (chat: string) => ({
  message: text(
    `机器人不在群 ${chat} 里，发不了消息`,
    `the bot is not in the chat ${chat} and cannot write there`,
  ),
  cure: text(
    '把机器人加进这个群：群设置 → 群机器人 → 添加机器人；或在定义里换一个群。',
    'Add the bot to the chat (Settings → Bots → Add bot), or name another chat in the definition.',
  ),
});

const unsure = (chat: string): Problem => ({
  code: 'warn-chat-not-checked',
  message: text(`没法检查群 ${chat}`, `the chat ${chat} could not be checked`),
  cure: text(
    '给应用开通 im:chat:readonly 后再检查，或确认机器人在这个群里。',
    'Give the app the scope im:chat:readonly and check again, or see that the bot is in the chat.',
  ),
});

const nobodyTold: Problem = {
  code: 'warn-nobody-told',
  where: 'schedule',
  message: text('定时同步的结果没有人会收到', 'nobody hears how the scheduled runs go'),
  cure: text(
    '给这项 schedule 写 chat: oc_…，或设置 ADMINS。',
    'Say chat: oc_… in the schedule entry, or set ADMINS.',
  ),
};

/** Where a definition writes. */
export interface Writes {
  readonly definition: Pick<Definition, 'name' | 'mode' | 'deletes'>;
  /** `base/table`. */
  readonly table: string;
  /** Names of the fields besides the key; undefined when they are not known. */
  readonly fields: readonly string[] | undefined;
}

/**
 * Finds definitions that write to the same table and get in each other's way: one that deletes what it does not know
 * (a mirror) deletes the other's records; two that write the same fields overwrite each other where their keys meet,
 * which is only advice, because their keys may be apart. Fields apart are no finding.
 * @returns problems by the names of both definitions
 */
export function sharingProblems(all: readonly Writes[]): ReadonlyMap<string, readonly Problem[]> {
  const found = new Map<string, Problem[]>();
  all.forEach((one, at) => {
    for (const other of all.slice(at + 1)) {
      const problem = one.table === other.table ? between(one, other) : undefined;
      for (const { name } of problem ? [one.definition, other.definition] : []) {
        found.set(name, [...(found.get(name) ?? []), ...(problem ? [problem] : [])]);
      }
    }
  });
  return found;
}

function between(one: Writes, other: Writes): Problem | undefined {
  const mirror = [one, other].find(({ definition }) => deletesOthers(definition));
  const names = both(one.definition.name, other.definition.name);
  if (mirror) return deleted(names, mirror.definition.name);
  const same = one.fields?.filter((field) => other.fields?.includes(field)) ?? [];
  return same.length === 0 ? undefined : overwritten(names, same);
}

const deletesOthers = ({ mode, deletes }: Writes['definition']): boolean =>
  mode === 'mirror' && deletes !== 'ours';

const both = (one: string, other: string): Text => text(`${one} 和 ${other}`, `${one} and ${other}`);

const deleted = (names: Text, mirror: string): Problem => ({
  code: 'table-shared',
  where: 'target',
  message: text(
    `${names.zh} 写入同一张数据表，而 ${mirror} 是 mirror，会删除另一个写入的记录`,
    `${names.en} write to the same table, and ${mirror} is a mirror: it deletes the records of the other`,
  ),
  cure: text(
    `让它们各写一张表；或把 ${mirror} 改成 mode: upsert，或在其中写 deletes: ours。`,
    `Give each a table of its own, or change ${mirror} to mode: upsert, or say deletes: ours in it.`,
  ),
});

const overwritten = (names: Text, fields: readonly string[]): Problem => {
  const some = fields.slice(0, 5);
  const more = fields.length > some.length;
  return {
    code: 'warn-table-shared',
    where: 'target',
    message: text(
      `${names.zh} 写入同一张数据表的相同字段（${some.join('、')}${more ? '……' : ''}），主键相同的记录会互相覆盖`,
      `${names.en} write the same fields of the same table (${some.join(', ')}${more ? ' …' : ''}): where their keys meet they overwrite each other`,
    ),
    cure: text(
      '若两个查询的主键从不相同，可以不管；否则让它们各写一张表，或在其中一个的 fields 里对这些列写 skip。',
      'Ignore this where the two queries never have the same key; else give each a table of its own, or say skip for these columns in the fields of one.',
    ),
  };
};
