import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isAlive, ownerName } from '../../src/process.ts';
import { keeper } from '../../src/run/keeper.ts';
import type { Store } from '../../src/run/ports.ts';
import type { Runs } from '../../src/run/runs/runs.ts';
import { openStore } from '../../src/store/open.ts';
import type { State } from '../../src/sync/state/state.ts';
import { leaseLife } from '../../src/sync/words/limits.ts';
import { counts, failed, movableClock, quiet, rowsOf, type World, world } from './fakes.ts';

const by = { kind: 'cli' } as const;
const clock = movableClock();
let store: Store;

beforeAll(async () => {
  store = await openStore('sqlite::memory:', { clock, log: quiet });
});
afterAll(() => store.stop());

describe('of two containers with the same host name and process number', () => {
  const keeperIn = (place: string, id: string) => {
    const owner = ownerName(place, 1, id);
    return keeper(store.leases, owner, isAlive(owner), { clock, log: quiet });
  };
  const here = 'boot/4026532001';

  it('one leaves the table to the other for as long as that lives', async () => {
    const one = keeperIn(here, 'a');
    const two = keeperIn('boot/4026532002', 'b');
    const lost: string[] = [];
    const held = await one.take('base/one', 'run1', () => lost.push('one'));
    if ('heldBy' in held) throw new Error('it is free');
    expect([await two.isFree('base/one'), await one.isFree('base/one')]).toEqual([false, false]);
    expect(await two.take('base/one', 'run2', () => lost.push('two'))).toEqual({ heldBy: 'run1' });
    expect(lost).toEqual([]);
    await held.release();
    const taken = await two.take('base/one', 'run2', () => lost.push('two'));
    expect(taken).not.toHaveProperty('heldBy');
    if (!('heldBy' in taken)) await taken.release();
  });

  it('one that was started again in place of the other takes over when the lease has run out', async () => {
    const before = keeper(
      { ...store.leases, renew: async () => true },
      ownerName(here, 1, 'a'),
      () => undefined,
      { clock, log: quiet },
    );
    const old = await before.take('base/two', 'run1', () => undefined);
    const began = clock.now();
    const again = keeperIn(here, 'b');
    expect(await again.isFree('base/two')).toBe(false);
    const taken = await again.take('base/two', 'run1', () => undefined);
    expect(taken).toMatchObject({ fence: 2 });
    expect(clock.now() - began).toBeGreaterThanOrEqual(leaseLife);
    for (const one of [old, taken]) if (!('heldBy' in one)) await one.release();
  });
});

describe('a retry at another instance than the one that ran', () => {
  /** Twenty rows, of which ten failed at the first instance. */
  async function half(): Promise<{ one: World; first: Runs; second: Runs; state: State }> {
    const one = await world({}, store);
    one.source.rowsNow = rowsOf(1, 20);
    one.table.fault = ({ keys }) =>
      keys.includes('k011') ? { failure: failed('unknown', { code: 777 }) } : undefined;
    const [first, second] = [one.process('first'), one.process('second')];
    const state = await one.run(first);
    expect(counts(state)).toEqual({ read: 20, created: 10, failed: 10 });
    one.table.fault = () => undefined;
    one.table.calls.length = 0;
    return { one, first, second, state };
  }

  it('sends what failed, and the first one knows of it', async () => {
    const { one, first, second, state } = await half();
    const acted = await second.retry(state.run, by, state.version);
    if (acted.kind !== 'going') throw new Error(acted.kind);
    expect(acted.run.id).toBe(state.run);
    const over = await acted.run.ended;
    expect([over.status, counts(over)]).toEqual(['done', { read: 20, created: 20 }]);
    expect(one.table.writes().map(({ keys }) => keys[0])).toEqual(['k011']);
    expect(await first.find(state.run)).toEqual(over);
    expect((await first.retry(state.run, by, over.version)).kind).toBe('stale');
    expect((await first.retry(state.run, by, state.version)).kind).toBe('stale');
  });

  it('pressed at both at once is carried out once', async () => {
    const { one, first, second, state } = await half();
    const acted = await Promise.all([first, second].map((runs) => runs.retry(state.run, by, state.version)));
    const going = acted.flatMap((each) => (each.kind === 'going' ? [each.run] : []));
    expect(going).toHaveLength(1);
    expect(['busy', 'stale']).toContain(acted.find(({ kind }) => kind !== 'going')?.kind);
    expect(counts((await going[0]?.ended) ?? state)).toEqual({ read: 20, created: 20 });
    expect(one.table.writes()).toHaveLength(1);
    expect(new Set(one.table.keys()).size).toBe(20);
  });
});
