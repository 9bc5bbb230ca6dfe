import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Target } from '../../../src/sync/fields/column.ts';
import { type Change, createOf } from '../../../src/sync/plan/change.ts';
import { apart, halves, isDivisible, pointedAt, replan } from '../../../src/sync/plan/chunk.ts';

const create = (key: string): Change => createOf(key, [key, '1']);
const update = (key: string, more: { back?: true; row?: readonly string[] } = {}): Change => ({
  ...{ kind: 'update', key, record: `rec${key}`, differences: [[1, '2', '1']], hash: `h${key}` },
  ...more,
});
const remove = (key: string): Change => ({ kind: 'delete', key, record: `rec${key}`, cells: [key, '1'] });
const many = (count: number): Change[] => Array.from({ length: count }, (_, at) => create(`k${at}`));
const whole = { id: 'C003', kind: 'create', seq: 3 } as const;
const keys = (changes: readonly Change[]): string[] => changes.map(({ key }) => key);

describe('the parts of a chunk', () => {
  it('hold each change once, in order, and have names of their own, however often it is halved', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 60 }), (count) => {
        const done: Change[] = [];
        const names = new Set<string>();
        const cut = (id: string, changes: readonly Change[]): void => {
          expect(names.has(id)).toBe(false);
          names.add(id);
          if (changes.length < 2) done.push(...changes);
          else
            for (const part of halves({ ...whole, id }, changes)) {
              expect(part).toMatchObject({ kind: 'create', seq: 3, back: 0 });
              cut(part.id, part.changes);
            }
        };
        cut('C003', many(count));
        expect(keys(done)).toEqual(keys(many(count)));
      }),
    );
  });

  it('are named after what they came from, the smaller one first', () => {
    const parts = halves({ ...whole, id: 'C003.1' }, many(3));
    expect(parts.map(({ id, changes }) => [id, changes.length])).toEqual([
      ['C003.1.1', 1],
      ['C003.1.2', 2],
    ]);
  });

  it('can be one change alone and the others', () => {
    const [alone, others] = apart(whole, many(4), 2);
    expect([alone.id, keys(alone.changes)]).toEqual(['C003.1', ['k2']]);
    expect([others.id, keys(others.changes)]).toEqual(['C003.2', ['k0', 'k1', 'k3']]);
  });

  it('take the rows that are set back with them', () => {
    const changes = [update('a', { back: true }), update('b'), update('c', { back: true })];
    expect(halves({ ...whole, kind: 'update' }, changes).map(({ back }) => back)).toEqual([1, 1]);
  });

  it('end where their names would be too long', () => {
    expect(isDivisible({ id: 'C'.repeat(62) })).toBe(true);
    expect(isDivisible({ id: 'C'.repeat(63) })).toBe(false);
  });
});

it.each<[string, readonly Change[], string | undefined, number | undefined]>([
  ['nothing', many(3), undefined, undefined],
  ['a place', many(3), 'records[2].fields.金额', 2],
  ['a place alone', many(3), 'records[0]', 0],
  ['a place beyond the last', many(3), 'records[3]', undefined],
  ['a record', [update('a'), update('b')], 'recb', 1],
  ['a record of a delete', [remove('a'), remove('b')], 'reca', 0],
  ['a record of none of them', [update('a')], 'recb', undefined],
  ['a record, of creates', many(2), 'reca', undefined],
])('Feishu points at %s', (_what, changes, pointer, at) => {
  expect(pointedAt(whole, changes, pointer)).toBe(at);
});

it('what Feishu points at counts no more in a chunk that has been cut many times', () => {
  expect(pointedAt({ ...whole, id: `C003${'.2'.repeat(20)}` }, many(3), 'records[1]')).toBeUndefined();
});

describe('updates of records that are gone', () => {
  const target = (name: string): Target => ({ id: `fld${name}`, name, kind: 'text' }) as Target;
  const targets = [target('key'), target('n')];
  const from = { id: 'U001', kind: 'update', seq: 9 } as const;
  const row = ['a', '2'];
  const found = (record: string, cells: readonly string[]) => new Map([['a', { record, cells }]]);
  const planned = (changes: readonly Change[], held: Parameters<typeof replan>[3]['held'] = new Map()) =>
    replan(from, changes, new Set(['reca']), { held, targets });

  it('become creates in a part of their own, of which nothing is set back; the others stay', () => {
    const other = update('b', { back: true });
    const { parts, lost } = planned([update('a', { row, back: true }), other]);
    expect(lost).toBeUndefined();
    expect(parts).toEqual([
      { id: 'U001.1', kind: 'update', seq: 9, back: 1, changes: [other] },
      { id: 'U001.2', kind: 'create', seq: 9, back: 1, changes: [createOf('a', row)] },
    ]);
  });

  it('become updates of the record that somebody made anew meanwhile', () => {
    const { parts } = planned([update('a', { row })], found('recnew', ['a', '7']));
    expect(parts).toMatchObject([
      { id: 'U001.1', kind: 'update', changes: [{ record: 'recnew', differences: [[1, '2', '7']] }] },
    ]);
    // It is as it should be already: writing the same again confirms it.
    const same = planned([update('a', { row })], found('recnew', ['a', '2']));
    expect(same.parts).toMatchObject([{ changes: [{ record: 'recnew', differences: [[1, '2', '1']] }] }]);
  });

  it('become creates where only the record that is gone has the key, in a list that lags behind', () => {
    const { parts } = planned([update('a', { row })], found('reca', ['a', '1']));
    expect(parts).toMatchObject([{ id: 'U001.1', kind: 'create' }]);
  });

  it('are lost where the mode makes no records', () => {
    const { parts, lost } = planned([update('a'), update('b')]);
    expect(parts.map(({ id, changes }) => [id, keys(changes)])).toEqual([['U001.1', ['b']]]);
    expect(lost).toMatchObject({ id: 'U001.2', kind: 'update', changes: [{ key: 'a' }] });
    expect(planned([update('a')])).toMatchObject({ parts: [], lost: { id: 'U001.1' } });
  });
});
