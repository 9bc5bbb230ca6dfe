// Writes what shows the settings: .env.example and the tables of both READMEs. Run through tsx: npm run settings.
import { readFileSync, writeFileSync } from 'node:fs';
import { envExample, settingCells } from '../src/cli/arguments.ts';
import { columnsOf } from '../src/sync/words/text.ts';

const file = (name) => new URL(`../${name}`, import.meta.url);

/** A table of Markdown, its columns filled up to the same width. */
function tableOf(rows) {
  const widths = rows[0].map((_, at) => Math.max(...rows.map((row) => columnsOf(row[at]))));
  const filled = (row) => row.map((cell, at) => cell + ' '.repeat(widths[at] - columnsOf(cell)));
  const lines = rows.map((row) => `| ${filled(row).join(' | ')} |\n`);
  lines.splice(1, 0, `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |\n`);
  return lines.join('');
}

writeFileSync(file('.env.example'), envExample());
for (const [name, locale, head] of [
  ['README.md', 'en-US', ['Setting', 'Default', 'Meaning']],
  ['README.zh-CN.md', 'zh-CN', ['设置', '默认', '含义']],
]) {
  const readme = readFileSync(file(name), 'utf8');
  const now = readme.replace(/\| (?:Setting|设置) .*\n(?:\|.*\n)+/, () =>
    tableOf([head, ...settingCells(locale)]),
  );
  writeFileSync(file(name), now);
}
console.error('Wrote .env.example and the settings of README.md and README.zh-CN.md.');
