import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Store } from '../../src/run/ports.ts';
import type { Runs } from '../../src/run/runs/runs.ts';
import { openStore } from '../../src/store/open.ts';
import type { State } from '../../src/sync/state/state.ts';
import { CallError } from '../../src/sync/words/failure.ts';
import { problem } from '../../src/sync/words/problem.ts';
import { text } from '../../src/sync/words/text.ts';
import {
  busy,
  type Call,
  counts,
  type Fault,
  failed,
  keyField,
  lost,
  movableClock,
  quiet,
  rowsOf,
  type World,
  world,
} from './fakes.ts';

const by = { kind: 'cli' } as const;
let store: Store;

beforeAll(async () => {
  store = await openStore('sqlite::memory:', { clock: movableClock(), log: quiet });
});
afterAll(() => store.stop());

const has =
  (key: string) =>
  (call: Call): boolean =>
    call.keys.includes(key);

/** Answers calls with faults, in turn, where they match. */
function inTurn(
  matches: (call: Call) => boolean,
  faults: (Fault | undefined)[],
): (call: Call) => Fault | undefined {
  const left = [...faults];
  return (call) => (matches(call) ? left.shift() : undefined);
}

const times = (count: number, fault: Fault): Fault[] => Array.from({ length: count }, () => fault);

async function ended(acted: ReturnType<Runs['retry']>): Promise<State> {
  const done = await acted;
  if (done.kind !== 'going') throw new Error(done.kind);
  return done.run.ended;
}

const noDoubles = (one: World): void => expect(new Set(one.table.keys()).size).toBe(one.table.held.size);

const passing = failed('round', { code: 1255001, message: 'InternalError' });

describe('rounds', () => {
  it('send again what failed, after growing pauses', async () => {
    const one = await world({}, store);
    one.source.rowsNow = rowsOf(1, 30);
    one.table.fault = inTurn(has('k011'), times(2, { failure: passing }));
    const state = await one.run();
    expect(state).toMatchObject({ status: 'done', rounds: 2, resumeAt: null });
    expect(counts(state)).toEqual({ read: 30, created: 30 });
    expect(one.table.writes().map(({ keys }) => keys[0])).toEqual(['k001', 'k011', 'k021', 'k011', 'k011']);
    expect(one.clock.asked.filter((ms) => ms === 1000 || ms === 2000)).toEqual([1000, 2000]);
    noDoubles(one);
  });

  it('that are used up leave a failed chunk, which retry sends again and nothing else', async () => {
    const one = await world({}, store);
    one.source.rowsNow = rowsOf(1, 30);
    one.table.put({ [keyField]: 'old' });
    one.table.fault = (call) => (has('k011')(call) ? { failure: passing } : undefined);
    const runs = one.process();
    const state = await one.run(runs);
    expect(state).toMatchObject({ status: 'partial', rounds: 3 });
    expect(state.chunks.failed).toEqual([
      { id: 'C002', kind: 'create', rows: 10, how: 'answered', code: 1255001, message: 'InternalError' },
    ]);
    expect(counts(state)).toEqual({ read: 30, created: 20, failed: 10, deletes: { planned: 1, notSent: 1 } });
    expect(one.table.keys()).toContain('old');

    one.table.fault = () => undefined;
    one.table.calls.length = 0;
    const over = await ended(one.process('two').retry(state.run, by, state.version));
    expect(over.status).toBe('done');
    expect(counts(over)).toEqual({ read: 30, created: 30, deletes: { planned: 1, done: 1 } });
    expect(one.table.writes().map(({ op, keys }) => `${op} ${keys[0]}`)).toEqual([
      'create k011',
      'delete old',
    ]);
    noDoubles(one);
  });

  it('never show progress that goes backwards', async () => {
    const one = await world({}, store);
    one.source.rowsNow = rowsOf(1, 40);
    one.table.refuses = (fields) => fields[keyField] === 'k013';
    one.table.fault = inTurn(has('k031'), times(2, { failure: passing }));
    const started = await one.process().start({ definition: one.definition, by });
    if (started.kind !== 'started') throw new Error('busy');
    const seen: State[] = [];
    started.run.watch((state) => seen.push(state));
    await started.run.ended;
    const uploading = seen.filter(({ changes }) => changes.total > 0);
    expect(uploading.length).toBeGreaterThan(5);
    for (const [at, { changes, rows, deletes }] of uploading.entries()) {
      expect(changes.total).toBe(40);
      expect(changes.settled).toBeGreaterThanOrEqual(uploading[at - 1]?.changes.settled ?? 0);
      const { read, ...others } = rows;
      expect(Object.values(others).reduce((sum, count) => sum + count, 0)).toBe(read);
      expect(deletes.planned).toBe(0);
    }
  });
});

