// Makes a fresh clone ready: installs the packages when they are missing or older than the lock file.
// Uses nothing but Node itself, because it runs before anything is installed.
import { spawnSync } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);

if (major < 20 || (major === 20 && minor < 19)) {
  console.error(`This needs Node 20.19 or newer; here is ${process.versions.node}. https://nodejs.org/`);
  process.exit(2);
}

const reason = whyInstall();
if (reason) {
  console.error(`${reason}: installing them (npm ci), this takes about half a minute …`);
  const { status, error } = spawnSync('npm', ['ci', '--include=dev', '--no-audit', '--no-fund'], {
    cwd: root,
    // Standard output stays free for the command that follows.
    stdio: ['ignore', 2, 2],
    shell: process.platform === 'win32',
  });
  if (error || status !== 0) {
    console.error(
      `npm ci failed${error ? `: ${error.message}` : ''}. Is the npm registry reachable from here?`,
    );
    process.exit(1);
  }
}

function whyInstall() {
  // npm writes this file last, so it is only there after a whole install.
  const installed = `${root}node_modules/.package-lock.json`;
  if (!existsSync(installed)) return 'The npm packages are missing';
  if (!existsSync(`${root}node_modules/vitest`)) return 'The packages for development are missing';
  const lock = statSync(`${root}package-lock.json`);
  return lock.mtimeMs > statSync(installed).mtimeMs
    ? 'The npm packages are older than the lock file'
    : undefined;
}
