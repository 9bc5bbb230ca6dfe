import { afterEach, describe, expect, it } from 'vitest';
import type { State } from '../../src/sync/state.ts';
import { counts, failed, forever, hooked, keyField, rowsOf, until, type World, world } from './fakes.ts';

const by = { kind: 'cli' } as const;
const rows = 950;
const size = 50;
let open: World[] = [];

afterEach(async () => {
  await Promise.all(open.map((one) => one.stop()));
  open = [];
});

/** A first load of 19 chunks. */
async function loading(change: Parameters<typeof world>[0] = {}): Promise<World> {
  const one = await world({ chunkSize: size, ...change });
  open.push(one);
  one.table.pageSize = 500;
  one.source.rowsNow = rowsOf(1, rows);
  return one;
}

/** Runs it in a process that is killed when the outcome of the n-th chunk was to be stored. */
async function kill(one: World, nth: number): Promise<World> {
  let outcomes = 0;
  let sends = one.table.writes().length;
  const store = hooked(one.store, (method) => {
    if (method === 'settle') outcomes++;
    if (outcomes >= nth) return forever();
    if (method === 'sending') sends++;
    return undefined;
  });
  void one.process('one', { store }).start({ definition: one.definition, by });
  // One more may be on its way.
  await until(() => outcomes >= nth && one.table.writes().length === sends && one.table.inFlight === 0);
  one.dead.add('one');
  one.table.calls.length = 0;
  return one;
}

const killed = async (nth: number, change: Parameters<typeof world>[0] = {}): Promise<World> =>
  kill(await loading(change), nth);

async function resumed(one: World): Promise<State> {
  const [run] = await one.process('two').resume();
  const state = await run?.ended;
  if (!state) throw new Error('nothing was left');
  return state;
}

const keys = rowsOf(1, rows).map(([key]) => key);
const looks = (one: World): string[] =>
  one.table.calls.flatMap(({ op }) =>
    op === 'matching' || op === 'records' || op === 'revision' ? [op] : [],
  );

