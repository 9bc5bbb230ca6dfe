#!/usr/bin/env node
// Starts the playground from its TypeScript sources: nothing has to be built first.
import { tsImport } from 'tsx/esm/api';

await tsImport('./src/serve.ts', import.meta.url);
