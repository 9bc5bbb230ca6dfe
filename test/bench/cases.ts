import { type Measured, measured, type Work } from './judge.ts';
import { inScene, type Parts } from './parts.ts';
import { inPlace } from './program.ts';

/** What can be measured. */
export const cases = ['first', 'same', 'changed', 'deleted', 'strict', 'lenient'] as const;
export type Case = (typeof cases)[number];

/** What the cases are measured with. */
export interface Bench extends Pick<Parts, 'feishu' | 'app' | 'shop'> {
  readonly wanted: ReadonlySet<Case>;
  /** Told of each run as it is done. */
  readonly show: (run: Measured) => void;
}

/** Milliseconds that each call takes. */
export const latency = 60;
const fields = 8;
const nothing = { fields, records: 0, creates: 0, updates: 0, deletes: 0 };

/** One after the other on the same table: the first load, nothing changed, 1 % changed, 1 % deleted. */
export async function life(bench: Bench, rows: number): Promise<void> {
  const { feishu, shop, wanted, show } = bench;
  const one = rows / 100;
  const steps: readonly (readonly [Case, string, Work, () => Promise<void>])[] = [
    ['first', 'first load', { ...nothing, creates: rows }, () => shop.fill(rows)],
    ['same', 'nothing changed', { ...nothing, records: rows }, async () => {}],
    ['changed', '1 % changed', { ...nothing, records: rows, updates: one }, () => shop.change()],
    ['deleted', '1 % deleted', { ...nothing, records: rows, deletes: one }, () => shop.remove()],
  ];
  const last = steps.findLastIndex(([name]) => wanted.has(name));
  if (last < 0) return;
  await inScene(bench, { latency }, async (place) => {
    for (const [step, name, work, prepare] of steps.slice(0, last + 1)) {
      await prepare();
      // What nobody wants to see is only there for the steps after it.
      const asked = wanted.has(step);
      await feishu.ask({ kind: 'pace', latency: asked ? latency : 0, writers: 1 });
      await feishu.ask({ kind: 'calls' });
      const ran = await place.run();
      const calls = await feishu.ask({ kind: 'calls' });
      const about = { name, rows, lanes: 1, writers: 1, oneLane: null } as const;
      if (asked) show(measured(about, work, ran, calls));
    }
  });
}

/**
 * First loads into tables of one base, so that a run knows the width that the one before found out. On a lenient base
 * the first of them goes on one lane, to compare with.
 */
export async function width(bench: Bench, name: 'strict' | 'lenient', rows: number): Promise<void> {
  const { feishu, app, shop, wanted, show } = bench;
  if (!wanted.has(name)) return;
  const writers = name === 'strict' ? 1 : 8;
  const lanes = name === 'strict' ? (['auto', 'auto'] as const) : ([1, 'auto', 'auto', 'auto'] as const);
  await shop.fill(rows);
  await inPlace(app, shop, async (place) => {
    const targets = await feishu.ask({ kind: 'base', tables: lanes.length });
    await feishu.ask({ kind: 'pace', latency, writers });
    let oneLane: number | null = null;
    for (const [at, width] of lanes.entries()) {
      place.define(targets[at] ?? '', width);
      await feishu.ask({ kind: 'calls' });
      const ran = await place.run();
      const calls = await feishu.ask({ kind: 'calls' });
      const about = { name: `${name} base, load ${at + 1}`, rows, lanes: width, writers, oneLane };
      const run = measured(about, { ...nothing, creates: rows }, ran, calls);
      show(run);
      if (width === 1) oneLane = run.wall;
    }
  });
}
