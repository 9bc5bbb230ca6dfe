import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Store } from '../../src/run/ports.ts';
import { openStore } from '../../src/store/open.ts';
import type { Value } from '../../src/sync/fields/column.ts';
import type { State } from '../../src/sync/state/state.ts';
import { type Call, forever, keyField, movableClock, quiet, type World, world } from './fakes.ts';

const by = { kind: 'cli' } as const;
let store: Store;

beforeAll(async () => {
  store = await openStore('sqlite::memory:', { clock: movableClock(), log: quiet });
});
afterAll(() => store.stop());

/** What somebody does in the table. The record is the n-th of those that are there. */
const edit = fc.oneof(
  fc.record({ what: fc.constantFrom('amount', 'note', 'key', 'empty key', 'delete'), at: fc.nat(30) }),
  fc.record({ what: fc.constantFrom('add', 'unlist', 'list again'), at: fc.nat(30) }),
);
type Edit = { readonly what: string; readonly at: number };

const run = fc.record({
  /** Rows of the query by number, with their amounts; the rows before are kept where there are none. */
  rows: fc.option(fc.dictionary(fc.integer({ min: 1, max: 9 }).map(String), fc.nat(2), { maxKeys: 9 }), {
    freq: 3,
  }),
  edits: fc.oneof({ weight: 3, arbitrary: fc.constant([]) }, fc.array(edit, { maxLength: 3 })),
  /** Between two calls of the run. */
  meanwhile: fc.oneof({ weight: 4, arbitrary: fc.constant([]) }, fc.array(edit, { maxLength: 3 })),
  how: fc.constantFrom('run', 'run', 'run', 'run', 'whole', 'plan', 'kill', 'cancel'),
  kill: fc.integer({ min: 1, max: 14 }),
});

const scenario = fc.record({
  mode: fc.constantFrom('mirror', 'mirror', 'upsert', 'update', 'append'),
  first: fc.dictionary(fc.integer({ min: 1, max: 9 }).map(String), fc.nat(2), { minKeys: 4, maxKeys: 9 }),
  handMade: fc.integer({ min: 0, max: 4 }),
  edits: fc.constantFrom('move', 'move', 'move', 'are silent', 'of cells are silent'),
  writes: fc.constantFrom('by call', 'by call', 'by record', 'silent'),
  late: fc.record({ revision: fc.boolean(), total: fc.boolean() }),
  honest: fc.boolean(),
  believed: fc.constantFrom('byCall', 'byRecord', 'nothing'),
  runs: fc.array(run, { minLength: 3, maxLength: 8 }),
  chunkSize: fc.integer({ min: 1, max: 4 }),
});
type Scenario = typeof scenario extends fc.Arbitrary<infer T> ? T : never;

const rowsIn = (rows: Readonly<Record<string, number>>): Value[][] =>
  Object.entries(rows).map(([n, amount]) => [`k${n}`, amount, `note ${n}`]);

const keyOf = (fields: object | undefined): string =>
  ((fields as Record<string, { text: string }[]> | undefined)?.[keyField] ?? [])[0]?.text ?? '';

