// Builds dist/, or the folder that is named: compiles src/ and the demo's page, and makes the program executable.
import { spawnSync } from 'node:child_process';
import { chmodSync, copyFileSync, readdirSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const dist = resolve(process.argv[2] ?? join(root, 'dist'));
const page = 'playground/page';

rmSync(dist, { recursive: true, force: true });
for (const [project, out] of [
  [root, dist],
  [join(root, 'src', page), join(dist, page)],
]) {
  const compiler = join(root, 'node_modules/typescript/bin/tsc');
  const { status } = spawnSync(process.execPath, [compiler, '-p', project, '--outDir', out], {
    stdio: ['ignore', 2, 2],
  });
  if (status !== 0) process.exit(status ?? 1);
}
for (const name of readdirSync(join(root, 'src', page))) {
  if (/\.(?:html|css|svg)$/.test(name)) copyFileSync(join(root, 'src', page, name), join(dist, page, name));
}
chmodSync(join(dist, 'main.js'), 0o755);
console.error(
  `Built ${process.argv[2] ?? 'dist'}/; start it with: node ${process.argv[2] ?? 'dist'}/main.js --help`,
);
