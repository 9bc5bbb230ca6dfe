import { expect, it } from 'vitest';
import { rowsOf, type World, world } from './fakes.ts';

const rows = 1_200;

/** A table of many records that the short cut may be used for. */
async function proven(change: Parameters<typeof world>[0] = {}): Promise<World> {
  const one = await world({ chunkSize: 1_000, ...change });
  one.table.pageSize = 500;
  one.source.rowsNow = rowsOf(1, rows);
  expect((await one.run()).status).toBe('done');
  // The first whole read after the writes shows by what they moved the counter, three more that it can be trusted.
  for (let at = 0; at < 4; at++) expect(await one.run()).toMatchObject({ status: 'done', read: 'whole' });
  one.table.calls.length = 0;
  return one;
}

const ops = (one: World): string[] => one.table.calls.map(({ op }) => op);

it('an unchanged table is not read once three whole reads have shown that it need not be', async () => {
  const one = await proven();
  const state = await one.run();
  expect(state).toMatchObject({ status: 'done', read: 'shortcut', rows: { read: rows, unchanged: rows } });
  expect(ops(one)).toEqual(['about', 'fields', 'revision', 'total']);
  await one.stop();
});

it('what differs is read by ID and written; the table is the same as by a whole read', async () => {
  const one = await proven();
  const next = rowsOf(1, rows + 2);
  for (const at of [3, 700, 1_100]) next[at] = [next[at]?.[0] ?? '', -at, 'new'];
  one.source.rowsNow = next.filter((_, at) => at !== 20);
  const state = await one.run();
  expect(state).toMatchObject({
    ...{ status: 'done', read: 'shortcut' },
    rows: { read: rows + 1, unchanged: rows - 4, updated: 3, created: 2 },
    deletes: { done: 1 },
  });
  expect(ops(one)).toEqual([
    ...['about', 'fields', 'revision', 'total', 'look', 'create', 'update', 'look', 'delete', 'revision'],
  ]);
  one.definition = { ...one.definition, read: 'whole' };
  expect(await one.run()).toMatchObject({ read: 'whole', rows: { unchanged: rows + 1 }, deletes: {} });
  await one.stop();
});
