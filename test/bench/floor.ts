import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { fields } from './fields.ts';
import type { Asked, Floor } from './floor-process.ts';
import { inScene, type Parts } from './parts.ts';
import { query } from './shop.ts';

const run = promisify(execFile);

/**
 * Prints what this machine needs for merely reading both sides of 100,000 rows: the driver's rows and the parsed pages
 * are thrown away as they come. Nothing that compares them can take less.
 */
export async function benchFloor(parts: Parts): Promise<void> {
  const { app, shop, print } = parts;
  await shop.fill(100_000);
  await inScene(parts, { latency: 0 }, async (place, target) => {
    await place.run();
    const asked: Asked = { shop: shop.url, query, app, target, fields: fields.map(({ name }) => name) };
    const file = fileURLToPath(new URL('./floor-process.ts', import.meta.url));
    const { stdout } = await run(process.execPath, ['--import', 'tsx', file, JSON.stringify(asked)]);
    const floor = JSON.parse(stdout) as Floor;
    print(
      `reading alone, 100,000 rows: ${seconds(floor.rows)} s of CPU for the query (mysql2), ${seconds(floor.pages)} s for the table (node:http and JSON.parse)`,
    );
  });
}

const seconds = (ms: number): string => (ms / 1000).toFixed(2);
