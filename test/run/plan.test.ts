import { expect, it } from 'vitest';
import { type Plan, readPlan, writePlan } from '../../src/run/plan.ts';

const words = { zh: '错', en: 'bad' };
const plan: Plan = {
  mode: 'mirror',
  targets: [
    { id: 'fld1', name: '编号', kind: 'number', hidden: false },
    { id: 'fld2', name: '公式', kind: 'formula', hidden: true, filled: { as: 'date', zone: 'UTC' } },
    { id: 'fld3', name: '城市', kind: 'select', hidden: false, keep: true, options: ['北京'] },
    {
      ...({ id: 'fld4', name: '人', kind: 'person', hidden: false } as const),
      lookup: { kind: 'person', by: 'email', missing: 'reject' },
    },
    {
      ...({ id: 'fld5', name: '客户', kind: 'link', hidden: false } as const),
      lookup: { kind: 'link', table: 'tbl2', by: '编号', missing: 'empty' },
    },
  ],
  ...{ key: [0], fields: 'f', revision: 7, hash: 'h', confirmCreates: true, rounds: 2, concurrency: 'auto' },
  ...{ records: 9, asksHandMade: false, newOptions: [[2, ['上海']]], fingerprint: 'p', filled: ['fld1'] },
  basis: { read: 1, unchanged: 2, invalid: 3, rejected: 4, kept: 5 },
  known: [{ column: 'id', id: 'fld1', name: '编号', kind: 'number' }],
  waits: [{ code: 'deletes', message: words }],
  samples: [{ key: 'k', kind: 'delete', cells: [{ field: 'f', from: 'a', to: '' }] }],
  ...{ lifetime: 5, withoutDeletes: false, terms: 't', numbers: { C: 12 } },
};

it('a plan comes back as it was stored, and one of 0.1.0 too', () => {
  expect(readPlan(writePlan(plan))).toEqual(plan);
  const { mode: _, terms: __, numbers: ___, ...first } = plan;
  expect(readPlan(JSON.stringify(first))).toEqual(first);
});

it.each([
  ['torn', '{"targets":['],
  ['short of something', JSON.stringify({ ...plan, basis: { read: 1 } })],
  ['of a newer program', JSON.stringify({ ...plan, format: 2 })],
])('a plan that is %s is told in words', (_, stored) => {
  expect(() => readPlan(stored)).toThrow(
    /stored-unreadable: the store holds something that cannot be read: the plan/,
  );
});
