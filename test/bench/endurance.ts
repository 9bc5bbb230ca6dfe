import { latency } from './cases.ts';
import type { Answers, Feishu } from './feishu.ts';
import { inPlace } from './program.ts';
import type { Shop } from './shop.ts';

/** Prints the peak memory of a first load of 200,000 rows, and of the run after it. */
export async function benchLarge(
  feishu: Feishu,
  app: Answers['app'],
  shop: Shop,
  print: (line: string) => void,
): Promise<void> {
  await shop.fill(200_000);
  await inPlace(app, shop, async (place) => {
    const [target = ''] = await feishu.ask({ kind: 'base', tables: 1 });
    await feishu.ask({ kind: 'pace', latency: 0, writers: 1 });
    place.define(target, 1);
    const first = await place.run();
    const same = await place.run();
    print(
      `peak memory at 200,000 rows: first load ${first.peakMb} MB, nothing changed ${same.peakMb} MB (aim: below 350)`,
    );
  });
}

/** Kills a run of 100,000 rows half-way and prints how soon the next start of it sends again. */
export async function benchKilled(
  feishu: Feishu,
  app: Answers['app'],
  shop: Shop,
  print: (line: string) => void,
): Promise<void> {
  await shop.fill(100_000);
  await inPlace(app, shop, async (place) => {
    const [target = ''] = await feishu.ask({ kind: 'base', tables: 1 });
    await feishu.ask({ kind: 'pace', latency, writers: 1 });
    place.define(target, 1);
    await place.kill(feishu.ask({ kind: 'arrival', route: 'records.batch_create', nth: 50 }));
    // What it does from then on is a first load as any other.
    const again = feishu.ask({ kind: 'arrival', route: 'records.batch_create', nth: 1 });
    const { startedAt } = await place.kill(again);
    const seconds = (((await again) - startedAt) / 1000).toFixed(2);
    print(`a killed run of 100,000 rows sends again ${seconds} s after it has its table (aim: 2 s)`);
  });
}
