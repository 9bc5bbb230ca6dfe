import type { EventDispatcher as Dispatcher, HttpInstance } from '@larksuiteoapi/node-sdk';
import type { Chance, Clock, Log } from '../../run/ports.ts';
import { problemOf } from '../../sync/words/failure.ts';
import { backoff } from '../../sync/words/limits.ts';
import type { Problem } from '../../sync/words/problem.ts';
import { type Text, text } from '../../sync/words/text.ts';
import type { FeishuApp } from '../calls/client.ts';
import { silenceOf } from '../calls/failure.ts';
import {
  carry,
  EventDispatcher,
  type Http,
  LoggerLevel,
  NoAnswer,
  shape,
  silent,
  transport,
  WSClient,
} from '../calls/http.ts';
import { meanings, network, otherDomain } from '../calls/meanings.ts';
import { agents, type ProxyFault } from '../calls/tunnel.ts';
import type { Receiver } from './events.ts';

/** Where the long connection stands; `problem`: why the last try failed. */
export type ConnectionState =
  | { readonly kind: 'connected' }
  | { readonly kind: 'connecting'; readonly problem?: Problem }
  | { readonly kind: 'stopped' };

/** The door through which Feishu's events come in. */
export interface Connection {
  /** For readiness. */
  state(): ConnectionState;
  stop(): Promise<void>;
}

/** What a {@link Connection} works with. */
export interface ConnectionParts {
  readonly app: FeishuApp;
  /** Asks where the line leads; uses the app's proxy by itself. */
  readonly http: Http;
  readonly receiver: Receiver;
  readonly log: Log;
  readonly clock: Clock;
  readonly chance: Pick<Chance, 'random'>;
}

/** Milliseconds from start to an open connection before a try counts as failed. */
const openWithin = 20_000;
/** A connection that stood so long was a good one: the next pause is the shortest again. */
const goodAfter = 30_000;
const shortestPause = 1000;
const longestPause = 60_000;
/** How often an open connection is looked at: the SDK can fall idle without a word. */
const lookEvery = 30_000;
/** Seconds after a ping in which some frame must arrive; without it a dead line is never noticed. */
const pingTimeout = 10;

/**
 * Opens the long connection and keeps it: whenever the SDK's client gives up, falls silent or loses the line, it is
 * closed and a new one started after 1 s … 60 s.
 * https://open.feishu.cn/document/server-docs/event-subscription-guide/event-subscription-configure-/request-url-configuration-case
 */
export function longConnection(parts: ConnectionParts): Connection {
  const { log, clock, chance } = parts;
  const stopping = new AbortController();
  let state: ConnectionState = { kind: 'connecting' };

  const keep = async (): Promise<void> => {
    let failures = 0;
    for (;;) {
      const opened = clock.monotonic();
      const why = await session(parts, stopping.signal, () => {
        log.info('connection.opened');
        state = { kind: 'connected' };
      });
      if (stopping.signal.aborted) return;
      const wasGood = state.kind === 'connected' && clock.monotonic() - opened >= goodAfter;
      failures = wasGood ? 0 : failures + 1;
      const share = 0.5 + chance.random() / 2;
      const pause = Math.round(backoff(Math.max(failures - 1, 0), shortestPause, longestPause, share));
      state = { kind: 'connecting', problem: why };
      log.warn('connection.lost', { why: why.code, message: why.message.en, pause });
      await clock.sleep(pause, stopping.signal).catch(() => undefined);
    }
  };
  const kept = keep().catch((error: unknown) => {
    log.error('connection.given-up', { error: error instanceof Error ? error.message : 'unknown' });
  });

  return {
    state: () => state,
    stop: async () => {
      stopping.abort(new Error('The long connection was stopped.'));
      await kept;
      state = { kind: 'stopped' };
    },
  };
}

