import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { latency } from './cases.ts';
import type { Answers, Feishu } from './feishu.ts';
import { inFolder, writtenDefinition } from './program.ts';
import type { Shop } from './shop.ts';

/** What one load works with. */
export interface Load {
  readonly definition: unknown;
  readonly app: Answers['app'];
  readonly shop:
    | { readonly kind: 'mysql'; readonly url: string }
    | { readonly kind: 'sqlite'; readonly path: string };
  /** The store's file; null for one that keeps nothing. */
  readonly store: string | null;
  /** For rows that do not fit in memory. */
  readonly folder: string;
}

/** How one load went, in ms. */
export interface Loaded {
  readonly created: number;
  readonly wall: number;
  readonly cpu: number;
}

const rows = 100_000;
const tries = 2;

/** Prints what journal and ledger cost a first load: with them against without them, the better of two runs each. */
export async function benchJournal(
  feishu: Feishu,
  app: Answers['app'],
  shop: Shop,
  print: (line: string) => void,
): Promise<void> {
  await shop.fill(rows);
  await inFolder(async (folder) => {
    const loads: { with: Loaded[]; without: Loaded[] } = { with: [], without: [] };
    for (let at = 0; at < tries; at++) {
      for (const [name, store] of [
        ['without', null],
        ['with', join(folder, `store-${at}.db`)],
      ] as const) {
        const [target = ''] = await feishu.ask({ kind: 'base', tables: 1 });
        await feishu.ask({ kind: 'pace', latency, writers: 1 });
        loads[name].push(
          await load({
            ...{ app, store, folder },
            definition: writtenDefinition(target, 1),
            shop: connection(shop.url),
          }),
        );
      }
    }
    const least = (of: keyof typeof loads, what: 'wall' | 'cpu'): number =>
      Math.min(...loads[of].map((one) => one[what])) / 1000;
    const [kept, bare] = [least('with', 'wall'), least('without', 'wall')];
    const more = ((kept / bare - 1) * 100).toFixed(0);
    print(`a first load of 100,000 rows with journal and ledger takes ${more} % longer (aim: at most 10 %):`);
    print(`  with    ${kept.toFixed(2)} s, CPU ${least('with', 'cpu').toFixed(2)} s`);
    print(`  without ${bare.toFixed(2)} s, CPU ${least('without', 'cpu').toFixed(2)} s`);
  });
}

async function load(asked: Load): Promise<Loaded> {
  const file = fileURLToPath(new URL('./load-process.ts', import.meta.url));
  const child = fork(file, { execArgv: ['--import', 'tsx'] });
  const ended = once(child, 'exit');
  const answered = once(child, 'message');
  child.send(asked);
  const [loaded] = (await Promise.race([answered, ended.then(gone)])) as [Loaded];
  await ended;
  if (loaded.created !== rows) throw new Error(`${loaded.created} rows were created`);
  return loaded;
}

const connection = (url: string): Load['shop'] =>
  url.startsWith('sqlite:') ? { kind: 'sqlite', path: url.slice('sqlite:'.length) } : { kind: 'mysql', url };

function gone(): never {
  throw new Error('the load ended early');
}
