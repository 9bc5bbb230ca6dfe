import type { Definition } from '../sync/definition.ts';
import type { KnownField } from '../sync/pairing.ts';
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
  const [ledger, allowed, agreed, last, filled] = await Promise.all([
    store.ledger.size(scope),
    store.memory.recall(handMadeGrant(scope)),
    store.memory.recall(agreedPrint(scope)),
    store.journal.lastDone(scope),
    store.memory.recall(filledOf(scope)),
  ]);
  return {
    ledger,
    handMade: allowed === undefined ? undefined : allowed === 'keep' ? 'keep' : 'delete',
    succeededBefore: last !== undefined,
    changed: last !== undefined && last.fingerprint !== fingerprint && agreed !== fingerprint,
    filled: new Set(JSON.parse(filled ?? '[]') as readonly string[]),
  };
}

const filledOf = (scope: Scope): string => `filled:${scope.definition}@${scope.table}`;

/** What is known of a table after a run. */
interface Seen {
  /** Its change counter when it was last read with nothing written since; null when something was. */
  readonly revision: number | null;
  /** Query, key and mapping of that run. */
  readonly fingerprint: string;
  readonly run: string;
}

/**
 * Notes a success: which fields have values by it, and the table's change counter, with which a later run can tell
 * that nobody has touched the table.
 */
export async function rememberSuccess(
  { memory }: Pick<Store, 'memory'>,
  scope: Scope,
  seen: Seen,
  filled: readonly string[],
): Promise<void> {
  const notes: readonly (readonly [string, string])[] = [
    [filledOf(scope), JSON.stringify(filled)],
    [`seen:${scope.definition}@${scope.table}`, JSON.stringify(seen)],
  ];
  for (const [name, value] of notes)
    if ((await memory.recall(name)) !== value) await memory.remember(name, value);
}

/** Under which name it is remembered what becomes of hand-made records. */
export const handMadeGrant = (scope: Scope): string => `hand-made:${scope.definition}@${scope.table}`;

/** Under which name the query, key and mapping are remembered that a person last said yes to. */
export const agreedPrint = (scope: Scope): string => `agreed:${scope.definition}@${scope.table}`;

/** Under which name it is remembered where the columns went. */
const fieldsOf = (scope: Scope): string => `fields:${scope.definition}@${scope.table}`;

/** Where the columns of a definition went when that was last agreed. */
export const recallFields = async (
  { memory }: Pick<Store, 'memory'>,
  scope: Scope,
): Promise<readonly KnownField[]> =>
  JSON.parse((await memory.recall(fieldsOf(scope))) ?? '[]') as KnownField[];

/** Keeps where the columns go, so that a field is found again when somebody renames it. */
export const rememberFields = (
  { memory }: Pick<Store, 'memory'>,
  scope: Scope,
  known: readonly KnownField[],
): Promise<void> => memory.remember(fieldsOf(scope), JSON.stringify(known));

/** Under which name the chunk size that a table took is remembered. */
export const chunkSizeOf = (scope: Pick<Scope, 'table'>): string => `chunk-size:${scope.table}`;

/** Rows that one chunk may hold: as defined, and never more than the table has shown to take. */
export async function rowsPerChunk(definition: Definition, table: Table, store: Store): Promise<number> {
  const wanted = definition.chunkSize === 'auto' ? table.chunkSize : definition.chunkSize;
  const took = Number(await store.memory.recall(chunkSizeOf({ table: `${table.base}/${table.id}` })));
  return took > 0 ? Math.min(wanted, took) : wanted;
}
