import { setImmediate as nextTurn } from 'node:timers/promises';
import { type Change, decodeChanges } from '../sync/change.ts';
import type { Failure } from '../sync/failure.ts';
import { newOptions } from '../sync/new-options.ts';
import { isOpen, pauseBefore } from '../sync/round.ts';
import type { BadRow } from '../sync/state.ts';
import type { Text } from '../sync/text.ts';
import { type Delivery, delivery } from './deliver.ts';
import type { Hold } from './keeper.ts';
import type { Lane } from './lane.ts';
import type { Plan } from './plan.ts';
import type { Chance, ChunkRecord, Clock, Journal, Scope, Table } from './ports.ts';
import { asLeft } from './scoreboard.ts';
import type { Prepared, StopSignals } from './send.ts';

/** What the upload works with. */
export interface Upload {
  readonly run: string;
  readonly scope: Scope;
  readonly fence: number;
  readonly hold: Hold;
  readonly plan: Plan;
  readonly rounds: number;
  /** When the read began from which the plan was made (monotonic, ms). */
  readonly readAt: number;
  readonly table: Table;
  /** How many records the table has by now, roughly. */
  readonly records: () => number;
  readonly lane: Lane;
  readonly journal: Journal;
  readonly clock: Clock;
  readonly chance: Chance;
  readonly stop: StopSignals;
  /** Aborted when a person has cancelled the run; `stop.soon` is then, too. */
  readonly cancel: AbortSignal;
  /** Told after every change of a chunk, with the failure that stands; of a split one together with its parts. */
  onChunks(chunks: readonly ChunkRecord[]): void;
  /** Told before an extra round: its number and when it starts (ms). */
  onPause(round: number, until: number): void;
  onRound(round: number): void;
  /** Told when a chunk of this many rows was too much for one call. */
  onTooMany(rows: number): void;
  /** Told of what is worth telling on the card. */
  onNote(note: Text): void;
  /** Told of each row that Feishu refused for what is in it. */
  onRejected(row: BadRow): void;
}

/** Why the rest of the plan was not sent. */
export interface Stopped {
  readonly failure: Failure;
  /** How many chunks failed with it. */
  readonly chunks: number;
}

/**
 * Sends the chunks of a plan that are still open: creates, then updates, in rounds; deletes last, and only when
 * no create or update failed. Answers why it stopped early, if it did. Rejects when it was told to stop, or when
 * another instance took the run over.
 */
export async function upload(job: Upload): Promise<Stopped | undefined> {
  const chunks = [...(await job.journal.chunks(job.run))];
  const doubtful = new Set(chunks.filter(({ status }) => status === 'sent').map(({ id }) => id));
  const way = delivery(job, chunks, doubtful);
  try {
    return await inOrder(job, chunks, way);
  } catch (error) {
    // Whoever cancels wants to know what was written.
    if (job.cancel.aborted) await way.clearDoubt();
    throw error;
  } finally {
    job.onChunks(chunks.map(asLeft));
    for (const note of way.notes()) job.onNote(note);
  }
}

/** Finds out what was written of chunks whose answer never came; sends nothing. */
export async function settleDoubt(job: Upload): Promise<void> {
  const chunks = [...(await job.journal.chunks(job.run))];
  const doubtful = new Set(chunks.filter(({ status }) => status === 'sent').map(({ id }) => id));
  const way = delivery(job, chunks, doubtful);
  if (!job.cancel.aborted) await way.arrived();
  await way.clearDoubt();
  job.onChunks(chunks.map(asLeft));
}

async function inOrder(
  job: Upload,
  chunks: readonly ChunkRecord[],
  way: Delivery,
): Promise<Stopped | undefined> {
  const open = (chunk: ChunkRecord): boolean => isOpen(chunk.status);
  const stopped = await roundByRound(job, way, () =>
    chunks.filter((chunk) => chunk.kind !== 'delete' && open(chunk)),
  );
  const clean = chunks.every(({ kind, status }) => kind === 'delete' || isSettledWell(status));
  if (stopped || !clean) return stopped;
  return roundByRound(job, way, () => chunks.filter((chunk) => chunk.kind === 'delete' && open(chunk)));
}

