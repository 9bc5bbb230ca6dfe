import { invalid, Refusal } from '../../gateway/reply.ts';
import type { BaseState, FieldState, OptionState, World } from '../../world.ts';
import type { FieldDraft } from '../fields.ts';
import { isObject } from '../values/kind.ts';
import { typeOf } from '../values/kinds.ts';
import { newOption } from '../values/options.ts';
import { readProperty, wrongProperty } from './property.ts';

/** A field as a call describes it. */
export interface SentField extends FieldDraft {
  /** Two-way links: the wanted name of the other side. */
  readonly backName: string | undefined;
}

/** Lookup, stage and button exist but cannot be made by a call. */
const untouchable = new Set([19, 24, 3001]);

/** Types that an index column may have. */
export const indexTypes: ReadonlySet<number> = new Set([1, 2, 5, 13, 15, 20, 22]);

/** A name without blanks at its ends. Throws 1254028 when nothing is left. */
function nameIn(value: unknown): string {
  if (typeof value !== 'string') throw invalid('field_name', 'field_name is required');
  const name = value.trim();
  if (name === '') throw new Refusal(1254028);
  if (name.length > 1000) throw new Refusal(1254029);
  return name;
}

function typeIn(body: Readonly<Record<string, unknown>>): { type: number; uiType: string } {
  const { type, ui_type: uiType } = body;
  if (typeof type !== 'number') throw invalid('type', 'type is required');
  if (untouchable.has(type)) throw new Refusal(1254012);
  let known: { type: number; uiType: string };
  try {
    known = typeOf(typeof uiType === 'string' && uiType !== '' ? uiType : type);
  } catch {
    throw invalid('type', 'the value is not an option');
  }
  if (known.type !== type) throw new Refusal(1254012);
  return known;
}

function optionIn(
  world: World,
  raw: unknown,
  type: number,
  color: number,
  known: ReadonlyMap<string, OptionState> | undefined,
): OptionState {
  if (!isObject(raw)) throw wrongProperty(type);
  const { name, id } = raw;
  const wanted = raw['color'] ?? color;
  if (name === undefined || name === '') throw new Refusal(1254026);
  const fits =
    typeof name === 'string' && Number.isInteger(wanted) && Number(wanted) >= 0 && Number(wanted) <= 54;
  if (!fits) throw wrongProperty(type);
  if (id === undefined || id === '') return { ...newOption(world, name, 0), color: Number(wanted) };
  if (typeof id !== 'string' || !known?.has(id)) throw wrongProperty(type);
  return { id, name, color: Number(wanted) };
}

/**
 * The options of a select field. Without a color each one takes the color after that of the one before it. An id may be sent
 * for options that the field has, and for no others; options sent without an id are new ones.
 */
function optionsIn(
  world: World,
  property: unknown,
  type: number,
  before: FieldState | undefined,
): readonly OptionState[] {
  if (type !== 3 && type !== 4) return [];
  const raw = isObject(property) ? property['options'] : undefined;
  if (raw === undefined || raw === null) return [];
  if (!Array.isArray(raw) || raw.length > world.limits.options) throw wrongProperty(type);
  let color = 0;
  return raw.map((item: unknown) => {
    const option = optionIn(world, item, type, color, before?.optionById);
    color = (option.color + 1) % 55;
    return option;
  });
}

function linkIn(base: BaseState, property: unknown, type: number): string | undefined {
  if (type !== 18 && type !== 21) return undefined;
  const tableId = isObject(property) ? property['table_id'] : undefined;
  if (typeof tableId !== 'string' || !base.tables.has(tableId)) throw wrongProperty(type);
  return tableId;
}

/** Reads a field from a call's body. `before` is the field that it is to replace. */
export function readField(world: World, base: BaseState, raw: unknown, before?: FieldState): SentField {
  if (!isObject(raw)) throw new Refusal(1254001);
  const name = nameIn(raw['field_name']);
  const { type, uiType } = typeIn(raw);
  const { property, description } = raw;
  if (description !== undefined && description !== null && !isObject(description))
    throw invalid('description', 'description must be an object');
  const backName = isObject(property) ? property['back_field_name'] : undefined;
  return {
    name,
    type,
    uiType,
    property: readProperty(type, uiType, property),
    options: optionsIn(world, property, type, before),
    optionsLocked: false,
    linkTable: linkIn(base, property, type),
    description: isObject(description) ? description : undefined,
    backName: type === 21 && typeof backName === 'string' && backName !== '' ? backName : undefined,
  };
}
