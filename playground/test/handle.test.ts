import { expect, it } from 'vitest';
import type { Happening } from '../src/index.ts';
import { caller, newBench, recordsPath, send } from './support.ts';

const bench = newBench();
const fields = [
  { name: 'key', type: 'Text' },
  { name: 'n', type: 2 },
];

it('lets a person add, change and remove records, and tells who watches', async () => {
  const playground = await bench.start();
  const base = playground.base({
    name: 'Shop',
    tables: [{ name: 'a', fields, records: [{ key: 'a', n: 1 }] }],
  });
  const table = base.table();
  const seen: Happening[] = [];
  const stop = playground.watch((happening) => seen.push(happening));
  const before = table.revision();
  const id = table.add({ key: 'first' }, 0);
  table.edit(id, { n: 2, key: null });
  expect(table.records()[0]).toEqual({ record_id: id, fields: { n: 2 } });
  expect(table.rows()).toEqual([{ n: 2 }, { key: [{ text: 'a', type: 'text' }], n: 1 }]);
  table.remove(id);
  expect(table.size()).toBe(1);
  expect(table.revision()).toBe(before + 3);
  expect(() => table.edit(id, {})).toThrow('no record');
  expect(() => table.add({ nope: 1 })).toThrow('no field nope');
  const call = await caller(playground);
  const made = await call('POST', recordsPath(base), { fields: { key: 'app' } });
  const { record_id } = made.data['record'] as { record_id: string };
  const changes = seen.flatMap((one) =>
    one.kind === 'table' ? [[one.by, one.added, one.edited, one.removed]] : [],
  );
  expect(changes).toEqual([
    ['person', [id], [], []],
    ['person', [], [id], []],
    ['person', [], [], [id]],
    ['app', [record_id], [], []],
  ]);
  stop();
});

it('gives addresses as a browser shows them', async () => {
  const playground = await bench.start();
  const base = playground.base({
    tables: [{ name: 'a', fields, views: [{ name: 'all', shows: () => true }] }],
  });
  const table = base.table();
  expect(table.url).toBe(`https://example.feishu.cn/base/${base.appToken}?table=${table.id}`);
  expect(table.views[0]?.url).toBe(`${table.url}&view=${table.views[0]?.id}`);
  expect(playground.wikiNode(base)).toMatch(
    new RegExp(`^https://example.feishu.cn/wiki/\\w+\\?table=${table.id}$`),
  );
});

it('renames and adds fields', async () => {
  const playground = await bench.start();
  const table = playground.base({ tables: [{ name: 'a', fields, records: [{ key: 'a' }] }] }).table();
  table.renameField('key', 'id');
  table.addField({ name: 'city', type: 'SingleSelect' });
  table.edit(table.records()[0]?.record_id ?? '', { city: 'x' });
  expect(table.records()[0]?.fields).toEqual({ id: 'a', city: 'x' });
});

it('retypes and removes fields, and renames options, as a person does', async () => {
  const playground = await bench.start();
  const city = { name: 'city', type: 'SingleSelect', options: ['x', 'y'] };
  const base = playground.base({
    tables: [{ name: 'a', fields: [...fields, city], records: [{ key: 'a', n: 1, city: 'x' }] }],
  });
  const table = base.table('a');
  const id = table.addField({ name: 'note', type: 'Text' });
  expect(table.fields()[3]).toMatchObject({ field_id: id, field_name: 'note' });
  table.renameOption('city', 'x', 'z');
  expect(table.options('city').map(({ name }) => name)).toEqual(['z', 'y']);
  table.retypeField('city', 'MultiSelect');
  table.retypeField('n', 'Text');
  expect(table.records()[0]?.fields).toEqual({ key: 'a', n: '1', city: ['z'] });
  expect(table.options('city').map(({ name }) => name)).toEqual(['z', 'y']);
  const before = table.revision();
  table.deleteField('n');
  expect(table.records()[0]?.fields).toEqual({ key: 'a', city: ['z'] });
  expect(table.revision()).toBe(before + 1);
  table.addField({ name: 'n', type: 'Number' });
  expect(table.records()[0]?.fields).toEqual({ key: 'a', city: ['z'] });
  expect(() => table.deleteField('key')).toThrow('index column');
  expect(() => table.retypeField('nope', 'Text')).toThrow('no field nope');
  expect(() => table.retypeField('key', 'Checkbox')).toThrow('NotSupportFieldOrView');
  expect(() => base.table('b')).toThrow('no table b');
});

it('lets views show other records from one moment to the next', async () => {
  const playground = await bench.start();
  const records = Array.from({ length: 5 }, (_, n) => ({ key: `k${n}`, n }));
  const base = playground.base({ tables: [{ name: 'a', fields, records }] });
  const view = base.table().addView('some', ({ n }) => Number(n) !== 2);
  const call = await caller(playground);
  const search = async (query: string) => {
    const { data } = await call('POST', `${recordsPath(base)}/search?${query}`, { view_id: view.id });
    const keys = (data['items'] as { fields: { n: number } }[]).map((item) => item.fields.n);
    return { keys, total: data['total'], more: data['has_more'], token: String(data['page_token']) };
  };
  const first = await search('page_size=3');
  expect(first).toMatchObject({ keys: [0, 1, 3], total: 4, more: true });
  expect(await search(`page_size=3&page_token=${first.token}`)).toMatchObject({ keys: [4], more: false });
  view.setShows(({ n }) => Number(n) > 3);
  expect(await search('page_size=3')).toMatchObject({ keys: [4], total: 1, more: false });
});

it('waits for a message of the bot after the last thing said, and says what it saw when none came', async () => {
  const playground = await bench.start();
  const chat = playground.chat({ kind: 'p2p' });
  const call = await caller(playground);
  const say = (text: string) => {
    const body = { receive_id: chat.id, msg_type: 'text', content: JSON.stringify({ text }) };
    return call('POST', '/open-apis/im/v1/messages?receive_id_type=chat_id', body);
  };
  await say('done');
  chat.say('again');
  const next = chat.next(({ text }) => text === 'done');
  await say('working');
  await say('done');
  expect((await next).versions[0]?.seq).toBeGreaterThan(3);
  expect((await chat.next(({ text }) => text === 'done', { since: 0 })).seq).toBe(1);
  await expect(chat.next(() => false, { withinMs: 5 })).rejects.toThrow('The last version was:\ndone');
});

it('starts anew on reset, with the same app', async () => {
  const playground = await bench.start();
  const base = playground.base({ tables: [{ name: 'a', fields }] });
  const call = await caller(playground);
  await send(playground.url, 'GET', '/nothing');
  playground.reset();
  expect(playground.calls()).toEqual([]);
  expect(playground.unknown).toEqual([]);
  expect((await call('GET', '/open-apis/bot/v3/info')).code).toBe(99991663);
  const again = await caller(playground);
  expect((await again('GET', `/open-apis/bitable/v1/apps/${base.appToken}`)).code).toBe(91402);
});

it('has an app id of its own each time, also with the same seed', async () => {
  const [one, two] = [await bench.start({ seed: 5 }), await bench.start({ seed: 5 })];
  expect(one.appId).toMatch(/^cli_[0-9a-f]{16}$/);
  expect(one.appId).not.toBe(two.appId);
  expect(one.person().openId).toBe(two.person().openId);
});
