import { isObject } from '../bitable/values/kind.ts';
import type { World } from '../world.ts';
import { bare, Refusal, type Reply } from './reply.ts';

/** Gives out and checks tenant access tokens. */
export interface Tokens {
  /** Answers `POST /open-apis/auth/v3/tenant_access_token/internal`. */
  issue(body: unknown): Reply;
  /** Throws when the `Authorization` header is not good for a call. */
  check(authorization: string | undefined): void;
  /** Ends all tokens at once, as if they had been revoked. */
  revoke(): void;
}

/** While this much is left the same token is given again. */
const renewBelow = 30 * 60_000;

/**
 * https://open.feishu.cn/document/server-docs/authentication-management/access-token/tenant_access_token_internal:
 * the same token while 30 minutes or more are left, afterwards a new one; the old one lives on to its own end.
 */
export function newTokens(world: World): Tokens {
  const ends = new Map<string, number>();
  let latest = '';
  const current = (): string => {
    const now = world.now();
    if ((ends.get(latest) ?? 0) - now >= renewBelow) return latest;
    for (const [token, end] of ends) if (end <= now) ends.delete(token);
    latest = `t-${world.random.text(40)}`;
    ends.set(latest, now + world.limits.tokenMs);
    return latest;
  };
  return {
    issue: (body) => {
      const id = isObject(body) ? body['app_id'] : undefined;
      const secret = isObject(body) ? body['app_secret'] : undefined;
      if (id !== world.appId || typeof secret !== 'string') {
        return bare({ code: 10003, msg: 'invalid param', data: {} });
      }
      if (!world.appEnabled) return bare({ code: 10014, msg: 'app is disabled' });
      if (secret !== world.appSecret) return bare({ code: 10015, msg: 'app secret invalid' });
      const token = current();
      const left = Math.max(0, Math.floor(((ends.get(token) ?? 0) - world.now()) / 1000));
      return bare({ code: 0, msg: 'ok', tenant_access_token: token, expire: left });
    },
    check: (authorization) => {
      const token = /^Bearer (.+)$/.exec(authorization ?? '')?.[1];
      if (token === undefined) throw new Refusal(99991661);
      if (!token.startsWith('t-') && !token.startsWith('u-')) throw new Refusal(99991671);
      if (token.startsWith('u-')) throw new Refusal(99991668);
      if ((ends.get(token) ?? 0) <= world.now()) throw new Refusal(99991663);
      if (!world.appEnabled) throw new Refusal(99991673);
    },
    revoke: () => {
      ends.clear();
      latest = '';
    },
  };
}
