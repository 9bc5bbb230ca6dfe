import { describe, expect, it } from 'vitest';
import type { State } from '../../src/sync/state/state.ts';
import { counts, keyField, rowsOf, type World } from './fakes.ts';
import { keys, made } from './stage.ts';

const by = { kind: 'cli' } as const;
describe('a run', () => {
  it('fills an empty table, and a second one finds nothing to do', async () => {
    const one = await made();
    one.source.rowsNow = rowsOf(1, 25);
    const first = await one.run();
    expect(first).toMatchObject({ status: 'done', rounds: 0, chunks: { total: 3, settled: 3, failed: [] } });
    expect(counts(first)).toEqual({ read: 25, created: 25 });
    expect(one.table.keys()).toEqual(keys(1, 25));
    const writes = one.table.writes().length;
    const second = await one.run();
    expect(second.status).toBe('done');
    expect(counts(second)).toEqual({ read: 25, unchanged: 25 });
    expect(one.table.writes()).toHaveLength(writes);
  });

  it('writes only what differs, creates before updates before deletes', async () => {
    const one = await made();
    one.source.rowsNow = rowsOf(1, 20);
    await one.run();
    one.table.calls.length = 0;
    one.source.rowsNow = [...rowsOf(3, 5, 'b'), ...rowsOf(6, 21)];
    const state = await one.run();
    expect(counts(state)).toEqual({
      read: 19,
      created: 1,
      updated: 3,
      unchanged: 15,
      deletes: { planned: 2, done: 2 },
    });
    expect(one.table.writes().map(({ op, keys }) => [op, ...keys])).toEqual([
      ['create', 'k021'],
      ['update', 'k003', 'k004', 'k005'],
      ['delete', 'k001', 'k002'],
    ]);
    expect(one.table.held.get('rec3')?.['备注']).toEqual([{ type: 'text', text: 'b' }]);
  });

  it('clears a cell that the query has empty, and leaves other fields alone', async () => {
    const one = await made();
    const id = one.table.put({ [keyField]: 'k001', 金额: 1, 备注: 'x', 别的: 'mine' });
    one.source.rowsNow = [['k001', 1, null]];
    await one.run();
    expect(one.table.held.get(id)).toEqual({
      [keyField]: [{ type: 'text', text: 'k001' }],
      金额: 1,
      别的: 'mine',
    });
  });

  it.each([
    ['upsert', { created: 1, updated: 1 }, ['a', 'b', 'c']],
    ['append', { created: 1 }, ['a', 'b', 'c']],
    ['update', { updated: 1 }, ['a', 'b']],
    ['mirror', { created: 1, updated: 1, deletes: { done: 1 } }, ['b', 'c']],
  ] as const)('in mode %s does what the mode says', async (mode, expected, keys) => {
    const one = await made({ mode });
    one.table.put({ [keyField]: 'a', 金额: 1 });
    one.table.put({ [keyField]: 'b', 金额: 1 });
    one.source.rowsNow = [
      ['b', 2, null],
      ['c', 3, null],
    ];
    const state = await one.run();
    expect(counts(state)).toMatchObject(expected);
    expect(state.status).toBe('done');
    expect(one.table.keys()).toEqual(keys);
  });

  it('that only plans shows the numbers and writes nothing', async () => {
    const one = await made();
    one.table.put({ [keyField]: 'k000' });
    one.source.rowsNow = rowsOf(1, 12);
    const runs = one.process();
    const started = await runs.start({ definition: one.definition, by, planOnly: true });
    const state = await (started.kind === 'started' ? started.run.ended : undefined);
    expect(state).toMatchObject({ status: 'planned', planOnly: true, chunks: { total: 3, failed: [] } });
    expect(state && counts(state)).toEqual({ read: 12, created: 12, deletes: { planned: 1, done: 1 } });
    expect(one.table.writes()).toEqual([]);
    expect(one.table.keys()).toEqual(['k000']);
  });

  it('lists rows with bad keys or values and sends the others', async () => {
    const one = await made();
    one.table.put({ [keyField]: 'twice', 金额: 1 });
    one.table.put({ [keyField]: 'twice', 金额: 2 });
    one.table.put({ 金额: 3 });
    one.source.rowsNow = [
      ['', 1, null],
      [' d ', 1, null],
      ['d', 2, null],
      ['twice', 3, null],
      ['bad', 'no number', null],
      ['good', 1, null],
    ];
    const state = await one.run();
    expect(state.status).toBe('partial');
    expect(counts(state)).toEqual({ read: 6, created: 1, rejected: 1, invalid: 4 });
    expect(
      state.badRows.map(({ kind, rows, samples }) => [
        kind,
        rows,
        ...samples.map(({ key, row }) => [key, row]),
      ]),
    ).toEqual([
      ['invalid', 2, ['␠d␠', 2], ['d', 3]],
      ['rejected', 1, ['bad', 5]],
      ['invalid', 1, ['', 1]],
      ['invalid', 1, ['twice', 4]],
    ]);
    expect(state.notes).toHaveLength(2);
    expect(one.table.held.size).toBe(4);
  });

  it('keeps the record of a row that was rejected', async () => {
    const one = await made();
    one.table.put({ [keyField]: 'bad', 金额: 1 });
    one.table.put({ [keyField]: 'gone', 金额: 1 });
    one.source.rowsNow = [
      ['bad', 'no number', null],
      ['good', 1, null],
    ];
    await one.run();
    expect(one.table.keys()).toEqual(['bad', 'good']);
  });
});

