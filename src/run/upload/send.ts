import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Target } from '../../sync/fields/column.ts';
import { type Change, type Create, hashOfRow, seedOf } from '../../sync/plan/change.ts';
import { createdFields, updatedRecord } from '../../sync/plan/chunk.ts';
import { heavyWaits, throttleBudget } from '../../sync/plan/pace.ts';
import { CallError, type Failure } from '../../sync/words/failure.ts';
import { tokenLife } from '../../sync/words/limits.ts';
import type { StopSignals } from '../job.ts';
import type { Hold } from '../keeper.ts';
import type { Lane } from '../lane.ts';
import type { Chance, Clock, LedgerEntry, MayGo, Table } from '../ports.ts';
import { withoutPrivate } from '../shown.ts';

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

/** What is known from sending the same changes before. */
export interface Before {
  /** The idempotency token of that time. */
  readonly token: Token | null;
  /** Whether that send may have happened. */
  readonly doubt: boolean;
  /** Since when these changes are being put off by throttling (monotonic, ms). */
  readonly began: number;
}

/** An idempotency token and when it was first used: by the calendar, and by the clock that nobody sets. */
export interface Token {
  readonly token: string;
  readonly at: number;
  readonly since: number;
}

/** A call that is put together before it is its turn. */
export interface Prepared {
  readonly changes: readonly Change[];
  readonly targets: readonly Target[];
  readonly call: Call;
}

/** How a chunk is sent when nothing stands in its way. */
export interface First {
  readonly prepared: Prepared;
  /** Called when all of it is in the table, and only the store does not know yet. */
  written(): Promise<void>;
}

/** What sending needs around it. */
export interface Sender {
  readonly to: Destination;
  readonly lane: Lane;
  readonly hold: Hold;
  readonly clock: Clock;
  readonly chance: Chance;
  /** Counts where it is of the same changes to the same targets. */
  readonly prepared: Prepared | undefined;
  readonly tell: Telling;
}

/** Where rows go. */
export interface Destination {
  readonly table: Table;
  readonly targets: readonly Target[];
}

/** Told how a send goes on. */
export interface Telling {
  /** Stores that a chunk is handed to the network now. */
  note(token: Token | null): Promise<void>;
  /** A send got no answer of Feishu's: it may still be on its way. */
  unanswered(): void;
  /** The changes are in the table: the lane can have the next ones. */
  written(): Promise<void>;
}

/**
 * Sends changes of one kind in one call, waiting through throttling and conflicts: those use up no round, only a
 * time budget. A token is used again for the same changes within two minutes of its first use; a new one is made
 * only where nothing can have happened yet.
 */
export async function send(
  sender: Sender,
  changes: readonly Change[],
  before: Before,
  stop: StopSignals,
): Promise<Sent> {
  const { to, lane, hold, clock, chance, tell } = sender;
  let { token, doubt } = before;
  let failure: Failure | null = null;
  let heavy = 0;
  let call = preparedFor(sender, changes);
  for (;;) {
    if (changes[0]?.kind === 'create' && (token === null || clock.monotonic() - token.since >= tokenLife)) {
      if (failure && doubt)
        return { ...unsent, failure: { ...failure, mayHaveHappened: true }, outlived: true };
      token = { token: chance.uuid(), at: clock.now(), since: clock.monotonic() };
    }
    // What is sent is put together while the store notes that it is.
    const putTogether = call ?? nextTurn().then(() => prepare(to, changes).call);
    [call] = await Promise.all([putTogether, tell.note(token)]);
    const flight = await ready(sender);
    try {
      const outcome = await call(token, stop.now, hold.isSure).finally(flight.back);
      lane.answered(flight.atOnce);
      await tell.written();
      return outcome;
    } catch (error) {
      if (!(error instanceof CallError)) throw error;
      failure = withoutPrivate(error.failure, changes, to.targets);
      if (failure.how === 'threw' && failure.mayHaveHappened) tell.unanswered();
      if (failure.verdict !== 'wait') {
        lane.answered(flight.atOnce);
        return { ...unsent, failure: { ...failure, mayHaveHappened: doubt || failure.mayHaveHappened } };
      }
      doubt ||= failure.mayHaveHappened;
      // Asked to wait for longer than there is: nobody is helped by holding the lane for that.
      if (clock.monotonic() + (failure.retryAfter ?? 0) - before.began > throttleBudget) {
        return { ...unsent, failure: { ...failure, mayHaveHappened: doubt } };
      }
      await lane.refused(failure.retryAfter, stop.soon, flight.atOnce).catch((reason: unknown) => {
        if (!stop.soon.aborted) throw reason;
      });
      // Told to stop while it waited: refused as it was, which is a better end than "sent".
      if (stop.soon.aborted) return { ...unsent, failure: { ...failure, mayHaveHappened: doubt } };
      if (failure.heavy && ++heavy === heavyWaits && changes.length > 1) {
        // Parts go under tokens of their own: what may have been created under this one is read back first.
        return { ...unsent, failure: { ...failure, mayHaveHappened: doubt || token !== null } };
      }
    }
  }
}

