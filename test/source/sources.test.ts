import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from '@photostructure/sqlite';
import { afterEach, expect, it } from 'vitest';
import { systemClock } from '../../src/process.ts';
import { notEncrypted, type OpenSources, openSources } from '../../src/source/sources.ts';
import type { Connection } from '../../src/sync/definition/databases.ts';
import { asking, never, problemsOf, readAll } from './contract.ts';

let opened: OpenSources | undefined;

afterEach(() => opened?.stop());

function open(connections: Record<string, Connection>): OpenSources {
  opened = openSources(new Map(Object.entries(connections)), { clock: systemClock });
  return opened;
}

it('finds a connection under the name that definitions use', async () => {
  const { sources } = open({ MY_SHOP: { kind: 'sqlite', url: 'sqlite:/nowhere/shop.db' } });
  expect(sources('my-shop')).toBe(sources('my_shop'));
  expect(await problemsOf(sources('my-shop').columns(asking('select 1 as a'), never))).toEqual([
    'no-database',
  ]);
});

it('reads a file also where the program runs from its sources', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'source-test-'));
  const path = join(folder, 'shop.db');
  new DatabaseSync(path).close();
  const { sources } = open({ SHOP: { kind: 'sqlite', url: `sqlite:${path}` } });
  expect((await readAll(sources('shop'), asking('select 1 as a'))).rows).toEqual([[1]]);
  await rm(folder, { recursive: true });
});

it('names the variable to set and the connections that there are', () => {
  const { sources } = open({
    SHOP: { kind: 'sqlite', url: 'sqlite:a' },
    OLD_SHOP: { kind: 'sqlite', url: 'sqlite:b' },
  });
  expect(() => sources('my-shop')).toThrow(
    'There is no connection called my-shop; there are shop, old-shop.',
  );
  try {
    sources('my-shop');
  } catch (error) {
    expect(error).toMatchObject({ problems: [{ code: 'no-connection', where: 'CONNECTION_MY_SHOP' }] });
  }
});

it('picks the adapter by the kind of connection', () => {
  const { sources } = open({ SHOP: { kind: 'mysql', url: 'mysql://u:s3cret@h/d?flags=X' } });
  expect(() => sources('shop')).toThrow('CONNECTION_SHOP has unknown parameters: flags.');
});

it.each([
  ['mysql://u:p@db.example.com/shop', true],
  ['mysql://u:p@10.0.0.7:3307/shop?ssl=false', true],
  ['mysql://u:p@[2001:db8::7]/shop', true],
  ['mysql://u:p@localhost.example.com/shop', true],
  ['mysql://u:p@db.example.com/shop?ssl=true', false],
  ['mysql://u:p@db.example.com/shop?ssl=skip-verify', false],
  ['mysql://u:p@localhost/shop', false],
  ['mysql://u:p@127.0.0.2/shop', false],
  ['mysql://u:p@[::1]/shop', false],
  ['mysql://u:p@db.example.com/shop?socket=/run/mysqld/mysqld.sock', false],
  ['mysql://no url', false],
])('warns of a password without TLS on its way to another host: %s %s', (url, warned) => {
  const far: Connection = { kind: 'mysql', url };
  const file: Connection = { kind: 'sqlite', url: 'sqlite:a' };
  expect(notEncrypted(file, new Map([['SHOP', far]]))).toEqual(warned ? ['CONNECTION_SHOP'] : []);
  expect(notEncrypted(far, new Map([['SHOP', file]]))).toEqual(warned ? ['STORE_URL'] : []);
});