describe('rows whose record nobody can tell', () => {
  it('keep the records that would be deleted, for any of them may be theirs, and hold nothing else back', async () => {
    const one = await made();
    one.source.rowsNow = rowsOf(1, 4);
    await one.run();
    // The key of the fourth row cannot be read any more.
    one.source.rowsNow = [...rowsOf(1, 2), ...rowsOf(3, 3, 'b'), ['', 1, null], ...rowsOf(5, 5)];

    const state = await one.run();

    expect([state.status, counts(state)]).toEqual([
      'partial',
      { read: 5, unchanged: 2, updated: 1, created: 1, invalid: 1, deletes: { planned: 1, kept: 1 } },
    ]);
    expect(state.notes.map(({ en }) => en)).toEqual([
      expect.stringMatching(/^The key of 1 rows .* the 1 records that were to be deleted may be theirs/),
    ]);
    expect(one.table.keys()).toEqual(['k001', 'k002', 'k003', 'k004', 'k005']);
    // Its row finds it again once the key can be read; a record that is nobody's then goes.
    one.source.rowsNow = [...rowsOf(1, 3, 'b'), ...rowsOf(5, 5)];
    expect(counts(await one.run())).toMatchObject({ read: 4, deletes: { planned: 1, done: 1 } });
  });

  it('hold nothing up where no record would be deleted', async () => {
    const one = await made();
    one.source.rowsNow = [...rowsOf(1, 3), ['', 1, null]];
    expect((await one.run()).status).toBe('partial');
    expect(one.table.keys()).toEqual(['k001', 'k002', 'k003']);
  });

  it('are told apart from doubled keys, which keep their own record', async () => {
    const one = await made();
    one.source.rowsNow = rowsOf(1, 4);
    await one.run();
    one.source.rowsNow = [...rowsOf(1, 3), ...rowsOf(3, 3, 'other')];
    const state = await one.run();
    expect(state.status).toBe('partial');
    expect(one.table.keys()).toEqual(['k001', 'k002', 'k003']);
  });
});

