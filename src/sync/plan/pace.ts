import type { ChunkKind } from '../state/state.ts';
import type { Failure } from '../words/failure.ts';
import { backoff } from '../words/limits.ts';

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

/** Decides by the verdict. @param heavy how often the chunk failed as one that may be too much for one call */
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

/**
 * How many writes a base takes at once, found out by trying: from 1, or what held before, one more when a full width of
 * writes that were under way together came back clean, half on a conflict. The width that conflicted is a ceiling for a
 * day: a strict base costs one refused call.
 */
export interface Width {
  readonly width: number;
  /** Clean answers since the last change. */
  readonly clean: number;
  /** The width that was refused, or null while none was. */
  readonly ceiling: number | null;
  /** When it was refused (ms). */
  readonly ceilingAt: number;
  /** Refusals in a row that did not narrow any more: each doubles the pause. */
  readonly refusals: number;
}

export const widest = 8;
const ceilingLife = 24 * 3_600_000;
/** Milliseconds within which refusals without a clean answer between them count as one. */
const burst = 1000;

/** Where to begin, from what was remembered (see {@link rememberWidth}). */
export function startWidth(remembered: string | undefined): Width {
  const [width = 1, ceiling = 0, at = 0] = (remembered ?? '')
    .split(' ')
    .map((part) => Math.trunc(Number(part)) || 0);
  return {
    width: Math.min(Math.max(width, 1), widest),
    clean: 0,
    ceiling: ceiling > 0 ? ceiling : null,
    ceilingAt: at,
    refusals: 0,
  };
}

/** What to keep for the next run. */
export const rememberWidth = (now: Width): string => `${now.width} ${now.ceiling ?? 0} ${now.ceilingAt}`;

/**
 * A write was carried out (or failed for a reason of its own). @param atOnce writes that were under way when it was
 * sent, itself included: fewer than the width prove nothing
 */
export function answered(now: Width, at: number, atOnce: number = now.width): Width {
  if (atOnce < now.width) return { ...now, refusals: 0 };
  const clean = now.clean + 1;
  const ceiling = now.ceiling !== null && at - now.ceilingAt < ceilingLife ? now.ceiling : null;
  const mayWiden = now.width < widest && (ceiling === null || now.width + 1 < ceiling);
  return clean >= now.width && mayWiden
    ? { ...now, width: now.width + 1, clean: 0, ceiling, refusals: 0 }
    : { ...now, clean, ceiling, refusals: 0 };
}

/** A write was refused, the base being busy. @param atOnce writes under way when it was sent, itself included */
export function refused(now: Width, at: number, atOnce: number = now.width): Width {
  // Writes that were in flight together are refused together: that is one conflict, not several.
  const sameBurst = now.clean === 0 && now.ceiling !== null && at - now.ceilingAt < burst;
  if (now.width === 1 || sameBurst) return { ...now, clean: 0, refusals: now.refusals + 1 };
  const ceiling = Math.min(now.width, Math.max(atOnce, 2));
  return { width: Math.floor(ceiling / 2), clean: 0, ceiling, ceilingAt: at, refusals: 0 };
}

/** Milliseconds to wait before a refused write is sent again. */
export function refusedPause(now: Width, retryAfter: number | undefined, random: number): number {
  const own = backoff(now.refusals, 250, 30_000, 0.75 + random / 2);
  return Math.max(retryAfter ?? 0, own);
}
