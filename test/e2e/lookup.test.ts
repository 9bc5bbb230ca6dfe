import type { Fields } from 'bitable-playground';
import { expect, it } from 'vitest';
import { newWorld, type World } from '../support/world.ts';

/** One order of the query: its number, who cares for it, and its customer. */
type Line = readonly [order: string, owner: string | null, customer: string | null];

const sql = (value: string | null): string => (value === null ? 'null' : `'${value}'`);
const queryOf = (lines: readonly Line[]): string =>
  lines
    .map(([order, owner, customer]) => {
      return `select ${sql(order)} as 订单号, ${sql(owner)} as 负责人, ${sql(customer)} as 客户`;
    })
    .join(' union all ');

/** A base with orders and customers, and people whom the shop knows by their e-mail addresses. */
async function newOffice() {
  const world = await newWorld({ orders: 0 });
  const base = world.feishu.base({
    name: '办公室',
    tables: [
      {
        name: '订单',
        fields: [
          { name: '订单号', type: 'Text' },
          { name: '负责人', type: 'User' },
          { name: '客户', type: 'SingleLink', linksTo: '客户' },
        ],
      },
      {
        name: '客户',
        fields: [
          { name: '客户编号', type: 'Text' },
          { name: '备注', type: 'Text' },
        ],
      },
    ],
  });
  const [orders, customers] = base.tables;
  if (!orders || !customers) throw new Error('No tables.');
  const people = {
    ada: world.feishu.person({ email: 'Ada@example.com' }),
    out: world.feishu.person({ email: 'out@example.com', inRange: false }),
  };
  const define = (lines: readonly Line[], rules: Readonly<Record<string, unknown>> = {}): void =>
    world.define({
      source: { connection: 'shop', query: queryOf(lines) },
      target: orders.url,
      fields: { 负责人: { by: 'email' }, 客户: { by: '客户编号' }, ...rules },
    });
  const held = (): Fields[] => orders.records().map(({ fields }) => fields);
  return { world, base, orders, customers, people, define, held };
}

const contactCalls = ({ feishu }: World) =>
  feishu.calls().filter(({ route }) => route.startsWith('contacts.')).length;

it('people are found by e-mail and customers by their number, and a second run writes nothing', async () => {
  const { world, customers, people, define, held } = await newOffice();
  const c1 = customers.add({ 客户编号: 'C1' });
  const c2 = customers.add({ 客户编号: 'C2' });
  define([
    ['A1', 'ada@example.com', 'C1'],
    ['A2', null, '["C2","C1"]'],
    ['A3', 'nobody@example.com', 'C1'],
    ['A4', 'out@example.com', 'C1'],
    ['A5', 'ADA@example.com', 'C9'],
  ]);

  const first = await world.run();

  expect(first.rows).toMatchObject({ read: 5, created: 2, rejected: 3 });
  expect(first.status).toBe('partial');
  expect(held()).toEqual([
    { 订单号: 'A1', 负责人: [{ id: people.ada.openId }], 客户: [c1] },
    { 订单号: 'A2', 客户: expect.arrayContaining([c1, c2]) },
  ]);
  expect(world.writes()).toEqual(['batch_create 2']);
  // All the addresses fit into one call.
  expect(contactCalls(world)).toBe(1);

  const second = await world.run();

  expect(second.rows).toMatchObject({ read: 5, unchanged: 2, rejected: 3 });
  expect(world.writes()).toEqual([]);
});

it('values without a match are left out where the definition says so', async () => {
  const { world, customers, define, held } = await newOffice();
  const c1 = customers.add({ 客户编号: 'C1' });
  customers.add({ 客户编号: 'C2' });
  customers.add({ 客户编号: 'C2' });
  define([
    ['A1', 'out@example.com', 'C1'],
    ['A2', null, '["C1","C2","C9"]'],
  ], { 负责人: { by: 'email', missing: 'empty' }, 客户: { by: '客户编号', missing: 'empty' } });

  expect((await world.run()).rows).toMatchObject({ read: 2, created: 2 });
  expect(held()).toEqual([
    { 订单号: 'A1', 客户: [c1] },
    { 订单号: 'A2', 客户: [c1] },
  ]);
  world.writes();
  expect((await world.run()).rows).toMatchObject({ read: 2, unchanged: 2 });
  expect(world.writes()).toEqual([]);
});

