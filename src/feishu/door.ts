import { once } from 'node:events';
import { createServer } from 'node:http';
import Koa from 'koa';
import type { Log } from '../run/ports.ts';
import { problem } from '../sync/problem.ts';
import { text } from '../sync/text.ts';

/** What the HTTP door works with. */
export interface DoorParts {
  /** 0 picks a free port. */
  readonly port: number;
  /** Whether the store answers and events can come in. A rejection counts as no. */
  readonly ready: () => Promise<boolean>;
  /** Takes events, when they come by HTTP. */
  readonly webhook?: Koa.Middleware;
  readonly log: Log;
}

/** An HTTP server that listens. */
export interface Door {
  readonly port: number;
  stop(): Promise<void>;
}

/** Milliseconds that a request may take to arrive: a slow one must not hold the door open. */
const arrivesWithin = 10_000;

/**
 * Serves `/healthz` (the process lives) and `/readyz` (it can do its work), and takes events where asked to.
 * Rejects with a `ProblemError` when the port cannot be had.
 */
export async function openDoor({ port, ready, webhook, log }: DoorParts): Promise<Door> {
  const app = new Koa();
  app.on('error', (error: Error) => log.warn('http.failed', { error: error.name }));
  if (webhook) app.use(webhook);
  app.use(async (context) => {
    if (context.path === '/healthz') context.body = { ok: true };
    else if (context.path === '/readyz') {
      const ok = await ready().catch(() => false);
      context.status = ok ? 200 : 503;
      context.body = { ok };
    }
  });
  const handle = app.callback();
  const limits = { requestTimeout: arrivesWithin, headersTimeout: arrivesWithin };
  const server = createServer(limits, (request, response) => {
    handle(request, response).catch((error: unknown) => log.warn('http.failed', { error }));
  });
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
  return {
    port: typeof address === 'object' && address !== null ? address.port : port,
    async stop() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}
