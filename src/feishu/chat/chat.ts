import { createHash } from 'node:crypto';
import type { Client } from '@larksuiteoapi/node-sdk';
import type { CardJson, Chat } from '../../bot/ports.ts';
import type { CallMeter } from '../../run/ports.ts';
import { CallError } from '../../sync/failure.ts';
import { type Hide, hiding } from '../../sync/hide.ts';
import type { FeishuClient } from '../calls/client.ts';
import { contentCodes } from '../calls/codes.ts';
import { oddAnswer } from '../calls/failure.ts';
import { chatLimits } from '../calls/patience.ts';
import type { CallOptions } from '../calls/sdk.ts';
import { shape, words } from '../calls/shape.ts';

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
  const written = (content: object): string =>
    JSON.stringify(content, (_, value: unknown) => (typeof value === 'string' ? hide(value) : value));

  const call = <T>(
    own: CallMeter | undefined,
    fn: (sdk: Client, options: CallOptions) => Promise<T>,
    timeout?: number,
  ): Promise<T> => {
    const spec = {
      ...{ kind: 'chat' as const, meter: own ?? meter },
      ...(signal === undefined ? {} : { signal }),
      ...(timeout === undefined ? {} : { timeout }),
    };
    return client.patient(chatLimits, signal, () => client.call(spec, fn));
  };

  const create = async (
    to: string,
    type: 'interactive' | 'file' | 'text',
    content: object,
    once: string,
    own: CallMeter | undefined,
  ): Promise<string> => {
    const answer = await call(own, (sdk, options) =>
      sdk.im.v1.message.create(
        {
          params: { receive_id_type: to.startsWith('oc_') ? 'chat_id' : 'open_id' },
          data: {
            receive_id: to,
            msg_type: type,
            content: written(content),
            uuid: uuidOf(once),
          },
        },
        options,
      ),
    );
    return messageId(answer.data?.message_id);
  };

  return {
    send: async (to, card, once, own) => {
      try {
        return await create(to, 'interactive', card, once, own);
      } catch (error) {
        const code = error instanceof CallError ? error.failure.code : null;
        if (code === null || !contentCodes.has(code)) throw error;
        client.log.warn('card.refused', { code });
        return create(to, 'text', { text: gist(card) }, `${once}:words`, own);
      }
    },

    file: async (to, { name, content }, once, own) => {
      const clean = Buffer.from(hide(content.toString('utf8')));
      const data = { file_type: 'stream' as const, file_name: name, file: clean };
      const uploaded = await call(
        own,
        (sdk, options) => sdk.im.v1.file.create({ data }, options),
        uploadTime,
      );
      const key = uploaded?.file_key;
      if (key === undefined || key === '')
        throw new CallError(oddAnswer('the file was taken but has no key', 'unknown', true));
      return create(to, 'file', { file_key: key }, once, own);
    },

    // A reply to a message of a thread stays in that thread by itself.
    reply: async (message, card, once, own, thread = false) => {
      const answer = await call(own, (sdk, options) =>
        sdk.im.v1.message.reply(
          {
            path: { message_id: encodeURIComponent(message) },
            data: {
              msg_type: 'interactive',
              content: written(card),
              uuid: uuidOf(once),
              ...(thread && { reply_in_thread: true }),
            },
          },
          options,
        ),
      );
      return messageId(answer.data?.message_id);
    },

    about: async (id) => {
      const spec = { kind: 'chat', meter, timeout: aboutTime, ...(signal && { signal }) } as const;
      const answer = await client.call(spec, (sdk, options) =>
        sdk.im.v1.chat.get({ path: { chat_id: encodeURIComponent(id) } }, options),
      );
      const { name = '', external } = answer.data ?? {};
      // Who is not in a group learns its name only: https://open.feishu.cn/document/server-docs/group/chat/get-2
      if (external === undefined)
        throw new CallError(oddAnswer('the chat is told without whether it is external', 'unknown', false));
      return { name, outside: external };
    },

    patch: async (message, card, own) => {
      await call(own, (sdk, options) =>
        sdk.im.v1.message.patch(
          { path: { message_id: encodeURIComponent(message) }, data: { content: written(card) } },
          options,
        ),
      );
    },
  };
}

/** What a card says in a line, as for chat lists: where the card itself is refused. Nobody is mentioned by it. */
function gist(card: CardJson): string {
  const said = [shape(shape(card['header'])?.['title']), shape(shape(card['config'])?.['summary'])];
  const parts = said.map((one) => words(one?.['content']) ?? '').filter((one) => one !== '');
  return [...new Set(parts)].join('\n').replaceAll('<', '＜');
}

const uuidOf = (once: string): string =>
  once.length <= onceMax ? once : createHash('sha256').update(once).digest('hex').slice(0, onceMax);

function messageId(id: string | undefined): string {
  if (id !== undefined && id !== '') return id;
  throw new CallError(oddAnswer('the message was taken but has no ID', 'unknown', true));
}
