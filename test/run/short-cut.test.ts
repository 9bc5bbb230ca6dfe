import { describe, expect, it } from 'vitest';
import { fieldsPrint, mappingPrint } from '../../src/run/known.ts';
import type { Sides } from '../../src/run/plan/open-sides.ts';
import { nothingLearned, trustAgain, whyWhole } from '../../src/run/plan/short-cut.ts';
import type { ShortCutFacts } from '../../src/run/ports.ts';
import type { Definition } from '../../src/sync/definition/definition.ts';
import { KnownTable, printOf } from '../../src/sync/plan/known.ts';
import { forever, keyField, quiet, rowsOf, type World, world } from './fakes.ts';
import { made } from './stage.ts';

const by = { kind: 'cli' } as const;

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
  let keeps = 0;
  const { keep } = one.store.known;
  one.store.known.keep = async (...args) => {
    keeps++;
    await keep(...args);
  };
  const state = await one.run();
  expect(state).toMatchObject({ status: 'done', read: 'shortcut', rows: { read: rows, unchanged: rows } });
  expect(ops(one)).toEqual(['about', 'fields', 'revision', 'total']);
  expect(keeps).toBe(0);
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

it('a table that moved unseen is read whole from then on, until a person puts the short cut on trial again', async () => {
  const one = await proven();
  const scope = { definition: one.definition.name, table: `${one.table.base}/${one.table.id}` };
  const events = (): string[] =>
    one.lines.map(({ event }) => event).filter((event) => event.startsWith('short-cut.'));
  expect(events().filter((event) => event === 'short-cut.agreed')).toHaveLength(3);
  one.lines.length = 0;
  await one.run();
  one.table.held.set('rec7', { ...one.table.held.get('rec7'), 金额: 99 });
  one.definition = { ...one.definition, read: 'whole' };
  await one.run();
  one.definition = { ...one.definition, read: { whole: '1d' } };
  expect((await one.run()).read).toBe('whole');
  expect(events()).toEqual(['short-cut.used', 'short-cut.distrusted']);
  expect(one.lines.find(({ event }) => event === 'short-cut.used')?.facts).toMatchObject(scope);

  const before = await one.store.facts.shortCut.of(scope);
  expect(await trustAgain(scope, { store: one.store, log: quiet })).toBe(before?.distrusted);
  expect(await one.store.facts.shortCut.of(scope)).toEqual({ ...before, agreed: 0, distrusted: null });
  expect(await trustAgain(scope, { store: one.store, log: quiet })).toBeNull();
  const reads: unknown[] = [];
  for (let at = 0; at < 4; at++) reads.push((await one.run()).read);
  expect(reads).toEqual(['whole', 'whole', 'whole', 'shortcut']);
  await one.stop();
});

const day = 86_400_000;
const proof: ShortCutFacts = { ...nothingLearned, agreed: 3 };
const still = { calls: 0, records: 0, step: 0 };

it.each<[string, Parameters<typeof reasonOf>[0], ReturnType<typeof whyWhole>]>([
  ['nothing stands against it', {}, undefined],
  ['the definition wants it', { read: 'whole' }, { kind: 'asked' }],
  ['it was wrong', { facts: { ...proof, distrusted: 5 } }, { kind: 'distrusted', since: 5 }],
  ['nothing is kept', { isKept: false }, { kind: 'unknown' }],
  ['the table is small', { records: 500 }, { kind: 'small', records: 500 }],
  ['it is on trial', { facts: { ...proof, agreed: 2 } }, { kind: 'unproven', agreed: 2, needed: 3 }],
  [
    'the step of own writes is not known',
    { facts: { ...proof, byCall: 2, byRecord: 1 }, writes: { calls: 2, records: 9, step: 2 } },
    { kind: 'untold', seen: 2, needed: 3 },
  ],
  [
    'the step is known',
    { facts: { ...proof, byCall: 3 }, writes: { calls: 2, records: 9, step: 2 } },
    undefined,
  ],
  ['a day has passed', { age: day }, { kind: 'due' }],
  ['the clock was set back', { age: -1 }, { kind: 'due' }],
  ['the counter moved', { revision: 8 }, { kind: 'changed' }],
])('a run reads as it should where %s', (_, given, wanted) => {
  expect(reasonOf(given)).toEqual(wanted);
});

