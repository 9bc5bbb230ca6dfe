import { type Playground, startPlayground } from 'bitable-playground';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type FeishuClient, feishuClient } from '../../src/feishu/calls/client.ts';
import { openTable } from '../../src/feishu/table/open.ts';
import type { RecordPage, Table } from '../../src/run/ports.ts';
import { CallError } from '../../src/sync/words/failure.ts';
import { failureFrom, forever, newLog, newMeter, problemFrom, quickClock } from './parts.ts';

let feishu: Playground;
let client: FeishuClient;
const clock = quickClock();

beforeEach(async () => {
  feishu = await startPlayground({ rates: false, seed: 7 });
  client = feishuClient({
    app: { id: feishu.appId, secret: feishu.appSecret, domain: feishu.url },
    log: newLog(),
    clock,
    chance: { random: () => 0.5 },
  });
  clock.slept.length = 0;
});

afterEach(async () => {
  client.stop();
  await feishu.stop();
});

const fields = [
  { name: '订单号', type: 'Text' },
  { name: '金额', type: 'Currency' },
  { name: '状态', type: 'SingleSelect', options: ['新', '旧'] },
];

function orders(count: number) {
  const base = feishu.base({
    name: '店',
    tables: [
      { name: '别的', fields: [{ name: 'x', type: 'Text' }] },
      {
        name: '订单',
        fields,
        records: Array.from({ length: count }, (_, at) => ({ 订单号: `A${at}`, 金额: at })),
      },
    ],
  });
  const handle = base.tables[1];
  if (!handle) throw new Error('No table.');
  return { base, handle };
}

async function openOrders(count: number) {
  const { base, handle } = orders(count);
  const meter = newMeter();
  const table = await openTable(client)(handle.url, meter, forever);
  return { base, handle, meter, table };
}

async function pagesOf(table: Table, names: readonly string[] = []): Promise<RecordPage[]> {
  const pages: RecordPage[] = [];
  // The copy holds the records themselves: a page holds only until the next one is asked for.
  for await (const page of table.records(names, forever)) pages.push({ ...page });
  return pages;
}

const token = '4c5b0b4e-6f4e-4c2e-9d3e-0123456789ab';

describe('what a table says of itself', () => {
  it('fields with their kinds, looks and options', async () => {
    const { table } = await openOrders(0);
    const [key, amount, status] = await table.fields(forever);
    expect(key).toMatchObject({ name: '订单号', kind: 'text', look: 'Text', primary: true });
    expect(amount).toMatchObject({ name: '金额', kind: 'number', look: 'Currency', primary: false });
    expect(status).toMatchObject({ name: '状态', kind: 'select', options: ['新', '旧'] });
    expect(key).not.toHaveProperty('options');
  });

  it('every type of field has its kind', async () => {
    const types = [
      ...[
        'Text',
        'Barcode',
        'Email',
        'Number',
        'Currency',
        'Progress',
        'Rating',
        'SingleSelect',
        'MultiSelect',
      ],
      ...['DateTime', 'Checkbox', 'User', 'Phone', 'Url', 'Attachment', 'Formula', 'Location', 'GroupChat'],
      ...['CreatedTime', 'ModifiedTime', 'CreatedUser', 'ModifiedUser', 'AutoNumber'],
    ];
    const base = feishu.base({
      tables: [{ name: 'all', fields: types.map((type) => ({ name: type, type })) }],
    });
    const table = await openTable(client)(base.tables[0]?.url ?? '', newMeter(), forever);
    const kinds = Object.fromEntries((await table.fields(forever)).map((field) => [field.look, field.kind]));
    expect(kinds).toEqual({
      Text: 'text',
      Barcode: 'text',
      Email: 'text',
      Number: 'number',
      Currency: 'number',
      Progress: 'number',
      Rating: 'number',
      SingleSelect: 'select',
      MultiSelect: 'multi',
      DateTime: 'date',
      Checkbox: 'checkbox',
      User: 'person',
      Phone: 'phone',
      Url: 'url',
      Attachment: 'attachment',
      Formula: 'formula',
      Location: 'location',
      GroupChat: 'group',
      CreatedTime: 'created-time',
      ModifiedTime: 'modified-time',
      CreatedUser: 'created-user',
      ModifiedUser: 'modified-user',
      AutoNumber: 'auto-number',
    });
  });

  it('250 fields come in three pages', async () => {
    const many = Array.from({ length: 250 }, (_, at) => ({ name: `f${at}`, type: 'Text' }));
    const base = feishu.base({ tables: [{ name: 'wide', fields: many }] });
    const meter = newMeter();
    const table = await openTable(client)(base.tables[0]?.url ?? '', meter, forever);
    expect((await table.fields(forever)).map((field) => field.name)).toEqual(many.map((field) => field.name));
    expect(meter.counts.read).toBe(4);
  });

  it('its name, zone and whether advanced permissions are on', async () => {
    const { table } = await openOrders(0);
    expect(await table.about(forever)).toEqual({ name: '店', advanced: false, timeZone: 'Asia/Shanghai' });
  });

  it('a revision that grows with every change', async () => {
    const { table, handle } = await openOrders(1);
    const before = await table.revision(forever);
    expect(await table.revision(forever)).toBe(before);
    handle.add({ 订单号: 'new' });
    expect(await table.revision(forever)).toBeGreaterThan(before);
  });

  it('that it is not in the base, with the names of those that are', async () => {
    const { handle } = orders(0);
    const url = handle.url.replace(handle.id, 'tblGoneGoneGone');
    const table = await openTable(client)(url, newMeter(), forever);
    const told = await problemFrom(table.revision(forever));
    expect(told.code).toBe('no-such-table');
    expect(told.cure.zh).toContain('订单');
    expect(told.cure.zh).toContain(handle.id);
  });

  it('how many rows a call may hold, by the product line', async () => {
    const { table } = await openOrders(0);
    expect(table.chunkSize).toBe(1000);
    for (const [domain, size] of [
      ['https://open.feishu.cn', 1000],
      ['https://open.larksuite.com', 500],
    ] as const) {
      const other = feishuClient({
        app: { id: feishu.appId, secret: 's', domain },
        log: newLog(),
        clock,
        chance: { random: () => 0 },
      });
      const url = `https://example.${domain.includes('lark') ? 'larksuite.com' : 'feishu.cn'}/base/AppToken1?table=tbl1`;
      expect((await openTable(other)(url, newMeter(), forever)).chunkSize).toBe(size);
      other.stop();
    }
  });
});

