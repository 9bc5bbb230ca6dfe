import type { Fields } from 'bitable-playground';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { newWorld, type World } from '../support/world.ts';

/** A zone without daylight saving, so that the expected instants can be worked out by hand. */
const zone = 'Asia/Dubai';
const hours = 4;

/** One column of the database, the field that it goes to, and values with what the table is to hold. */
interface Case {
  readonly name: string;
  readonly column: string;
  readonly field: { readonly type: string; readonly options?: readonly string[] };
  /** Values as SQL writes them, each with the cell in written form; undefined is an empty cell. */
  readonly values: fc.Arbitrary<readonly [sql: string, cell: unknown]>;
  /** Another cell that a person may put there. */
  readonly other: unknown;
}

const quoted = (words: string): string => `'${words.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`;
const words = (values: fc.Arbitrary<string>): Case['values'] =>
  values.map((value) => [quoted(value), value === '' ? undefined : value]);
const digits = (values: fc.Arbitrary<number | bigint>): Case['values'] =>
  values.map((value) => [String(value), Number(value)]);
const money = (scale: number): Case['values'] =>
  fc.integer({ min: -(10 ** 9), max: 10 ** 9 }).map((cents) => {
    const value = (cents / 10 ** scale).toFixed(scale);
    return [value, Number(value) + 0];
  });

const nasty = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 40 }).map((value) => value.replaceAll('\0', '')),
  fc.constantFrom(
    '😀👩‍👩‍👧',
    '\u200b零宽',
    'ＡＢＣ１２',
    '00042',
    '12345678901234567890',
    'a\nb\r\n',
    'NaN',
    '{"a":[1]}',
    ' x ',
  ),
);

/** `2026-01-31 08:00:00` and its instant; milliseconds since the epoch are given as those of the wall clock. */
const at = (wall: number): readonly [string, number] => [
  quoted(
    new Date(wall)
      .toISOString()
      .replace('T', ' ')
      .replace(/\.\d+Z$/, ''),
  ),
  wall - hours * 3_600_000,
];
const second = 1000;
const day = 86_400 * second;
const moment = (from: string, to: string) =>
  fc
    .integer({ min: Date.parse(from) / second, max: Date.parse(to) / second })
    .map((seconds) => at(seconds * second));

