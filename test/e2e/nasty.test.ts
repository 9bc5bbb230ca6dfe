import type { FieldSpec } from 'bitable-playground';
import { describe, expect, it } from 'vitest';
import { newWorld, type World } from '../support/world.ts';

/** A table `t` of the shop's with a key `k` and one value `v`, and the Feishu table for it. */
async function newPair(
  declared: string,
  field: Omit<FieldSpec, 'name'>,
  more: Readonly<Record<string, unknown>> = {},
): Promise<World & { readonly held: () => Record<string, unknown> }> {
  const world = await newWorld({ orders: 0, mysql: true });
  await world.shop.exec(
    `create table t (k varchar(20) primary key, v ${declared}) character set utf8mb4 collate utf8mb4_bin`,
  );
  const fields = [
    { name: 'k', type: 'Text' },
    { name: 'v', ...field },
  ];
  const table = world.feishu.base({ name: '怪值', tables: [{ name: 't', fields }] }).table();
  world.define({
    source: { connection: 'shop', query: 'select * from t' },
    key: 'k',
    target: table.url,
    mode: 'upsert',
    fields: {},
    ...more,
  });
  const held = () => Object.fromEntries(table.records().map((one) => [one.fields['k'], one.fields['v']]));
  return { ...world, held };
}

const hex = (words: string): string => `x'${Buffer.from(words).toString('hex')}'`;

/** Puts each word in a row of its own: `r0`, `r1`, … */
const put = (world: World, words: readonly string[]): Promise<void> =>
  world.shop.exec(`insert into t values ${words.map((word, n) => `('r${n}', ${hex(word)})`).join(', ')}`);

async function expectSteady(world: World, rows: number): Promise<void> {
  world.writes();
  expect((await world.run()).rows).toMatchObject({ unchanged: rows, created: 0, updated: 0 });
  expect(world.writes()).toEqual([]);
}

describe('text', () => {
  const nasty = [
    '😀👩‍👩‍👧𠮷',
    '\u200b零\u200d宽\ufeff',
    'ＡＢＣ１２，。',
    'e\u0301 and é',
    '00042',
    '+86 (138) 0000-1000',
    '12345678901234567890',
    'a\nb\r\nc\td',
    'NaN',
    'Infinity',
    '-0',
    '1e400',
    '0x1F',
    'null',
    '{"a":[1,null,"\\u00e9"],"b":{}}',
    '[]',
    "'; drop table t; -- \\",
    '<at id=all></at> **bold** [x](http://x)',
    '=1+1',
    '\u001e\u001f',
    ' both ends ',
    '字'.repeat(100_000),
  ];

  it('of every nasty kind arrives as it is, and a second run writes nothing', async () => {
    const world = await newPair('longtext', { type: 'Text' });
    await put(world, nasty);
    const first = await world.run();
    expect(first, first.err).toMatchObject({ status: 'done', rows: { created: nasty.length } });
    expect(world.held()).toEqual(Object.fromEntries(nasty.map((word, n) => [`r${n}`, word])));
    await expectSteady(world, nasty.length);
  });

  it('over 100,000 characters is rejected before it is sent, with what to do, and is cut where that is said', async () => {
    const world = await newPair('longtext', { type: 'Text' });
    await put(world, ['好', `${'x'.repeat(100_000)}y`]);
    const refused = await world.run();
    expect(refused).toMatchObject({ status: 'partial', rows: { read: 2, created: 1, rejected: 1 } });
    expect(refused.err).toContain('truncate: 100000');
    expect(world.held()).toEqual({ r0: '好' });

    world.define({
      source: { connection: 'shop', query: 'select * from t' },
      key: 'k',
      target: world.feishu
        .base({
          name: '截',
          tables: [
            {
              name: 't',
              fields: [
                { name: 'k', type: 'Text' },
                { name: 'v', type: 'Text' },
              ],
            },
          ],
        })
        .table().url,
      mode: 'upsert',
      fields: { v: { truncate: 100_000 } },
    });
    expect((await world.run()).rows).toMatchObject({ created: 2, rejected: 0 });
    await expectSteady(world, 2);
  });
});

