import type { Clock } from '../run/ports.ts';

/** A tenant access token as Feishu gives it out. */
export interface Token {
  readonly value: string;
  /** Milliseconds that it still lives. */
  readonly lifetime: number;
}

/** Keeps the one token of an app. */
export interface Tokens {
  /** The token in force. `fetch` is used when there is none; several calls at once fetch one together. */
  current(fetch: () => Promise<Token>): Promise<string>;
  /** Forgets a token that Feishu refused, unless a newer one has taken its place. */
  drop(value: string): void;
}

/**
 * Feishu gives a new token once less than 30 minutes are left and lets both live to their end, so that a token is
 * never renewed too early. https://open.feishu.cn/document/server-docs/authentication-management/access-token/tenant_access_token_internal
 */
const margin = 10 * 60_000;

/** Makes {@link Tokens} that hold none yet. */
export function tokens(clock: Clock): Tokens {
  let held: { readonly value: string; readonly until: number } | undefined;
  let fetching: Promise<string> | undefined;

  const renew = async (fetch: () => Promise<Token>): Promise<string> => {
    try {
      const asked = clock.monotonic();
      const token = await fetch();
      // A short life is used to its half: a token of a minute is not fetched for every call.
      held = { value: token.value, until: asked + Math.max(token.lifetime - margin, token.lifetime / 2) };
      return token.value;
    } finally {
      fetching = undefined;
    }
  };

  return {
    current: async (fetch) => {
      if (held && clock.monotonic() < held.until) return held.value;
      fetching ??= renew(fetch);
      return fetching;
    },
    drop: (value) => {
      if (held?.value === value) held = undefined;
    },
  };
}
