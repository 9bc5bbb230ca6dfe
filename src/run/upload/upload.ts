import { setImmediate as nextTurn } from 'node:timers/promises';
import { type Change, decodeChanges } from '../../sync/plan/change.ts';
import { isOpen, pauseBefore } from '../../sync/plan/pace.ts';
import { newOptions } from '../../sync/plan/policy.ts';
import { asLeft, type Plan } from '../plan.ts';
import type { ChunkRecord } from '../ports.ts';
import type { Stopped, Upload } from './chunk-log.ts';
import { Delivery } from './delivery.ts';
import type { Prepared } from './send.ts';

/**
 * Sends the chunks of a plan that are still open: creates, then updates, in rounds; deletes last, and only when
 * no create or update failed. Answers why it stopped early, if it did. Rejects when it was told to stop, or when
 * another instance took the run over.
 */
export async function upload(given: Upload): Promise<Stopped | undefined> {
  const { job, ports, show } = given;
  const way = new Delivery(given, await ports.journal.chunks(job.run));
  try {
    return await inOrder(given, way);
  } catch (error) {
    // Whoever cancels wants to know what was written.
    if (job.cancel.aborted) await way.settling.clearDoubt();
    throw error;
  } finally {
    show.chunks(way.chunks().map(asLeft));
    for (const note of way.notes()) show.note(note);
  }
}

/** Finds out what was written of chunks whose answer never came; sends nothing. */
export async function settleDoubt(given: Upload): Promise<void> {
  const { job, ports, show } = given;
  const way = new Delivery(given, await ports.journal.chunks(job.run));
  // Who cancels does not wait for what may still be on its way.
  const sent = job.cancel.aborted ? [] : way.chunks().filter(({ status }) => status === 'sent');
  for (const chunk of sent) await way.settling.arrived(chunk);
  await way.settling.clearDoubt();
  show.chunks(way.chunks().map(asLeft));
}

async function inOrder(given: Upload, way: Delivery): Promise<Stopped | undefined> {
  const isDelete = ({ kind }: ChunkRecord): boolean => kind === 'delete';
  const stopped = await inRounds(given, way, (chunk) => !isDelete(chunk));
  const isClean = way.chunks().every((chunk) => isDelete(chunk) || isSettledWell(chunk.status));
  return stopped || !isClean ? stopped : inRounds(given, way, isDelete);
}

/** A row that Feishu refuses for what is in it holds no delete back: it would do so for ever. */
const isSettledWell = (status: ChunkRecord['status']): boolean =>
  status === 'done' || status === 'split' || status === 'rejected';

async function inRounds(
  given: Upload,
  way: Delivery,
  mine: (chunk: ChunkRecord) => boolean,
): Promise<Stopped | undefined> {
  const { job, plan, ports, show } = given;
  for (let round = 0; ; round++) {
    const open = way.chunks().filter((chunk) => mine(chunk) && isOpen(chunk.status));
    if (open.length === 0) return undefined;
    // Whatever came to its end before it was told to stop counts as it is.
    job.stop.soon.throwIfAborted();
    if (round > plan.rounds) {
      for (const chunk of open) await way.settling.giveUp(chunk);
      return undefined;
    }
    if (round > 0) {
      const pause = pauseBefore(round, ports.chance.random());
      show.pause(ports.clock.now() + pause);
      await ports.clock.sleep(pause, job.stop.soon);
    }
    show.round(round);
    await onePass(given, way, open);
    const stopped = way.stopped();
    if (stopped) {
      await way.settling.clearDoubt();
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
async function onePass(given: Upload, way: Delivery, open: readonly ChunkRecord[]): Promise<void> {
  const { job, plan, lane, ports } = given;
  const { stop } = job;
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
  const fresh = freshOptions(plan);
  for (const chunk of open) {
    // Read and put together while the last one is still in flight, so that the lane never waits for us.
    const changes = decodeChanges(await ports.journal.body(job.run, chunk.id));
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
