import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cutDigits } from '../src/bitable/values/plain.ts';
import type { FieldSpec, PlaygroundOptions } from '../src/index.ts';
import { caller, newBench, recordsPath } from './support.ts';

const bench = newBench();

interface Case {
  readonly field: Omit<FieldSpec, 'name'>;
  readonly sent: unknown;
  readonly shown: unknown;
}

const plain: Record<string, Case> = {
  text: { field: { type: 'Text' }, sent: 'a\n😀 ', shown: [{ text: 'a\n😀 ', type: 'text' }] },
  barcode: { field: { type: 'Barcode' }, sent: '690', shown: [{ text: '690', type: 'text' }] },
  email: {
    field: { type: 'Email' },
    sent: 'a@example.com',
    shown: [{ link: 'mailto:a@example.com', text: 'a@example.com', type: 'url' }],
  },
  number: { field: { type: 'Number' }, sent: -1.25, shown: -1.25 },
  'number beyond 15 digits': {
    field: { type: 'Number' },
    sent: Number('12345678901234567890'),
    shown: 12345678901234500000,
  },
  currency: { field: { type: 'Currency' }, sent: 9.99, shown: 9.99 },
  progress: { field: { type: 'Progress' }, sent: 0.5, shown: 0.5 },
  rating: { field: { type: 'Rating' }, sent: 3, shown: 3 },
  'single select': { field: { type: 'SingleSelect' }, sent: '新', shown: '新' },
  'multiple select': { field: { type: 'MultiSelect' }, sent: ['a', 'b'], shown: ['a', 'b'] },
  date: { field: { type: 'DateTime' }, sent: -1, shown: -1 },
  checkbox: { field: { type: 'Checkbox' }, sent: true, shown: true },
  phone: { field: { type: 'Phone' }, sent: '+8613800001234', shown: '+8613800001234' },
  url: {
    field: { type: 'Url' },
    sent: { text: 'x', link: 'https://example.com' },
    shown: { text: 'x', link: 'https://example.com' },
  },
  location: {
    field: { type: 'Location' },
    sent: '116.397755,39.903179',
    shown: expect.objectContaining({ location: '116.397755,39.903179', full_address: expect.any(String) }),
  },
};

it.each(Object.entries(plain))(
  'keeps a %s and shows it in its search shape',
  async (_name, { field, sent, shown }) => {
    const playground = await bench.start();
    const base = playground.base({
      tables: [
        {
          name: 'a',
          fields: [
            { name: 'key', type: 'Text' },
            { ...field, name: 'f' },
          ],
        },
      ],
    });
    const call = await caller(playground);
    const created = await call('POST', recordsPath(base), { fields: { f: sent } });
    expect(created).toMatchObject({ code: 0, data: { record: { fields: { f: sent } } } });
    const { data } = await call('POST', `${recordsPath(base)}/search`, {});
    expect(data['items']).toEqual([{ fields: { f: shown }, record_id: expect.any(String) }]);
    const id = base.table().records()[0]?.record_id ?? '';
    expect((await call('PUT', `${recordsPath(base)}/${id}`, { fields: { f: null } })).code).toBe(0);
    expect(base.table().rows()).toEqual([{}]);
  },
);

it('keeps persons by any of their ids, groups, files and links', async () => {
  const playground = await bench.start();
  const person = playground.person('Li Example');
  const chat = playground.chat({ kind: 'group', name: 'Sales' });
  const base = playground.base({
    tables: [
      {
        name: 'a',
        fields: [
          { name: 'who', type: 'User' },
          { name: 'group', type: 'GroupChat' },
          { name: 'files', type: 'Attachment' },
          { name: 'one', type: 'SingleLink', linksTo: 'b' },
          { name: 'both', type: 'DuplexLink', linksTo: 'b', back: 'from a' },
        ],
      },
      { name: 'b', fields: [{ name: 'key', type: 'Text' }] },
    ],
  });
  const far = base.table(1).add({ key: 'far' });
  const file_token = base.file('bill.pdf', 12, 'application/pdf');
  const call = await caller(playground);
  const fields = {
    who: [{ id: person.unionId }],
    group: [{ id: chat.id }],
    files: [{ file_token }],
    one: [far],
    both: [far],
  };
  const created = await call('POST', `${recordsPath(base)}?user_id_type=union_id`, { fields });
  expect(created.code).toBe(0);
  const { data } = await call('POST', `${recordsPath(base)}/search`, {});
  expect(data['items']).toMatchObject([
    {
      fields: {
        who: [{ id: person.openId, name: 'Li Example', en_name: 'Li Example', email: person.email }],
        group: [{ id: chat.id, name: 'Sales' }],
        files: [{ file_token, name: 'bill.pdf', size: 12, type: 'application/pdf' }],
        one: { link_record_ids: [far] },
        both: { link_record_ids: [far] },
      },
    },
  ]);
  const id = base.table().records()[0]?.record_id;
  expect(base.table(1).records()[0]?.fields).toEqual({ key: 'far', 'from a': [id] });
  base.table(1).remove(far);
  expect(base.table().records()[0]?.fields).not.toHaveProperty('both');
});

