import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type BaseHandle, type Playground, startPlayground, type TableHandle } from 'bitable-playground';
import { systemClock } from '../../src/process.ts';
import type { Clock } from '../../src/run/ports.ts';
import { createDatabase } from '../support/mysql-server.ts';
import { chance } from './chance.ts';
import { fieldOf, keyField, notesField } from './model.ts';
import { firstRecords } from './people.ts';
import { type Machine, machine } from './process.ts';
import type { Scenario } from './scenario.ts';
import { firstRows, openSource, query, type Source } from './source.ts';
import { fileRecords, type Records, serverRecords } from './stored.ts';

/** A Feishu, a database and a folder, in which the program runs. */
export interface Stage extends Pick<Machine, 'start' | 'open'> {
  readonly feishu: Playground;
  readonly base: BaseHandle;
  readonly table: TableHandle;
  readonly source: Source;
  /** What the programs have stored. */
  readonly records: Records;
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
    monotonic: () => performance.now() * speed,
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
  const base = feishu.base({
    name: '店铺',
    tables: [{ name: '东西', fields: fields(scenario), records: [] }],
  });
  const table = base.table();
  for (const cells of firstRecords(luck.part('records'), scenario, source.versions.at(-1) ?? []))
    table.add(cells);
  define(folder, scenario, table.url);
  const env: Readonly<Record<string, string>> = {
    LOCALE: 'en-US',
    LOG_LEVEL: 'debug',
    FEISHU_APP_ID: feishu.appId,
    FEISHU_APP_SECRET: feishu.appSecret,
    CONNECTION_SHOP: source.url,
    ...(store ? { STORE_URL: store.url } : {}),
  };
  const programs = await machine({ setting, folder, env, feishu: feishu.url, clock });
  return {
    feishu,
    base,
    table,
    source,
    records: store ? serverRecords(store) : fileRecords(folder),
    start: programs.start,
    open: programs.open,
    jump: fast.jump,
    close: async () => {
      programs.close();
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
