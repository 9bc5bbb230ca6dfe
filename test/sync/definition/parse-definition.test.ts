import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseDefinition } from '../../../src/sync/definition/parse-definition.ts';

/** A definition with the least that one needs, and changes to it. `undefined` takes an entry away. */
const written = (change: Record<string, unknown> = {}): Record<string, unknown> => {
  const all: Record<string, unknown> = {
    name: 'orders',
    source: { connection: 'shop', query: 'select id from t' },
    key: 'id',
    target: 'https://example.feishu.cn/base/APPTOKEN?table=tblXXXX',
    ...change,
  };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
};

const definitionOf = (change: Record<string, unknown>) => {
  const parsed = parseDefinition(written(change));
  if (parsed.kind === 'issues') throw new Error(JSON.stringify(parsed.issues));
  return parsed.definition;
};

const issuesOf = (raw: unknown) => {
  const parsed = parseDefinition(raw);
  return parsed.kind === 'issues' ? parsed.issues : [];
};

it('fills in what was left out', () => {
  expect(definitionOf({})).toEqual({
    name: 'orders',
    title: 'orders',
    source: { connection: 'shop', query: 'select id from t', timeout: 300 },
    key: [{ column: 'id', field: 'id' }],
    target: 'https://example.feishu.cn/base/APPTOKEN?table=tblXXXX',
    mode: 'upsert',
    fields: {},
    chunkSize: 'auto',
    concurrency: 'auto',
    rounds: 3,
    deletes: 'ask',
    brake: { deletes: 0.2, updates: 0.5, creates: 0.4 },
    access: {},
    schedule: [],
    view: 'ignore',
    read: { whole: '1d' },
    private: [],
  });
});

describe('a key', () => {
  it.each([
    ['one column', 'no', [['no', 'no']]],
    ['a column for another field', { source: 'no', table: '订单号' }, [['no', '订单号']]],
    ['the same in other words', { column: 'no', field: '订单号' }, [['no', '订单号']]],
    ['only a column', { source: 'no' }, [['no', 'no']]],
    [
      'several',
      ['店铺', { source: 'no', table: '订单号' }],
      [
        ['店铺', '店铺'],
        ['no', '订单号'],
      ],
    ],
  ])('is %s', (_, key, pairs) => {
    expect(definitionOf({ key }).key.map(({ column, field }) => [column, field])).toEqual(pairs);
  });

  it('goes to the field that its column is sent to', () => {
    const { key } = definitionOf({ key: 'no', fields: { no: { to: '订单号' } } });
    expect(key).toEqual([{ column: 'no', field: '订单号' }]);
  });
});

describe('a rule', () => {
  it.each([
    ['skip', { a: 'skip' }, { a: { skip: true } }],
    ['a type', { a: 'date' }, { a: { as: 'date' } }],
    ['as it is', { a: { map: { 0: '女' }, empty: 'keep' } }, { a: { map: { 0: '女' }, empty: 'keep' } }],
    [
      'named after the field',
      { 金额: { from: 'amount', as: 'number' } },
      { amount: { to: '金额', as: 'number' } },
    ],
  ])('can be written as %s', (_, fields, rules) => {
    expect(definitionOf({ fields }).fields).toEqual(rules);
  });
});

it.each([
  ['20%', 0.2],
  ['7.5 %', 0.075],
  ['100%', 1],
  [0.3, 0.3],
  [0, 0],
])('a brake of %j is the share %d', (deletes, share) => {
  expect(definitionOf({ brake: { deletes } }).brake).toEqual({ deletes: share, updates: 0.5, creates: 0.4 });
});

it('one person need not be a list', () => {
  expect(definitionOf({ access: { run: 'everyone', approve: ['ou_1', 'other'] } }).access).toEqual({
    run: ['everyone'],
    approve: ['ou_1', 'other'],
  });
});

