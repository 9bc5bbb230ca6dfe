import type { Definitions, ListedDefinition } from './bot/ports.ts';
import type { CheckStep, Checkup } from './cli/program.ts';
import type { Config } from './config.ts';
import { openTable } from './feishu/address.ts';
import { whoAmI } from './feishu/bot.ts';
import type { FeishuClient } from './feishu/client.ts';
import { type BothSides, wouldCreate } from './run/create-fields.ts';
import { recallFields } from './run/history.ts';
import { tryLinked, tryPeople } from './run/lookup.ts';
import type { CallMeter, People, Query, Sources, Store, Table } from './run/ports.ts';
import { queryOf } from './run/query.ts';
import { openFound } from './run/target.ts';
import { allOf } from './run/together.ts';
import type { Definition } from './sync/definition.ts';
import { CallError } from './sync/failure.ts';
import { problemOf } from './sync/failure-problem.ts';
import type { Field } from './sync/field.ts';
import { isMismatch, mapColumns } from './sync/mapping.ts';
import { type Problem, ProblemError } from './sync/problem.ts';
import { creationOf, fieldToBe, homelessColumns, type NewField, namesOf } from './sync/schema.ts';
import { type Text, text } from './sync/text.ts';
import { zoneOf } from './sync/zone.ts';

/** What `check` tries with. */
export interface CheckParts {
  readonly config: Config;
  readonly client: FeishuClient;
  readonly people: People;
  readonly sources: Sources;
  readonly store: Pick<Store, 'memory'>;
  readonly definitions: Definitions;
  readonly signal: AbortSignal;
}

/**
 * Tries the app, and for each definition its file, connection and query, table and fields. Writes nothing.
 * Rejects with `ProblemError` for a name that no definition has.
 */
export async function checkAll(names: readonly string[], parts: CheckParts): Promise<Checkup> {
  const listed = await parts.definitions.list();
  for (const name of names) {
    if (!listed.some((one) => one.name === name)) await parts.definitions.get(name);
  }
  const wanted = names.length === 0 ? listed : listed.filter((one) => names.includes(one.name));
  const app = await step(text('应用凭证与机器人', 'App credentials and bot'), async () => {
    await whoAmI(parts.client, uncounted, parts.signal);
    return [];
  });
  const definitions: { name: string; steps: readonly CheckStep[] }[] = [];
  for (const one of wanted) definitions.push({ name: one.name, steps: await checkOne(one, parts) });
  return { app: [app], definitions };
}

async function checkOne(one: ListedDefinition, parts: CheckParts): Promise<readonly CheckStep[]> {
  if (!('definition' in one)) return [{ what: theFile, problems: one.problems, advice: [] }];
  const { definition } = one;
  const query = queryOf(definition, parts.config.timeZone);
  const source = await step(
    text(
      `连接 ${definition.source.connection} 与查询`,
      `Connection ${definition.source.connection} and the query`,
    ),
    () => parts.sources(definition.source.connection).check(query, parts.signal),
  );
  const table = await step(text('多维表格、权限与字段', 'Base, permissions and fields'), () =>
    checkTable(definition, query, source.problems.length === 0, parts),
  );
  return [{ what: theFile, problems: [], advice: [] }, source, table];
}

async function checkTable(
  definition: Definition,
  query: Query,
  queryWorks: boolean,
  { client, people, sources, store, signal }: CheckParts,
): Promise<readonly Problem[]> {
  const { table } = await openFound(definition, store.memory, (address) =>
    openTable(client)(address, uncounted, signal),
  );
  const [about, fields] = await allOf([table.about(signal), table.fields(signal), table.revision(signal)]);
  const problems: Problem[] = about.advanced && (await isEmpty(table, signal)) ? [noSight] : [];
  if (about.timeZone !== undefined && about.timeZone !== query.timeZone)
    problems.push(otherZone(about.timeZone, query.timeZone));
  if (!queryWorks) return problems;
  const source = sources(definition.source.connection);
  const scope = { definition: definition.name, table: `${table.base}/${table.id}` };
  const known = await recallFields(store, scope);
  const columns = await source.columns(query, signal);
  const describe = () => source.describe(query, signal);
  const both = { definition, columns, fields, zone: zoneOf(query.timeZone), known, describe };
  const lacking = await lackingStep(both);
  problems.push(...lacking.problems);
  const mapping = mapColumns(definition, columns, lacking.fields, both.zone, known);
  if (isMismatch(mapping)) return [...problems, ...mapping];
  problems.push(...mapping.notes.map(noted));
  await tryLinked(table, mapping.targets, signal);
  await tryPeople(people, mapping.targets, uncounted, signal);
  return problems;
}

