// What a run, the bot and the program need of the world; adapters implement it, `app` brings them together.
export type { ChunkStatus } from '../sync/state/state.ts';
export type * from './ports/clock.ts';
export type * from './ports/facts.ts';
export type * from './ports/journal.ts';
export type * from './ports/ledger.ts';
export type * from './ports/source.ts';
export type * from './ports/store.ts';
export type * from './ports/table.ts';
