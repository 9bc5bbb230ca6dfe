import { createHash } from 'node:crypto';
import { systemClock } from '../../src/process.ts';
import type {
  Known,
  KnownNote,
  LedgerEntry,
  Log,
  NewChunk,
  Outcome,
  RunRecord,
  Scope,
} from '../../src/run/ports.ts';
import { KnownTable, printOf, unknown } from '../../src/sync/plan/known.ts';
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

/** The table that a writing process works on. */
export const scopeOf = (run: string): Scope => ({ definition: 'orders', table: `bascnA/${run}` });

/** The bytes of a chunk, known from its name alone. */
export function bodyOf(run: string, chunk: string): Uint8Array {
  return Buffer.alloc(300_000, createHash('sha256').update(`${run}/${chunk}`).digest());
}

/** What settling a chunk confirms. */
export const entriesOf = (run: string, chunk: string): LedgerEntry[] =>
  Array.from({ length: 250 }, (_, at) => ({
    key: `${run}/${chunk}/${at}`,
    record: `rec-${run}-${chunk}-${at}`,
    hash: 'h',
  }));

export const noteOf = (run: string): KnownNote => ({
  ...{ revision: 7, total: 3, fields: 'f', mapping: 'm', filled: ['fld1'], readAt: 5, run },
  writes: { calls: 1, records: 2, step: -1 },
});

/** A table of so many records, most of them as a whole read finds them. @param seed tells tables apart */
export function tableOf(records: number, seed: string, table = new KnownTable(records)): KnownTable {
  for (let at = 0; at < records; at++) {
    const slot = table.add(`rec${seed}${at}`, at === 1 ? unknown : printOf(`${seed}/${at}`), BigInt(at + 1));
    table.agree(slot, BigInt(at + 2));
    if (at % 3 === 0) table.own(slot);
  }
  table.arrange();
  return table;
}

/** A known table of so many records. @param run tells it from others */
export const knownOf = (run: string, records: number): Required<Known> => ({
  note: noteOf(run),
  table: tableOf(records, run),
});
