import type { ChunkKind, ChunkStatus, DeleteCounts, RowCounts } from './state.ts';

/** What one chunk adds to the counts. */
export interface Counted {
  /** Parts of a split chunk have a point in it. */
  readonly id: string;
  readonly kind: ChunkKind;
  readonly rows: number;
  readonly written: number;
  /** Updates among its rows that set back what somebody changed. */
  readonly back: number;
  readonly status: ChunkStatus;
}

/**
 * Rows and deletes that chunks account for; what the comparison alone decides (unchanged, invalid) is not in it.
 * `kept` are the deletes that a person has taken out of the plan.
 */
export interface Tally {
  readonly rows: Omit<RowCounts, 'read' | 'unchanged' | 'invalid'>;
  readonly deletes: Omit<DeleteCounts, 'planned'>;
  /** Of the updated rows, those that surely set back what somebody changed. */
  readonly back: number;
}

const nothing: Tally = {
  rows: { created: 0, updated: 0, rejected: 0, failed: 0, unknown: 0, notSent: 0 },
  deletes: { done: 0, failed: 0, unknown: 0, notSent: 0, kept: 0 },
  back: 0,
};

/**
 * Adds up chunks. Whatever their statuses, every row is counted exactly once: a split chunk stands for the rows
 * that were confirmed before it was split, its parts for the rest.
 */
export function tally(chunks: Iterable<Counted>): Tally {
  const rows = { ...nothing.rows };
  const deletes = { ...nothing.deletes };
  let back = 0;
  for (const chunk of chunks) {
    back += backOf(chunk);
    const rest = chunk.status === 'split' ? 0 : chunk.rows - chunk.written;
    if (chunk.kind === 'delete') {
      deletes.done += chunk.written;
      deletes[placeOfDeletes(chunk.status)] += rest;
    } else {
      rows[chunk.kind === 'create' ? 'created' : 'updated'] += chunk.written;
      rows[placeOf(chunk.status)] += rest;
    }
  }
  return { rows, deletes, back };
}

/**
 * What a chunk adds to the rows that were set back: a split one those that were confirmed before, which are all that
 * its parts do not hold. A part that is created is one of rows whose records are gone: nothing of it is set back.
 */
function backOf({ id, kind, rows, written, back, status }: Counted): number {
  const inParent = id.includes('.') ? -back : 0;
  if (kind === 'create') return inParent;
  return inParent + (status === 'split' ? back : Math.max(0, back - (rows - written)));
}

/** Where the deletes of a chunk belong that are not confirmed. */
function placeOfDeletes(status: ChunkStatus): 'failed' | 'unknown' | 'notSent' | 'kept' {
  if (status === 'dropped') return 'kept';
  const place = placeOf(status);
  return place === 'rejected' ? 'failed' : place;
}

/** Where the rows of a chunk belong that are not confirmed. */
function placeOf(status: ChunkStatus): 'failed' | 'unknown' | 'rejected' | 'notSent' {
  switch (status) {
    case 'failed':
    case 'done':
      return 'failed';
    case 'unknown':
    case 'sent':
      return 'unknown';
    case 'rejected':
      return 'rejected';
    case 'pending':
    case 'dropped':
    case 'split':
      return 'notSent';
  }
}
