import { createHash } from 'node:crypto';
import type { Definition } from '../../sync/definition/definition.ts';
import type { Key } from '../../sync/fields/key.ts';
import { type Change, decodeChanges, encodeChanges } from '../../sync/plan/change.ts';
import {
  backIn,
  type Chunk,
  isDivisible,
  kindOrder,
  numberOf,
  partId,
  recordOf,
} from '../../sync/plan/chunk.ts';
import { chunkFacts, type State } from '../../sync/state/state.ts';
import { type Plan, writePlan } from '../plan.ts';
import type { ChunkRecord, LedgerEntry, NewChunk, Outcome, RunRecord, Store } from '../ports.ts';
import { drifts } from '../shown.ts';

/** What a person has said yes to. */
export interface Approved {
  /** Hash of the plan that was shown. */
  readonly hash: string;
  readonly planned: State['planned'];
  readonly withoutDeletes: boolean;
  /** It was made before the table had all fields, and goes by others since. */
  readonly fieldsToBe: boolean;
}

/** What a run that goes on has behind it. Its rest is planned anew, from both sides as they are now. */
export interface Left {
  readonly plan: Plan;
  /** Keys of the rows that it has confirmed. */
  readonly confirmed: ReadonlySet<Key>;
  /** What its chunks have confirmed. */
  readonly wrote: readonly LedgerEntry[];
  readonly removed: readonly string[];
  /** Rows that its chunks count as created or updated. */
  readonly written: number;
  /** Rows that were sent and not confirmed: each goes on in its chunk. */
  readonly tried: ReadonlyMap<Key, Tried>;
  /** Records that somebody had changed, which it sets back. */
  readonly back: ReadonlySet<string>;
  /** Takes what it has set back of that. */
  readonly drift: ReturnType<typeof drifts>;
  /** All its chunks. */
  readonly chunks: readonly ChunkRecord[];
  /** Those that are not confirmed; the new plan takes their place. */
  readonly open: readonly ChunkRecord[];
  /** The highest number of a chunk so far, by the letters before it. */
  readonly numbers: ReadonlyMap<string, number>;
}

interface Tried {
  readonly chunk: ChunkRecord;
  /** The record that the change was about; undefined of one to be created. */
  readonly record: string | undefined;
  /** The change, where it sets back what somebody changed. */
  readonly back: Change | undefined;
}

/**
 * Drops the chunks of a plan that was never finished, because the program was killed while it made it anew: nothing of
 * them was sent, shown or agreed to. Returns the plan that counts, and its chunks.
 */
export async function onlyFinished(
  { id }: RunRecord,
  plan: Plan,
  { journal }: Pick<Store, 'journal'>,
  fence?: number,
): Promise<{ readonly plan: Plan; readonly chunks: readonly ChunkRecord[] }> {
  const all = await journal.chunks(id);
  // A plan of an older program was made once and does not tell.
  const numbers = plan.numbers ?? Object.fromEntries(highest(all));
  const isFinished = (chunk: ChunkRecord): boolean => {
    const { letters, number } = numberOf(chunk.id);
    return chunk.attempts > 0 || number <= (numbers[letters] ?? 0);
  };
  const chunks = all.filter(isFinished);
  if (plan.numbers && chunks.length === all.length) return { plan, chunks };
  const whole = { ...plan, numbers };
  const drop = all.filter((chunk) => !isFinished(chunk)).map((chunk) => chunk.id);
  const stored = { text: writePlan(whole), fingerprint: plan.fingerprint };
  await journal.savePlan(id, stored, fence, { drop, add: [] });
  return { plan: whole, chunks };
}

/** The highest number of a chunk, by the letters before it. */
function highest(chunks: readonly ChunkRecord[]): ReadonlyMap<string, number> {
  const numbers = new Map<string, number>();
  for (const { letters, number } of chunks.map(({ id }) => numberOf(id)))
    numbers.set(letters, Math.max(number, numbers.get(letters) ?? 0));
  return numbers;
}

