import type { Definition } from '../../sync/definition/definition.ts';
import type { Field } from '../../sync/definition/field.ts';
import type { Column } from '../../sync/fields/column.ts';
import { isMismatch, type Mapping, mapColumns } from '../../sync/fields/mapping.ts';
import type { BadRow } from '../../sync/state/state.ts';
import { ProblemError } from '../../sync/words/problem.ts';
import type { Text } from '../../sync/words/text.ts';
import { type Zone, zoneOf } from '../../sync/words/zone.ts';
import type { Place } from '../job.ts';
import type { BaseInfo, Query, Scope, Source, Sources, Store, Table } from '../ports.ts';
import { allOf } from '../together.ts';
import { type BothSides, type Prepared, prepared } from './create-fields.ts';
import { queryOf } from './query.ts';
import type { SourceRow } from './read-source.ts';
import { openSpool, type Spool } from './spool.ts';

/** Both sides of a definition, opened and paired: nothing is read yet. */
export interface Sides {
  readonly definition: Definition;
  readonly scope: Scope;
  readonly origin: OpenedSource;
  readonly target: OpenedTable;
  /** Which column goes into which field, and how. */
  readonly mapping: Mapping;
  readonly notes: readonly Text[];
}

/** Where the wanted rows come from. */
export interface OpenedSource {
  readonly source: Source;
  readonly query: Query;
  /** As they were told before the query runs. */
  readonly columns: readonly Column[];
  readonly zone: Zone;
}

/** The table that they go to. */
export interface OpenedTable {
  readonly table: Table;
  readonly about: BaseInfo;
  readonly fields: readonly Field[];
  /** Its change counter before it is read. */
  readonly revision: number;
}

/** What opening works with. */
export interface Opening {
  readonly sources: Sources;
  readonly store: Pick<Store, 'facts'>;
  readonly place: Place;
  readonly signal: AbortSignal;
  /** Creates or foresees the fields that the table lacks; they count as problems when not given. */
  prepare?(both: BothSides, table: Table): Promise<Prepared>;
}

/**
 * Asks both sides for what is known before a read, and pairs columns with fields. Rejects with a `ProblemError` that
 * names all that does not fit.
 */
export async function openSides(definition: Definition, table: Table, opening: Opening): Promise<Sides> {
  const { sources, store, place, signal, prepare } = opening;
  const scope: Scope = { definition: definition.name, table: `${table.base}/${table.id}` };
  const source = sources(definition.source.connection);
  const query = queryOf(definition, place.timeZone);
  const zone = zoneOf(query.timeZone);
  const [about, fields, revision, columns] = await allOf([
    table.about(signal),
    table.fields(signal),
    table.revision(signal),
    source.columns(query, signal),
  ]);
  const known = (await store.facts.fields.of(scope)) ?? [];
  const describe = () => source.describe(query, signal);
  const both = { definition, columns, fields, zone, known, describe };
  const ready = prepare ? await prepare(both, table) : prepared(table, fields);
  const mapping = mapColumns(definition, columns, ready.fields, zone, known);
  if (isMismatch(mapping)) throw new ProblemError(mapping);
  const since = ready.created ? await ready.table.revision(signal) : revision;
  return {
    ...{ definition, scope, mapping },
    origin: { source, query, columns, zone },
    target: { table: ready.table, about, fields: ready.fields, revision: since },
    notes: [...ready.notes, ...mapping.notes],
  };
}

/** The records that the view in the address shows, where a definition keeps to it. */
export async function viewOf(
  { definition, mapping, target }: Sides,
  signal: AbortSignal,
): Promise<ReadonlySet<string> | undefined> {
  if (definition.view !== 'limit') return undefined;
  return target.table.inView(
    mapping.key.map((at) => mapping.targets[at]?.name ?? ''),
    signal,
  );
}

/** Where rows wait until both sides are read: those to be compared, and those that are refused already. */
export interface Spools {
  readonly rows: Spool<SourceRow>;
  readonly bad: Spool<BadRow>;
  close(): Promise<void>;
}

/** Bytes of refused rows that are kept in memory. */
const badInMemory = 4 * 1024 * 1024;

/** Opens the spools of one read; to be closed in every case. */
export function openSpools({ folder }: Pick<Place, 'folder'>): Spools {
  const rows = openSpool<SourceRow>({ folder });
  const bad = openSpool<BadRow>({ folder, memory: badInMemory });
  return {
    rows,
    bad,
    async close() {
      await rows.close();
      await bad.close();
    },
  };
}
