import type { Fault, When } from 'bitable-playground';
import { describe, expect, it } from 'vitest';
import { orderRow } from '../support/shop.ts';
import { newWorld, type Reported, type World } from '../support/world.ts';

type Kind = 'create' | 'update' | 'delete';

const routes: Readonly<Record<Kind, string>> = {
  create: 'records.batch_create',
  update: 'records.batch_update',
  delete: 'records.batch_delete',
};

/** A world whose next run makes ten changes of one kind in two chunks, the fault waiting for it. */
async function about(
  kind: Kind,
  fault: Fault,
  when: Omit<When, 'route'> = {},
  definition = {},
): Promise<World> {
  const world = await newWorld({
    orders: 30,
    definition: { chunkSize: 5, concurrency: 1, brake: calm, ...definition },
  });
  if (kind !== 'create') {
    await world.run();
    const gone = kind === 'delete' ? "delete from user_orders where id <= 'O010'" : undefined;
    await world.shop.exec(gone ?? "update user_orders set amount = 1 where id <= 'O010'");
  } else {
    await world.shop.exec("delete from user_orders where id > 'O010' and production_id = 10");
  }
  world.writes();
  world.sent();
  world.feishu.faults.add({ when: { route: routes[kind], ...when }, fault });
  return world;
}

/** What the run answers when its ten changes were made. */
const allDone: Readonly<Record<Kind, object>> = {
  create: { exit: 0, status: 'done', rows: { created: 10 }, chunks: { failed: [] }, error: null },
  update: { exit: 0, status: 'done', rows: { updated: 10 }, chunks: { failed: [] }, error: null },
  delete: {
    exit: 0,
    status: 'done',
    deletes: { planned: 10, done: 10 },
    chunks: { failed: [] },
    error: null,
  },
};

const kinds: readonly Kind[] = ['create', 'update', 'delete'];

/** No brake: these tests change a large part of a small table. */
const calm = { deletes: '100%', updates: '100%' };

const failed = ({ chunks }: Reported): string[] =>
  chunks.failed.map(({ id, rows, how, code }) => `${id} ${rows} ${how} ${code}`);

const first: Readonly<Record<Kind, string>> = { create: 'C001', update: 'U001', delete: 'D001' };
const passing: readonly [string, Fault, { rounds: number }][] = [
  ['a passing code, not carried out', { kind: 'code', code: 1255001 }, { rounds: 1 }],
  ['a passing code, carried out all the same', { kind: 'code', code: 1255040, applied: true }, { rounds: 1 }],
  ['a connection cut before the work', { kind: 'reset' }, { rounds: 1 }],
  ['a lost answer', { kind: 'reset', applied: true }, { rounds: 1 }],
  ["a gateway's page", { kind: 'html' }, { rounds: 1 }],
  ["a gateway's page after the work", { kind: 'html', applied: true }, { rounds: 1 }],
  ['an answer cut in its middle', { kind: 'truncate' }, { rounds: 1 }],
  ['a late answer', { kind: 'delay', ms: 120 }, { rounds: 0 }],
  ['throttling that says when to come again', { kind: 'throttle', seconds: 1 }, { rounds: 0 }],
  ['a write conflict', { kind: 'code', code: 1254291 }, { rounds: 0 }],
  ['too many calls to the Base', { kind: 'code', code: 1254290 }, { rounds: 0 }],
  ['data that is not ready', { kind: 'code', code: 1254607 }, { rounds: 0 }],
  ['an unknown code with HTTP 429', { kind: 'code', code: 777, status: 429 }, { rounds: 0 }],
  ['a token that is refused', { kind: 'code', code: 99991663 }, { rounds: 0 }],
];

it.each(passing)(
  'a create, an update and a delete get over %s without a doubled or lost record',
  async (_, fault, { rounds }) => {
    const world = await newWorld({ orders: 30, definition: { chunkSize: 5, brake: calm } });
    await world.run();
    await world.shop.exec("delete from user_orders where id <= 'O010'");
    await world.shop.exec("update user_orders set amount = 1 where id between 'O011' and 'O020'");
    const more = Array.from({ length: 10 }, (__, at) => orderRow(at + 31));
    await world.shop.exec(`insert into user_orders values ${more.join(', ')}`);
    for (const kind of kinds) world.feishu.faults.add({ when: { route: routes[kind] }, fault });
    world.writes();

    const report = await world.run();

    expect(report).toMatchObject({
      exit: 0,
      status: 'done',
      rows: { read: 30, created: 10, updated: 10, unchanged: 10 },
      deletes: { planned: 10, done: 10 },
      chunks: { total: 6, failed: [] },
      rounds,
      error: null,
    });
    await world.expectSame();
    expect(world.feishu.faults.hits().map(({ route }) => route)).toEqual(kinds.map((kind) => routes[kind]));
    // Every request is counted, refused ones apart.
    const { write, refused } = report.calls;
    expect(write + refused).toBe(world.writes().length);
    expect(refused > 0).toBe(['throttle', 'code'].includes(fault.kind) && rounds === 0 && !isToken(fault));
    // Nothing is left to do.
    expect(await world.run()).toMatchObject({ exit: 0, calls: { write: 0 } });
  },
);

