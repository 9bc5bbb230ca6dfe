import type { Playground } from 'bitable-playground';

/** Sends a card into a chat as the bot would, over HTTP; answers the message's id. Throws what was refused. */
export async function sendCard(
  { url, appId, appSecret }: Playground,
  chatId: string,
  card: Readonly<Record<string, unknown>>,
): Promise<string> {
  const post = async (path: string, json: object, token = ''): Promise<Record<string, unknown>> => {
    const answer = await fetch(`${url}${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
      body: JSON.stringify(json),
    });
    return (await answer.json()) as Record<string, unknown>;
  };
  const { tenant_access_token: token } = await post('/open-apis/auth/v3/tenant_access_token/internal', {
    app_id: appId,
    app_secret: appSecret,
  });
  const message = { receive_id: chatId, msg_type: 'interactive', content: JSON.stringify(card) };
  const answer = await post('/open-apis/im/v1/messages?receive_id_type=chat_id', message, String(token));
  if (answer['code'] !== 0) throw new Error(JSON.stringify(answer));
  return String((answer['data'] as Record<string, unknown>)['message_id']);
}
