import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Mode } from '../../../src/sync/definition/definition.ts';
import type { FieldKind } from '../../../src/sync/definition/field.ts';
import type { Target } from '../../../src/sync/fields/column.ts';
import { keyIn } from '../../../src/sync/fields/mapping.ts';
import {
  type Change,
  createOf,
  decodeChanges,
  encodeChanges,
  rowText,
} from '../../../src/sync/plan/change.ts';
import { chunker, chunkId, createdFields, updatedRecord } from '../../../src/sync/plan/chunk.ts';
import { type Compared, diff, tableIndex } from '../../../src/sync/plan/diff.ts';

const target = (name: string, kind: FieldKind = 'text', more: Partial<Target> = {}): Target => ({
  id: `fld${name}`,
  name,
  kind,
  hidden: false,
  ...more,
});
const targets = [target('key'), target('a'), target('b', 'text')];
const mapping = { targets, key: [0] };

type Row = readonly string[];
const word = fc.constantFrom('', 'x', 'y', 'z\u001f', '😀');
const keyed = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: 1, max: 12 }).map((n) => `k${n}`) },
  { weight: 1, arbitrary: fc.constantFrom('', ' ', ' k1 ') },
);
const row: fc.Arbitrary<Row> = fc.tuple(keyed, word, word);
const rows = fc.array(row, { maxLength: 16 });
const mode = fc.constantFrom<Mode>('upsert', 'append', 'update', 'mirror');

const keyOfRow = (cells: Row): string => keyIn(mapping, cells);

function count(all: readonly Row[]): ReadonlyMap<string, number> {
  const times = new Map<string, number>();
  for (const cells of all) {
    const key = keyOfRow(cells);
    if (key !== '') times.set(key, (times.get(key) ?? 0) + 1);
  }
  return times;
}

/** What the comparison of a query with a table says: per row, and of the records left over. */
function compare(
  source: readonly Row[],
  table: ReadonlyMap<string, Row>,
  how: Mode,
  rejected: readonly Row[] = [],
) {
  const index = tableIndex();
  for (const [id, cells] of table) index.add(id, keyOfRow(cells), rowText(cells));
  const judge = diff(mapping, index, { mode: how, times: count([...source, ...rejected]) });
  return { said: source.map((cells) => judge.row(cells)), left: [...judge.leftOver()] };
}

/** Carries changes out as Feishu would. */
function apply(table: ReadonlyMap<string, Row>, changes: readonly Compared[]): Map<string, Row> {
  const after = new Map(table);
  changes.forEach((change, at) => {
    if (change.kind === 'create') after.set(`new${at}`, [...change.cells]);
    if (change.kind === 'delete') after.delete(change.record);
    if (change.kind === 'update') {
      const cells = [...(after.get(change.record) ?? [])];
      for (const [place, wanted, held] of change.differences) {
        expect(cells[place]).toBe(held);
        cells[place] = wanted;
      }
      after.set(change.record, cells);
    }
  });
  return after;
}

const tableOf = (all: readonly Row[]): Map<string, Row> =>
  new Map(all.map((cells, at) => [`rec${at}`, cells]));

/** The table as the mode promises it, said the slow way. */
function promised(
  source: readonly Row[],
  table: ReadonlyMap<string, Row>,
  how: Mode,
  rejected: readonly Row[],
): string[] {
  const inQuery = count([...source, ...rejected]);
  const inTable = count([...table.values()]);
  const wanted = new Map(source.map((cells) => [keyOfRow(cells), cells]));
  const after: Row[] = [];
  for (const cells of table.values()) {
    const key = keyOfRow(cells);
    const untouchable = key === '' || (inTable.get(key) ?? 0) > 1;
    const times = inQuery.get(key) ?? 0;
    if (untouchable || times > 1) after.push(cells);
    else if (times === 0) {
      if (how !== 'mirror') after.push(cells);
    } else after.push(how === 'append' ? cells : (wanted.get(key) ?? cells));
  }
  for (const [key, cells] of wanted) {
    if (key !== '' && inQuery.get(key) === 1 && !inTable.has(key) && how !== 'update') after.push(cells);
  }
  return after.map((cells) => rowText(cells)).sort();
}

