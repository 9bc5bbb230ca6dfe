import { join } from 'node:path';
import { DatabaseSync } from '@photostructure/sqlite';
import { describe, expect, it, onTestFinished } from 'vitest';
import { arrival, start } from '../support/process.ts';
import { newWorld, type World } from '../support/world.ts';

/** The store of a world, looked at and held from outside. */
function storeOf(world: World) {
  const path = join(world.folder, 'data', 'bitable-sync.db');
  const open: { close(): void }[] = [];
  onTestFinished(() => {
    for (const one of open) one.close();
  });
  const connect = () => {
    const db = new DatabaseSync(path, { timeout: 5_000 });
    open.push(db);
    return db;
  };
  return {
    /** Keeps the program from storing anything, until the answer is called. */
    hold: (): (() => void) => {
      const db = connect();
      db.exec('begin immediate');
      return () => db.exec('rollback');
    },
    /** Resolves as soon as the query answers a row. */
    shows: async (sql: string): Promise<void> => {
      const db = connect();
      await expect
        .poll(() => db.prepare(sql).all().length, { interval: 5, timeout: 20_000 })
        .toBeGreaterThan(0);
    },
  };
}

/** A moment in the life of a run in six chunks. */
interface Moment {
  readonly when: string;
  /** Resolves when it has come; the answer clears up after the kill. */
  readonly come: (world: World) => Promise<() => void>;
  /** Calls of the next process that create records. */
  readonly left: number;
  readonly records: number;
}

/** Lets the calls from the n-th on wait for the kill; then they are carried out, or never were. */
async function inCall(world: World, nth: number, carriedOut: boolean): Promise<() => void> {
  let letGo = (): void => undefined;
  const dead = new Promise<void>((resolve) => {
    letGo = resolve;
  });
  let calls = 0;
  const arrived = new Promise<void>((resolve) => {
    world.feishu.onRequest(({ route }) => {
      if (route.name !== 'records.batch_create') return undefined;
      calls += 1;
      if (calls < nth) return undefined;
      resolve();
      return dead;
    });
  });
  const lost = { when: { route: 'records.batch_create', nth }, fault: { kind: 'reset' } } as const;
  if (!carriedOut) world.feishu.faults.add(lost);
  await arrived;
  return letGo;
}

/** Holds the store when the n-th call of a route arrives, and waits until that is answered. */
function unstored(world: World, route: string, nth: number): Promise<() => void> {
  return new Promise((resolve) => {
    let letGo = (): void => undefined;
    void arrival(world, route, nth).then(() => {
      letGo = storeOf(world).hold();
    });
    let answered = 0;
    const off = world.feishu.onCall((call) => {
      if (call.route !== route) return;
      answered += 1;
      if (answered < nth) return;
      off();
      resolve(letGo);
    });
  });
}

const moments: readonly Moment[] = [
  {
    when: 'before the plan is stored',
    come: (world) => unstored(world, 'records.search', 1),
    left: 6,
    records: 0,
  },
  {
    when: 'when the plan is stored',
    come: async (world) => {
      const sent = inCall(world, 1, false);
      await arrival(world, 'records.search');
      await storeOf(world).shows(`select 1 from bitable_sync_runs where plan <> '""'`);
      return () => void sent.then((letGo) => letGo());
    },
    left: 6,
    records: 0,
  },
  { when: 'before a send', come: (world) => inCall(world, 3, false), left: 4, records: 20 },
  {
    when: 'sent, without the answer',
    come: (world) => inCall(world, 3, true),
    left: 3,
    records: 30,
  },
  {
    when: 'answered, without the outcome stored',
    come: (world) => unstored(world, 'records.batch_create', 3),
    left: 3,
    records: 30,
  },
  {
    when: 'between two rounds',
    come: async (world) => {
      world.feishu.faults.add({
        when: { route: 'records.batch_create', nth: 2 },
        fault: { kind: 'code', code: 1255001 },
      });
      await arrival(world, 'records.batch_create', 6);
      await storeOf(world).shows(
        `select 1 from bitable_sync_chunks where id = 'C002' and status = 'pending' and failure is not null
         and (select count(*) from bitable_sync_chunks where status = 'done') = 5`,
      );
      return () => undefined;
    },
    left: 1,
    records: 50,
  },
];

describe('a process that is killed', () => {
  it.each(moments)(
    '$when goes on under the same run ID, reads both sides once and writes only what is missing',
    async ({ come, left, records }) => {
      const world = await newWorld({ orders: 60, definition: { chunkSize: 10, concurrency: 1 } });
      const moment = come(world);
      const first = await start(world, 'run orders --json');
      const clearUp = await moment;
      first.child.kill('SIGKILL');
      await first.ended;
      clearUp();
      const program = await world.open();
      const [run] = await program.runs.latest('orders', 1);
      await program.stop();
      await expect.poll(() => world.table.size()).toBe(records);
      world.writes();
      let plans = 0;
      world.feishu.onRequest(({ route }) => {
        if (route.name === 'apps.get') plans += 1;
      });

      const second = await world.run();

      expect(second).toMatchObject({
        exit: 0,
        status: 'done',
        run: run?.run,
        rows: { read: 60, created: 60 },
        error: null,
      });
      expect(world.writes().filter((call) => !call.endsWith('!-1'))).toEqual(
        Array.from({ length: left }, () => 'batch_create 10'),
      );
      expect(plans).toBe(1);
      await world.expectSame();
      expect(await world.run()).toMatchObject({ rows: { unchanged: 60 }, calls: { write: 0 } });
    },
  );

  it('while it waits for a person still waits after the restart, and the same card carries the plan out', async () => {
    // The real processes' clock, so that no run seems newer than it is.
    const world = await newWorld({ orders: 30, speed: 1 });
    await world.run();
    await world.shop.exec("delete from user_orders where id > 'O020' and production_id = 10");
    const chat = world.feishu.chat({ kind: 'p2p' });
    world.env['ADMINS'] = chat.members[0]?.openId ?? '';
    const first = await start(world, 'start --json');
    await world.feishu.connections.ready();
    chat.say('/sync orders');
    const asked = await chat.next(({ controls }) => controls.some(({ name }) => name === 'apply'));
    first.child.kill('SIGKILL');
    await first.ended;
    await expect.poll(() => world.feishu.connections.count()).toBe(0);
    world.writes();
    const second = await start(world, 'start --json');
    await world.feishu.connections.ready();

    expect((await world.feishu.click(asked.id, 'apply')).toast?.type).toBe('success');

    const done = await chat.next(({ controls }) => controls.some(({ name }) => name === 'rerun'));
    expect(done.id).toBe(asked.id);
    expect(world.writes()).toEqual(['batch_delete 10']);
    await world.expectSame();
    second.child.kill('SIGTERM');
    expect((await second.ended).exit).toBe(0);
  });
});