const isToken = (fault: Fault): boolean => fault.kind === 'code' && fault.code === 99991663;

it('waits as long as throttling says', async () => {
  const world = await about('create', { kind: 'throttle', seconds: 7 });

  const { ms, calls } = await world.run();

  expect(ms.upload).toBeGreaterThanOrEqual(7000);
  expect(ms.upload).toBeLessThan(40_000);
  expect(calls).toMatchObject({ write: 2, refused: 1 });
});

it.each([91403, 1254302, 1254304, 99991672, 99991403, 1254306, 1254103])(
  'code %i stops the run with what to do, and nothing more is sent',
  async (code) => {
    const world = await about('create', { kind: 'code', code }, { times: Infinity });

    const report = await world.run();

    expect(report).toMatchObject({
      exit: 1,
      status: 'failed',
      rows: { failed: 5, notSent: 5 },
      rounds: 0,
      error: { code: String(code) },
    });
    expect(report.error?.cure).toMatch(cures[code] ?? /^$/);
    expect(report.error?.logId).toMatch(/^\w{20,}$/);
    expect(world.writes()).toEqual([`batch_create !${code}`]);
    expect(world.table.size()).toBe(0);
  },
);

it('a run of the shell that meets the end of the month’s calls stops the schedule of every instance', async () => {
  const fault = { kind: 'code', code: 99991403 } as const;
  const schedule = [{ do: 'run', cron: '7 9 * * *', chat: 'oc_desk' }];
  const world = await about('create', fault, { times: Infinity }, { schedule });
  expect((await world.type('definitions')).json).toMatchObject({ definitions: [{ paused: false }] });

  await world.run();

  expect((await world.type('definitions')).json).toMatchObject({ definitions: [{ paused: true }] });
});

const cures: Readonly<Record<number, RegExp>> = {
  91403: /app/i,
  1254302: /role|permission/i,
  1254304: /role|permission/i,
  99991672: /scope/i,
  99991403: /month|quota/i,
  1254306: /plan/i,
  1254103: /row|record/i,
};