describe('a press on retry', () => {
  async function half(): Promise<{ one: World; state: State }> {
    const one = await world({ mode: 'upsert' }, store);
    one.source.rowsNow = rowsOf(1, 20);
    one.table.fault = (call) => (has('k011')(call) ? { failure: passing } : undefined);
    const state = await one.run();
    one.table.fault = () => undefined;
    return { one, state };
  }

  it('of an older run than the last that wrote sets no value back', async () => {
    const { one, state } = await half();
    one.source.rowsNow = rowsOf(1, 20, 'newer');
    await one.clock.advance(1000);
    expect((await one.run()).status).toBe('done');
    const before = one.table.writes().length;
    expect((await ended(one.process().retry(state.run, by, state.version))).status).toBe('done');
    expect(one.table.writes()).toHaveLength(before);
    noDoubles(one);
  });

  it('creates no row a second time that somebody else has created since', async () => {
    const { one, state } = await half();
    one.table.put({ [keyField]: 'k015', 金额: 15 });
    const over = await ended(one.process().retry(state.run, by, state.version));
    expect(over.status).toBe('done');
    expect(counts(over)).toEqual({ read: 20, created: 19, updated: 1 });
    noDoubles(one);
  });

  it('reads both sides anew, and sends the rows under the ID of their chunk', async () => {
    const { one, state } = await half();
    one.table.calls.length = 0;
    one.source.rowsNow = rowsOf(1, 20, 'newer');
    const over = await ended(one.process().retry(state.run, by, state.version));
    expect(one.table.calls.map(({ op }) => op)).toEqual([
      ...['about', 'fields', 'revision', 'records', 'records', 'revision', 'create', 'update', 'revision'],
    ]);
    expect(counts(over)).toEqual({ read: 30, created: 20, updated: 10 });
    const ids = (await one.store.journal.chunks(state.run)).map(({ id }) => id);
    expect(ids).toEqual(['C001', 'C002', 'U001']);
    noDoubles(one);
  });

  it('looks first when the end of the run could not be seen', async () => {
    const { one, state } = await half();
    one.table.fault = (call) =>
      has('k011')(call) || call.op === 'revision' ? { failure: passing } : undefined;
    const again = await ended(one.process().retry(state.run, by));
    expect(again.error?.code).toBe('1255001');
    expect(again.status).toBe('partial');
    one.table.fault = () => undefined;
    expect((await ended(one.process().retry(state.run, by))).status).toBe('done');
    noDoubles(one);
  });

  it('with the version of an earlier moment is stale, and so is one on a run that is done', async () => {
    const { one, state } = await half();
    expect((await one.process().retry(state.run, by, state.version - 1)).kind).toBe('stale');
    const over = await ended(one.process().retry(state.run, by, state.version));
    expect((await one.process().retry(state.run, by, over.version)).kind).toBe('stale');
    expect((await one.process().retry('nobody', by)).kind).toBe('no-such-run');
  });
});