describe('what is wrong is said in plain words', () => {
  it.each<[raw: Record<string, unknown>, path: (string | number)[], en: string]>([
    [{ name: undefined }, ['name'], 'name is missing'],
    [
      { name: 'Orders' },
      ['name'],
      'name must be lower-case letters, digits, - and _, at most 40, beginning with a letter or digit',
    ],
    [{ name: 'status' }, ['name'], 'name cannot be status: that is a command'],
    [{ title: ' ' }, ['title'], 'title must be a text'],
    [{ source: 'shop' }, ['source'], 'source must be lines of "name: value"'],
    [{ source: { connection: 'shop' } }, ['source', 'query'], 'source.query is missing'],
    [
      { source: { connection: 'shop', query: 'select 1', timeout: 0 } },
      ['source', 'timeout'],
      'source.timeout must be a whole number from 1 to 3600',
    ],
    [
      { source: { connection: 'shop', query: 'delete from t' } },
      ['source', 'query'],
      "Query, line 1: the query's verb is DELETE, not SELECT or WITH.",
    ],
    [{ key: undefined }, ['key'], 'key is missing'],
    [
      { key: [] },
      ['key'],
      'key must be a column, { source: column, table: field }, or a list of at most 5 of those',
    ],
    [{ key: {} }, ['key'], 'the key names no column'],
    [{ key: { source: 'a', column: 'b' } }, ['key'], 'source and column cannot both be there'],
    [
      { key: ['a', { source: 'b', table: 5 }] },
      ['key', 1, 'table'],
      'key[1].table must be the name of a field',
    ],
    [{ key: ['a', 'a'] }, ['key', 1], '"a" is in the key twice'],
    [{ fields: { id: 'skip' } }, ['fields', 'id'], '"id" is the key and cannot be skipped'],
    [
      { key: { source: 'id', table: 'A' }, fields: { id: { to: 'B' } } },
      ['key'],
      'the key "id" goes to "A" by key and to "B" by fields',
    ],
    [
      { target: 'https://example.com/base/A' },
      ['target'],
      'This is not a Feishu address: it must be on feishu.cn, larksuite.com or larkoffice.com.',
    ],
    [{ mode: 'sync' }, ['mode'], 'mode must be one of upsert, append, update, mirror'],
    [
      { fields: { a: 'datte' } },
      ['fields', 'a'],
      'fields.a must be a rule such as { as: date }, a type, or skip',
    ],
    [{ fields: { a: { round: 'yes' } } }, ['fields', 'a', 'round'], 'fields.a.round must be true or false'],
    [{ fields: { a: { from: 'b', to: 'c' } } }, ['fields', 'a'], 'a.from and a.to cannot both be there'],
    [
      { fields: { b: 'text', a: { from: 'b' } } },
      ['fields', 'a', 'from'],
      'fields has two entries for the column "b"',
    ],
    [{ chunkSize: 1001 }, ['chunkSize'], 'chunkSize must be a whole number from 1 to 1000, or auto'],
    [{ concurrency: 'many' }, ['concurrency'], 'concurrency must be a whole number from 1 to 8, or auto'],
    [{ rounds: 11 }, ['rounds'], 'rounds must be a whole number from 0 to 10'],
    [{ rounds: 2.5 }, ['rounds'], 'rounds must be a whole number from 0 to 10'],
    [{ rounds: '3' }, ['rounds'], 'rounds must be a whole number from 0 to 10'],
    [{ rounds: null }, ['rounds'], 'rounds must be a whole number from 0 to 10'],
    [
      { brake: { deletes: 20 } },
      ['brake', 'deletes'],
      'brake.deletes must be a share from 0 to 1 such as 0.2, or a percentage such as 20%',
    ],
    [
      { brake: { deletes: '120%' } },
      ['brake', 'deletes'],
      'brake.deletes must be a share from 0 to 1 such as 0.2, or a percentage such as 20%',
    ],
    [
      { access: { run: ['Ann'] } },
      ['access', 'run', 0],
      'access.run[0] must be an open_id (ou_…) or everyone',
    ],
    [
      { schedule: [{ do: 'run', cron: '9:00' }] },
      ['schedule', 0, 'cron'],
      'schedule[0].cron must be five or six cron fields such as "0 9 * * 1-5"',
    ],
    [{ schedule: [{ cron: '0 9 * * *' }] }, ['schedule', 0, 'do'], 'schedule[0].do is missing'],
    [{ timeZone: 'Mars/Base' }, ['timeZone'], 'there is no time zone "Mars/Base"'],
    [
      { schedule: [{ do: 'run', cron: '0 9 * * *', timeZone: 'IST' }] },
      ['schedule', 0, 'timeZone'],
      '"IST" is an abbreviation: it means different zones to different people',
    ],
    [{ private: 'mobile' }, ['private'], 'private must be a list of columns'],
    [{ create: 'table' }, ['create'], 'create must be fields'],
    [{ view: 'limit' }, ['view'], 'view: limit needs a target with view= in it'],
  ])('%j', (change, path, en) => {
    expect(issuesOf(written(change)).map((issue) => [issue.path, issue.message.en])).toEqual([[path, en]]);
  });

  it('all at once', () => {
    const issues = issuesOf(written({ rounds: 99, chunksize: 5, mode: 'x' }));
    expect(issues.map((issue) => issue.message.en).sort()).toEqual([
      'chunksize is unknown',
      'mode must be one of upsert, append, update, mirror',
      'rounds must be a whole number from 0 to 10',
    ]);
  });

  it('in Chinese too', () => {
    expect(issuesOf(written({ rounds: 99 }))[0]).toMatchObject({
      message: { zh: 'rounds 必须是 0 到 10 的整数' },
      cure: { zh: '现在写的是 99' },
    });
  });
});