/** One client of the SDK from start to end. Resolves with why it ended, everything of it closed. */
function session(parts: ConnectionParts, stop: AbortSignal, ready: () => void): Promise<Problem> {
  const { app, receiver, log, clock } = parts;
  const over = new AbortController();
  return new Promise<Problem>((resolve) => {
    const end = (why: Problem): void => {
      resolve(why);
      over.abort();
    };
    stop.addEventListener('abort', () => end(lost), { once: true, signal: over.signal });
    const opened = new AbortController();
    over.signal.addEventListener('abort', () => opened.abort(), { once: true });
    clock.sleep(openWithin, opened.signal).then(
      () => end(notOpened),
      () => undefined,
    );
    const client = new WSClient({
      ...{ appId: app.id, appSecret: app.secret, domain: app.domain },
      httpInstance: asking(parts, over.signal, end),
      logger: discreet(log),
      loggerLevel: LoggerLevel.warn,
      ...agentFor(app, over.signal, end),
      handshakeTimeoutMs: 10_000,
      wsConfig: { pingTimeout },
      onReady: () => {
        opened.abort();
        ready();
        look().catch(() => undefined);
      },
      onReconnecting: () => end(lost),
      onError: () => end(lost),
    });
    const look = async (): Promise<void> => {
      do await clock.sleep(lookEvery, over.signal);
      while (client.getConnectionStatus().state === 'connected');
      end(lost);
    };
    over.signal.addEventListener('abort', () => queueMicrotask(() => client.close({ force: true })), {
      once: true,
    });
    client.start({ eventDispatcher: dispatcher(receiver) }).catch(() => end(lost));
    if (stop.aborted) end(lost);
  });
}

type End = (why: Problem) => void;

/** What opens the line through the proxy and goes with the signal; nothing where there is no proxy. */
function agentFor({ domain, proxy }: FeishuApp, over: AbortSignal, end: End) {
  if (!proxy) return {};
  const onFault = (cause: ProxyFault): void =>
    end(unreachable(new NoAnswer('network', false, cause.message, cause)));
  const { plain, secure } = agents({}, { proxy, onFault });
  const agent = domain.startsWith('https:') ? secure : plain;
  over.addEventListener('abort', () => agent.destroy(), { once: true });
  return { agent };
}

const dispatcher = (receiver: Receiver): Dispatcher =>
  // Only by its log the dispatcher tells of an event that it has no handler for: `no im.message.message_read_v1 handle`.
  new EventDispatcher({
    logger: { ...silent, warn: (said: unknown) => countStray(said, receiver) },
    loggerLevel: LoggerLevel.warn,
  }).register(
    Object.fromEntries(
      receiver.types.map((type) => [type, (payload: unknown) => receiver.receive(type, payload)]),
    ),
  );

function countStray(said: unknown, receiver: Receiver): void {
  const type = /^no (\S+) handle$/.exec([said].flat(2).join(' '))?.[1];
  if (type !== undefined) receiver.leaveOut(type);
}

/** Asks for the address of the line, and ends the session at once when it is refused; the SDK would wait two minutes. */
const asking = ({ http }: ConnectionParts, signal: AbortSignal, end: End): HttpInstance =>
  transport(async (options) => {
    try {
      const answer = await carry({ timeout: 15_000, signal }, options, http);
      const { code, msg } = shape(answer) ?? {};
      if (code !== 0) end(refused(code, msg));
      return answer;
    } catch (error) {
      end(
        error instanceof NoAnswer ? unreachable(error) : refused(error instanceof Error && error.message, ''),
      );
      throw error;
    }
  });

/** Lets through what the SDK says of the line, but nothing after a colon: there it quotes addresses and payloads. */
const discreet = (log: Log) => {
  const say = (message: unknown): void => {
    const said = [message].flat().filter((one) => typeof one === 'string');
    log.debug('connection.reported', { said: said.join(' ').replace(/:.*/s, '').slice(0, 120) });
  };
  return { ...silent, error: say, warn: say };
};

const lost: Problem = {
  code: 'connection-lost',
  message: text('长连接断开了。', 'The long connection was lost.'),
  cure: network,
};
const notOpened: Problem = {
  code: 'connection-not-opened',
  message: text('长连接在 20 秒内没有建立。', 'The long connection did not open within 20 s.'),
  cure: network,
};
const unreachable = (error: NoAnswer): Problem => ({
  ...problemOf(silenceOf(error, false)),
  code: 'feishu-unreachable',
});

/** Refusals of the connection: https://open.feishu.cn/document/server-docs/event-subscription-guide/event-subscription-configure-/request-url-configuration-case */
const refusals: ReadonlyMap<unknown, Text> = new Map([
  [403, meanings.enable.cure],
  [514, meanings.credentials.cure],
  [
    1000040350,
    text(
      '这个应用已有 50 条长连接：请停掉不用的程序。',
      'This app has 50 long connections already: stop the programs that are not needed.',
    ),
  ],
  [1000040351, otherDomain],
]);

function refused(code: unknown, words: unknown): Problem {
  const said = typeof words === 'string' && words !== '' ? `${code}: ${words.slice(0, 120)}` : String(code);
  return {
    code: 'connection-refused',
    message: text(`飞书拒绝了长连接（${said}）。`, `Feishu refused the long connection (${said}).`),
    cure: refusals.get(code) ?? meanings.passing.cure,
  };
}