it('no link is emptied because the list of customers lacks what is there', async () => {
  const { world, base, orders, customers, define, held } = await newOffice();
  const ids = [1, 2, 3, 4].map((n) => customers.add({ 客户编号: `C${n}` }));
  define(
    [1, 2, 3, 4].map((n) => [`A${n}`, 'ada@example.com', `C${n}`]),
    { 客户: { by: '客户编号', missing: 'empty' } },
  );
  await world.run();
  const before = held();
  world.writes();
  type Page = Readonly<Record<string, unknown>>;
  const answers = (change: (page: Page) => Page, times = Infinity) =>
    world.feishu.faults.add({
      when: { route: 'records.search', times, match: ({ path }) => path.includes(customers.id) },
      fault: { kind: 'answer', change },
    });
  const some = (page: Page, records: number) => (page['items'] as readonly object[]).slice(0, records);
  const lies = [
    ['records-overlooked', () => answers((page) => ({ ...page, items: [] }))],
    ['links-overlooked', () => answers((page) => ({ ...page, items: [], total: 0 }))],
    ['links-overlooked', () => answers((page) => ({ ...page, items: some(page, 3), total: 3 }))],
    ['links-hidden', () => base.conceal(ids.slice(2), { lookUps: 'forbidden' })],
  ] as const;
  for (const [code, lie] of lies) {
    const over = lie();
    expect(await world.run()).toMatchObject({ exit: 1, error: { code } });
    over();
  }
  base.setAdvanced(true);
  const over = answers((page) => ({ ...page, items: some(page, 4).map((one) => ({ ...one, fields: {} })) }));
  expect(await world.run()).toMatchObject({ exit: 1, rows: { rejected: 4 } });
  over();
  expect([held(), world.writes()]).toEqual([before, []]);

  answers((page) => ({ ...page, items: [], total: 0 }), 1);
  expect(await world.run()).toMatchObject({ exit: 0, rows: { unchanged: 4 } });
  // A number that is gone, and a customer who is there: that link is emptied as the definition says.
  customers.edit(ids[0] ?? '', { 客户编号: 'C9' });
  expect(await world.run()).toMatchObject({ exit: 0, rows: { updated: 1, unchanged: 3 } });
  expect(orders.records()[0]?.fields).not.toHaveProperty('客户');
});

it('a link that somebody changed is set back, and nothing else is sent', async () => {
  const { world, orders, customers, people, define } = await newOffice();
  const c1 = customers.add({ 客户编号: 'C1' });
  const c2 = customers.add({ 客户编号: 'C2' });
  define([
    ['A1', 'ada@example.com', 'C1'],
    ['A2', 'ada@example.com', 'C2'],
  ]);
  await world.run();
  const [first, second] = orders.records();
  orders.edit(first?.record_id ?? '', { 客户: [c2] });
  orders.edit(second?.record_id ?? '', { 负责人: [{ id: people.out.openId }] });
  world.sent();

  await world.run();

  expect(world.sent().flatMap(({ records }) => records)).toEqual([
    { record_id: first?.record_id, fields: { 客户: [c1] } },
    { record_id: second?.record_id, fields: { 负责人: [{ id: people.ada.openId }] } },
  ]);
});

it('a card shows people and linked records by the words that people know', async () => {
  const { world, orders, customers, people, define } = await newOffice();
  const c1 = customers.add({ 客户编号: 'C1' });
  const c2 = customers.add({ 客户编号: 'C2' });
  for (let n = 10; n < 22; n++)
    orders.add({ 订单号: `A${n}`, 负责人: [{ id: people.out.openId }], 客户: [n % 2 ? c1 : c2] });
  define(Array.from({ length: 12 }, (_, n) => [`A${n + 10}`, 'ada@example.com', 'C1'] as const));
  const program = await world.open();

  const started = await program.runs.start({
    definition: await program.definitions.get('orders'),
    by: { kind: 'cli' },
  });

  if (started.kind !== 'started') throw new Error('It did not start.');
  const { status, waiting } = await started.run.ended;
  expect(status).toBe('waiting');
  expect(waiting?.samples[0]?.cells).toEqual([
    { field: '负责人', from: expect.stringMatching(/^(?!ou_).+/), to: 'ada@example.com' },
    { field: '客户', from: 'C2', to: 'C1' },
  ]);
});

it.each([
  ['a code that nobody knows', { kind: 'code', code: 1234567 }],
  ['nothing but cut answers', { kind: 'truncate' }],
] as const)('a look-up that fails fails the run and writes nothing: %s', async (_, fault) => {
  const { world, customers, define, held } = await newOffice();
  customers.add({ 客户编号: 'C1' });
  define([['A1', 'ada@example.com', 'C1']], { 负责人: { by: 'email', missing: 'empty' } });
  world.feishu.faults.add({ when: { route: 'contacts.ids', times: 99 }, fault });

  const { status, error, rows } = await world.run();

  expect(status).toBe('failed');
  expect(error?.cure).not.toBe('');
  expect(rows.created).toBe(0);
  expect(world.writes()).toEqual([]);
  expect(held()).toEqual([]);
});

it('without the scope a run writes nothing and check says what to do', async () => {
  const { world, define } = await newOffice();
  define([['A1', 'ada@example.com', null]]);
  expect(await world.type('check orders')).toMatchObject({ exit: 0 });

  world.feishu.app.revokeScopes('contact:user.id:readonly');

  const { exit, json } = await world.type('check orders');
  expect(exit).toBe(1);
  expect(JSON.stringify(json)).toContain('contact:user.id:readonly');
  const { status, error } = await world.run();
  expect([status, error?.code]).toEqual(['failed', 'no-contact-scope']);
  expect(world.writes()).toEqual([]);
});

it('check says which field the linked table lacks', async () => {
  const { world, define } = await newOffice();
  define([['A1', null, 'C1']], { 客户: { by: '客户号' } });

  const { exit, json } = await world.type('check orders');

  expect(exit).toBe(1);
  expect(JSON.stringify(json)).toContain('客户编号');
});
