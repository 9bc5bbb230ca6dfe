import { isDeepStrictEqual } from 'node:util';
import { ok, Refusal } from '../../gateway/reply.ts';
import type { Request, Route } from '../../gateway/router.ts';
import { type BaseState, type FieldState, type TableState, tell, type World } from '../../world.ts';
import { baseFor, tableFor } from '../access.ts';
import type { ClientTokens } from '../client-tokens.ts';
import { fieldById, fieldJson, putField, renameField, setOptions, takeField } from '../fields.ts';
import { holding, type Job } from '../holding.ts';
import type { Lock } from '../lock.ts';
import { touched } from '../records.ts';
import { indexTypes, readField, type SentField } from './draft.ts';
import { addBack, dropBack } from './links.ts';
import { retyped } from './retype.ts';

type Handle = Route['handle'];

/** Notes a change of a table's fields, and tells who watches. */
export function schemaChanged(world: World, { base, table }: Job, by: 'app' | 'person'): void {
  touched(base, table, { by, what: 'fields', records: 0 });
  const where = { kind: 'table', appToken: base.appToken, tableId: table.id, by } as const;
  tell(world, { ...where, added: [], edited: [], removed: [] });
}

/** Throws 1254105 when a table has no room for one more field of that type. */
function checkRoom(world: World, table: TableState, type: number): void {
  const formulas = table.fields.filter((field) => field.type === 20).length;
  const full = table.fields.length >= world.limits.fields;
  if (full || (type === 20 && formulas >= world.limits.formulas)) throw new Refusal(1254105);
}

const backNameOf = (table: TableState, sent: SentField): string =>
  sent.backName ?? `${table.name}-${sent.name}`;

/** Throws when the other side of a two-way link cannot be made. */
function checkBack(world: World, { base, table }: Job, sent: SentField): void {
  const other = base.tables.get(sent.linkTable ?? '');
  if (sent.type !== 21 || !other) return;
  const name = backNameOf(table, sent);
  if (other.fieldByName.has(name) || (other === table && name === sent.name)) throw new Refusal(1254014);
  checkRoom(world, other, 21);
}

/** Adds a checked field, with the other side of a two-way link. */
export function addSent(world: World, job: Job, sent: SentField): FieldState {
  const { base, table } = job;
  if (table.fieldByName.has(sent.name)) throw new Refusal(1254014);
  checkRoom(world, table, sent.type);
  checkBack(world, job, sent);
  const { backName: _, ...draft } = sent;
  const field = putField(world, table, draft);
  if (sent.type === 21) addBack(world, base, table, field, backNameOf(table, sent));
  return field;
}

/** What a full overwrite sets. */
const shape = (field: FieldState | SentField): unknown => {
  const { name, type, uiType, property, options, linkTable, description } = field;
  return [name, type, uiType, property, options, linkTable, description];
};

const backOf = (base: BaseState, field: FieldState): FieldState | undefined =>
  fieldById(base.tables.get(field.linkTable ?? ''), field.backField);

/** Whether an overwrite would leave a field as it is. */
const isSame = (base: BaseState, field: FieldState, sent: SentField): boolean =>
  isDeepStrictEqual(shape(field), shape(sent)) &&
  (sent.backName === undefined || sent.backName === backOf(base, field)?.name);

function isTaken(base: BaseState, field: FieldState, backName: string | undefined): boolean {
  const twin = base.tables.get(field.linkTable ?? '')?.fieldByName.get(backName ?? '');
  return twin !== undefined && twin.id !== field.backField;
}

/** Overwrites a field with what was sent; values follow. */
export function overwrite(world: World, job: Job, field: FieldState, sent: SentField): void {
  const { base, table } = job;
  const twin = table.fieldByName.get(sent.name);
  if (twin && twin !== field) throw new Refusal(1254014);
  if (field.primary && !indexTypes.has(sent.type)) throw new Refusal(1254012);
  const relinked = field.linkTable !== sent.linkTable || field.type !== sent.type;
  if (relinked) checkBack(world, job, sent);
  else if (isTaken(base, field, sent.backName)) throw new Refusal(1254014);
  retyped(world, base, table, field, () => {
    if (relinked) dropBack(base, field);
    renameField(table, field, sent.name);
    const { type, uiType, property, linkTable, description } = sent;
    Object.assign(field, { type, uiType, property, linkTable, description });
    setOptions(field, sent.options);
    const back = backOf(base, field);
    const other = base.tables.get(linkTable ?? '');
    if (relinked && type === 21) addBack(world, base, table, field, backNameOf(table, sent));
    else if (other && back && sent.backName !== undefined) renameField(other, back, sent.backName);
  });
}

/** Removes a field, with the other side of a two-way link. */
export function removeField({ base, table }: Job, field: FieldState): void {
  dropBack(base, field);
  takeField(table, field);
}

function fieldFor({ base, table }: Job, request: Request): FieldState {
  const id = request.params['field_id'] ?? '';
  if (!id.startsWith('fld')) throw new Refusal(1254009);
  const field = fieldById(table, id);
  if (!field) throw new Refusal(1254044);
  if (base.advanced && table.hiddenFields.has(id)) throw new Refusal(1254302);
  return field;
}

/** The three calls that change fields. They count as writes of the table. */
export interface FieldCalls {
  readonly create: Handle;
  readonly update: Handle;
  readonly remove: Handle;
}

/** https://open.feishu.cn/document/server-docs/docs/bitable-v1/app-table-field/create and its neighbours. */
export function newFieldCalls(world: World, lock: Lock, tokens: ClientTokens): FieldCalls {
  const locked = <T>(
    request: Request,
    pace: (rows: number) => Promise<void>,
    apply: (job: Job) => T,
  ): Promise<T> =>
    holding(world, lock, request, async (job) => {
      await pace(0);
      return apply(job);
    });

  const create: Handle = async (request, pace) => {
    const base = baseFor(world, request, 'write');
    const table = tableFor(base, request);
    const token = request.query.get('client_token') ?? '';
    const use = tokens.use(request.path, token, request.raw);
    const made = use.replay?.[0];
    const before = fieldById(table, made);
    if (before) return ok({ field: fieldJson(before, base) });
    try {
      return await locked(request, pace, (job) => {
        const field = addSent(world, job, readField(world, base, request.body()));
        schemaChanged(world, job, 'app');
        use.done([field.id]);
        return ok({ field: fieldJson(field, base) });
      });
    } catch (error) {
      use.failed();
      throw error;
    }
  };

  const update: Handle = (request, pace) =>
    locked(request, pace, (job) => {
      const field = fieldFor(job, request);
      if (field.type === 19 || field.type === 24 || field.type === 3001) throw new Refusal(1254012);
      const sent = readField(world, job.base, request.body(), field);
      if (isSame(job.base, field, sent)) throw new Refusal(1254606);
      overwrite(world, job, field, sent);
      schemaChanged(world, job, 'app');
      return ok({ field: fieldJson(field, job.base) });
    });

  const remove: Handle = (request, pace) =>
    locked(request, pace, (job) => {
      const field = fieldFor(job, request);
      if (field.primary) throw new Refusal(1254046);
      removeField(job, field);
      schemaChanged(world, job, 'app');
      return ok({ field_id: field.id, deleted: true });
    });

  return { create, update, remove };
}
