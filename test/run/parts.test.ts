import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { keeper } from '../../src/run/keeper.ts';
import { openLanes } from '../../src/run/lane.ts';
import { readTable } from '../../src/run/plan/read-sides.ts';
import { readStill } from '../../src/run/plan/read-still.ts';
import type { Leases, Store, TableFacts } from '../../src/run/ports.ts';
import { sampler, shownKey } from '../../src/run/shown.ts';
import { findKeys } from '../../src/run/upload/find.ts';
import { openStore } from '../../src/store/open.ts';
import type { FieldKind } from '../../src/sync/definition/field.ts';
import type { Target } from '../../src/sync/fields/column.ts';
import type { Mapping } from '../../src/sync/fields/mapping.ts';
import { type Change, createOf } from '../../src/sync/plan/change.ts';
import type { Verdict } from '../../src/sync/words/failure.ts';
import {
  busy,
  chance,
  failed,
  fakeTable,
  hooked,
  keyField,
  movableClock,
  quiet,
  rowsOf,
  turns,
  until,
  world,
} from './fakes.ts';

const by = { kind: 'cli' } as const;
let store: Store;

beforeAll(async () => {
  store = await openStore('sqlite::memory:', { clock: movableClock(), log: quiet });
});
afterAll(() => store.stop());

const never = new AbortController().signal;
const target = (name: string, kind: FieldKind = 'text', hidden = false): Target => ({
  id: `fld${name}`,
  name,
  kind,
  hidden,
});

function widths(all: Record<string, string> = {}): TableFacts['width'] & { readonly all: typeof all } {
  return {
    all,
    of: async (base) => all[base],
    keep: async (base, value) => {
      all[base] = value;
    },
  };
}

describe('a lane', () => {
  async function lane(remembered?: string) {
    const clock = movableClock();
    const mind = widths(remembered === undefined ? {} : { base: remembered });
    const lanes = openLanes(mind, clock, chance);
    return { clock, mind, lanes, lane: await lanes.open('base') };
  }

  /** Jobs that run until they are told to end; how many run at once is what the lane lets through. */
  function jobs(open: Awaited<ReturnType<typeof lane>>['lane'], count: number) {
    const enders: (() => void)[] = [];
    const all = Array.from({ length: count }, () =>
      open.run(() => new Promise<void>((resolve) => enders.push(resolve)), never),
    );
    return { enders, all: Promise.all(all) };
  }

  it('lets one write through at a time at first, and more when answers are clean', async () => {
    const { lane: one, mind } = await lane();
    const { enders, all } = jobs(one, 9);
    await turns();
    expect(enders).toHaveLength(1);
    one.answered();
    enders[0]?.();
    await turns();
    expect(enders).toHaveLength(3);
    expect(mind.all['base']).toBe('2 0 0');
    for (let at = 1; at < 9; at++) {
      await until(() => enders.length > at);
      enders[at]?.();
    }
    await all;
  });

  it('begins with the width that held before, and is the same lane when opened again', async () => {
    const { lane: one, lanes } = await lane('4 0 0');
    const { enders, all } = jobs(one, 5);
    await turns();
    expect(enders).toHaveLength(4);
    for (const end of enders) end();
    await until(() => enders.length === 5);
    enders[4]?.();
    await all;
    expect(await lanes.open('base')).toBe(one);
    expect(await lanes.open('other')).not.toBe(one);
  });

  it('keeps a width that the definition fixes, and remembers nothing of it', async () => {
    const { lane: one, mind } = await lane();
    one.limit(3);
    const { enders, all } = jobs(one, 4);
    await turns();
    expect(enders).toHaveLength(3);
    one.answered();
    one.answered();
    expect(mind.all).toEqual({});
    for (const end of enders) end();
    await until(() => enders.length === 4);
    enders[3]?.();
    await all;
    one.limit('auto');
  });

  it('makes everybody wait when the base is busy, and narrows', async () => {
    const { lane: one, clock } = await lane('2 0 0');
    const began = clock.now();
    await one.refused(3_000, never);
    expect(clock.now() - began).toBe(3_000);
    clock.auto = false;
    const refusal = one.refused(2_000, never);
    const later = one.run(async () => clock.now(), never);
    await turns();
    await clock.advance(2_000);
    await refusal;
    expect((await later) - began).toBe(5_000);
  });

  it('lets go of those who wait when they are told to stop', async () => {
    const { lane: one, clock } = await lane();
    clock.auto = false;
    const stop = new AbortController();
    const refusal = one.refused(60_000, stop.signal);
    const waiting = one.run(async () => 'ran', stop.signal);
    stop.abort(new Error('stop'));
    await expect(refusal).rejects.toThrow('stop');
    await expect(waiting).rejects.toThrow('stop');
  });

  it('lets no more than 50 writes a second through, over all bases', async () => {
    const { lane: one, lanes, clock } = await lane();
    const other = await lanes.open('other');
    const began = clock.now();
    for (let at = 0; at < 75; at++) await (at % 2 ? one : other).run(async () => undefined, never);
    expect(clock.now() - began).toBeGreaterThanOrEqual(480);
    expect(clock.now() - began).toBeLessThanOrEqual(520);
  });

  it('goes on when what it learns cannot be remembered', async () => {
    const clock = movableClock();
    const mind = { ...widths(), keep: () => Promise.reject(new Error('disk full')) };
    const one = await openLanes(mind, clock, chance).open('base');
    one.answered();
    expect(await one.run(async () => 1, never)).toBe(1);
  });

  it('tells when there is room for the next', async () => {
    const { lane: one } = await lane();
    const { enders, all } = jobs(one, 2);
    let room = false;
    const waiting = one.room().then(() => {
      room = true;
    });
    await turns();
    expect(room).toBe(false);
    enders[0]?.();
    await waiting;
    enders[1]?.();
    await all;
  });
});

