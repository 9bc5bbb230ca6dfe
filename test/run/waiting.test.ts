import { describe, expect, it } from 'vitest';
import type { Acted } from '../../src/run/runs/runs.ts';
import type { State } from '../../src/sync/state/state.ts';
import { counts, forever, keyField, rowsOf, turns, until, type World, type world } from './fakes.ts';
import { keys, killedAt, made } from './stage.ts';

const by = { kind: 'cli' } as const;
const day = 86_400_000;

/** Twenty records that a run wrote, of which the source then loses five and gets one more. */
async function braked(change: Parameters<typeof world>[0] = {}): Promise<{ one: World; state: State }> {
  const one = await made({ brake: { deletes: 0.2, updates: 0.5, creates: 1 }, ...change });
  one.source.rowsNow = rowsOf(1, 20);
  await one.run();
  await one.clock.advance(1000);
  one.source.rowsNow = rowsOf(6, 21);
  const state = await one.run();
  expect(state.status).toBe('waiting');
  return { one, state };
}

const over = async (acted: Acted): Promise<State> => {
  if (acted.kind !== 'going') throw new Error(acted.kind);
  return acted.run.ended;
};

it('a plan that was only to be shown says why a run would wait', async () => {
  const one = await made({ brake: { deletes: 0.2, updates: 0.5, creates: 1 } });
  one.source.rowsNow = rowsOf(1, 20);
  await one.run();
  one.source.rowsNow = rowsOf(6, 21);
  const plan = await one.run(one.process(), { planOnly: true });
  expect(plan).toMatchObject({
    status: 'planned',
    waiting: { reasons: [{ code: 'deletes' }], until: null, samples: expect.any(Array) },
  });
  one.source.rowsNow = rowsOf(1, 20);
  expect(await one.run(one.process(), { planOnly: true })).toMatchObject({
    status: 'planned',
    waiting: { reasons: [] },
  });
});

describe('a plan that somebody wanted to see', () => {
  /** Three rows are missing in the table, which nobody needs to be asked about. */
  async function shown(): Promise<{ one: World; state: State }> {
    const one = await made();
    one.source.rowsNow = rowsOf(1, 20);
    await one.run();
    await one.clock.advance(1000);
    one.source.rowsNow = rowsOf(1, 23);
    const state = await one.run(one.process(), { planOnly: true });
    expect(state).toMatchObject({ status: 'planned', planned: { creates: 3 }, waiting: { reasons: [] } });
    expect(state.waiting?.samples).toHaveLength(3);
    return { one, state };
  }

  it('is applied as it was shown, once', async () => {
    const { one, state } = await shown();
    const runs = one.process();
    const done = await over(await runs.apply(state.run, by, state.version));
    expect(done).toMatchObject({ run: state.run, status: 'done', planOnly: false, rows: { created: 3 } });
    expect(one.table.keys()).toEqual(keys(1, 23));
    expect(await runs.apply(state.run, by, state.version)).toMatchObject({ kind: 'stale' });
    expect(await runs.apply(state.run, by)).toMatchObject({ kind: 'stale' });
  });

  it('waits with what changed, where source or table moved meanwhile', async () => {
    const { one, state } = await shown();
    one.source.rowsNow = rowsOf(1, 24);
    const again = await over(await one.process().apply(state.run, by, state.version));
    expect(again).toMatchObject({ status: 'waiting', waiting: { reasons: [{ code: 'moved' }] } });
    expect(one.table.keys()).toEqual(keys(1, 20));
  });

  it('is shown anew after a newer run has written, and is not applied where it changes nothing', async () => {
    const { one, state } = await shown();
    await one.clock.advance(1000);
    await one.run();
    const asked = await over(await one.process().apply(state.run, by, state.version));
    expect(asked.waiting?.reasons.map(({ code }) => code)).toEqual(['moved']);
    const nothing = await one.run(one.process(), { planOnly: true });
    expect(await one.process().apply(nothing.run, by)).toMatchObject({ kind: 'stale' });
  });

  it('is asked for again where the process is killed before both sides were read anew', async () => {
    const { one, state } = await shown();
    const { store, reached } = killedAt(one.store, 'dropPlan');
    void one.process('one', { store }).apply(state.run, by, state.version);
    await reached;
    one.dead.add('one');
    one.source.rowsNow = rowsOf(1, 30);
    const [run] = await one.process('two').resume();
    expect(await run?.ended).toMatchObject({
      status: 'waiting',
      waiting: { reasons: [{ code: 'only-shown' }] },
    });
    expect(one.table.keys()).toEqual(keys(1, 20));
  });
});

