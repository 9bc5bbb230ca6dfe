import { describe, expect, it } from 'vitest';
import { counts, failed, keyField, lost, rowsOf } from './fakes.ts';
import { made } from './stage.ts';

const wordsOf = (notes: readonly { readonly en: string }[]): string => notes.map(({ en }) => en).join('\n');

describe('a write that is answered with a code nobody knows', () => {
  const strange = (applied: boolean) => ({
    failure: failed('unknown', { code: 1_259_999, mayHaveHappened: true }),
    applied,
  });

  it.each([
    [
      'was carried out',
      true,
      'done',
      { read: 12, created: 10, updated: 2, deletes: { planned: 1, done: 1 } },
    ],
    ['was not', false, 'failed', { read: 12, failed: 12, deletes: { planned: 1, notSent: 1 } }],
  ] as const)('is read back: it %s', async (_, applied, status, rows) => {
    const one = await made();
    for (const [key] of rowsOf(1, 2)) one.table.put({ [keyField]: String(key) });
    one.table.put({ [keyField]: 'old' });
    one.source.rowsNow = rowsOf(1, 12);
    one.table.fault = ({ op }) =>
      op === 'create' || op === 'update' || op === 'delete' ? strange(applied) : undefined;
    const state = await one.run();
    expect([state.status, counts(state)]).toEqual([status, rows]);
  });
});

describe('what others did meanwhile', () => {
  it('deletes that somebody else made first are told', async () => {
    const one = await made();
    const ids = rowsOf(1, 10).map(([key]) => one.table.put({ [keyField]: String(key) }));
    one.source.rowsNow = [['k001', null, null]];
    one.table.fault = ({ op }) => {
      if (op === 'delete') for (const id of ids.slice(1, 4)) one.table.held.delete(id);
      return undefined;
    };
    const state = await one.run();
    expect(state).toMatchObject({ status: 'done', deletes: { planned: 9, done: 9 } });
    expect(wordsOf(state.notes)).toContain(
      '3 of the records to delete had already been deleted by someone else',
    );
  });

  it('deletes of our own whose answer was lost are nobody else’s', async () => {
    const one = await made();
    for (const [key] of rowsOf(1, 10)) one.table.put({ [keyField]: String(key) });
    one.source.rowsNow = [['k001', null, null]];
    const faults = [{ failure: lost, applied: true }];
    one.table.fault = ({ op }) => (op === 'delete' ? faults.shift() : undefined);
    const state = await one.run();
    expect(state).toMatchObject({ status: 'done', deletes: { planned: 9, done: 9 } });
    expect(wordsOf(state.notes)).not.toContain('someone else');
  });

  it('deletes that came about in part are looked up once a round, and told once', async () => {
    const one = await made();
    const ids = rowsOf(1, 10).map(([key]) => one.table.put({ [keyField]: String(key) }));
    one.source.rowsNow = [['k001', null, null]];
    const looks: number[] = [];
    let deletes = 0;
    one.table.fault = ({ op, rows }) => {
      if (op === 'look') looks.push(rows);
      if (op !== 'delete') return undefined;
      for (const id of ids.slice(1, 4)) one.table.held.delete(id);
      // The first is refused for a record that is gone, the second by chance.
      return ++deletes === 2 ? { failure: failed('round', { code: 1_255_040 }) } : undefined;
    };
    const state = await one.run();
    expect(state).toMatchObject({ status: 'done', deletes: { planned: 9, done: 9 } });
    expect(wordsOf(state.notes)).toContain(
      '3 of the records to delete had already been deleted by someone else',
    );
    expect(looks).toEqual([9, 1, 9]);
  });

  it('a row that somebody else made with other values is updated, and in mode append left alone', async () => {
    for (const mode of ['upsert', 'append'] as const) {
      const one = await made({ mode });
      one.source.rowsNow = rowsOf(1, 10);
      let first = true;
      one.table.fault = ({ op }) => {
        if (op !== 'create' || !first) return undefined;
        first = false;
        one.table.put({ [keyField]: 'k003', 金额: 999 });
        // Feishu does not take the token: what is there is looked up before the rest is sent.
        return { failure: failed('settle', { code: 1_254_037 }) };
      };
      const state = await one.run();
      const [held] = [...one.table.held.values()];
      if (mode === 'upsert') {
        expect(counts(state)).toEqual({ read: 10, created: 9, updated: 1 });
        expect(held?.['金额']).toBe(3);
      } else {
        expect(held?.['金额']).toBe(999);
        expect(wordsOf(state.notes)).toContain(
          '1 of the rows to create had already been created by someone else',
        );
      }
      expect(one.table.held.size).toBe(10);
    }
  });
});

describe('a definition that keeps to a view', () => {
  it.each([
    ['shows some records', 4, '5 rows differ from records that the view does not show'],
    ['shows none', 0, 'The view shows no record at all'],
    ['shows all', 10, ''],
  ])('which %s', async (_, shown, note) => {
    const one = await made({ mode: 'upsert', view: 'limit' });
    const ids = rowsOf(1, 10).map(([key]) => one.table.put({ [keyField]: String(key), 金额: 0 }));
    one.table.inView = async () => new Set(ids.slice(0, shown));
    one.source.rowsNow = rowsOf(1, 9);
    const state = await one.run();
    const updated = Math.min(9, shown);
    expect(counts(state)).toMatchObject({ read: 9, ...(updated > 0 && { updated }) });
    expect(wordsOf(state.notes)).toContain(note);
    if (note === '') expect(state.notes).toEqual([]);
  });
});
