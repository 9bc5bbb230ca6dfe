import { parentPort, workerData } from 'node:worker_threads';
import Database from 'libsql';
import type { Opening, Param, Reply, Request } from './wire.ts';

/** Statements kept ready; beyond it the oldest is prepared again when needed. */
const ready = 200;

type Statement = Database.Statement;
type Rows = Record<string, unknown>[];

/** Opens the file and answers requests, one after the other; see `sqlite-driver.ts` for the other end. */
function serve({ path, patience }: Opening): void {
  const port = parentPort;
  if (port === null) throw new Error('sqlite-worker.ts is the body of a worker thread');
  const db = open(path, patience);
  const statements = new Map<string, Statement>();

  function prepared(sql: string): Statement {
    const known = statements.get(sql);
    if (known) return known;
    const statement = db.prepare(sql);
    statements.set(sql, statement);
    const [oldest] = statements.keys();
    if (statements.size > ready && oldest !== undefined) statements.delete(oldest);
    return statement;
  }

  function run(sql: string, params: readonly Param[]): { rows: Rows; changes: number | null } {
    // SQLite ends a transaction by itself after some errors; the caller's rollback must not hide them.
    if (sql === 'rollback' && !db.inTransaction) return { rows: [], changes: 0 };
    const statement = prepared(sql);
    if (!statement.reader) return { rows: [], changes: statement.run(params).changes };
    // `get` adds a column of its own to the row; `all` does not.
    return { rows: statement.all(params) as Rows, changes: null };
  }

  port.on('message', (request: Request) => {
    if (request.kind === 'close') {
      statements.clear();
      db.close();
      port.postMessage({ id: request.id, kind: 'done', rows: [], changes: null } satisfies Reply);
      port.close();
      return;
    }
    try {
      const answer = run(request.sql, request.params);
      const transfer = answer.rows.flatMap(bytesOf);
      port.postMessage({ id: request.id, kind: 'done', ...answer } satisfies Reply, transfer);
    } catch (error) {
      port.postMessage({ id: request.id, kind: 'failed', ...told(error) } satisfies Reply);
    }
  });
}

function open(path: string, patience: number): Database.Database {
  const db = new Database(path, { timeout: patience });
  const until = performance.now() + patience;
  // Switching to WAL needs the file for itself for a moment, and SQLite does not wait for that by itself.
  while (!turnedToWal(db)) {
    if (performance.now() > until)
      throw Object.assign(new Error('database is locked'), { code: 'SQLITE_BUSY' });
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20);
  }
  // A power cut must not forget that a chunk was handed to the network: it would be created a second time.
  db.pragma('synchronous = FULL');
  db.pragma('foreign_keys = ON');
  db.pragma('journal_size_limit = 67108864');
  // In KiB and in pages of 4 KiB: what a chunk touches should fit, and not be copied back after each one.
  db.pragma('cache_size = -16000');
  db.pragma('wal_autocheckpoint = 4000');
  return db;
}

function turnedToWal(db: Database.Database): boolean {
  try {
    db.pragma('journal_mode = WAL');
    return true;
  } catch (error) {
    if (told(error).code.startsWith('SQLITE_BUSY')) return false;
    throw error;
  }
}

/** Makes bytes of a row's ArrayBuffers and answers those, so that they move to the other thread without a copy. */
function bytesOf(row: Record<string, unknown>): ArrayBuffer[] {
  const buffers: ArrayBuffer[] = [];
  for (const [name, value] of Object.entries(row)) {
    if (!(value instanceof ArrayBuffer)) continue;
    row[name] = new Uint8Array(value);
    buffers.push(value);
  }
  return buffers;
}

function told(error: unknown): { message: string; code: string } {
  const message = error instanceof Error ? error.message : String(error);
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'SQLITE_ERROR';
  return { message, code };
}

serve(workerData as Opening);