describe('many writes at once', () => {
  it('never pass the width, and reach it on a base that takes them', async () => {
    const one = await world({ concurrency: 3 }, store);
    one.source.rowsNow = rowsOf(1, 90);
    one.table.fault = ({ op }) =>
      op === 'create' ? { wait: until(() => one.table.widest >= 3) } : undefined;
    const state = await one.run();
    expect(state.status).toBe('done');
    expect(one.table.widest).toBe(3);
    expect(one.table.held.size).toBe(90);
  });

  it('that had their turn before the lane narrowed do not meet each other', async () => {
    const lanes = openLanes(widths({ base: '2 0 0' }), movableClock(), chance);
    const lane = await lanes.open('base');
    const [one, other] = await Promise.all([lane.sends(), lane.sends()]);
    other.back();
    await lane.refused(undefined, never, other.atOnce);
    let out = false;
    const again = lane.sends().then((sent) => {
      out = true;
      return sent;
    });
    await turns();
    expect(out).toBe(false);
    one.back();
    expect((await again).atOnce).toBe(1);
  });

  it('cost a strict base one refused call', async () => {
    const one = await world({ concurrency: 'auto' }, store);
    one.source.rowsNow = rowsOf(1, 90);
    one.table.fault = ({ keys }) => {
      if (one.table.inFlight > 1) return { failure: busy };
      return keys.includes('k011') ? { wait: until(() => one.table.widest > 1) } : undefined;
    };
    const state = await one.run();
    expect(state.status).toBe('done');
    expect(one.table.writes()).toHaveLength(10);
    expect(one.table.held.size).toBe(90);
  });

  it('that bring a new option go alone, so that no option is made twice', async () => {
    const one = await world({ concurrency: 4, chunkSize: 2 }, store);
    one.table.fieldList = one.table.fieldList.map((field) =>
      field.name === '备注' ? { ...field, kind: 'select', options: ['old'] } : field,
    );
    one.source.rowsNow = rowsOf(1, 12, 'old').map(([key, amount], at) => [
      key ?? null,
      amount ?? null,
      at === 4 || at === 9 ? 'new' : 'old',
    ]);
    const alone: number[] = [];
    one.table.fault = (call) => {
      if (call.keys.includes('k005')) alone.push(one.table.inFlight);
      return call.keys.includes('k001') ? { wait: until(() => one.table.widest > 1) } : undefined;
    };
    const state = await one.run();
    expect(state.status).toBe('done');
    expect(alone).toEqual([1]);
    expect(one.table.widest).toBeGreaterThan(1);
  });
});

