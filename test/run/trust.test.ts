import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { trustRead, witness } from '../../src/run/plan/ownership.ts';
import type { TableRecord } from '../../src/sync/definition/field.ts';
import { createOf, type Written } from '../../src/sync/plan/change.ts';
import { rowsOf, world } from './fakes.ts';

const scope = { definition: 'orders', table: 'app/tbl' };
const signal = new AbortController().signal;

const create = (key: string): Written => createOf(key, [key]);
const update = (key: string, hash: string): Written => ({
  ...{ kind: 'update', key, record: `rec-${key}`, differences: [[0, 'a', 'b']], hash },
});

describe('the witness', () => {
  it('answers every change once and in order, and marks what was confirmed as it is', async () => {
    const change = fc.record({ creates: fc.boolean(), known: fc.boolean(), same: fc.boolean() });
    await fc.assert(
      fc.asyncProperty(fc.array(change, { maxLength: 1_700, size: 'max' }), async (all) => {
        const changes = all.map(({ creates }, at) => (creates ? create(`k${at}`) : update(`k${at}`, 'now')));
        const entry = ({ same }: (typeof all)[number], at: number) =>
          [`k${at}`, { record: `rec-k${at}`, hash: same ? 'now' : 'then' }] as const;
        const ledger = new Map(all.flatMap((one, at) => (one.known ? [entry(one, at)] : [])));
        const find = async (_: unknown, keys: readonly string[]) =>
          new Map([...ledger].filter(([key]) => keys.includes(key)));
        const seen = witness({ find }, scope, ledger.size);
        const answered: Written[] = [];
        for (let at = 0; at < changes.length; at += 500) {
          answered.push(...(await seen.ask(changes.slice(at, at + 500))));
        }

        expect(answered.map(({ key }) => key)).toEqual(changes.map(({ key }) => key));
        const back = all.flatMap(({ creates, known, same }, at) =>
          !creates && known && same ? [`k${at}`] : [],
        );
        expect(answered.filter((one) => 'back' in one).map(({ key }) => key)).toEqual(back);
        expect(seen.back()).toBe(back.length);
        const missing = all.filter(({ creates, known }) => creates && known).length;
        expect(seen.missing().rows).toBe(missing);
        expect(seen.missing().some).toHaveLength(Math.min(100, missing));
      }),
      { numRuns: 15 },
    );
  });

  it('asks nothing of an empty ledger', async () => {
    const find = async (): Promise<never> => expect.unreachable();
    const seen = witness({ find }, scope, 0);
    expect(await seen.ask([create('a')])).toEqual([create('a')]);
  });
});

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

describe('a read', () => {
  const missing = { rows: 2, some: ['a', 'b'].map((key) => ({ key, record: `rec-${key}` })) };
  const read = (
    found: { present?: TableRecord[]; forbidden?: string[] },
    index = new Set<string>(),
    moved = false,
  ) => {
    const asked: (readonly string[])[] = [];
    const look = async (ids: readonly string[]) => {
      asked.push(ids);
      return { present: [], forbidden: [], absent: [], ...found };
    };
    return { asked, trusted: trustRead({ look }, { index, moved }, missing, signal) };
  };

  it('is trusted when what is missing is gone', () => expect(read({}).trusted).resolves.toBeUndefined());

  it('is not when a missing record is there and hidden, or there and left out', async () => {
    await expect(read({ forbidden: ['rec-a'] }).trusted).rejects.toMatchObject({
      problems: [{ code: 'records-hidden' }],
    });
    await expect(read({ present: [{ id: 'rec-b', fields: {} }] }).trusted).rejects.toMatchObject({
      problems: [{ code: 'records-overlooked' }],
    });
  });

  it('that the table moved under is trusted all the same: its creates are confirmed by key', async () => {
    await expect(
      read({ present: [{ id: 'rec-b', fields: {} }] }, new Set(), true).trusted,
    ).resolves.toBeUndefined();
    await expect(read({ forbidden: ['rec-b'] }, new Set(), true).trusted).rejects.toThrow();
  });

  it('needs no look at records that were read under another key', async () => {
    const { asked, trusted } = read({}, new Set(['rec-a', 'rec-b']));
    await trusted;
    expect(asked).toEqual([]);
    const other = read({}, new Set(['rec-a']));
    await other.trusted;
    expect(other.asked).toEqual([['rec-b']]);
  });
});
