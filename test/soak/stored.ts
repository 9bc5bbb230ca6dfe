import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { Status } from '../../src/sync/state/state.ts';
import type { TestDatabase } from '../support/mysql-server.ts';

/** A run as the store knows it. */
export interface StoredRun {
  readonly run: string;
  readonly status: Status;
  readonly planOnly: boolean;
  readonly rows: Counts;
  readonly deletes: Counts;
}

type Counts = Readonly<Record<string, number>>;

/** Looks into the store from outside. */
export interface Records {
  /** All runs, oldest first. */
  runs(): Promise<readonly StoredRun[]>;
  /** Records that some run has confirmed. */
  confirmed(): Promise<ReadonlySet<string>>;
}

const allRuns = 'select state from bitable_sync_runs order by created_at, id';
const allConfirmed = 'select record from bitable_sync_ledger';

type Row = Readonly<Record<string, unknown>>;

const looking = (ask: (sql: string) => Promise<readonly Row[]>): Records => ({
  runs: async () => (await ask(allRuns)).map(({ state }) => JSON.parse(String(state)) as StoredRun),
  confirmed: async () => new Set((await ask(allConfirmed)).map(({ record }) => String(record))),
});

/**
 * Of a store in a file of the folder. The binary closes a file only when its thread ends: kept open here, it would
 * still believe in side files that a real process has removed meanwhile.
 */
export const fileRecords = (folder: string): Records =>
  looking(async (sql) => {
    const path = join(folder, 'data', 'bitable-sync.db');
    if (!existsSync(path)) return [];
    const binary = createRequire(import.meta.url).resolve('@photostructure/sqlite');
    const worker = new Worker(reader, { eval: true, workerData: { binary, path, sql } });
    let rows: Row[] = [];
    worker.on('message', (answer: Row[]) => {
      rows = answer;
    });
    await once(worker, 'exit');
    return rows;
  });

const reader = `
const { parentPort, workerData: { binary, path, sql } } = require('node:worker_threads');
const { DatabaseSync } = require(binary);
parentPort.postMessage(new DatabaseSync(path, { timeout: 5000 }).prepare(sql).all());
`;

/** Of a store on the server. */
export const serverRecords = (database: TestDatabase): Records => looking((sql) => database.query(sql));
