import { createHash } from 'node:crypto';
import type { CardJson, Chat } from '../../bot/ports.ts';
import type { CallMeter } from '../../run/ports.ts';
import { CallError } from '../../sync/words/failure.ts';
import { type Hide, hiding } from '../../sync/words/web-address.ts';
import { type CallFn, type CallSpec, chatLimits, type FeishuClient } from '../calls/client.ts';
import { tells } from '../calls/codes.ts';
import { odd } from '../calls/failure.ts';
import { shape, words } from '../calls/http.ts';

/** Characters of a `uuid`: https://open.feishu.cn/document/server-docs/im-v1/message/create */
const onceMax = 50;

/** Milliseconds for a look at a chat: whoever pressed a button waits for it. */
const aboutTime = 2_000;
/** Milliseconds that 30 MB may take on their way. */
const uploadTime = 180_000;

/**
 * The chats that the bot is in, calls counted by `meter`. Waits through throttling and a card that a click still
 * locks; everything that it sends may be sent twice without harm.
 * @param hide takes secrets out of all words that are sent
 */
export function chat(
  client: FeishuClient,
  meter: CallMeter,
  hide: Hide = hiding([]),
  signal?: AbortSignal,
): Chat {
  const call = <T>(fn: CallFn<T>, own = meter, timeout?: number): Promise<T> =>
    client.again({ kind: 'chat', meter: own, signal, timeout }, fn, chatLimits);
  const said = (type: Sort, content: object, once: string) => ({
    msg_type: type,
    content: written(content, hide),
    uuid: uuidOf(once),
  });
  const create = async (to: string, message: ReturnType<typeof said>, own?: CallMeter): Promise<string> => {
    const params = { receive_id_type: to.startsWith('oc_') ? ('chat_id' as const) : ('open_id' as const) };
    const data = { receive_id: to, ...message };
    return messageId(await call((sdk, options) => sdk.im.v1.message.create({ params, data }, options), own));
  };

  return {
    send: async (to, card, once, own) => {
      try {
        return await create(to, said('interactive', card, once), own);
      } catch (error) {
        if (!(error instanceof CallError) || tells(error.failure) !== 'words') throw error;
        client.log.warn('card.refused', { code: error.failure.code });
        return create(to, said('text', { text: gist(card) }, `${once}:words`), own);
      }
    },

    file: async (to, { name, content }, once, own) => {
      const file = Buffer.from(hide(content.toString('utf8')));
      const data = { file_type: 'stream' as const, file_name: name, file };
      const uploaded = await call(
        (sdk, options) => sdk.im.v1.file.create({ data }, options),
        own,
        uploadTime,
      );
      const key = words(uploaded?.file_key);
      if (key === undefined) throw odd('the file was taken but has no key', 'unknown', true);
      return create(to, said('file', { file_key: key }, once), own);
    },

    // A reply to a message of a thread stays in that thread by itself.
    reply: async (message, card, once, { meter: own, thread = false } = {}) => {
      const path = { message_id: encodeURIComponent(message) };
      const data = { ...said('interactive', card, once), ...(thread && { reply_in_thread: true }) };
      return messageId(await call((sdk, options) => sdk.im.v1.message.reply({ path, data }, options), own));
    },

    about: (id) => aboutChat(client, { kind: 'chat', meter, timeout: aboutTime, signal }, id),

    patch: async (message, card, own) => {
      const path = { message_id: encodeURIComponent(message) };
      const data = { content: written(card, hide) };
      await call((sdk, options) => sdk.im.v1.message.patch({ path, data }, options), own);
    },
  };
}

type Sort = 'interactive' | 'file' | 'text';

const written = (content: object, hide: Hide): string =>
  JSON.stringify(content, (_, value: unknown) => (typeof value === 'string' ? hide(value) : value));

async function aboutChat(client: FeishuClient, spec: CallSpec, id: string): ReturnType<Chat['about']> {
  const path = { chat_id: encodeURIComponent(id) };
  const answer = await client.call(spec, (sdk, options) => sdk.im.v1.chat.get({ path }, options));
  const { name = '', external } = answer.data ?? {};
  // Who is not in a group learns its name only: https://open.feishu.cn/document/server-docs/group/chat/get-2
  if (external === undefined) throw odd('the chat is told without whether it is external');
  return { name, outside: external };
}

/** What a card says in a line, as for chat lists: where the card itself is refused. Nobody is mentioned by it. */
function gist(card: CardJson): string {
  const said = [shape(shape(card['header'])?.['title']), shape(shape(card['config'])?.['summary'])];
  const parts = said.map((one) => words(one?.['content']) ?? '').filter((one) => one !== '');
  return [...new Set(parts)].join('\n').replaceAll('<', '＜');
}

const uuidOf = (once: string): string =>
  once.length <= onceMax ? once : createHash('sha256').update(once).digest('hex').slice(0, onceMax);

function messageId(answer: unknown): string {
  const id = words(shape(shape(answer)?.['data'])?.['message_id']);
  if (id === undefined) throw odd('the message was taken but has no ID', 'unknown', true);
  return id;
}