describe('a lost answer', () => {
  it.each([true, false])(
    'to a create (carried out: %s) is asked again with the same token within two minutes',
    async (applied) => {
      const one = await world({}, store);
      one.source.rowsNow = rowsOf(1, 10);
      one.table.fault = inTurn(has('k001'), [{ failure: lost, applied }]);
      const state = await one.run();
      expect(state.status).toBe('done');
      const [first, second] = one.table.writes();
      expect(second?.token).toBe(first?.token);
      expect(one.table.calls.filter(({ op }) => op === 'matching')).toEqual([]);
      noDoubles(one);
    },
  );

  it.each([true, false])(
    'to a create (carried out: %s) is read back when the token is old',
    async (applied) => {
      const one = await world({}, store);
      one.source.rowsNow = rowsOf(1, 10);
      one.clock.auto = false;
      one.table.fault = inTurn(has('k001'), [{ failure: lost, applied }]);
      const started = await one.process().start({ definition: one.definition, by });
      if (started.kind !== 'started') throw new Error('busy');
      await new Promise<void>((resolve) => {
        started.run.watch(({ phase }) => phase === 'pausing' && resolve());
      });
      one.clock.jump(120_001);
      one.clock.auto = true;
      expect((await started.run.ended).status).toBe('done');
      expect(one.table.calls.filter(({ op }) => op === 'matching' || op === 'records')).toHaveLength(2);
      expect(one.table.writes()).toHaveLength(applied ? 1 : 2);
      expect(new Set(one.table.writes().map(({ token }) => token)).size).toBe(applied ? 1 : 2);
      noDoubles(one);
    },
  );

  it('makes no doubles when throttling then outlasts the token', async () => {
    const one = await world({}, store);
    one.source.rowsNow = rowsOf(1, 10);
    one.table.fault = inTurn(
      (call) => call.op === 'create',
      [{ failure: lost, applied: true }, ...times(2, { failure: { ...busy, retryAfter: 70_000 } })],
    );
    const state = await one.run();
    expect(state.status).toBe('done');
    expect(one.table.held.size).toBe(10);
    expect(one.table.writes().every(({ token }) => token === one.table.writes()[0]?.token)).toBe(true);
    noDoubles(one);
  });

  it('of which every repeat is lost too is settled by reading back', async () => {
    const one = await world({}, store);
    one.source.rowsNow = rowsOf(1, 20);
    one.table.fault = (call) =>
      call.op === 'create' && has('k001')(call) ? { failure: lost, applied: true } : undefined;
    const state = await one.run();
    expect(counts(state)).toEqual({ read: 20, created: 20 });
    expect(state.status).toBe('done');
    noDoubles(one);
  });

  it('that cannot be read back either is unknown, and never a success', async () => {
    const one = await world({}, store);
    one.source.rowsNow = rowsOf(1, 20);
    let sent = false;
    one.table.fault = (call) => {
      if (call.op === 'create' && has('k001')(call)) {
        sent = true;
        return { failure: lost, applied: true };
      }
      return sent && (call.op === 'matching' || call.op === 'records') ? { failure: passing } : undefined;
    };
    const runs = one.process();
    const state = await one.run(runs);
    expect(state.status).toBe('partial');
    expect(counts(state)).toEqual({ read: 20, created: 10, unknown: 10 });
    expect(state.chunks.failed).toEqual([
      { id: 'C001', kind: 'create', rows: 10, how: 'threw', code: null, message: 'timeout' },
    ]);
    one.table.fault = () => undefined;
    const over = await ended(runs.retry(state.run, by));
    expect(over.status).toBe('done');
    expect(one.table.held.size).toBe(20);
    noDoubles(one);
  });

  it('to an update or a delete is sent again, and what happened is seen', async () => {
    const one = await world({}, store);
    one.source.rowsNow = rowsOf(1, 20);
    await one.run();
    one.source.rowsNow = rowsOf(5, 20, 'b');
    const faults = new Map([
      ['update', [{ failure: lost, applied: true }]],
      ['delete', [{ failure: lost, applied: true }]],
    ]);
    one.table.fault = ({ op }) => faults.get(op)?.shift();
    const state = await one.run();
    expect(state.status).toBe('done');
    expect(counts(state)).toEqual({ read: 16, updated: 16, deletes: { planned: 4, done: 4 } });
    expect(one.table.keys()).toEqual(rowsOf(5, 20).map(([key]) => key));
  });

  it('of updates and deletes in every round is settled by reading back', async () => {
    const one = await world({}, store);
    one.source.rowsNow = rowsOf(1, 8);
    await one.run();
    one.source.rowsNow = rowsOf(3, 8, 'b');
    one.table.fault = ({ op }) =>
      op === 'update' || op === 'delete' ? { failure: lost, applied: true } : undefined;
    const state = await one.run();
    expect(counts(state)).toEqual({ read: 6, updated: 6, deletes: { planned: 2, done: 2 } });
    expect(state.status).toBe('done');
  });

  it('of updates that did not happen leaves them failed, and a retry counts them once', async () => {
    const one = await world({ mode: 'upsert' }, store);
    one.source.rowsNow = rowsOf(1, 8);
    const runs = one.process();
    await one.run(runs);
    await one.clock.advance(1000);
    one.source.rowsNow = rowsOf(1, 8, 'b');
    // A person has written two of the values meanwhile.
    one.table.fault = ({ op }) => {
      if (op !== 'update') return undefined;
      for (const id of ['rec1', 'rec2'])
        Object.assign(one.table.held.get(id) ?? {}, { 备注: [{ type: 'text', text: 'b' }] });
      return { failure: lost };
    };
    const state = await one.run(runs);
    expect(counts(state)).toEqual({ read: 8, updated: 2, failed: 6 });
    one.table.fault = () => undefined;
    const over = await ended(runs.retry(state.run, by));
    expect(counts(over)).toEqual({ read: 8, updated: 8 });
    expect(over.status).toBe('done');
  });

  it('whose token Feishu refuses is read back, then created with a new one', async () => {
    const one = await world({}, store);
    one.source.rowsNow = rowsOf(1, 10);
    one.table.fault = inTurn(
      (call) => call.op === 'create',
      [{ failure: failed('settle', { code: 1254037 }) }],
    );
    const state = await one.run();
    expect(state.status).toBe('done');
    const [first, second] = one.table.writes();
    expect(second?.token).not.toBe(first?.token);
    noDoubles(one);
  });
});

