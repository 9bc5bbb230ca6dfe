import type { ChunkKind, ChunkStatus } from '../state/state.ts';
import { backoff } from '../words/backoff.ts';
import type { Failure } from '../words/failure.ts';

/** Milliseconds to wait before a round: 1 s, 2 s, 4 s … at most a minute, less up to half by chance. */
export const pauseBefore = (round: number, random: number): number =>
  backoff(round - 1, 1000, 60_000, 1 - random / 2);

/** How long one chunk may be put off by throttling before that counts as a failure, in ms. */
export const throttleBudget = 300_000;

/** Chunks with the same unknown code after which the run stops. */
export const sameUnknownCodes = 3;

/** What becomes of a chunk whose call failed. */
export type Next =
  /** Sent again in the next round, if there is one. */
  | 'next-round'
  /** Cut in two, the parts sent in its place. */
  | 'split'
  /** One of its records is gone: look, drop those, send the rest. */
  | 'look'
  /** Fails as it is. */
  | 'fail'
  /** Fails, and the run ends: nothing more can succeed. */
  | 'stop-run';

/** How often a chunk may fail as one that may be too much for one call before it is cut. */
const heavyRounds = 2;

/** Refusals of one call that may be too much, each with a wait after it, before the chunk is cut. */
export const heavyWaits = 4;

/**
 * Decides by the verdict; a chunk of one row has nothing left to split.
 * @param heavy how often the chunk has failed as one that may be too much for one call
 */
export function afterFailure(failure: Failure, kind: ChunkKind, rows: number, heavy: number): Next {
  switch (failure.verdict) {
    case 'wait':
      return heavy > 0 && rows > 1 ? 'split' : 'next-round';
    case 'round':
      return heavy >= heavyRounds && rows > 1 ? 'split' : 'next-round';
    case 'settle':
      return 'next-round';
    case 'values':
      return rows > 1 && kind !== 'delete' ? 'split' : 'fail';
    case 'smaller':
      return rows > 1 ? 'split' : 'fail';
    case 'gone':
      if (kind !== 'create') return 'look';
      return rows > 1 ? 'split' : 'fail';
    case 'reread':
    case 'unknown':
      return 'fail';
    case 'stop':
      return 'stop-run';
  }
}

/** Whether a chunk in this state is still to be sent. */
export const isOpen = (status: ChunkStatus): boolean => status === 'pending' || status === 'sent';

/** Whether a chunk did not (fully) succeed and can be sent again by hand. */
export const isRetryable = (status: ChunkStatus): boolean =>
  status === 'failed' || status === 'unknown' || status === 'sent' || status === 'pending';
