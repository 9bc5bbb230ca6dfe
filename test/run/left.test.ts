import { describe, expect, it } from 'vitest';
import type { Runs } from '../../src/run/runs/runs.ts';
import type { State } from '../../src/sync/state/state.ts';
import { counts, failed, keyField, rowsOf, turns, until, type World } from './fakes.ts';
import { keys, killedAt, made } from './stage.ts';

const by = { kind: 'cli' } as const;
const start = (one: World, runs: Runs) => runs.start({ definition: one.definition, by });

/** Kills a run at the n-th call of a method of the journal; its call in flight, if any, is carried out. */
async function killed(
  one: World,
  method: 'sending' | 'settle' | 'savePlan',
  nth = 1,
  name = 'one',
): Promise<void> {
  const { store, reached } = killedAt(one.store, method, nth);
  void start(one, one.process(name, { store }));
  await reached;
  // One more may be on its way.
  await turns(40);
  await until(() => one.table.inFlight === 0);
  one.dead.add(name);
  one.table.calls.length = 0;
}

async function resumed(one: World): Promise<State> {
  const [run] = await one.process('two').resume();
  const state = await run?.ended;
  if (!state) throw new Error('nothing was left');
  return state;
}

/** A mirror of twenty rows that is in step. */
async function inStep(change: Parameters<typeof made>[0] = {}): Promise<World> {
  const one = await made(change);
  one.source.rowsNow = rowsOf(1, 20);
  await one.run(one.process('zero'));
  one.clock.jump(1000);
  return one;
}

describe('what was cut off is planned again', () => {
  it('deletes nothing that the query has again', async () => {
    const one = await inStep();
    one.source.rowsNow = rowsOf(11, 20);
    await killed(one, 'sending');
    one.source.rowsNow = rowsOf(1, 20);
    expect(counts(await resumed(one))).toEqual({ read: 20, unchanged: 20 });
    expect(one.table.keys()).toEqual(keys(1, 20));
  });

  it('writes no value of before', async () => {
    const one = await inStep();
    one.source.rowsNow = rowsOf(1, 20, 'b');
    await killed(one, 'settle');
    one.source.rowsNow = rowsOf(1, 20, 'c');
    const state = await resumed(one);
    expect(state.status).toBe('done');
    one.table.calls.length = 0;
    expect(counts(await one.run(one.process('three')))).toEqual({ read: 20, unchanged: 20 });
  });

  it('costs no more calls than one read and what is left to write', async () => {
    const one = await made({ chunkSize: 50 });
    one.table.pageSize = 500;
    one.source.rowsNow = rowsOf(1, 950);
    await killed(one, 'settle', 8);
    const held = one.table.held.size;
    expect(counts(await resumed(one))).toEqual({ read: 950, created: 950 });
    expect(one.table.keys()).toEqual(keys(1, 950));
    const reads = one.table.calls.map(({ op }) => op).filter((op) => op === 'records' || op === 'matching');
    expect(reads).toEqual(Array.from({ length: Math.ceil(held / 500) }, () => 'records'));
    expect(one.table.writes()).toHaveLength((950 - held) / 50);
  });

  it('goes on with the chunk numbers', async () => {
    const one = await made();
    one.source.rowsNow = rowsOf(1, 25);
    await killed(one, 'sending', 2);
    const state = await resumed(one);
    const ids = (await one.store.journal.chunks(state.run)).map(({ id }) => id);
    expect(ids).toEqual(['C001', 'C004', 'C005']);
    expect(counts(state)).toEqual({ read: 25, created: 25 });
  });

  it('keeps all of a plan that was made anew before', async () => {
    const one = await made();
    one.source.rowsNow = rowsOf(1, 25);
    await killed(one, 'sending');
    await killed(one, 'sending', 1, 'again');
    one.source.error = new Error('no source');
    expect(counts(await resumed(one))).toEqual({ read: 25, notSent: 25 });
  });

  it('leaves a record that somebody gave another wanted key', async () => {
    const one = await inStep();
    one.source.rowsNow = rowsOf(2, 21);
    await killed(one, 'sending');
    const [id, fields] = [...one.table.held][0] ?? [];
    if (!id) throw new Error('no record');
    one.table.held.set(id, { ...fields, [keyField]: words('k021') });
    one.table.moved++;
    expect((await resumed(one)).status).toBe('done');
    expect(one.table.held.has(id)).toBe(true);
    expect(new Set(one.table.keys())).toEqual(new Set(keys(2, 21)));
  });

  it('asks where the rest would do more than was agreed', async () => {
    const one = await inStep({ brake: { deletes: 0.2, updates: 1, creates: 1 } });
    one.source.rowsNow = [...rowsOf(1, 19), ...rowsOf(21, 22)];
    await killed(one, 'sending');
    one.source.rowsNow = rowsOf(15, 22);
    const state = await resumed(one);
    expect(state.status).toBe('waiting');
    expect(state.waiting?.reasons.map(({ code }) => code)).toEqual(['deletes']);
    expect(one.table.keys()).toEqual(keys(1, 20));
    const acted = await one.process('two').apply(state.run, by, state.version);
    if (acted.kind !== 'going') throw new Error(acted.kind);
    expect((await acted.run.ended).status).toBe('done');
    expect(one.table.keys()).toEqual(keys(15, 22));
  });

  it('takes nothing for agreed, and counts nothing, of a plan that was never finished', async () => {
    const one = await inStep({ brake: { deletes: 0.2, updates: 1, creates: 1 } });
    one.source.rowsNow = rowsOf(1, 22);
    await killed(one, 'sending');
    one.source.rowsNow = rowsOf(15, 22);
    await killed(one, 'savePlan', 1, 'again');
    const state = await resumed(one);
    expect(state.status).toBe('waiting');
    expect(state.waiting?.reasons.map(({ code }) => code)).toEqual(['deletes']);
    expect(one.table.keys()).toEqual(keys(1, 20));
    expect((await one.store.journal.chunks(state.run)).map(({ id }) => id)).toEqual(['C002', 'D001', 'D002']);
  });

  it.each<[string, (one: World) => void]>([
    ['query', (one) => edit(one, { source: { ...one.definition.source, query: 'select 2' } })],
    ['mode', (one) => edit(one, { mode: 'upsert' })],
    ['deletes', (one) => edit(one, { deletes: 'ours' })],
    ['target', (one) => edit(one, { target: `${one.definition.target}&view=vewOther1` })],
  ])('sends nothing where the definition has another %s by now', async (_, change) => {
    const one = await inStep();
    one.source.rowsNow = rowsOf(11, 25);
    await killed(one, 'settle');
    change(one);
    const state = await resumed(one);
    expect(state.status).toBe('interrupted');
    expect(state.notes.at(-1)?.en).toContain('definition has changed');
    expect(counts(state)).toMatchObject({ read: 15, unchanged: 10, created: 5, deletes: { notSent: 10 } });
    expect(one.table.writes()).toEqual([]);
    expect(one.table.held.size).toBe(25);
    // The run is over: what is asked for now begins anew.
    expect((await one.run(one.process('two'))).run).not.toBe(state.run);
  });

  it('begins anew for whoever starts the sync under another definition', async () => {
    const one = await inStep();
    one.source.rowsNow = rowsOf(11, 20);
    await killed(one, 'sending');
    edit(one, { mode: 'upsert' });
    const started = await start(one, one.process('two'));
    if (started.kind !== 'started') throw new Error('busy');
    const state = await started.run.ended;
    expect([state.status, counts(state)]).toEqual(['done', { read: 10, unchanged: 10 }]);
    expect(one.table.keys()).toEqual(keys(1, 20));
  });

  it('finds out what a lost create brought before it makes the rows anew, also when they changed', async () => {
    const one = await made();
    one.source.rowsNow = rowsOf(1, 25);
    let land = (): void => undefined;
    const gate = new Promise<void>((resolve) => {
      land = resolve;
    });
    one.table.fault = (call) => (call.keys.includes('k011') ? { wait: gate } : undefined);
    void start(one, one.process('one'));
    await until(() => one.table.inFlight === 1 && one.table.writes().length === 2);
    one.dead.add('one');
    // The rows have other values by now, so that the token of the first send does not protect them: it is waited for.
    one.source.rowsNow = rowsOf(1, 25, 'b');
    one.table.fault = (call) => {
      if (call.op === 'matching') land();
      return undefined;
    };
    const state = await resumed(one);
    expect(state.status).toBe('done');
    expect(one.table.keys()).toEqual(keys(1, 25));
    one.table.fault = () => undefined;
    expect(counts(await one.run(one.process('three')))).toEqual({ read: 25, unchanged: 25 });
  });
});

