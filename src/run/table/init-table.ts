import { parseBaseAddress, withTable } from '../../sync/definition/address.ts';
import type { Definition } from '../../sync/definition/definition.ts';
import type { Field, TableRecord } from '../../sync/definition/field.ts';
import { isMismatch, mapColumns } from '../../sync/fields/mapping.ts';
import { fieldToBe, type NewField, tableOf } from '../../sync/fields/schema.ts';
import { CallError } from '../../sync/words/failure.ts';
import { deletesPerCall } from '../../sync/words/limits.ts';
import { type Problem, ProblemError, problem } from '../../sync/words/problem.ts';
import { type Text, text } from '../../sync/words/text.ts';
import { zoneOf } from '../../sync/words/zone.ts';
import type { Lanes } from '../lane.ts';
import { openOrigin, openTarget, paired, pairSides, queryOf, wouldCreate } from '../plan/open-sides.ts';
import type { Base, CallMeter, OpenBase, Sources, Store, Table } from '../ports.ts';
import { madeTable } from '../target.ts';

/** What creating a table works with. */
export interface InitParts {
  readonly openBase: OpenBase;
  readonly sources: Sources;
  readonly store: Pick<Store, 'facts'>;
  readonly lanes: Lanes;
  readonly timeZone: string;
  readonly meter: CallMeter;
  readonly signal: AbortSignal;
}

/** What became of a wish for a table. */
export type Inited =
  | {
      readonly kind: 'created';
      /** The address of the new table: what the definition may say as its target. */
      readonly target: string;
      readonly table: { readonly id: string; readonly name: string };
      readonly fields: readonly NewField[];
      /** Blank records of the fresh table that were removed. */
      readonly blankRows: number;
    }
  /** Nothing was changed: there is a table already, named by the definition itself (`own`) or created before. */
  | {
      readonly kind: 'exists';
      readonly target: string;
      readonly table: { readonly id: string; readonly name: string };
      readonly own: boolean;
      readonly fields: readonly Field[];
      /** What of it stands in the way of a run; empty when the query fits. */
      readonly problems: readonly Problem[];
      readonly notes: readonly Text[];
    };

/**
 * Creates the table of a definition that names a base only, with a field for each column of its query, and keeps
 * that it counts from now on. Nothing is created while anything is wrong; stopped half-way, the next time goes on
 * with the table that was begun. Rejects with `ProblemError` or `CallError`.
 */
export async function initTable(definition: Definition, parts: InitParts): Promise<Inited> {
  const { name, target } = definition;
  const { facts } = parts.store;
  const parsed = parseBaseAddress(target);
  if (parsed.kind === 'problem') throw problem(parsed.problem);
  const { table: own, token: of } = parsed.address;
  const base = await parts.openBase(target, parts.meter, parts.signal);
  const tables = await base.tables(parts.signal);
  const made = own === undefined ? await madeTable(facts, name, of) : undefined;
  const there = tables.find(({ id }) => id === (own ?? made?.table));
  if (there) return exists(definition, base.table(there.id), { table: there, own: own !== undefined }, parts);
  // Says which tables there are.
  if (own !== undefined) await base.table(own).revision(parts.signal);

  const fields = await fieldsFor(definition, parts);
  const title = tableName(definition);
  const taken = tables.find((one) => one.name === title);
  const begun = taken && made?.table === null && made.name === title;
  if (taken && !(begun && (await hasFields(base.table(taken.id), fields, parts.signal))))
    throw problem(nameTaken(definition, taken.id, title));

  await facts.made.keep(name, { of, name: title, table: null });
  const id = taken?.id ?? (await create(base, title, fields, parts.signal));
  const blankRows = await removeBlank(base.table(id), parts);
  await facts.made.keep(name, { of, name: title, table: id });
  return { kind: 'created', target: withTable(target, id), table: { id, name: title }, fields, blankRows };
}

