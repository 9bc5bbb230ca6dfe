import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath, pathToFileURL } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));
const cache = join(root, 'node_modules/.cache/bitable-sync');
const hour = 3_600_000;

/**
 * The folder of the compiled program: compiled once for the same sources, before the first test. Compiled, the program
 * starts in a fraction of the time that a loader of TypeScript takes in each of its threads. Looked for once a process:
 * the sources stay as they are while tests run.
 */
export const built = remembered(async (): Promise<string> => {
  const folder = join(cache, hashOfSources());
  if (!existsSync(folder)) await compile(folder);
  return join(folder, 'dist');
});

/** The compiled modules that tests work with in their own process. */
export async function parts() {
  const dist = await built();
  const load = (file: string): Promise<unknown> => import(pathToFileURL(join(dist, file)).href);
  const [app, local, cli, config, log, clock, sqlite] = await Promise.all(
    ['app.js', 'local.js', 'cli/cli.js', 'config.js', 'log.js', 'process.js', 'source/sqlite/sqlite.js'].map(
      load,
    ),
  );
  return {
    ...(app as typeof import('../../src/app.ts')),
    ...(local as typeof import('../../src/local.ts')),
    ...(cli as typeof import('../../src/cli/cli.ts')),
    ...(config as typeof import('../../src/config.ts')),
    ...(log as typeof import('../../src/log.ts')),
    ...(clock as typeof import('../../src/process.ts')),
    ...(sqlite as typeof import('../../src/source/sqlite/sqlite.ts')),
  };
}

function remembered<T>(make: () => T): () => T {
  let made: { readonly it: T } | undefined;
  return () => {
    made ??= { it: make() };
    return made.it;
  };
}

async function compile(folder: string): Promise<void> {
  mkdirSync(cache, { recursive: true });
  for (const old of readdirSync(cache))
    if (ageOf(join(cache, old)) > hour) rmSync(join(cache, old), { recursive: true, force: true });
  const making = `${folder}.making-${process.pid}`;
  const builder = spawn(process.execPath, [join(root, 'scripts/build.mjs'), join(making, 'dist')], {
    env: { ...process.env, UNCHECKED: '1' },
  });
  const [said] = await Promise.all([text(builder.stderr), once(builder, 'close')]);
  if (!existsSync(join(making, 'dist/main.js'))) throw new Error(`The program does not compile:\n${said}`);
  cpSync(join(root, 'package.json'), join(making, 'package.json'));
  try {
    renameSync(making, folder);
  } catch (error) {
    // Other tests were quicker with the same sources.
    if (!existsSync(folder)) throw error;
    rmSync(making, { recursive: true });
  }
}

function hashOfSources(): string {
  const hash = createHash('sha256');
  const files = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' });
  for (const file of files.filter((one) => /\.(?:ts|html|css|svg|json)$/.test(one)).sort())
    hash.update(file).update(readFileSync(join(root, 'src', file)));
  return hash.digest('hex').slice(0, 16);
}

function ageOf(path: string): number {
  return Date.now() - (statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? Date.now());
}