describe('a whole read', () => {
  it('takes pages of 500, in order, with the total, and only the named fields', async () => {
    const { table, meter } = await openOrders(1200);
    const pages = await pagesOf(table, ['订单号']);
    expect(pages.map((page) => page.records.length)).toEqual([500, 500, 200]);
    expect(pages.map((page) => page.total)).toEqual([1200, 1200, 1200]);
    expect(pages.every((page) => !page.restarted)).toBe(true);
    const records = pages.flatMap((page) => page.records);
    expect(new Set(records.map((record) => record.id)).size).toBe(1200);
    expect(records[0]?.fields).toEqual({ 订单号: [{ text: 'A0', type: 'text' }] });
    expect(meter.counts).toEqual({ read: 4, write: 0, refused: 0, chat: 0 });
  });

  it('of an empty table is one empty page', async () => {
    const { table } = await openOrders(0);
    expect(await pagesOf(table)).toEqual([{ records: [], total: 0, restarted: false }]);
  });

  it('leaves the field names out above 200', async () => {
    const { table } = await openOrders(3);
    const names = Array.from({ length: 201 }, (_, at) => `no field ${at}`);
    const [page] = await pagesOf(table, names);
    expect(Object.keys(page?.records[0]?.fields ?? {})).toEqual(['订单号', '金额']);
  });

  it('asks for the next page before the caller has worked on this one', async () => {
    const { table } = await openOrders(1000);
    const second = new Promise<void>((resolve) => {
      let pages = 0;
      feishu.onRequest(() => {
        pages += 1;
        if (pages === 3) resolve();
      });
    });
    for await (const page of table.records([], forever)) {
      if (page.records.length > 0) await second;
      break;
    }
  });

  it('waits through throttling, conflicts, passing faults, web pages and cut answers', async () => {
    const { table, meter } = await openOrders(1500);
    for (const [nth, fault] of [
      [1, { kind: 'throttle', seconds: 7 }],
      [3, { kind: 'code', code: 1254290 }],
      [4, { kind: 'html' }],
      [6, { kind: 'truncate' }],
      [7, { kind: 'reset' }],
      [8, { kind: 'code', code: 1255001 }],
    ] as const) {
      feishu.faults.add({ when: { route: 'records.search', nth }, fault });
    }
    const pages = await pagesOf(table);
    expect(pages.flatMap((page) => page.records)).toHaveLength(1500);
    expect(pages.some((page) => page.restarted)).toBe(false);
    expect(clock.slept[0]).toBe(7250);
    expect(meter.counts.refused).toBe(2);
    expect(meter.counts.read + meter.counts.refused).toBe(feishu.calls().length);
  });

  it('halves the page and begins again when Feishu finds it too large', async () => {
    const { table } = await openOrders(700);
    feishu.faults.add({ when: { route: 'records.search', nth: 2 }, fault: { kind: 'code', code: 1254030 } });
    const pages = await pagesOf(table);
    expect(pages.map((page) => [page.records.length, page.restarted])).toEqual([
      [500, false],
      [0, true],
      [250, false],
      [250, false],
      [200, false],
    ]);
  });

  it('begins again when Feishu no longer knows the page token, and not for ever', async () => {
    const { table } = await openOrders(700);
    feishu.faults.add({
      when: { route: 'records.search', nth: 2, times: 4 },
      fault: { kind: 'code', code: 1254002 },
    });
    const pages = await pagesOf(table);
    expect(pages.map((page) => [page.records.length, page.restarted])).toEqual([
      [500, false],
      [0, true],
      [500, false],
      [200, false],
    ]);
    feishu.faults.add({
      when: { route: 'records.search', match: (request) => request.query.has('page_token'), times: 1000 },
      fault: { kind: 'code', code: 1254002 },
    });
    expect(await failureFrom(pagesOf(table))).toMatchObject({ code: 1254002 });
  });

  it('fails when a page keeps failing: no short table comes out of it', async () => {
    const { table } = await openOrders(700);
    feishu.faults.add({
      when: { route: 'records.search', nth: 2, times: 1000 },
      fault: { kind: 'code', code: 1255002 },
    });
    let seen = 0;
    const read = async () => {
      for await (const page of table.records([], forever)) seen += page.records.length;
    };
    expect(await failureFrom(read())).toMatchObject({ code: 1255002, verdict: 'round' });
    expect(seen).toBe(500);
  });

  it.each([1, 2, 3, 4, 5, 6, 7, 8])('is whole or fails, whatever goes wrong (seed %i)', async (seed) => {
    const { table, handle, meter } = await openOrders(1800);
    feishu.faults.random(seed, {
      throttle: 0.1,
      busy: 0.1,
      error: 0.1,
      html: 0.1,
      resetBefore: 0.1,
      truncate: 0.1,
    });
    const read = await pagesOf(table).then(
      (pages) => pages.flatMap((page) => page.records),
      (error: unknown) => error,
    );
    if (Array.isArray(read))
      expect(read.map(({ id }) => id)).toEqual(handle.records().map((one) => one.record_id));
    else expect(read).toBeInstanceOf(CallError);
    expect(meter.counts.read + meter.counts.refused).toBe(feishu.calls().length);
  });

  it('ends with the signal', async () => {
    const { table } = await openOrders(700);
    const giveUp = new AbortController();
    const read = async () => {
      for await (const _ of table.records([], giveUp.signal)) giveUp.abort(new Error('enough'));
    };
    await expect(read()).rejects.toThrow('enough');
  });

  it('tells when the app may not see the base', async () => {
    const { table, base } = await openOrders(1);
    base.setAccess('none');
    expect(await failureFrom(pagesOf(table))).toMatchObject({ code: 91403, verdict: 'stop' });
  });
});