describe('a sample', () => {
  const targets = [
    target('no'),
    target('at', 'date'),
    target('name', 'text', true),
    target('note'),
    target('x'),
    target('y'),
  ];
  const cells = ['k1', '1700000000000', 'secret', '😀'.repeat(60), 'x', 'y'];

  it('shows the key and up to four cells, shortened, private ones masked', () => {
    const samples = sampler({ targets, key: [0] });
    samples.take(createOf('k1', cells));
    samples.take({ kind: 'delete', key: 'k2', record: 'r', cells: ['k2', 'no date', '', '', '', ''] });
    samples.take({
      kind: 'update',
      key: 'k3',
      record: 'r',
      hash: '',
      differences: [
        [2, 'new', ''],
        [3, 'b', 'a'],
      ],
    });
    expect(samples.all()).toEqual([
      {
        key: 'k1',
        kind: 'create',
        cells: [
          { field: 'at', from: '', to: '2023-11-14T22:13:20.000Z' },
          { field: 'name', from: '', to: '•••' },
          { field: 'note', from: '', to: `${'😀'.repeat(40)}…` },
          { field: 'x', from: '', to: 'x' },
        ],
      },
      { key: 'k2', kind: 'delete', cells: [{ field: 'at', from: 'no date', to: '' }] },
      {
        key: 'k3',
        kind: 'update',
        cells: [
          { field: 'name', from: '', to: '•••' },
          { field: 'note', from: 'a', to: 'b' },
        ],
      },
    ]);
  });

  it('shows people, groups, links and files by the words that people know', () => {
    const names: Record<string, string> = { ou_1: '小王', recA: 'C1' };
    const people = [target('no'), target('who', 'person'), target('tags', 'multi'), target('for', 'link')];
    const samples = sampler({ targets: people, key: [0] }, (at, id) => (at === 2 ? undefined : names[id]));
    samples.take({
      kind: 'update',
      key: 'k1',
      record: 'r',
      hash: '',
      differences: [
        [1, '["ou_1","ou_2"]', '["ou_2"]'],
        [2, '["ou_1","红"]', ''],
        [3, '["recA"]', '["recB"]'],
      ],
    });
    expect(samples.all()[0]?.cells).toEqual([
      { field: 'who', from: 'ou_2', to: '小王, ou_2' },
      { field: 'tags', from: '', to: 'ou_1, 红' },
      { field: 'for', from: 'recB', to: 'C1' },
    ]);
  });

  it('is taken of the first three of a kind', () => {
    const samples = sampler({ targets, key: [0] });
    for (let n = 0; n < 9; n++) samples.take(createOf(`k${n}`, []));
    expect(samples.all().map(({ key }) => key)).toEqual(['k0', 'k1', 'k2']);
  });

  it('never shows a private key', () => {
    expect(shownKey({ targets, key: [2] }, 'secret')).toBe('•••');
    expect(shownKey({ targets, key: [2] }, '')).toBe('');
    expect(shownKey({ targets, key: [0, 3] }, '2:ab1:c')).toBe('ab / c');
  });
});

