import { describe, expect, it } from 'vitest';
import type { Run, Runs } from '../../src/run/runs/runs.ts';
import {
  busy,
  type Call,
  counts,
  forever,
  keyField,
  lost,
  rowsOf,
  turns,
  until,
  type World,
} from './fakes.ts';
import { begun, keys, made, newGate } from './stage.ts';

const by = { kind: 'cli' } as const;
const isSecond = ({ op, keys: sent }: Call): boolean => op === 'create' && sent.includes('k011');

/** A run of 25 creates in three chunks that is held in its second call. */
async function inSecondCall(one: World, runs: Runs, fault: object = {}) {
  one.source.rowsNow = rowsOf(1, 25);
  const held = newGate();
  one.table.fault = (call) => (isSecond(call) ? { wait: held.passed, ...fault } : undefined);
  const run = await begun(one, runs);
  await until(() => one.table.writes().length === 2);
  return { run, held };
}

describe('a run that is cancelled', () => {
  it('ends between two chunks, says what was written, and goes on with the rest under its ID', async () => {
    const one = await made();
    one.table.put({ [keyField]: 'old' });
    const runs = one.process();
    const { run, held } = await inSecondCall(one, runs);

    const asked = await runs.cancel(run.id, by, run.state().version);
    expect(asked).toMatchObject({
      kind: 'asked',
      state: { status: 'running', acts: [{}, { op: 'cancel' }] },
    });
    held.open();
    const over = await run.ended;

    expect(over.status).toBe('cancelled');
    expect(counts(over)).toEqual({ read: 25, created: 20, notSent: 5, deletes: { planned: 1, notSent: 1 } });
    expect(one.table.keys()).toEqual([...keys(1, 20), 'old']);
    expect(await runs.find(run.id)).toEqual(over);

    // The source has moved on: what is left is planned from the rows of now, and what was written stays counted.
    one.source.rowsNow = rowsOf(1, 3);
    const resumed = await one.process('two').resumeCancelled(run.id, by, over.version);
    if (resumed.kind !== 'going') throw new Error(resumed.kind);
    const done = await resumed.run.ended;
    expect(done).toMatchObject({ run: run.id, status: 'done' });
    expect(counts(done)).toEqual({ read: 20, created: 20, deletes: { planned: 18, done: 18 } });
    expect(one.table.keys()).toEqual(keys(1, 3));
  });

  it.each([true, false])('reads back what a lost answer had written (%s)', async (applied) => {
    const one = await made();
    const runs = one.process();
    const { run, held } = await inSecondCall(one, runs, { failure: lost, applied });
    await runs.cancel(run.id, by);
    held.open();
    const over = await run.ended;
    expect(over.status).toBe('cancelled');
    expect(counts(over)).toEqual(
      applied ? { read: 25, created: 20, notSent: 5 } : { read: 25, created: 10, notSent: 15 },
    );
    expect(over.rows.created).toBe(one.table.held.size);
    one.table.fault = () => undefined;
    const resumed = await runs.resumeCancelled(run.id, by);
    if (resumed.kind !== 'going') throw new Error(resumed.kind);
    expect(counts(await resumed.run.ended)).toEqual({ read: 25, created: 25 });
    expect(one.table.keys()).toEqual(keys(1, 25));
  });

  it('counts as unknown what cannot be told, and settles it when it goes on', async () => {
    const one = await made();
    const runs = one.process();
    const { run, held } = await inSecondCall(one, runs, { failure: lost, applied: true });
    const { fault } = one.table;
    one.table.fault = (call) =>
      call.op === 'matching' || call.op === 'records' ? { failure: busy } : fault(call);
    await runs.cancel(run.id, by);
    held.open();
    const over = await run.ended;
    expect(counts(over)).toEqual({ read: 25, created: 10, unknown: 10, notSent: 5 });
    one.table.fault = () => undefined;
    const resumed = await runs.resumeCancelled(run.id, by);
    if (resumed.kind !== 'going') throw new Error(resumed.kind);
    expect(counts(await resumed.run.ended)).toEqual({ read: 25, created: 25 });
    expect(one.table.keys()).toEqual(keys(1, 25));
  });

  it.each([
    ['in a pause between rounds', { failure: lost }, 'pausing'],
    ['while it is throttled', { failure: { ...busy, retryAfter: 60_000 } }, 'uploading'],
  ] as const)('%s ends at once', async (_, fault, phase) => {
    const one = await made();
    one.clock.auto = false;
    one.source.rowsNow = rowsOf(1, 25);
    one.table.fault = (call) => (isSecond(call) ? fault : undefined);
    const runs = one.process();
    const run = await begun(one, runs);
    await until(
      () => run.state().phase === phase && one.table.keys().length === (phase === 'pausing' ? 15 : 10),
    );
    await turns();
    await runs.cancel(run.id, by);
    const over = await run.ended;
    expect(over.status).toBe('cancelled');
    expect(over.rows.created).toBe(one.table.held.size);
    expect(over.rows.created + over.rows.notSent).toBe(25);
  });

  it('while it reads has written nothing and has nothing to go on with', async () => {
    const one = await made();
    one.source.rowsNow = rowsOf(1, 25);
    const runs = one.process();
    let cancelled: Promise<unknown> | undefined;
    one.table.onPage = () => {
      const [active] = runs.active();
      if (active) cancelled ??= runs.cancel(active.id, by);
    };
    const over = await one.run(runs);
    await cancelled;
    expect(over.status).toBe('cancelled');
    expect(counts(over)).toEqual({});
    expect(one.table.writes()).toEqual([]);
    expect(await runs.resumeCancelled(over.run, by)).toMatchObject({ kind: 'stale' });
  });

  it('while its plan waits is thrown away, and nothing brings it back', async () => {
    const one = await made({ brake: { deletes: 0.1, updates: 1, creates: 1 } });
    for (const key of keys(1, 20)) one.table.put({ [keyField]: String(key) });
    const runs = one.process();
    const waiting = await one.run(runs);
    expect(waiting.status).toBe('waiting');
    const { version } = waiting;
    expect(await runs.cancel(waiting.run, by, version)).toMatchObject({
      kind: 'settled',
      state: { status: 'cancelled', acts: [{}, { op: 'discard' }] },
    });
    expect(await runs.resumeCancelled(waiting.run, by)).toMatchObject({ kind: 'stale' });
    expect(await runs.apply(waiting.run, by)).toMatchObject({ kind: 'stale' });
    expect(one.table.writes()).toEqual([]);
  });

  it('twice, by an old button, or after its end, is told so', async () => {
    const one = await made();
    const runs = one.process();
    const { run, held } = await inSecondCall(one, runs);
    const { version } = run.state();
    expect(await runs.cancel(run.id, by, version + 1)).toMatchObject({ kind: 'stale' });
    const both = await Promise.all([runs.cancel(run.id, by, version), runs.cancel(run.id, by, version)]);
    expect(both.map(({ kind }) => kind).sort()).toEqual(['asked', 'stale']);
    held.open();
    const over = await run.ended;
    expect(over.acts.map(({ op }) => op)).toEqual(['start', 'cancel']);
    expect(await runs.cancel(run.id, by)).toMatchObject({ kind: 'stale' });
    expect(await runs.cancel('nothing', by)).toEqual({ kind: 'no-such-run' });
  });

  it('does not go on once its plan was thrown away to make room, and says so', async () => {
    const one = await made();
    const runs = one.process();
    const { run, held } = await inSecondCall(one, runs);
    await runs.cancel(run.id, by);
    held.open();
    const over = await run.ended;
    expect(await one.store.journal.shrink(0)).toBe(1);
    expect(await runs.resumeCancelled(run.id, by, over.version)).toEqual({ kind: 'no-such-run' });
    expect((await one.run(runs)).status).toBe('done');
  });

  it('writes nothing old when it goes on after a newer run', async () => {
    const one = await made();
    const runs = one.process();
    const { run, held } = await inSecondCall(one, runs);
    await runs.cancel(run.id, by);
    held.open();
    const over = await run.ended;
    one.table.fault = () => undefined;
    one.clock.jump(1_000);
    one.source.rowsNow = rowsOf(1, 25, 'newer');
    expect((await one.run(runs)).status).toBe('done');
    const writes = one.table.writes().length;
    const resumed = await runs.resumeCancelled(run.id, by, over.version);
    if (resumed.kind !== 'going') throw new Error(resumed.kind);
    expect((await resumed.run.ended).status).toBe('done');
    expect(one.table.writes()).toHaveLength(writes);
  });
});

