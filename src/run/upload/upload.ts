import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Change } from '../../sync/plan/change.ts';
import { pauseBefore } from '../../sync/plan/pace.ts';
import { newOptions } from '../../sync/plan/policy.ts';
import { chunkFacts } from '../../sync/state/state.ts';
import type { Plan } from '../plan.ts';
import type { ChunkRecord } from '../ports.ts';
import type { ChunkLog, Stopped } from './chunk-log.ts';
import { Delivery } from './delivery.ts';
import { type Prepared, prepare } from './send.ts';
import { Settling } from './settling.ts';

/**
 * Sends the chunks of a plan that are still open: creates, then updates, in rounds; deletes last, and only when
 * no create or update failed. Answers why it stopped early, if it did. Rejects when it was told to stop, or when
 * another instance took the run over.
 */
export async function upload(log: ChunkLog): Promise<Stopped | undefined> {
  const way = new Delivery(log);
  try {
    const stopped = await inRounds(way, (chunk) => !isDelete(chunk));
    const isClean = log.all().every((chunk) => isDelete(chunk) || chunkFacts[chunk.status].good);
    return stopped || !isClean ? stopped : await inRounds(way, isDelete);
  } catch (error) {
    // Whoever cancels wants to know what was written.
    if (log.upload.job.cancel.aborted) await way.settling.clearDoubt();
    throw error;
  } finally {
    log.showLeft();
    log.noteOthers();
  }
}

/** Finds out what was written of chunks whose answer never came; sends nothing. */
export async function settleDoubt(log: ChunkLog): Promise<void> {
  const settling = new Settling(log);
  // Who cancels does not wait for what may still be on its way.
  const sent = log.upload.job.cancel.aborted
    ? []
    : log.all().filter(({ status }) => chunkFacts[status].inFlight);
  for (const chunk of sent) await settling.arrived(chunk);
  await settling.clearDoubt();
  log.showLeft();
}

const isDelete = ({ kind }: ChunkRecord): boolean => kind === 'delete';

async function inRounds(way: Delivery, mine: (chunk: ChunkRecord) => boolean): Promise<Stopped | undefined> {
  const { log, settling } = way;
  const { job, plan, parts } = log.upload;
  for (let round = 0; ; round++) {
    const open = log.open().filter(mine);
    if (open.length === 0) return undefined;
    // Whatever came to its end before it was told to stop counts as it is.
    job.stop.soon.throwIfAborted();
    if (round > plan.rounds) {
      for (const chunk of open) await settling.giveUp(chunk);
      return undefined;
    }
    if (round > 0) await log.pause(pauseBefore(round, parts.chance.random()));
    log.showRound(round);
    await onePass(way, open);
    if (log.stopped) {
      await settling.clearDoubt();
      return log.stopped;
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
async function onePass(way: Delivery, open: readonly ChunkRecord[]): Promise<void> {
  const { log } = way;
  const { plan, lane, job } = log.upload;
  const { soon } = job.stop;
  const flying = new Set<Promise<void>>();
  // The lane is free for the next chunk while the store notes how this one came out.
  const settling = new Set<string>();
  let broken: { readonly error: unknown } | undefined;
  const over = (): boolean => broken !== undefined || soon.aborted || log.stopped !== undefined;
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
      }, soon)
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
    const changes = await log.body(chunk);
    await nextTurn();
    const prepared = prepare(log.upload, changes);
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