describe('reading back', () => {
  const targets = [target(keyField), target('金额', 'number')];
  const create = (key: string): Change => createOf(key.trim(), [key, '1']);

  async function looked(changes: Change[], records: number, key = [0]) {
    const table = Object.assign(fakeTable(movableClock()), { pageSize: 500 });
    for (const name of ['a', 'b', ' c ', 'd', 'e', 'f', 'g']) table.put({ [keyField]: name, 金额: 1 });
    const found = await findKeys({ table, plan: { targets, key }, signal: never }, changes, records);
    return { found: [...found.keys()], ops: [...new Set(table.calls.map(({ op }) => op))] };
  }

  const whole = ['revision', 'records'];

  it('asks for the keys where that is fewer calls', async () => {
    expect(await looked([create('a'), create('x'), create(' c ')], 100)).toEqual({
      found: ['a', 'c'],
      ops: ['matching'],
    });
  });

  it('reads the whole table where that is fewer, or where keys cannot be asked for', async () => {
    const many = Array.from({ length: 200 }, (_, n) => create(`k${n}`));
    expect((await looked(many, 7)).ops).toEqual(whole);
    expect((await looked([create('x'.repeat(300))], 100_000)).ops).toEqual(whole);
    const both = await looked([{ ...create('a'), key: '1:a1:1' }, create('x')], 100_000, [0, 1]);
    expect(both).toEqual({ found: ['1:a1:1'], ops: whole });
  });

  it('reads the whole table where Feishu does not take the filter, and fails where the look-up does', async () => {
    const answers = async (verdict: Verdict) => {
      const table = fakeTable(movableClock());
      table.put({ [keyField]: 'a', 金额: 1 });
      table.fault = ({ op }) =>
        op === 'matching' ? { failure: failed(verdict, { code: 1254018 }) } : undefined;
      const found = await findKeys(
        { table, plan: { targets, key: [0] }, signal: never },
        [create('a'), create('x')],
        100,
      ).catch(String);
      return typeof found === 'string' ? found : [...found.keys()];
    };
    for (const verdict of ['stop', 'values', 'unknown'] as const)
      expect(await answers(verdict)).toEqual(['a']);
    for (const verdict of ['round', 'wait', 'reread'] as const)
      expect(await answers(verdict)).toContain('1254018');
  });

  it('asks for a key as it is written, and not as it is compared', async () => {
    const update = (row?: readonly string[]): Change => ({
      ...{ kind: 'update', key: 'c', record: 'rec3', differences: [[1, '2', '1']], hash: 'h' },
      ...(row ? { row } : {}),
    });
    expect((await looked([update([' c ', '2'])], 100)).found).toEqual(['c']);
    expect((await looked([update()], 100)).found).toEqual([]);
  });

  it('counts as moved only by what happened since it began anew', async () => {
    for (const [moves, moved] of [
      [{ before: 1, after: 0 }, false],
      [{ before: 0, after: 1 }, true],
    ] as const) {
      const table = fakeTable(movableClock());
      table.records = async function* () {
        table.moved += moves.before;
        yield { records: [], total: 0, restarted: true };
        table.moved += moves.after;
        yield { records: [], total: 0, restarted: false };
      };
      const from = { fields: [], revision: table.moved, signal: never };
      const read = await readStill(table, from, () => ({ take: () => undefined, count: () => 0 }));
      expect(read).toMatchObject({ revision: table.moved, moved });
    }
  });

  it('forgets what came before a read that begins anew', async () => {
    const table = fakeTable(movableClock());
    const page = (id: string, restarted: boolean) => ({
      records: [{ id, fields: { [keyField]: id, 金额: 1 } }],
      total: 1,
      restarted,
    });
    table.records = async function* () {
      yield page('a', false);
      yield page('b', true);
    };
    const asked = ['1:a1:1', '1:b1:1'].map((key) => create(key));
    const found = await findKeys({ table, plan: { targets, key: [0, 1] }, signal: never }, asked, 0);
    expect([...found.keys()]).toEqual(['1:b1:1']);
    const mapping: Pick<Mapping, 'targets' | 'key' | 'held'> = {
      targets,
      key: [0],
      held: (fields) => [String(fields[keyField]), ''],
    };
    const read = await readTable({ table, revision: 1 }, mapping as Mapping, never);
    expect([...read.index.records()].map(([key]) => key)).toEqual(['b']);
  });
});