const cases: readonly Case[] = [
  { name: '文本', column: 'text', field: { type: 'Text' }, values: words(nasty), other: '别人写的' },
  {
    name: '条码',
    column: 'varchar(80)',
    field: { type: 'Barcode' },
    values: words(nasty),
    other: '别人写的',
  },
  {
    name: '大号',
    column: 'bigint unsigned',
    field: { type: 'Text' },
    values: fc.bigInt(0n, 2n ** 64n - 1n).map((value) => [String(value), String(value)]),
    other: '1',
  },
  {
    name: '微整数',
    column: 'tinyint',
    field: { type: 'Number' },
    values: digits(fc.integer({ min: -128, max: 127 })),
    other: 1000,
  },
  {
    name: '整数',
    column: 'int unsigned',
    field: { type: 'Number' },
    values: digits(fc.integer({ min: 0, max: 2 ** 32 - 1 })),
    other: -1,
  },
  {
    name: '长整数',
    column: 'bigint',
    field: { type: 'Number' },
    values: digits(fc.bigInt(-(10n ** 15n) + 1n, 10n ** 15n - 1n)),
    other: 0.5,
  },
  { name: '小数', column: 'decimal(20,4)', field: { type: 'Number' }, values: money(4), other: 0.00005 },
  { name: '金额', column: 'decimal(12,2)', field: { type: 'Currency' }, values: money(2), other: 0.001 },
  {
    name: '浮点',
    column: 'double',
    field: { type: 'Number' },
    values: fc.integer({ min: -(10 ** 6), max: 10 ** 6 }).map((value) => [`${value}e-3`, value / 1000 + 0]),
    other: 1e9,
  },
  {
    name: '进度',
    column: 'float',
    field: { type: 'Progress' },
    values: fc.integer({ min: 0, max: 4 }).map((value) => [String(value / 4), value / 4]),
    other: 0.1,
  },
  {
    name: '评分',
    column: 'smallint',
    field: { type: 'Rating' },
    values: digits(fc.integer({ min: 1, max: 4 })),
    other: 5,
  },
  {
    name: '位',
    column: 'bit(16)',
    field: { type: 'Number' },
    values: digits(fc.integer({ min: 0, max: 65_535 })),
    other: 70_000,
  },
  {
    name: '年',
    column: 'year',
    field: { type: 'Number' },
    values: digits(fc.integer({ min: 1901, max: 2155 })),
    other: 1,
  },
  {
    name: '旗',
    column: 'tinyint(1)',
    field: { type: 'Checkbox' },
    values: fc.boolean().map((value) => [value ? '1' : '0', value]),
    other: 'flip',
  },
  {
    name: '日期',
    column: 'date',
    field: { type: 'DateTime' },
    values: fc
      .integer({ min: -14_000, max: 47_000 })
      .map((days) => at(days * day))
      .map(([sql, ms]) => [sql.replace(' 00:00:00', ''), ms]),
    other: 1,
  },
  {
    name: '时刻',
    column: 'datetime',
    field: { type: 'DateTime' },
    values: moment('1931-01-01', '2099-12-31'),
    other: 1,
  },
  {
    name: '时间戳',
    column: 'timestamp null',
    field: { type: 'DateTime' },
    values: moment('1971-01-01', '2037-12-31').map(([sql, ms]) => {
      // An instant, whatever the zone of the session that wrote it.
      return [`convert_tz(${sql}, '+0${hours}:00', @@session.time_zone)`, ms];
    }),
    other: 1,
  },
  {
    name: '时间',
    column: 'time',
    field: { type: 'Text' },
    values: words(fc.constantFrom('00:00:01', '23:59:59', '-838:59:59')),
    other: '1',
  },
  {
    name: '单选',
    column: "enum('红','绿','蓝')",
    field: { type: 'SingleSelect', options: ['红', '绿', '蓝', '黑'] },
    values: words(fc.constantFrom('红', '绿', '蓝')),
    other: '黑',
  },
  {
    name: '多选',
    column: "set('甲','乙','丙')",
    field: { type: 'MultiSelect', options: ['甲', '乙', '丙', '丁'] },
    values: fc
      .subarray(['丙', '乙', '甲'], { minLength: 1 })
      .map((some) => [quoted(some.join(',')), [...some].sort()]),
    other: ['丁'],
  },
  {
    name: '文档',
    column: 'json',
    field: { type: 'Text' },
    values: fc
      .constantFrom('{"a": [1, null]}', '"x"', '12345678901234567890')
      .map((value) => [quoted(value), value]),
    other: '{}',
  },
  {
    name: '电话',
    column: 'varchar(40)',
    field: { type: 'Phone' },
    values: words(fc.constantFrom('13800001000', '+8613800001001', '0210000')),
    other: '1',
  },
  {
    name: '网址',
    column: 'varchar(200)',
    field: { type: 'Url' },
    values: fc
      .constantFrom('https://example.com/a?b=1#c', 'example.com')
      .map((link) => [quoted(link), { link, text: link }]),
    other: { link: 'https://example.com/x', text: '看这里' },
  },
  {
    name: '邮箱',
    column: 'varchar(80)',
    field: { type: 'Email' },
    values: words(fc.constantFrom('a@example.com', 'B@example.com')),
    other: 'c@example.com',
  },
  {
    name: '位置',
    column: 'varchar(40)',
    field: { type: 'Location' },
    values: fc.constantFrom('116.397755,39.903179', '-0.5,12').map((value) => [quoted(value), value]),
    other: '1,1',
  },
];

type Row = readonly (readonly [sql: string, cell: unknown])[];