describe('finding records', () => {
  it('by many values of a field, in calls that Feishu takes', async () => {
    const { table, meter } = await openOrders(300);
    const values = Array.from({ length: 120 }, (_, at) => `A${at * 2}`);
    const found = await table.matching('订单号', [...values, 'A0', 'nobody'], ['订单号'], forever);
    expect(found).toHaveLength(120);
    expect(new Set(found.map((record) => record.id)).size).toBe(120);
    expect(meter.counts.read).toBeLessThanOrEqual(1 + 5);
    expect(await table.matching('订单号', [], [], forever)).toEqual([]);
  });

  it('by a number', async () => {
    const { table } = await openOrders(30);
    const found = await table.matching('金额', ['7', '9'], [], forever);
    expect(found.map((record) => record.fields['金额'])).toEqual([7, 9]);
  });

  it('by ID: present, forbidden and absent, 100 a call', async () => {
    const { table, handle, meter } = await openOrders(250);
    const ids = handle.records().map((record) => record.record_id);
    const [gone = '', hidden = ''] = ids;
    handle.remove(gone);
    handle.hideRecords(hidden);
    const seen = await table.look(ids, forever);
    expect(seen.present).toHaveLength(248);
    expect(seen.forbidden).toEqual([hidden]);
    expect(seen.absent).toEqual([gone]);
    expect(meter.counts.read).toBe(1 + 3);
  });
});