describe('throttling', () => {
  it('uses up no round and waits as long as Feishu asks', async () => {
    const one = await world({ rounds: 0 }, store);
    one.source.rowsNow = rowsOf(1, 10);
    one.table.fault = inTurn(
      (call) => call.op === 'create',
      [{ failure: busy }, { failure: { ...busy, retryAfter: 7_000 } }, { failure: busy }],
    );
    const state = await one.run();
    expect(state).toMatchObject({ status: 'done', rounds: 0 });
    expect(one.clock.asked).toContain(7_000);
    expect(one.table.writes()).toHaveLength(4);
  });

  it('is a failure once its time is used up, and at once when Feishu asks for more than that', async () => {
    const one = await world({ rounds: 0, mode: 'upsert' }, store);
    one.source.rowsNow = rowsOf(1, 10);
    one.table.fault = ({ op }) => (op === 'create' ? { failure: busy } : undefined);
    const began = one.clock.now();
    const state = await one.run();
    expect(counts(state)).toEqual({ read: 10, failed: 10 });
    expect(one.clock.now() - began).toBeGreaterThan(270_000);
    expect(one.clock.now() - began).toBeLessThan(400_000);
    one.table.fault = ({ op }) =>
      op === 'create' ? { failure: { ...busy, retryAfter: 3_600_000 } } : undefined;
    const then = one.clock.now();
    const again = await one.run();
    expect(counts(again)).toEqual({ read: 10, failed: 10 });
    expect(one.clock.now() - then).toBeLessThan(60_000);
  });

  it('with doubt about what happened makes no doubles', async () => {
    const one = await world({}, store);
    one.source.rowsNow = rowsOf(1, 10);
    const again = failed('wait', { code: 1254608, mayHaveHappened: true, retryAfter: 65_000 });
    one.table.fault = inTurn(
      (call) => call.op === 'create',
      [{ failure: again, applied: true }, { failure: again }, { failure: again }],
    );
    const state = await one.run();
    expect(state.status).toBe('done');
    expect(one.table.held.size).toBe(10);
  });
});

describe('rows that Feishu refuses', () => {
  it.each([
    [1, ['k007']],
    [2, ['k007', 'k031']],
    [3, ['k001', 'k002', 'k040']],
  ])('%s of 40 are found by splitting, and the good ones land', async (bad, keys) => {
    const one = await world({ chunkSize: 40 }, store);
    one.source.rowsNow = rowsOf(1, 40);
    one.table.refuses = (fields) => keys.includes(String(fields[keyField]));
    const state = await one.run();
    expect(state.status).toBe('partial');
    expect(counts(state)).toEqual({ read: 40, created: 40 - bad, rejected: bad });
    expect(state.badRows).toMatchObject([{ kind: 'rejected', rows: bad }]);
    expect(state.badRows.flatMap(({ samples }) => samples.map(({ key }) => key))).toEqual(keys);
    const extra = one.table.writes().length - 1;
    expect(extra).toBeLessThanOrEqual(2 * bad * (Math.log2(40) + 1));
    expect(new Set(one.table.writes().map(({ token }) => token)).size).toBe(extra + 1);
    noDoubles(one);
    // The next run knows them, and sends nothing; once somebody asks, they go in one call.
    one.table.refuses = () => false;
    const before = one.table.writes().length;
    const next = await one.run();
    expect([next.status, counts(next)]).toEqual([
      'partial',
      { read: 40, rejected: bad, unchanged: 40 - bad },
    ]);
    expect(one.table.writes()).toHaveLength(before);
    const asked = await ended(one.process().retry(next.run, by));
    expect([asked.status, counts(asked)]).toEqual(['done', { read: 40, created: bad, unchanged: 40 - bad }]);
    expect(one.table.writes()).toHaveLength(before + 1);
    noDoubles(one);
  });

  it('hold no delete back: they would do so for ever', async () => {
    const one = await world({ mode: 'mirror', chunkSize: 20 }, store);
    one.source.rowsNow = rowsOf(1, 20);
    await one.run();
    one.source.rowsNow = rowsOf(2, 21);
    one.table.refuses = (fields) => fields[keyField] === 'k021';
    const state = await one.run();
    expect(counts(state)).toEqual({
      read: 20,
      unchanged: 19,
      rejected: 1,
      deletes: { planned: 1, done: 1 },
    });
    expect(one.table.keys()).not.toContain('k001');
  });

  it('in updates are found likewise, beside a record that is gone', async () => {
    const one = await world({ chunkSize: 16 }, store);
    one.source.rowsNow = rowsOf(1, 16);
    await one.run();
    one.source.rowsNow = rowsOf(1, 16).map(([key, amount]) => [key ?? null, amount ?? null, `${key}`]);
    one.table.refuses = ({ 备注: note }) => note === 'k004';
    one.table.fault = ({ op }) => {
      if (op === 'update' && one.table.held.delete('rec9')) one.table.moved++;
      return undefined;
    };
    const state = await one.run();
    expect(counts(state)).toEqual({ read: 16, updated: 14, created: 1, rejected: 1 });
    expect(state.chunks.failed).toEqual([]);
    one.table.fault = () => undefined;
    one.table.refuses = () => false;
    expect(counts(await one.run())).toEqual({ read: 16, rejected: 1, unchanged: 15 });
  });

  it('are counted with what was there already when the chunk was read back first', async () => {
    const one = await world({ mode: 'upsert', chunkSize: 10 }, store);
    one.source.rowsNow = rowsOf(1, 10);
    one.table.fault = ({ op }) => (op === 'create' ? { failure: passing } : undefined);
    const state = await one.run();
    one.table.put({ [keyField]: 'k002' });
    one.table.put({ [keyField]: 'k003' });
    one.table.fault = () => undefined;
    one.table.refuses = (fields) => fields[keyField] === 'k009';
    const over = await ended(one.process().retry(state.run, by));
    expect(counts(over)).toEqual({ read: 10, created: 7, updated: 2, rejected: 1 });
    expect(over.changes).toEqual({ total: 10, settled: 10 });
    noDoubles(one);
  });

  it('stay failed deletes when Feishu refuses a delete for its values', async () => {
    const one = await world({}, store);
    one.table.put({ [keyField]: 'a' });
    one.table.put({ [keyField]: 'b' });
    one.table.put({ [keyField]: 'k001', 金额: 1, 备注: 'a' });
    one.source.rowsNow = rowsOf(1, 1);
    one.table.fault = ({ op }) =>
      op === 'delete' ? { failure: failed('values', { code: 1254006 }) } : undefined;
    const state = await one.run();
    expect(counts(state)).toEqual({ read: 1, unchanged: 1, deletes: { planned: 2, failed: 2 } });
    expect(state.badRows).toEqual([]);
  });
});

