import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Program } from '../../src/cli/program.ts';
import type { Report } from '../../src/cli/report.ts';
import { systemClock } from '../../src/clock.ts';
import type { TableHandle } from '../../src/playground/baseHandle.ts';
import { type Playground, startPlayground } from '../../src/playground/playground.ts';
import type { Clock } from '../../src/run/ports.ts';
import { createDatabase } from '../support/mysql-server.ts';
import { built, parts } from '../support/program.ts';
import { chance } from './chance.ts';
import { fieldOf, keyField, notesField } from './model.ts';
import { firstRecords } from './people.ts';
import type { Scenario } from './scenario.ts';
import { firstRows, openSource, query, type Source } from './source.ts';

/** How a process ended. */
export interface Ended {
  readonly exit: number | null;
  readonly err: string;
  /** Undefined when it was killed, or has told nothing. */
  readonly report: Report | undefined;
}

/** A process of the program, in this one or a real one. */
export interface Process {
  readonly ended: Promise<Ended>;
  /** SIGTERM, or what comes to the same. */
  term(): void;
  /** SIGKILL; resolves when it is gone. Only real ones can be killed. */
  kill(): Promise<void>;
}

/** A Feishu, a database and a folder, in which the program runs. */
export interface Stage {
  readonly feishu: Playground;
  readonly table: TableHandle;
  readonly source: Source;
  /** Types a line; `--json` is added. */
  start(line: string): Process;
  /** Opens the program in this process, for what has no command line. */
  open(): Promise<Program>;
  /** Lets so many ms pass at once, as for a machine that was put to sleep; real processes do not notice. */
  jump(ms: number): void;
  close(): Promise<void>;
}

/** A clock that goes faster than the machine's, and may jump as that of a machine does that was put to sleep. */
function fastClock(speed: number): Clock & { jump(ms: number): void } {
  let began = Date.now();
  const start = performance.now();
  return {
    now: () => began + Math.round((performance.now() - start) * speed),
    sleep: (ms, signal) => systemClock.sleep(ms / speed, signal),
    jump: (ms) => {
      began += ms;
    },
  };
}

