import { expect, it } from 'vitest';
import { rowsOf, world } from './fakes.ts';

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
