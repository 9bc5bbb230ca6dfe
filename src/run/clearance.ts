import type { Change } from '../sync/change.ts';
import { decodeChanges } from '../sync/chunk-body.ts';
import type { Key } from '../sync/key.ts';
import { keyTable } from '../sync/key-table.ts';
import type { Target } from '../sync/mapping.ts';
import type { Book } from './book.ts';
import type { ChunkRecord } from './ports.ts';
import { callsToFind, callsToRead, type Found, readKeys } from './readback.ts';
import { type Settled, settleByReading, settledBy } from './settle.ts';
import type { Upload } from './upload.ts';

/**
 * Finds out what the table has of creates by now, with as few calls as all of them together take: a run that was cut
 * off may have a hundred chunks left, each worth dozens of filters, of a table that is read in as many calls.
 */
export interface Clearance {
  /**
   * Begins a pass over open chunks; answers the order in which they go. Where the whole table is to be read, what goes
   * without that comes first, so that sending begins at once.
   */
  begin(open: readonly ChunkRecord[]): Promise<readonly ChunkRecord[]>;
  /** Reads the table when this chunk is the first to wait for it. @param idle resolves when no call of ours is under way */
  before(chunk: ChunkRecord, idle: () => Promise<unknown>): Promise<void>;
  /**
   * What the table has of a chunk. Rows that may have been sent are only said to be missing, where they go under another
   * token, once no send of them can arrive any more: it waits for that. Rejects with `CallError` when it cannot be told: a failed
   * look-up is never "absent".
   */
  settle(chunk: ChunkRecord, changes: readonly Change[]): Promise<Settled>;
  /** Resolves when no send of a chunk that creates can arrive any more. */
  arrived(chunk: ChunkRecord): Promise<void>;
}

/** What one read of the whole table showed. */
interface Survey {
  readonly began: number;
  /** Records with the keys of chunks in doubt. */
  readonly found: ReadonlyMap<Key, Found>;
  /** Whether the table may have a key. */
  mayHave(key: Key): boolean;
}

/** How often a table is read that moves meanwhile. */
const tries = 3;

/** @param job with the fields under their names of today */
export function clearance(job: () => Upload, book: Book): Clearance {
  /** Chunks that wait for one read of the whole table; undefined where each is looked up by itself. */
  let waiting: ReadonlySet<string> | undefined;
  let survey: Promise<Survey | undefined> | undefined;
  /** Under which names that is read. */
  let readAs: readonly Target[] = [];
  /** Whether each look-up would be a whole read, too. */
  let byReading = false;
  /** Keys of chunks that an earlier send may have brought. */
  let doubted = new Set<Key>();

  const isDoubted = (chunk: ChunkRecord): boolean =>
    book.inDoubt(chunk) || chunk.written > 0 || chunk.failure?.verdict === 'settle';
  const bodyOf = async (chunk: ChunkRecord): Promise<readonly Change[]> =>
    decodeChanges(await job().journal.body(job().run, chunk.id));

  /** Which of the chunks one read serves with fewer calls than a look-up of each; none where it does not. */
  async function together(asked: readonly ChunkRecord[], alone: ChunkRecord | undefined) {
    const { table, plan, records } = job();
    const [sample] = asked;
    if (!sample || asked.length < 2) return undefined;
    const each = callsToFind(table, plan.targets, plan.key, await bodyOf(sample), records());
    const whole = callsToRead(records());
    byReading = each >= whole;
    // The first of them goes by itself where that is little beside the read: sending begins at once then.
    const first = alone && each * 2 <= whole ? alone : undefined;
    const rows = asked.reduce((sum, chunk) => sum + chunk.rows, 0);
    if ((each * rows) / sample.rows <= whole + (first ? each : 0)) return undefined;
    return { ids: new Set(asked.flatMap(({ id }) => (id === first?.id ? [] : id))), first };
  }

  async function read(): Promise<Survey | undefined> {
    const { table, plan, stop, clock } = job();
    readAs = plan.targets;
    const began = clock.monotonic();
    const all = keyTable();
    const asked = { watched: doubted, all, tries };
    const { found, still } = await readKeys(table, plan.targets, plan.key, asked, stop.soon);
    // Somebody is at work in the table: chunk by chunk is sure, where keys can be asked for.
    return still || byReading ? { began, found, mayHave: (key) => all.find(key) >= 0 } : undefined;
  }

  async function shown(): Promise<Survey | undefined> {
    try {
      return await survey;
    } catch (error) {
      // Another name of the key field may have been all that was wrong.
      if (job().plan.targets === readAs) throw error;
      survey = read();
      return survey;
    }
  }

  async function arrived(chunk: ChunkRecord): Promise<void> {
    const { clock, stop, onPause, onRound } = job();
    const wait = book.arrivedBy(chunk) - clock.monotonic();
    if (chunk.kind !== 'create' || wait <= 0) return;
    onPause(0, clock.now() + wait);
    await clock.sleep(wait, stop.soon);
    onRound(0);
  }

  return {
    async begin(open) {
      const asked = open.filter((chunk) => chunk.kind === 'create' && book.mustReadFirst(chunk));
      const free = open.filter((chunk) => !asked.includes(chunk));
      const some = await together(asked, free.length > 0 ? undefined : asked.find((one) => !isDoubted(one)));
      waiting = some?.ids;
      survey = undefined;
      if (!some) return open;
      doubted = new Set();
      for (const chunk of asked.filter(isDoubted))
        for (const { key } of await bodyOf(chunk)) doubted.add(key);
      return [...free, ...(some.first ? [some.first] : []), ...asked.filter(({ id }) => some.ids.has(id))];
    },
    async before({ id }, idle) {
      if (survey || !waiting?.has(id)) return;
      await idle();
      survey = read();
      // Whoever asks for what it showed hears of its failure.
      await survey.catch(() => undefined);
    },
    arrived,
    async settle(chunk, changes) {
      const now = job();
      const seen = waiting?.has(chunk.id) ? await shown() : undefined;
      const began = seen?.began ?? now.clock.monotonic();
      if (seen && !isDoubted(chunk)) {
        const some = changes.filter(({ key }) => seen.mayHave(key));
        if (some.length === 0) return { rest: changes, others: [], wrote: [], removed: [] };
        const settled = await settleByReading(now, some, now.stop.soon);
        const there = new Set([...settled.wrote, ...settled.others].map(({ key }) => key));
        return { ...settled, rest: changes.filter(({ key }) => !there.has(key)) };
      }
      const settled = seen
        ? settledBy(now.plan, changes, seen.found)
        : await settleByReading(now, changes, now.stop.soon);
      const { rest } = settled;
      const kept = rest.length === changes.length && book.isProtected(chunk);
      if (rest.length === 0 || kept || began >= book.arrivedBy(chunk)) return settled;
      await arrived(chunk);
      return settleByReading(now, changes, now.stop.soon);
    },
  };
}
