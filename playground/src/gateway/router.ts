import type { Rate } from './rates.ts';
import type { Reply } from './reply.ts';

/** A request that belongs to a route. */
export interface Request {
  /** Counts requests in the order of their arrival, from 1. */
  readonly id: number;
  readonly route: Route;
  readonly method: string;
  readonly path: string;
  readonly params: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly raw: Buffer;
  /** The body as JSON, parsed once; throws 1254000 when it is none. An empty body is `{}`. */
  body(): unknown;
}

/**
 * Answers a request, or throws a `Refusal`. `pace` waits for the configured latency, once; a handler that must hold
 * something meanwhile calls it itself.
 */
export type Handle = (request: Request, pace: (rows: number) => Promise<void>) => Promise<Reply> | Reply;

/** One endpoint with what answers it. */
export interface Route {
  /** Short name, such as `records.search`. */
  readonly name: string;
  readonly method: string;
  /** Path with `:name` for its parts. */
  readonly path: string;
  /** False for the few calls that need no token. */
  readonly business: boolean;
  /** True when it changes records or fields. */
  readonly write: boolean;
  readonly rate: Rate | undefined;
  /** Any one of these scopes is enough. */
  readonly scopes: readonly string[];
  readonly handle: Handle;
}

/** A route with the parts of the path it was found with. */
export interface Match {
  readonly route: Route;
  readonly params: Readonly<Record<string, string>>;
}

function matchPath(pattern: readonly string[], parts: readonly string[]): Record<string, string> | undefined {
  if (pattern.length !== parts.length) return undefined;
  const params: Record<string, string> = {};
  for (const [at, wanted] of pattern.entries()) {
    const part = parts[at] ?? '';
    if (wanted.startsWith(':')) params[wanted.slice(1)] = decodeURIComponent(part);
    else if (wanted !== part) return undefined;
  }
  return params;
}

/** Finds routes by method and path; fixed words win over `:name` when they stand first in the list. */
export function newRouter(routes: readonly Route[]): (method: string, path: string) => Match | undefined {
  const split = routes.map((route) => ({ route, pattern: route.path.split('/') }));
  return (method, path) => {
    const parts = path.split('/');
    for (const { route, pattern } of split) {
      if (route.method !== method) continue;
      const params = matchPath(pattern, parts);
      if (params) return { route, params };
    }
    return undefined;
  };
}
