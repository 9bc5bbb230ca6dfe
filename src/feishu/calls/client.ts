import { setMaxListeners } from 'node:events';
import type { Client } from '@larksuiteoapi/node-sdk';
import type { CallMeter, Chance, Clock, Log } from '../../run/ports.ts';
import { lineOf, type ProductLine } from '../../sync/definition/address.ts';
import { CallError, type Failure } from '../../sync/words/failure.ts';
import { type Problem, problem } from '../../sync/words/problem.ts';
import type { WebProxy } from '../../sync/words/proxy.ts';
import { text } from '../../sync/words/text.ts';
import { credentialCodes, tokenCodes } from './codes.ts';
import { cures } from './cures.ts';
import { codeOf, failureOf, odd, silenceOf } from './failure.ts';
import { type Http, type HttpCall, http } from './http.ts';
import { type Limits, patience, readLimits } from './patience.ts';
import {
  type CallOptions,
  callOptions,
  LoggerLevel,
  type Passage,
  passage,
  Client as SdkClient,
  sdkHttp,
} from './sdk.ts';
import { shape, words } from './shape.ts';

/** What a call is counted as, and how long it may take. */
export type CallKind = 'read' | 'write' | 'chat';

/** One call's circumstances. */
export interface CallSpec {
  readonly kind: CallKind;
  readonly meter: CallMeter;
  readonly signal?: AbortSignal;
  /** Milliseconds that it may take; as is usual for its kind when not given. */
  readonly timeout?: number;
  /** JSON that is sent in place of what the SDK's method is given. */
  readonly body?: Buffer;
  /** See {@link HttpCall}. */
  readonly mayGo?: HttpCall['mayGo'];
}

/** What the parts of this folder need of the app. */
export interface ClientSettings {
  /** `cli_` and 16 hex digits. */
  readonly appId: string;
  readonly appSecret: string;
  /** Origin without a slash at the end, such as `https://open.feishu.cn`. */
  readonly domain: string;
  readonly log: Log;
  readonly clock: Clock;
  readonly chance: Pick<Chance, 'random'>;
  /** What leads there; straight when not given. */
  readonly proxy?: WebProxy | undefined;
  /** The transport; its own one when not given. */
  readonly http?: Http;
  /** Told of every call that failed. */
  readonly onFailure?: (failure: Failure) => void;
}

/** Calls one method of the SDK and hands the options on to it. */
export type CallFn<T> = (sdk: Client, options: CallOptions) => Promise<T>;

/** The app at Feishu: every call to Feishu goes through here. */
export interface FeishuClient {
  readonly appId: string;
  readonly domain: string;
  readonly line: ProductLine;
  readonly log: Log;
  readonly http: Http;
  /** Makes a {@link call} that may be repeated as it is, and waits through throttling and passing faults. */
  again<T>(spec: CallSpec, fn: CallFn<T>, limits?: Limits): Promise<T>;
  /**
   * Makes one call: one request, with a token, counted; twice when the token was refused.
   * Resolves with what the SDK's method answered, once Feishu has said that all is well (code 0).
   * Rejects with `CallError`, with `ProblemError` when Feishu refuses the app's credentials, or with the signal's reason.
   */
  call<T>(spec: CallSpec, fn: CallFn<T>): Promise<T>;
  /**
   * Asks Feishu for a token, whether one is held or not. Rejects as {@link call} does when there is none to be had: a
   * token that is held outlives the secret that it was given out for.
   */
  prove(meter: CallMeter): Promise<void>;
  /** What Feishu's clocks show (ms), by the `Date` of its last answer; this machine's time before the first. */
  time(): number;
  /** Closes the connections; calls in flight are rejected. */
  stop(): void;
}

const timeouts: Readonly<Record<CallKind, number>> = { read: 30_000, write: 60_000, chat: 30_000 };