/** What `create: fields` does, or would do, about fields that the table lacks; and the fields to go on with. */
async function lackingStep({
  definition,
  columns,
  fields,
  known,
  describe,
}: BothSides): Promise<{ readonly fields: readonly Field[]; readonly problems: readonly Problem[] }> {
  const homeless = homelessColumns(definition, columns, fields, known, false);
  if (homeless.length === 0) return { fields, problems: [] };
  const { fields: wanted, problems } = creationOf(homeless, await describe(), fields.length);
  const says = wanted.length > 0;
  if (definition.create !== 'fields') return { fields, problems: says ? [couldCreate(wanted)] : [] };
  const will = { code: 'warn-will-create', message: wouldCreate(wanted), cure: nothingToDo };
  return {
    fields: [...fields, ...wanted.map(fieldToBe)],
    problems: [...problems, ...(says ? [will] : [])],
  };
}

const nothingToDo = text(
  '什么都不用做；先看看可以运行 bitable-sync plan。',
  'There is nothing to do; bitable-sync plan shows the rest first.',
);

function couldCreate(fields: readonly NewField[]): Problem {
  const names = namesOf(fields);
  return {
    code: 'warn-could-create',
    message: text(
      `定义里写上 create: fields，同步就会新建：${names.zh}。`,
      `With create: fields in the definition a run would create ${names.en}.`,
    ),
    cure: text(
      '写上 create: fields，或自己新建这些字段。',
      'Say create: fields, or create these fields by hand.',
    ),
  };
}

async function isEmpty(table: Table, signal: AbortSignal): Promise<boolean> {
  for await (const page of table.records([], signal)) return page.total === 0;
  return true;
}

/** Tries one thing; what it says or rejects with becomes its problems, `warn-…` ones its advice. */
async function step(what: Text, work: () => Promise<readonly Problem[]>): Promise<CheckStep> {
  // What is not set throws before there is a promise.
  const found = await (async () => work())().catch((error: unknown) => problemsIn(error));
  return {
    what,
    problems: found.filter(({ code }) => !code.startsWith('warn-')),
    advice: found.filter(({ code }) => code.startsWith('warn-')),
  };
}

function problemsIn(error: unknown): readonly Problem[] {
  if (error instanceof ProblemError) return error.problems;
  if (error instanceof CallError) return [problemOf(error.failure)];
  throw error;
}

const theFile = text('定义文件', 'Definition file');

const noSight: Problem = {
  code: 'warn-no-sight',
  message: text(
    '表格读出来是空的，而这个多维表格开启了高级权限：应用可能看不到记录。',
    'The table reads as empty and its Base has advanced permissions on: the app may not see the records.',
  ),
  cure: text(
    '在多维表格的高级权限里，给应用一个可以查看和编辑全部记录的角色。',
    'In the Base’s advanced permissions, give the app a role that sees and edits all records.',
  ),
};

const otherZone = (theirs: string, ours: string): Problem => ({
  code: 'warn-time-zone',
  message: text(
    `多维表格的时区是 ${theirs}，同步按 ${ours} 理解日期。`,
    `The Base’s zone is ${theirs}, the sync reads dates as ${ours}.`,
  ),
  cure: text(
    '如果日期差了几个小时，请设置 TIME_ZONE 或定义里的 timeZone。',
    'If dates are off by hours, set TIME_ZONE, or timeZone in the definition.',
  ),
});

const noted = (message: Text): Problem => ({
  code: 'warn-mapping',
  message,
  cure: text(
    '同步照常进行；如果不是本意，请改定义。',
    'A run goes on all the same; change the definition where it is not meant.',
  ),
});

const uncounted: CallMeter = { count: () => undefined };
