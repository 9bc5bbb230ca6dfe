import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type BaseHandle,
  type Call,
  type FieldSpec,
  type Fields,
  type Playground,
  type PlaygroundOptions,
  startPlayground,
  type TableHandle,
} from 'bitable-playground';
import { expect, onTestFinished } from 'vitest';
import type { Program } from '../../src/app.ts';
import type { Wake } from '../../src/bot/schedule/ticker.ts';
import type { ExitCode, Report } from '../../src/cli/report.ts';
import { systemClock } from '../../src/process.ts';
import type { Clock } from '../../src/run/ports.ts';
import { typed } from './command-line.ts';
import { parts } from './program.ts';
import { sampleQuery } from './samples.ts';
import { mysqlShop, type Order, type Shop, sqliteShop } from './shop.ts';

/** What a command answered. */
export interface Answered {
  readonly exit: ExitCode;
  readonly out: string;
  readonly err: string;
  /** The last line of stdout. */
  readonly json: unknown;
}

/** A run's report with its exit code and outputs. */
export interface Reported extends Report {
  readonly exit: ExitCode;
  readonly err: string;
}

/** A Feishu, a shop, a folder of settings and definitions, and the program between them. */
export interface World {
  readonly feishu: Playground;
  readonly base: BaseHandle;
  readonly table: TableHandle;
  readonly shop: Shop;
  readonly folder: string;
  /** The settings; may be changed before a command. */
  readonly env: Record<string, string>;
  /** Writes a definition: the sample one with these changes. */
  define(changes?: Readonly<Record<string, unknown>>): void;
  /** Types a command line; `--json` is added. Nothing that is secret may show up in what it writes. */
  type(line: string): Promise<Answered>;
  /** Types `run orders` or another line that answers a report, and checks the report's form and sums. */
  run(line?: string): Promise<Reported>;
  /** Opens the program; `serve` makes it the bot. Stopped at the end of the test if not before. */
  open(): Promise<Opened>;
  /** The records by order number, in the shape in which they are written. */
  records(): Fields[];
  /** Fails unless the table holds exactly what the query answers. */
  expectSame(): Promise<void>;
  /** The calls since the last look that change records: `batch_create 100` and so on, `!code` where refused. */
  writes(): string[];
  /** Resolves when so many faults have hit. */
  feishuHits(faults: number): Promise<void>;
  /** The bodies of the writes since the last look, as they were sent. */
  sent(): Sent[];
}

/** One write as it reached Feishu. */
export interface Sent {
  readonly route: string;
  /** What its body's `records` hold. */
  readonly records: readonly (string | { readonly record_id?: string; readonly fields: Fields })[];
  readonly token: string | null;
}

/** The program in this process. */
export interface Opened extends Program {
  /** What it logged, a JSON object a line. */
  readonly log: string[];
}

/** How a world is made. */
export interface WorldOptions {
  readonly orders?: number;
  /** Whether the shop is on the tests' database server, as when not given; else it is an SQLite file, which costs a process a query. */
  readonly mysql?: boolean;
  readonly playground?: PlaygroundOptions;
  readonly definition?: Readonly<Record<string, unknown>>;
  /** Extra fields of the table, which no query knows. */
  readonly fields?: readonly FieldSpec[];
  readonly records?: readonly Fields[];
  /** How many times faster than the machine's the program's clock goes; 20 when not given. */
  readonly speed?: number;
  readonly clock?: Clock;
  /** Wakes what happens by the clock; once a second when not given. */
  readonly wake?: Wake;
}

const tableFields: readonly FieldSpec[] = [
  { name: '订单号', type: 'Text' },
  { name: '用户ID', type: 'Number' },
  { name: '昵称', type: 'Text' },
  { name: '性别', type: 'SingleSelect' },
  { name: '手机号', type: 'Phone' },
  { name: '城市', type: 'Text' },
  { name: '下单时间', type: 'DateTime' },
  { name: '下单金额', type: 'Number' },
];

/** A clock that goes faster than the machine's, so that pauses pass quickly in the right order. */
export function quickClock(speed: number): Clock {
  const began = Date.now();
  const start = performance.now();
  return {
    now: () => began + Math.round((performance.now() - start) * speed),
    monotonic: () => performance.now() * speed,
    sleep: (ms, signal) => systemClock.sleep(ms / speed, signal),
  };
}