// The SDK logs whole requests and answers, customer data included; what is worth telling is told here.
const silent = { error: ignore, warn: ignore, info: ignore, debug: ignore, trace: ignore };
function ignore(): void {}

/** Connects the SDK to our transport, token keeper and errors. */
export function feishuClient(settings: ClientSettings): FeishuClient {
  const { appId, domain, log, clock, chance } = settings;
  const transport = settings.http ?? http(settings.proxy && { proxy: settings.proxy });
  const stopping = new AbortController();
  // Each call that is on its way listens.
  setMaxListeners(0, stopping.signal);
  const { attempt, time } = attempts(settings, transport, stopping.signal);
  const keeper = tokens(clock);
  const currentToken = (meter: CallMeter): Promise<string> =>
    keeper.current(() => fetchToken(attempt, settings, meter));
  const patient = patience(clock, chance);

  const call = async <T>(spec: CallSpec, fn: CallFn<T>): Promise<T> => {
    const token = await currentToken(spec.meter);
    try {
      return await attempt(spec, token, fn);
    } catch (error) {
      const code = error instanceof CallError ? error.failure.code : null;
      if (code === null || !tokenCodes.has(code)) throw error;
      keeper.drop(token);
      log.info('token.renewed', { code });
    }
    return attempt(spec, await currentToken(spec.meter), fn);
  };

  return {
    ...{ appId, domain, log, http: transport, call, time },
    line: lineOf(new URL(domain).hostname) ?? 'feishu',
    again: (spec, fn, limits = readLimits) => patient(limits, spec.signal, () => call(spec, fn)),
    prove: async (meter) => {
      await fetchToken(attempt, settings, meter);
    },
    stop: () => {
      stopping.abort(new Error('The client of Feishu was stopped.'));
      transport.stop();
    },
  };
}

/** Carries a call out once and counts it. */
type Attempt = <T>(spec: CallSpec, token: string | undefined, fn: CallFn<T>) => Promise<T>;

function attempts(
  { appId, appSecret, domain, log, clock, onFailure }: ClientSettings,
  transport: Http,
  stopping: AbortSignal,
): { readonly attempt: Attempt; time(): number } {
  /** How far (ms) Feishu's clocks are ahead of this machine's. */
  let ahead = 0;
  const sdk = new SdkClient({
    ...{ appId, appSecret, domain },
    httpInstance: sdkHttp(transport),
    // Its own token cache belongs to the whole process and cannot forget a token that was refused.
    disableTokenCache: true,
    logger: silent,
    loggerLevel: LoggerLevel.error,
  });
  return {
    time: () => clock.now() + ahead,
    attempt: async (spec, token, fn) => {
      spec.signal?.throwIfAborted();
      stopping.throwIfAborted();
      const both = linked(spec.signal, stopping);
      const way = passage(spec.timeout ?? timeouts[spec.kind], both.signal, spec);
      let failure: Failure | undefined;
      try {
        const [value, error] = await outcome(fn(sdk, callOptions(way, token)));
        failure = failureIn(way, spec.kind !== 'read');
        if (failure) throw new CallError(failure, error === undefined ? {} : { cause: stripped(error) });
        both.signal.throwIfAborted();
        return value();
      } finally {
        both.unlink();
        const date = Date.parse(way.answer?.headers['date'] ?? '');
        if (!Number.isNaN(date)) ahead = date - clock.now();
        if (way.started) spec.meter.count(failure?.verdict === 'wait' ? 'refused' : spec.kind);
        if (failure) {
          log.debug('call.failed', facts(failure));
          onFailure?.(failure);
        }
        // What the SDK makes for each call holds on to its options until the next full garbage collection: a whole read
        // of a table would wait there in memory, page by page.
        way.answer = undefined;
      }
    },
  };
}

