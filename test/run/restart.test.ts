import { describe, expect, it } from 'vitest';
import type { Journal, Store } from '../../src/run/ports.ts';
import type { Runs, Started } from '../../src/run/runs/runs.ts';
import type { State } from '../../src/sync/state/state.ts';
import {
  busy,
  counts,
  failed,
  forever,
  hooked,
  keyField,
  lost,
  rowsOf,
  seize,
  turns,
  until,
  type World,
} from './fakes.ts';
import { begun, heldAtSecond, keys, killedAt, made, newGate } from './stage.ts';

const by = { kind: 'cli' } as const;
const start = (one: World, runs: Runs): Promise<Started> => runs.start({ definition: one.definition, by });

describe('a process that is killed', () => {
  it.each<[string, keyof Journal, number]>([
    ['before its run is stored', 'createRun', 1],
    ['while it stores the plan', 'addChunks', 1],
    ['before the plan is stored', 'savePlan', 1],
    ['when the plan is stored', 'chunks', 1],
    ['before the first send', 'sending', 1],
    ['before a later send', 'sending', 2],
    ['answered, without the outcome stored', 'settle', 1],
    ['answered, without a later outcome stored', 'settle', 3],
  ])('%s leaves nothing that the next one cannot finish', async (_, method, nth) => {
    const one = await made();
    one.table.put({ [keyField]: 'old' });
    one.source.rowsNow = rowsOf(1, 25);
    const { store, reached } = killedAt(one.store, method, nth);
    void start(one, one.process('one', { store }));
    await reached;
    one.dead.add('one');
    const two = one.process('two');
    const resumed = await two.resume();
    const stored = method !== 'createRun';
    expect(resumed).toHaveLength(stored ? 1 : 0);
    const over = stored ? await resumed[0]?.ended : await one.run(two);
    expect(over?.status).toBe('done');
    expect(over && counts(over)).toEqual({ read: 25, created: 25, deletes: { planned: 1, done: 1 } });
    expect(one.table.keys()).toEqual(keys(1, 25));
    expect((await two.find(over?.run ?? ''))?.status).toBe('done');
    one.table.calls.length = 0;
    expect(counts(await one.run(two))).toEqual({ read: 25, unchanged: 25 });
  });

  it('while everything is frozen is followed by nobody before the thaw', async () => {
    const one = await made();
    one.source.rowsNow = rowsOf(1, 25);
    const { store, reached } = killedAt(one.store, 'sending', 2);
    void start(one, one.process('one', { store }));
    await reached;
    one.dead.add('one');
    one.frozen = true;
    const two = one.process('two');
    expect(await two.resume()).toEqual([]);
    expect(one.table.keys()).toEqual(keys(1, 10));
    one.frozen = false;
    const [run] = await two.resume();
    expect((await run?.ended)?.status).toBe('done');
    expect(one.table.keys()).toEqual(keys(1, 25));
  });

  it.each([true, false])(
    'while a call is on its way (carried out: %s) settles it by reading back',
    async (applied) => {
      const one = await made();
      one.source.rowsNow = rowsOf(1, 25);
      one.table.fault = (call) => (call.keys.includes('k011') ? { applied, wait: forever() } : undefined);
      void start(one, one.process('one'));
      await until(() => one.table.inFlight === 1 && one.table.writes().length === 2);
      await turns();
      one.dead.add('one');
      one.table.fault = () => undefined;
      const [run] = await one.process('two').resume();
      const over = await run?.ended;
      expect(over && counts(over)).toEqual({ read: 25, created: 25 });
      expect(one.table.keys()).toEqual(keys(1, 25));
      const tokens = one.table.writes().map(({ keys: [first], token }) => `${first} ${token}`);
      // Not there and sent a moment ago: the same token, should the first call arrive late.
      expect(new Set(tokens).size).toBe(3);
      expect(one.table.writes().map(({ keys: [first] }) => first)).toEqual(
        applied ? ['k001', 'k011', 'k021'] : ['k001', 'k011', 'k011', 'k021'],
      );
    },
  );

  it('while it waits to go on with a round is taken over, and writes nothing when it wakes up', async () => {
    const one = await made();
    one.source.rowsNow = rowsOf(1, 25);
    one.clock.auto = false;
    one.table.fault = (call) => (call.keys.includes('k011') ? { failure: lost, applied: true } : undefined);
    const first = await begun(one, one.process('one'));
    await until(() => first.state().phase === 'pausing');
    one.dead.add('one');
    one.table.fault = () => undefined;
    const [run] = await one.process('two').resume();
    expect((await run?.ended)?.status).toBe('done');
    const writes = one.table.writes().length;
    one.clock.auto = true;
    one.clock.jump(6_000);
    expect((await first.ended).status).toBe('interrupted');
    expect(one.table.writes()).toHaveLength(writes);
    expect((await one.process('two').find(first.id))?.status).toBe('done');
    expect(one.table.keys()).toEqual(keys(1, 25));
  });

  it('leaves a plan that must wait waiting: nobody has said yes to it', async () => {
    const one = await made({ brake: { deletes: 0.2, updates: 1, creates: 1 } });
    one.source.rowsNow = rowsOf(1, 20);
    await one.run(one.process('zero'));
    one.source.rowsNow = [...rowsOf(10, 20), ['bad', 'no number', null]];
    const { store, reached } = killedAt(one.store, 'chunks');
    void start(one, one.process('one', { store }));
    await reached;
    one.dead.add('one');
    const [run] = await one.process('two').resume();
    const state = await run?.ended;
    expect(state?.status).toBe('waiting');
    expect(state?.waiting?.reasons.map(({ code }) => code)).toEqual(['deletes']);
    expect(state?.waiting?.samples).toHaveLength(3);
    expect(state?.badRows).toHaveLength(1);
    expect(one.table.keys()).toEqual(keys(1, 20));
  });

  it('goes on with a plan to which somebody has said yes', async () => {
    const one = await made({ brake: { deletes: 0.2, updates: 1, creates: 1 } });
    one.source.rowsNow = rowsOf(1, 20);
    await one.run(one.process('zero'));
    one.source.rowsNow = rowsOf(10, 20);
    const asked = await one.run(one.process('zero'));
    const { store, reached } = killedAt(one.store, 'sending');
    void one.process('one', { store }).apply(asked.run, by, asked.version);
    await reached;
    one.dead.add('one');
    const [run] = await one.process('two').resume();
    expect((await run?.ended)?.status).toBe('done');
    expect(one.table.keys()).toEqual(keys(10, 20));
  });

  it('asks again about a new plan when the one agreed to was being replaced', async () => {
    const one = await made({ brake: { deletes: 0.2, updates: 1, creates: 1 } });
    one.source.rowsNow = rowsOf(1, 20);
    await one.run(one.process('zero'));
    one.source.rowsNow = rowsOf(10, 20);
    const asked = await one.run(one.process('zero'));
    one.table.put({ [keyField]: 'new' });
    const { store, reached } = killedAt(one.store, 'chunks', 2);
    void one.process('one', { store }).apply(asked.run, by, asked.version);
    await reached;
    one.dead.add('one');
    const [run] = await one.process('two').resume();
    expect((await run?.ended)?.waiting?.reasons.map(({ code }) => code)).toEqual(['deletes', 'moved']);
    expect(one.table.held.size).toBe(21);
  });

  it('never carries out what was only to be planned', async () => {
    const one = await made();
    one.source.rowsNow = rowsOf(1, 5);
    const { store, reached } = killedAt(one.store, 'chunks');
    void one.process('one', { store }).start({ definition: one.definition, by, planOnly: true });
    await reached;
    one.dead.add('one');
    const [run] = await one.process('two').resume();
    expect(await run?.ended).toMatchObject({ status: 'planned', rows: { created: 5 } });
    expect(one.table.writes()).toEqual([]);
  });

  it('in a retry goes on with the retry', async () => {
    const one = await made();
    one.source.rowsNow = rowsOf(1, 30);
    one.table.fault = (call) =>
      call.keys.includes('k011') || call.keys.includes('k021') ? { failure: failed('round') } : undefined;
    const state = await one.run(one.process('zero'));
    expect(counts(state)).toEqual({ read: 30, created: 10, failed: 20 });
    one.table.fault = () => undefined;
    const { store, reached } = killedAt(one.store, 'settle');
    void one.process('one', { store }).retry(state.run, by, state.version);
    await reached;
    one.dead.add('one');
    const [run] = await one.process('two').resume();
    const over = await run?.ended;
    expect(over && counts(over)).toEqual({ read: 30, created: 30 });
    expect(one.table.keys()).toEqual(keys(1, 30));
  });

  it('is finished by whoever starts the same sync next, under the same run', async () => {
    const one = await made();
    one.source.rowsNow = rowsOf(1, 25);
    const { store, reached } = killedAt(one.store, 'settle', 2);
    void start(one, one.process('one', { store }));
    await reached;
    const [left] = await one.store.journal.openRuns();
    one.dead.add('one');
    const two = one.process('two');
    const run = await begun(one, two);
    expect(run.id).toBe(left?.id);
    const over = await run.ended;
    expect(over.acts.map(({ op }) => op)).toEqual(['start', 'restart']);
    expect(counts(over)).toEqual({ read: 25, created: 25 });
  });

  it('is gone on with also when the table is lost once more before it goes', async () => {
    const one = await made();
    one.source.rowsNow = rowsOf(1, 25);
    const { store, reached } = killedAt(one.store, 'settle', 2);
    void start(one, one.process('one', { store }));
    await reached;
    const [left] = await one.store.journal.openRuns();
    one.dead.add('one');
    one.dead.add('far');
    let taken = false;
    const slow = hooked(one.store, async (method) => {
      if (method !== 'saveState' || taken) return;
      taken = true;
      await seize(one.store, `${one.table.base}/tbl1`, left?.id ?? '');
    });
    const run = await begun(one, one.process('two', { store: slow }));
    expect(run.id).toBe(left?.id);
    expect(counts(await run.ended)).toEqual({ read: 25, created: 25 });
  });

  it('on another machine is waited for until its lease has run out', async () => {
    const one = await made();
    one.source.rowsNow = rowsOf(1, 25);
    const { store, reached } = killedAt(one.store, 'settle', 2);
    void start(one, one.process('far', { store: { ...store, leases: { ...store.leases, renew: forever } } }));
    await reached;
    const began = one.clock.now();
    const over = await (await begun(one, one.process('two'))).ended;
    expect(over.status).toBe('done');
    expect(one.clock.now() - began).toBeGreaterThan(14_000);
    expect(one.table.keys()).toEqual(keys(1, 25));
  });
});

