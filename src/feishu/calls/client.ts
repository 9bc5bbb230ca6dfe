import type { Client } from '@larksuiteoapi/node-sdk';
import type { CallMeter, Chance, Clock, Log } from '../../run/ports.ts';
import { CallError, type Failure } from '../../sync/words/failure.ts';
import { backoff } from '../../sync/words/limits.ts';
import { problem } from '../../sync/words/problem.ts';
import type { WebProxy } from '../../sync/words/web-address.ts';
import { tells } from './codes.ts';
import { failureOf, isSuccess, odd, silenceOf, wrongCredentials } from './failure.ts';
import {
  type CallOptions,
  callOptions,
  type Http,
  type HttpCall,
  http,
  LoggerLevel,
  type Passage,
  Client as Sdk,
  sdkHttp,
  shape,
  silent,
  words,
} from './http.ts';

/** What a call is counted as, and how long it may take. */
export type CallKind = 'read' | 'write' | 'chat';

/** One call's circumstances. */
export interface CallSpec extends Pick<HttpCall, 'mayGo'> {
  readonly kind: CallKind;
  readonly meter: CallMeter;
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds that it may take; as is usual for its kind when not given. */
  readonly timeout?: number | undefined;
  /** JSON that is sent in place of what the SDK's method is given. */
  readonly body?: Buffer;
}

/** The self-built app, and the way to it. */
export interface FeishuApp {
  /** `cli_` and 16 hex digits. */
  readonly id: string;
  readonly secret: string;
  /** Origin without a slash at the end, such as `https://open.feishu.cn`. */
  readonly domain: string;
  /** What leads there; straight when not given. */
  readonly proxy?: WebProxy | undefined;
}

/** What the parts of this folder need of the app. */
export interface ClientSettings {
  readonly app: FeishuApp;
  readonly log: Log;
  readonly clock: Clock;
  readonly chance: Pick<Chance, 'random'>;
  /** The transport; its own one when not given. */
  readonly http?: Http;
  /** Told of every call that failed. */
  readonly onFailure?: (failure: Failure) => void;
}

/** Calls one method of the SDK and hands the options on to it. */
export type CallFn<T> = (sdk: Client, options: CallOptions) => Promise<T>;

/** The app at Feishu: every call to Feishu goes through here. */
export interface FeishuClient {
  readonly domain: string;
  readonly log: Log;
  readonly clock: Clock;
  readonly http: Http;
  /** Makes a {@link call} that may be repeated as it is, and waits through throttling and passing faults. */
  again<T>(spec: CallSpec, fn: CallFn<T>, limits?: Limits): Promise<T>;
  /**
   * Makes one call: one request, with a token, counted; twice when the token was refused.
   * Resolves with what the SDK's method answered, once Feishu has said that all is well (code 0).
   * Rejects with `CallError`, with `ProblemError` when Feishu refuses the app's credentials, or with the signal's reason.
   */
  call<T>(spec: CallSpec, fn: CallFn<T>): Promise<T>;
  /** Asks for a token, whether one is held or not: that one outlives its secret. Rejects as {@link call} does. */
  prove(meter: CallMeter): Promise<void>;
  /** What Feishu's clocks show (ms), by the `Date` of its last answer; this machine's time before the first. */
  time(): number;
  /** Closes the connections; calls in flight are rejected. */
  stop(): void;
}

const timeouts: Readonly<Record<CallKind, number>> = { read: 30_000, write: 60_000, chat: 30_000 };

