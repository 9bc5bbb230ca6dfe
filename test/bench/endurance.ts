import { latency } from './cases.ts';
import { inScene, type Parts } from './parts.ts';

/** Prints the peak memory of a first load of 200,000 rows, and of the run after it. */
export async function benchLarge(parts: Parts): Promise<void> {
  await parts.shop.fill(200_000);
  await inScene(parts, { latency: 0 }, async (place) => {
    const first = await place.run();
    const same = await place.run();
    parts.print(
      `peak memory at 200,000 rows: first load ${first.peakMb} MB, nothing changed ${same.peakMb} MB (aim: below 350)`,
    );
  });
}

/** Kills a run of 100,000 rows half-way and prints how soon the next start of it sends again. */
export async function benchKilled(parts: Parts): Promise<void> {
  const { feishu, shop, print } = parts;
  await shop.fill(100_000);
  await inScene(parts, { latency }, async (place) => {
    await place.kill(feishu.ask({ kind: 'arrival', route: 'records.batch_create', nth: 50 }));
    // What it does from then on is a first load as any other.
    const again = feishu.ask({ kind: 'arrival', route: 'records.batch_create', nth: 1 });
    const { startedAt } = await place.kill(again);
    const seconds = (((await again) - startedAt) / 1000).toFixed(2);
    // Half of the records are there by then, and are read, 500 a call, before anything more is sent.
    const aim = (100 * latency) / 1000 + 2;
    print(
      `a killed run of 100,000 rows sends again ${seconds} s after it has its table (aim: ${aim} s, a whole read and 2 s)`,
    );
  });
}