/** Any cell may be null: the field stays empty, a checkbox unticked. */
const rows = fc.array(
  fc.tuple(
    ...cases.map(({ values }) =>
      fc.oneof(
        { weight: 6, arbitrary: values },
        { weight: 1, arbitrary: fc.constant(['null', undefined] as const) },
      ),
    ),
  ) as fc.Arbitrary<Row>,
  { minLength: 1, maxLength: 25 },
);

/** A shop with a table of every type. */
async function newShop(): Promise<World> {
  const world = await newWorld({ orders: 0, mysql: true });
  const columns = cases.map(({ name, column }) => `\`${name}\` ${column}`).join(', ');
  await world.shop.exec(
    `create table every_type (\`编号\` varchar(20) primary key, ${columns}) character set utf8mb4`,
  );
  return world;
}

/** An empty table with a field for each column, and the definition that fills it. */
function newTable({ feishu, define }: World) {
  const fields = [{ name: '编号', type: 'Text' }, ...cases.map(({ name, field }) => ({ name, ...field }))];
  const table = feishu.base({ name: '类型', timeZone: zone, tables: [{ name: '全部', fields }] }).table();
  define({
    source: { connection: 'shop', query: 'select * from every_type' },
    key: '编号',
    target: table.url,
    mode: 'upsert',
    timeZone: zone,
    fields: {},
    brake: { updates: 1 },
  });
  return table;
}

async function fill({ shop }: World, all: readonly Row[]): Promise<void> {
  await shop.exec('delete from every_type');
  const values = all.map((row, number) => `('R${number}', ${row.map(([sql]) => sql).join(', ')})`);
  await shop.exec(`insert into every_type values ${values.join(', ')}`);
}

/** What the table is to hold, worked out without the program. */
function expected(all: readonly Row[]): Fields[] {
  return all.map((row, number) => {
    const filled = row.flatMap(([, cell], place) => {
      const flag = cases[place]?.field.type === 'Checkbox';
      return cell === undefined || (flag && cell === false)
        ? []
        : [[cases[place]?.name ?? '', cell] as const];
    });
    return { 编号: `R${number}`, ...Object.fromEntries(filled) };
  });
}

const tidy = ({ 多选: set, 旗: flag, ...fields }: Fields): Fields => ({
  ...fields,
  ...(Array.isArray(set) ? { 多选: [...set].sort() } : {}),
  ...(flag === true ? { 旗: true } : {}),
});

it('every type arrives exactly, a second run writes nothing, and an edited cell alone is set back', async () => {
  const world = await newShop();
  const heldIn = (table: ReturnType<typeof newTable>) =>
    table
      .records()
      .map(({ fields }) => tidy(fields))
      .sort((a, b) => Number(String(a['编号']).slice(1)) - Number(String(b['编号']).slice(1)));
  await fc.assert(
    fc.asyncProperty(rows, fc.nat(), fc.nat(), async (all, whichRow, whichCell) => {
      const table = newTable(world);
      const held = () => heldIn(table);
      await fill(world, all);
      world.writes();
      const first = await world.run();
      expect(first.rows, first.err).toMatchObject({ read: all.length, created: all.length });
      expect(held()).toEqual(expected(all));
      world.writes();

      expect((await world.run()).rows).toMatchObject({ unchanged: all.length });
      expect(world.writes()).toEqual([]);

      const edited = cases[whichCell % cases.length] as Case;
      const number = whichRow % all.length;
      const record = table.records().find(({ fields }) => fields['编号'] === `R${number}`);
      if (!record) throw new Error('No record to edit.');
      const now = record.fields[edited.name];
      table.edit(record.record_id, { [edited.name]: edited.other === 'flip' ? now !== true : edited.other });
      world.sent();
      expect((await world.run()).rows).toMatchObject({ updated: 1, unchanged: all.length - 1 });
      const [write, ...more] = world.sent();
      expect(more).toEqual([]);
      expect(write?.records).toEqual([
        { record_id: record.record_id, fields: { [edited.name]: expect.toSatisfy(() => true) } },
      ]);
      expect(held()).toEqual(expected(all));
    }),
    { numRuns: 8 },
  );
});
