import type { Fields } from 'bitable-playground';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { newWorld, type World } from '../support/world.ts';

/** The columns whose cells point at something, in the order of the table. */
const columns = ['人员', '群组', '关联', '双向', '附件', '负责人', '客户'] as const;

/** Members of one cell by number, a list a column; empty lists are empty cells. */
type Row = readonly (readonly number[])[];

const things = 3;
const list = (most: number) => fc.subarray([...Array(things).keys()], { maxLength: most });
/** A record of the other table has one record on this side at most here, so that the tests' own sums stay simple. */
const rows: fc.Arbitrary<readonly Row[]> = fc.array(
  fc.tuple(list(3), list(3), list(3), list(3), list(3), list(1), list(3)),
  { minLength: 1, maxLength: 12 },
);

/** A base with people, groups, records to link to and files, and the written form of each column's members. */
function newOffice({ feishu, define }: World) {
  const base = feishu.base({
    name: '引用',
    tables: [
      {
        name: '全部',
        fields: [
          { name: '编号', type: 'Text' },
          { name: '人员', type: 'User' },
          { name: '群组', type: 'GroupChat' },
          { name: '关联', type: 'SingleLink', linksTo: '对方' },
          { name: '双向', type: 'DuplexLink', linksTo: '对方' },
          { name: '附件', type: 'Attachment' },
          { name: '负责人', type: 'User' },
          { name: '客户', type: 'SingleLink', linksTo: '对方' },
        ],
      },
      { name: '对方', fields: [{ name: '客户编号', type: 'Text' }] },
    ],
  });
  const numbers = [...Array(things).keys()];
  const mark = base.appToken.slice(0, 6).toLowerCase();
  const people = numbers.map((n) => feishu.person({ name: `员工${n}`, email: `${mark}${n}@example.com` }));
  const groups = numbers.map((n) => feishu.chat({ kind: 'group', name: `群${n}` }).id);
  const files = numbers.map((n) => base.file(`合同${n}.pdf`));
  const records = numbers.map((n) => base.table('对方').add({ 客户编号: `C${n}` }));
  const openIds = people.map(({ openId }) => openId);
  const words: Readonly<Record<(typeof columns)[number], readonly string[]>> = {
    人员: openIds,
    群组: groups,
    关联: records,
    双向: records,
    附件: files,
    负责人: numbers.map((n) => ` ${mark.toUpperCase()}${n}@Example.com `),
    客户: numbers.map((n) => `C${n}`),
  };
  const cells: Readonly<Record<(typeof columns)[number], readonly unknown[]>> = {
    人员: openIds.map((id) => ({ id })),
    群组: groups.map((id) => ({ id })),
    关联: records,
    双向: records,
    附件: files.map((file_token) => ({ file_token })),
    负责人: openIds.map((id) => ({ id })),
    客户: records,
  };
  define({
    source: { connection: 'shop', query: 'select * from points' },
    key: '编号',
    target: base.table().url,
    mode: 'upsert',
    fields: {
      群组: { split: ',' },
      附件: { split: ',' },
      负责人: { by: 'email' },
      客户: { by: '客户编号', split: ',' },
    },
    brake: { updates: 1 },
  });
  return { table: base.table(), words, cells };
}

type Office = ReturnType<typeof newOffice>;

/** A JSON array, or the words with commas between them where the definition splits them. */
function sqlOf(column: (typeof columns)[number], members: readonly string[]): string {
  if (members.length === 0) return 'null';
  if (['群组', '附件', '客户'].includes(column)) return `'${members.join(',')}'`;
  return column === '负责人' ? `'${members[0]}'` : `'${JSON.stringify(members)}'`;
}

async function fill({ shop }: World, { words }: Office, all: readonly Row[]): Promise<void> {
  await shop.exec('delete from points');
  const lines = all.map((row, number) => {
    const values = columns.map((column, at) =>
      sqlOf(
        column,
        (row[at] ?? []).map((member) => words[column][member] ?? ''),
      ),
    );
    return `('R${number}', ${values.join(', ')})`;
  });
  await shop.exec(`insert into points values ${lines.join(', ')}`);
}

const sorted = (cell: unknown): unknown =>
  Array.isArray(cell) ? cell.map((item) => JSON.stringify(item)).sort() : cell;

const tidy = (fields: Fields): Fields =>
  Object.fromEntries(Object.entries(fields).map(([name, cell]) => [name, sorted(cell)]));

const expected = ({ cells }: Office, all: readonly Row[]): Fields[] =>
  all.map((row, number) =>
    tidy({
      编号: `R${number}`,
      ...Object.fromEntries(
        columns.flatMap((column, at) => {
          const members = (row[at] ?? []).map((member) => cells[column][member]);
          return members.length === 0 ? [] : [[column, members] as const];
        }),
      ),
    }),
  );

it('people, groups, links and files arrive exactly, a second run writes nothing, and one edited cell is set back', async () => {
  const world = await newWorld({ orders: 0, mysql: true });
  const declared = columns.map((name, at) => `\`${name}\` ${at === 0 ? 'json' : 'varchar(300)'}`);
  await world.shop.exec(
    `create table points (\`编号\` varchar(20) primary key, ${declared.join(', ')}) character set utf8mb4`,
  );
  await fc.assert(
    fc.asyncProperty(rows, fc.nat(), fc.nat(), list(3), async (all, whichRow, whichColumn, other) => {
      const office = newOffice(world);
      const { table, cells } = office;
      const held = (): Fields[] =>
        table
          .records()
          .map(({ fields }) => tidy(fields))
          .sort((a, b) => Number(String(a['编号']).slice(1)) - Number(String(b['编号']).slice(1)));
      await fill(world, office, all);
      world.writes();
      const first = await world.run();
      expect(first.rows, first.err).toMatchObject({ read: all.length, created: all.length });
      expect(held()).toEqual(expected(office, all));
      world.writes();

      expect((await world.run()).rows).toMatchObject({ unchanged: all.length });
      expect(world.writes()).toEqual([]);

      const at = whichColumn % columns.length;
      const column = columns[at] ?? '人员';
      const number = whichRow % all.length;
      const record = table.records().find(({ fields }) => fields['编号'] === `R${number}`);
      if (!record) throw new Error('No record to edit.');
      const put = other.map((member) => cells[column][member]);
      table.edit(record.record_id, { [column]: put.length === 0 ? null : put });
      world.sent();
      const moved = sorted(put) as readonly string[];
      const same = moved.join() === ((expected(office, all)[number]?.[column] ?? []) as string[]).join();
      expect((await world.run()).rows).toMatchObject(same ? { updated: 0 } : { updated: 1 });
      expect(world.sent().flatMap(({ records }) => records)).toEqual(
        same ? [] : [{ record_id: record.record_id, fields: { [column]: expect.toSatisfy(() => true) } }],
      );
      expect(held()).toEqual(expected(office, all));
    }),
    { numRuns: 4 },
  );
});