/**
 * Waits for the lane, and until the table is surely still ours: the process may have been stopped since the send was
 * noted, for long enough that another one has taken the table over.
 */
async function ready({ lane, hold }: Sender): ReturnType<Lane['sends']> {
  for (;;) {
    const flight = await lane.sends();
    if (hold.isSure()) return flight;
    flight.back();
    await hold.renew();
  }
}

const unsent = { wrote: [], removed: [], written: 0 };

/** Sends changes that are put together already. */
type Call = (token: Token | null, signal: AbortSignal, mayGo: MayGo) => Promise<Sent>;

const preparedFor = ({ prepared, to }: Sender, changes: readonly Change[]): Call | undefined =>
  prepared?.changes === changes && prepared.targets === to.targets ? prepared.call : undefined;

/** Puts the call for changes of one kind together. */
export const prepare = (to: Destination, changes: readonly Change[]): Prepared => ({
  changes,
  targets: to.targets,
  call: callFor(to, changes),
});

function callFor({ table, targets }: Destination, changes: readonly Change[]): Call {
  const creates = changes.flatMap((change) => (change.kind === 'create' ? [change] : []));
  const updates = changes.flatMap((change) => (change.kind === 'update' ? [change] : []));
  const deletes = changes.flatMap((change) => (change.kind === 'delete' ? [change] : []));
  if (creates.length > 0) {
    const create = table.create(creates.map((change) => createdFields(change.cells, targets)));
    return async (token, signal, mayGo) => {
      const created = create(token?.token ?? '', signal, mayGo);
      // Worked out while the call is under way: afterwards the lane would wait for it.
      const hashes = nextTurn().then(() => createdHashes(creates, seedOf(targets)));
      const ids = await created;
      return sent(creates.length, entries(creates, ids, await hashes));
    };
  }
  if (updates.length > 0) {
    const update = table.update(updates.map((change) => updatedRecord(change, targets)));
    const wrote = updates.map(({ key, record, hash }) => ({ key, record, hash }));
    return async (_, signal, mayGo) => {
      await update(signal, mayGo);
      return sent(updates.length, wrote);
    };
  }
  const ids = deletes.map((change) => change.record);
  return async (_, signal, mayGo) => {
    await table.delete(ids, signal, mayGo);
    return { ...sent(deletes.length, []), removed: ids };
  };
}

const sent = (written: number, wrote: readonly LedgerEntry[]): Sent => ({
  wrote,
  removed: [],
  written,
  failure: null,
});

const entries = (
  creates: readonly Create[],
  ids: readonly string[],
  hashes: readonly string[],
): readonly LedgerEntry[] =>
  creates.map(({ key }, at) => ({ key, record: ids[at] ?? '', hash: hashes[at] ?? '' }));

const createdHashes = (creates: readonly Create[], seed: number): readonly string[] =>
  creates.map(({ cells }) => hashOfRow(cells, seed));
