// Writes src/definition.schema.json, the schema of definition files for editors, from the schema in the code.
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { definitionJsonSchema } from '../src/sync/definition-schema.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const file = `${root}src/definition.schema.json`;

writeFileSync(file, `${JSON.stringify(definitionJsonSchema(), null, 2)}\n`);
spawnSync('biome', ['format', '--write', file], { cwd: root, stdio: 'ignore' });
console.error(`Wrote ${file}`);