describe('records that are gone', () => {
  it('count as deleted, and the others of their chunk are deleted', async () => {
    const one = await world({}, store);
    one.source.rowsNow = rowsOf(1, 20);
    await one.run();
    one.source.rowsNow = rowsOf(7, 20);
    one.table.fault = ({ op }) => {
      if (op === 'delete') for (const id of ['rec2', 'rec3']) one.table.held.delete(id);
      return undefined;
    };
    const state = await one.run();
    expect(state.status).toBe('done');
    expect(counts(state)).toEqual({ read: 14, unchanged: 14, deletes: { planned: 6, done: 6 } });
    expect(
      one.table
        .writes()
        .map(({ op, rows }) => `${op} ${rows}`)
        .slice(-3),
    ).toEqual(['delete 6', 'delete 5', 'delete 4']);
  });

  it('count once when a passing fault comes between', async () => {
    const one = await world({}, store);
    one.source.rowsNow = rowsOf(1, 20);
    await one.run();
    one.source.rowsNow = rowsOf(7, 20);
    let deletes = 0;
    one.table.fault = ({ op }) => {
      if (op !== 'delete') return undefined;
      for (const id of ['rec2', 'rec3']) one.table.held.delete(id);
      return ++deletes === 2 ? { failure: passing } : undefined;
    };
    const state = await one.run();
    expect(counts(state)).toEqual({ read: 14, unchanged: 14, deletes: { planned: 6, done: 6 } });
    expect(state.status).toBe('done');
  });

  it('all of them at once are all done', async () => {
    const one = await world({}, store);
    one.source.rowsNow = rowsOf(1, 4);
    await one.run();
    one.source.rowsNow = rowsOf(3, 4);
    one.table.fault = ({ op }) => {
      if (op === 'delete') for (const id of ['rec1', 'rec2']) one.table.held.delete(id);
      return undefined;
    };
    expect(counts(await one.run())).toEqual({ read: 2, unchanged: 2, deletes: { planned: 2, done: 2 } });
  });

  it('that are only hidden from us are failures, and so are those that never were', async () => {
    const one = await world({}, store);
    one.source.rowsNow = rowsOf(1, 4);
    await one.run();
    one.source.rowsNow = rowsOf(3, 4);
    const gone = failed('gone', { code: 1254043 });
    one.table.fault = ({ op }) => (op === 'delete' ? { failure: gone } : undefined);
    expect(counts(await one.run())).toEqual({ read: 2, unchanged: 2, deletes: { planned: 2, failed: 2 } });
    one.table.fault = ({ op }) => {
      if (op === 'delete') one.table.held.delete('rec1');
      return op === 'delete' ? { failure: gone } : undefined;
    };
    expect(counts(await one.run())).toEqual({
      read: 2,
      unchanged: 2,
      deletes: { planned: 2, done: 1, failed: 1 },
    });
  });

  it('cannot be told when the look-up fails: tried again, and failed in the end', async () => {
    const one = await world({ rounds: 1 }, store);
    one.source.rowsNow = rowsOf(1, 4);
    await one.run();
    one.source.rowsNow = rowsOf(3, 4);
    one.table.fault = ({ op }) => {
      if (op === 'delete') one.table.held.delete('rec1');
      return op === 'look' ? { failure: passing } : undefined;
    };
    expect(counts(await one.run())).toEqual({ read: 2, unchanged: 2, deletes: { planned: 2, failed: 2 } });
    // A look-up that is refused for good ends the run.
    one.table.held.set('rec1', { [keyField]: [{ text: 'k001' }] });
    one.table.fault = ({ op }) => {
      if (op === 'delete') one.table.held.delete('rec1');
      return op === 'look' ? { failure: failed('stop', { code: 91403 }) } : undefined;
    };
    const state = await one.run();
    expect(state.error?.code).toBe('91403');
    expect(counts(state)).toEqual({ read: 2, unchanged: 2, deletes: { planned: 2, failed: 2 } });
  });

  it('end the run when the rest is refused for good', async () => {
    const one = await world({}, store);
    one.source.rowsNow = rowsOf(1, 4);
    await one.run();
    one.source.rowsNow = rowsOf(4, 4);
    let deletes = 0;
    one.table.fault = ({ op }) => {
      if (op !== 'delete') return undefined;
      one.table.held.delete('rec1');
      return ++deletes > 1 ? { failure: failed('stop', { code: 1254302 }) } : undefined;
    };
    const state = await one.run();
    expect(state.error?.code).toBe('1254302');
    expect(counts(state)).toEqual({ read: 1, unchanged: 1, deletes: { planned: 3, done: 1, failed: 2 } });
  });
});

