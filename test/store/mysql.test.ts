import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { Kysely, MysqlDialect, sql } from 'kysely';
import { createPool } from 'mysql2';
import { createConnection, type RowDataPacket } from 'mysql2/promise';
import { expect, it, onTestFinished } from 'vitest';
import { transact } from '../../src/store/db/backend.ts';
import { bytesPool, mysqlBackend } from '../../src/store/db/mysql.ts';
import { backendOf, openDatabase } from '../../src/store/db/open.ts';
import { mysqlProblem, silentCode } from '../../src/store/db/problems.ts';
import type { Tables } from '../../src/store/db/schema.ts';
import { openStore } from '../../src/store/open.ts';
import { ProblemError } from '../../src/sync/words/problem.ts';
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
  expect(backendOf(url).faults.problem(Object.assign(new Error(), { code: silentCode }))).toMatchObject({
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

it.each([
  ['ER_LOCK_WAIT_TIMEOUT', 'store-busy'],
  ['ER_LOCK_DEADLOCK', 'store-busy'],
  ['ER_OPTION_PREVENTS_STATEMENT', 'store-read-only'],
  ['ER_RECORD_FILE_FULL', 'store-full'],
  ['ER_SERVER_SHUTDOWN', 'store-unreachable'],
  ['PROTOCOL_CONNECTION_LOST', 'store-unreachable'],
  ['ER_CON_COUNT_ERROR', 'store-unreachable'],
  ['ER_NO_SUCH_TABLE', 'store-failed'],
])('a server that answers with %s is told in words', (code, word) => {
  const error = Object.assign(new Error('geheim'), { code, errno: 1, sqlState: 'HY000' });
  const told = mysqlProblem(error);
  expect(told).toMatchObject({ code: word, where: 'STORE_URL' });
  expect(JSON.stringify(told)).not.toContain('geheim');
});

it('a connection that the server has ended is told in words, and the store works on', async () => {
  const { url, drop } = await testDatabase();
  onTestFinished(drop);
  const other = await createConnection(url);
  onTestFinished(() => other.end());
  const connections = async (): Promise<readonly number[]> => {
    const [rows] = await other.query<RowDataPacket[]>(
      'select id from information_schema.processlist where db = database()',
    );
    return rows.map((row) => Number(row['id'] ?? row['ID']));
  };
  const before = await connections();
  const store = await openStore(url, parts);
  onTestFinished(() => store.stop());
  for (const id of await connections()) if (!before.includes(id)) await other.query(`kill ${id}`);
  const said = await store.facts.width.keep('a', 'b').catch((error: unknown) => error);
  if (said !== undefined) expect(said).toMatchObject({ problems: [{ code: 'store-unreachable' }] });
  await expect.poll(() => store.facts.width.keep('a', 'b').catch((error: unknown) => error)).toBeUndefined();
});

it('a transaction that its process does not go on with, because it is stopped or gone, soon holds nobody up', async () => {
  const { url, drop } = await testDatabase();
  onTestFinished(drop);
  const { db } = await openDatabase(url, parts, 0);
  onTestFinished(() => db.destroy());
  const stopped = new Kysely<Tables>({ dialect: mysqlBackend(url, 1).dialect });
  onTestFinished(() => stopped.destroy());
  const row = { table_id: 't', fence: 0, run: null, owner: null, until: 0 };
  await db.insertInto('bitable_sync_leases').values(row).execute();

  const lost = stopped.transaction().execute(async (trx) => {
    await trx.updateTable('bitable_sync_leases').set({ fence: 1 }).execute();
    // Waits for the lock that the transaction itself holds.
    await db.updateTable('bitable_sync_leases').set({ fence: 2 }).execute();
    await trx.updateTable('bitable_sync_leases').set({ fence: 3 }).execute();
  });

  await expect(lost).rejects.toThrow();
  expect(await db.selectFrom('bitable_sync_leases').select('fence').execute()).toEqual([{ fence: 2 }]);
});

it.each([
  ['four times is done again', 4, 'done'],
  ['every time is told in words, and is no trouble of the store', Number.POSITIVE_INFINITY, 'store-busy'],
])('a transaction that loses against another one %s', async (_, losses, result) => {
  const { url, drop } = await testDatabase();
  onTestFinished(drop);
  const { db, backend, watched } = await openDatabase(url, parts, 0);
  onTestFinished(() => db.destroy());
  let tries = 0;
  const came = await transact(db, backend, async (trx) => {
    if (tries++ < losses) await sql`signal sqlstate '40001' set mysql_errno = 1213`.execute(trx);
    return 'done';
  }).catch((error: unknown) => (error instanceof ProblemError ? error.problems[0].code : error));
  expect([came, tries, watched.trouble()]).toEqual([result, 5, undefined]);
});