describe('a plan that waits', () => {
  async function braked(): Promise<{ one: World; state: State }> {
    const one = await made({ brake: { deletes: 0.2, updates: 0.5, creates: 1 } });
    one.source.rowsNow = rowsOf(1, 20);
    await one.run();
    await one.clock.advance(1000);
    one.source.rowsNow = rowsOf(6, 21);
    const state = await one.run();
    return { one, state };
  }

  it('has written nothing, says why, and is carried out exactly when somebody agrees', async () => {
    const { one, state } = await braked();
    expect(state.status).toBe('waiting');
    expect(state.waiting?.reasons.map(({ code }) => code)).toEqual(['deletes']);
    expect(state.waiting?.samples.map(({ kind }) => kind)).toEqual(['create', 'delete', 'delete', 'delete']);
    expect(counts(state)).toEqual({
      read: 16,
      unchanged: 15,
      notSent: 1,
      deletes: { planned: 5, notSent: 5 },
    });
    expect(one.table.writes()).toHaveLength(2);
    one.table.calls.length = 0;
    const acted = await one.process().apply(state.run, by, state.version);
    const over = await (acted.kind === 'going' ? acted.run.ended : undefined);
    expect(over?.status).toBe('done');
    expect(one.table.writes().map(({ op, rows }) => [op, rows])).toEqual([
      ['create', 1],
      ['delete', 5],
    ]);
    expect(one.table.keys()).toEqual(keys(6, 21));
  });

  it('is made anew when the table moved, and goes on when it is the same', async () => {
    const { one, state } = await braked();
    one.table.put({ [keyField]: '' });
    const acted = await one.process().apply(state.run, by, state.version);
    const over = await (acted.kind === 'going' ? acted.run.ended : undefined);
    expect(over?.status).toBe('done');
    expect(one.table.held.size).toBe(17);
  });

  it('is shown and asked again when the table moved and it is another plan', async () => {
    const { one, state } = await braked();
    one.table.put({ [keyField]: 'new' });
    const runs = one.process();
    const acted = await runs.apply(state.run, by, state.version);
    const again = await (acted.kind === 'going' ? acted.run.ended : undefined);
    expect(again?.status).toBe('waiting');
    expect(again?.waiting?.reasons.map(({ code }) => code)).toEqual(['deletes', 'moved']);
    expect(one.table.keys()).toContain('k001');
    const stale = await runs.apply(state.run, by, state.version);
    expect(stale.kind).toBe('stale');
    const yes = await runs.apply(state.run, by, again?.version);
    const over = await (yes.kind === 'going' ? yes.run.ended : undefined);
    expect(over?.status).toBe('done');
    expect(one.table.keys()).toEqual(keys(6, 21));
  });

  it('has no counts of the old plan left when planning it again fails', async () => {
    const { one, state } = await braked();
    one.table.put({ [keyField]: 'new' });
    one.source.error = new Error('broken');
    const runs = one.process();
    const acted = await runs.apply(state.run, by);
    const over = await (acted.kind === 'going' ? acted.run.ended : undefined);
    expect(over).toMatchObject({ status: 'failed', chunks: { total: 0 }, error: { code: 'internal' } });
    expect((await runs.retry(state.run, by)).kind).toBe('stale');
  });

  it('is thrown away on request', async () => {
    const { one, state } = await braked();
    const runs = one.process();
    const settled = await runs.discard(state.run, by, state.version);
    expect(settled).toMatchObject({ kind: 'settled', state: { status: 'cancelled', waiting: null } });
    expect((await runs.apply(state.run, by)).kind).toBe('stale');
    expect((await runs.discard(state.run, by)).kind).toBe('stale');
    expect((await runs.discard('nobody', by)).kind).toBe('no-such-run');
    expect((await runs.apply('nobody', by)).kind).toBe('no-such-run');
    expect(one.table.writes()).toHaveLength(2);
  });

  it('is overtaken by a newer run', async () => {
    const { one, state } = await braked();
    await one.clock.advance(1000);
    one.source.rowsNow = rowsOf(1, 20);
    const newer = await one.run();
    expect(newer.status).toBe('done');
    const runs = one.process();
    expect(await runs.find(state.run)).toMatchObject({ status: 'expired', waiting: null });
    expect((await runs.apply(state.run, by, state.version)).kind).toBe('stale');
    expect((await runs.latest(one.definition.name, 2)).map(({ run }) => run)).toEqual([newer.run, state.run]);
  });
});

