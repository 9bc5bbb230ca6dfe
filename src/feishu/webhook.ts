import type { IncomingMessage } from 'node:http';
import type { Context, Middleware } from 'koa';
import type { Clock, Log } from '../run/ports.ts';
import type { Receipt, Receiver } from './receive.ts';
import { recent } from './recent.ts';
import { type Keys, keyring, openPost } from './sealed.ts';
import { seldom } from './seldom.ts';

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
  const known = recent(remembered);
  const warn = seldom(parts);

  const isKnown = (ids: readonly string[]): boolean => {
    const seen = ids.some((id) => known.has(id));
    for (const id of ids) known.add(id);
    return seen;
  };

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
