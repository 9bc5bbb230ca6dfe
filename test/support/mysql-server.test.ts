import { access, mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { planServer, spawnGuarded } from './mysql-server.ts';

const nobody = { root: false, apt: true };

it('takes the server that it is given before all others', () => {
  const url = 'mysql://root:test@127.0.0.1:3306';
  expect(planServer({ MYSQL_URL: url }, '/usr/sbin/mariadbd', nobody)).toEqual({ kind: 'given', url });
});

it('starts the server that is installed', () => {
  const plan = { kind: 'private', binary: '/usr/sbin/mariadbd' };
  expect(planServer({}, '/usr/sbin/mariadbd', nobody)).toEqual(plan);
  expect(planServer({ MYSQL_URL: '' }, '/usr/sbin/mariadbd', nobody)).toEqual(plan);
});

it.each([
  [{}, { root: true, apt: true }],
  [{ CI: 'true' }, nobody],
])('installs one where it may: %j %j', (env, machine) => {
  expect(planServer(env, undefined, machine)).toEqual({ kind: 'install' });
});

it('says the exact command where it may not', () => {
  expect(planServer({}, undefined, nobody)).toMatchObject({
    kind: 'stuck',
    advice: expect.stringContaining(
      'sudo apt-get update && sudo apt-get install -y --no-install-recommends mariadb-server',
    ),
  });
  expect(planServer({ CI: 'true' }, undefined, { root: false, apt: false })).toMatchObject({
    advice: expect.stringContaining('MYSQL_URL'),
  });
});

it('ends the server and removes its data, whoever started it', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'mysql-test-'));
  const server = await spawnGuarded(folder, process.execPath, ['-e', 'setInterval(() => {}, 1000)']);
  expect(process.kill(server.pid, 0)).toBe(true);
  await server.stop();
  expect(() => process.kill(server.pid, 0)).toThrow('ESRCH');
  await expect(access(folder)).rejects.toThrow('ENOENT');
});
