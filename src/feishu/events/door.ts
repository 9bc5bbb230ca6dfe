import { once } from 'node:events';
import { createServer } from 'node:http';
import Koa from 'koa';
import type { Clock, Log } from '../../run/ports.ts';
import { ProblemError, problem } from '../../sync/words/problem.ts';
import { text } from '../../sync/words/text.ts';
import type { Readiness } from './ready.ts';
import { seldom } from './receive.ts';

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
    throw problem(
      {
        code: 'http-port',
        where: 'HTTP_PORT',
        message: text(`端口 ${port} 无法监听。`, `The port ${port} cannot be listened on.`),
        cure: text(
          '换一个端口，或停掉占用它的程序。',
          'Choose another port, or stop the program that uses it.',
        ),
      },
      { cause: error },
    );
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

/** An error's own code, such as `ECONNRESET`, else its class; its words may hold what strangers have sent. */
function whyOf(error: unknown): string {
  if (error instanceof ProblemError) return error.problems[0].code;
  if (!(error instanceof Error)) return 'unknown';
  return 'code' in error && typeof error.code === 'string' ? error.code : error.name;
}