/** Reads what a run has left: the rows of each chunk that was sent, once. */
export async function leftBy(
  { id }: RunRecord,
  { plan, chunks }: Awaited<ReturnType<typeof onlyFinished>>,
  { journal }: Pick<Store, 'journal'>,
): Promise<Left> {
  const confirmed = new Set<Key>();
  const tried = new Map<Key, Tried>();
  const open: ChunkRecord[] = [];
  const wrote: LedgerEntry[] = [];
  const removed: string[] = [];
  const back = new Set<string>();
  const drift = drifts(plan);
  let written = 0;
  const numbers = highest(chunks);
  for (const chunk of chunks) {
    if (chunk.kind !== 'delete') written += chunk.written;
    const isOpen = !chunkFacts[chunk.status].confirmed;
    if (isOpen) open.push(chunk);
    if (chunk.attempts === 0 && chunk.back === 0) continue;
    const changes = decodeChanges(await journal.body(id, chunk.id));
    for (const change of changes) if (setsBack(change)) back.add(change.record);
    if (chunk.attempts === 0) continue;
    const some = await journal.confirmed(id, chunk.id);
    wrote.push(...some.wrote);
    removed.push(...some.removed);
    const isWhole = !isOpen && chunk.status !== 'split';
    const there = new Set((isWhole ? changes : some.wrote).map(({ key }) => key));
    for (const change of changes) {
      if (there.has(change.key)) {
        if (!confirmed.has(change.key)) drift.take(change);
        confirmed.add(change.key);
      } else if (isOpen && isDivisible(chunk))
        tried.set(change.key, {
          ...{ chunk, record: recordOf(change), back: setsBack(change) ? change : undefined },
        });
    }
  }
  return { ...{ plan, confirmed, wrote, removed, written }, back, drift, tried, chunks, open, numbers };
}

const setsBack = (change: Change): change is Extract<Change, { kind: 'update' }> =>
  change.kind === 'update' && change.back === true;

/** Whether a send of the chunk may have happened whose outcome nobody has noted. */
const isInDoubt = ({ status, failure }: ChunkRecord): boolean =>
  status === 'sent' || status === 'unknown' || failure?.mayHaveHappened === true;

/** What becomes of the chunks that a run had left, in the journal. */
export interface Succession {
  /** Those that came about, wholly or in part. */
  readonly settle: readonly { readonly chunk: string; readonly outcome: Outcome }[];
  /** Those that the new plan replaces. */
  readonly drop: readonly string[];
  /** Rows that were sent before, as they are wanted now. */
  readonly add: readonly NewChunk[];
}

/** Sorts what a comparison finds into the chunks in which the rows were sent before. */
export interface Sorter {
  /** Takes a change whose row was sent before; answers false to others. */
  take(change: Change): boolean;
  /** Whether a record with a key may have been created by a call of the run of which nothing is known. */
  mayHaveMade(key: Key): boolean;
  /** Notes that a row is in the table as it is wanted; answers whether it counts as written by the run. */
  same(key: Key, entry: () => LedgerEntry): boolean;
  /** After the comparison. @param has whether the table has a record */
  end(has: (record: string) => boolean, body: (chunk: string) => Promise<Uint8Array>): Promise<Succession>;
}