/** Connects the SDK to our transport, token keeper and errors. */
export function feishuClient(settings: ClientSettings): FeishuClient {
  const { app, log, clock, chance } = settings;
  const { attempt, ...rest } = attempts(settings, settings.http ?? http(app.proxy && { proxy: app.proxy }));
  const fetch = (meter: CallMeter): Promise<Token> => fetchToken(attempt, app, meter);
  const tokens = tokenKeeper(fetch, clock);
  const patient = patience(clock, chance);

  const call = async <T>(spec: CallSpec, fn: CallFn<T>): Promise<T> => {
    const token = await tokens.current(spec.meter);
    try {
      return await attempt(spec, token, fn);
    } catch (error) {
      if (!(error instanceof CallError) || tells(error.failure) !== 'token') throw error;
      tokens.drop(token);
      log.info('token.renewed', { code: error.failure.code });
    }
    return attempt(spec, await tokens.current(spec.meter), fn);
  };

  return {
    ...{ domain: app.domain, log, clock, call, ...rest },
    again: (spec, fn, limits = readLimits) => patient(limits, spec.signal, () => call(spec, fn)),
    prove: async (meter) => {
      await fetch(meter);
    },
  };
}

/** Carries a call out once and counts it. */
type Attempt = <T>(spec: CallSpec, token: string | undefined, fn: CallFn<T>) => Promise<T>;

function attempts(
  { app, log, clock, onFailure }: ClientSettings,
  transport: Http,
): Pick<FeishuClient, 'http' | 'time' | 'stop'> & { readonly attempt: Attempt } {
  let isStopped = false;
  /** How far (ms) Feishu's clocks are ahead of this machine's. */
  let ahead = 0;
  const sdk = new Sdk({
    ...{ appId: app.id, appSecret: app.secret, domain: app.domain },
    httpInstance: sdkHttp(transport),
    // Its own token cache belongs to the whole process and cannot forget a token that was refused.
    disableTokenCache: true,
    logger: silent,
    loggerLevel: LoggerLevel.error,
  });
  const throwIfOver = (signal: AbortSignal | undefined): void => {
    signal?.throwIfAborted();
    if (isStopped) throw new Error('The client of Feishu was stopped.');
  };
  const attempt: Attempt = async (spec, token, fn) => {
    throwIfOver(spec.signal);
    const way: Passage = { ...spec, timeout: spec.timeout ?? timeouts[spec.kind] };
    let failure: Failure | undefined;
    try {
      const [came] = await Promise.allSettled([fn(sdk, callOptions(way, token))]);
      const isGivenUp = isStopped || way.silence?.why === 'aborted';
      if (!way.silence || !isGivenUp) failure = failureIn(way, spec.kind !== 'read');
      if (failure)
        throw new CallError(failure, came.status === 'rejected' ? { cause: stripped(came.reason) } : {});
      throwIfOver(spec.signal);
      if (came.status === 'rejected') throw came.reason;
      return came.value;
    } finally {
      const date = Date.parse(way.answer?.headers['date'] ?? '');
      if (!Number.isNaN(date)) ahead = date - clock.now();
      if (way.started) spec.meter.count(failure?.verdict === 'wait' ? 'refused' : spec.kind);
      if (failure) {
        const { how, code, verdict, status, logId } = failure;
        log.debug('call.failed', { how, code, verdict, status, logId });
        onFailure?.(failure);
      }
      // What the SDK makes for each call holds on to its options until the next full garbage collection: a whole read
      // of a table would wait there in memory, page by page.
      way.answer = undefined;
    }
  };
  return {
    ...{ attempt, http: transport, time: () => clock.now() + ahead },
    stop: () => {
      isStopped = true;
      transport.stop();
    },
  };
}

function failureIn({ silence, answer }: Passage, write: boolean): Failure | undefined {
  if (silence) return silenceOf(silence, write);
  return answer && !isSuccess(answer) ? failureOf(answer, write) : undefined;
}

// The SDK's errors hold the request and the answer; the chain of causes reaches logs.
const stripped = (error: unknown): Error => new Error(error instanceof Error ? error.name : 'failed');

/** A tenant access token as Feishu gives it out. */
interface Token {
  readonly value: string;
  /** Milliseconds that it still lives. */
  readonly lifetime: number;
}