describe('two at once', () => {
  it('in one process: one runs, the other is told which', async () => {
    const one = await made();
    one.source.rowsNow = rowsOf(1, 25);
    const runs = one.process();
    const both = await Promise.all([start(one, runs), start(one, runs)]);
    expect(both.map(({ kind }) => kind).sort()).toEqual(['busy', 'started']);
    const started = both.find((each) => each.kind === 'started');
    const told = both.find((each) => each.kind === 'busy');
    expect(told?.kind === 'busy' && told.state.run).toBe(started?.run.id);
    expect(runs.active()).toHaveLength(1);
    await started?.run.ended;
    expect(runs.active()).toEqual([]);
    expect(one.table.keys()).toEqual(keys(1, 25));
  });

  it('in two processes: one runs, the other is told which', async () => {
    const one = await made();
    one.source.rowsNow = rowsOf(1, 25);
    // Else the first may be over before the second one looks.
    const gate = heldAtSecond(one);
    const both = await Promise.all([start(one, one.process('a')), start(one, one.process('b'))]);
    expect(both.map(({ kind }) => kind).sort()).toEqual(['busy', 'started']);
    gate.open();
    await both.find(({ kind }) => kind === 'started')?.run?.ended;
    expect(one.table.keys()).toEqual(keys(1, 25));
  });

  it('presses on one button: one goes, the other does nothing', async () => {
    const one = await made({ brake: { deletes: 0.2, updates: 1, creates: 1 } });
    one.source.rowsNow = rowsOf(1, 20);
    const runs = one.process();
    await one.run(runs);
    one.source.rowsNow = rowsOf(10, 20);
    const state = await one.run(runs);
    const both = await Promise.all([
      runs.apply(state.run, by, state.version),
      runs.apply(state.run, by, state.version),
    ]);
    expect(both.filter(({ kind }) => kind === 'going')).toHaveLength(1);
    const going = both.find(({ kind }) => kind === 'going');
    await (going?.kind === 'going' ? going.run.ended : undefined);
    expect(one.table.writes().filter(({ op }) => op === 'delete')).toHaveLength(1);
  });

  it('a press that is about to let a run go: whoever asks at that moment is shown that run as it goes', async () => {
    const one = await made();
    one.source.rowsNow = rowsOf(1, 20);
    const plan = await one.run(one.process(), { planOnly: true });
    const gate = newGate();
    let reached = false;
    const store = hooked(one.store, (method) => {
      if (method !== 'replaceState') return undefined;
      reached = true;
      return gate.passed;
    });
    const runs = one.process('one', { store });
    const pressed = runs.apply(plan.run, by, plan.version);
    await until(() => reached);
    const asked = start(one, runs);
    await turns();
    gate.open();
    expect(await asked).toMatchObject({ kind: 'busy', state: { status: 'running' }, run: { id: plan.run } });
    const acted = await pressed;
    if (acted.kind === 'going') await acted.run.ended;
  });

  it('a press while another run holds the table is told which', async () => {
    const one = await made();
    one.source.rowsNow = rowsOf(1, 20);
    one.table.fault = (call) => (call.keys.includes('k011') ? { failure: failed('round') } : undefined);
    const runs = one.process();
    const old = await one.run(runs);
    one.clock.auto = false;
    one.table.fault = (call) => (call.op === 'records' ? { wait: forever() } : undefined);
    const newer = await begun(one, runs);
    const acted = await runs.retry(old.run, by);
    expect(acted).toMatchObject({ kind: 'busy', state: { run: newer.id }, run: { id: newer.id } });
    expect((await runs.retry(newer.id, by)).kind).toBe('stale');
    const stopping = runs.stop();
    await turns();
    await one.clock.advance(10_001);
    await stopping;
  });

  it('a run that ended while its lease was waited for is not begun again', async () => {
    const one = await made();
    one.source.rowsNow = rowsOf(1, 25);
    const gate = newGate();
    const last = hooked(one.store, (method) => (method === 'sending' ? gate.passed : undefined));
    one.clock.auto = false;
    const first = await begun(one, one.process('a', { store: last }));
    await turns();
    const resumed = one.process('b').resume();
    await turns();
    gate.open();
    await first.ended;
    one.clock.auto = true;
    one.clock.jump(1_001);
    expect(await resumed).toEqual([]);
    expect((await one.process('b').find(first.id))?.status).toBe('done');
  });

  it('a run that was left while its table was waited for is gone on with', async () => {
    const one = await made();
    one.source.rowsNow = rowsOf(1, 25);
    const gate = newGate();
    const { store, reached } = killedAt(one.store, 'settle', 2);
    const slow = hooked(store, (method) => (method === 'createRun' ? gate.passed : undefined));
    one.clock.auto = false;
    const far = { ...slow, leases: { ...slow.leases, renew: forever } };
    void start(one, one.process('far', { store: far }));
    await turns();
    const second = begun(one, one.process('two'));
    await turns();
    gate.open();
    await reached;
    const [left] = await one.store.journal.openRuns();
    one.clock.auto = true;
    one.clock.jump(1_001);
    const run = await second;
    expect(run.id).toBe(left?.id);
    expect(counts(await run.ended)).toEqual({ read: 25, created: 25 });
    expect(await one.store.journal.openRuns()).toEqual([]);
  });

  it('a run that nobody has stored is answered in the end', async () => {
    const one = await made();
    await one.store.leases.claim(`${one.table.base}/tbl1`, 'ghost', 'one');
    await expect(start(one, one.process('one'))).rejects.toMatchObject({
      problems: [{ code: 'table-held' }],
    });
  });

  it('a table is free again when a run could not be stored', async () => {
    const one = await made();
    one.source.rowsNow = rowsOf(1, 3);
    const broken = hooked(one.store, (method) =>
      method === 'createRun' ? Promise.reject(new Error('disk full')) : undefined,
    );
    await expect(start(one, one.process('one', { store: broken }))).rejects.toThrow('disk full');
    expect((await one.run(one.process('one'))).status).toBe('done');
  });
});

