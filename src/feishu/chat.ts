import { createHash } from 'node:crypto';
import type { Client } from '@larksuiteoapi/node-sdk';
import type { Chat } from '../bot/ports.ts';
import type { CallMeter } from '../run/ports.ts';
import { CallError } from '../sync/failure.ts';
import type { FeishuClient } from './client.ts';
import { oddAnswer } from './failure.ts';
import { chatLimits } from './patience.ts';
import type { CallOptions } from './sdk.ts';

/** Characters of a `uuid`: https://open.feishu.cn/document/server-docs/im-v1/message/create */
const onceMax = 50;

/**
 * The chats that the bot is in, calls counted by `meter`. Waits through throttling and a card that a click still
 * locks; everything that it sends may be sent twice without harm.
 */
export function chat(client: FeishuClient, meter: CallMeter, signal?: AbortSignal): Chat {
  const call = <T>(
    own: CallMeter | undefined,
    fn: (sdk: Client, options: CallOptions) => Promise<T>,
  ): Promise<T> =>
    client.patient(chatLimits, signal, () =>
      client.call({ kind: 'chat', meter: own ?? meter, ...(signal === undefined ? {} : { signal }) }, fn),
    );

  return {
    send: async (to, card, once, own) => {
      const answer = await call(own, (sdk, options) =>
        sdk.im.v1.message.create(
          {
            params: { receive_id_type: to.startsWith('oc_') ? 'chat_id' : 'open_id' },
            data: {
              receive_id: to,
              msg_type: 'interactive',
              content: JSON.stringify(card),
              uuid: uuidOf(once),
            },
          },
          options,
        ),
      );
      return messageId(answer.data?.message_id);
    },

    // A reply to a message of a thread stays in that thread by itself.
    reply: async (message, card, once, own) => {
      const answer = await call(own, (sdk, options) =>
        sdk.im.v1.message.reply(
          {
            path: { message_id: encodeURIComponent(message) },
            data: { msg_type: 'interactive', content: JSON.stringify(card), uuid: uuidOf(once) },
          },
          options,
        ),
      );
      return messageId(answer.data?.message_id);
    },

    patch: async (message, card, own) => {
      await call(own, (sdk, options) =>
        sdk.im.v1.message.patch(
          { path: { message_id: encodeURIComponent(message) }, data: { content: JSON.stringify(card) } },
          options,
        ),
      );
    },
  };
}

const uuidOf = (once: string): string =>
  once.length <= onceMax ? once : createHash('sha256').update(once).digest('hex').slice(0, onceMax);

function messageId(id: string | undefined): string {
  if (id !== undefined && id !== '') return id;
  throw new CallError(oddAnswer('the message was taken but has no ID', 'unknown', true));
}
