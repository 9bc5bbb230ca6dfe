import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Store } from '../../src/run/ports.ts';
import { unwritten } from '../../src/run/table/rows-of-run.ts';
import { openStore } from '../../src/store/open.ts';
import type { BadRow, State } from '../../src/sync/state/state.ts';
import { counts, keyField, movableClock, quiet, rowsOf, type World, world } from './fakes.ts';

const by = { kind: 'cli' } as const;
let store: Store;

beforeAll(async () => {
  store = await openStore('sqlite::memory:', { clock: movableClock(), log: quiet });
});
afterAll(() => store.stop());

/** Rows of a run that no chunk holds, as the store has them. */
async function kept({ run }: State): Promise<BadRow[]> {
  const rows: BadRow[] = [];
  for await (const some of store.rejects.rows(run)) rows.push(...some);
  return rows;
}

/** Eight rows, the fourth of which Feishu refuses; after the first run. */
async function refusing(change: Parameters<typeof world>[0] = {}): Promise<World> {
  const one = await world({ chunkSize: 8, ...change }, store);
  one.source.rowsNow = rowsOf(1, 8);
  one.table.refuses = (fields) => fields[keyField] === 'k004' || fields['备注'] === 'never';
  const first = await one.run();
  expect(counts(first)).toEqual({ read: 8, created: 7, rejected: 1 });
  return one;
}

const sent = (one: World): number => one.table.writes().length;

describe('a row that Feishu refused', () => {
  it('is counted as rejected by every later run, and not sent', async () => {
    const one = await refusing();
    const before = sent(one);
    for (const _ of [2, 3]) {
      const state = await one.run();
      expect([state.status, counts(state)]).toEqual(['partial', { read: 8, unchanged: 7, rejected: 1 }]);
      expect(state.chunks).toEqual({ total: 0, settled: 0, failed: [], refused: 1 });
      expect(state.changes).toEqual({ total: 0, settled: 0 });
      expect(state.planned).toMatchObject({ creates: 0, updates: 0, deletes: 0 });
      expect(state.badRows).toMatchObject([{ kind: 'rejected', rows: 1, samples: [{ key: 'k004' }] }]);
    }
    expect(sent(one)).toBe(before);
  });

  it('is sent again when the row changed, and when the table’s fields did', async () => {
    const one = await refusing();
    let before = sent(one);
    one.source.rowsNow = rowsOf(1, 8).map((row) => (row[0] === 'k004' ? ['k004', 4, 'changed'] : row));
    expect(counts(await one.run())).toEqual({ read: 8, unchanged: 7, rejected: 1 });
    expect(sent(one)).toBe(before + 1);
    before = sent(one);
    one.table.fieldList = one.table.fieldList.map((field) => ({ ...field, look: 'Barcode' }));
    one.table.refuses = () => false;
    expect(counts(await one.run())).toEqual({ read: 8, unchanged: 7, created: 1 });
    expect(sent(one)).toBe(before + 1);
    expect(await store.rejects.size(scopeOf(one))).toBe(0);
  });

  it('is sent again by a run that a person asks to do so, and by a retry', async () => {
    const one = await refusing();
    const before = sent(one);
    const asked = await one.run(one.process(), { retryRejected: true });
    expect(counts(asked)).toEqual({ read: 8, unchanged: 7, rejected: 1 });
    expect(sent(one)).toBe(before + 1);
    const again = await one.run();
    expect(sent(one)).toBe(before + 1);
    const retried = await one.process().retry(again.run, by);
    if (retried.kind !== 'going') throw new Error(retried.kind);
    const state = await retried.run.ended;
    expect([state.status, counts(state)]).toEqual(['partial', { read: 8, unchanged: 7, rejected: 1 }]);
    expect(state.badRows).toMatchObject([{ rows: 1 }]);
    expect(sent(one)).toBe(before + 2);
    await one.run();
    expect(sent(one)).toBe(before + 2);
  });

  it('is forgotten when the table has it, so that a later change of the table is set back', async () => {
    const one = await refusing();
    const id = one.table.put({ [keyField]: 'k004', 金额: 4, 备注: 'a' });
    expect(counts(await one.run())).toEqual({ read: 8, unchanged: 8 });
    one.table.refuses = () => false;
    one.table.held.set(id, { ...one.table.held.get(id), 金额: 5 });
    one.table.moved++;
    expect(counts(await one.run())).toEqual({ read: 8, unchanged: 7, updated: 1 });
  });

  it('is passed over by a plan that writes nothing, which also forgets nothing', async () => {
    const one = await refusing();
    one.source.rowsNow = rowsOf(1, 3);
    const plan = await one.run(one.process(), { planOnly: true });
    expect(plan.status).toBe('planned');
    one.source.rowsNow = rowsOf(1, 8);
    const before = sent(one);
    expect(counts(await one.run())).toEqual({ read: 8, unchanged: 7, rejected: 1 });
    expect(sent(one)).toBe(before);
  });

  it('does not count against the brake: it would hold every plan up', async () => {
    const one = await world({ chunkSize: 20 }, store);
    one.source.rowsNow = rowsOf(1, 20);
    await one.run();
    one.table.refuses = (fields) => fields['备注'] === 'never';
    one.source.rowsNow = [...rowsOf(1, 10), ...rowsOf(11, 20, 'never')];
    expect(counts(await one.run())).toEqual({ read: 20, unchanged: 10, rejected: 10 });
    one.definition = { ...one.definition, brake: { deletes: 1, updates: 0.2, creates: 1 } };
    one.source.rowsNow = [...rowsOf(1, 1, 'b'), ...rowsOf(2, 10), ...rowsOf(11, 20, 'never')];
    const state = await one.run();
    expect(state.status).toBe('partial');
    expect(counts(state)).toEqual({ read: 20, unchanged: 9, updated: 1, rejected: 10 });
  });
});

