import { describe, expect, it } from 'vitest';
import { nowMadeByHand } from '../../src/run/plan/trust.ts';
import { KnownTable, printOf, unknown } from '../../src/sync/plan/known.ts';
import { failed, lost, rowsOf, world } from './fakes.ts';

it('rows that go to another field now are not taken for somebody’s changes', async () => {
  const one = await world();
  one.source.rowsNow = rowsOf(1, 12);
  await one.run();
  const text = { kind: 'text', look: 'text', primary: false } as const;
  one.table.fieldList.push({ ...text, id: 'fldNew', name: '说明' });
  one.definition = { ...one.definition, fields: { 备注: { to: '说明' } } };
  const state = await one.run();
  expect([state.status, state.planned.updates, state.planned.back]).toEqual(['waiting', 12, 0]);
  const applied = await one.process().apply(state.run, { kind: 'cli' }, state.version);
  if (applied.kind !== 'going') throw new Error(applied.kind);
  expect(await applied.run.ended).toMatchObject({ status: 'done', rows: { updated: 12 }, setBack: 0 });
  for (const id of ['rec2', 'rec5']) one.table.held.set(id, { ...one.table.held.get(id), 说明: 'mine' });
  one.table.moved++;
  expect((await one.run()).setBack).toBe(2);
  await one.stop();
});

describe('what people changed since the last run', () => {
  /** Six records that people changed, of which the first is refused when it is set back. */
  async function drifted() {
    const one = await world();
    one.source.rowsNow = rowsOf(1, 12);
    await one.run();
    for (const id of ['rec2', 'rec3', 'rec4', 'rec5', 'rec6', 'rec7'])
      one.table.held.set(id, { ...one.table.held.get(id), 金额: 99 });
    one.table.held.set('rec2', { ...one.table.held.get('rec2'), 备注: [{ type: 'text', text: 'mine' }] });
    one.table.moved++;
    one.definition = { ...one.definition, chunkSize: 3, rounds: 1, concurrency: 1 };
    return one;
  }
  const all = {
    records: 6,
    fields: [
      { field: '金额', records: 6 },
      { field: '备注', records: 1 },
    ],
  };

  it('is counted by field, with samples, and is done when it is', async () => {
    const one = await drifted();
    const state = await one.run();
    expect(state).toMatchObject({
      status: 'done',
      read: 'whole',
      setBack: 6,
      drift: all,
      planned: { back: 6 },
    });
    expect(state.drift?.samples[0]).toMatchObject({ key: 'k002', back: true });
    const next = await one.run();
    expect([next.drift?.records, next.setBack]).toEqual([0, 0]);
    await one.stop();
  });

  it('stays told when a part of it fails, and after that is sent again', async () => {
    const one = await drifted();
    let calls = 0;
    one.table.fault = ({ op }) => (op === 'update' && calls++ > 0 ? { failure: failed('stop') } : undefined);
    const state = await one.run();
    expect(state).toMatchObject({ status: 'partial', setBack: 3, drift: all });
    one.table.fault = () => undefined;
    const retried = await one.process().retry(state.run, { kind: 'cli' }, state.version);
    if (retried.kind !== 'going') throw new Error(retried.kind);
    expect(await retried.run.ended).toMatchObject({ status: 'done', setBack: 6, drift: all });
    await one.stop();
  });

  it('stays told when an answer was lost', async () => {
    const one = await drifted();
    let calls = 0;
    one.table.fault = ({ op }) =>
      op === 'update' && calls++ > 0 ? { failure: lost, applied: true } : undefined;
    const state = await one.run();
    one.table.fault = () => undefined;
    const retried =
      state.status === 'done'
        ? undefined
        : await one.process().retry(state.run, { kind: 'cli' }, state.version);
    const last = retried?.kind === 'going' ? await retried.run.ended : state;
    expect(last).toMatchObject({ status: 'done', setBack: 6, drift: all });
    await one.stop();
  });
});

it.each([
  ['mirror', 'ours', 'a run does not delete them (deletes: ours)'],
  ['mirror', 'ask', 'a run asks before it deletes them (deletes: ask)'],
  ['mirror', 'all', undefined],
  ['upsert', 'ours', undefined],
] as const)(
  'records of an older program whose maker nobody knows are told (%s, deletes: %s)',
  (mode, deletes, wanted) => {
    const table = new KnownTable();
    for (const id of ['rec1', 'rec2', 'rec3']) table.add(id, printOf(id), unknown);
    table.own(1);
    const told = nowMadeByHand({ mode, deletes }, { table }).map(({ en }) => en);
    if (wanted === undefined) expect(told).toEqual([]);
    else expect(told.join()).toMatch(new RegExp(`^2 records .*: ${wanted.replace(/[()]/g, '\\$&')}\\.$`));
    table.own(0);
    table.own(2);
    expect(nowMadeByHand({ mode, deletes }, { table })).toEqual([]);
  },
);
