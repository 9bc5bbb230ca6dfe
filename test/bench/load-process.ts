import { randomBytes, randomUUID } from 'node:crypto';
import type { Load, Loaded } from './journal.ts';
import { memoryStore } from './memory-store.ts';

/** One load by the parts of the built program, put together by hand, with the store that is asked for. */
const dist = (file: string): Promise<unknown> => import(new URL(`../../dist/${file}`, import.meta.url).href);
const { feishuClient } = (await dist(
  'feishu/calls/client.js',
)) as typeof import('../../src/feishu/calls/client.ts');
const { openTable } = (await dist('feishu/table/open.js')) as typeof import('../../src/feishu/table/open.ts');
const { people } = (await dist('feishu/chat/people.js')) as typeof import('../../src/feishu/chat/people.ts');
const { keeper } = (await dist('run/keeper.js')) as typeof import('../../src/run/keeper.ts');
const { openLanes } = (await dist('run/lane.js')) as typeof import('../../src/run/lane.ts');
const { openRuns } = (await dist('run/runs/registry.js')) as typeof import('../../src/run/runs/registry.ts');
const { openSources } = (await dist('source/sources.js')) as typeof import('../../src/source/sources.ts');
const { openStore } = (await dist('store/open.js')) as typeof import('../../src/store/open.ts');
const { parseDefinition } = (await dist(
  'sync/definition/parse-definition.js',
)) as typeof import('../../src/sync/definition/parse-definition.ts');
const { systemClock: clock } = (await dist('process.js')) as typeof import('../../src/process.ts');

const silent = () => undefined;
const log = { debug: silent, info: silent, warn: silent, error: console.error };
const chance = {
  uuid: () => randomUUID(),
  run: () => randomBytes(5).toString('hex'),
  random: () => Math.random(),
};

async function load({ definition: written, app, shop, store: path, folder }: Load): Promise<Loaded> {
  const parsed = parseDefinition(written);
  if (parsed.kind !== 'definition') throw new Error(JSON.stringify(parsed.issues));
  const { definition } = parsed;
  const disk = path === null ? undefined : await openStore(`sqlite:${path}`, { clock, log });
  const store = disk ?? { ...memoryStore(), seen: unasked, ping: unasked, stop: async () => {} };
  const client = feishuClient({
    app: { id: app.id, secret: app.secret, domain: app.url },
    ...{ log, clock, chance },
  });
  const source = openSources(new Map([['SHOP', shop]]), { clock });
  const runs = openRuns(
    {
      ...{ clock, chance, log, place: { folder, timeZone: 'Asia/Shanghai' } },
      store: store as never,
      lanes: openLanes(store.facts.width, clock, chance),
      sources: source.sources,
      people: people(client, clock),
    },
    {
      openTable: openTable(client),
      keeper: keeper(store.leases, 'bench', () => true, { clock, log }),
      definition: async () => definition,
      isHeld: async () => false,
    },
  );
  const before = process.cpuUsage();
  const started = await runs.start({ definition, by: { kind: 'cli' } });
  if (started.kind !== 'started') throw new Error('the table is held');
  const { status, rows, ms, error } = await started.run.ended;
  const cpu = process.cpuUsage(before);
  await runs.stop();
  client.stop();
  await Promise.all([source.stop(), store.stop()]);
  if (status !== 'done') throw new Error(`${status}: ${JSON.stringify(error)}`);
  return { written: rows.created + rows.updated, wall: ms.total, cpu: (cpu.user + cpu.system) / 1000 };
}

const unasked = (): never => {
  throw new Error('a load asks for nothing of the kind');
};

process.once('message', (asked: Load) => {
  void load(asked).then((loaded) => {
    process.send?.(loaded);
    process.disconnect();
  });
});