describe('what is left after a kill', () => {
  it.each([2, 6, 10])(
    'is looked up in as many calls as the table takes, however many chunks it is (killed at the %i-th)',
    async (nth) => {
      const one = await killed(nth);
      const held = one.table.held.size;
      const state = await resumed(one);
      expect(counts(state)).toEqual({ read: rows, created: rows });
      expect(one.table.keys()).toEqual(keys);
      // One chunk goes at once, by its keys; the rest after one read of the table.
      const pages = Array.from({ length: Math.ceil((held + size) / 500) }, () => 'records');
      expect(looks(one)).toEqual(['matching', 'revision', ...pages, 'revision']);
      const [first, ...others] = one.table.calls.filter(({ op }) => op !== 'fields').map(({ op }) => op);
      expect([first, others[0]]).toEqual(['matching', 'create']);
      expect(one.table.writes()).toHaveLength((rows - held) / size);
    },
  );

  it('is looked up chunk by chunk where that is fewer calls', async () => {
    const one = await killed(18);
    expect(counts(await resumed(one))).toEqual({ read: rows, created: rows });
    expect(looks(one)).toEqual(['matching', 'matching']);
  });

  it('is read once, too, where keys cannot be asked for', async () => {
    const two = ['金额', keyField].map((column) => ({ column, field: column }));
    const one = await killed(8, { key: two });
    expect(counts(await resumed(one))).toEqual({ read: rows, created: rows });
    expect(one.table.keys()).toEqual(keys);
    expect(looks(one)).toEqual(['revision', 'records', 'revision']);
  });

  it.each([
    ['', false],
    [', and keys cannot be asked for', true],
  ])('is not made again where somebody has made some of it meanwhile%s', async (_, both) => {
    const two = ['金额', keyField].map((column) => ({ column, field: column }));
    const one = await killed(8, both ? { key: two } : {});
    for (const at of [520, 521, 777, 950]) one.table.put({ [keyField]: keys[at - 1], 金额: at });
    const state = await resumed(one);
    expect(counts(state)).toEqual({ read: rows, created: rows - 4, updated: 4 });
    expect(one.table.keys()).toEqual(keys);
  });

  it('goes after the updates, which need no look-up', async () => {
    const one = await loading();
    one.source.rowsNow = rowsOf(1, 100);
    await one.run(one.process('zero'));
    one.source.rowsNow = [...rowsOf(1, 100, 'b'), ...rowsOf(101, 600)];
    await kill(one, 2);
    expect(counts(await resumed(one))).toEqual({ read: 600, created: 500, updated: 100 });
    const ops = one.table.calls.map(({ op }) => op).filter((op) => op !== 'fields');
    expect(ops.slice(0, 5)).toEqual(['update', 'update', 'revision', 'records', 'revision']);
    expect(one.table.held.size).toBe(600);
  });

  it('is looked up chunk by chunk when the table moves through every read', async () => {
    const one = await killed(8);
    one.table.onPage = () => {
      one.table.moved++;
    };
    one.table.put({ [keyField]: keys[776], 金额: 777 });
    expect(counts(await resumed(one))).toEqual({ read: rows, created: rows - 1, updated: 1 });
    expect(one.table.keys()).toEqual(keys);
    expect(looks(one).filter((op) => op === 'records')).toHaveLength(6);
    expect(looks(one).filter((op) => op === 'matching')).toHaveLength(12);
  });

  it('is looked up anew where a call that was on its way may have come after the read', async () => {
    const one = await loading();
    let land = (): void => undefined;
    const gate = new Promise<void>((resolve) => {
      land = resolve;
    });
    one.table.fault = ({ keys: sent }) => (sent.includes('k301') ? { wait: gate } : undefined);
    void one.process('one').start({ definition: one.definition, by });
    await until(() => one.table.writes().length === 7 && one.table.inFlight === 1);
    one.dead.add('one');
    one.clock.jump(110_000);
    one.table.calls.length = 0;
    one.table.fault = ({ op, keys: asked }) => {
      // The token is too old by the end of the read, and the call lands after it.
      if (op === 'revision' && looks(one).length > 2) one.clock.jump(11_000);
      if (op === 'matching' && asked.includes('k301')) land();
      return undefined;
    };
    expect(counts(await resumed(one))).toEqual({ read: rows, created: rows });
    expect(one.table.keys()).toEqual(keys);
    expect(looks(one)).toEqual(['matching', 'revision', 'records', 'revision', 'matching']);
  });

  it('waits for a read that fails, and is never taken for absent', async () => {
    const one = await killed(8);
    one.table.put({ [keyField]: keys[776], 金额: 777 });
    let reads = 0;
    one.table.fault = ({ op }) =>
      op === 'records' && ++reads < 3 ? { failure: failed('round') } : undefined;
    const state = await resumed(one);
    expect(counts(state)).toEqual({ read: rows, created: rows - 1, updated: 1 });
    expect(state.rounds).toBe(2);
    expect(one.table.keys()).toEqual(keys);
  });

  it('is not written where the table cannot be read at all', async () => {
    const one = await killed(8);
    const held = one.table.held.size;
    one.table.fault = ({ op }) =>
      op === 'records' || op === 'matching' ? { failure: failed('round') } : undefined;
    const state = await resumed(one);
    expect(state.status).toBe('partial');
    expect(one.table.held.size).toBe(held);
  });

  it('is not read on for when the program is told to stop', async () => {
    const one = await killed(8);
    one.table.fault = ({ op }) => (op === 'records' ? { wait: forever() } : undefined);
    const runs = one.process('two');
    const [run] = await runs.resume();
    one.clock.auto = false;
    await until(() => one.table.calls.some(({ op }) => op === 'records'));
    const sent = one.table.writes().length;
    // Ends without the ten seconds that calls in flight are given.
    await runs.stop();
    expect((await run?.ended)?.status).toBe('interrupted');
    expect(one.table.writes()).toHaveLength(sent);
  });
});

describe('what somebody has made meanwhile', () => {
  const made = (one: World, at: number): string => one.table.put({ [keyField]: keys[at - 1], 金额: at });

  it('is not made again by a life after one that was told to stop before it had looked', async () => {
    const one = await killed(2);
    made(one, 777);
    one.table.fault = ({ op }) => (op === 'records' ? { wait: forever() } : undefined);
    const runs = one.process('two');
    const [run] = await runs.resume();
    one.clock.auto = false;
    await until(() => one.table.calls.some(({ op }) => op === 'records'));
    await runs.stop();
    expect((await run?.ended)?.status).toBe('interrupted');
    one.clock.auto = true;
    one.table.fault = () => undefined;
    const [again] = await one.process('three').resume();
    expect((await again?.ended)?.status).toBe('done');
    expect(one.table.keys()).toEqual(keys);
  });

  it.each([
    ['while the run went on', 'create'],
    ['before a retry that could not look', 'matching'],
  ] as const)('is not made again by a retry: %s', async (_, op) => {
    const one = await loading();
    one.table.fault = ({ keys: sent }) => {
      if (op === 'create' && sent.includes('k001')) made(one, 777);
      return sent.includes('k777') ? { failure: failed('round') } : undefined;
    };
    const runs = one.process();
    const first = await one.run(runs);
    expect(first.status).toBe('partial');
    if (op === 'matching') {
      made(one, 777);
      one.table.fault = (call) => (call.op === 'matching' ? { failure: failed('round') } : undefined);
      const acted = await runs.retry(first.run, by);
      expect(acted.kind === 'going' && (await acted.run.ended).status).toBe('partial');
    }
    one.table.fault = () => undefined;
    const acted = await runs.retry(first.run, by);
    expect(acted.kind === 'going' && (await acted.run.ended).status).toBe('done');
    expect(one.table.keys()).toEqual(keys);
  });
});
