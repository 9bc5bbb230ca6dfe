import { createDecipheriv, createHash, timingSafeEqual } from 'node:crypto';
import { type Shape, shape, words } from './shape.ts';

/** What the console's page Events & Callbacks, tab Encryption Strategy, holds. */
export interface Keys {
  readonly encryptKey: string;
  readonly verificationToken: string;
}

/** The keys as they are needed for each POST. */
export interface Keyring extends Keys {
  /** The SHA-256 of the Encrypt Key. */
  readonly aes: Buffer;
}

/** Prepares keys once for all POSTs. */
export const keyring = (keys: Keys): Keyring => ({
  encryptKey: keys.encryptKey,
  verificationToken: keys.verificationToken,
  aes: createHash('sha256').update(keys.encryptKey).digest(),
});

/** One POST of Feishu, as it came in. */
export interface Post {
  /** The bytes as they are: the signature is over them. */
  readonly body: Buffer;
  /** Values of `X-Lark-Request-Timestamp`, `X-Lark-Request-Nonce` and `X-Lark-Signature`; empty when missing. */
  readonly timestamp: string;
  readonly nonce: string;
  readonly signature: string;
}

/** What a POST turned out to be. */
export type Opened =
  /** The address is being saved in the console: to be answered with the challenge. */
  | { readonly kind: 'challenge'; readonly challenge: string }
  | { readonly kind: 'event'; readonly type: string; readonly id: string; readonly payload: Shape }
  | { readonly kind: 'refused'; readonly status: 400 | 401; readonly why: string };

/**
 * Opens a POST: checks signature, age and token, and decrypts it. Feishu sets no limit to the age; the window must
 * cover its redeliveries, the last of which comes six hours after the event. Never throws.
 * https://open.feishu.cn/document/ukTMukTMukTM/uYDNxYjL2QTM24iN0EjN/event-subscription-configure-/encrypt-key-encryption-configuration-case
 * @param now seconds since the epoch
 * @param window seconds that the timestamp may be away from now
 */
export function openPost(post: Post, keys: Keyring, now: number, window: number): Opened {
  // Nothing that a stranger sends is read before the signature has said that it is no stranger's.
  const isSigned = post.signature !== '';
  if (isSigned && !same(signatureOf(post, keys.encryptKey), post.signature))
    return refused('wrong-signature');
  const outer = parsed(post.body.toString('utf8'));
  if (outer === undefined) return { kind: 'refused', status: 400, why: 'no-json' };
  const sealed = words(shape(outer)?.['encrypt']);
  if (sealed === undefined) return refused('not-encrypted');
  const inner = shape(parsed(decrypted(sealed, keys.aes)));
  if (!inner) return refused('wrong-key');
  // The check of the address is the only POST that Feishu does not sign; nothing but the challenge comes of it.
  if (inner['type'] === 'url_verification') {
    const challenge = words(inner['challenge']);
    if (challenge === undefined || !isToken(inner['token'], keys)) return refused('wrong-token');
    return { kind: 'challenge', challenge };
  }
  if (!isSigned) return refused('not-signed');
  const at = /^\d{1,12}$/.test(post.timestamp) ? Number(post.timestamp) : Number.NaN;
  if (!(Math.abs(now - at) <= window)) return refused('too-old');
  const header = shape(inner['header']);
  if (!isToken(header?.['token'], keys)) return refused('wrong-token');
  const id = words(header?.['event_id']);
  const type = words(header?.['event_type']);
  if (id === undefined || type === undefined) return { kind: 'refused', status: 400, why: 'no-event' };
  return { kind: 'event', type, id, payload: inner };
}

/** Hex SHA-256 over timestamp, nonce, key and the body as it was sent. */
export function signatureOf({ timestamp, nonce, body }: Omit<Post, 'signature'>, encryptKey: string): string {
  return createHash('sha256').update(`${timestamp}${nonce}${encryptKey}`).update(body).digest('hex');
}

const refused = (why: string): Opened => ({ kind: 'refused', status: 401, why });

const isToken = (value: unknown, keys: Keys): boolean =>
  typeof value === 'string' && same(value, keys.verificationToken);

/** Compares in a time that tells nothing of where two texts differ; how long they are is no secret. */
function same(one: string, other: string): boolean {
  const [a, b] = [Buffer.from(one), Buffer.from(other)];
  return a.length === b.length && timingSafeEqual(a, b);
}

/** Decrypts AES-256-CBC, the first 16 bytes being the IV; empty when it is not so. @param key see {@link Keyring} */
export function decrypted(sealed: string, key: Buffer): string {
  const bytes = Buffer.from(sealed, 'base64');
  try {
    const cipher = createDecipheriv('aes-256-cbc', key, bytes.subarray(0, 16));
    return Buffer.concat([cipher.update(bytes.subarray(16)), cipher.final()]).toString('utf8');
  } catch {
    return '';
  }
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json) as unknown;
  } catch {
    return undefined;
  }
}
