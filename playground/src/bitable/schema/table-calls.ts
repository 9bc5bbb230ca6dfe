import { invalid, ok, Refusal } from '../../gateway/reply.ts';
import type { Route } from '../../gateway/router.ts';
import { type BaseState, tell, type World } from '../../world.ts';
import { baseFor } from '../access.ts';
import type { Lock } from '../lock.ts';
import { newRow, putRow } from '../records.ts';
import { newTable, newView } from '../tables.ts';
import { isObject } from '../values/kind.ts';
import { indexTypes, readField, type SentField } from './draft.ts';
import { addSent } from './field-calls.ts';
import { dropBack } from './links.ts';

interface SentTable {
  readonly name: string;
  readonly viewName: string | undefined;
  readonly fields: readonly SentField[] | undefined;
}

function tableName(base: BaseState, raw: unknown): string {
  if (typeof raw !== 'string') throw invalid('table.name', 'name is required');
  const name = raw.trim();
  if (name === '' || name.length > 100) throw invalid('table.name', 'the length must be 1 to 100');
  if (/[/\\?*:[\]]/.test(name)) throw new Refusal(1254038);
  for (const table of base.tables.values()) if (table.name === name) throw new Refusal(1254013);
  return name;
}

function viewName(raw: unknown): string | undefined {
  if (raw === undefined || raw === null) return undefined;
  if (typeof raw !== 'string' || raw.trim() === '') throw new Refusal(1254021);
  if (/[[\]]/.test(raw)) throw new Refusal(1254022);
  return raw.trim();
}

function fieldsIn(world: World, base: BaseState, raw: unknown): readonly SentField[] | undefined {
  if (raw === undefined || raw === null) return undefined;
  if (!Array.isArray(raw) || raw.length === 0 || raw.length > world.limits.fields)
    throw invalid('table.fields', `the length must be 1 to ${world.limits.fields}`);
  const fields = raw.map((one: unknown) => readField(world, base, one));
  const [first] = fields;
  if (first && !indexTypes.has(first.type)) throw new Refusal(1254012, { status: 400 });
  if (new Set(fields.map(({ name }) => name)).size < fields.length)
    throw new Refusal(1254014, { status: 400 });
  return fields;
}

function readTable(world: World, base: BaseState, body: unknown): SentTable {
  const raw = isObject(body) ? body['table'] : undefined;
  if (!isObject(raw)) throw new Refusal(1254001);
  const sent = {
    name: tableName(base, raw['name']),
    viewName: viewName(raw['default_view_name']),
    fields: fieldsIn(world, base, raw['fields']),
  };
  if (sent.viewName !== undefined && !sent.fields) throw new Refusal(1254001);
  if (base.tables.size >= world.limits.tables) throw new Refusal(1254100);
  return sent;
}

const onlyField: SentField = {
  name: '文本',
  type: 1,
  uiType: 'Text',
  property: null,
  options: [],
  optionsLocked: false,
  linkTable: undefined,
  description: undefined,
  backName: undefined,
};

function makeTable(world: World, base: BaseState, sent: SentTable): Readonly<Record<string, unknown>> {
  const table = newTable(world, base, sent.name);
  const view = newView(world, table, sent.viewName ?? '表格');
  let fields: readonly string[];
  try {
    fields = (sent.fields ?? [onlyField]).map((field) => addSent(world, { base, table }, field).id);
  } catch (error) {
    for (const field of table.fields) dropBack(base, field);
    base.tables.delete(table.id);
    throw error;
  }
  const { bare, withFields } = world.limits.blankRows;
  const blank = sent.fields ? withFields : bare;
  for (let row = 0; row < blank; row++) putRow(table, newRow(world, table, world.bot.openId));
  base.revision += 1;
  return {
    table_id: table.id,
    ...(sent.fields ? { default_view_id: view.id, field_id_list: fields } : {}),
  };
}

/**
 * Answers `POST …/tables`. The page calls a table without fields an empty one with an index column only; new tables are
 * seen with blank records in them, how many is a limit of the world.
 * https://open.feishu.cn/document/server-docs/docs/bitable-v1/app-table/create
 */
export const newTableCall =
  (world: World, lock: Lock): Route['handle'] =>
  async (request, pace) => {
    const base = baseFor(world, request, 'write');
    const leave = lock.enter(base.appToken, '');
    if (!leave) throw new Refusal(1254291);
    try {
      await pace(0);
      const data = makeTable(world, base, readTable(world, base, request.body()));
      const where = { kind: 'table', appToken: base.appToken, tableId: String(data['table_id']) } as const;
      tell(world, { ...where, by: 'app', added: [], edited: [], removed: [] });
      return ok(data);
    } finally {
      leave();
    }
  };
