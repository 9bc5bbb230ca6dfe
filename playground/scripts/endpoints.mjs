// Writes docs/endpoints.md from the table of endpoints: npm run endpoints -w playground
import { writeFileSync } from 'node:fs';
import { endpointsPage } from '../src/endpoints-page.ts';

writeFileSync(new URL('../docs/endpoints.md', import.meta.url), endpointsPage());