describe('calls that are too large', () => {
  it('are halved, and the size that fits is remembered', async () => {
    const one = await world({ chunkSize: 40 }, store);
    one.table.most = 20;
    one.source.rowsNow = rowsOf(1, 40);
    const state = await one.run();
    expect(state.status).toBe('done');
    expect(one.table.writes().map(({ rows }) => rows)).toEqual([40, 20, 20]);
    one.source.rowsNow = rowsOf(1, 40, 'b');
    await one.run();
    expect(
      one.table
        .writes()
        .slice(3)
        .map(({ rows }) => rows),
    ).toEqual([20, 20]);
  });

  it('whose answer alone was too large are read back before they are split', async () => {
    const one = await world({ chunkSize: 40 }, store);
    one.source.rowsNow = rowsOf(1, 40);
    const tooLarge = failed('smaller', { how: 'threw', code: null, mayHaveHappened: true });
    one.table.fault = inTurn((call) => call.op === 'create', [{ failure: tooLarge, applied: true }]);
    const state = await one.run();
    expect(state.status).toBe('done');
    expect(one.table.held.size).toBe(40);
    noDoubles(one);
  });

  it('whose answer was too large and which did not happen are split', async () => {
    const one = await world({ chunkSize: 40 }, store);
    one.source.rowsNow = rowsOf(1, 40);
    const tooLarge = failed('smaller', { how: 'threw', code: null, mayHaveHappened: true });
    one.table.fault = inTurn((call) => call.op === 'create', [{ failure: tooLarge }]);
    const state = await one.run();
    expect(counts(state)).toEqual({ read: 40, created: 40 });
    expect(one.table.writes().map(({ rows }) => rows)).toEqual([40, 20, 20]);
  });

  it('stay in doubt while reading back fails', async () => {
    const one = await world({ chunkSize: 40, rounds: 2 }, store);
    one.source.rowsNow = rowsOf(1, 40);
    const tooLarge = failed('smaller', { how: 'threw', code: null, mayHaveHappened: true });
    let sent = false;
    one.table.fault = (call) => {
      if (call.op === 'create') {
        sent = true;
        return { failure: tooLarge, applied: true };
      }
      return sent && call.op !== 'revision' ? { failure: passing } : undefined;
    };
    const state = await one.run();
    expect(counts(state)).toEqual({ read: 40, unknown: 40 });
    expect(one.table.held.size).toBe(40);
    one.table.fault = () => undefined;
    expect((await ended(one.process().retry(state.run, by))).status).toBe('done');
    noDoubles(one);
  });

  it('of one row fail', async () => {
    const one = await world({}, store);
    one.source.rowsNow = rowsOf(1, 1);
    one.table.most = 0;
    expect(counts(await one.run())).toEqual({ read: 1, failed: 1 });
  });
});

