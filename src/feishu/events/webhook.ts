import { createDecipheriv, createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Context, Middleware } from 'koa';
import type { Clock, Log } from '../../run/ports.ts';
import { parsed, type Shape, shape, words } from '../calls/http.ts';
import { type Receipt, type Receiver, seldom } from './events.ts';

/** How POSTs of Feishu are told from everybody else's. */
export interface WebhookSettings extends Keys {
  /** Seconds that the time in a request may be away from ours. */
  readonly window: number;
}

/** What the webhook works with. */
export interface WebhookParts extends WebhookSettings {
  readonly receiver: Receiver;
  readonly clock: Pick<Clock, 'now'>;
  readonly log: Log;
}

/** Where Feishu sends events and the presses on cards. */
export const webhookPath = '/webhook/event';

/** Bytes of a signed body, at most: events of Feishu have a few thousand, and a message at most 150 KB of text. */
const largest = 256 * 1024;
/** Bytes of a body without a signature, at most. Only the check of the address comes so, in some hundred bytes. */
const largestUnsigned = 4 * 1024;
/** IDs that are known without asking the store; the store knows all that had an effect. */
const remembered = 50_000;

/**
 * Takes events and card callbacks by HTTP; both ends in the same place as those of the long connection. Only what
 * Feishu signed and encrypted with our keys has an effect, once. The SDK's own adapters are not used: without a key
 * they take anything, they answer a wrong signature with 200, and they set no limit to size or age.
 * https://open.feishu.cn/document/ukTMukTMukTM/uYDNxYjL2QTM24iN0EjN/event-subscription-configure-/choose-a-subscription-mode/send-notifications-to-developers-server
 */
export function webhook(parts: WebhookParts): Middleware {
  const { receiver, clock, window } = parts;
  const keys = keyring(parts);
  const isKnown = memory(remembered);
  const warn = seldom(parts);

  return async (context, next) => {
    if (context.path !== webhookPath || context.method !== 'POST') return next();
    const signature = context.get('X-Lark-Signature');
    const body = await bodyOf(context.req, signature === '' ? largestUnsigned : largest);
    if (!body) {
      warn('webhook.refused', { why: 'too-large' });
      return tooLarge(context);
    }
    const nonce = context.get('X-Lark-Request-Nonce');
    const timestamp = context.get('X-Lark-Request-Timestamp');
    const opened = openPost({ body, timestamp, nonce, signature }, keys, clock.now() / 1000, window);
    if (opened.kind === 'refused') {
      warn('webhook.refused', { why: opened.why });
      context.status = opened.status;
      context.body = { error: opened.why };
      return;
    }
    if (opened.kind === 'challenge') {
      context.body = { challenge: opened.challenge };
      return;
    }
    const { id, type, payload } = opened;
    const ids = nonce === '' ? [`event:${id}`] : [`event:${id}`, `nonce:${nonce}`];
    const nothing: Receipt = {};
    context.body = isKnown(ids) ? nothing : await receiver.receive(type, payload, nonce || undefined);
  };
}

/** The body's bytes; undefined when there are too many. */
function bodyOf(request: IncomingMessage, most: number): Promise<Buffer | undefined> {
  if (Number(request.headers['content-length'] ?? 0) > most) return Promise.resolve(undefined);
  return new Promise((resolve, reject) => {
    const parts: Buffer[] = [];
    let size = 0;
    // What comes after too much is let go by; the line stays, for the answer goes out on it.
    request.on('data', (part: Buffer) => {
      size += part.length;
      if (size > most) resolve(undefined);
      else parts.push(part);
    });
    request.once('end', () => resolve(parts.length === 1 ? parts[0] : Buffer.concat(parts)));
    request.once('error', reject);
    request.once('close', () => {
      if (!request.complete) reject(new Error('the request was cut off'));
    });
  });
}

/** Refuses, and lets the rest of the body go by unread. */
function tooLarge(context: Context): void {
  context.status = 413;
  context.set('Connection', 'close');
  context.body = { error: 'too-large' };
  context.req.resume();
}

/** What the console's page Events & Callbacks, tab Encryption Strategy, holds. */
interface Keys {
  readonly encryptKey: string;
  readonly verificationToken: string;
}

/** The keys as they are needed for each POST. */
interface Keyring extends Keys {
  /** The SHA-256 of the Encrypt Key. */
  readonly aes: Buffer;
}

/** Prepares keys once for all POSTs. */
export const keyring = (keys: Keys): Keyring => ({
  ...keys,
  aes: createHash('sha256').update(keys.encryptKey).digest(),
});

/** One POST of Feishu, as it came in. */
interface Post {
  /** The bytes as they are: the signature is over them. */
  readonly body: Buffer;
  /** Values of `X-Lark-Request-Timestamp`, `X-Lark-Request-Nonce` and `X-Lark-Signature`; empty when missing. */
  readonly timestamp: string;
  readonly nonce: string;
  readonly signature: string;
}

/** What a POST turned out to be. */
type Opened =
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
function openPost(post: Post, keys: Keyring, now: number, window: number): Opened {
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

/** Returns whether any of the IDs was shown to it before; it knows the newest ones, `least` or up to twice as many. */
function memory(least: number): (ids: readonly string[]) => boolean {
  let young = new Set<string>();
  let old = new Set<string>();
  return (ids) => {
    const isKnown = ids.some((id) => young.has(id) || old.has(id));
    for (const id of ids) young.add(id);
    if (young.size >= least) [old, young] = [young, new Set()];
    return isKnown;
  };
}
