// Writes definition.schema.json, with which editors complete and check definitions. Run through tsx: npm run schema.
import { writeFileSync } from 'node:fs';
import { definitionJsonSchema } from '../src/sync/definition/definition.ts';

const file = new URL('../definition.schema.json', import.meta.url);
writeFileSync(file, `${JSON.stringify(definitionJsonSchema(), null, 2)}\n`);
console.error('Wrote definition.schema.json.');