it('takes 1,000 people, 500 links and 10 groups in one cell, and not one more', async () => {
  const playground = await bench.start();
  const base = playground.base({
    tables: [
      {
        name: 'a',
        fields: [
          { name: 'who', type: 'User' },
          { name: 'one', type: 'SingleLink', linksTo: 'b' },
          { name: 'both', type: 'DuplexLink', linksTo: 'b', back: 'a' },
          { name: 'group', type: 'GroupChat' },
        ],
      },
      {
        name: 'b',
        fields: [{ name: 'key', type: 'Text' }],
        records: Array.from({ length: 501 }, (_, at) => ({ key: `${at}` })),
      },
    ],
  });
  const person = { id: playground.person().openId };
  const group = { id: playground.chat({ kind: 'group' }).id };
  const ids = base
    .table(1)
    .records()
    .map(({ record_id }) => record_id);
  const call = await caller(playground);
  const code = async (fields: object) => (await call('POST', recordsPath(base), { fields })).code;
  const times = <T>(count: number, item: T): T[] => Array.from({ length: count }, () => item);
  const most = { who: times(1000, person), one: ids.slice(1), both: ids.slice(1), group: times(10, group) };
  expect(await code(most)).toBe(0);
  expect(await code({ who: times(1001, person) })).toBe(1254066);
  expect(await code({ one: ids })).toBe(1254067);
  expect(await code({ both: ids })).toBe(1254074);
  expect(await code({ group: times(11, group) })).toBe(1254015);
});

it('numbers records by the rules of a custom auto number', async () => {
  const playground = await bench.start({ now: () => Date.UTC(2026, 2, 9, 16) });
  const options = [
    { type: 'fixed_text', value: 'NO-' },
    { type: 'created_time', value: 'yyyyMMdd' },
    { type: 'system_number', value: '4' },
  ];
  const fields = [
    { name: 'key', type: 'Text' },
    { name: 'no', type: 'AutoNumber', property: { auto_serial: { type: 'custom', options } } },
  ];
  const base = playground.base({ tables: [{ name: 'a', fields, records: [{ key: 'a' }, { key: 'b' }] }] });
  expect(
    base
      .table()
      .rows()
      .map((row) => row['no']),
  ).toEqual(['NO-202603100001', 'NO-202603100002']);
});

it('fills the fields of the system and shows seeded formulas', async () => {
  const at = 1_700_000_000_000;
  const playground = await bench.start({ now: () => at });
  const base = playground.base({
    tables: [
      {
        name: 'a',
        fields: [
          { name: 'no', type: 'AutoNumber' },
          { name: 'made', type: 'CreatedTime' },
          { name: 'by', type: 'CreatedUser' },
          { name: 'sum', type: 'Formula' },
          { name: 'names', type: 'Lookup' },
          { name: 'step', type: 'Stage' },
          { name: 'go', type: 'Button' },
        ],
        records: [{ sum: 3, names: ['x'], step: 'open' }],
      },
    ],
  });
  expect(base.table().rows()).toMatchObject([
    {
      no: '001',
      made: at,
      by: [{ name: 'Somebody' }],
      sum: { type: 2, value: [3] },
      names: { type: 1, value: [{ text: 'x', type: 'text' }] },
      step: 'open',
    },
  ]);
  const call = await caller(playground);
  for (const name of ['no', 'made', 'by', 'sum', 'names', 'step', 'go']) {
    const answer = await call('POST', recordsPath(base), { fields: { [name]: 'x' } });
    expect(answer, name).toMatchObject({ status: 400, code: 1254015 });
  }
});