/** Why a table of so many records that was kept at revision 7 is read whole. */
function reasonOf(given: {
  readonly read?: Definition['read'];
  readonly facts?: ShortCutFacts;
  readonly isKept?: boolean;
  readonly records?: number;
  readonly writes?: typeof still;
  readonly age?: number;
  readonly revision?: number;
}): ReturnType<typeof whyWhole> {
  const {
    read = { whole: '1d' },
    facts = proof,
    isKept = true,
    records = 501,
    writes = still,
    age = 1,
    revision = 7,
  } = given;
  const sides = {
    definition: { read, mode: 'mirror', view: undefined },
    target: { fields: [], revision, table: { pageSize: 500 } },
    mapping: { targets: [], key: [] },
    origin: { query: { timeZone: 'UTC' } },
  } as unknown as Sides;
  const table = new KnownTable();
  for (let at = 0; at < records; at++) table.add(`rec${at}`, printOf(`k${at}`), printOf('row'));
  const note = {
    ...{ revision: 7, total: records, fields: fieldsPrint(sides), mapping: mappingPrint(sides), filled: [] },
    ...{ readAt: 1_000 * day - age, run: 'r1', writes },
  };
  return whyWhole(isKept ? { table, note } : { table }, facts, { sides, now: 1_000 * day });
}
/** A table of some pages whose short cut was proven before. */
async function small(
  change: Parameters<typeof world>[0] = {},
  facts: Partial<ShortCutFacts> = {},
): Promise<World> {
  const one = await made(change);
  Object.assign(one.table, { pageSize: 2, lookSize: 2 });
  await one.store.facts.shortCut.keep(scopeOf(one), { ...nothingLearned, agreed: 3, byCall: 3, ...facts });
  one.source.rowsNow = rowsOf(1, 9);
  expect(await one.run()).toMatchObject({ status: 'done', read: 'whole' });
  return one;
}

const scopeOf = (one: World) => ({
  definition: one.definition.name,
  table: `${one.table.base}/${one.table.id}`,
});
const factsOf = (one: World) => one.store.facts.shortCut.of(scopeOf(one));
const noteOf = async (one: World) => (await one.store.known.load(scopeOf(one)))?.note;