/** Makes the sorter of a run that goes on. */
export function sorter({ confirmed, tried, open, drift }: Left): Sorter {
  const changes = new Map<string, Change[]>();
  const wrote = new Map<string, LedgerEntry[]>();
  const removed = new Map<string, string[]>();

  async function replaced(chunk: ChunkRecord, body: (chunk: string) => Promise<Uint8Array>) {
    const mine = changes.get(chunk.id) ?? [];
    const kinds = kindOrder.filter((kind) => mine.some((change) => change.kind === kind));
    const alone = kinds.length === 1 && kinds[0] === chunk.kind && !isPartly(chunk);
    const add: NewChunk[] = [];
    for (const [at, kind] of kinds.entries()) {
      const rows = mine.filter((change) => change.kind === kind);
      const name = alone ? chunk.id : partId(chunk.id, at + 1);
      add.push(await again(chunk, { id: name, kind, changes: rows }, body));
    }
    return add;
  }

  const isPartly = ({ id, written }: ChunkRecord): boolean => written > 0 || wrote.has(id) || removed.has(id);

  function outcome(chunk: ChunkRecord): Outcome {
    const [some, gone] = [wrote.get(chunk.id) ?? [], removed.get(chunk.id) ?? []];
    const written = chunk.written + some.length + gone.length;
    // A split chunk stands for what was confirmed of it.
    const status = written === chunk.rows ? 'done' : 'split';
    return { status, written, failure: null, wrote: some, removed: gone, parts: [], refused: null };
  }

  return {
    take(change) {
      const { chunk } = tried.get(change.key) ?? {};
      if (!chunk) return false;
      push(changes, chunk.id, change);
      return true;
    },
    mayHaveMade(key) {
      const { chunk } = tried.get(key) ?? {};
      return chunk?.kind === 'create' && isInDoubt(chunk);
    },
    same(key, entry) {
      if (confirmed.has(key)) return true;
      const { chunk, back } = tried.get(key) ?? {};
      if (!chunk || !isInDoubt(chunk)) return false;
      if (back) drift.take(back);
      push(wrote, chunk.id, entry());
      return true;
    },
    async end(has, body) {
      for (const { chunk, record } of tried.values())
        if (chunk.kind === 'delete' && isInDoubt(chunk) && record && !has(record))
          push(removed, chunk.id, record);
      const add = await Promise.all(open.map((chunk) => replaced(chunk, body)));
      return {
        settle: open.filter(isPartly).map((chunk) => ({ chunk: chunk.id, outcome: outcome(chunk) })),
        drop: open.filter((chunk) => !isPartly(chunk)).map(({ id }) => id),
        add: add.flat(),
      };
    },
  };
}

/**
 * Rows that were sent before, as a chunk to be sent. Creates in doubt keep that doubt, and their token where they are
 * the very same rows: only then does Feishu know it again.
 */
async function again(
  before: ChunkRecord,
  { id, kind, changes }: Pick<Chunk, 'id' | 'kind' | 'changes'>,
  bodyOf: (chunk: string) => Promise<Uint8Array>,
): Promise<NewChunk> {
  const body = encodeChanges(changes);
  const { seq, attempts } = before;
  const inDoubt = kind === 'create' && isInDoubt(before);
  const isSame = inDoubt && before.kind === 'create' && Buffer.compare(body, await bodyOf(before.id)) === 0;
  const { token, sentAt } = isSame ? before : { token: null, sentAt: null };
  const sent = { attempts, inDoubt, token, sentAt };
  return { id, kind, seq, rows: changes.length, back: backIn(changes), body, sent };
}

function push<T>(lists: Map<string, T[]>, name: string, item: T): void {
  const list = lists.get(name);
  if (list) list.push(item);
  else lists.set(name, [item]);
}

/**
 * Whether all that a new plan would do was in the plan before, to which nobody had to say yes any more: a yes was for
 * the plan that was shown.
 * @param add chunks of the new plan that are not stored yet
 */
export async function wasAgreed(
  run: string,
  { plan, open, numbers }: Left,
  add: readonly NewChunk[],
  { journal }: Pick<Store, 'journal'>,
): Promise<boolean> {
  if (plan.waits.length > 0) return false;
  const agreed = new Set<string>();
  for (const { id } of open)
    for (const change of decodeChanges(await journal.body(run, id))) agreed.add(printOf(change));
  const isNew = (id: string): boolean => numberOf(id).number > (numbers.get(numberOf(id).letters) ?? 0);
  const isAgreed = (body: Uint8Array): boolean =>
    decodeChanges(body).every((change) => agreed.has(printOf(change)));
  for (const { id } of await journal.chunks(run))
    if (isNew(id) && !isAgreed(await journal.body(run, id))) return false;
  return add.every(({ body }) => isAgreed(body));
}

const printOf = (change: Change): string => Buffer.from(encodeChanges([change])).toString('base64');

/** Hash of all that decides what a definition writes, and where: a run goes on only under the same terms. */
export function termsOf({ source, key, target, mode, deletes, fields, view, timeZone }: Definition): string {
  const { connection, query, cut } = source;
  const what = JSON.stringify([connection, query, cut, key, target, mode, deletes, fields, view, timeZone]);
  return createHash('sha256').update(what).digest('hex').slice(0, 32);
}