describe('values that do not fit', () => {
  const bad: [string, string, unknown, number][] = [
    ['Text', 'the shape of a read', [{ text: 'x', type: 'text' }], 1254060],
    ['Number', 'true', true, 1254061],
    ['SingleSelect', 'a list', ['x'], 1254062],
    ['MultiSelect', 'a string', 'x', 1254063],
    ['DateTime', 'a date in words', '2026-01-01', 1254064],
    ['DateTime', 'half a millisecond', 0.5, 1254064],
    ['Checkbox', '1', 1, 1254065],
    ['User', 'a bare id', 'ou_x', 1254066],
    ['User', 'somebody unknown', [{ id: 'ou_x' }], 1254066],
    ['SingleLink', 'a record that is not there', ['recX'], 1254067],
    ['Url', 'a string', 'https://example.com', 1254068],
    ['Attachment', 'a string', 'box', 1254069],
    ['Attachment', 'a file of another base', [{ file_token: 'boxX' }], 1254303],
    ['Text', 'more than 100,000 characters', 'x'.repeat(100_001), 1254130],
    ['Email', 'a number', 1, 1254060],
    ['Barcode', 'a number', 690, 1254060],
    ['Currency', 'a text', '9.99', 1254061],
    ['Rating', 'a text', '3', 1254061],
    ['MultiSelect', '1,001 names', Array.from({ length: 1001 }, (_, at) => `${at}`), 1254063],
    ['DateTime', 'a time beyond all calendars', 8.65e15, 1254064],
    ['DuplexLink', 'a record that is not there', ['recX'], 1254074],
    ['GroupChat', 'a group that is not there', [{ id: 'oc_x' }], 1254015],
    ['Attachment', '101 files', Array.from({ length: 101 }, () => ({ file_token: 'boxX' })), 1254106],
    ['Location', 'words', 'Beijing', 1254015],
    ['Location', 'a longitude beyond 180 degrees', '180.1,0', 1254015],
    ['Location', 'a latitude beyond 90 degrees', '116.4,-90.1', 1254015],
    ['CreatedTime', 'anything', 1, 1254015],
    ['AutoNumber', 'anything', '1', 1254015],
    ['Phone', 'a dash', '138-0000', 1254072],
    ['Phone', '65 digits', '1'.repeat(65), 1254072],
    ['DuplexLink', 'the shape of a read', { link_record_ids: [] }, 1254074],
  ];
  it.each(bad)('%s refuses %s', async (type, _name, value, code) => {
    const playground = await bench.start();
    const linked = type.endsWith('Link') ? { linksTo: 'a', back: 'back' } : {};
    const fields = [
      { name: 'key', type: 'Text' },
      { name: 'f', type, ...linked },
    ];
    const base = playground.base({ tables: [{ name: 'a', fields }] });
    const call = await caller(playground);
    expect((await call('POST', recordsPath(base), { fields: { f: value } })).code).toBe(code);
    expect(base.table().size()).toBe(0);
  });

  it('points at the date that is wrong', async () => {
    const playground = await bench.start();
    const base = playground.base({
      tables: [
        {
          name: 'a',
          fields: [
            { name: 'd', type: 'Text' },
            { name: 'day', type: 'DateTime' },
          ],
        },
      ],
    });
    const call = await caller(playground);
    const answer = await call('POST', `${recordsPath(base)}/batch_create`, {
      records: [{ fields: { day: 'x' } }],
    });
    expect(answer.body['error']).toMatchObject({
      message: "Invalid request parameter: 'records[0].fields.date.fieldValue.x.fieldName.day'",
    });
  });

  it('a locked select refuses new names', async () => {
    const playground = await bench.start();
    const fields = [
      { name: 'key', type: 'Text' },
      { name: 's', type: 'SingleSelect', options: ['a'], optionsLocked: true },
    ];
    const base = playground.base({ tables: [{ name: 'a', fields }] });
    const call = await caller(playground);
    expect((await call('POST', recordsPath(base), { fields: { s: 'a' } })).code).toBe(0);
    expect((await call('POST', recordsPath(base), { fields: { s: 'b' } })).code).toBe(1254062);
  });
});

