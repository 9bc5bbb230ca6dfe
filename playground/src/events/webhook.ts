import { createCipheriv, createHash, randomBytes } from 'node:crypto';
import { isObject } from '../bitable/values/kind.ts';
import type { Ack } from './connection.ts';

/** Where events go instead of the long connection, with the keys of the page Events & Callbacks. */
export interface Subscription {
  readonly url: string;
  readonly encryptKey: string;
  readonly verificationToken: string;
}

/** One sealed request. */
export interface SealedPost {
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
}

/**
 * Encrypts and signs a payload.
 * https://open.feishu.cn/document/ukTMukTMukTM/uYDNxYjL2QTM24iN0EjN/event-subscription-configure-/encrypt-key-encryption-configuration-case
 * @param at seconds since the epoch
 */
export function seal(payload: string, encryptKey: string, at: number, nonce = hex(8)): SealedPost {
  const key = createHash('sha256').update(encryptKey).digest();
  const iv = randomBytes(16);
  const cipher = createCipheriv('aes-256-cbc', key, iv);
  const encrypt = Buffer.concat([iv, cipher.update(payload, 'utf8'), cipher.final()]).toString('base64');
  const body = JSON.stringify({ encrypt });
  const timestamp = String(Math.floor(at));
  const signature = createHash('sha256')
    .update(timestamp + nonce + encryptKey + body)
    .digest('hex');
  return {
    body,
    headers: {
      'Content-Type': 'application/json;charset=utf-8',
      'X-Lark-Request-Timestamp': timestamp,
      'X-Lark-Request-Nonce': nonce,
      'X-Lark-Signature': signature,
    },
  };
}

const hex = (bytes: number): string => randomBytes(bytes).toString('hex');

/** Sends one payload; anything but a JSON answer with 200 in time counts as not taken. */
export async function post(
  payload: string,
  { url, encryptKey }: Subscription,
  at: number,
  withinMs: number,
): Promise<Ack> {
  const { body, headers } = seal(payload, encryptKey, at);
  try {
    const signal = AbortSignal.timeout(withinMs);
    const answer = await fetch(url, { method: 'POST', body, headers, signal });
    const data: unknown = await answer.json();
    return answer.status === 200 ? { kind: 'ok', data } : { kind: 'failed', code: answer.status };
  } catch {
    return { kind: 'silent' };
  }
}

/**
 * Checks an address as the console does when it is saved: an encrypted challenge, without a signature, that must
 * come back within a second. Rejects when it does not.
 * https://open.feishu.cn/document/ukTMukTMukTM/uYDNxYjL2QTM24iN0EjN/event-subscription-configure-/choose-a-subscription-mode/send-notifications-to-developers-server
 */
export async function checkAddress({ url, encryptKey, verificationToken }: Subscription): Promise<void> {
  const challenge = hex(16);
  const { body } = seal(
    JSON.stringify({ challenge, token: verificationToken, type: 'url_verification' }),
    encryptKey,
    0,
  );
  const answer = await fetch(url, {
    method: 'POST',
    body,
    headers: { 'Content-Type': 'application/json;charset=utf-8' },
    signal: AbortSignal.timeout(1000),
  });
  const said: unknown = await answer.json();
  if (answer.status !== 200 || !isObject(said) || said['challenge'] !== challenge)
    throw new Error(`${url} did not answer the challenge: ${answer.status}.`);
}