describe('a retry', () => {
  it('leaves out rows that the query has no more', async () => {
    const one = await made();
    one.source.rowsNow = rowsOf(1, 20);
    one.table.fault = (call) => (call.keys.includes('k011') ? { failure: failed('round') } : undefined);
    const state = await one.run(one.process('zero'));
    one.table.fault = () => undefined;
    one.source.rowsNow = rowsOf(1, 15);
    const acted = await one.process('one').retry(state.run, by, state.version);
    if (acted.kind !== 'going') throw new Error(acted.kind);
    expect(counts(await acted.run.ended)).toEqual({ read: 15, created: 15 });
    expect(one.table.keys()).toEqual(keys(1, 15));
    expect((await one.store.journal.chunks(state.run)).map(({ id, rows }) => [id, rows])).toEqual([
      ['C001', 10],
      ['C002', 5],
    ]);
  });
});

describe('before records are deleted', () => {
  it('they are looked up: those that are gone or have another key are left alone', async () => {
    const one = await inStep();
    one.source.rowsNow = rowsOf(6, 20);
    const [gone, rekeyed] = [...one.table.held.keys()];
    one.table.fault = ({ op }) => {
      const fields = one.table.held.get(rekeyed ?? '');
      if (op !== 'look' || !fields) return undefined;
      one.table.held.delete(gone ?? '');
      one.table.held.set(rekeyed ?? '', { ...fields, [keyField]: words('mine') });
      return undefined;
    };
    const state = await one.run(one.process('one'));
    expect(counts(state)).toEqual({ read: 15, unchanged: 15, deletes: { planned: 5, done: 4, kept: 1 } });
    expect(one.table.keys()).toEqual([...keys(6, 20), 'mine']);
    expect(state.notes.map(({ en }) => en).join(' ')).toMatch(/another key/);
  });
});

/** A text as the table has it. */
const words = (text: string) => [{ text, type: 'text' }];

function edit(one: World, change: Partial<World['definition']>): void {
  one.definition = { ...one.definition, ...change };
}
