import type { Definition } from '../../sync/definition/definition.ts';
import type { Field } from '../../sync/definition/field.ts';
import type { Column, KnownField } from '../../sync/fields/column.ts';
import { isMismatch, type Mapping, type Mismatches, mapColumns } from '../../sync/fields/mapping.ts';
import {
  creationOf,
  fieldToBe,
  homelessColumns,
  isToBe,
  type NewField,
  namesOf,
} from '../../sync/fields/schema.ts';
import { CallError } from '../../sync/words/failure.ts';
import { type Problem, ProblemError } from '../../sync/words/problem.ts';
import { type Text, text } from '../../sync/words/text.ts';
import { type Zone, zoneOf } from '../../sync/words/zone.ts';
import type { Place } from '../job.ts';
import type { Lanes } from '../lane.ts';
import type { BaseInfo, Chance, Query, Scope, Source, Sources, Store, Table } from '../ports.ts';

/** Both sides of a definition, opened and paired: nothing is read yet. */
export interface Sides extends BothSides {
  /** Which column goes into which field, and how. */
  readonly mapping: Mapping;
  readonly notes: readonly Text[];
}

/** Both sides of a definition, as they are before anything is created or read. */
export interface BothSides {
  readonly definition: Definition;
  readonly origin: OpenedSource;
  readonly target: OpenedTable;
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
  readonly scope: Scope;
  readonly about: BaseInfo;
  readonly fields: readonly Field[];
  /** Its change counter before it is read. */
  readonly revision: number;
  /** Where the columns went before. */
  readonly known: readonly KnownField[];
}

/** What opening works with. */
export interface Opening {
  readonly sources: Sources;
  readonly store: Pick<Store, 'facts'>;
  readonly place: Pick<Place, 'timeZone'>;
  readonly signal: AbortSignal;
}

/**
 * What becomes of fields that the table lacks. `new`: created, unless a person deleted them · `all`: created, as a
 * person has asked · `shown`: only told, and the rest goes on as if they were there.
 */
export type Creating = 'none' | 'new' | 'all' | 'shown';

/** How fields are created; without it none is, and those that lack are problems. */
export interface Making {
  readonly creating: Creating;
  readonly lanes: Lanes;
  readonly chance: Pick<Chance, 'uuid'>;
}

/**
 * Asks both sides for what is known before a read, and pairs columns with fields. Rejects with a `ProblemError` that
 * names all that does not fit. Nothing is created while anything is wrong.
 */
export async function openSides(
  definition: Definition,
  opened: Table,
  opening: Opening,
  making?: Making,
): Promise<Sides> {
  const { signal } = opening;
  const [target, origin] = await allOf([
    openTarget(definition, opened, opening),
    openOrigin(definition, opening),
  ]);
  const both = { definition, origin, target };
  const { wanted, fields, mapping } = paired(await pairSides(both, making?.creating ?? 'none', signal));
  if (!making || wanted.length === 0) return { ...both, mapping, notes: mapping.notes };
  if (making.creating === 'shown') {
    const shown = { ...target, fields, table: without(opened, fields) };
    return { ...both, target: shown, mapping, notes: [wouldCreate(wanted), ...mapping.notes] };
  }
  const made = await create(target, wanted, making, signal);
  const since = { ...target, fields: made, revision: await opened.revision(signal) };
  const now = paired(await pairSides({ ...both, target: since }, 'none', signal));
  return { ...both, target: since, mapping: now.mapping, notes: [didCreate(wanted), ...now.mapping.notes] };
}

/** Asks a table for what is known before a read. */
export async function openTarget(
  { name }: Definition,
  table: Table,
  { store, signal }: Pick<Opening, 'store' | 'signal'>,
): Promise<OpenedTable> {
  const scope: Scope = { definition: name, table: `${table.base}/${table.id}` };
  const [about, fields, revision, known = []] = await allOf([
    table.about(signal),
    table.fields(signal),
    table.revision(signal),
    store.facts.fields.of(scope),
  ]);
  return { table, scope, about, fields, revision, known };
}

/** Asks a source for the columns of a query. */
export async function openOrigin(definition: Definition, opening: Opening): Promise<OpenedSource> {
  const source = opening.sources(definition.source.connection);
  const query = queryOf(definition, opening.place.timeZone);
  const columns = await source.columns(query, opening.signal);
  return { source, query, columns, zone: zoneOf(query.timeZone) };
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

/** How columns and fields fit together, with those fields that would be created. */
interface Paired {
  readonly wanted: readonly NewField[];
  /** What stands in the way of creating them. */
  readonly problems: readonly Problem[];
  /** All fields, the wanted ones included. */
  readonly fields: readonly Field[];
  readonly mapping: Mapping | Mismatches;
}

/** Pairs the columns with the fields that are there, and with those that would be created. Creates nothing. */
export async function pairSides(
  { definition, origin, target }: BothSides,
  creating: Creating,
  signal: AbortSignal,
): Promise<Paired> {
  const { source, query, columns, zone } = origin;
  const { fields, known } = target;
  const homeless =
    creating === 'none' ? [] : homelessColumns(definition, { columns, fields, known }, creating === 'all');
  const { fields: wanted, problems } =
    homeless.length === 0
      ? { fields: [], problems: [] }
      : creationOf(homeless, await source.describe(query, signal), fields.length);
  const whole = [...fields, ...wanted.map(fieldToBe)];
  const mapping = mapColumns(definition, { columns, fields: whole, known }, zone);
  return { wanted, problems, fields: whole, mapping };
}

/** Returns what fits. @throws ProblemError with all that does not */
export function paired({ problems, mapping, ...rest }: Paired): Omit<Paired, 'problems' | 'mapping'> & {
  readonly mapping: Mapping;
} {
  const [first, ...others] = problems;
  if (first) throw new ProblemError([first, ...others]);
  if (isMismatch(mapping)) throw new ProblemError(mapping);
  return { ...rest, mapping };
}

/** Creates fields, never touching others. Stopped half-way, the next run goes on where it was. */
async function create(
  { table, fields: before }: OpenedTable,
  wanted: readonly NewField[],
  { lanes, chance }: Making,
  signal: AbortSignal,
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
    inView: (names, signal, least) => table.inView(there(names), signal, least),
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

/** The records that the view in the address shows, where a definition keeps to it. */
export async function viewOf(
  { definition, mapping, target }: Sides,
  signal: AbortSignal,
): Promise<ReadonlySet<string> | undefined> {
  if (definition.view !== 'limit') return undefined;
  return target.table.inView(keyNames(mapping), signal);
}

/** The names of the fields that make up the key. */
export const keyNames = ({ targets, key }: Pick<Mapping, 'targets' | 'key'>): readonly string[] =>
  key.map((at) => targets[at]?.name ?? '');

/**
 * Waits for all. Of several failures the one in words for people is told: a table that is not there fails each call,
 * and only one of them knows the names of those that are.
 */
async function allOf<T extends readonly Promise<unknown>[]>(
  work: readonly [...T],
): Promise<{ [K in keyof T]: Awaited<T[K]> }> {
  const reasons = (await Promise.allSettled(work)).flatMap((one) =>
    one.status === 'rejected' ? [one.reason as unknown] : [],
  );
  if (reasons.length > 0) throw reasons.find((reason) => reason instanceof ProblemError) ?? reasons[0];
  return Promise.all(work) as Promise<{ [K in keyof T]: Awaited<T[K]> }>;
}
