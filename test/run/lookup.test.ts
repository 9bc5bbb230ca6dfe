import { describe, expect, it } from 'vitest';
import type { LinkedTable, People, RecordPage } from '../../src/run/ports.ts';
import type { ColumnRule } from '../../src/sync/definition/definition.ts';
import type { Field } from '../../src/sync/definition/field.ts';
import type { State } from '../../src/sync/state/state.ts';
import { CallError } from '../../src/sync/words/failure.ts';
import { counts, failed, type World } from './fakes.ts';
import { made } from './stage.ts';

const fields: Field[] = [
  { id: 'f1', name: '订单号', kind: 'text', look: 'Text', primary: true },
  { id: 'f2', name: '负责人', kind: 'person', look: 'User', primary: false, multiple: true },
  { id: 'f3', name: '客户', kind: 'link', look: 'SingleLink', primary: false, linkTable: 'tblC' },
];

/** A world whose orders have a person and a customer. */
async function newWorld(rules: Readonly<Record<string, ColumnRule>> = {}): Promise<World> {
  const one = await made({
    fields: { 负责人: { by: 'email' }, 客户: { by: '客户编号' }, ...rules },
  });
  one.table.fieldList = fields;
  one.source.columnsNow = ['订单号', '负责人', '客户'].map((name) => ({ name, type: 'text' }));
  one.people = tenant({ 'ada@example.com': 'ou_ada', 'eve@example.com': 'ou_eve' });
  one.table.links.set('tblC', linked({ recA: 'C1', recB: 'C2' }));
  return one;
}

/** People who are found; every question is kept. */
function tenant(ids: Readonly<Record<string, string>>): People & { readonly asked: (readonly string[])[] } {
  const asked: (readonly string[])[] = [];
  return {
    asked,
    openIds: async (_by, words) => {
      asked.push([...words].sort());
      return new Map(words.flatMap((word) => (ids[word] ? [[word, ids[word]] as const] : [])));
    },
  };
}

/** A linked table of records by their key. */
function linked(
  keys: Readonly<Record<string, string>>,
  { fails = false }: { readonly fails?: boolean } = {},
): LinkedTable & { readonly reads: (readonly string[])[] } {
  const reads: (readonly string[])[] = [];
  return {
    id: 'tblC',
    reads,
    revision: async () => 1,
    fields: async () => [
      { id: 'fk', name: '客户编号', kind: 'text', look: 'Text', primary: true },
      { id: 'fx', name: '别的', kind: 'number', look: 'Number', primary: false },
    ],
    async *records(names): AsyncGenerator<RecordPage> {
      reads.push(names);
      const all = Object.entries(keys);
      const half = all.slice(0, Math.ceil(all.length / 2));
      const page = (some: typeof all, restarted: boolean): RecordPage => ({
        records: some.map(([id, key]) => ({ id, fields: { 客户编号: [{ type: 'text', text: key }] } })),
        total: all.length,
        restarted,
      });
      if (fails) throw new CallError(failed('stop', { code: 1254302 }));
      // Feishu lost a page token: the read begins anew, and the record of the first page is gone by then.
      yield page([['recGone', all[0]?.[1] ?? '']], false);
      yield page(half, true);
      yield page(all.slice(half.length), false);
    },
    look: async (ids) => ({ present: [], forbidden: [], absent: ids }),
  };
}

const row = (key: string, person: string | null, customer: string | null) => [key, person, customer];
const cells = (one: World): unknown[] =>
  [...one.table.held.values()].map(({ 负责人, 客户 }) => [负责人 ?? null, 客户 ?? null]);
const bad = ({ badRows }: State): string[] =>
  badRows
    .flatMap(({ samples }) => samples)
    .map(({ kind, key, row: at, field, reason }) => `${kind} ${key} ${at} ${field}: ${reason.en}`);

