import { createHash } from 'node:crypto';
import { Refusal } from '../gateway/reply.ts';
import type { World } from '../world.ts';

/** What a token stands for: a call still running, or the records it made. */
type Entry =
  | { readonly kind: 'running'; readonly content: string }
  | { readonly kind: 'done'; readonly content: string; readonly ids: readonly string[]; readonly at: number };

/** One use of a token by one call. */
export interface TokenUse {
  /** The ids that the first call with this token made, when it is done. */
  readonly replay: readonly string[] | undefined;
  done(ids: readonly string[]): void;
  failed(): void;
}

/** Remembers `client_token`s. */
export interface ClientTokens {
  /** Starts a call. Throws 1254037, 1255006 or 1254608. */
  use(scope: string, token: string, body: Buffer): TokenUse;
  reset(): void;
}

const uuid4 = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/i;

const unused: TokenUse = { replay: undefined, done: () => undefined, failed: () => undefined };

/**
 * A repeated token gives the first result again, also while another write runs
 * (https://open.feishu.cn/document/server-docs/docs/bitable-v1/app-table-record/batch_create).
 */
export function newClientTokens(world: World): ClientTokens {
  const entries = new Map<string, Entry>();
  const alive = (key: string): Entry | undefined => {
    const entry = entries.get(key);
    if (entry?.kind === 'done' && entry.at + world.limits.clientTokenMs <= world.now()) {
      entries.delete(key);
      return undefined;
    }
    return entry;
  };
  return {
    use: (scope, token, body) => {
      if (token === '') return unused;
      if (!uuid4.test(token)) throw new Refusal(1254037);
      const key = `${scope} ${token.toLowerCase()}`;
      const content = createHash('sha1').update(body).digest('base64');
      const entry = alive(key);
      if (entry && entry.content !== content) throw new Refusal(1255006);
      if (entry?.kind === 'running') throw new Refusal(1254608);
      if (entry) return { ...unused, replay: entry.ids };
      entries.set(key, { kind: 'running', content });
      return {
        replay: undefined,
        done: (ids) => entries.set(key, { kind: 'done', content, ids, at: world.now() }),
        failed: () => entries.delete(key),
      };
    },
    reset: () => entries.clear(),
  };
}