describe('a lease that is lost', () => {
  it('ends the run before it writes again, and the store keeps what the new holder says', async () => {
    const one = await made();
    one.source.rowsNow = rowsOf(1, 25);
    one.clock.auto = false;
    const gate = heldAtSecond(one);
    const run = await begun(one, one.process('one'));
    await until(() => one.table.inFlight === 1 && one.table.writes().length === 2);
    await seize(one.store, `${one.table.base}/tbl1`, 'other');
    gate.open();
    const state = await run.ended;
    expect(state.status).toBe('interrupted');
    expect(one.table.writes()).toHaveLength(2);
    expect((await one.store.journal.findRun(run.id))?.state.status).toBe('running');
  });

  it('keeps what was still being planned out of the new holder’s plan', async () => {
    const one = await made();
    one.source.rowsNow = rowsOf(1, 25);
    const gate = newGate();
    let late = 0;
    const asleep = hooked(one.store, (method) =>
      method === 'addChunks' && ++late === 1 ? gate.passed : undefined,
    );
    const far = { ...asleep, leases: { ...asleep.leases, renew: () => gate.passed.then(() => false) } };
    const first = await begun(one, one.process('far', { store: far }));
    await until(() => late === 1);
    one.source.rowsNow = rowsOf(1, 5);
    const second = await (await begun(one, one.process('two'))).ended;
    gate.open();
    expect((await first.ended).status).toBe('interrupted');
    expect(second.run).toBe(first.id);
    expect(second.status).toBe('done');
    expect((await one.store.journal.chunks(first.id)).map(({ id }) => id)).toEqual(['C001']);
  });

  it('is noticed at the latest when the end is to be stored, which is then theirs', async () => {
    const one = await made();
    one.source.rowsNow = rowsOf(1, 25);
    const gate = newGate();
    let reads = 0;
    one.table.fault = (call) =>
      call.op === 'records' && ++reads === 1 ? { wait: gate.passed, failure: failed('stop') } : undefined;
    const far = { ...one.store, leases: { ...one.store.leases, renew: async () => true } };
    const first = await begun(one, one.process('far', { store: far }));
    await until(() => reads === 1);
    const second = await (await begun(one, one.process('two'))).ended;
    gate.open();
    expect((await first.ended).status).toBe('interrupted');
    expect(second.run).toBe(first.id);
    expect((await one.store.journal.findRun(first.id))?.state).toMatchObject({
      status: 'done',
      rows: { created: 25 },
    });
  });

  it('is noticed at the next heartbeat while a call is on its way', async () => {
    const one = await made();
    one.source.rowsNow = rowsOf(1, 25);
    one.clock.auto = false;
    one.table.fault = (call) => (call.op === 'create' ? { wait: forever() } : undefined);
    const run = await begun(one, one.process('one'));
    await until(() => one.table.inFlight === 1);
    await seize(one.store, `${one.table.base}/tbl1`, 'other');
    await one.clock.advance(5_001);
    expect(await run.ended).toMatchObject({ status: 'interrupted', error: { code: 'taken-over' } });
  });

  it('is kept alive while the run goes on, through a store that does not answer at times', async () => {
    const one = await made();
    one.source.rowsNow = rowsOf(1, 25);
    one.clock.auto = false;
    const gate = heldAtSecond(one);
    let beats = 0;
    const store: Store = {
      ...one.store,
      leases: {
        ...one.store.leases,
        renew: (...args) =>
          ++beats === 2 ? Promise.reject(new Error('gone for a moment')) : one.store.leases.renew(...args),
      },
    };
    const run = await begun(one, one.process('one', { store }));
    await until(() => one.table.inFlight === 1 && one.table.writes().length === 2);
    for (let beat = 0; beat < 8; beat++) {
      await one.clock.advance(5_000);
      await until(() => one.clock.asked.filter((ms) => ms === 5_000).length === beat + 2);
    }
    expect(beats).toBe(8);
    expect(one.logged).toContain('lease.not-renewed');
    expect((await start(one, one.process('one'))).kind).toBe('busy');
    gate.open();
    expect((await run.ended).status).toBe('done');
  });
});