/** Sets the stage for a scenario. @param mysqlUrl the server, for scenarios that need one */
export async function setStage(scenario: Scenario, mysqlUrl: string): Promise<Stage> {
  const { setting, seed } = scenario;
  const luck = chance(`stage ${seed}`);
  const folder = mkdtempSync(join(tmpdir(), `soak-${seed}-`));
  const fast = fastClock(setting.two ? 20 : 60);
  const clock = setting.kind === 'quick' ? fast : systemClock;
  const feishu = await startPlayground({
    seed,
    rates: false,
    now: clock.now,
    writers: { per: 'base', atOnce: scenario.writers },
    limits: { messageRates: false, clientTokenMs: 130_000 },
    latency: (route) => (route.startsWith('records.') ? luck.int(0, 3) : 0),
  });
  const source = await openSource(folder, setting.mysql ? mysqlUrl : undefined);
  await source.write(firstRows(luck.part('rows'), scenario));
  const store = setting.mysql ? await createDatabase(mysqlUrl) : undefined;
  const table = feishu
    .base({ name: '店铺', tables: [{ name: '东西', fields: fields(scenario), records: [] }] })
    .table();
  for (const cells of firstRecords(luck.part('records'), scenario, source.versions.at(-1) ?? []))
    table.add(cells);
  define(folder, scenario, table.url);
  const env: Readonly<Record<string, string>> = {
    LOCALE: 'en-US',
    LOG_LEVEL: 'debug',
    FEISHU_APP_ID: feishu.appId,
    FEISHU_APP_SECRET: feishu.appSecret,
    FEISHU_DOMAIN: feishu.url,
    CONNECTION_SHOP: source.url,
    ...(store ? { STORE_URL: store.url } : {}),
  };
  const program = await parts();
  const main = join(await built(), 'main.js');
  const place = { folder, env, clock, main, program };
  return {
    feishu,
    table,
    source,
    start: (line) => (setting.kind === 'quick' ? inside(place, line) : child(place, line)),
    open: async () =>
      program.openProgram(program.readConfig(env, folder), {
        log: program.createLog({ level: 'silent', write: () => undefined, pretty: false, secrets: [] }),
        clock,
      }),
    jump: fast.jump,
    close: async () => {
      await feishu.stop();
      await source.close();
      await store?.drop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

const fields = ({ numericKey }: Scenario) => [
  { name: keyField, type: numericKey ? 'Number' : 'Text' },
  { name: notesField, type: 'Text' },
  { name: fieldOf.name, type: 'Text' },
  { name: fieldOf.amount, type: 'Number' },
  { name: fieldOf.at, type: 'DateTime' },
  { name: fieldOf.status, type: 'SingleSelect' },
  { name: fieldOf.tags, type: 'MultiSelect' },
  { name: fieldOf.active, type: 'Checkbox' },
];

function define(folder: string, scenario: Scenario, target: string): void {
  const { mode, deletes, brake, chunkSize, concurrency, rounds, columns, keepNames } = scenario;
  const skipped = (Object.keys(fieldOf) as (keyof typeof fieldOf)[]).filter(
    (name) => !columns.includes(name),
  );
  const rules = {
    ...(columns.includes('at') ? { [fieldOf.at]: { as: 'date' } } : {}),
    ...(columns.includes('tags') ? { [fieldOf.tags]: { split: ',' } } : {}),
    ...(keepNames ? { [fieldOf.name]: { empty: 'keep' } } : {}),
    ...Object.fromEntries(skipped.map((name) => [fieldOf[name], 'skip'])),
  };
  const definition = {
    name: 'things',
    source: { connection: 'shop', query },
    key: keyField,
    ...{ target, mode, deletes, brake, chunkSize, concurrency, rounds },
    fields: rules,
  };
  mkdirSync(join(folder, 'syncs'));
  // JSON is YAML.
  writeFileSync(join(folder, 'syncs', 'things.yaml'), JSON.stringify(definition));
}

interface Place {
  readonly folder: string;
  readonly env: Readonly<Record<string, string>>;
  readonly clock: Clock;
  readonly main: string;
  readonly program: Awaited<ReturnType<typeof parts>>;
}

function inside({ folder, env, clock, program }: Place, line: string): Process {
  const stopping = new AbortController();
  const written = { out: '', err: '' };
  const stream = (name: 'out' | 'err') => ({
    write: (words: string) => {
      written[name] += words;
    },
    isTTY: false,
    columns: 100,
    rows: 24,
  });
  const cli = program.createCli([...line.split(' '), '--json'], {
    version: '0.0.0',
    env,
    cwd: folder,
    user: 'ada',
    out: stream('out'),
    err: stream('err'),
    lines: { [Symbol.asyncIterator]: () => ({ next: async () => ({ done: true, value: undefined }) }) },
    clock,
    stopping: stopping.signal,
    createLog: async () => program.createLog,
    openProgram: async () => program.openProgram,
    openDefinitions: async () => program.openDefinitions,
    runDemo: () => Promise.reject(new Error('not here')),
  });
  return {
    ended: cli.run().then((exit) => ({ exit, err: written.err, report: reportIn(written.out) })),
    term: () => stopping.abort(new Error('SIGTERM')),
    kill: () => Promise.reject(new Error('Only a real process can be killed.')),
  };
}

function child({ folder, env, main }: Place, line: string): Process {
  const process_: ChildProcess = spawn(process.execPath, [main, ...line.split(' '), '--json'], {
    cwd: folder,
    env: { PATH: process.env['PATH'], ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let out = '';
  let err = '';
  process_.stdout?.setEncoding('utf8').on('data', (words: string) => {
    out += words;
  });
  process_.stderr?.setEncoding('utf8').on('data', (words: string) => {
    err += words;
  });
  const ended = new Promise<Ended>((resolve, reject) => {
    process_.on('error', reject).on('close', (exit) => resolve({ exit, err, report: reportIn(out) }));
  });
  return {
    ended,
    term: () => {
      process_.kill('SIGTERM');
    },
    kill: async () => {
      process_.kill('SIGKILL');
      await ended;
    },
  };
}

function reportIn(out: string): Report | undefined {
  const last = out.trimEnd().split('\n').at(-1) ?? '';
  return last.startsWith('{') ? (JSON.parse(last) as Report) : undefined;
}
