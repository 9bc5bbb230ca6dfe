import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { Kysely, MysqlDialect, sql } from 'kysely';
import { createPool } from 'mysql2';
import { expect, it, onTestFinished } from 'vitest';
import { bytesPool, silentCode } from '../../src/store/mysql-pool.ts';
import { backendOf, openStore } from '../../src/store/open.ts';
import type { Tables } from '../../src/store/schema.ts';
import { mysqlUrl, testDatabase } from '../support/mysql.ts';
import { storeContract } from './contract.ts';
import { ownershipContract } from './ownership.ts';
import { parts } from './samples.ts';

const mysqlPlace = async () => {
  const { url, drop } = await testDatabase();
  return { url, remove: drop };
};
storeContract('MySQL', mysqlPlace);
ownershipContract('MySQL', mysqlPlace);

const changed = (change: (url: URL) => void): string => {
  const url = new URL(mysqlUrl());
  change(url);
  return url.href;
};

it.each([
  [
    'a wrong password',
    (url: URL) => {
      url.username = 'nobody';
      url.password = 'geheim';
    },
    'store-refused',
  ],
  [
    'a database that does not exist',
    (url: URL) => {
      url.pathname = '/no_such_database';
    },
    'store-no-database',
  ],
  [
    'a port where nobody listens',
    (url: URL) => {
      url.port = '1';
    },
    'store-unreachable',
  ],
  [
    'TLS, and no certificate that anybody vouches for',
    (url: URL) => {
      url.search = '?ssl=true';
    },
    'store-unreachable',
  ],
  [
    'a socket that is not there',
    (url: URL) => {
      url.search = '?socket=/no/such/socket';
    },
    'store-unreachable',
  ],
])('MySQL with %s is refused with what to do', async (_, change, code) => {
  const refused = await openStore(changed(change), parts).catch((error: unknown) => error);
  expect(refused).toMatchObject({ problems: [{ code, where: 'STORE_URL' }] });
  expect(String(refused)).not.toContain('geheim');
});

it('a server that hangs is left after a while, in words, and works again when it answers', async () => {
  const { url, drop } = await testDatabase();
  onTestFinished(drop);
  const { host, port, hang } = await stallingProxy(new URL(url));
  const through = new URL(url);
  through.host = `${host}:${port}`;
  const pool = bytesPool(createPool({ uri: through.href, connectionLimit: 2 }), 200);
  const db = new Kysely<Tables>({ dialect: new MysqlDialect({ pool }) });
  onTestFinished(() => db.destroy());
  const ask = () => sql`select 1`.execute(db);
  await ask();
  hang(true);
  await expect(ask()).rejects.toMatchObject({ code: silentCode });
  hang(false);
  await expect(ask()).resolves.toBeDefined();
  expect(backendOf(url).problem(Object.assign(new Error(), { code: silentCode }))).toMatchObject({
    code: 'store-silent',
  });
});

/** Stands before the server and passes nothing on while told so. */
async function stallingProxy(to: URL) {
  let stalled = false;
  const sockets = new Set<Socket>();
  const server = createServer((near) => {
    const far = connect(Number(to.port), to.hostname);
    for (const [from, into] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(from);
      from.on('error', () => undefined);
      from.on('close', () => into.destroy());
      from.on('data', (data) => {
        if (!stalled) into.write(data);
      });
    }
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    for (const one of sockets) one.destroy();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return { host: '127.0.0.1', port, hang: (now: boolean) => (stalled = now) };
}