describe('a plan that is applied without its deletes', () => {
  it('writes the rest and counts the deletes as kept', async () => {
    const { one, state } = await braked();
    const done = await over(
      await one.process().apply(state.run, by, state.version, { withoutDeletes: true }),
    );
    expect(done.status).toBe('done');
    expect(counts(done)).toEqual({ read: 16, created: 1, unchanged: 15, deletes: { planned: 5, kept: 5 } });
    expect(done.acts.at(-1)?.op).toBe('apply-no-deletes');
    expect(one.table.keys()).toEqual(keys(1, 21));
    expect(await one.process().retry(state.run, by)).toMatchObject({ kind: 'stale' });
  });

  it.each(['savePlan', 'settle', 'sending'] as const)(
    'deletes nothing either when its process is killed at %s',
    async (method) => {
      const { one, state } = await braked();
      const { store, reached } = killedAt(one.store, method);
      void one.process('one', { store }).apply(state.run, by, state.version, { withoutDeletes: true });
      await reached;
      one.dead.add('one');
      const [run] = await one.process('two').resume();
      const last = await run?.ended;
      // Killed before the plan was stored it waits once more; afterwards it goes on as was said.
      expect(last?.status).toBe(method === 'savePlan' ? 'waiting' : 'done');
      expect(one.table.writes().filter(({ op }) => op === 'delete')).toEqual([]);
      expect(one.table.keys()).toEqual(expect.arrayContaining(keys(1, 20)));
    },
  );

  it('leaves hand-made records alone from then on, and asks no more', async () => {
    const one = await made({ deletes: 'ask' });
    for (const key of ['h1', 'h2']) one.table.put({ [keyField]: key });
    one.source.rowsNow = rowsOf(1, 5);
    const runs = one.process();
    const state = await one.run(runs);
    expect(state.waiting?.reasons.map(({ code }) => code)).toEqual(['hand-made']);
    expect(
      counts(await over(await runs.apply(state.run, by, state.version, { withoutDeletes: true }))),
    ).toMatchObject({
      created: 5,
      deletes: { planned: 2, kept: 2 },
    });
    await one.clock.advance(1000);
    one.source.rowsNow = rowsOf(1, 4);
    const next = await one.run(runs);
    expect(next.status).toBe('done');
    expect(counts(next)).toEqual({ read: 4, unchanged: 4, deletes: { planned: 3, done: 1, kept: 2 } });
    expect(one.table.keys()).toEqual([...['h1', 'h2'], ...keys(1, 4)].sort());
  });
});

describe('a plan whose source or table moved before somebody agreed', () => {
  it.each<[string, (one: World) => void, string]>([
    ['the source has more rows', (one) => (one.source.rowsNow = rowsOf(6, 23)), '1 → 3 creates'],
    ['fewer would be deleted', (one) => (one.source.rowsNow = rowsOf(4, 21)), '5 → 3 deletes'],
    [
      'other rows of the same number',
      (one) =>
        (one.source.rowsNow = rowsOf(6, 21, 'b').map((row, at) =>
          at === 15 ? row : (rowsOf(6, 21)[at] ?? row),
        )),
      'the same numbers',
    ],
    ['somebody added a record', (one) => one.table.put({ [keyField]: 'new' }), '5 → 6 deletes'],
  ])('is shown again, with what changed: %s', async (_, move, said) => {
    const { one, state } = await braked();
    move(one);
    const runs = one.process();
    const again = await over(await runs.apply(state.run, by, state.version));
    expect(again.status).toBe('waiting');
    expect(again.waiting?.reasons.at(-1)).toMatchObject({
      code: 'moved',
      message: { en: expect.stringContaining(said) },
    });
    expect(one.table.writes()).toHaveLength(2);
    expect(await runs.apply(state.run, by, state.version)).toMatchObject({ kind: 'stale' });
    const done = await over(await runs.apply(state.run, by, again.version));
    expect(done.status).toBe('done');
    expect(one.table.keys()).toEqual(one.source.rowsNow.map(([key]) => key).sort());
  });
});

