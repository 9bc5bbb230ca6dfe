import { expect, it } from 'vitest';
import type { Access, Playground } from '../src/index.ts';
import { caller, newBench, recordsPath } from './support.ts';

const bench = newBench();

const orders = (playground: Playground, more: { advanced?: boolean; access?: Access } = {}) =>
  playground.base({
    ...more,
    tables: [
      {
        name: 'orders',
        fields: [
          { name: 'key', type: 'Text' },
          { name: 'secret', type: 'Text' },
        ],
        records: [{ key: 'a', secret: '1' }, { key: 'b' }],
      },
    ],
  });

it.each([
  ['none', 91403, 91403],
  ['read', 0, 91403],
  ['edit', 0, 0],
] as const)('with the right to %s reads answer %i and writes %i', async (access, reading, writing) => {
  const playground = await bench.start();
  const base = orders(playground, { access });
  const call = await caller(playground);
  const read = await call('POST', `${recordsPath(base)}/search`, {});
  const written = await call('POST', recordsPath(base), { fields: { key: 'x' } });
  expect([read.code, written.code]).toEqual([reading, writing]);
  if (written.code !== 0) expect(written.status).toBe(403);
});

it('reads as empty, with code 0, when advanced permissions are on and the app may not manage', async () => {
  const playground = await bench.start();
  const base = orders(playground, { advanced: true, access: 'edit' });
  const call = await caller(playground);
  const app = await call('GET', `/open-apis/bitable/v1/apps/${base.appToken}`);
  expect(app.data).toMatchObject({
    app: { is_advanced: true, time_zone: 'Asia/Shanghai', name: 'Playground' },
  });
  const read = await call('POST', `${recordsPath(base)}/search`, {});
  expect(read).toMatchObject({ status: 200, code: 0, data: { items: [], total: 0, has_more: false } });
  expect((await call('POST', recordsPath(base), { fields: {} })).code).toBe(1254302);
  base.setAccess('manage');
  expect((await call('POST', `${recordsPath(base)}/search`, {})).data['total']).toBe(2);
});

it('hides records from searches, and calls them forbidden where they are asked for', async () => {
  const playground = await bench.start();
  const base = orders(playground);
  const [a = '', b = ''] = base
    .table()
    .records()
    .map((record) => record.record_id);
  base.table().hideRecords(b);
  const call = await caller(playground);
  expect((await call('POST', `${recordsPath(base)}/search`, {})).data['total']).toBe(1);
  const got = await call('POST', `${recordsPath(base)}/batch_get`, { record_ids: [a, b] });
  expect(got.data).toMatchObject({
    records: [{ record_id: a }],
    forbidden_record_ids: [b],
    absent_record_ids: [],
  });
  const update = { records: [{ record_id: b, fields: { key: 'x' } }] };
  expect((await call('POST', `${recordsPath(base)}/batch_update`, update)).code).toBe(1254302);
});

it('leaves a hidden field out and does not know its name', async () => {
  const playground = await bench.start();
  const base = orders(playground);
  base.table().hideField('secret');
  const call = await caller(playground);
  const read = await call('POST', `${recordsPath(base)}/search`, {});
  expect((read.data['items'] as { fields: object }[])[0]?.fields).toEqual({
    key: [{ text: 'a', type: 'text' }],
  });
  expect((await call('POST', recordsPath(base), { fields: { secret: 'x' } })).code).toBe(1254045);
});

it('ends tokens when told to', async () => {
  const playground = await bench.start();
  const call = await caller(playground);
  playground.app.revokeTokens();
  expect((await call('GET', '/open-apis/bot/v3/info')).code).toBe(99991663);
});