/** A table with people at it, and a watch over what is written. */
function stage(one: World, { honest, edits, writes, late }: Scenario) {
  const { table } = one;
  const ours = new Set<string>();
  /** The key under which a record belongs. */
  const right = new Map<string, string>();
  /** Keys that a record has had. */
  const first = new Set<string>();
  let people = 0;
  let meanwhile: Edit[] = [];
  table.pageSize = 2;
  table.lookSize = 2;
  if (!honest) table.late = late;
  table.moves = (op, records) => {
    if (honest) return writes === 'by record' && op !== 'edit' ? records : 1;
    if (op === 'edit') return edits === 'move' ? 1 : 0;
    return writes === 'silent' ? 0 : writes === 'by call' ? 1 : records;
  };

  function act({ what, at }: Edit): void {
    const ids = [...table.held.keys()];
    const id = ids[at % Math.max(1, ids.length)] ?? '';
    if (what === 'add') right.set(table.put({ [keyField]: `p${++people}`, 金额: at }), `p${people}`);
    else if (what === 'unlist') table.unlisted.add(id);
    else if (what === 'list again') table.unlisted.clear();
    else if (what === 'amount') table.edit(id, { 金额: 50 + at });
    else if (what === 'note') table.edit(id, { 备注: `mine ${at}` });
    else if (what === 'key') table.edit(id, { [keyField]: `x${++people}` });
    else if (what === 'empty key') table.edit(id, { [keyField]: null });
    else table.edit(id, null);
  }

  const wanted = (): Set<unknown> => new Set(one.source.rowsNow.map(([key]) => key));
  const remove = table.delete;
  table.delete = (ids, ...rest) => {
    const keys = wanted();
    for (const id of ids) {
      expect(ours.has(id), 'deletes only what it made').toBe(true);
      expect(keys.has(keyOf(table.held.get(id))), 'deletes no record that the query has').toBe(false);
    }
    return remove(ids, ...rest);
  };
  const create = table.create;
  table.create = (records) => {
    const call = create(records);
    return async (...args) => {
      const ids = await call(...args);
      ids.forEach((id, at) => {
        ours.add(id);
        right.set(id, String(records[at]?.[keyField] ?? ''));
        first.add(right.get(id) ?? '');
      });
      return ids;
    };
  };
  table.fault = (_call: Call) => {
    const next = meanwhile.shift();
    if (next) act(next);
    return undefined;
  };

  return {
    act,
    right,
    during: (some: readonly Edit[]) => {
      meanwhile = [...some];
    },
    quiet: () => {
      const were = meanwhile.length;
      meanwhile = [];
      return were;
    },
    /** A record that has another key while its row is gone is that row's no more. */
    settle(): void {
      const keys = wanted();
      for (const [id, fields] of table.held) if (!keys.has(right.get(id))) right.set(id, keyOf(fields) || id);
    },
    /** No two records belong to one key. */
    noDoubles(): void {
      const keys = [...table.held.keys()].map((id) => right.get(id) ?? '');
      expect(keys.length - new Set(keys).size, `doubles among ${keys.join(' ')}`).toBe(0);
    },
    /** Whether the table is what the query wants. */
    isRight(mode: string): boolean {
      if (table.unlisted.size > 0) return true;
      const held = new Map([...table.held.values()].map((fields) => [keyOf(fields), fields]));
      const rows = one.source.rowsNow;
      const isEqual = ([key, amount, note]: Value[]): boolean => {
        const fields = held.get(String(key));
        if (!fields) return mode === 'update' || (mode === 'append' && first.has(String(key)));
        const [text] = (fields['备注'] ?? []) as { text: string }[];
        return mode === 'append' || (fields['金额'] === amount && text?.text === note);
      };
      const keys = wanted();
      // A record without a key is left alone.
      const isLeft = [...table.held].some(
        ([id, fields]) => ours.has(id) && keyOf(fields) !== '' && !keys.has(keyOf(fields)),
      );
      return rows.every(isEqual) && !(mode === 'mirror' && isLeft);
    },
  };
}

/** A store on which a process dies when it is asked for the n-th time. */
function dying(nth: number): { readonly store: Store; readonly died: Promise<undefined> } {
  let calls = 0;
  let die = (): void => undefined;
  const died = new Promise<undefined>((resolve) => {
    die = () => resolve(undefined);
  });
  const asking = <T extends object>(part: T): T =>
    Object.fromEntries(
      Object.entries(part).map(([name, method]) => [
        name,
        async (...args: unknown[]) => {
          if (++calls < nth) return (method as (...all: unknown[]) => unknown)(...args);
          die();
          return forever();
        },
      ]),
    ) as T;
  return { store: { ...store, journal: asking(store.journal), known: asking(store.known) }, died };
}

