import { DatabaseSync } from '@photostructure/sqlite';
import { openStore } from '../../src/store/open.ts';
import { parts } from '../store/samples.ts';
import type { Bench } from './cases.ts';
import { type Aim, type Measured, measured, type Work } from './judge.ts';
import { inScene } from './parts.ts';
import type { Place } from './program.ts';

/** What can be measured of tables that are known. */
export const knownCases = ['known-same', 'known-changed', 'known-1m'] as const;

/** How long calls take, in ms. */
const latency = { read: 50, write: 100 };
const base = { fields: 8, creates: 0, deletes: 0 };

type Shown = Pick<Bench, 'feishu' | 'app' | 'shop' | 'show'> & { readonly wanted: ReadonlySet<string> };

/** Shows runs of known tables, each beside the whole read of the same table. */
export async function benchKnown(bench: Shown): Promise<void> {
  const { wanted } = bench;
  if (wanted.has('known-same') || wanted.has('known-changed')) await known(bench, 100_000);
  if (wanted.has('known-1m')) await known({ ...bench, wanted: new Set(['known-same']) }, 1_000_000);
}

/**
 * On one table: the first load (not shown), a whole read by a program whose store has no known table yet, and then what
 * was asked for, with what three more whole reads and three runs with writes would have taught it.
 */
async function known(bench: Shown, rows: number): Promise<void> {
  const { feishu, shop, wanted } = bench;
  await shop.fill(rows);
  await inScene(bench, { latency: 0 }, async (place, target) => {
    await place.run();
    forget(place);
    await feishu.ask({ kind: 'pace', latency, writers: 1 });
    const whole = await shown(bench, place, {
      name: 'known: whole read',
      work: { ...base, records: rows, updates: 0 },
    });
    await learn(place, target);
    const short = (name: string, work: Work, aims: (run: Measured) => readonly Aim[]) =>
      shown(bench, place, { name, work: { ...work, isKnown: true }, aims });
    if (wanted.has('known-same'))
      await short('known: same', { ...base, records: rows, updates: 0 }, (run) => [
        ...[reads(run, 3), wall(run, rows <= 100_000 ? 2_500 : 20_000)],
        { name: 'six times as fast as the whole read', met: run.wall * 6 <= whole.wall },
      ]);
    if (!wanted.has('known-changed')) return;
    await shop.change();
    await short('known: 1 % changed', { ...base, records: rows, updates: rows / 100 }, (run) => [
      ...[reads(run, 6 + rows / 100 / 100), wall(run, 3_500)],
    ]);
  });
}

/** Reads beside those of the token, the base, its tables and the fields. */
function reads({ calls }: Measured, most: number): Aim {
  const records = ['records.search', 'records.batch_get'].map((name) => calls[name]?.made ?? 0);
  const met = records.reduce((sum, made) => sum + made, 0) <= most;
  return { name: `at most ${most} reads of records`, met };
}

const wall = (run: Measured, most: number): Aim => ({
  name: `wall at most ${most / 1000} s`,
  met: run.wall <= most,
});

async function shown(
  { feishu, show }: Shown,
  place: Place,
  what: { readonly name: string; readonly work: Work; aims?(run: Measured): readonly Aim[] },
): Promise<Measured> {
  await feishu.ask({ kind: 'calls' });
  const ran = await place.run();
  const calls = await feishu.ask({ kind: 'calls' });
  const about = { name: what.name, rows: what.work.records, lanes: 1, writers: 1, oneLane: null } as const;
  const run = measured(about, what.work, ran, calls);
  show({ ...run, aims: [...run.aims, ...(what.aims?.(run) ?? [])] });
  return run;
}

/** Makes a store one that has no known table yet, as those of older programs. */
function forget({ store }: Place): void {
  const file = new DatabaseSync(store);
  file.exec("delete from bitable_sync_memory where name like '%known:%'");
  file.exec('delete from bitable_sync_known_parts');
  file.close();
}

async function learn({ store: file }: Place, target: string): Promise<void> {
  const { pathname, searchParams } = new URL(target);
  const scope = {
    definition: 'orders',
    table: `${pathname.split('/').at(-1) ?? ''}/${searchParams.get('table') ?? ''}`,
  };
  const store = await openStore(`sqlite:${file}`, parts);
  await store.facts.shortCut.keep(scope, {
    agreed: 3,
    distrusted: null,
    byCall: 3,
    byRecord: 0,
    alike: 0,
    told: '',
  });
  await store.stop();
}