describe('a plan that waits too long', () => {
  it.each([
    [undefined, day],
    ['2h', 7_200_000],
    ['30m', 1_800_000],
  ])('expires: %s is %i ms', async (expires, ms) => {
    const { one, state } = await braked(expires === undefined ? {} : { expires });
    expect(state.waiting?.until).toBe((state.endedAt ?? 0) + ms);
    const runs = one.process('two');
    one.clock.jump(ms - 2_000);
    expect(await runs.resume()).toEqual([]);
    one.clock.jump(2_000);
    const [shown] = await runs.resume();
    expect(shown?.state()).toMatchObject({ run: state.run, status: 'expired', waiting: null });
    expect(await runs.resume()).toEqual([]);
    expect(await runs.apply(state.run, by, state.version)).toMatchObject({ kind: 'stale' });
  });

  it('is not applied by a press that comes before anybody has looked', async () => {
    const { one, state } = await braked();
    one.clock.jump(day);
    expect(await one.process().apply(state.run, by, state.version)).toMatchObject({
      kind: 'stale',
      state: { status: 'expired' },
    });
    expect(one.table.writes()).toHaveLength(2);
  });
});

it('a plan is thrown away or applied, never both', async () => {
  const { one, state } = await braked();
  const [first, second] = await Promise.all([
    one.process('one').discard(state.run, by, state.version),
    one.process('two').apply(state.run, by, state.version),
  ]);
  const last = second.kind === 'going' ? await second.run.ended : undefined;
  expect([first.kind, second.kind].filter((kind) => kind === 'stale')).toHaveLength(1);
  expect((await one.process().find(state.run))?.status).toBe(last ? 'done' : 'cancelled');
  expect(one.table.writes()).toHaveLength(last ? 4 : 2);
});

describe('a run that was cut off', () => {
  async function cutOff(): Promise<{ one: World; run: string }> {
    const one = await made();
    one.source.rowsNow = rowsOf(1, 25);
    one.table.fault = (call) => (call.keys.includes('k011') ? { wait: forever() } : undefined);
    const started = await one.process('one').start({ definition: one.definition, by });
    if (started.kind !== 'started') throw new Error('busy');
    await until(() => one.table.writes().length === 2);
    await turns();
    one.dead.add('one');
    one.table.fault = () => undefined;
    return { one, run: started.run.id };
  }

  it('too long ago is closed with what is known, and the next run begins anew', async () => {
    const { one, run } = await cutOff();
    one.clock.auto = false;
    one.clock.jump(day + 1);
    one.clock.auto = true;
    const two = one.process('two');
    const [closed] = await two.resume();
    const state = await closed?.ended;
    expect(state).toMatchObject({ run, status: 'interrupted' });
    expect(state && counts(state)).toEqual({ read: 25, created: 10, unknown: 10, notSent: 5 });
    expect(state?.notes.at(-1)?.en).toContain('too long ago');
    expect(one.table.writes()).toHaveLength(2);
    const next = await one.run(two);
    expect(next.run).not.toBe(run);
    expect(counts(next)).toEqual({ read: 25, created: 15, unchanged: 10 });
  });

  it('too long ago is not gone on with by a run of the same definition either', async () => {
    const { one, run } = await cutOff();
    one.clock.jump(day + 1);
    const two = one.process('two');
    const next = await one.run(two);
    expect(next.run).not.toBe(run);
    expect(counts(next)).toEqual({ read: 25, created: 15, unchanged: 10 });
    expect((await two.find(run))?.status).toBe('interrupted');
  });
});