describe('the rows of a run that no chunk holds', () => {
  it('are all in the store with place, field, reason and value; the state keeps a few of each reason', async () => {
    const one = await world({}, store);
    one.source.rowsNow = [
      ...Array.from({ length: 1200 }, (_, n) => [`bad${n}`, `no number ${n}`, null]),
      ...Array.from({ length: 700 }, () => ['', 1, null]),
      ['good', 1, null],
    ];
    const state = await one.run();
    expect(counts(state)).toEqual({ read: 1901, created: 1, rejected: 1200, invalid: 700 });
    const rows = await kept(state);
    expect(rows).toHaveLength(1900);
    expect(rows[1199]).toEqual({
      ...{ kind: 'rejected', key: 'bad1199', row: 1200, field: '金额', value: 'no number 1199' },
      reason: {
        zh: '字段「金额」不是数字：`no number 1199`',
        en: '`no number 1199` is not a number for 金额',
      },
    });
    expect(rows[1200]).toMatchObject({ kind: 'invalid', key: '', row: 1201 });
    expect(state.badRows.map(({ rows: number, samples }) => [number, samples.length])).toEqual([
      [1200, 5],
      [700, 5],
    ]);
    expect(JSON.stringify(state).length).toBeLessThan(10_000);
  });

  it('name the records of keys that are doubled or empty in the table', async () => {
    const one = await world({}, store);
    const ids = ['twice', 'twice', 'lost', 'lost', 'lost'].map((key) => one.table.put({ [keyField]: key }));
    const empty = one.table.put({ 金额: 3 });
    one.source.rowsNow = [['twice', 3, null]];
    const rows = await kept(await one.run());
    expect(rows.map(({ kind, key, row, value }) => [kind, key, row, value])).toEqual([
      ['invalid', 'twice', 1, `${ids[0]} ${ids[1]}`],
      ['table', 'lost', null, `${ids[2]} ${ids[3]} ${ids[4]}`],
      ['table', '', null, empty],
    ]);
  });

  it('are masked where a column is private', async () => {
    const one = await world({ private: ['金额'] }, store);
    one.source.rowsNow = [['bad', 'secret', null]];
    const state = await one.run();
    expect(JSON.stringify([state, await kept(state)])).not.toContain('secret');
    expect(await kept(state)).toMatchObject([{ key: 'bad', value: '•••' }]);
  });

  it('are masked in Feishu’s own words, too, where a column is private', async () => {
    const one = await world({ private: ['备注'] }, store);
    const secret = 'it\'s a "secret"\nof two lines';
    one.source.rowsNow = [['bad', 1, secret]];
    one.table.refuses = () => true;
    const shown = 'it\'s a "secret" of two';
    one.table.words = `Cannot convert it's a "secret" of two lines; was ${shown}`;
    const state = await one.run();
    const told = JSON.stringify([state, await kept(state)]);
    expect(told).toContain('Cannot convert •••; was •••');
    expect(told).not.toMatch(/secret|it's/u);
  });
});

const scopeOf = (one: World) => ({
  definition: one.definition.name,
  table: `${one.table.base}/${one.table.id}`,
});

it('deletes that failed are listed, whoever made the records, but those that went through', async () => {
  const one = await world({}, store);
  for (const key of ['k001', 'k002', 'k003']) one.table.put({ [keyField]: key });
  const runs = one.process();
  const started = await runs.start({ definition: one.definition, by, planOnly: true });
  if (started.kind !== 'started') throw new Error('busy');
  const { run: id } = await started.run.ended;
  const run = await store.journal.findRun(id);
  const [chunk] = await store.journal.chunks(id);
  if (!run || !chunk) throw new Error('the plan has a chunk');
  const claim = await store.leases.claim(run.scope.table, id, 'p');
  await store.journal.settle({
    ...{
      run: id,
      scope: run.scope,
      chunk: chunk.id,
      fence: claim.kind === 'claimed' ? claim.lease.fence : 0,
    },
    outcome: {
      ...{
        status: 'failed',
        written: 1,
        failure: null,
        wrote: [],
        removed: ['rec2'],
        parts: [],
        refused: null,
      },
    },
  });
  const listed: unknown[] = [];
  for await (const rows of unwritten(run, store)) listed.push(...rows.map(({ kind, key }) => [kind, key]));
  expect(listed).toEqual([
    ['delete-failed', 'k001'],
    ['delete-failed', 'k003'],
  ]);
});
