import type { Definition } from '../sync/definition/definition.ts';
import type { Scope, Store, Table } from './ports.ts';

/** What is known from earlier runs of the scope. */
export interface History {
  readonly ledger: number;
  /** What a person said once of records that the bot did not make: delete them, or keep them. */
  readonly handMade: 'delete' | 'keep' | undefined;
  readonly succeededBefore: boolean;
  readonly changed: boolean;
  /** IDs of the fields that had values after the last success. */
  readonly filled: ReadonlySet<string>;
}

/** Looks up what is known of a scope; `fingerprint` is that of the plan being made. */
export async function history(store: Store, scope: Scope, fingerprint: string): Promise<History> {
  const [ledger, handMade, agreed, last, filled = []] = await Promise.all([
    store.ledger.size(scope),
    store.facts.handMade.of(scope),
    store.facts.agreed.of(scope),
    store.journal.lastDone(scope),
    store.facts.filled.of(scope),
  ]);
  return {
    ledger,
    handMade,
    succeededBefore: last !== undefined,
    changed: last !== undefined && last.fingerprint !== fingerprint && agreed !== fingerprint,
    filled: new Set(filled),
  };
}

/** Notes which fields have values by a success. */
export async function rememberFilled(
  { facts }: Pick<Store, 'facts'>,
  scope: Scope,
  filled: readonly string[],
): Promise<void> {
  const before = await facts.filled.of(scope);
  if (JSON.stringify(before) !== JSON.stringify(filled)) await facts.filled.keep(scope, filled);
}

/** Rows that one chunk may hold: as defined, and never more than the table has shown to take. */
export async function rowsPerChunk(
  definition: Definition,
  table: Table,
  { facts }: Pick<Store, 'facts'>,
): Promise<number> {
  const wanted = definition.chunkSize === 'auto' ? table.chunkSize : definition.chunkSize;
  const took = await facts.chunkSize.of(`${table.base}/${table.id}`);
  return took === undefined ? wanted : Math.min(wanted, took);
}