describe('writing', () => {
  it('creates in order, changes only what is named, deletes', async () => {
    const { table, handle, meter } = await openOrders(0);
    const create = table.create([{ 订单号: 'B1', 金额: 1 }, { 订单号: 'B2', 金额: 2 }, { 订单号: 'B3' }]);
    const ids = await create(token, forever);
    expect(handle.records()).toEqual(
      ['B1', 'B2', 'B3'].map((key, at) => ({
        record_id: ids[at],
        fields: { 订单号: key, ...(at < 2 ? { 金额: at + 1 } : {}) },
      })),
    );
    await table.update([{ id: ids[1] ?? '', fields: { 金额: null, 状态: '新' } }])(forever);
    await table.delete([ids[0] ?? ''], forever);
    expect(handle.records()).toEqual([
      { record_id: ids[1], fields: { 订单号: 'B2', 状态: '新' } },
      { record_id: ids[2], fields: { 订单号: 'B3' } },
    ]);
    expect(meter.counts).toEqual({ read: 1, write: 3, refused: 0, chat: 0 });
  });

  it('answers the same records when a token is repeated', async () => {
    const { table, handle } = await openOrders(0);
    const first = await table.create([{ 订单号: 'B1' }])(token, forever);
    expect(await table.create([{ 订单号: 'B1' }])(token, forever)).toEqual(first);
    expect(handle.size()).toBe(1);
  });

  it('is not repeated by itself: throttling, conflicts and lost answers are for the caller', async () => {
    const { table, handle, meter } = await openOrders(0);
    feishu.faults.add({ when: { route: 'records.batch_create' }, fault: { kind: 'code', code: 1254291 } });
    expect(await failureFrom(table.create([{ 订单号: 'B1' }])(token, forever))).toMatchObject({
      verdict: 'wait',
      mayHaveHappened: false,
    });
    feishu.faults.add({ when: { route: 'records.batch_create' }, fault: { kind: 'reset', applied: true } });
    expect(await failureFrom(table.create([{ 订单号: 'B1' }])(token, forever))).toMatchObject({
      how: 'threw',
      code: null,
      mayHaveHappened: true,
    });
    expect(handle.size()).toBe(1);
    expect(meter.counts).toEqual({ read: 1, write: 1, refused: 1, chat: 0 });
    expect(clock.slept).toEqual([]);
  });

  it('names a record that is gone', async () => {
    const { table, handle } = await openOrders(2);
    const [one] = handle.records();
    handle.remove(one?.record_id ?? '');
    expect(
      await failureFrom(table.update([{ id: one?.record_id ?? '', fields: { 金额: 1 } }])(forever)),
    ).toMatchObject({ code: 1254043, verdict: 'gone', pointer: one?.record_id });
  });

  it('is refused for its values without quoting them', async () => {
    const { table } = await openOrders(0);
    const failure = await failureFrom(table.create([{ 订单号: 'ok' }, { 金额: '张三' }])(token, forever));
    expect(failure).toMatchObject({ verdict: 'values', mayHaveHappened: false });
    expect(JSON.stringify(failure)).not.toContain('张三');
  });
});

const inTable = (page: string, table: string): string => {
  const url = new URL(page);
  url.searchParams.set('table', table);
  return url.href;
};

describe('opening an address', () => {
  it('goes through the wiki with one read', async () => {
    const { base, handle } = orders(2);
    const page = inTable(feishu.wikiNode(base), handle.id);
    const meter = newMeter();
    const table = await openTable(client)(page, meter, forever);
    expect(table.id).toBe(handle.id);
    expect(meter.counts.read).toBe(2);
    expect((await pagesOf(table))[0]?.total).toBe(2);
  });

  it('says that a wiki page does not exist', async () => {
    orders(0);
    const told = await problemFrom(
      openTable(client)('https://example.feishu.cn/wiki/NoSuchNode1?table=tblAbc', newMeter(), forever),
    );
    expect(told).toMatchObject({ code: 'wiki-node-not-found', where: 'target' });
  });

  it.each([['wiki-node-forbidden', { kind: 'code', code: 131006 } as const]])(
    'says %s',
    async (code, fault) => {
      const { base, handle } = orders(0);
      feishu.faults.add({ when: { match: (request) => request.path.includes('get_node') }, fault });
      const page = inTable(feishu.wikiNode(base), handle.id);
      expect(await problemFrom(openTable(client)(page, newMeter(), forever))).toMatchObject({ code });
    },
  );

  it('does not ask Feishu for one with the wrong form', async () => {
    const told = await problemFrom(
      openTable(client)('https://example.feishu.cn/sheets/x', newMeter(), forever),
    );
    expect(told.code).toBe('not-a-base');
    expect(feishu.calls()).toEqual([]);
  });

  it('refuses one of the other product line', async () => {
    const lark = feishuClient({
      app: { id: feishu.appId, secret: 's', domain: 'https://open.larksuite.com' },
      log: newLog(),
      clock,
      chance: { random: () => 0 },
    });
    const told = await problemFrom(
      openTable(lark)('https://example.feishu.cn/base/AppToken1?table=tblAbc', newMeter(), forever),
    );
    expect(told).toMatchObject({ code: 'other-domain', where: 'FEISHU_DOMAIN' });
    lark.stop();
  });
});
