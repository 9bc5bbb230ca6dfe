import { describe, expect, it } from 'vitest';
import { exitOf } from '../../src/cli/report.ts';
import type { Journal } from '../../src/run/ports.ts';
import { problem } from '../../src/sync/words/problem.ts';
import { text } from '../../src/sync/words/text.ts';
import { counts, failed, hooked, keyField, lost, rowsOf, type World } from './fakes.ts';
import { keys, made } from './stage.ts';

const full = problem({
  code: 'store-unusable',
  message: text('磁盘满了', 'the disk is full'),
  cure: text('腾出空间', 'free some space'),
});

/** A process whose store fails for good at the n-th call of a method of the journal. */
function losing(one: World, method: keyof Journal, nth: number, error: Error = full) {
  let calls = 0;
  let gone = false;
  const store = hooked(one.store, (now) => {
    if (now === method) calls++;
    gone ||= calls >= nth;
    return gone ? Promise.reject(error) : undefined;
  });
  return one.process('one', { store });
}

/** Thirty rows for an empty table, in three chunks. */
async function thirty(): Promise<World> {
  const one = await made();
  one.source.rowsNow = rowsOf(1, 30);
  return one;
}

describe('a store that is lost in the middle of a run', () => {
  it.each([
    // The next call is on its way already when the store is told of the one before.
    ['after the first call', 'settle', 1, { read: 30, unknown: 20, notSent: 10 }, 'failed'],
    ['after the second call', 'settle', 2, { read: 30, created: 10, unknown: 20 }, 'partial'],
    ['before the first call', 'sending', 1, { read: 30, notSent: 30 }, 'failed'],
    ['before the second call', 'sending', 2, { read: 30, unknown: 10, notSent: 20 }, 'failed'],
  ] as const)('%s: rows of which nothing can be noted are unknown', async (_, method, nth, rows, status) => {
    const one = await thirty();
    const state = await one.run(losing(one, method, nth));
    expect([state.status, counts(state), state.error?.code]).toEqual([status, rows, 'store-unusable']);
    expect(exitOf(state)).toBe(1);
    expect(one.table.keys()).toHaveLength(30 - ('notSent' in rows ? rows.notSent : 0));
  });

  it('leaves deletes unknown, too', async () => {
    const one = await made();
    for (const [key] of rowsOf(1, 20)) one.table.put({ [keyField]: key as string });
    one.source.rowsNow = rowsOf(1, 10);
    one.source.rowsNow = one.source.rowsNow.map(([key]) => [key ?? null, null, null]);
    const state = await one.run(losing(one, 'settle', 1));
    expect(state.deletes).toMatchObject({ planned: 10, done: 0, unknown: 10, notSent: 0 });
    expect(one.table.keys()).toHaveLength(10);
  });

  it('between two rounds leaves unknown what got no answer', async () => {
    const one = await thirty();
    one.table.fault = ({ keys: [first] }) =>
      first === 'k011' ? { failure: lost, applied: true } : undefined;
    // The second round cannot note that it sends again.
    const state = await one.run(losing(one, 'sending', 4));
    expect(counts(state)).toEqual({ read: 30, created: 20, unknown: 10 });
  });

  it('leaves what a person cancels meanwhile unknown', async () => {
    const one = await thirty();
    let cancel = (): Promise<unknown> => Promise.resolve();
    one.table.fault = ({ keys: [first] }) => {
      if (first === 'k001') void cancel();
      return undefined;
    };
    const runs = losing(one, 'settle', 1);
    const started = await runs.start({ definition: one.definition, by: { kind: 'cli' } });
    if (started.kind !== 'started') throw new Error('busy');
    cancel = () => runs.cancel(started.run.id, { kind: 'cli' }).catch(() => undefined);
    expect(counts(await started.run.ended)).toEqual({ read: 30, unknown: 10, notSent: 20 });
  });

  it('is made good by the next run, under the same ID', async () => {
    const one = await thirty();
    const state = await one.run(losing(one, 'settle', 2));
    one.dead.add('one');
    const after = await one.run(one.process('two'));
    expect([after.run, after.status, counts(after)]).toEqual([state.run, 'done', { read: 30, created: 30 }]);
    expect(one.table.keys()).toEqual(keys(1, 30));
  });
});

it('a run that is told to stop reports what got no answer as unknown', async () => {
  const one = await thirty();
  const runs = one.process();
  one.table.fault = ({ keys: [first] }) => {
    if (first !== 'k011') return undefined;
    void runs.stop();
    return { failure: failed('round', { mayHaveHappened: true }), applied: true };
  };
  const started = await runs.start({ definition: one.definition, by: { kind: 'cli' } });
  if (started.kind !== 'started') throw new Error('busy');
  const state = await started.run.ended;
  expect([state.status, counts(state)]).toEqual([
    'interrupted',
    { read: 30, created: 10, unknown: 10, notSent: 10 },
  ]);
});
