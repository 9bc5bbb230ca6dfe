import type { Log, NewChunk, Outcome, RunRecord, Scope } from '../../src/run/ports.ts';
import type { State } from '../../src/sync/state.ts';

/** A log that says nothing. */
export const quiet: Log = { debug() {}, info() {}, warn() {}, error() {} };

/** Parts for a store whose clock stands still. */
export const parts = { clock: { now: () => 1_700_000_000_000, sleep: async () => {} }, log: quiet };

export const orders: Scope = { definition: 'orders', table: 'bascnA/tblA' };

export function stateOf(run: string, change: Partial<State> = {}): State {
  return {
    run,
    definition: 'orders',
    title: '订单',
    link: 'https://example.feishu.cn/base/bascnA?table=tblA',
    planOnly: false,
    status: 'running',
    phase: 'queued',
    version: 0,
    startedAt: 1_000,
    endedAt: null,
    reading: { rows: 0, records: 0, total: null },
    rows: {
      read: 0,
      created: 0,
      updated: 0,
      unchanged: 0,
      rejected: 0,
      invalid: 0,
      failed: 0,
      unknown: 0,
      notSent: 0,
    },
    deletes: { planned: 0, done: 0, failed: 0, unknown: 0, notSent: 0, kept: 0 },
    chunks: { total: 0, settled: 0, failed: [] },
    changes: { total: 0, settled: 0 },
    planned: { creates: 0, updates: 0, deletes: 0 },
    rounds: 0,
    roundsMax: 3,
    resumeAt: null,
    calls: { read: 0, write: 0, refused: 0, chat: 0 },
    ms: { total: 0, source: 0, table: 0, diff: 0, upload: 0 },
    waiting: null,
    error: null,
    notes: [],
    badRows: [],
    acts: [],
    ...change,
  };
}

export function runOf(id: string, change: Partial<State> = {}, scope: Scope = orders): RunRecord {
  return { id, scope, fingerprint: 'f1', plan: '', state: stateOf(id, change), card: null };
}

export function chunkOf(id: string, seq: number, body: Uint8Array = new Uint8Array([1, 2, 3])): NewChunk {
  return { id, kind: 'create', seq, rows: 3, back: 0, body };
}

export function outcomeOf(change: Partial<Outcome> = {}): Outcome {
  return {
    status: 'done',
    written: 3,
    failure: null,
    wrote: [],
    removed: [],
    parts: [],
    refused: null,
    ...change,
  };
}