describe('an order to stop a run of another instance', () => {
  /** Lets time pass until the instance that carries the run out has looked for orders. */
  const looks = async (one: World, run: Run): Promise<void> => {
    while (run.state().acts.length < 2) {
      await turns();
      await one.clock.advance(500);
    }
  };

  it('is carried out there, once', async () => {
    const one = await made();
    const [here, there] = [one.process('one'), one.process('two')];
    one.clock.auto = false;
    const { run, held } = await inSecondCall(one, here);

    expect(await there.cancel(run.id, by, run.state().version)).toMatchObject({ kind: 'asked' });
    await looks(one, run);
    expect(run.state().acts.map(({ op }) => op)).toEqual(['start', 'cancel']);
    held.open();
    one.clock.auto = true;
    const over = await run.ended;
    expect(over.status).toBe('cancelled');
    expect(await one.store.orders.of([run.id])).toEqual([]);
    expect((await there.find(run.id))?.status).toBe('cancelled');
  });

  it('of before the run went on means nothing to what it does now', async () => {
    const one = await made();
    const runs = one.process();
    const { run, held } = await inSecondCall(one, runs);
    const { version } = run.state();
    await runs.cancel(run.id, by);
    held.open();
    await run.ended;
    await one.store.orders.post({ id: 'late', run: run.id, op: 'cancel', by, version, at: 0 });
    const resumed = await runs.resumeCancelled(run.id, by);
    if (resumed.kind !== 'going') throw new Error(resumed.kind);
    expect((await resumed.run.ended).status).toBe('done');
  });

  it('for a run whose process is gone takes it over, finds out what was written, and ends it', async () => {
    const one = await made();
    one.source.rowsNow = rowsOf(1, 25);
    one.table.fault = (call) => (isSecond(call) ? { applied: true, wait: forever() } : undefined);
    const first = await begun(one, one.process('one'));
    await until(() => one.table.held.size === 20);
    await turns();
    one.dead.add('one');
    one.table.fault = () => undefined;
    const asked = await one.process('two').cancel(first.id, by);
    if (asked.kind !== 'going') throw new Error(asked.kind);
    const over = await asked.run.ended;
    expect(over.status).toBe('cancelled');
    expect(counts(over)).toEqual({ read: 25, created: 20, notSent: 5 });
    expect(one.table.writes()).toHaveLength(2);
  });

  it('that was taken by a process which died before it came to the end is not forgotten', async () => {
    const one = await made();
    const runs = one.process('one');
    const { run } = await inSecondCall(one, runs);
    await runs.cancel(run.id, by);
    one.dead.add('one');
    one.table.fault = () => undefined;
    const [next] = await one.process('two').resume();
    const over = await next?.ended;
    expect(over?.status).toBe('cancelled');
    expect(over && counts(over)).toEqual({ read: 25, created: 10, notSent: 15 });
  });
});