/** Makes a world that is gone when the test ends. */
export async function newWorld(options: WorldOptions = {}): Promise<World> {
  const { orders = 30, speed = 20 } = options;
  const program = await parts();
  const folder = mkdtempSync(join(tmpdir(), 'e2e-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const feishu = await startPlayground({
    rates: false,
    limits: { messageRates: speed === 1 },
    ...options.playground,
  });
  onTestFinished(() => feishu.stop());
  const shop = (options.mysql ?? true) ? await mysqlShop(orders) : sqliteShop(folder, orders);
  onTestFinished(() => shop.close());
  const base = feishu.base({
    name: '店铺',
    tables: [
      { name: '订单', fields: [...tableFields, ...(options.fields ?? [])], records: options.records ?? [] },
    ],
  });
  const table = base.table();
  const env: Record<string, string> = {
    LOCALE: 'en-US',
    FEISHU_APP_ID: feishu.appId,
    FEISHU_APP_SECRET: feishu.appSecret,
    FEISHU_DOMAIN: feishu.url,
    CONNECTION_SHOP: shop.url,
  };
  const clock = options.clock ?? quickClock(speed);
  mkdirSync(join(folder, 'syncs'));
  let looked = 0;
  let sent: Sent[] = [];
  feishu.onRequest(({ route, body, query }) => {
    if (!route.write) return;
    const { records } = body() as { records: Sent['records'] };
    sent.push({ route: route.name.replace('records.', ''), records, token: query.get('client_token') });
  });

  const define = (changes: Readonly<Record<string, unknown>> = {}): void => {
    const definition = {
      name: 'orders',
      title: '订单',
      source: { connection: 'shop', query: sampleQuery },
      key: '订单号',
      target: table.url,
      mode: 'mirror',
      fields: { 下单时间: { as: 'date' } },
      rounds: 1,
      ...options.definition,
      ...changes,
    };
    // JSON is YAML.
    writeFileSync(join(folder, 'syncs', `${definition.name}.yaml`), JSON.stringify(definition, null, 1));
  };
  define();

  const type = async (line: string): Promise<Answered> => {
    const { exit, out, err } = await typed(line, { program, folder, env, clock });
    const lines = out.trimEnd().split('\n');
    expect(lines, 'with --json stdout holds one line').toHaveLength(1);
    expectNoSecrets(`${out}${err}`, { feishu, shop });
    return { exit, out, err, json: JSON.parse(lines[0] ?? '') };
  };

  const held = (): Fields[] =>
    table
      .records()
      .map(({ fields }) => fields)
      .sort((a, b) => (String(a['订单号']) < String(b['订单号']) ? -1 : 1));

  return {
    feishu,
    base,
    table,
    shop,
    folder,
    env,
    define,
    type,
    run: async (line = 'run orders') => {
      const { exit, err, json } = await type(line);
      const report = json as Report;
      expectReport(report);
      expect(report.error?.code, err).not.toBe('internal');
      return { ...report, exit, err };
    },
    open: async () => {
      const log: string[] = [];
      const config = program.readConfig(env, folder);
      const opened = await program.openProgram(config, {
        log: program.createLog({
          level: 'debug',
          write: (words) => log.push(words),
          pretty: false,
          secrets: [],
        }),
        clock,
        ...(options.wake && { wake: options.wake }),
      });
      onTestFinished(async () => {
        await opened.stop();
        expectNoSecrets(log.join(''), { feishu, shop });
      });
      return { ...opened, log };
    },
    records: held,
    expectSame: async () => {
      const wanted = await shop.orders();
      expect(held()).toEqual(wanted.sort((a: Order, b: Order) => (a.订单号 < b.订单号 ? -1 : 1)));
    },
    writes: () => {
      const calls = feishu.calls().slice(looked);
      looked = feishu.calls().length;
      return calls.filter((call) => call.write).map(shown);
    },
    feishuHits: async (faults) => {
      while (feishu.faults.hits().length < faults) await new Promise((resolve) => setImmediate(resolve));
    },
    sent: () => {
      const all = sent;
      sent = [];
      return all;
    },
  };
}

const shown = ({ route, rows, code }: Call): string =>
  `${route.replace('records.', '')} ${code === 0 ? rows : `!${code}`}`;

function expectNoSecrets(words: string, { feishu, shop }: Pick<World, 'feishu' | 'shop'>): void {
  expect(words).not.toContain(feishu.appSecret);
  if (shop.url.startsWith('mysql:')) expect(words).not.toContain(new URL(shop.url).password);
}

const shape = {
  run: null,
  definition: null,
  status: null,
  rows: {
    read: null,
    created: null,
    updated: null,
    unchanged: null,
    rejected: null,
    invalid: null,
    failed: null,
    unknown: null,
    notSent: null,
  },
  deletes: { planned: null, done: null, failed: null, unknown: null, notSent: null, kept: null },
  drift: { records: null, setBack: null, fields: null, samples: null },
  chunks: { total: null, failed: null },
  rounds: null,
  calls: { read: null, write: null, refused: null, chat: null },
  read: null,
  ms: { total: null, source: null, table: null, diff: null, upload: null },
  waiting: null,
  error: null,
};

const keysOf = (value: unknown, like: unknown): unknown =>
  typeof like === 'object' && like !== null
    ? Object.entries(value as object).map(([key, inner]) => [
        key,
        keysOf(inner, (like as Record<string, unknown>)[key]),
      ])
    : null;

const sum = (numbers: Readonly<Record<string, number>>): number =>
  Object.values(numbers).reduce((all, one) => all + one, 0);

/** A report has exactly these keys in this order, and its numbers add up. */
export function expectReport(report: Report): void {
  const { notes, ...always } = report;
  expect(notes?.length).not.toBe(0);
  expect(keysOf(always, shape)).toEqual(keysOf(shape, shape));
  const { read, ...rows } = report.rows;
  const { planned, ...deletes } = report.deletes;
  expect(sum({ ...rows }), 'rows.read is the sum of the others').toBe(read);
  // What a plan would delete is planned and has no outcome yet.
  if (report.status !== 'planned' && report.status !== 'waiting')
    expect(sum({ ...deletes }), 'deletes.planned is the sum of the others').toBe(planned);
  for (const chunk of report.chunks.failed)
    expect(Object.keys(chunk)).toEqual(['id', 'kind', 'rows', 'how', 'code', 'message']);
  if (report.waiting) expect(Object.keys(report.waiting)).toEqual(['reasons', 'approve']);
  if (report.error) expect(Object.keys(report.error)).toEqual(['code', 'message', 'cure', 'logId']);
  expect(report.chunks.failed.every(({ how, code }) => (how === 'threw') === (code === null))).toBe(true);
}
