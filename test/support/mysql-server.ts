import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { promisify } from 'node:util';
import mysql, { type Connection } from 'mysql2/promise';
import { findBinary, install, type Machine, thisMachine } from './machine.ts';
import { zoneStatements } from './mysql-zones.ts';

const run = promisify(execFile);

/** A database server for tests, and for benches outside Vitest. */
export interface MysqlServer {
  /** `mysql://…` without a schema; the account may create schemas and accounts. */
  readonly url: string;
  /** Ends the server and removes its data, if it is our own. */
  stop(): Promise<void>;
}

/** A schema of a test's own. */
export interface TestDatabase {
  /** `mysql://…/schema`, for the part under test. */
  readonly url: string;
  /** Runs one statement as the tests' own account and answers its rows. */
  query(sql: string, values?: unknown[]): Promise<Record<string, unknown>[]>;
  /** Waits until a statement that holds the words runs in the schema, or none does any more. */
  runs(words: string, wanted: boolean): Promise<void>;
  /** Drops the schema and closes. */
  drop(): Promise<void>;
}

/** Where the server comes from. */
export type Plan =
  | { readonly kind: 'given'; readonly url: string }
  | { readonly kind: 'private'; readonly binary: string }
  | { readonly kind: 'install' }
  | { readonly kind: 'stuck'; readonly advice: string };

// The server and its set-up tools without the package that starts a service of its own.
const packages = ['mariadb-server-core', 'mariadb-client-core'];
const binaries = ['mariadbd', 'mysqld'];

/** Picks where the server comes from: `MYSQL_URL`, else an installed one, else Debian's packages. */
export function planServer(
  env: Readonly<Record<string, string | undefined>>,
  found: string | undefined,
  machine: Machine,
): Plan {
  const url = env['MYSQL_URL'];
  if (url) return { kind: 'given', url };
  if (found) return { kind: 'private', binary: found };
  if (machine.apt && (machine.root || env['CI'] === 'true')) return { kind: 'install' };
  const how = machine.apt
    ? `sudo apt-get update && sudo apt-get install -y --no-install-recommends ${packages.join(' ')}`
    : 'docker run --rm -d -p 3306:3306 -e MARIADB_ROOT_PASSWORD=test mariadb:11 && export MYSQL_URL=mysql://root:test@127.0.0.1:3306';
  return { kind: 'stuck', advice: `The tests need a MySQL or MariaDB server. Run:\n\n  ${how}\n` };
}

/** Starts (or finds) the server. @param say is told what takes long, a line each */
export async function startMysql(say: (line: string) => void): Promise<MysqlServer> {
  const machine = await thisMachine();
  let plan = planServer(process.env, await findBinary(binaries), machine);
  if (plan.kind === 'install') {
    say('No MySQL server found and MYSQL_URL is not set.');
    await install(packages, machine.root, say);
    plan = planServer({}, await findBinary(binaries), { ...machine, apt: true });
  }
  switch (plan.kind) {
    case 'given':
      return useGiven(plan.url);
    case 'private':
      return startPrivate(plan.binary);
    case 'install':
      throw new Error(`${packages.join(' ')} are installed, but there is no ${binaries.join(' or ')}`);
    case 'stuck':
      throw new Error(plan.advice);
  }
}

/** Makes a new schema on a server. */
export async function createDatabase(serverUrl: string): Promise<TestDatabase> {
  const name = `test_${randomBytes(6).toString('hex')}`;
  const connection = await mysql.createConnection({ uri: serverUrl, dateStrings: true });
  await connection.query(`create database ${name} character set utf8mb4`);
  await connection.query(`use ${name}`);
  const url = new URL(serverUrl);
  url.pathname = `/${name}`;
  return {
    url: url.href,
    async query(sql, values = []) {
      const [rows] = await connection.query(sql, values);
      return Array.isArray(rows) ? rows.map((row) => ({ ...row })) : [];
    },
    async runs(words, wanted) {
      // A statement that is only prepared cannot be ended yet.
      const carriedOut = wanted ? "and command in ('Query', 'Execute')" : '';
      const sql = `select count(*) as n from information_schema.processlist
        where db = ? and id <> connection_id() and info like ? ${carriedOut}`;
      for (let attempt = 0; attempt < 1_000; attempt += 1) {
        const [rows] = await connection.query(sql, [name, `%${words}%`]);
        const n = Array.isArray(rows) ? rows.map((row) => ('n' in row ? Number(row['n']) : 0)) : [];
        if (n.some((count) => count > 0) === wanted) return;
        await wait(10);
      }
      throw new Error(`still ${wanted ? 'no' : 'a'} statement with ${words}`);
    },
    async drop() {
      await connection.query(`drop database if exists ${name}`);
      await connection.end();
    },
  };
}

async function useGiven(url: string): Promise<MysqlServer> {
  const connection = await mysql.createConnection({ uri: url });
  try {
    const [rows] = await connection.query(
      "select convert_tz('2020-06-01 00:00:00', 'UTC', 'America/New_York') is null as missing",
    );
    if (Array.isArray(rows) && rows.some((row) => 'missing' in row && row['missing'] === 1)) {
      throw new Error(
        'The server at MYSQL_URL does not know time zones. Load them: mysql_tzinfo_to_sql /usr/share/zoneinfo | mysql mysql',
      );
    }
  } finally {
    await connection.end();
  }
  return { url, stop: async () => {} };
}

