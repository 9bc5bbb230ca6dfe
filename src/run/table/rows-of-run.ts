import { showKey, unveiled } from '../../sync/fields/key.ts';
import { type Change, decodeChanges } from '../../sync/plan/change.ts';
import { printOf } from '../../sync/plan/known.ts';
import { type BadRow, type Chapter, chunkFacts, isGoing, type Story } from '../../sync/state/state.ts';
import { text } from '../../sync/words/text.ts';
import { type Plan, storedPlan } from '../plan.ts';
import type { ChunkRecord, RunRecord, Scope, Store } from '../ports.ts';
import { listedKey, sampleOf } from '../shown.ts';

type Kept = Pick<Store, 'journal' | 'rejects'>;

/** Runs that a story looks at. */
const looked = 10;

/**
 * Looks up what the latest runs did with a row. Its key is compared as runs compare keys, and full-width letters
 * count as the plain ones; several parts stand with ` / ` between them.
 */
export async function story(
  definition: string,
  key: string,
  store: Kept & Pick<Store, 'known'>,
): Promise<Story> {
  const chapters: Chapter[] = [];
  let record: string | undefined;
  // A known table is large: each is looked into once, however many runs it had.
  const seen = new Set<string>();
  for (const one of await store.journal.latestRuns(definition, looked)) {
    const { acts, startedAt: at } = one.state;
    const by = acts.find(({ op }) => op === 'start')?.by;
    chapters.push({ run: one.id, at, by, told: await chapter(one, normal(key), store) });
    if (record === undefined && !seen.has(one.scope.table)) record = await recordOf(one.scope, key, store);
    seen.add(one.scope.table);
  }
  return { chapters, record };
}

async function recordOf(scope: Scope, key: string, store: Pick<Store, 'known'>): Promise<string | undefined> {
  const known = await store.known.load(scope);
  const [slot] = known?.table.find(printOf(key)) ?? [];
  return slot === undefined ? undefined : known?.table.record(slot);
}

const normal = (key: string): string => unveiled(key).normalize('NFKC').replaceAll(/\s+/gu, ' ').trim();

async function chapter(run: RunRecord, wanted: string, store: Kept): Promise<Chapter['told']> {
  for await (const rows of store.rejects.rows(run.id)) {
    const row = rows.find((one) => normal(one.key) === wanted);
    if (row) return { kind: 'bad', row };
  }
  const plan = storedPlan(run);
  if (!plan) return { kind: isGoing(run.state) ? 'quiet' : 'forgotten' };
  for await (const { chunk, changes } of chunksOf(run, store, ({ status }) => !chunkFacts[status].divided)) {
    const change = changes.find((one) => normal(showKey(one.key, plan.key.length)) === wanted);
    if (!change) continue;
    const { id, status, sentAt, failure } = chunk;
    const answered = { code: failure?.code ?? null, message: failure?.message ?? '' };
    return { kind: 'change', chunk: id, status, sentAt, sample: sampleOf(change, plan), ...answered };
  }
  return { kind: 'quiet' };
}

/** The chunks of a run that are asked for, in the order of sending, with their changes. */
async function* chunksOf(
  { id }: RunRecord,
  { journal }: Kept,
  isAsked: (chunk: ChunkRecord) => boolean,
): AsyncGenerator<{ readonly chunk: ChunkRecord; readonly changes: readonly Change[] }> {
  for (const chunk of (await journal.chunks(id)).filter(isAsked))
    yield { chunk, changes: decodeChanges(await journal.body(id, chunk.id)) };
}

/** A row of a run that was not (surely) written. */
export interface Unwritten extends Omit<BadRow, 'kind'> {
  readonly kind: BadRow['kind'] | 'failed' | 'unknown' | 'delete-failed' | 'delete-unknown';
}

const isRefused = ({ status }: ChunkRecord): boolean => chunkFacts[status].rest === 'rejected';
const isUnwritten = (chunk: ChunkRecord): boolean => chunkFacts[chunk.status].failed || isRefused(chunk);

/** Every row that a run did not write, some at a time: its bad rows first, then those of its chunks. */
export async function* unwritten(run: RunRecord, store: Kept): AsyncGenerator<readonly Unwritten[]> {
  yield* store.rejects.rows(run.id);
  const plan = storedPlan(run);
  if (!plan) return;
  for await (const { chunk, changes } of chunksOf(run, store, isUnwritten)) {
    const open = chunk.written > 0 ? await notConfirmed(changes, chunk, run, store) : changes;
    const wasRefused = isRefused(chunk);
    const keys = wasRefused ? open.map(({ key }) => key) : [];
    const refused = await store.rejects.known(run.scope, keys);
    yield open.map((one) => {
      const row = failedRow(one, chunk, plan);
      return wasRefused ? (refused.get(one.key)?.told ?? { ...row, kind: 'rejected' }) : row;
    });
  }
}

/** Some rows of a chunk may have been found written when it was read back. */
async function notConfirmed(
  changes: readonly Change[],
  chunk: ChunkRecord,
  { id }: RunRecord,
  { journal }: Kept,
): Promise<readonly Change[]> {
  const { wrote, removed } = await journal.confirmed(id, chunk.id);
  const [keys, gone] = [new Set(wrote.map(({ key }) => key)), new Set(removed)];
  return changes.filter((change) =>
    change.kind === 'delete' ? !gone.has(change.record) : !keys.has(change.key),
  );
}

function failedRow(change: Change, { status, failure }: ChunkRecord, plan: Plan): Unwritten {
  const open = chunkFacts[status].rest === 'unknown' ? 'unknown' : 'failed';
  const message = failure?.message ?? '';
  return {
    kind: change.kind === 'delete' ? `delete-${open}` : open,
    key: listedKey(plan, change.key),
    row: null,
    ...(failure === null || failure.code === null ? {} : { code: failure.code }),
    reason: message === '' ? text('没有应答', 'no answer') : text(message, message),
  };
}
