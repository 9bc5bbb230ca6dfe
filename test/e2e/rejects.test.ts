import type { BotMessage } from 'bitable-playground';
import { describe, expect, it } from 'vitest';
import { newWorld, type World, type WorldOptions } from '../support/world.ts';

/** Feishu refuses every write that holds this city. */
function refuseCity(world: World, city: string): () => void {
  const match = ({ raw }: { readonly raw: Buffer }): boolean => raw.toString().includes(city);
  const times = Number.POSITIVE_INFINITY;
  const calm = ['create', 'update'].map((kind) =>
    world.feishu.faults.add({
      when: { route: `records.batch_${kind}`, times, match },
      fault: { kind: 'code', code: 1254063 },
    }),
  );
  return () => {
    for (const end of calm) end();
  };
}

const ended = ({ controls }: BotMessage): boolean => controls.some(({ name }) => name === 'rerun');

/** A bot whose chat has just seen a run with two rows that Feishu refuses, and two bad ones of the shop's own. */
async function refused(options: WorldOptions = {}) {
  const world = await newWorld({ orders: 20, speed: 3, ...options });
  await world.shop.exec("insert into users values (8, '=HYPERLINK(1)', 1, '13800002000', '拒绝城')");
  await world.shop.exec("update user_orders set user_id = 8 where id in ('O003', 'O011')");
  await world.shop.exec("insert into user_orders values ('', 1, 10, 1700000000, 5)");
  await world.shop.exec("insert into user_orders values ('12345678901234567890', 8, 10, 1700000000, 5)");
  const calm = refuseCity(world, '拒绝城');
  const program = await world.open();
  await program.serve();
  await world.feishu.connections.ready();
  const [ada, bob] = [world.feishu.person('Ada'), world.feishu.person('Bob')];
  const group = world.feishu.chat({ kind: 'group', members: [ada, bob] });
  const alone = {
    ada: world.feishu.chat({ kind: 'p2p', members: [ada] }),
    bob: world.feishu.chat({ kind: 'p2p', members: [bob] }),
  };
  group.say('/sync orders', { mention: true, from: ada });
  const card = await group.next(ended);
  return { world, program, calm, group, card, ada, bob, alone };
}

const isFile = ({ type }: BotMessage): boolean => type === 'file';

describe('rows that Feishu refuses', () => {
  it('are grouped on the card, and come as a file to whoever presses, alone', async () => {
    const { world, card, group, bob, alone } = await refused();
    expect(card.text).toMatch(/3 rows · Feishu refused it: 1254063 .* · .*O003/u);
    expect(card.text).toMatch(/1 row · the key is empty · #\d+/u);

    const { toast } = await world.feishu.click(card.id, 'csv', { from: bob });

    expect(toast).toEqual({ type: 'success', content: 'Preparing the file; it comes to you alone.' });
    const message = await alone.bob.next(isFile, { since: 0 });
    const file = world.feishu.file(message.id);
    const run = /r?[0-9a-f]{10}/.exec(file?.name ?? '')?.[0] ?? '';
    expect(file?.name).toBe(`orders-${run}.csv`);
    const lines = (file?.content.toString('utf8') ?? '').split('\r\n');
    expect(lines[0]).toBe('\ufeffrun,key,"row in the query",kind,field,code,reason,value,"what to do"');
    expect(lines.at(-1)).toBe('');
    expect(lines.slice(1, -1).map((line) => line.split(',').slice(0, 6).join(','))).toEqual(
      [
        `${run},,${lines[1]?.split(',')[2]},invalid,,`,
        ...["'12345678901234567890", 'O003', 'O011'].map((key) => `${run},${key},,rejected,,1254063`),
      ].sort(
        (a, b) =>
          lines.findIndex((line) => line.startsWith(a)) - lines.findIndex((line) => line.startsWith(b)),
      ),
    );
    expect(group.messages().filter(isFile)).toEqual([]);
    expect(alone.ada.messages()).toEqual([]);
    const uploads = world.feishu.calls().filter(({ route }) => route === 'files.create');
    expect(uploads.map(({ code }) => code)).toEqual([0]);
  });

  it('are not sent by the next run, which counts them; a changed row, a changed field and a retry send them', async () => {
    const { world, calm, group, ada } = await refused();
    const rows = { read: 22, rejected: 3, invalid: 1 };
    world.writes();
    expect(await world.run()).toMatchObject({ status: 'partial', rows });
    expect(world.writes()).toEqual([]);

    await world.shop.exec("update user_orders set amount = 77 where id = 'O003'");
    expect(await world.run()).toMatchObject({ rows });
    expect(world.writes()).toEqual(['batch_create !1254063']);

    world.table.retypeField('下单金额', 'Currency');
    expect(await world.run()).toMatchObject({ rows });
    expect(world.writes().length).toBeGreaterThan(1);
    expect(await world.run()).toMatchObject({ rows });
    expect(world.writes()).toEqual([]);

    calm();
    group.say('/sync orders', { mention: true, from: ada });
    const card = await group.next(ended);
    expect(card.text).toContain('Retry rejected rows');
    expect(world.writes()).toEqual([]);
    const { toast } = await world.feishu.click(card.id, 'retry', { from: ada });
    expect(toast?.content).toBe('Retrying 3 rejected rows.');
    await group.next((message) => ended(message) && !message.controls.some(({ name }) => name === 'retry'));
    expect(world.writes()).toEqual(['batch_create 3']);
  });

  it('are not given to somebody who may not run the sync', async () => {
    const { world, card, bob, alone, ada } = await refused();
    world.define({ access: { run: [ada.openId] } });

    const { toast } = await world.feishu.click(card.id, 'csv', { from: bob });

    expect(toast?.content).toContain('You may not run this sync.');
    const { toast: fine } = await world.feishu.click(card.id, 'csv', { from: ada });
    expect(fine?.type).toBe('success');
    await alone.ada.next(isFile, { since: 0 });
    // He is told whom to ask, and gets no row.
    await alone.bob.next(({ text }) => text.includes('You may not run this sync.'), { since: 0 });
    expect(alone.bob.messages()).toHaveLength(1);
  });

  it('say so on the card when the file cannot be sent', async () => {
    const { world, card, group, bob } = await refused();
    world.feishu.app.revokeScopes('im:resource', 'im:resource:upload');
    await world.feishu.click(card.id, 'csv', { from: bob });
    const told = await group.next(({ parentId }) => parentId === card.id);
    expect(told.text).toContain('im:resource');
  });
});
