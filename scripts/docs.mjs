// Writes what the documents take from the code: .env.example and the marked parts of docs/. Run through tsx: npm run docs.
import { writeFileSync } from 'node:fs';
import { envExample } from '../src/cli/arguments.ts';
import { filled, pages, plain } from './docs/pages.ts';

const file = (path) => new URL(`../${path}`, import.meta.url);

writeFileSync(file('.env.example'), envExample());
for (const { path, locale, markdown } of pages()) {
  const now = filled(markdown, locale);
  if (plain(now) === plain(markdown)) continue;
  writeFileSync(file(path), now);
  console.error(`Wrote ${path}.`);
}
console.error('.env.example and docs/ are as the code has it.');