describe('the comparison', () => {
  it('leads to the table that the mode promises', () => {
    fc.assert(
      fc.property(rows, rows, mode, rows, (source, held, how, rejected) => {
        const table = tableOf(held);
        const { said, left } = compare(source, table, how, rejected);
        const after = apply(table, [...said, ...left]);
        expect([...after.values()].map((cells) => rowText(cells)).sort()).toEqual(
          promised(source, table, how, rejected),
        );
      }),
    );
  });

  it('of the table that came out finds nothing to do', () => {
    fc.assert(
      fc.property(rows, rows, mode, (source, held, how) => {
        const first = compare(source, tableOf(held), how);
        const after = apply(tableOf(held), [...first.said, ...first.left]);
        const second = compare(source, after, how);
        const changes = second.said.filter(({ kind }) => ['create', 'update', 'delete'].includes(kind));
        expect([...changes, ...second.left]).toEqual([]);
        expect(second.said.filter(({ kind }) => kind === 'invalid')).toHaveLength(
          first.said.filter(({ kind }) => kind === 'invalid').length,
        );
      }),
    );
  });

  it('of a table with itself finds every row the same', () => {
    fc.assert(
      fc.property(fc.uniqueArray(row, { selector: keyOfRow }), (all) => {
        const good = all.filter((cells) => keyOfRow(cells) !== '');
        const { said, left } = compare(good, tableOf(good), 'mirror');
        expect(said).toMatchObject(good.map(() => ({ kind: 'same' })));
        expect(left).toEqual([]);
      }),
    );
  });

  it('tells why a row is not sent', () => {
    const table = tableOf([
      ['twice', '', ''],
      ['twice', '', ''],
    ]);
    const { said } = compare(
      [
        ['', 'x', ''],
        ['d', '', ''],
        ['d', '', ''],
        ['twice', '', ''],
      ],
      table,
      'mirror',
    );
    expect(said.map((one) => (one.kind === 'invalid' ? [one.key, one.why] : one.kind))).toEqual([
      ['', 'empty'],
      ['d', 'doubled-source'],
      ['d', 'doubled-source'],
      ['twice', 'doubled-table'],
    ]);
  });

  it('leaves a field alone that an empty value keeps, that Feishu fills, and records outside of the view', () => {
    const index = tableIndex();
    index.add('rec1', 'k1', rowText(['k1', 'old', '7']));
    index.add('rec2', 'k2', rowText(['k2', 'old', '8']));
    index.add('rec3', 'k3', rowText(['k3', 'old', '9']));
    const special = [
      target('key'),
      target('a', 'text', { keep: true }),
      target('b', 'auto-number', { filled: { as: 'text', zone: 'UTC' } }),
    ];
    const times = new Map([
      ['k1', 1],
      ['k2', 1],
    ]);
    const judge = diff({ targets: special, key: [0] }, index, {
      mode: 'mirror',
      times,
      within: new Set(['rec1']),
    });
    expect(judge.row(['k1', '', '1'])).toMatchObject({ kind: 'same' });
    expect(judge.row(['k1', 'new', '1'])).toMatchObject({ differences: [[1, 'new', 'old']] });
    expect(judge.row(['k2', 'new', '1'])).toEqual({ kind: 'outside' });
    expect([...judge.leftOver()]).toEqual([]);
  });
});