/** A row that Feishu refuses for what is in it holds no delete back: it would do so for ever. */
const isSettledWell = (status: ChunkRecord['status']): boolean =>
  status === 'done' || status === 'split' || status === 'rejected';

async function roundByRound(
  job: Upload,
  way: Delivery,
  stillOpen: () => readonly ChunkRecord[],
): Promise<Stopped | undefined> {
  for (let round = 0; ; round++) {
    const open = stillOpen();
    if (open.length === 0) return undefined;
    // Whatever came to its end before it was told to stop counts as it is.
    job.stop.soon.throwIfAborted();
    if (round > job.rounds) {
      for (const chunk of open) await way.giveUp(chunk);
      return undefined;
    }
    if (round > 0) {
      const pause = pauseBefore(round, job.chance.random());
      job.onPause(round, job.clock.now() + pause);
      await job.clock.sleep(pause, job.stop.soon);
    }
    job.onRound(round);
    await onePass(job, way, open);
    const stopped = way.stopped();
    if (stopped) {
      await way.clearDoubt();
      return stopped;
    }
  }
}

/** Tells whether changes hold an option that no chunk before them brought; from then on it is an old one. */
function freshOptions({ targets, newOptions: brought }: Plan): (changes: readonly Change[]) => boolean {
  const waiting = new Set(brought.flatMap(([at, names]) => names.map((name) => `${at} ${name}`)));
  return (changes) => {
    if (waiting.size === 0) return false;
    const seen = newOptions(targets);
    for (const change of changes) seen.see(change);
    const here = seen.names().flatMap(([at, names]) => names.map((name) => `${at} ${name}`));
    return here.filter((name) => waiting.delete(name)).length > 0;
  };
}

/** Chunks that are written and wait for the store to note it, at most: each is in memory until then. */
const settlingMost = 4;

/** One round: every open chunk is sent once, as many at a time as the lane lets through. */
async function onePass(job: Upload, way: Delivery, open: readonly ChunkRecord[]): Promise<void> {
  const { lane, stop } = job;
  const flying = new Set<Promise<void>>();
  let broken: { readonly error: unknown } | undefined;
  const over = (): boolean => broken !== undefined || stop.soon.aborted || way.stopped() !== undefined;
  // The lane is free for the next chunk while the store notes how this one came out.
  const settling = new Set<string>();
  const launch = (chunk: ChunkRecord, changes: readonly Change[], prepared: Prepared): void => {
    const flight = lane
      .run(async (free) => {
        if (over()) return;
        const written = async (): Promise<void> => {
          settling.add(chunk.id);
          free();
          // The next chunk's note goes to the store before the outcome of this one: its call waits for that.
          await nextTurn();
        };
        await way.deliver(chunk, changes, { prepared, written });
      }, stop.soon)
      .catch((error: unknown) => {
        broken ??= { error };
      })
      .finally(() => {
        settling.delete(chunk.id);
        flying.delete(flight);
      });
    flying.add(flight);
  };
  const fresh = freshOptions(job.plan);
  for (const chunk of open) {
    // Read and put together while the last one is still in flight, so that the lane never waits for us.
    const changes = decodeChanges(await job.journal.body(job.run, chunk.id));
    await nextTurn();
    const prepared = way.prepare(changes);
    await lane.room();
    // Whoever has just left the queue goes to the store first: its call waits for that, our reading ahead does not.
    await nextTurn();
    while (settling.size >= settlingMost) await Promise.race(flying);
    if (over()) break;
    // Two calls at once that both bring a new option could create it twice: the first goes alone.
    const alone = fresh(changes);
    if (alone) await Promise.all(flying);
    if (over()) break;
    launch(chunk, changes, prepared);
    if (alone) await Promise.all(flying);
  }
  await Promise.all(flying);
  if (broken) throw broken.error;
}
