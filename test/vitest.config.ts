import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';
import { LongestFirst } from './support/longest-first.ts';

const root = fileURLToPath(new URL('..', import.meta.url));

export default defineConfig({
  root,
  test: {
    include: ['test/**/*.test.ts', 'playground/test/**/*.test.ts'],
    globalSetup: ['test/support/global.ts'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    pool: 'forks',
    // No module holds state, so files can share what is loaded: loading it anew for each takes a fifth of the time.
    isolate: false,
    sequence: { sequencer: LongestFirst },
    // Many tests wait for a process or a pause: more of them than cores keep the cores at work. (Percentages end at 100.)
    maxWorkers: availableParallelism() * 2,
    coverage: {
      provider: 'v8',
      include: ['src/**/*.ts', 'playground/src/**/*.ts'],
      exclude: ['src/main.ts', 'src/**/*.d.ts'],
      reporter: ['text-summary', 'json-summary', 'html'],
    },
  },
});