describe('a person is asked', () => {
  it('when the source is empty', async () => {
    const one = await made();
    one.table.put({ [keyField]: 'a' });
    const state = await one.run();
    expect(state.waiting?.reasons.map(({ code }) => code)).toEqual(['empty-source']);
    expect(one.table.keys()).toEqual(['a']);
  });

  it('when the table reads as empty but was written to before', async () => {
    const one = await made();
    one.source.rowsNow = rowsOf(1, 3);
    await one.run();
    one.table.held.clear();
    const state = await one.run();
    expect(state.waiting?.reasons.map(({ code }) => code)).toEqual(['empty-table']);
    expect(one.table.held.size).toBe(0);
  });

  it('not when what was written is hidden: that stops the run, and nothing is written', async () => {
    const one = await made();
    one.source.rowsNow = rowsOf(1, 3);
    await one.run();
    for (const id of one.table.held.keys()) one.table.forbidden.add(id);
    const state = await one.run();
    expect(state).toMatchObject({ status: 'failed', error: { code: 'records-hidden' } });
    expect(one.table.held.size).toBe(3);
  });

  it('when the table reads as empty and advanced permissions are on, until a run has succeeded', async () => {
    const one = await made();
    one.table.advanced = true;
    one.source.rowsNow = rowsOf(1, 3);
    const state = await one.run();
    expect(state.waiting?.reasons.map(({ code }) => code)).toEqual(['no-sight']);
    expect(one.table.held.size).toBe(0);
  });

  it('once about records that somebody made by hand', async () => {
    const one = await made({ deletes: 'ask' });
    one.table.put({ [keyField]: 'hand' });
    one.source.rowsNow = rowsOf(1, 3);
    const runs = one.process();
    const state = await one.run(runs);
    expect(state.waiting?.reasons.map(({ code }) => code)).toEqual(['hand-made']);
    const acted = await runs.apply(state.run, by, state.version);
    await (acted.kind === 'going' ? acted.run.ended : undefined);
    expect(one.table.keys()).toEqual(['k001', 'k002', 'k003']);
    one.table.put({ [keyField]: 'again' });
    expect((await one.run(runs)).status).toBe('done');
    expect(one.table.keys()).toEqual(['k001', 'k002', 'k003']);
  });

  it('not at all with `ours`: what it did not write is kept', async () => {
    const one = await made({ deletes: 'ours' });
    one.table.put({ [keyField]: 'hand' });
    one.source.rowsNow = rowsOf(1, 3);
    await one.run();
    one.source.rowsNow = rowsOf(2, 3);
    const state = await one.run();
    expect(state.status).toBe('done');
    expect(counts(state)).toEqual({ read: 2, unchanged: 2, deletes: { planned: 2, done: 1, kept: 1 } });
    expect(state.handMade).toBe(1);
    expect(one.table.keys()).toEqual(['hand', 'k002', 'k003']);
  });

  it('once about a changed query, even when the run after the yes is only partly good', async () => {
    const one = await made();
    one.source.rowsNow = rowsOf(1, 3);
    const runs = one.process();
    await one.run(runs);
    one.definition = { ...one.definition, source: { ...one.definition.source, query: 'select 2' } };
    one.source.rowsNow = [...rowsOf(1, 3, 'b'), ['', 1, null]];
    const state = await one.run(runs);
    expect(state.waiting?.reasons.map(({ code }) => code)).toEqual(['changed']);
    const acted = await runs.apply(state.run, by);
    expect((await (acted.kind === 'going' ? acted.run.ended : undefined))?.status).toBe('partial');
    one.source.rowsNow = [...rowsOf(1, 3, 'c'), ['', 1, null]];
    expect((await one.run(runs)).status).toBe('partial');
  });
});

describe('a table that moves while it is read', () => {
  it('is read again, and the read that stood still counts', async () => {
    const one = await made();
    one.source.rowsNow = rowsOf(1, 12);
    await one.run();
    let edits = 0;
    one.table.onPage = (page) => {
      if (page !== 2 || edits++ > 0) return;
      one.table.held.delete('rec1');
      one.table.moved++;
    };
    const state = await one.run();
    expect(state.status).toBe('done');
    expect(counts(state)).toEqual({ read: 12, created: 1, unchanged: 11 });
    expect(one.table.keys()).toEqual(keys(1, 12));
  });

  it('stops the run when no read is whole, and nothing is written', async () => {
    const one = await made();
    one.source.rowsNow = rowsOf(1, 12);
    await one.run();
    let edits = 0;
    one.table.onPage = (page) => {
      // Each read loses one record that it had seen.
      if (page !== 2) return;
      edits++;
      one.table.held.delete(`rec${edits}`);
      one.table.moved++;
    };
    const before = one.table.writes().length;
    const state = await one.run();
    expect([state.status, state.error?.code]).toEqual(['failed', 'records-overlooked']);
    expect([edits, one.table.writes().length]).toEqual([3, before]);
  });

  it('gets no doubles from creates that somebody else made meanwhile', async () => {
    const one = await made({ mode: 'upsert' });
    one.source.rowsNow = rowsOf(1, 12);
    await one.run();
    one.source.rowsNow = rowsOf(1, 14);
    one.table.onPage = (page) => {
      if (page === 2) one.table.moved++;
    };
    one.table.fault = ({ op }) => {
      // Somebody is faster with one of the rows that are missing.
      if (op === 'matching' && !one.table.keys().includes('k013'))
        one.table.put({ [keyField]: 'k013', 金额: 1 });
      return undefined;
    };
    const state = await one.run();
    expect(state.status).toBe('done');
    expect(one.table.keys()).toEqual(keys(1, 14));
  });
});
