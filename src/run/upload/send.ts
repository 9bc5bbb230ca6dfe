import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Target } from '../../sync/fields/column.ts';
import { type Change, printOfRow } from '../../sync/plan/change.ts';
import { createdFields, updatedRecord } from '../../sync/plan/chunk.ts';
import { digitsOf } from '../../sync/plan/known.ts';
import { heavyWaits, throttleBudget } from '../../sync/plan/pace.ts';
import { CallError, type Failure } from '../../sync/words/failure.ts';
import { tokenLife } from '../../sync/words/limits.ts';
import type { Lane } from '../lane.ts';
import type { LedgerEntry, MayGo, Table } from '../ports.ts';
import { withoutPrivate } from '../shown.ts';
import type { ChunkLog, Open, Token, Upload } from './chunk-log.ts';

/** What one sending of changes came to. */
export interface Sent {
  readonly wrote: readonly LedgerEntry[];
  readonly removed: readonly string[];
  /** Rows that are as they should be now. */
  readonly written: number;
  /** What stands in the way of the rest; null when nothing does. */
  readonly failure: Failure | null;
  /** Throttled until the token protects no more: read back, then send again. */
  readonly outlived?: true;
}

/** A call that is put together before it is its turn. */
export interface Prepared {
  readonly changes: readonly Change[];
  readonly targets: readonly Target[];
  readonly call: Call;
}

/** How a chunk is sent when nothing stands in its way. */
export interface First {
  /** Counts where it is of the same changes to the same targets. */
  readonly prepared: Prepared;
  /** Called when all of it is in the table, and only the store does not know yet. */
  written(): Promise<void>;
}

/**
 * Sends changes of one kind in one call, waiting through throttling and conflicts: those use up no round, only a
 * time budget. A token is used again for the same changes within two minutes of its first use; a new one is made
 * only where nothing can have happened yet.
 * @param began since when these changes are being put off by throttling (monotonic, ms)
 */
export async function send(
  log: ChunkLog,
  { chunk, rest }: Open,
  began: number,
  first: First | undefined,
): Promise<Sent> {
  const { job, plan, lane, parts } = log.upload;
  const { stop, hold } = job;
  const { clock, chance } = parts;
  let token = log.tokenOf(chunk);
  let doubt = log.inDoubt(chunk);
  let failure: Failure | null = null;
  let heavy = 0;
  let call =
    first?.prepared.changes === rest && first.prepared.targets === plan.targets && first.prepared.call;
  for (;;) {
    if (chunk.kind === 'create' && (token === null || clock.monotonic() - token.since >= tokenLife)) {
      if (failure && doubt) return { ...failed(failure, true), outlived: true };
      token = { token: chance.uuid(), at: clock.now(), since: clock.monotonic() };
    }
    // What is sent is put together while the store notes that it is.
    const putTogether = call || nextTurn().then(() => prepare(log.upload, rest).call);
    [call] = await Promise.all([putTogether, log.sending(chunk, token)]);
    const flight = await ready(log.upload);
    try {
      const outcome = await call(token, stop.now, hold.isSure).finally(flight.back);
      lane.answered(flight.atOnce);
      await first?.written();
      return outcome;
    } catch (error) {
      if (!(error instanceof CallError)) throw error;
      failure = withoutPrivate(error.failure, rest, plan.targets);
      if (failure.how === 'threw' && failure.mayHaveHappened) log.unanswered(chunk);
      doubt ||= failure.mayHaveHappened;
      if (failure.verdict !== 'wait') {
        lane.answered(flight.atOnce);
        return failed(failure, doubt);
      }
      // Asked to wait for longer than there is: nobody is helped by holding the lane for that.
      if (clock.monotonic() + (failure.retryAfter ?? 0) - began > throttleBudget)
        return failed(failure, doubt);
      await lane.refused(failure.retryAfter, stop.soon, flight.atOnce).catch((reason: unknown) => {
        if (!stop.soon.aborted) throw reason;
      });
      // Told to stop while it waited: refused as it was, which is a better end than "sent".
      if (stop.soon.aborted) return failed(failure, doubt);
      // Parts go under tokens of their own: what may have been created under this one is read back first.
      if (failure.heavy && ++heavy === heavyWaits && rest.length > 1)
        return failed(failure, doubt || token !== null);
    }
  }
}

const failed = (failure: Failure, mayHaveHappened: boolean): Sent => ({
  ...{ wrote: [], removed: [], written: 0 },
  failure: { ...failure, mayHaveHappened },
});

/**
 * Waits for the lane, and until the table is surely still ours: the process may have been stopped since the send was
 * noted, for long enough that another one has taken the table over.
 */
async function ready({ lane, job: { hold } }: Upload): ReturnType<Lane['sends']> {
  for (;;) {
    const flight = await lane.sends();
    if (hold.isSure()) return flight;
    flight.back();
    await hold.renew();
  }
}

/** Sends changes that are put together already. */
type Call = (token: Token | null, signal: AbortSignal, mayGo: MayGo) => Promise<Sent>;

/** Puts the call for changes of one kind together. */
export const prepare = ({ job, plan: { targets } }: Upload, changes: readonly Change[]): Prepared => ({
  ...{ changes, targets },
  call: callFor(job.table, targets, changes),
});

function callFor(table: Table, targets: readonly Target[], changes: readonly Change[]): Call {
  const creates = changes.flatMap((change) => (change.kind === 'create' ? [change] : []));
  const updates = changes.flatMap((change) => (change.kind === 'update' ? [change] : []));
  const deletes = changes.flatMap((change) => (change.kind === 'delete' ? [change.record] : []));
  const done = (wrote: readonly LedgerEntry[], removed: readonly string[] = []): Sent => ({
    ...{ wrote, removed, written: changes.length, failure: null },
  });
  if (creates.length > 0) {
    const create = table.create(creates.map(({ cells }) => createdFields(cells, targets)));
    return async (token, signal, mayGo) => {
      const created = create(token?.token ?? '', signal, mayGo);
      // Worked out while the call is under way: afterwards the lane would wait for it.
      const hashed = nextTurn().then(() => creates.map(({ cells }) => digitsOf(printOfRow(cells))));
      const ids = await created;
      const hashes = await hashed;
      const entry = (at: number) => ({ record: ids[at] ?? '', hash: hashes[at] ?? '', made: true as const });
      return done(creates.map(({ key }, at) => ({ key, ...entry(at) })));
    };
  }
  if (updates.length > 0) {
    const update = table.update(updates.map((change) => updatedRecord(change, targets)));
    return async (_, signal, mayGo) => {
      await update(signal, mayGo);
      return done(updates.map(({ key, record, after = '' }) => ({ key, record, hash: after })));
    };
  }
  return async (_, signal, mayGo) => {
    await table.delete(deletes, signal, mayGo);
    return done([], deletes);
  };
}