describe('the short cut', () => {
  it('is never trusted again once a record was not as it is known, whatever the whole read finds', async () => {
    const one = await small();
    const look = one.table.look;
    one.table.look = async (ids, signal) => {
      one.table.look = look;
      const seen = await look(ids, signal);
      return { ...seen, present: seen.present.map(({ id }) => ({ id, fields: {} })) };
    };
    one.source.rowsNow = rowsOf(1, 9).map((row, at) => (at === 3 ? [row[0] ?? '', 99, 'a'] : row));
    expect(await one.run()).toMatchObject({ status: 'done', read: 'whole', rows: { updated: 1 } });
    for (let at = 0; at < 3; at++) expect(await one.run()).toMatchObject({ status: 'done', read: 'whole' });
    expect(await factsOf(one)).toMatchObject({ distrusted: expect.any(Number) });
  });

  it('takes no field for emptied that the last run filled', async () => {
    const one = await small();
    one.source.rowsNow = rowsOf(1, 12).map(([key, amount]) => [key ?? '', amount ?? 0, null]);
    await one.run();
    await one.run();
    // Read as empty in every record, and then filled by the run.
    one.source.rowsNow = rowsOf(1, 12, 'b');
    expect(await one.run()).toMatchObject({ status: 'done', rows: { updated: 12 } });
    expect(await one.run()).toMatchObject({ status: 'done', read: 'shortcut', rows: { unchanged: 12 } });
  });

  it('counts the deletes that it holds back', async () => {
    const one = await small();
    one.source.rowsNow = [...rowsOf(1, 7), ['', 1, 'a']];
    const { read, deletes, notes } = await one.run();
    one.definition = { ...one.definition, read: 'whole' };
    const whole = await one.run();
    expect([read, whole.read]).toEqual(['shortcut', 'whole']);
    expect({ deletes, notes }).toEqual({ deletes: whole.deletes, notes: whole.notes });
    expect(deletes.kept).toBe(2);
  });

  it('learns nothing where a call and a record are the same number, and from each run once', async () => {
    const one = await small({ chunkSize: 1 }, { byCall: 0 });
    for (let at = 0; at < 3; at++) await one.run(undefined, { planOnly: true });
    expect(await factsOf(one)).toMatchObject({ alike: 1, byCall: 0, byRecord: 0 });
  });

  it('is not used after two records of one call and an edit by a person', async () => {
    const one = await small({ chunkSize: 1 }, { byCall: 0, alike: 3 });
    await one.run();
    one.definition = { ...one.definition, chunkSize: 10 };
    one.source.rowsNow = rowsOf(1, 9).map((row, at) => (at < 2 ? [row[0] ?? '', 99, 'a'] : row));
    one.table.fault = ({ op }) => {
      if (op === 'update') one.table.edit('rec5', { 备注: 'mine' });
      return undefined;
    };
    expect(await one.run()).toMatchObject({ read: 'shortcut', rows: { updated: 2 } });
    one.table.fault = () => undefined;
    expect(await one.run()).toMatchObject({ read: 'whole', setBack: 1 });
  });

  it('is not used after a call of which nobody knows what became', async () => {
    const one = await small();
    await one.run();
    one.source.rowsNow = rowsOf(1, 9, 'b');
    const runs = one.process('cancels');
    one.table.fault = ({ op }) => (op === 'update' ? { wait: forever() } : undefined);
    const started = await runs.start({ definition: one.definition, by });
    if (started.kind !== 'started') throw new Error(started.kind);
    while (one.table.inFlight === 0) await new Promise((resolve) => setImmediate(resolve));
    await runs.stop();
    expect(await noteOf(one)).toMatchObject({ revision: -1 });
  });

  it('leaves a table to a whole read in which not one row finds its record', async () => {
    const one = await small({ mode: 'upsert', brake: { creates: 1, updates: 1, deletes: 1 } });
    one.source.rowsNow = rowsOf(11, 19);
    const { read, notes } = await one.run(undefined, { planOnly: true });
    expect({ read, notes }).toMatchObject({
      read: 'whole',
      notes: [{ en: expect.stringContaining('Not one') }],
    });
  });
});

describe('a key that somebody changed', () => {
  it('stays known where it cannot be set back: its row is not created again', async () => {
    const one = await small();
    one.table.edit('rec3', { [keyField]: 'x' });
    one.table.refuses = (fields) => fields[keyField] === 'k003';
    expect(await one.run()).toMatchObject({ rows: { rejected: 1 } });
    for (let at = 0; at < 2; at++)
      expect(await one.run()).toMatchObject({ rows: { created: 0, rejected: 1 } });
    one.table.refuses = () => false;
    expect(await one.run(undefined, { retryRejected: true })).toMatchObject({ rows: { updated: 1 } });
    expect(one.table.keys()).toEqual(rowsOf(1, 9).map(([key]) => key));
  });

  it('is left alone by a mode that only adds, and nothing else is told', async () => {
    const one = await small({ mode: 'append' });
    one.table.edit('rec3', { [keyField]: 'x' });
    for (let at = 0; at < 2; at++)
      expect(await one.run()).toMatchObject({ rows: { created: 0, unchanged: 9 }, notes: [] });
    expect(one.table.keys()).toContain('x');
  });
});
