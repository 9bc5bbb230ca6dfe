import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DatabaseSync } from '@photostructure/sqlite';
import { latency } from './cases.ts';
import type { Answers } from './feishu.ts';
import type { Parts } from './parts.ts';
import { inFolder, writtenDefinition } from './program.ts';

/** What one load works with. */
export interface Load {
  readonly definition: unknown;
  readonly app: Answers['app'];
  readonly shop: { readonly kind: 'mysql' | 'sqlite'; readonly url: string };
  /** The store's file; null for one that keeps nothing. */
  readonly store: string | null;
  /** For rows that do not fit in memory. */
  readonly folder: string;
}

/** How one load went, in ms. */
export interface Loaded {
  readonly written: number;
  readonly wall: number;
  readonly cpu: number;
}

const rows = 100_000;
const tries = 2;

/** What is measured: of each case the loads with and without a store. */
const kinds = { created: 'a first load of 100,000 rows', changed: 'a run in which all 100,000 rows changed' };
type Kind = keyof typeof kinds;

/** Prints what journal and ledger cost: with them against without them, the better of two runs each. */
export async function benchJournal({ feishu, app, shop, print }: Parts): Promise<void> {
  await shop.fill(rows);
  await inFolder(async (folder) => {
    const none = (): { with: Loaded[]; without: Loaded[] } => ({ with: [], without: [] });
    const loads: Record<Kind, ReturnType<typeof none>> = { created: none(), changed: none() };
    for (let at = 0; at < tries; at++) {
      for (const [name, store] of [
        ['without', null],
        ['with', join(folder, `store-${at}.db`)],
      ] as const) {
        const [target = ''] = await feishu.ask({ kind: 'base', tables: 1 });
        await feishu.ask({ kind: 'pace', latency, writers: 1 });
        const definition = { ...writtenDefinition(target, 1), brake: { updates: 1 } };
        const asked = { app, store, folder, definition, shop: connection(shop.url) };
        loads.created[name].push(await load(asked));
        await shop.change(1);
        loads.changed[name].push(await load(asked));
      }
    }
    for (const [kind, what] of Object.entries(kinds) as [Kind, string][]) {
      const least = (of: 'with' | 'without', figure: 'wall' | 'cpu'): number =>
        Math.min(...loads[kind][of].map((one) => one[figure])) / 1000;
      const [kept, bare] = [least('with', 'wall'), least('without', 'wall')];
      const more = ((kept / bare - 1) * 100).toFixed(0);
      print(`${what} with journal and ledger takes ${more} % longer (aim: at most 10 %):`);
      print(`  with    ${kept.toFixed(2)} s, CPU ${least('with', 'cpu').toFixed(2)} s`);
      print(`  without ${bare.toFixed(2)} s, CPU ${least('without', 'cpu').toFixed(2)} s`);
    }
    print(`the bodies of all chunks: ${sizes(join(folder, 'store-0.db'))}`);
  });
}

/** Megabytes that the journal holds, by the kind of chunk. */
function sizes(path: string): string {
  const store = new DatabaseSync(path, { readOnly: true });
  try {
    const found = store
      .prepare(
        'select kind, sum(length(body)) as bytes from bitable_sync_bodies b join bitable_sync_chunks c on c.run = b.run and id = chunk group by kind',
      )
      .all() as { readonly kind: string; readonly bytes: number }[];
    return found.map(({ kind, bytes }) => `${kind} ${(bytes / 1e6).toFixed(1)} MB`).join(', ');
  } finally {
    store.close();
  }
}

async function load(asked: Load): Promise<Loaded> {
  const file = fileURLToPath(new URL('./load-process.ts', import.meta.url));
  const child = fork(file, { execArgv: ['--import', 'tsx'] });
  const ended = once(child, 'exit');
  const answered = once(child, 'message');
  child.send(asked);
  const [loaded] = (await Promise.race([answered, ended.then(gone)])) as [Loaded];
  await ended;
  if (loaded.written !== rows) throw new Error(`${loaded.written} rows were written`);
  return loaded;
}

const connection = (url: string): Load['shop'] => ({
  kind: url.startsWith('sqlite:') ? 'sqlite' : 'mysql',
  url,
});

function gone(): never {
  throw new Error('the load ended early');
}
