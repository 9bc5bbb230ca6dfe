import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { stringify } from 'yaml';
import type { Report } from '../../src/cli/report.ts';
import type { Answers } from './feishu.ts';
import { query, type Shop } from './shop.ts';

/** Begins to watch the event loop at a signal, and logs at the end what held it up. */
const probe = `data:text/javascript,${encodeURIComponent(`
  import { writeSync } from 'node:fs';
  import { monitorEventLoopDelay } from 'node:perf_hooks';
  const resolution = 5;
  const delay = monitorEventLoopDelay({ resolution });
  process.on('SIGUSR2', () => delay.enable());
  process.on('exit', () => {
    const ms = (nanoseconds) => Math.round(nanoseconds / 1e6 - resolution);
    const line = { event: 'loop', p99: ms(delay.percentile(99)), max: ms(delay.max) };
    writeSync(2, JSON.stringify(line) + '\\n');
  });
`)}`;

const main = fileURLToPath(new URL('../../dist/main.js', import.meta.url));

/** What one run of the program told about itself. */
export interface Ran {
  readonly report: Report;
  /** Milliseconds of CPU from the run's start to its plan, of all its threads. */
  readonly cpuToPlan: number;
  /** When the run had its table for itself (ms since the epoch). */
  readonly startedAt: number;
  /** Milliseconds of CPU of the whole process, start-up included. */
  readonly cpu: number;
  /** The most memory that the process ever held, in MB. */
  readonly peakMb: number;
  /** Milliseconds for which the event loop was held up from the run's start on: 99 % of its turns less, and the most. */
  readonly loop: { readonly p99: number; readonly max: number };
}

/** A folder in which the program runs. */
export interface Place {
  /** The file of its store. */
  readonly store: string;
  /** Saves the sync. @param concurrency writes at once @param sync the narrow one when not given */
  define(target: string, concurrency: number | 'auto', sync?: Sync): void;
  /** Runs `node dist/main.js run orders --json`. */
  run(): Promise<Ran>;
  /** Runs it too, and kills it at that moment. */
  kill(when: Promise<unknown>): Promise<Pick<Ran, 'startedAt'>>;
  /** Starts `node dist/main.js start`; answers when it is ready. @param more settings, `HTTP_PORT` among them */
  serve(more: Readonly<Record<string, string>>): Promise<Serving>;
}

/** A program that serves. */
export interface Serving {
  /** Seconds of CPU that all its threads have used so far; NaN where the machine does not tell. */
  cpu(): number;
  stop(): Promise<void>;
}