describe('a lease', () => {
  const leases = (change: Partial<Leases>): Leases => ({ ...store.leases, ...change });

  it('of a process that lives is told at once', async () => {
    const clock = movableClock();
    const alive = keeper(store.leases, 'me', () => true, { clock, log: quiet });
    const kept = await keeper(store.leases, 'other', () => true, { clock, log: quiet }).take(
      't1',
      'run1',
      () => undefined,
    );
    expect(await alive.take('t1', 'run2', () => undefined)).toEqual({ heldBy: 'run1' });
    if ('release' in kept) await kept.release();
    const mine = await alive.take('t1', 'run2', () => undefined);
    expect('fence' in mine).toBe(true);
    if ('release' in mine) await mine.release();
  });

  it('of another machine that renews it is told after a while', async () => {
    const clock = movableClock();
    const far = await keeper(store.leases, 'far', () => undefined, { clock, log: quiet }).take(
      't2',
      'run1',
      () => undefined,
    );
    const near = keeper(store.leases, 'near', () => undefined, { clock, log: quiet });
    expect(await near.take('t2', 'run2', () => undefined)).toEqual({ heldBy: 'run1' });
    if ('release' in far) await far.release();
  });

  it('that cannot be given back is only logged', async () => {
    const clock = movableClock();
    const logged: string[] = [];
    const log = { ...quiet, warn: (event: string) => logged.push(event) };
    const broken = leases({ release: () => Promise.reject(new Error('gone')) });
    const kept = await keeper(broken, 'me', () => undefined, { clock, log }).take(
      't3',
      'run1',
      () => undefined,
    );
    if ('release' in kept) await kept.release();
    expect(logged).toEqual(['lease.not-released']);
  });
});

describe('a store that fails', () => {
  it('at the end of a run is logged, and the run is told all the same', async () => {
    const one = await world({}, store);
    one.source.rowsNow = rowsOf(1, 3);
    let saves = 0;
    const failing = hooked(store, (method) =>
      method === 'saveState' && ++saves > 2 ? Promise.reject(new Error('disk full')) : undefined,
    );
    const state = await one.run(one.process('one', { store: failing }));
    expect(state.status).toBe('done');
    expect(one.logged).toEqual(['run.not-saved']);
  });

  it('on the way ends the run, and nothing is sent twice afterwards', async () => {
    const one = await world({}, store);
    one.source.rowsNow = rowsOf(1, 30);
    let settled = 0;
    const failing = hooked(store, (method) =>
      method === 'settle' && ++settled === 2 ? Promise.reject(new Error('disk full')) : undefined,
    );
    const state = await one.run(one.process('one', { store: failing }));
    expect(state).toMatchObject({ status: 'partial', error: { code: 'internal' } });
    const acted = await one.process('one').retry(state.run, by);
    expect((await (acted.kind === 'going' ? acted.run.ended : undefined))?.status).toBe('done');
    expect(one.table.keys()).toEqual(rowsOf(1, 30).map(([key]) => key));
  });

  it('does not keep others from going on after a restart', async () => {
    const own = await world();
    own.source.rowsNow = rowsOf(1, 3);
    own.table.fault = ({ op }) => (op === 'records' ? { wait: new Promise(() => undefined) } : undefined);
    await own.process('one').start({ definition: own.definition, by });
    own.dead.add('one');
    own.openError = new Error('no network');
    expect(await own.process('two').resume()).toEqual([]);
    expect(own.logged).toEqual(['run.not-resumed']);
    own.openError = undefined;
    own.table.fault = () => undefined;
    const [run] = await own.process('two').resume();
    expect((await run?.ended)?.status).toBe('done');
    await own.stop();
  });
});