describe('a program that stops', () => {
  it('lets the call in flight end, sends nothing more, and the next one goes on', async () => {
    const one = await made();
    one.source.rowsNow = rowsOf(1, 25);
    one.clock.auto = false;
    const gate = heldAtSecond(one);
    const runs = one.process('one');
    const run = await begun(one, runs);
    await until(() => one.table.inFlight === 1 && one.table.writes().length === 2);
    const stopping = runs.stop();
    gate.open();
    await stopping;
    const state = await run.ended;
    expect(state.status).toBe('interrupted');
    expect(counts(state)).toEqual({ read: 25, created: 20, notSent: 5 });
    expect((await one.store.journal.findRun(run.id))?.state).toMatchObject({
      status: 'running',
      endedAt: null,
    });
    one.clock.auto = true;
    const [again] = await one.process('two').resume();
    const over = await again?.ended;
    expect(over?.run).toBe(run.id);
    expect(over && counts(over)).toEqual({ read: 25, created: 25 });
    expect(one.table.writes().map(({ keys: [first] }) => first)).toEqual(['k001', 'k011', 'k021']);
  });

  it('gives a call up that does not end, and the next one settles it', async () => {
    const one = await made();
    one.source.rowsNow = rowsOf(1, 25);
    one.clock.auto = false;
    one.table.fault = (call) => (call.keys.includes('k011') ? { wait: forever(), applied: true } : undefined);
    const runs = one.process('one');
    const run = await begun(one, runs);
    await until(() => one.table.inFlight === 1 && one.table.writes().length === 2);
    const stopping = runs.stop();
    await turns();
    await one.clock.advance(10_001);
    await stopping;
    expect((await run.ended).status).toBe('interrupted');
    one.table.fault = () => undefined;
    one.clock.auto = true;
    const [again] = await one.process('two').resume();
    expect((await again?.ended)?.status).toBe('done');
    expect(one.table.keys()).toEqual(keys(1, 25));
  });

  it.each<[string, (one: World) => void, State['phase']]>([
    [
      'reads',
      (one) => (one.table.fault = ({ op }) => (op === 'records' ? { wait: forever() } : undefined)),
      'reading',
    ],
    [
      'pauses',
      (one) => (one.table.fault = ({ op }) => (op === 'create' ? { failure: lost } : undefined)),
      'pausing',
    ],
    [
      'is throttled for long',
      (one) =>
        (one.table.fault = ({ op }) =>
          op === 'create' ? { failure: { ...busy, retryAfter: 200_000 } } : undefined),
      'uploading',
    ],
  ])('while it %s does not wait for that', async (_, slow, phase) => {
    const one = await made();
    one.source.rowsNow = rowsOf(1, 25);
    one.clock.auto = false;
    slow(one);
    const runs = one.process('one');
    const run = await begun(one, runs);
    await until(() => run.state().phase === phase && one.table.calls.length >= 4);
    await turns(60);
    await runs.stop();
    expect((await run.ended).status).toBe('interrupted');
    one.table.fault = () => undefined;
    one.clock.auto = true;
    const [again] = await one.process('two').resume();
    expect((await again?.ended)?.status).toBe('done');
    expect(one.table.keys()).toEqual(keys(1, 25));
  });

  it('has told everybody who watches, up to the last state', async () => {
    const one = await made();
    one.source.rowsNow = rowsOf(1, 5);
    const run = await begun(one, one.process());
    const seen: State['phase'][] = [];
    const unwatch = run.watch(({ phase }) => seen.push(phase));
    const silent: unknown[] = [];
    run.watch((state) => silent.push(state))();
    await run.ended;
    unwatch();
    expect([...new Set(seen)]).toEqual(['reading', 'comparing', 'uploading', 'ended']);
    expect(silent).toEqual([]);
    expect(run.state().calls.write).toBe(1);
  });
});