/** What is synced. */
export interface Sync {
  readonly query: string;
  readonly fields: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

/** Works in a new folder, which is removed after it. */
export async function inFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'bitable-sync-bench-'));
  try {
    return await work(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Works in a new place with a store of its own, which is removed after it. */
export const inPlace = <T>(app: Answers['app'], shop: Shop, work: (place: Place) => Promise<T>): Promise<T> =>
  inFolder((folder) => work(newPlace(folder, app, shop.url)));

function newPlace(folder: string, app: Answers['app'], shop: string): Place {
  mkdirSync(join(folder, 'syncs'), { recursive: true });
  const env = {
    PATH: process.env['PATH'],
    TMPDIR: process.env['TMPDIR'],
    FEISHU_APP_ID: app.id,
    FEISHU_APP_SECRET: app.secret,
    FEISHU_DOMAIN: app.url,
    CONNECTION_SHOP: shop,
    LOG_LEVEL: 'debug',
  };
  return {
    store: join(folder, 'data', 'bitable-sync.db'),
    define(target, concurrency, sync) {
      const definition = writtenDefinition(target, concurrency, sync);
      writeFileSync(join(folder, 'syncs', 'orders.yaml'), stringify(definition));
    },
    async serve(more) {
      const stdio = ['ignore', 'ignore', 'inherit'] as const;
      const program = spawn(process.execPath, [main, 'start'], {
        cwd: folder,
        env: { ...env, ...more },
        stdio: [...stdio],
      });
      const ended = once(program, 'close');
      const ready = `http://127.0.0.1:${more['HTTP_PORT'] ?? ''}/readyz`;
      for (;;) {
        const ok = await fetch(ready).then(
          (answer) => answer.ok,
          () => false,
        );
        if (ok) break;
        if (program.exitCode !== null) throw new Error(`the program ended with ${program.exitCode}`);
        await wait(100);
      }
      return {
        cpu: () => cpuOf(program.pid),
        async stop() {
          program.kill('SIGTERM');
          await ended;
        },
      };
    },
    async kill(when) {
      const program = spawn(process.execPath, [main, 'run', 'orders', '--json'], {
        cwd: folder,
        env,
        stdio: ['ignore', 'ignore', 'pipe'],
      });
      const err: Buffer[] = [];
      program.stderr.on('data', (data: Buffer) => err.push(data));
      const ended = once(program, 'close');
      await Promise.race([when, ended]);
      if (!program.kill('SIGKILL')) throw new Error('the program ended too early');
      await ended;
      return { startedAt: Date.parse(lineIn(Buffer.concat(err).toString(), 'run.started').time) };
    },
    async run() {
      const args = ['--import', probe, main, 'run', 'orders', '--json'];
      const program = spawn(process.execPath, args, { cwd: folder, env });
      const out: Buffer[] = [];
      const err: Buffer[] = [];
      program.stdout.on('data', (data: Buffer) => out.push(data));
      program.stderr.on('data', (data: Buffer) => {
        err.push(data);
        // The modules are loaded: what holds the event loop up from now on is the run.
        if (data.includes('"run.started"')) program.kill('SIGUSR2');
      });
      const [code] = await once(program, 'close');
      const said = Buffer.concat(err).toString();
      if (code !== 0) {
        throw new Error(
          `the program ended with ${code}\n${Buffer.concat(out).toString()}\n${said.slice(-4000)}`,
        );
      }
      const report = JSON.parse(Buffer.concat(out).toString().trimEnd().split('\n').at(-1) ?? '') as Report;
      return ranOf(report, said);
    },
  };
}

const narrow: Sync = { query, fields: { 下单时间: { as: 'date' } } };

/** A definition as it is written in a file. */
export const writtenDefinition = (target: string, concurrency: number | 'auto', sync: Sync = narrow) => ({
  name: 'orders',
  title: '订单',
  source: { connection: 'shop', query: sync.query },
  key: '订单号',
  target,
  mode: 'mirror',
  fields: sync.fields,
  concurrency,
});

/** Linux counts it in hundredths of a second, behind the name, which may hold blanks. */
function cpuOf(pid: number | undefined): number {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const [user = 0, system = 0] = stat
      .slice(stat.lastIndexOf(')') + 2)
      .split(' ')
      .slice(11, 13)
      .map(Number);
    return (user + system) / 100;
  } catch {
    return Number.NaN;
  }
}

interface Line {
  readonly time: string;
  readonly event: string;
  readonly phase?: string;
  readonly cpu: number;
  readonly peakMb: number;
  readonly p99: number;
  readonly max: number;
}

function linesIn(said: string): readonly Line[] {
  return said
    .split('\n')
    .filter((line) => line.startsWith('{') && line.endsWith('}'))
    .map((line) => JSON.parse(line) as Line);
}

/** The first line of an event that the program logged. */
function lineIn(said: string, event: string): Line {
  const found = linesIn(said).find((one) => one.event === event);
  if (!found) throw new Error(`the log does not tell of ${event}`);
  return found;
}

function ranOf(report: Report, said: string): Ran {
  const lines = linesIn(said);
  const comparing = lines.findIndex((one) => one.phase === 'comparing');
  const started = lineIn(said, 'run.started');
  const planned = lines.find((one, at) => one.phase !== undefined && at > comparing);
  const ended = lineIn(said, 'run.ended');
  const { p99, max } = lineIn(said, 'loop');
  if (!planned) throw new Error('the log does not tell the phases of the run');
  return {
    report,
    cpuToPlan: planned.cpu - started.cpu,
    startedAt: Date.parse(started.time),
    cpu: ended.cpu,
    peakMb: ended.peakMb,
    loop: { p99, max },
  };
}
