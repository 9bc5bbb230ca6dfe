// Checks the sources in every way that needs no running program; all of them, even when one fails.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
// Biome colours every letter by itself where it takes a log for a terminal.
const colors = process.stdout.isTTY ? 'force' : 'off';
const checks = [
  ['format and lint', 'biome', 'ci', '--error-on-warnings', `--colors=${colors}`, '.'],
  [
    'promises and types in use',
    'oxlint',
    '-c',
    '.oxlintrc.json',
    '--type-aware',
    'src',
    'scripts',
    'test',
    'playground',
  ],
  ['types', 'tsc', '-p', 'test/tsconfig.json'],
  ['types of the playground', 'tsc', '-p', 'playground'],
  ['types of its page', 'tsc', '-p', 'playground/src/page'],
  ['unused code', 'knip'],
];

const failed = checks.filter(([title, command, ...words]) => {
  console.error(`\n── ${title}: ${[command, ...words].join(' ')}`);
  // npm run puts node_modules/.bin on the path.
  return (
    spawnSync(command, words, { cwd: root, stdio: 'inherit', shell: process.platform === 'win32' }).status !==
    0
  );
});

console.error(
  failed.length === 0
    ? '\nAll checks passed.'
    : `\nFailed: ${failed.map(([title]) => title).join(', ')}. \`npx biome check --write .\` mends format.`,
);
process.exit(failed.length === 0 ? 0 : 1);
