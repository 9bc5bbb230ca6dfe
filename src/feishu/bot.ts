import type { CallMeter } from '../run/ports.ts';
import { CallError } from '../sync/failure.ts';
import type { FeishuClient } from './client.ts';
import { oddAnswer } from './failure.ts';
import { readLimits } from './patience.ts';
import { shape, words } from './shape.ts';

/** Who the bot is. */
export interface Bot {
  readonly openId: string;
  readonly name: string;
}

/** Asks Feishu who the bot is. https://open.feishu.cn/document/uAjLw4CM/ukTMukTMukTM/bot-v3/bot_info */
export async function whoAmI(client: FeishuClient, meter: CallMeter, signal?: AbortSignal): Promise<Bot> {
  const answer: unknown = await client.patient(readLimits, signal, () =>
    client.call({ kind: 'chat', meter, ...(signal === undefined ? {} : { signal }) }, (sdk, options) =>
      sdk.request<unknown>({ method: 'GET', url: '/open-apis/bot/v3/info' }, options),
    ),
  );
  const bot = shape(shape(answer)?.['bot']);
  const openId = words(bot?.['open_id']);
  if (openId === undefined) throw new CallError(oddAnswer('the bot has no open_id', 'unknown', false));
  return { openId, name: words(bot?.['app_name']) ?? '' };
}
