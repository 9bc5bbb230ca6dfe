import { randomUUID } from 'node:crypto';
import { Agent, request } from 'node:http';
import { createServer } from 'node:net';
import { monitorEventLoopDelay, performance } from 'node:perf_hooks';
import { setTimeout as wait } from 'node:timers/promises';
import { seal } from 'bitable-playground';
import { latency } from './cases.ts';
import type { Answers, Feishu } from './feishu.ts';
import { inScene, type Parts } from './parts.ts';
import type { Serving } from './program.ts';

const keys = { encryptKey: 'key-of-the-bench', verificationToken: 'token-of-the-bench' };
const perSecond = 1_000;
const seconds = 30;
/** One event in fifty is a command; every other one of the rest comes a second time. */
const perCommand = 50;
const commands = (perSecond * seconds) / perCommand;
/** Seconds of chatter before the sync begins: what a program does for the first time takes it many times longer. */
const warming = 5;
const slice = 10;

/**
 * Sends 1,000 signed and encrypted events a second to the built program while it loads 100,000 rows: how long the
 * acknowledgements take, and whether every command is answered.
 */
export async function benchWebhook(parts: Parts): Promise<void> {
  const { feishu, shop, print } = parts;
  await shop.fill(100_000);
  await inScene(parts, { latency }, async (place) => {
    const said = await feishu.ask({
      kind: 'say',
      words: ['/sync orders', ...Array<string>(commands).fill('/help')],
    });
    const port = await freePort();
    const program = await place.serve({
      FEISHU_EVENTS: 'webhook',
      FEISHU_ENCRYPT_KEY: keys.encryptKey,
      FEISHU_VERIFICATION_TOKEN: keys.verificationToken,
      HTTP_PORT: String(port),
      LOG_LEVEL: 'warn',
    });
    const door = opening(port);
    try {
      await measure(said, { feishu, program, door, print });
    } finally {
      door.close();
      await program.stop();
    }
  });
}

interface Served {
  readonly feishu: Feishu;
  readonly program: Serving;
  readonly door: ReturnType<typeof opening>;
  readonly print: (line: string) => void;
}

async function measure(said: Answers['say'], { feishu, program, door, print }: Served): Promise<void> {
  const [sync = '', ...helps] = said.events;
  await flood(door, said.chatter, [], warming);
  await door.send(sync);
  const lag = monitorEventLoopDelay({ resolution: 1 });
  lag.enable();
  const [begun, cpu] = [performance.now(), program.cpu()];
  const took = await flood(door, said.chatter, helps, seconds);
  const [wall, used] = [(performance.now() - begun) / 1000, program.cpu() - cpu];
  lag.disable();
  // Whoever was acknowledged is answered a little later.
  const expected = helps.length;
  let replies = 0;
  for (let tries = 0; tries < 100 && replies < expected; tries++) {
    await wait(100);
    replies = await feishu.ask({ kind: 'replies', to: said.messages.slice(1) });
  }
  const sorted = took.filter((ms) => ms >= 0).toSorted((a, b) => a - b);
  const at = (share: number): string => `${(sorted[Math.floor(sorted.length * share)] ?? 0).toFixed(0)} ms`;
  print(
    `${took.length} events in ${seconds} s while 100,000 rows are loaded, ${commands} of them commands, after ${warming} s of warming up:`,
  );
  print(
    `  acknowledged: median ${at(0.5)}, 99 % within ${at(0.99)}, longest ${at(0.99999)} (aim: 99 % within 100 ms)`,
  );
  print(
    `  lost: ${took.length - sorted.length} without acknowledgement, ${expected - replies} without answer (aim: 0)`,
  );
  print(`  the program used ${used.toFixed(1)} s of CPU in ${wall.toFixed(1)} s, the sync included`);
  print(
    `  the sender's own event loop was late by up to ${(lag.percentile(99) / 1e6).toFixed(0)} ms in 99 %`,
  );
}

/** Sends them evenly; answers the milliseconds that each took, -1 for those without a good answer. */
async function flood(
  door: ReturnType<typeof opening>,
  chatter: string,
  helps: readonly string[],
  seconds: number,
): Promise<readonly number[]> {
  const flying: Promise<number>[] = [];
  const begun = performance.now();
  let last = chatter;
  const total = perSecond * seconds;
  for (let sent = 0; sent < total; ) {
    for (let one = 0; one < (perSecond * slice) / 1_000; one++, sent++) {
      const help = sent % perCommand === 0 ? helps[sent / perCommand] : undefined;
      // A person's words to others in the group, then the same event again.
      if (help === undefined && sent % 2 === 1) last = renamed(chatter);
      flying.push(door.send(help ?? last));
    }
    await wait(Math.max(0, begun + sent / (perSecond / 1_000) - performance.now()));
  }
  return Promise.all(flying);
}

/** The same event as if it had happened once more. */
function renamed(event: string): string {
  const { header, event: what, ...rest } = JSON.parse(event) as Message;
  const message = { ...what.message, message_id: `om_${randomUUID().replaceAll('-', '')}` };
  return JSON.stringify({
    ...rest,
    header: { ...header, event_id: randomUUID() },
    event: { ...what, message },
  });
}

interface Message {
  readonly header: Readonly<Record<string, unknown>>;
  readonly event: { readonly message: Readonly<Record<string, unknown>> };
}

/** The way to the program's address, over connections that are kept. */
function opening(port: number) {
  const agent = new Agent({ keepAlive: true, maxSockets: 64 });
  return {
    send: (payload: string): Promise<number> =>
      new Promise((resolve) => {
        const { body, headers } = seal(tokenIn(payload), keys.encryptKey, Date.now() / 1000);
        const from = performance.now();
        const options = { port, path: '/webhook/event', method: 'POST', headers, agent };
        const asked = request({ ...options, timeout: 3_000 }, (answer) => {
          answer.resume();
          answer.once('end', () => resolve(answer.statusCode === 200 ? performance.now() - from : -1));
        });
        asked.once('timeout', () => asked.destroy());
        asked.once('error', () => resolve(-1));
        asked.end(body);
      }),
    close: () => agent.destroy(),
  };
}

/** An event as it looks once the address has been subscribed with our token. */
function tokenIn(payload: string): string {
  const { header, ...rest } = JSON.parse(payload) as Message;
  return JSON.stringify({ ...rest, header: { ...header, token: keys.verificationToken } });
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === 'object' && address ? address.port : 0;
}