const cells = fc.array(fc.oneof(word, fc.string({ unit: 'binary', maxLength: 300 })), {
  minLength: 3,
  maxLength: 3,
});
const change: fc.Arbitrary<Change> = fc.oneof(
  fc.tuple(keyed, cells).map(([key, row]) => createOf(key, row)),
  fc.record({
    kind: fc.constant('update' as const),
    key: keyed,
    record: fc.constant('rec1'),
    hash: fc.constant('h'),
    differences: fc.array(fc.tuple(fc.nat(2), fc.string(), fc.string()), { maxLength: 3 }),
  }),
  fc.record({ kind: fc.constant('delete' as const), key: keyed, record: fc.constant('rec1'), cells }),
);

const kind = fc.constantFrom('create', 'update', 'delete');

function chunked(changes: readonly Change[], size: number, columns: readonly Target[] = targets) {
  const make = chunker(size, columns);
  const chunks = [...changes.flatMap((one) => make.add(one) ?? []), ...make.rest()];
  return chunks.map((chunk) => ({ ...chunk, changes: decodeChanges(chunk.body) }));
}

describe('chunks', () => {
  it('keep order, lose nothing, respect the size and have IDs of their own', () => {
    fc.assert(
      fc.property(fc.array(change, { maxLength: 60 }), fc.integer({ min: 1, max: 9 }), (changes, size) => {
        const chunks = chunked(changes, size);
        for (const kind of ['create', 'update', 'delete'] as const) {
          const ours = chunks.filter((chunk) => chunk.kind === kind);
          expect(ours.flatMap((chunk) => chunk.changes)).toEqual(changes.filter((one) => one.kind === kind));
          expect(ours.map(({ id }) => id)).toEqual(ours.map((_, at) => chunkId(kind, at + 1)));
        }
        for (const { kind, changes: some } of chunks) {
          expect(some.length).toBeGreaterThan(0);
          expect(some.length).toBeLessThanOrEqual(size);
          expect(some.every((one) => one.kind === kind)).toBe(true);
        }
        const order = [...chunks].sort((a, b) => a.seq - b.seq).map(({ kind }) => kind);
        expect(order).toEqual([...order].sort((a, b) => rank[a] - rank[b]));
        expect(new Set(chunks.map(({ seq }) => seq)).size).toBe(chunks.length);
      }),
    );
  });

  const rank = { create: 0, update: 1, delete: 2 };

  it('of deletes never hold more than 500', () => {
    const deletes = Array.from(
      { length: 1_200 },
      (_, n): Change => ({
        kind: 'delete',
        key: `k${n}`,
        record: `rec${n}`,
        cells: [],
      }),
    );
    expect(chunked(deletes, 1_000).map(({ changes }) => changes.length)).toEqual([500, 500, 200]);
  });

  const wide = [
    target('key'),
    target('备"注'),
    target('链接', 'url'),
    target('标签', 'multi'),
    target('n', 'number'),
  ];
  const heavy = fc.constantFrom(
    '\u0001'.repeat(9_000),
    '"'.repeat(40_000),
    '中'.repeat(30_000),
    '😀'.repeat(999),
    'x'.repeat(90_000),
    '\n'.repeat(999),
  );

  /** The body of the call for some changes, as it is sent. */
  function bodyOf(some: readonly Change[], columns: readonly Target[]): string {
    const records = some.map((one) => {
      if (one.kind === 'create') return { fields: createdFields(one.cells, columns) };
      if (one.kind === 'delete') return one.record;
      return { record_id: one.record, fields: updatedRecord(one, columns).fields };
    });
    return JSON.stringify({ records });
  }

  const members = (prefix: string, most: number): fc.Arbitrary<string> =>
    fc
      .integer({ min: 0, max: most })
      .map((size) =>
        size === 0
          ? ''
          : JSON.stringify(Array.from({ length: size }, (_, n) => `${prefix}${String(n).padStart(9, '0')}`)),
      );
  const everyKind: readonly (readonly [FieldKind, fc.Arbitrary<string>])[] = [
    ['text', fc.constantFrom('', '"', 'x'.repeat(50))],
    ['number', fc.constantFrom('', '1e+21', '-123456.789')],
    ['select', fc.constantFrom('', '"', '红')],
    ['multi', members('选项', 40)],
    ['date', fc.constantFrom('', '1769817600000', '-1')],
    ['checkbox', fc.constantFrom('', 'true')],
    ['phone', fc.constantFrom('', '+8613800001000')],
    ['url', fc.constantFrom('', 'http://x/"', 'http://x\n中')],
    ['person', members('ou_', 1_000)],
    ['group', members('oc_', 10)],
    ['location', fc.constantFrom('', '116.397755,39.903179')],
    ['link', members('rec', 500)],
    ['attachment', members('box', 100)],
  ];
  const columnsOfEveryKind = everyKind.map(([kind], at) => target(`字"段${at}`, kind));
  const wideRow = fc.tuple(...everyKind.map(([, cell]) => cell));

  it('weigh every kind of cell as it is sent, for creates, updates and deletes', () => {
    const sends = fc.array(fc.tuple(wideRow, fc.constantFrom('create', 'update', 'delete')), {
      minLength: 40,
      maxLength: 90,
    });
    fc.assert(
      fc.property(sends, (all) => {
        const changes = all.map(([whole, kind], at): Change => {
          const record = `recuXYZabcdefghijk${at}`;
          if (kind === 'update') {
            const differences = whole.map((cell, place) => [place, cell, ''] as const);
            return { kind, key: `k${at}`, record, hash: '', differences };
          }
          return kind === 'create'
            ? createOf(`k${at}`, whole)
            : { kind: 'delete', key: `k${at}`, record, cells: whole };
        });
        const chunks = chunked(changes, 1_000, columnsOfEveryKind);
        for (const { changes: some } of chunks) {
          const size = Buffer.byteLength(bodyOf(some, columnsOfEveryKind));
          expect(size).toBeLessThanOrEqual(1_000_000);
        }
      }),
      { numRuns: 30 },
    );
  });

  it('count a set of people, groups or files by what stands around each of them', () => {
    for (const [kind, most] of [
      ['person', 1_000],
      ['group', 10],
      ['attachment', 100],
    ] as const) {
      const cell = JSON.stringify(Array.from({ length: most }, (_, n) => `a${n}`));
      const columns = [target('k', kind)];
      const rows = 120_000 / most;
      const changes = Array.from({ length: rows }, (_, n) => createOf(`k${n}`, [cell]));
      const [first] = chunked(changes, rows, columns);
      expect(first?.changes.length).toBeLessThan(rows);
      const size = Buffer.byteLength(bodyOf(first?.changes ?? [], columns));
      expect(size).toBeLessThanOrEqual(1_000_000);
      // Nor is a chunk closed long before it is full.
      expect(size).toBeGreaterThan(650_000);
    }
  });

  it('never make a body over 1 MB, unless one row alone does', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(heavy, heavy, heavy, fc.boolean()), { minLength: 1, maxLength: 60 }),
        (all) => {
          const changes = all.map(([text, url, name, isUpdate], at): Change => {
            const whole = [`k${at}`, text, `http://x/${url}`, JSON.stringify([name]), '12.5'];
            return isUpdate
              ? {
                  kind: 'update',
                  key: `k${at}`,
                  record: `recuXYZabc${at}`,
                  hash: '',
                  differences: whole.map((cell, place) => [place, cell, ''] as const),
                }
              : createOf(`k${at}`, whole);
          });
          const chunks = chunked(changes, 1_000, wide);
          expect(chunks.flatMap(({ changes: some }) => some)).toHaveLength(changes.length);
          for (const { changes: some } of chunks) {
            if (some.length === 1) continue;
            expect(Buffer.byteLength(bodyOf(some, wide))).toBeLessThanOrEqual(1_000_000);
          }
        },
      ),
      { numRuns: 30 },
    );
  });

  it('are not closed early: small rows fill them up', () => {
    const small = Array.from({ length: 2_000 }, (_, n) => createOf(`k${n}`, [`k${n}`, 'x'.repeat(200), '']));
    expect(chunked(small, 1_000).map(({ changes }) => changes.length)).toEqual([1_000, 1_000]);
  });

  it('are packed as one list, however many changes and whatever characters they hold', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 160 }), fc.string({ unit: 'binary' }), (rows, words) => {
        const some = Array.from({ length: rows }, (_, n) => createOf(`k${n}`, [`k${n}`, '中文😀"', words]));
        const make = chunker(1_000, targets);
        for (const one of some) expect(make.add(one)).toBeUndefined();
        const [chunk, ...others] = make.rest();
        expect(others).toEqual([]);
        expect(chunk?.rows).toBe(rows);
        expect(Buffer.from(chunk?.body ?? []).equals(encodeChanges(some))).toBe(true);
      }),
    );
  });

  it('come back from the journal as they went in', () => {
    fc.assert(
      fc.property(fc.array(change, { maxLength: 20 }), kind, (all, only) => {
        const changes = all.filter((one) => one.kind === only);
        expect(decodeChanges(encodeChanges(changes))).toEqual(changes);
      }),
    );
  });

  it('are read as version 0.1.0 stored them', () => {
    const stored = 'AQIAAABrMQ8AAABrMR/kuK0eMfCfmIAeMB8GAAAAMjphMTpiAwAAAGEfYg==';
    expect(decodeChanges(Buffer.from(stored, 'base64'))).toEqual([
      createOf('k1', ['k1', '中\u001f😀\u001e', '']),
      createOf('2:a1:b', ['a', 'b']),
    ]);
  });

  it.each([
    ['cut short', Buffer.from('[{"kind":"create","key":"k"')],
    ['cut short, of 0.1.0', Buffer.from('AQIAAABrMQ8AAABrMR/kuK0e', 'base64')],
    ['of another shape', Buffer.from('[{"kind":"create","key":"k","cells":[1]}]')],
    ['of a kind that nobody knows', Buffer.from('[{"kind":"merge","key":"k","record":"r"}]')],
    [
      'an update without its hash',
      Buffer.from('[{"kind":"update","key":"k","record":"r","differences":[]}]'),
    ],
    ['of a newer program', Buffer.from([2, 0, 0, 0])],
    ['nothing at all', Buffer.alloc(0)],
  ])('are told in words when they are %s', (_, body) => {
    expect(() => decodeChanges(body)).toThrow(
      'stored-unreadable: the store holds something that cannot be read',
    );
  });
});

describe('what a call takes', () => {
  it('leaves empty cells out of a create, and clears them in an update', () => {
    const columns = [target('key'), target('n', 'number'), target('ok', 'checkbox')];
    expect(createdFields(['k', '', 'true'], columns)).toEqual({ key: 'k', ok: true });
    const update = {
      kind: 'update' as const,
      key: 'k',
      record: 'rec1',
      hash: '',
      differences: [
        [1, '', '5'],
        [2, '', 'true'],
        [9, 'x', ''],
      ] as const,
    };
    expect(updatedRecord(update, columns)).toEqual({ id: 'rec1', fields: { n: null, ok: false } });
  });

  it.each(['__proto__', 'constructor', 'toString', 'toJSON'])('names a field %s as any other', (name) => {
    const columns = [target('key'), target(name)];
    expect(JSON.stringify(createdFields(['k', 'v'], columns))).toBe(`{"key":"k","${name}":"v"}`);
    const update = {
      kind: 'update' as const,
      key: 'k',
      record: 'rec1',
      hash: '',
      differences: [[1, 'v', '']] as const,
    };
    expect(JSON.stringify(updatedRecord(update, columns).fields)).toBe(`{"${name}":"v"}`);
  });
});
