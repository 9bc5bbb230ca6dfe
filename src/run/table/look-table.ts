import type { Definition } from '../../sync/definition/definition.ts';
import type { Field } from '../../sync/definition/field.ts';
import type { ColumnDetail } from '../../sync/fields/column.ts';
import { isMismatch, mapColumns } from '../../sync/fields/mapping.ts';
import { type Problem, ProblemError } from '../../sync/words/problem.ts';
import type { Text } from '../../sync/words/text.ts';
import { zoneOf } from '../../sync/words/zone.ts';
import { type BothSides, lackingFields, wouldCreate } from '../plan/create-fields.ts';
import type { Query, Store, Table } from '../ports.ts';

/** A table that is there, seen with a definition's eyes. */
export interface Looked {
  readonly fields: readonly Field[];
  /** What of it stands in the way of a run; empty when the query fits. */
  readonly problems: readonly Problem[];
  readonly notes: readonly Text[];
}

/** What looking works with. */
export interface Looking {
  readonly store: Pick<Store, 'facts'>;
  readonly query: Query;
  readonly describe: () => Promise<readonly ColumnDetail[]>;
  readonly signal: AbortSignal;
}

/** Looks whether the query's columns fit the table's fields. Writes nothing. Rejects with `ProblemError` or `CallError`. */
export async function lookAtTable(
  definition: Definition,
  table: Table,
  { store, query, describe, signal }: Looking,
): Promise<Looked> {
  const fields = await table.fields(signal);
  const scope = { definition: definition.name, table: `${table.base}/${table.id}` };
  const known = (await store.facts.fields.of(scope)) ?? [];
  const columns = await describe();
  const zone = zoneOf(query.timeZone);
  const both = { definition, columns, fields, zone, known, describe: async () => columns };
  try {
    return { fields, ...(await fitting(both)) };
  } catch (error) {
    if (!(error instanceof ProblemError)) throw error;
    return { fields, problems: error.problems, notes: [] };
  }
}

async function fitting(both: BothSides): Promise<Pick<Looked, 'problems' | 'notes'>> {
  const { definition, columns, fields, zone, known } = both;
  const lacking = definition.create === 'fields' ? await lackingFields(both, false) : undefined;
  const mapping = mapColumns(definition, columns, lacking?.whole ?? fields, zone, known);
  if (isMismatch(mapping)) return { problems: mapping, notes: [] };
  return { problems: [], notes: [...(lacking ? [wouldCreate(lacking.wanted)] : []), ...mapping.notes] };
}