async function startPrivate(binary: string): Promise<MysqlServer> {
  const folder = await mkdtemp(join(tmpdir(), 'mysql-test-'));
  const data = join(folder, 'data');
  // Servers refuse to run as root unless told to by name.
  const user = userInfo().uid === 0 ? ['--user=root'] : [];
  try {
    const version = (await run(binary, ['--version'])).stdout;
    if (/mariadb/i.test(version)) {
      const tool = await findBinary(['mariadb-install-db', 'mysql_install_db'], [dirname(binary)]);
      if (!tool) throw new Error(`mariadb-install-db is missing beside ${binary}`);
      const words = ['--no-defaults', `--datadir=${data}`, '--skip-test-db', '--skip-name-resolve'];
      // Two that are set up at the same moment trip over each other's temporary tables.
      const env = { ...process.env, TMPDIR: folder };
      await run(tool, [...words, '--auth-root-authentication-method=normal', ...user], { env });
    } else {
      await run(binary, ['--no-defaults', '--initialize-insecure', `--datadir=${data}`, ...user]);
    }
    return await launch(binary, folder, [
      '--no-defaults',
      `--datadir=${data}`,
      // A server that starts clears the temporary files of all others out of a folder that they share.
      `--tmpdir=${folder}`,
      `--pid-file=${join(folder, 'pid')}`,
      '--bind-address=127.0.0.1',
      '--skip-name-resolve',
      '--skip-log-bin',
      '--innodb-flush-log-at-trx-commit=0',
      '--innodb-buffer-pool-size=32M',
      '--innodb-file-per-table=0',
      '--loose-innodb-doublewrite=OFF',
      '--loose-performance-schema=OFF',
      '--loose-mysqlx=OFF',
      ...user,
    ]);
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
}

async function launch(binary: string, folder: string, words: readonly string[]): Promise<MysqlServer> {
  const socket = join(folder, 's');
  const port = await freePort();
  const server = await spawnGuarded(folder, binary, [...words, `--socket=${socket}`, `--port=${port}`]);
  try {
    const password = randomBytes(12).toString('hex');
    const connection = await connectWhenUp(server, socket, join(folder, 'log'));
    await setUp(connection, password);
    return { url: `mysql://tester:${password}@127.0.0.1:${port}`, stop: server.stop };
  } catch (error) {
    await server.stop();
    throw error;
  }
}

async function setUp(connection: Connection, password: string): Promise<void> {
  await connection.query(`create user 'tester'@'%' identified by '${password}'`);
  await connection.query("grant all privileges on *.* to 'tester'@'%' with grant option");
  const [roots] = await connection.query("select host from mysql.user where user = 'root'");
  for (const row of Array.isArray(roots) ? roots : []) {
    if ('host' in row) await connection.query("alter user 'root'@? identified by ?", [row['host'], password]);
  }
  for (const statement of zoneStatements()) await connection.query(statement);
  await connection.end();
}

/** A running program and how to end it. */
export interface Guarded {
  readonly pid: number;
  stop(): Promise<void>;
}

// The shell holds on to our end of its stdin. Whatever becomes of us, it then ends the server and removes the
// data; SIGKILL is fine for data that nobody reads again.
const guard = `
folder=$1; shift
"$@" </dev/null >"$folder/log" 2>&1 &
server=$!
echo $server
read -r _
kill -9 $server
wait $server
rm -rf "$folder"
`;

/**
 * Starts a program that ends with us, however we end.
 * @param folder removed with it; its output goes into a file `log` there
 */
export async function spawnGuarded(
  folder: string,
  binary: string,
  words: readonly string[],
): Promise<Guarded> {
  const shell = spawn('sh', ['-c', guard, 'sh', folder, binary, ...words], {
    stdio: ['pipe', 'pipe', 'ignore'],
    // Ctrl-C in a terminal is for us, not for the guard.
    detached: true,
  });
  const ended = new Promise<void>((resolve) => {
    shell.once('close', () => resolve());
  });
  return {
    pid: Number(await firstLine(shell)),
    async stop() {
      shell.stdin.end();
      await ended;
    },
  };
}

function firstLine(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.stdout?.once('data', (data: Buffer) => resolve(data.toString()));
  });
}

async function connectWhenUp(server: Guarded, socketPath: string, log: string): Promise<Connection> {
  // The set-up of a cold disk was seen to take ten seconds.
  for (let attempt = 0; attempt < 600; attempt += 1) {
    if (!isAlive(server.pid))
      throw new Error(`The database server ended at once:\n${await readFile(log, 'utf8')}`);
    try {
      return await mysql.createConnection({ socketPath, user: 'root' });
    } catch {
      await wait(50);
    }
  }
  throw new Error(`The database server does not answer:\n${await readFile(log, 'utf8')}`);
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address ? address.port : 0));
    });
  });
}
