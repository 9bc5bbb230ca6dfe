import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Place } from './contract.ts';

/** A folder of its own for one SQLite file. */
export async function sqlitePlace(): Promise<Place & { readonly file: string }> {
  const folder = mkdtempSync(join(tmpdir(), 'bitable-sync-store-'));
  const file = join(folder, 'data', 'store.db');
  return {
    url: `sqlite:${file}`,
    file,
    remove: async () => rmSync(folder, { recursive: true }),
  };
}
