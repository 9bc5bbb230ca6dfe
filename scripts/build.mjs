// Builds dist/, or the folder that is named: compiles src/ without the demo, and makes the program executable.
// UNCHECKED=1 leaves out the check of types, for tests of what `npm run check` has checked.
import { spawnSync } from 'node:child_process';
import { chmodSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const shown = process.argv[2] ?? 'dist';
const dist = process.argv[2] ? resolve(shown) : join(root, shown);

rmSync(dist, { recursive: true, force: true });
const compiler = join(root, 'node_modules/typescript/bin/tsc');
const words = [compiler, '-p', root, '--outDir', dist, ...(process.env.UNCHECKED ? ['--noCheck'] : [])];
const { status } = spawnSync(process.execPath, words, { stdio: ['ignore', 2, 2] });
if (status !== 0) process.exit(status ?? 1);
chmodSync(join(dist, 'main.js'), 0o755);
console.error(`Built ${shown}/; start it with: node ${shown}/main.js --help`);
