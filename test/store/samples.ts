import { systemClock } from '../../src/clock.ts';
import type { Log, NewChunk, Outcome, RunRecord, Scope } from '../../src/run/ports.ts';
import type { State } from '../../src/sync/state/state.ts';
import { sampleState } from '../support/samples.ts';

/** A log that says nothing. */
export const quiet: Log = { debug() {}, info() {}, warn() {}, error() {} };

/** Parts for a store whose clock stands still; pauses are real, because other processes hold locks. */
export const parts = {
  clock: { now: () => 1_700_000_000_000, monotonic: systemClock.monotonic, sleep: systemClock.sleep },
  log: quiet,
};

export const orders: Scope = { definition: 'orders', table: 'bascnA/tblA' };

export const stateOf = (run: string, change: Partial<State> = {}): State => ({
  ...sampleState,
  ...{ run, link: 'https://example.feishu.cn/base/bascnA?table=tblA', version: 0, startedAt: 1_000 },
  ...change,
});

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
