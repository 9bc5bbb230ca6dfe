import { fields as narrowFields } from './fields.ts';
import { inScene, type Parts, type Scene } from './parts.ts';
import type { Sync } from './program.ts';
import { query } from './shop.ts';

/** Columns of one group: the name's first letter, what the query answers, the field, and the definition's rule. */
const kinds: readonly (readonly [
  letter: string,
  sql: (group: number) => string,
  type: string,
  rule?: Rule,
])[] = [
  ['T', (group) => `concat(u.nickname, ' ${group}')`, 'Text'],
  ['N', (group) => `uo.n + ${group}`, 'Number'],
  ['A', (group) => `(uo.amount + ${group}) / 100.0`, 'Currency'],
  ['D', (group) => `(uo.paid_time + ${group}) * 1000`, 'DateTime', { as: 'date' }],
  ['S', () => `case u.sex when 0 then '女' when 1 then '男' else '未知' end`, 'SingleSelect'],
  ['P', () => 'u.mobile', 'Phone'],
  ['U', (group) => `concat('https://shop.example.com/', ${group}, '/', uo.id)`, 'Url'],
  ['C', (group) => `(uo.n + ${group}) % 2`, 'Checkbox', { as: 'checkbox' }],
  ['M', () => `case u.sex when 0 then '女,未知' else '男' end`, 'MultiSelect', { split: ',' }],
  ['E', (group) => `concat('u', uo.user_id, '-${group}@example.com')`, 'Email'],
];
type Rule = Readonly<Record<string, string>>;

const groups = 6;
const options = ['女', '男', '未知'];
const rounds = 3;

/** Sixty columns of all kinds; the key stands in place of the first group's first one. */
const columns = Array.from({ length: groups }, (_, group) =>
  kinds.map(([letter, sql, type, rule]) => ({ name: `${letter}${group}`, sql: sql(group), type, rule })),
)
  .flat()
  .map((one, at) => (at === 0 ? { name: '订单号', sql: 'uo.id', type: 'Text', rule: undefined } : one));

const wideFields = columns.map(({ name, type }) => ({
  name,
  type,
  ...(type.endsWith('Select') ? { options } : {}),
}));
const wideSync: Sync = {
  query: `select ${columns.map(({ name, sql }) => `${sql} as "${name}"`).join(', ')}
from user_orders uo join users u on u.id = uo.user_id where uo.production_id = 10`,
  fields: Object.fromEntries(columns.flatMap(({ name, rule }) => (rule ? [[name, rule]] : []))),
};
const narrowSync: Sync = { query, fields: { 下单时间: { as: 'date' } } };

/**
 * Compares rows of 60 columns and of 8 with tables that hold them already: what a cell costs in each. What a run costs
 * however few rows it has is taken out: each is measured with a tenth of the rows, too.
 */
export async function benchWide(parts: Parts, rows: number): Promise<void> {
  const { shop, say, print } = parts;
  const costs: Record<string, Pair> = {};
  for (const size of [Math.ceil(rows / 10), rows]) {
    await shop.fill(size);
    for (const [name, sync, fields] of [
      [' 8 columns', narrowSync, narrowFields],
      ['60 columns', wideSync, wideFields],
    ] as const) {
      say(`… ${name.trim()}, ${size} rows`);
      const cost = await costOf(parts, size, fields, sync);
      costs[name] = { few: costs[name]?.few ?? cost, all: cost };
    }
  }
  print(
    `${rows} rows that are as they should be, CPU from the run's start to its plan, the least of ${rounds}:`,
  );
  for (const [name, pair] of Object.entries(costs))
    print(
      `  ${name}  ${(pair.all.cpu / 1000).toFixed(2)} s, ${perCell(pair).toFixed(2)} µs a cell without what every run costs, peak ${pair.all.peakMb} MB`,
    );
  const [narrow, wide] = Object.values(costs).map(perCell);
  const more = ((wide ?? 0) / (narrow ?? 1) - 1) * 100;
  const than = `${Math.abs(more).toFixed(0)} % ${more < 0 ? 'less' : 'more'}`;
  print(`  a cell of the wide one costs ${than} (aim: at most 15 % more)`);
}

interface Pair {
  readonly few: Cost;
  readonly all: Cost;
}

const perCell = ({ few, all }: Pair): number => ((all.cpu - few.cpu) * 1_000) / (all.cells - few.cells);

interface Cost {
  readonly cpu: number;
  readonly cells: number;
  readonly peakMb: number;
}

function costOf(parts: Parts, rows: number, fields: NonNullable<Scene['fields']>, sync: Sync): Promise<Cost> {
  return inScene(parts, { latency: 0, fields, sync }, async (place) => {
    await place.run();
    const runs: Cost[] = [];
    for (let round = 0; round < rounds; round++) {
      const { report, cpuToPlan, peakMb } = await place.run();
      if (report.rows.unchanged !== rows)
        throw new Error(`${report.rows.unchanged} rows are as they should be`);
      runs.push({ cpu: cpuToPlan, cells: rows * fields.length, peakMb });
    }
    return runs.toSorted((a, b) => a.cpu - b.cpu)[0] ?? { cpu: 0, cells: 1, peakMb: 0 };
  });
}