describe.each(kinds)('%s', (kind) => {
  it('a chunk that is refused in every round fails with its ID, and the rest is done', async () => {
    const world = await about(kind, { kind: 'code', code: 1255001 }, { times: Infinity, match: once() });

    const report = await world.run();

    const rows = kind === 'delete' ? {} : { failed: 5, [kind === 'create' ? 'created' : 'updated']: 5 };
    expect(report).toMatchObject({ exit: 1, status: 'partial', rounds: 1, rows, error: null });
    if (kind === 'delete') expect(report.deletes).toMatchObject({ planned: 10, done: 5, failed: 5 });
    expect(failed(report)).toEqual([`${first[kind]} 5 answered 1255001`]);
    // The next run tries again by itself, because the rows still differ.
    world.feishu.faults.clear();
    expect(await world.run()).toMatchObject({ exit: 0, chunks: { total: 1 } });
    await world.expectSame();
  });

  it('a chunk that never gets an answer is read back at the end', async () => {
    const world = await about(kind, { kind: 'reset', applied: true }, { times: Infinity, match: once() });

    expect(await world.run()).toMatchObject({ ...allDone[kind], rounds: 1 });

    await world.expectSame();
  });

  it('an unknown code fails its chunk and the run goes on', async () => {
    const world = await about(kind, { kind: 'code', code: 1299999, msg: 'Strange' });

    const report = await world.run();

    expect(report).toMatchObject({ exit: 1, status: 'partial', rounds: 0, error: null });
    expect(report.chunks.failed).toEqual([
      { id: first[kind], kind, rows: 5, how: 'answered', code: 1299999, message: 'Strange' },
    ]);
    expect(world.writes()).toHaveLength(2);
  });

  it('three chunks with the same unknown code stop the run', async () => {
    const world = await about(kind, { kind: 'code', code: 1299999 }, { times: Infinity }, { chunkSize: 2 });

    const report = await world.run();

    expect(report).toMatchObject({ exit: 1, status: 'failed', error: { code: 'same-failure' } });
    expect(report.error?.message).toContain('1299999');
    expect(world.writes()).toHaveLength(3);
    expect(report.chunks.failed).toHaveLength(3);
    const left = kind === 'delete' ? report.deletes.notSent : report.rows.notSent;
    expect(left).toBe(4);
  });

  it('a chunk too large for one call is halved, and the size that was taken is remembered', async () => {
    const most = kind === 'create' ? 'batchCreate' : kind === 'update' ? 'batchUpdate' : 'batchDelete';
    const world = await about(kind, { kind: 'delay', ms: 0 });
    world.feishu.limits[most] = 3;

    expect(await world.run()).toMatchObject(allDone[kind]);

    expect(world.writes().filter((one) => one.includes('!1254104')).length).toBeLessThanOrEqual(2);
    await world.expectSame();
    await world.shop.exec("update user_orders set amount = 2 where id >= 'O005'");
    await world.shop.exec("delete from user_orders where id <= 'O004'");
    await world.run();
    const again = world.writes();
    expect(again.filter((one) => one.includes('!'))).toEqual([]);
    expect(again.length).toBeGreaterThan(1);
    await world.expectSame();
  });

  it('a hang is given up when the program must stop, and the next start leaves nothing doubled', async () => {
    const world = await about(kind, { kind: 'hang', applied: true });
    const program = await world.open();
    const started = await program.runs.start({
      definition: await program.definitions.get('orders'),
      by: { kind: 'cli' },
    });
    if (started.kind !== 'started') throw new Error('busy');
    await world.feishuHits(1);

    await program.stop();

    expect((await started.run.ended).status).toBe('interrupted');
    const report = await world.run();
    expect(report).toMatchObject({ ...allDone[kind], run: started.run.id });
    await world.expectSame();
  });
});

/** Hits only the requests that carry what the first one carried. */
function once(): (request: { body(): unknown }) => boolean {
  let wanted: string | undefined;
  return (request) => {
    const body = JSON.stringify(request.body());
    wanted ??= body;
    return body === wanted;
  };
}

describe('values that Feishu refuses', () => {
  it.each(['create', 'update'] as const)('isolates the bad row of a %s, the good ones land', async (kind) => {
    const world = await about(kind, { kind: 'delay', ms: 0 });
    // A row that only Feishu can refuse: too many characters for one cell.
    world.feishu.limits.cellChars = 50;
    await world.shop.exec(`update users set nickname = '${'长'.repeat(60)}' where id = 2`);
    await world.shop.exec("update user_orders set user_id = 3 where id <> 'O008' and user_id = 2");

    const report = await world.run();

    expect(report).toMatchObject({
      exit: 1,
      status: 'partial',
      rows: { rejected: 1, failed: 0, unknown: 0 },
    });
    expect(report.rows.created + report.rows.updated).toBe(report.rows.read - report.rows.unchanged - 1);
    // A refused row is listed as a row: sending its chunk again could not help.
    expect(report.chunks.failed).toEqual([]);
    expect(report.err).toContain('1254130');
    expect(report.err).toContain('O008');
    const wanted = (await world.shop.orders()).filter(({ 订单号 }) => 订单号 !== 'O008');
    expect(world.records().filter((one) => one['订单号'] !== 'O008')).toEqual(wanted);
  });

  it('rejects what can never fit before anything is sent, and sends the rest', async () => {
    const world = await newWorld({ orders: 5, definition: { mode: 'upsert' } });
    world.define({
      source: {
        connection: 'shop',
        query:
          'select id as "订单号", case id when \'O002\' then \'many\' else amount end as "下单金额" from user_orders where production_id = 10',
      },
      fields: {},
    });

    const report = await world.run();

    expect(report).toMatchObject({ exit: 1, status: 'partial', rows: { read: 5, created: 4, rejected: 1 } });
    expect(report.err).toContain('O002');
    expect(world.writes()).toEqual(['batch_create 4']);
  });
});