describe('a run that looks up people and links', () => {
  it('writes their IDs, and nothing the second time', async () => {
    const one = await newWorld();
    one.source.rowsNow = [
      row('k1', 'ada@example.com', 'C1'),
      row('k2', '["Eve@example.com","ada@example.com"]', '["C2","C1"]'),
      row('k3', null, null),
    ];
    const first = await one.run();
    expect([first.status, counts(first)]).toEqual(['done', { read: 3, created: 3 }]);
    expect(cells(one)).toEqual([
      [[{ id: 'ou_ada' }], ['recA']],
      [
        [{ id: 'ou_ada' }, { id: 'ou_eve' }],
        ['recA', 'recB'],
      ],
      [null, null],
    ]);
    const writes = one.table.writes().length;
    const second = await one.run();
    expect([second.status, counts(second)]).toEqual(['done', { read: 3, unchanged: 3 }]);
    expect(one.table.writes()).toHaveLength(writes);
  });

  it('asks for each word once, and reads of the linked table one field once', async () => {
    const one = await newWorld();
    const asked = tenant({ 'ada@example.com': 'ou_ada' });
    const customers = linked({ recA: 'C1' });
    one.people = asked;
    one.table.links.set('tblC', customers);
    one.source.rowsNow = Array.from({ length: 40 }, (_, at) => row(`k${at}`, 'ada@example.com', 'C1'));
    await one.run();
    expect(asked.asked).toEqual([['ada@example.com']]);
    expect(customers.reads).toEqual([['客户编号']]);
  });

  it('asks nobody when nothing is looked up', async () => {
    const one = await newWorld();
    // Whoever is asked here rejects.
    one.people = { openIds: () => Promise.reject(new Error('asked')) };
    one.table.links.clear();
    one.definition = { ...one.definition, fields: { 负责人: { skip: true }, 客户: { skip: true } } };
    one.source.rowsNow = [row('k1', 'ada@example.com', 'C1')];
    expect((await one.run()).status).toBe('done');
  });

  it('rejects rows with words that name nobody, and deletes no record of theirs', async () => {
    const one = await newWorld();
    one.source.rowsNow = [row('k1', 'ada@example.com', 'C1'), row('k2', 'ada@example.com', 'C2')];
    await one.run();
    one.source.rowsNow = [
      row('k1', 'gone@example.com', 'C1'),
      row('k2', 'ada@example.com', 'C9'),
      row('k3', 'eve@example.com', 'C2'),
    ];
    const state = await one.run();
    expect([state.status, counts(state)]).toEqual(['partial', { read: 3, created: 1, rejected: 2 }]);
    expect(bad(state)).toEqual([
      "rejected k1 1 负责人: `gone@example.com` is nobody's e-mail address for 负责人: unknown, gone, or outside the app's contact range",
      'rejected k2 2 客户: `C9` is not in the linked table (客户编号) for 客户',
    ]);
    expect(one.table.keys()).toEqual(['k1', 'k2', 'k3']);
    expect(state.notes.map(({ en }) => en).join()).toContain('contact range');
  });

  it('leaves unknown words out where the definition says so, and says how many', async () => {
    const one = await newWorld({
      负责人: { by: 'email', missing: 'empty' },
      客户: { by: '客户编号', missing: 'empty' },
    });
    one.source.rowsNow = [
      row('k1', '["gone@example.com","eve@example.com"]', 'C9'),
      row('k2', 'gone@example.com', 'C1'),
    ];
    const state = await one.run();
    expect([state.status, counts(state)]).toEqual(['done', { read: 2, created: 2 }]);
    expect(cells(one)).toEqual([
      [[{ id: 'ou_eve' }], null],
      [null, ['recA']],
    ]);
    const notes = state.notes.map(({ en }) => en).join('\n');
    expect(notes).toContain('2 values for 负责人 name no person');
    expect(notes).toContain('1 values for 客户 name no linked record');
    const writes = one.table.writes().length;
    await one.run();
    expect(one.table.writes()).toHaveLength(writes);
  });

  it('links to neither of two records with the same key', async () => {
    const one = await newWorld();
    one.table.links.set('tblC', linked({ recA: 'C1', recB: 'C1', recC: 'C3' }));
    one.source.rowsNow = [row('k1', null, 'C1'), row('k2', null, 'C3')];
    const state = await one.run();
    expect(counts(state)).toEqual({ read: 2, created: 1, rejected: 1 });
    expect(bad(state)[0]).toContain('`C1` stands twice in the linked table');
  });
});

describe('a look-up that fails', () => {
  it('of people stops the run before anything is written', async () => {
    const one = await newWorld({ 负责人: { by: 'email', missing: 'empty' } });
    one.people = { openIds: () => Promise.reject(new CallError(failed('round', { code: 1255001 }))) };
    one.source.rowsNow = [row('k1', 'ada@example.com', 'C1')];
    const state = await one.run();
    expect([state.status, state.error?.code]).toEqual(['failed', '1255001']);
    expect(one.table.writes()).toEqual([]);
  });

  it('of a linked table stops the run before anything is written', async () => {
    const one = await newWorld();
    one.table.links.set('tblC', linked({ recA: 'C1' }, { fails: true }));
    one.source.rowsNow = [row('k1', 'ada@example.com', 'C1')];
    const state = await one.run();
    expect([state.status, state.error?.code]).toEqual(['failed', '1254302']);
    expect(one.table.writes()).toEqual([]);
  });

  it('says which field the linked table lacks', async () => {
    const one = await newWorld({ 客户: { by: '客户号码' } });
    one.source.rowsNow = [row('k1', 'ada@example.com', 'C1')];
    const state = await one.run();
    expect([state.status, state.error?.code]).toEqual(['failed', 'no-link-field']);
    expect(one.table.writes()).toEqual([]);
  });
});

describe('a linked table that cannot be trusted', () => {
  it('that reads as empty behind advanced permissions makes no word count as missing', async () => {
    const one = await newWorld({ 客户: { by: '客户编号', missing: 'empty' } });
    one.table.put({ 订单号: 'k1', 客户: ['recA'] });
    one.table.advanced = true;
    one.table.links.set('tblC', linked({}));
    one.source.rowsNow = [row('k1', null, 'C1')];
    const state = await one.run();
    expect(counts(state)).toEqual({ read: 1, rejected: 1 });
    expect(bad(state)[0]).toContain('advanced permissions');
    expect(cells(one)).toEqual([[null, ['recA']]]);
  });
});