/** Asks for a token. Whoever asks first fetches for all: its signal must not take the token from the others. */
async function fetchToken(
  attempt: Attempt,
  { appId, appSecret }: Pick<ClientSettings, 'appId' | 'appSecret'>,
  meter: CallMeter,
): Promise<Token> {
  try {
    const data = { app_id: appId, app_secret: appSecret };
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
    if (error.failure.code !== null && credentialCodes.has(error.failure.code))
      throw problem(wrongCredentials(error.failure), { cause: error });
    // The call that needed the token was not made.
    throw new CallError({ ...error.failure, mayHaveHappened: false }, { cause: error });
  }
}

/** What became of a promise: how to get its value (or throw), and what it was rejected with. */
async function outcome<T>(promise: Promise<T>): Promise<readonly [value: () => T, error: unknown]> {
  try {
    const value = await promise;
    return [() => value, undefined];
  } catch (error) {
    return [
      () => {
        throw error instanceof Error ? error : new Error('A method of the SDK failed.');
      },
      error,
    ];
  }
}

function failureIn(way: Passage, write: boolean): Failure | undefined {
  if (way.silence) return way.silence.why === 'aborted' ? undefined : silenceOf(way.silence, write);
  if (!way.answer) return undefined;
  const { status } = way.answer;
  return status >= 200 && status < 300 && codeOf(way.answer) === 0 ? undefined : failureOf(way.answer, write);
}

// The SDK's errors hold the request and the answer; the chain of causes reaches logs.
const stripped = (error: unknown): Error => new Error(error instanceof Error ? error.name : 'failed');

/** A signal that follows two others; `AbortSignal.any` would keep a listener on long-lived ones for every call. */
function linked(one: AbortSignal | undefined, other: AbortSignal) {
  const controller = new AbortController();
  const links = [one, other].flatMap((source) => {
    if (!source) return [];
    const follow = (): void => controller.abort(source.reason);
    source.addEventListener('abort', follow, { once: true });
    return [() => source.removeEventListener('abort', follow)];
  });
  const unlink = (): void => {
    for (const remove of links) remove();
  };
  return { signal: controller.signal, unlink };
}

const facts = (failure: Failure): Readonly<Record<string, unknown>> => ({
  how: failure.how,
  code: failure.code,
  verdict: failure.verdict,
  status: failure.status,
  logId: failure.logId,
});

function wrongCredentials(failure: Failure): Problem {
  const said = `${failure.code}: ${failure.message}`;
  const logId = failure.logId === undefined ? {} : { logId: failure.logId };
  const where = refusedSetting(failure);
  return where === undefined
    ? {
        ...{ code: 'app-not-available', where: 'FEISHU_APP_ID', cure: cures.enable, ...logId },
        message: text(
          `飞书说应用不可用（${said}）。`,
          `Feishu says that the app is not available (${said}).`,
        ),
      }
    : {
        ...{ code: 'wrong-credentials', where, cure: cures.credentials, ...logId },
        message: text(`飞书不认 ${where}（${said}）。`, `Feishu does not accept ${where} (${said}).`),
      };
}

/**
 * The setting that Feishu does not accept; undefined when the app itself cannot be used. The list of codes knows 10014
 * as the latter only, but a secret or an app ID that is wrong is answered with it too: its words tell which.
 * https://open.feishu.cn/document/server-docs/api-call-guide/generic-error-code
 */
function refusedSetting({ code, message }: Failure): string | undefined {
  if (code === 10015) return 'FEISHU_APP_SECRET';
  if (code !== 10014) return 'FEISHU_APP_ID / FEISHU_APP_SECRET';
  if (/secret/i.test(message)) return 'FEISHU_APP_SECRET';
  return /not exist/i.test(message) ? 'FEISHU_APP_ID' : undefined;
}

/** A tenant access token as Feishu gives it out. */
interface Token {
  readonly value: string;
  /** Milliseconds that it still lives. */
  readonly lifetime: number;
}

/** Keeps the one token of an app. */
interface Tokens {
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
function tokens(clock: Clock): Tokens {
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
