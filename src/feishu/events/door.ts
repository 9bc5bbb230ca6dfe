import { once } from 'node:events';
import { createServer } from 'node:http';
import Koa from 'koa';
import type { Clock, Log } from '../../run/ports.ts';
import { CallError, codeWord } from '../../sync/words/failure.ts';
import { inTime } from '../../sync/words/limits.ts';
import { type Problem, ProblemError, problem } from '../../sync/words/problem.ts';
import { text } from '../../sync/words/text.ts';
import { seldom } from './events.ts';

/** What the HTTP door works with. */
export interface DoorParts {
  /** 0 picks a free port. */
  readonly port: number;
  readonly ready: () => Promise<Readiness>;
  /** The program's version. */
  readonly version: string;
  /** Takes events, when they come by HTTP. */
  readonly webhook?: Koa.Middleware;
  readonly log: Log;
  readonly clock: Pick<Clock, 'now'>;
}

/** An HTTP server that listens. */
export interface Door {
  readonly port: number;
  stop(): Promise<void>;
}

/**
 * How much strangers can hold at once: a slow request must not keep the door open. Node looks only every 30 s whether
 * a time is over, unless it is told otherwise. https://nodejs.org/api/http.html#httpcreateserveroptions-requestlistener
 */
export const doorLimits = {
  headersTimeout: 5_000,
  requestTimeout: 10_000,
  connectionsCheckingInterval: 1_000,
  maxHeaderSize: 8 * 1024,
  /** Connections at once: Feishu and probes need a few dozen. */
  connections: 256,
};

/**
 * Serves `/healthz` (the process lives) and `/readyz` (it can do its work), and takes events where asked to.
 * Rejects with a `ProblemError` when the port cannot be had.
 */
export async function openDoor(
  { port, ready, version, webhook, log, clock }: DoorParts,
  limits = doorLimits,
): Promise<Door> {
  const app = new Koa();
  const warn = seldom({ clock, log });
  const failed = (error: unknown): void => warn('http.failed', { why: whyOf(error) });
  app.on('error', failed);
  if (webhook) app.use(webhook);
  app.use(async (context) => {
    if (context.path === '/healthz')
      context.body = { ok: true, version, uptime: Math.round(process.uptime()) };
    else if (context.path === '/readyz') {
      const answer = await ready();
      context.status = answer.ok ? 200 : 503;
      context.body = answer;
    }
  });
  const handle = app.callback();
  const server = createServer(limits, (request, response) => {
    handle(request, response).catch(failed);
  });
  server.maxConnections = limits.connections;
  server.on('drop', () => warn('http.refused', { why: 'too-many-connections' }));
  server.listen(port);
  try {
    await once(server, 'listening');
  } catch (error) {
    const message = text(`端口 ${port} 无法监听。`, `The port ${port} cannot be listened on.`);
    const cure = text(
      '换一个端口，或停掉占用它的程序。',
      'Use another port, or stop the program that has it.',
    );
    throw problem({ code: 'http-port', where: 'HTTP_PORT', message, cure }, { cause: error });
  }
  const address = server.address();
  const at = typeof address === 'object' && address !== null ? address : { address: '', port };
  log.info('http.opened', { address: at.address, port: at.port });
  return {
    port: at.port,
    async stop() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

/** Whether one thing that the bot needs is there; else a stable code, and in English what is wrong. */
export type Check =
  | { readonly ok: true }
  | { readonly ok: false; readonly code: string; readonly message: string };

/** What `/readyz` answers. */
export interface Readiness {
  readonly ok: boolean;
  /** Runs can be kept. */
  readonly store: Check;
  /** Feishu takes the app's credentials. */
  readonly token: Check;
  /** Events come in. */
  readonly connection: Check;
}

/** How each of them is found out. */
export interface ReadyParts {
  /** Rejects within seconds when the store does not answer. */
  readonly ping: () => Promise<void>;
  /** Asks Feishu for a token. */
  readonly prove: () => Promise<void>;
  /** Why no events come in; nothing when they do. */
  readonly lost: () => Pick<Problem, 'code' | 'message'> | undefined;
  readonly clock: Clock;
}

/** Milliseconds that an answer about the token holds. Calls for tokens do not count to a quota. */
const provenFor = 15_000;
/** Milliseconds after which a probe gets its answer, whatever is not known yet. */
const patience = 2_500;

/**
 * Returns a function that tells whether the bot can work, and what stands in its way. The credentials are tried again
 * when somebody asks and the last try is 15 s old, because a token that was given out stays good for two hours
 * after its secret was revoked; whoever asks does not wait for that, but for the first time.
 */
export function readiness({ ping, prove, lost, clock }: ReadyParts): () => Promise<Readiness> {
  let proof: { readonly check: Check; readonly at: number } | undefined;
  let proving: Promise<Check> | undefined;

  const proven = async (): Promise<Check> => {
    const age = proof && clock.now() - proof.at;
    if (age === undefined || age < 0 || age >= provenFor)
      proving ??= checked(prove).then((check) => {
        proof = { check, at: clock.now() };
        proving = undefined;
        return check;
      });
    return proof?.check ?? proving ?? { ok: true };
  };

  return async () => {
    const [store, token] = await Promise.all([checked(ping), inTime(proven(), patience, clock, tooLate)]);
    // Words of a database may tell of its insides to whoever can reach the port: they stay in the log.
    const shown: Check = store.ok ? store : { ...store, message: 'The store does not answer; see the log.' };
    const why = lost();
    const connection: Check = why ? { ok: false, code: why.code, message: why.message.en } : { ok: true };
    return { ok: store.ok && token.ok && connection.ok, store: shown, token, connection };
  };
}

const tooLate: Check = { ok: false, code: 'timeout', message: `No answer within ${patience} ms.` };

const checked = (work: () => Promise<void>): Promise<Check> =>
  work().then(
    () => ({ ok: true }),
    (error: unknown) => ({ ok: false, ...wordsOf(error) }),
  );

function wordsOf(error: unknown): { readonly code: string; readonly message: string } {
  if (error instanceof ProblemError) {
    const [{ code, message }] = error.problems;
    return { code, message: message.en };
  }
  if (error instanceof CallError) return { code: codeWord(error.failure), message: error.failure.message };
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'failed';
  return { code, message: 'See the log.' };
}

/** An error's own code, such as `ECONNRESET`, else its class; its words may hold what strangers have sent. */
function whyOf(error: unknown): string {
  if (error instanceof ProblemError) return error.problems[0].code;
  if (!(error instanceof Error)) return 'unknown';
  return 'code' in error && typeof error.code === 'string' ? error.code : error.name;
}
