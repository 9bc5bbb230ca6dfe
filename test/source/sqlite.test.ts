import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'libsql';
import { systemClock } from '../../src/clock.ts';
import { sqliteSource } from '../../src/source/sqlite.ts';
import { type Bench, describeSource, slowQuery } from './contract.ts';

async function open(): Promise<Bench> {
  const folder = await mkdtemp(join(tmpdir(), 'source-test-'));
  const path = join(folder, 'my shop.db');
  const database = new Database(path);
  database.exec('create table first (id integer)');
  const source = sqliteSource(path, { where: 'CONNECTION_SHOP', clock: systemClock });
  return {
    source,
    slow: slowQuery(150),
    async run(sql, values = []) {
      database
        .prepare(sql)
        .run(
          ...values.map((value) =>
            typeof value === 'string' && /^\d{16,}$/.test(value) ? BigInt(value) : value,
          ),
        );
    },
    async close() {
      await source.stop();
      database.close();
      await rm(folder, { recursive: true });
    },
  };
}

describeSource('a SQLite source', open);
