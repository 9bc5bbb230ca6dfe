import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from '@photostructure/sqlite';
import { type Playground, startPlayground } from 'bitable-playground';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { lastLine, type Shell, type } from './shell.ts';

/** A real process against a Feishu on this machine. */
let feishu: Playground;
let cwd = '';
let env: Record<string, string> = {};
let table: ReturnType<ReturnType<Playground['base']>['table']>;

beforeEach(async () => {
  feishu = await startPlayground({ rates: false, seed: 1 });
  cwd = mkdtempSync(join(tmpdir(), 'signals-'));
  env = {
    FEISHU_APP_ID: feishu.appId,
    FEISHU_APP_SECRET: feishu.appSecret,
    FEISHU_DOMAIN: feishu.url,
    CONNECTION_SHOP: 'sqlite:./shop.db',
    LOG_LEVEL: 'info',
  };
  const shop = new DatabaseSync(join(cwd, 'shop.db'));
  shop.exec(`create table orders as
    with recursive n(id) as (select 1 union all select id + 1 from n where id < 300)
    select id as "Order", 'goods ' || id as "Goods" from n`);
  shop.close();
  const base = feishu.base({
    tables: [
      {
        name: 'orders',
        fields: [
          { name: 'Order', type: 'Text' },
          { name: 'Goods', type: 'Text' },
        ],
      },
    ],
  });
  table = base.table();
  mkdirSync(join(cwd, 'syncs'));
  writeFileSync(
    join(cwd, 'syncs/orders.yaml'),
    [
      'name: orders',
      'source:',
      '  connection: shop',
      '  query: select "Order", "Goods" from orders',
      'key: Order',
      `target: ${table.url}`,
      'chunkSize: 10',
    ].join('\n'),
  );
});

afterEach(async () => {
  await feishu.stop();
  rmSync(cwd, { recursive: true });
});

const endedEarly = async (shell: Shell): Promise<never> => {
  throw new Error(`it ended with ${await shell.exit}: ${shell.written.err}`);
};

describe('a real process', () => {
  it('that is told twice leaves at once, still with one object', async () => {
    feishu.setLatency((route) => (/create/i.test(route) ? 20_000 : 0));
    const shell = type('run orders --json', cwd, env);
    const sent = new Promise<void>((resolve) => {
      const off = feishu.onRequest(({ path }) => {
        if (!path.includes('batch_create')) return;
        off();
        resolve();
      });
    });
    await Promise.race([sent, endedEarly(shell)]);
    shell.child.kill('SIGINT');
    // Another one, because two of the same kind at once may arrive as one.
    shell.child.kill('SIGTERM');
    expect(await shell.exit, shell.written.err).toBe(1);
    expect(shell.written.out.trimEnd().split('\n')).toHaveLength(1);
    expect(lastLine(shell.written.out)).toMatchObject({ status: 'interrupted' });
  });

  it('that serves tells where and how it is, and ends with 0 on SIGTERM, which it tells too', async () => {
    const shell = type('start --json', cwd, { ...env, HTTP_PORT: '0' });
    const line = (event: string): Record<string, unknown> =>
      JSON.parse(shell.written.err.split('\n').find((one) => one.includes(`"${event}"`)) ?? '{}');
    await shell.says('The bot is running');
    const { port } = line('http.opened');
    expect(port).toEqual(expect.any(Number));
    const health = await fetch(`http://127.0.0.1:${String(port)}/healthz`);
    expect(await health.json()).toEqual({
      ok: true,
      version: expect.stringMatching(/^\d+\./),
      uptime: expect.any(Number),
    });
    shell.child.kill('SIGTERM');
    expect(await shell.exit, shell.written.err).toBe(0);
    expect(lastLine(shell.written.out)).toEqual({ status: 'stopped', error: null });
    expect(line('program.stop-asked')).toMatchObject({ level: 'info', why: 'SIGTERM' });
    expect(line('program.stopped')).toMatchObject({ level: 'info', ms: expect.any(Number) });
  });
});