/** Asks for a token. Whoever asks first fetches for all: its signal must not take the token from the others. */
async function fetchToken(attempt: Attempt, { id, secret }: FeishuApp, meter: CallMeter): Promise<Token> {
  try {
    const data = { app_id: id, app_secret: secret };
    const answer = await attempt({ kind: 'read', meter }, undefined, (client, options) =>
      client.auth.v3.tenantAccessToken.internal({ data }, options),
    );
    const body = shape(answer);
    const value = words(body?.['tenant_access_token']);
    const seconds = Number(body?.['expire']);
    if (value === undefined || !(seconds > 0))
      throw odd('the token endpoint answered without a token', 'round');
    return { value, lifetime: seconds * 1000 };
  } catch (error) {
    if (!(error instanceof CallError)) throw error;
    if (tells(error.failure) === 'app') throw problem(wrongCredentials(error.failure), { cause: error });
    // The call that needed the token was not made.
    throw new CallError({ ...error.failure, mayHaveHappened: false }, { cause: error });
  }
}

/**
 * Feishu gives a new token once less than 30 minutes are left and lets both live to their end, so that a token is
 * never renewed too early. https://open.feishu.cn/document/server-docs/authentication-management/access-token/tenant_access_token_internal
 */
const margin = 10 * 60_000;

/** Keeps the one token of an app; several calls at once fetch one together. */
function tokenKeeper(fetch: (meter: CallMeter) => Promise<Token>, clock: Clock) {
  let held: { readonly value: string; readonly until: number } | undefined;
  let fetching: Promise<string> | undefined;
  const renew = async (meter: CallMeter): Promise<string> => {
    try {
      const asked = clock.monotonic();
      const { value, lifetime } = await fetch(meter);
      // A short life is used to its half: a token of a minute is not fetched for every call.
      held = { value, until: asked + Math.max(lifetime - margin, lifetime / 2) };
      return value;
    } finally {
      fetching = undefined;
    }
  };
  return {
    current: async (meter: CallMeter): Promise<string> => {
      if (held && clock.monotonic() < held.until) return held.value;
      fetching ??= renew(meter);
      return fetching;
    },
    /** Forgets a token that Feishu refused, unless a newer one has taken its place. */
    drop: (value: string): void => {
      if (held?.value === value) held = undefined;
    },
  };
}

/** How long a read or a message is tried again. */
interface Limits {
  /** Milliseconds of waiting in all, for throttling and conflicts. */
  readonly waitFor: number;
  /** Calls in all, when passing faults answer them. */
  readonly tries: number;
}

/** Whole reads: as long as a person would wait. */
export const readLimits: Limits = { waitFor: 5 * 60_000, tries: 4 };
/** Cards: an old picture is worth little, the next one is on its way. */
export const chatLimits: Limits = { waitFor: 60_000, tries: 4 };

/** Pauses grow from 1 s, doubling up to 30 s, a quarter up or down by chance; a pause that Feishu asks for goes first. */
export const pauseFor = ({ retryAfter }: Failure, before: number, random: number): number =>
  Math.round(
    retryAfter === undefined ? backoff(before, 1000, 30_000, 0.75 + random / 2) : retryAfter + random * 500,
  );

/** Makes what calls again while calls are throttled or meet passing faults; it rejects with the last failure. */
export function patience(clock: Clock, chance: Pick<Chance, 'random'>) {
  return async <T>(
    { waitFor, tries }: Limits,
    signal: AbortSignal | undefined,
    call: () => Promise<T>,
  ): Promise<T> => {
    const before = { wait: 0, round: 0 };
    let waited = 0;
    for (;;) {
      try {
        return await call();
      } catch (error) {
        if (!(error instanceof CallError)) throw error;
        const { failure } = error;
        const { verdict } = failure;
        if (verdict !== 'wait' && verdict !== 'round') throw error;
        const pause = pauseFor(failure, before[verdict], chance.random());
        before[verdict] += 1;
        waited += pause;
        if (before.round >= tries || waited > waitFor) throw error;
        await clock.sleep(pause, signal);
      }
    }
  };
}
