// Writes the tables of types in the READMEs anew: node --import tsx scripts/types.mjs && npx biome check --write README*.md
import { readFileSync, writeFileSync } from 'node:fs';
import { typesTable } from '../src/sync/fields/fits.ts';

for (const [name, locale] of [
  ['README.md', 'en-US'],
  ['README.zh-CN.md', 'zh-CN'],
]) {
  const file = new URL(`../${name}`, import.meta.url);
  const [before, rest] = readFileSync(file, 'utf8').split('<!-- types -->\n');
  const [, after] = rest.split('<!-- /types -->');
  writeFileSync(file, `${before}<!-- types -->\n${typesTable(locale)}\n<!-- /types -->${after}`);
}
console.error('Wrote the tables of types.');