it('words that JavaScript takes for numbers are no numbers, and zero has no sign', async () => {
  const world = await newPair('varchar(40)', { type: 'Number' });
  await put(world, [
    'NaN',
    'Infinity',
    '-Infinity',
    '0x1F',
    '1,5',
    '12345678901234567890',
    '-0',
    '-0.0',
    '1e3',
  ]);
  const { rows, err } = await world.run();
  expect(rows).toMatchObject({ read: 9, created: 3, rejected: 6 });
  expect(err).toContain('is not a number');
  expect(world.held()).toEqual({ r6: 0, r7: 0, r8: 1000 });
  expect(Object.values(world.held()).some((value) => Object.is(value, -0))).toBe(false);
});

it('days before 1970 and after 2038 are the same days in Feishu', async () => {
  const world = await newPair('datetime(3)', { type: 'DateTime' }, { timeZone: 'UTC' });
  await put(world, [
    '1969-12-31 23:59:59.999',
    '1901-12-13 20:45:51',
    '2038-01-19 03:14:08',
    '2199-12-31 23:59:59',
  ]);
  expect((await world.run()).rows).toMatchObject({ created: 4 });
  expect(world.held()).toEqual({
    r0: -1,
    r1: Date.UTC(1901, 11, 13, 20, 45, 51),
    r2: 2 ** 31 * 1000,
    r3: Date.UTC(2199, 11, 31, 23, 59, 59),
  });
  await expectSteady(world, 4);
});

describe('the hour that clocks repeat in autumn', () => {
  const hour = ['2026-11-01 05:30:00', '2026-11-01 06:30:00'];
  async function filled(query: string) {
    const zone = { timeZone: 'America/New_York', source: { connection: 'shop', query } };
    const world = await newPair('timestamp null', { type: 'DateTime' }, zone);
    for (const [n, at] of hour.entries())
      await world.shop.exec(
        `insert into t values ('r${n}', convert_tz('${at}', '+00:00', @@session.time_zone))`,
      );
    return world;
  }

  it('holds two instants of a TIMESTAMP, and both arrive', async () => {
    const world = await filled('select * from t order by k');
    expect((await world.run()).rows).toMatchObject({ created: 2 });
    expect(world.held()).toEqual({ r0: Date.parse(`${hour[0]}Z`), r1: Date.parse(`${hour[1]}Z`) });
    await expectSteady(world, 2);
  });

  it('is refused, with what to do, where the server cannot say which one it is', async () => {
    const world = await filled('select sql_no_cache * from t');
    await world.shop.exec("insert into t values ('r2', '2026-07-01 00:00:00')");
    const report = await world.run();
    expect(report).toMatchObject({ status: 'partial', rows: { read: 3, created: 1, rejected: 2 } });
    expect(report.err).toContain('UNIX_TIMESTAMP(v)');
  });
});

it('numbers that can only be seconds are told where they are read as milliseconds', async () => {
  const world = await newPair('bigint', { type: 'DateTime' });
  await world.shop.exec("insert into t values ('a', 1769817600), ('b', 1769900000)");
  expect((await world.run('plan orders')).err).toContain('fields: { v: { unit: s } }');
  expect((await world.run()).err).toContain('look like seconds');
});

describe('select options', () => {
  it('above 200 new ones wait for a person', async () => {
    const world = await newPair('varchar(40)', { type: 'SingleSelect', options: ['甲'] });
    await put(
      world,
      Array.from({ length: 201 }, (_, n) => `新${n}`),
    );
    const waits = await world.run();
    expect(waits).toMatchObject({ exit: 3, status: 'waiting' });
    expect(waits.waiting?.reasons.join()).toContain('201 select options');
    expect(world.held()).toEqual({});
  });

  it('that are forbidden reject their row in words', async () => {
    const world = await newPair(
      'varchar(40)',
      { type: 'MultiSelect', options: ['甲', '乙'] },
      { fields: { v: { split: '/', options: 'reject' } } },
    );
    await put(world, ['乙/甲/乙', '甲/丙']);
    const { rows, err } = await world.run();
    expect(rows).toMatchObject({ created: 1, rejected: 1 });
    expect(err).toContain('is no option');
    expect(world.held()).toEqual({
      r0: expect.toSatisfy((cell: string[]) => [...cell].sort().join() === '乙,甲'),
    });
  });
});
