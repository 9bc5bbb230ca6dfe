import type { Definition } from '../../sync/definition/definition.ts';
import type { Field } from '../../sync/definition/field.ts';
import type { Column, ColumnDetail, KnownField } from '../../sync/fields/column.ts';
import { isMismatch, type Mapping, mapColumns } from '../../sync/fields/mapping.ts';
import {
  creationOf,
  fieldToBe,
  homelessColumns,
  isToBe,
  type NewField,
  namesOf,
} from '../../sync/fields/schema.ts';
import { CallError } from '../../sync/words/failure.ts';
import { ProblemError } from '../../sync/words/problem.ts';
import { type Text, text } from '../../sync/words/text.ts';
import { type Zone, zoneOf } from '../../sync/words/zone.ts';
import type { Place } from '../job.ts';
import type { Lanes } from '../lane.ts';
import type { BaseInfo, Chance, Query, Scope, Source, Sources, Store, Table } from '../ports.ts';

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

/** A definition's query as its source takes it. @param timeZone the program's, for definitions that name none */
export const queryOf = (
  { source, timeZone: own }: Pick<Definition, 'source' | 'timeZone'>,
  timeZone: string,
): Query => ({
  sql: source.query,
  at: source.at ?? 'source.query',
  timeout: source.timeout * 1000,
  timeZone: own ?? timeZone,
  ...(source.cut === 'keep' ? { keepCut: true } : {}),
});

/**
 * What becomes of fields that the table lacks. `new`: created, unless a person deleted them · `all`: created, as a
 * person has asked · `shown`: only told, and the rest goes on as if they were there.
 */
export type Creating = 'none' | 'new' | 'all' | 'shown';

/** Both sides of a definition, before anything is created. */
export interface BothSides {
  readonly definition: Definition;
  readonly columns: readonly Column[];
  readonly fields: readonly Field[];
  readonly zone: Zone;
  /** Where the columns went before. */
  readonly known: readonly KnownField[];
  /** All that the source knows of the query's columns. */
  readonly describe: () => Promise<readonly ColumnDetail[]>;
}

/** What creating fields works with. */
export interface SchemaJob {
  readonly table: Table;
  readonly creating: Creating;
  readonly lanes: Lanes;
  readonly chance: Pick<Chance, 'uuid'>;
  readonly signal: AbortSignal;
}

/** The fields as they are now, and what was done to them. */
export interface Prepared {
  readonly fields: readonly Field[];
  /** The table to go on with: one that knows which fields are not there really. */
  readonly table: Table;
  readonly notes: readonly Text[];
  readonly created: boolean;
}

/** A table that is to be taken as it is. */
export const prepared = (table: Table, fields: readonly Field[]): Prepared => ({
  ...{ fields, table, notes: [], created: false },
});

/**
 * Creates the fields that the table lacks, never touching others. Stopped half-way it goes on where it was: the
 * fields are read anew each time. Nothing is created while anything else is wrong. Rejects with a `ProblemError`.
 */
export async function prepareFields(both: BothSides, job: SchemaJob): Promise<Prepared> {
  const { creating, table } = job;
  const lacking = creating === 'none' ? undefined : await lackingFields(both, creating === 'all');
  if (!lacking) return prepared(table, both.fields);
  const { wanted, whole } = lacking;
  if (creating !== 'shown')
    return {
      fields: await create(job, both.fields, wanted),
      table,
      notes: [didCreate(wanted)],
      created: true,
    };
  return { fields: whole, table: without(table, whole), notes: [wouldCreate(wanted)], created: false };
}

/**
 * The fields that the table lacks, and all its fields as they will be with them; nothing when it lacks none.
 * Rejects with a `ProblemError` when anything else stands in the way.
 * @param also whether fields count that a person has deleted
 */
export async function lackingFields(
  { definition, columns, fields, zone, known, describe }: BothSides,
  also: boolean,
): Promise<{ readonly wanted: readonly NewField[]; readonly whole: readonly Field[] } | undefined> {
  const homeless = homelessColumns(definition, columns, fields, known, also);
  if (homeless.length === 0) return undefined;
  const { fields: wanted, problems } = creationOf(homeless, await describe(), fields.length);
  const [first, ...others] = problems;
  if (first) throw new ProblemError([first, ...others]);
  const whole = [...fields, ...wanted.map(fieldToBe)];
  const mapping = mapColumns(definition, columns, whole, zone, known);
  if (isMismatch(mapping)) throw new ProblemError(mapping);
  return { wanted, whole };
}

async function create(
  { table, lanes, chance, signal }: SchemaJob,
  before: readonly Field[],
  wanted: readonly NewField[],
): Promise<readonly Field[]> {
  const lane = await lanes.open(table.base);
  let fields = before;
  for (const field of wanted) {
    // One that failed may be there all the same: made by a lost call, by another process or by a person.
    if (fields.some(({ name }) => name === field.name)) continue;
    try {
      const made = await lane.run(() => table.createField(field, chance.uuid(), signal), signal);
      fields = [...fields, made];
    } catch (error) {
      if (!(error instanceof CallError)) throw error;
      fields = await table.fields(signal);
      if (!fields.some(({ name }) => name === field.name)) throw error;
    }
  }
  return fields;
}

/** The table as it is without the fields that are not there yet: asking for them would fail. */
function without(table: Table, fields: readonly Field[]): Table {
  const missing = new Set(fields.filter(isToBe).map(({ name }) => name));
  const there = (names: readonly string[]): readonly string[] => names.filter((name) => !missing.has(name));
  return {
    ...table,
    records: (names, signal) => table.records(there(names), signal),
    inView: (names, signal) => table.inView(there(names), signal),
  };
}

/** Says which fields a run would create. */
export const wouldCreate = (fields: readonly NewField[]): Text => {
  const names = namesOf(fields);
  return text(`同步时会新建字段：${names.zh}。`, `A run will create the fields ${names.en}.`);
};

const didCreate = (fields: readonly NewField[]): Text => {
  const names = namesOf(fields);
  return text(`新建了字段：${names.zh}。`, `Created the fields ${names.en}.`);
};

/**
 * Waits for all. Of several failures the one in words for people is told: a table that is not there fails each call,
 * and only one of them knows the names of those that are.
 */
export async function allOf<T extends readonly Promise<unknown>[]>(
  work: readonly [...T],
): Promise<{ [K in keyof T]: Awaited<T[K]> }> {
  const reasons = (await Promise.allSettled(work)).flatMap((one) =>
    one.status === 'rejected' ? [one.reason as unknown] : [],
  );
  if (reasons.length > 0) throw reasons.find((reason) => reason instanceof ProblemError) ?? reasons[0];
  return Promise.all(work) as Promise<{ [K in keyof T]: Awaited<T[K]> }>;
}
