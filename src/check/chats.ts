import type { Chat } from '../bot/ports.ts';
import { owners } from '../bot/schedule/entries.ts';
import type { Definition } from '../sync/definition.ts';
import { CallError } from '../sync/failure.ts';
import { problemOf } from '../sync/failure-problem.ts';
import type { Problem } from '../sync/problem.ts';
import { type Text, text } from '../sync/text.ts';

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
