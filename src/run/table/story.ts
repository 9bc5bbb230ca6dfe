import { showKey, unveiled } from '../../sync/fields/key.ts';
import { decodeChanges } from '../../sync/plan/change.ts';
import type { Chapter, Story } from '../../sync/state/state.ts';
import { type Plan, storedPlan } from '../plan.ts';
import type { RunRecord, Store } from '../ports.ts';
import { sampleOf } from '../sample.ts';

/** Runs that are looked at. */
const looked = 10;

/**
 * Looks up what the latest runs did with a row. Its key is compared as runs compare keys, and full-width letters
 * count as the plain ones; several parts stand with ` / ` between them.
 */
export async function story(definition: string, key: string, store: Kept): Promise<Story> {
  const records = await store.journal.latestRuns(definition, looked);
  const chapters: Chapter[] = [];
  let record: string | undefined;
  for (const one of records) {
    const told = await chapter(one, normal(key), store);
    const start = one.state.acts.find(({ op }) => op === 'start');
    chapters.push({ run: one.id, at: one.state.startedAt, by: start?.by, told });
    record ??= (await store.ledger.find(one.scope, [key])).get(key)?.record;
  }
  return { chapters, record };
}

type Kept = Pick<Store, 'journal' | 'ledger' | 'rejects'>;

const normal = (key: string): string => unveiled(key).normalize('NFKC').replaceAll(/\s+/gu, ' ').trim();

async function chapter(record: RunRecord, wanted: string, store: Kept): Promise<Chapter['told']> {
  for await (const rows of store.rejects.rows(record.id)) {
    const row = rows.find((one) => normal(one.key) === wanted);
    if (row) return { kind: 'bad', row };
  }
  const plan = storedPlan(record);
  if (!plan) return { kind: record.state.status === 'running' ? 'quiet' : 'forgotten' };
  return (await sent(record, plan, wanted, store)) ?? { kind: 'quiet' };
}

async function sent(
  { id }: RunRecord,
  plan: Plan,
  wanted: string,
  { journal }: Kept,
): Promise<Chapter['told'] | undefined> {
  for (const chunk of await journal.chunks(id)) {
    if (chunk.status === 'split') continue;
    const changes = decodeChanges(await journal.body(id, chunk.id));
    const change = changes.find((one) => normal(showKey(one.key, plan.key.length)) === wanted);
    if (!change) continue;
    const { status, sentAt, failure } = chunk;
    const answered = { code: failure?.code ?? null, message: failure?.message ?? '' };
    return { kind: 'change', chunk: chunk.id, status, sentAt, sample: sampleOf(change, plan), ...answered };
  }
  return undefined;
}