describe('a refusal after a send that may have happened', () => {
  const again = failed('wait', { code: 1254608, mayHaveHappened: true });
  it.each([
    ['values', 10],
    ['values', 1],
    ['unknown', 10],
    ['smaller', 10],
  ] as const)('(%s, %d rows) is no proof that it did not: the rows are read back', async (verdict, size) => {
    const one = await world({ chunkSize: 10 }, store);
    one.source.rowsNow = rowsOf(1, size);
    one.table.fault = inTurn(
      (call) => call.op === 'create',
      [{ failure: again, applied: true }, { failure: failed(verdict, { code: 5 }) }],
    );
    const state = await one.run();
    expect(counts(state)).toEqual({ read: size, created: size });
    expect(state.status).toBe('done');
    noDoubles(one);
  });

  it('goes on with what is really missing', async () => {
    const one = await world({ chunkSize: 10 }, store);
    one.source.rowsNow = rowsOf(1, 10);
    one.table.refuses = (fields) => fields[keyField] === 'k004';
    one.table.fault = inTurn((call) => call.op === 'create', [{ failure: again }]);
    const state = await one.run();
    expect(counts(state)).toEqual({ read: 10, created: 9, rejected: 1 });
    noDoubles(one);
  });

  it('that ends the run leaves its rows unknown', async () => {
    const one = await world({ chunkSize: 10 }, store);
    one.source.rowsNow = rowsOf(1, 10);
    one.table.fault = inTurn(
      (call) => call.op === 'create',
      [{ failure: again, applied: true }, { failure: failed('stop', { code: 1254302 }) }],
    );
    const state = await one.run();
    expect(counts(state)).toEqual({ read: 10, unknown: 10 });
    expect((await ended(one.process().retry(state.run, by))).status).toBe('done');
    noDoubles(one);
  });
});

describe('a part of a chunk', () => {
  it('whose look-up fails stays a part: the whole is not sent again', async () => {
    const one = await world({ mode: 'upsert', chunkSize: 8 }, store);
    one.source.rowsNow = rowsOf(1, 8);
    await one.run();
    one.source.rowsNow = rowsOf(1, 8, 'b').map((row) => [row[0] ?? null, row[1] ?? null, `b${row[0]}`]);
    one.table.refuses = ({ 备注: note }) => note === 'bk001';
    let looks = 0;
    one.table.fault = ({ op, rows }) => {
      if (op === 'update' && rows === 4) one.table.held.delete('rec8');
      return op === 'look' && ++looks < 2 ? { failure: passing } : undefined;
    };
    const state = await one.run();
    expect(counts(state)).toEqual({ read: 8, updated: 6, created: 1, rejected: 1 });
    expect(one.table.writes().filter(({ op, rows }) => op === 'update' && rows === 8)).toHaveLength(1);
  });

  it('that fails for a while goes on in the next round, after a restart too', async () => {
    const one = await world({ chunkSize: 8 }, store);
    one.source.rowsNow = rowsOf(1, 8);
    one.table.refuses = (fields) => fields[keyField] === 'k001';
    one.table.fault = (call) => (call.rows < 8 && has('k005')(call) ? { failure: passing } : undefined);
    const state = await one.run();
    expect(counts(state)).toEqual({ read: 8, created: 3, rejected: 1, failed: 4 });
    expect(state.chunks.failed.map(({ id }) => id)).toEqual(['C001.2']);
    one.table.fault = () => undefined;
    const over = await ended(one.process('two').retry(state.run, by));
    expect(counts(over)).toEqual({ read: 8, created: 7, rejected: 1 });
    noDoubles(one);
  });
});

