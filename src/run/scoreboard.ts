import { isOpen } from '../sync/plan/pace.ts';
import { tally } from '../sync/state/counts.ts';
import type { FailedChunk, State } from '../sync/state/state.ts';
import type { Failure } from '../sync/words/failure.ts';
import type { Basis } from './plan.ts';
import type { ChunkRecord } from './ports.ts';

/** The state with its counts brought up to date: what the comparison decided plus where the chunks stand. */
export function counted(state: State, basis: Basis, chunks: readonly ChunkRecord[]): State {
  const sum = tally(chunks);
  const whole = chunks.filter((chunk) => chunk.status !== 'split' && !isPassedOver(chunk));
  const settled = whole.filter((chunk) => chunk.status !== 'pending' && chunk.status !== 'sent');
  // Confirmed before their chunk was split: its parts hold the rest.
  const early = chunks.reduce((rows, { status, written }) => rows + (status === 'split' ? written : 0), 0);
  const { done, failed, unknown, notSent } = sum.deletes;
  const kept = sum.deletes.kept + basis.kept;
  return {
    ...state,
    rows: {
      read: basis.read,
      unchanged: basis.unchanged,
      invalid: basis.invalid,
      ...sum.rows,
      rejected: sum.rows.rejected + basis.rejected,
    },
    setBack: sum.back,
    deletes: { planned: done + failed + unknown + notSent + kept, ...sum.deletes, kept },
    chunks: { total: whole.length, settled: settled.length, failed: failedOf(whole), ...refusedIn(chunks) },
    changes: { total: rowsIn(whole) + early, settled: rowsIn(settled) + early },
  };
}

/**
 * Returns a chunk as it counts once nothing more is sent: unknown where a send may have happened whose outcome nobody
 * noted, because no answer came, the program stopped or the store was lost.
 */
export function asLeft(chunk: ChunkRecord): ChunkRecord {
  const { status, failure } = chunk;
  if (!isOpen(status) || (status !== 'sent' && !failure?.mayHaveHappened)) return chunk;
  return { ...chunk, status: 'unknown', failure: { ...(failure ?? notNoted), mayHaveHappened: true } };
}

const notNoted: Failure = {
  how: 'threw',
  code: null,
  message: 'sent, but what became of it could not be noted',
  verdict: 'round',
  mayHaveHappened: true,
};

/** Rows that Feishu refused in an earlier run: this one has not tried them. */
const isPassedOver = ({ status, attempts }: ChunkRecord): boolean => status === 'rejected' && attempts === 0;

function refusedIn(chunks: readonly ChunkRecord[]): { readonly refused?: number } {
  const refused = rowsIn(chunks.filter(({ status }) => status === 'rejected'));
  return refused === 0 ? {} : { refused };
}

const rowsIn = (chunks: readonly ChunkRecord[]): number => chunks.reduce((sum, chunk) => sum + chunk.rows, 0);

/** Chunks that can be sent again; a row refused for what is in it is listed with the bad rows instead. */
function failedOf(chunks: readonly ChunkRecord[]): readonly FailedChunk[] {
  return chunks.flatMap((chunk) => {
    if (chunk.status !== 'failed' && chunk.status !== 'unknown') return [];
    const { how = 'threw', code = null, message = '' } = chunk.failure ?? {};
    return [{ id: chunk.id, kind: chunk.kind, rows: chunk.rows - chunk.written, how, code, message }];
  });
}

/** A plan that nobody carries out: what would be done stands where it would be counted. */
export function foreseen(state: State, basis: Basis, chunks: readonly ChunkRecord[]): State {
  return counted(
    state,
    basis,
    chunks.map((chunk) => (isPassedOver(chunk) ? chunk : { ...chunk, status: 'done', written: chunk.rows })),
  );
}