describe('records that are gone', () => {
  it('an update makes the record anew that somebody deleted, and writes the others', async () => {
    const world = await about('update', { kind: 'delay', ms: 0 });
    const [gone] = world.table.records();
    const off = world.feishu.onRequest(({ route }) => {
      if (route.name !== 'records.batch_update') return;
      world.table.remove(gone?.record_id ?? '');
      off();
    });

    const report = await world.run();

    expect(report).toMatchObject({ exit: 0, status: 'done', rows: { updated: 9, created: 1 } });
    await world.expectSame();
    expect(await world.run()).toMatchObject({ exit: 0, calls: { write: 0 } });
  });

  it('a delete counts the record that somebody deleted as gone', async () => {
    const world = await about('delete', { kind: 'delay', ms: 0 });
    const [gone] = world.table.records();
    const off = world.feishu.onRequest(({ route }) => {
      if (route.name !== 'records.batch_delete') return;
      world.table.remove(gone?.record_id ?? '');
      off();
    });

    expect(await world.run()).toMatchObject(allDone.delete);
    await world.expectSame();
  });
});

describe('reads', () => {
  const readers = ['apps.get', 'tables.list', 'fields.list', 'records.search', 'auth.token'];
  const faults: readonly [string, Fault][] = [
    ['an error', { kind: 'code', code: 1255001 }],
    ['a cut connection', { kind: 'reset' }],
    ["a gateway's page", { kind: 'html' }],
    ['a cut answer', { kind: 'truncate' }],
  ];

  it.each(faults)('are tried again after %s', async (_, fault) => {
    const world = await newWorld({ orders: 12 });
    await world.run();
    for (const route of readers) world.feishu.faults.add({ when: { route }, fault });

    expect(await world.run()).toMatchObject({ exit: 0, rows: { unchanged: 12 }, calls: { write: 0 } });
    expect(world.feishu.faults.hits()).toHaveLength(readers.length);
  });

  it.each(faults)('that always meet %s fail the run and are never an empty table', async (_, fault) => {
    const world = await newWorld({ orders: 600 });
    await world.run();
    world.writes();
    // The second page is the one that cannot be read.
    world.feishu.faults.add({ when: { route: 'records.search', nth: 2, times: Infinity }, fault });

    const report = await world.run();

    expect(report).toMatchObject({
      exit: 1,
      status: 'failed',
      rows: { read: 0 },
      deletes: { planned: 0 },
      waiting: null,
    });
    expect(report.error?.message).not.toBe('');
    expect(world.writes()).toEqual([]);
    expect(world.table.size()).toBe(600);
  });

  it.each([91403, 1254302, 1254040, 1254041])('code %i ends the run at once', async (code) => {
    const world = await newWorld({ orders: 12 });
    world.feishu.faults.add({
      when: { route: 'records.search', times: Infinity },
      fault: { kind: 'code', code },
    });

    const report = await world.run();

    expect(report).toMatchObject({ exit: 1, status: 'failed', error: { code: String(code) } });
    expect(world.feishu.faults.hits()).toHaveLength(1);
    expect(world.writes()).toEqual([]);
  });

  it('a page that is too large is asked for in halves, from the start', async () => {
    const world = await newWorld({ orders: 700 });
    await world.run();
    world.feishu.faults.add({
      when: { route: 'records.search', nth: 2 },
      fault: { kind: 'code', code: 1254030 },
    });

    expect(await world.run()).toMatchObject({ exit: 0, rows: { unchanged: 700 }, calls: { write: 0 } });
  });
});

it('keeps every row accounted for through random faults of all kinds', async () => {
  for (const seed of [1, 2, 3]) {
    const world = await newWorld({ orders: 200, speed: 100, definition: { chunkSize: 10, rounds: 3 } });
    const calm = world.feishu.faults.random(seed, {
      throttle: 0.03,
      conflict: 0.05,
      busy: 0.03,
      error: 0.1,
      notReady: 0.03,
      resetBefore: 0.05,
      resetAfter: 0.1,
      timeoutAfter: 0.1,
      html: 0.05,
      truncate: 0.03,
    });

    const report = await world.run();
    expect(world.feishu.faults.hits().length).toBeGreaterThan(5);
    calm();

    // Whatever was met, what counts as created is there, once.
    const ids = world.records().map((one) => one['订单号']);
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids.length).toBeGreaterThanOrEqual(report.rows.created);
    await world.shop.exec(`insert into user_orders values ${orderRow(300)}`);
    expect(await world.run()).toMatchObject({ exit: 0 });
    await world.expectSame();
  }
});
