import { expect, it } from 'vitest';
import { openStore } from '../../src/store/open.ts';
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