it.each([
  [{ chunksize: 5 }, 'Did you mean chunkSize?'],
  [{ source: { connection: 'shop', query: 'select 1', tiemout: 3 } }, 'Did you mean timeout?'],
  [{ brake: { xyz: 1 } }, 'What can stand here: deletes, updates, creates.'],
  [{ key: { colum: 'id' } }, 'Did you mean column?'],
  [{ schedule: [{ do: 'run', cron: '0 9 * * *', timezone: 'UTC' }] }, 'Did you mean timeZone?'],
])('an unknown key in %j is answered with those that were meant', (change, cure) => {
  expect(issuesOf(written(change))).toMatchObject([{ code: 'unknown-key', atKey: true, cure: { en: cure } }]);
});

it('a base without a table can be written: a table may be created in it', () => {
  expect(definitionOf({ target: 'https://example.feishu.cn/base/APPTOKEN' }).target).toContain('APPTOKEN');
});

it('whatever is written is parsed without throwing, and what parses needs no second look', () => {
  const anything = fc.oneof(
    fc.anything(),
    fc.record(
      {
        name: fc.oneof(fc.constant('orders'), fc.anything()),
        source: fc.oneof(fc.constant({ connection: 'shop', query: 'select 1' }), fc.anything()),
        key: fc.oneof(fc.constant('id'), fc.anything()),
        target: fc.oneof(fc.constant('https://example.feishu.cn/base/APPTOKEN?table=tblXXXX'), fc.anything()),
        fields: fc.dictionary(fc.string(), fc.oneof(fc.constant('skip'), fc.anything())),
        rounds: fc.oneof(fc.nat(12), fc.anything()),
      },
      { requiredKeys: ['name', 'source', 'key', 'target'] },
    ),
  );
  fc.assert(
    fc.property(anything, (raw) => {
      const parsed = parseDefinition(raw);
      if (parsed.kind === 'issues') expect(parsed.issues.length).toBeGreaterThan(0);
      else expect(parsed.definition.key.length).toBeGreaterThan(0);
    }),
    { numRuns: 300 },
  );
});