describe('numbers', () => {
  const anyNumber = fc.oneof(
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.integer(),
    fc.bigInt({ min: -(10n ** 25n), max: 10n ** 25n }).map(Number),
  );
  const significant = (value: number): string =>
    value.toExponential().replace('-', '').replace('.', '').split('e')[0] ?? '';

  it('keep at most 15 significant digits, and numbers with fewer stay as they are', () => {
    fc.assert(
      fc.property(anyNumber, (value) => {
        const cut = cutDigits(value, 'truncate');
        if (significant(value).length <= 15) expect(cut).toBe(value);
        else expect(significant(value).startsWith(significant(cut)), `${value} → ${cut}`).toBe(true);
        expect(significant(cut).length).toBeLessThanOrEqual(15);
        expect(cutDigits(cut, 'truncate')).toBe(cut);
        expect(cutDigits(value, 'none')).toBe(value);
      }),
    );
  });

  it('are rounded where the place rounds', () => {
    expect(cutDigits(0.1234567890123456, 'truncate')).toBe(0.123456789012345);
    expect(cutDigits(0.1234567890123456, 'round')).toBe(0.123456789012346);
  });
});

describe('options that a write makes', () => {
  const selects = async (options: PlaygroundOptions = {}) => {
    const playground = await bench.start({ rates: false, ...options });
    const fields = [
      { name: 'key', type: 'Text' },
      { name: 'one', type: 'SingleSelect' },
      { name: 'many', type: 'MultiSelect', options: ['old'] },
    ];
    const base = playground.base({ tables: [{ name: 'a', fields }] });
    const call = await caller(playground);
    const create = (...records: object[]) =>
      call('POST', `${recordsPath(base)}/batch_create`, { records: records.map((fields) => ({ fields })) });
    const names = (field: string) =>
      base
        .table()
        .options(field)
        .map(({ name }) => name);
    return { playground, base, create, names };
  };

  it('are one for a name in several records, and two for a name twice in one cell', async () => {
    const { base, create, names } = await selects();
    expect((await create({ one: 'a' }, { one: 'a', many: ['b', 'old', 'b'] }, { many: ['b'] })).code).toBe(0);
    expect(names('one')).toEqual(['a']);
    expect(names('many')).toEqual(['old', 'b', 'b']);
    expect(
      base
        .table()
        .rows()
        .map((row) => row['many']),
    ).toEqual([undefined, ['b', 'old', 'b'], ['b']]);
  });

  it('are two when two writes bring the name at the same time', async () => {
    const { base, create, names } = await selects({ writers: { per: 'base', atOnce: 2 }, latency: 20 });
    const both = await Promise.all([create({ one: 'a', key: '1' }), create({ one: 'a', key: '2' })]);
    expect(both.map(({ code }) => code)).toEqual([0, 0]);
    expect(names('one')).toEqual(['a', 'a']);
    expect(
      base
        .table()
        .rows()
        .map((row) => row['one']),
    ).toEqual(['a', 'a']);
    await create({ one: 'a' });
    expect(names('one')).toEqual(['a', 'a']);
  });

  it('are not made at all when a column would have too many', async () => {
    const { base, create, names } = await selects({ limits: { options: 2 } });
    expect((await create({ one: 'a' }, { one: 'b' }, { one: 'c' })).code).toBe(1254062);
    expect((await create({ many: ['a', 'b'] })).code).toBe(1254063);
    expect([...names('one'), ...names('many')]).toEqual(['old']);
    expect(base.table().size()).toBe(0);
    expect((await create({ one: 'a' }, { one: 'b' }, { one: 'a' }, { many: ['a'] })).code).toBe(0);
  });
});

it('notes who made and who changed a record, and when', async () => {
  let at = 1_700_000_000_000;
  const playground = await bench.start({ now: () => at });
  const fields = [
    { name: 'key', type: 'Text' },
    { name: 'made', type: 'CreatedTime' },
    { name: 'changed', type: 'ModifiedTime' },
    { name: 'by', type: 'ModifiedUser' },
  ];
  const base = playground.base({ tables: [{ name: 'a', fields, records: [{ key: 'a' }] }] });
  const id = base.table().records()[0]?.record_id ?? '';
  at += 1000;
  const call = await caller(playground);
  await call('PUT', `${recordsPath(base)}/${id}`, { fields: { key: 'b' } });
  expect(base.table().rows()).toMatchObject([
    { made: at - 1000, changed: at, by: [{ id: playground.bot.openId, name: 'Sync Bot' }] },
  ]);
});