it('a table that is known ends as by whole reads, whatever people, Feishu and kills do meanwhile', async () => {
  const reads = { shortcut: 0, whole: 0 };
  await fc.assert(
    fc.asyncProperty(scenario, async (plan) => {
      const { mode, chunkSize, honest } = plan;
      const one = await world({ mode, chunkSize, deletes: 'ours', rounds: 1 }, store);
      const people = stage(one, plan);
      const scope = { definition: one.definition.name, table: `${one.table.base}/${one.table.id}` };
      const facts = { agreed: 3, distrusted: null, byCall: 0, byRecord: 0, alike: 0, told: '' };
      const learned = plan.believed === 'nothing' ? {} : { [plan.believed]: 3 };
      // Somebody has shown it to be right before.
      const isTrue = plan.believed !== 'byRecord' || plan.writes === 'by record';
      await store.facts.shortCut.keep(scope, { ...facts, ...(honest && !isTrue ? {} : learned) });
      for (let n = 0; n < plan.handMade; n++) people.act({ what: 'add', at: n });
      let lives = 0;
      let state: State | undefined;
      let distrusted = false;

      async function step(how: string, kill: number): Promise<State | undefined> {
        const owner = `${one.definition.name} ${++lives}`;
        const dies = how === 'kill' ? dying(kill) : undefined;
        const runs = one.process(owner, dies ? { store: dies.store } : {});
        one.definition = { ...one.definition, read: how === 'whole' ? 'whole' : { whole: '1d' } };
        const started = runs.start({ definition: one.definition, by, planOnly: how === 'plan' });
        const ended = started.then(async (acted) => {
          if (acted.kind !== 'started') return undefined;
          if (how === 'cancel') await runs.cancel(acted.run.id, by);
          return acted.run.ended;
        });
        const last = await Promise.race([ended, ...(dies ? [dies.died] : [])]);
        one.dead.add(owner);
        if (last?.status !== 'waiting') return last;
        const applied = await one.process(`${owner} again`).apply(last.run, by);
        one.dead.add(`${owner} again`);
        return applied.kind === 'going' ? applied.run.ended : undefined;
      }

      one.source.rowsNow = rowsIn(plan.first);
      await step('run', 0);
      await step('run', 0);
      for (const { rows, edits, meanwhile, how, kill } of plan.runs) {
        if (rows) one.source.rowsNow = rowsIn(rows);
        for (const one of edits) people.act(one);
        people.during(meanwhile);
        const before = one.table.calls.length;
        state = await step(how, kill);
        people.quiet();
        people.noDoubles();
        if (how !== 'plan') people.settle();
        if (state?.read) reads[state.read]++;
        if (state?.read === 'shortcut') expect(distrusted, 'never again').toBe(false);
        const isQuiet = meanwhile.length === 0 && state?.status === 'done' && how !== 'plan';
        if (isQuiet && (honest || state?.read === 'whole'))
          expect(people.isRight(mode), `right after ${state?.read}`).toBe(true);
        else if (isQuiet && !people.isRight(mode) && plan.edits === 'are silent' && !plan.late.revision) {
          const wrote = one.table.calls
            .slice(before)
            .some(({ op }) => ['create', 'update', 'delete'].includes(op));
          state = await step('whole', 0);
          expect(state?.read).toBe('whole');
          distrusted = (await store.facts.shortCut.of(scope))?.distrusted !== null;
          if (!wrote) expect(distrusted, 'one whole read ends it').toBe(true);
        }
        distrusted ||= (await store.facts.shortCut.of(scope))?.distrusted !== null;
        if (honest) expect(distrusted, 'nothing was false').toBe(false);
      }

      people.act({ what: 'list again', at: 0 });
      for (let last = 0; last < 2; last++) {
        state = await step('whole', 0);
        expect(state?.status).toBe('done');
        expect(people.isRight(mode)).toBe(true);
        people.noDoubles();
      }
      const writes = one.table.writes().length;
      await step('run', 0);
      await step('whole', 0);
      expect(one.table.writes()).toHaveLength(writes);
    }),
    { numRuns: 25 },
  );
  // Both ways of reading were gone.
  expect(Math.min(reads.shortcut, reads.whole)).toBeGreaterThan(0);
}, 120_000);