describe('a failure that nothing can cure', () => {
  it('stops the run and leaves the rest not sent', async () => {
    const one = await world({}, store);
    one.source.rowsNow = rowsOf(1, 30);
    one.table.put({ [keyField]: 'old' });
    const cure = text('请授权', 'grant it');
    one.table.fault = inTurn(has('k011'), [
      { failure: failed('stop', { code: 1254302, message: 'Permission denied', cure, logId: 'log1' }) },
    ]);
    const state = await one.run();
    expect(state.status).toBe('partial');
    expect(state.error).toMatchObject({ code: '1254302', cure, logId: 'log1' });
    expect(counts(state)).toEqual({
      read: 30,
      created: 10,
      failed: 10,
      notSent: 10,
      deletes: { planned: 1, notSent: 1 },
    });
    expect(one.table.keys()).toContain('old');
    const over = await ended(one.process().retry(state.run, by));
    expect(over.status).toBe('done');
  });

  it('has read back what got no answer before: none of that is called not sent', async () => {
    const one = await world({}, store);
    one.source.rowsNow = rowsOf(1, 25);
    const stop = failed('stop', { code: 1254302, message: 'Permission denied' });
    one.table.fault = (call) => {
      if (call.op !== 'create') return undefined;
      if (has('k001')(call)) return { failure: lost, applied: true };
      return has('k021')(call) ? { failure: stop } : undefined;
    };
    const over = await one.run();
    expect(over.status).toBe('partial');
    expect(counts(over)).toEqual({ read: 25, created: 20, failed: 5 });
    expect(one.table.held.size).toBe(20);
  });

  it('says that it cannot tell what was written, where the reading back was without permission, too', async () => {
    const one = await world({}, store);
    one.source.rowsNow = rowsOf(1, 25);
    const stop = failed('stop', { code: 1254302, message: 'Permission denied' });
    const noAnswer = failed('settle', { code: 1255040, mayHaveHappened: true });
    let sent = 0;
    one.table.fault = (call) => {
      if (sent > 0 && (call.op === 'matching' || call.op === 'records'))
        for (const id of one.table.held.keys()) one.table.forbidden.add(id);
      if (!has('k001')(call) || call.op !== 'create') return undefined;
      sent += 1;
      return sent === 1 ? { failure: noAnswer, applied: true } : { failure: stop };
    };
    const over = await one.run();
    expect(over.status).toBe('partial');
    expect(counts(over)).toEqual({ read: 25, created: 15, unknown: 10 });
  });

  it('is told from one that nobody knows: three chunks with the same unknown code stop the run', async () => {
    const one = await world({}, store);
    one.source.rowsNow = rowsOf(1, 60);
    const strange = failed('unknown', { code: 777, message: 'strange' });
    one.table.fault = (call) =>
      ['k001', 'k021', 'k041'].some((key) => has(key)(call)) ? { failure: strange } : undefined;
    const state = await one.run();
    expect(state.error?.code).toBe('same-failure');
    expect(state.error?.message.en).toContain('777: strange');
    expect(counts(state)).toEqual({ read: 60, created: 20, failed: 30, notSent: 10 });
  });

  it('counts different unknown codes apart and goes on', async () => {
    const one = await world({}, store);
    one.source.rowsNow = rowsOf(1, 50);
    const codes = [1, 2, 3, 4];
    one.table.fault = (call) => {
      const code = call.op === 'create' ? codes.shift() : undefined;
      return code === undefined
        ? undefined
        : { failure: failed(code === 4 ? 'reread' : 'unknown', { code }) };
    };
    const state = await one.run();
    expect(counts(state)).toEqual({ read: 50, created: 10, failed: 40 });
    expect(state.error).toBeNull();
  });
});

describe('before anything is written', () => {
  it.each([
    ['an error of a source', (one: World) => (one.source.error = problem(mishap)), 'mishap'],
    [
      'an error of a call',
      (one: World) => (one.table.fault = ({ op }) => (op === 'records' ? { failure: passing } : undefined)),
      '1255001',
    ],
    [
      'a call without an answer',
      (one: World) => (one.table.fault = ({ op }) => (op === 'fields' ? { failure: lost } : undefined)),
      'threw',
    ],
    ['a mistake of our own', (one: World) => (one.source.error = new Error('oops')), 'internal'],
    [
      'other columns than announced',
      (one: World) => (one.source.answers = [{ name: 'x', type: 'any' }]),
      'columns-moved',
    ],
    ['a column without a field', (one: World) => (one.table.fieldList = []), 'no-such-field'],
    ['a table that cannot be opened', (one: World) => (one.openError = problem(mishap)), 'mishap'],
    ['a base that does not answer', (one: World) => (one.openError = new CallError(lost)), 'threw'],
  ])('%s ends the run as failed with what to do', async (_, breakIt, code) => {
    const one = await world({}, store);
    one.source.rowsNow = rowsOf(1, 5);
    breakIt(one);
    const runs = one.process();
    const state = await one.run(runs);
    expect(state.status).toBe('failed');
    expect(state.error?.code).toBe(code);
    expect(state.error?.cure.en).not.toBe('');
    expect(one.table.writes()).toEqual([]);
    expect((await runs.find(state.run))?.status).toBe('failed');
    expect(runs.active()).toEqual([]);
    expect((await runs.retry(state.run, by)).kind).toBe('stale');
    if (code === 'columns-moved') expect(one.source.closed).toBe(1);
    if (code === 'internal') expect(one.logged).toEqual(['run.crashed']);
    expect(one.lines.filter(({ event }) => event === 'run.ended')).toEqual([
      {
        level: 'error',
        event: 'run.ended',
        facts: expect.objectContaining({
          ...{ run: state.run, definition: state.definition, status: 'failed', code: Number(code) || code },
          message: state.error?.message.en,
        }),
      },
    ]);
  });
});

const mishap = { code: 'mishap', message: text('坏了', 'it broke'), cure: text('修一下', 'mend it') };
