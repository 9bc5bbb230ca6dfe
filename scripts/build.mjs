// Builds dist/: compiles src/ and the demo's page, and makes the program executable.
import { spawnSync } from 'node:child_process';
import { chmodSync, copyFileSync, readdirSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const page = 'playground/page';

rmSync(`${root}dist`, { recursive: true, force: true });
for (const project of [root, `${root}src/${page}`]) {
  const { status } = spawnSync(process.execPath, [`${root}node_modules/typescript/bin/tsc`, '-p', project], {
    stdio: 'inherit',
  });
  if (status !== 0) process.exit(status ?? 1);
}
for (const name of readdirSync(`${root}src/${page}`)) {
  if (/\.(?:html|css|svg)$/.test(name))
    copyFileSync(`${root}src/${page}/${name}`, `${root}dist/${page}/${name}`);
}
chmodSync(`${root}dist/main.js`, 0o755);
console.error('Built dist/; start it with: node dist/main.js --help');