async function exists(
  definition: Definition,
  opened: Table,
  { table, own }: Pick<Extract<Inited, { kind: 'exists' }>, 'table' | 'own'>,
  parts: InitParts,
): Promise<Inited> {
  const opening = { ...parts, place: parts };
  const both = {
    definition,
    origin: await openOrigin(definition, opening),
    target: await openTarget(definition, opened, opening),
  };
  const target = own ? definition.target : withTable(definition.target, table.id);
  const there = { kind: 'exists', target, table, own, fields: both.target.fields } as const;
  try {
    const creating = definition.create === 'fields' ? 'new' : 'none';
    const { wanted, mapping } = paired(await pairSides(both, creating, parts.signal));
    const notes = wanted.length === 0 ? mapping.notes : [wouldCreate(wanted), ...mapping.notes];
    return { ...there, problems: [], notes };
  } catch (error) {
    if (!(error instanceof ProblemError)) throw error;
    return { ...there, problems: error.problems, notes: [] };
  }
}

/** The fields that the query's columns need. Rejects with all that is wrong with them. */
async function fieldsFor(definition: Definition, parts: InitParts): Promise<readonly NewField[]> {
  const query = queryOf(definition, parts.timeZone);
  const columns = await parts.sources(definition.source.connection).describe(query, parts.signal);
  const { fields, problems } = tableOf(definition, columns);
  const mapping = mapColumns(definition, { columns, fields: fields.map(fieldToBe) }, zoneOf(query.timeZone));
  const mismatches = isMismatch(mapping) ? mapping.filter(({ code }) => code !== 'no-such-field') : [];
  const [first, ...others] = [...problems, ...mismatches];
  if (first) throw new ProblemError([first, ...others]);
  return fields;
}

/** Names of tables have at most 100 characters and none of these: https://open.feishu.cn/document/server-docs/docs/bitable-v1/app-table/create */
function tableName({ name, title }: Definition): string {
  const fit = [...title.replaceAll(/[/\\?*:[\]]/g, ' ').trim()].slice(0, 100).join('').trim();
  return fit === '' ? name : fit;
}

async function create(
  base: Base,
  name: string,
  fields: readonly NewField[],
  signal: AbortSignal,
): Promise<string> {
  try {
    return await base.createTable(name, fields, signal);
  } catch (error) {
    if (!(error instanceof CallError)) throw error;
    // There was none of this name a moment ago: it is the one that a lost answer was about.
    const made = (await base.tables(signal)).find((one) => one.name === name);
    if (!made) throw error;
    return made.id;
  }
}

async function hasFields(table: Table, fields: readonly NewField[], signal: AbortSignal): Promise<boolean> {
  const names = new Set((await table.fields(signal)).map(({ name }) => name));
  return fields.every(({ name }) => names.has(name));
}

/** How often a write that is refused because the base is busy is made again. */
const tries = 8;

/** Removes the records in which there is nothing at all: a fresh table has some. */
async function removeBlank(table: Table, { lanes, signal }: InitParts): Promise<number> {
  let blank: string[] = [];
  for await (const page of table.records([], signal)) {
    if (page.restarted) blank = [];
    blank.push(...page.records.filter(isBlank).map(({ id }) => id));
  }
  const lane = await lanes.open(table.base);
  for (let at = 0; at < blank.length; at += deletesPerCall) {
    const ids = blank.slice(at, at + deletesPerCall);
    for (let attempt = 1; ; attempt++) {
      try {
        await lane.run(() => table.delete(ids, signal), signal);
        break;
      } catch (error) {
        if (!(error instanceof CallError) || error.failure.verdict !== 'wait' || attempt === tries)
          throw error;
        await lane.refused(error.failure.retryAfter, signal);
      }
    }
  }
  return blank.length;
}

const isBlank = ({ fields }: TableRecord): boolean => Object.values(fields).every(isNothing);

function isNothing(value: unknown): boolean {
  if (value === null || value === undefined || value === '' || value === false) return true;
  return typeof value === 'object' && Object.keys(value).length === 0;
}

const nameTaken = ({ name, target }: Definition, id: string, title: string) => ({
  code: 'table-name-taken',
  where: 'title',
  message: text(
    `多维表格里已经有一张叫「${title}」的数据表，没有新建。`,
    `The base has a table called "${title}" already; nothing was created.`,
  ),
  cure: text(
    `要写入那张表，请把定义 ${name} 的 target 写成 ${withTable(target, id)}；要新表，请改定义的 title，或给那张表改名。`,
    `To write to that one, let ${name} say target: ${withTable(target, id)}; for a new one, change the definition's title or rename that table.`,
  ),
});
