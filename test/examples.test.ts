import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { folderDefinitions } from '../src/definitions/folder.ts';
import { testDatabase } from './support/mysql.ts';
import { newWorld } from './support/world.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const read = (name: string): string => readFileSync(join(root, name), 'utf8');
const examples = readdirSync(join(root, 'examples')).filter((name) => name.endsWith('.yaml'));

/** What the examples find in Feishu; the table of orders is made by `init`. */
const tables = [
  { name: '商品', fields: [{ name: '编号', type: 'Text' }] },
  {
    name: 'Tickets',
    fields: [
      { name: 'Ticket', type: 'Text' },
      { name: 'Subject', type: 'Text' },
      { name: 'Agent', type: 'User' },
      { name: 'Customer', type: 'SingleLink', linksTo: 'Customers' },
      { name: 'Tags', type: 'MultiSelect', options: ['delivery', 'urgent', 'invoice'] },
      { name: 'Opened', type: 'DateTime' },
    ],
  },
  { name: 'Customers', fields: [{ name: 'Customer no.', type: 'Text' }] },
  {
    name: 'Sales',
    fields: [
      { name: 'City', type: 'Text' },
      { name: 'Day', type: 'DateTime' },
      { name: 'Orders', type: 'Number' },
      { name: 'Sales', type: 'Number' },
    ],
  },
] as const;

describe('the examples', () => {
  it('are definitions without a problem', async () => {
    const listed = await folderDefinitions(join(root, 'examples')).list();
    expect(listed).toHaveLength(examples.length);
    expect(listed.flatMap((one) => ('problems' in one ? one.problems : []))).toEqual([]);
  });

  it('sync the sample shop with the account of compose.yaml, from a Base without a table to the last record', async () => {
    const world = await newWorld({ mysql: false, orders: 0 });
    world.env['CONNECTION_SHOP'] = await sampleShop();
    world.env['ADMINS'] = 'ou_0123456789abcdef0123456789abcdef';
    const { feishu } = world;
    const base = feishu.base({ name: '店铺', tables });
    for (const email of ['ada@example.com', 'bo@example.com']) feishu.person({ name: email, email });
    for (const id of [1, 2, 3, 4, 5, 6]) base.table('Customers').add({ 'Customer no.': String(id) });
    const chat = feishu.chat({ kind: 'group', members: [feishu.person('Ada')] }).id;
    const targets = new Map([
      ['APPTOKEN?table=tblPRODUCTS', base.table('商品').url],
      ['APPTOKEN?table=tblTICKETS', base.table('Tickets').url],
      ['APPTOKEN?table=tblSALES', base.table('Sales').url],
      ['APPTOKEN', base.table('Sales').url.replace(/\?.*/, '')],
    ]);
    for (const file of examples) {
      const moved = read(`examples/${file}`)
        .replace(/https:\S+base\/(\S+)/, (_, of: string) => targets.get(of) ?? of)
        .replaceAll(/oc_0123\w+/g, chat);
      writeFileSync(join(world.folder, 'syncs', file), moved);
    }

    expect(await world.type('init orders')).toMatchObject({ exit: 0, json: { status: 'created' } });
    // Compares columns, fields, people, links and rows of each example.
    const { json } = await world.type('check');
    expect(json).toMatchObject({ status: 'ok', findings: [{ code: 'warn-will-create' }], broken: [] });
    expect(await world.run('run orders')).toMatchObject({ status: 'done', rows: { created: 12 } });
  });
});

/** Makes the sample shop with the account of compose.yaml, and returns its address. */
async function sampleShop(): Promise<string> {
  const shop = await testDatabase();
  onTestFinished(() => shop.drop());
  const name = new URL(shop.url).pathname.slice(1);
  const reader = new URL(shop.url);
  [reader.username, reader.password] = [name.slice(0, 30), 'example'];
  const account = `'${reader.username}'@'%'`;
  for (const statement of statements(read('examples/shop.sql'))) await shop.query(statement);
  await shop.query(`create user ${account} identified by 'example'`);
  onTestFinished(async () => void (await shop.query(`drop user ${account}`)));
  await shop.query(`grant all on \`${name}\`.* to ${account}`);
  const narrowed = read('examples/reader.sql')
    .replaceAll("'reader'@'%'", account)
    .replaceAll('shop.*', `${name}.*`);
  for (const statement of statements(narrowed)) await shop.query(statement);
  return reader.href;
}

const statements = (sql: string): string[] =>
  sql
    .replaceAll(/^--.*$/gm, '')
    .split(';')
    .map((one) => one.trim())
    .filter((one) => one !== '');
