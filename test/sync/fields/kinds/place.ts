import type { ColumnRule } from '../../../../src/sync/definition/definition.ts';
import type { Field, FieldKind } from '../../../../src/sync/definition/field.ts';
import type { ColumnType, Value } from '../../../../src/sync/fields/column.ts';
import { type Bad, type Cell, isBad, type Place } from '../../../../src/sync/fields/kinds/kind.ts';
import { kindOf } from '../../../../src/sync/fields/kinds/kinds.ts';
import { type Zone, zoneOf } from '../../../../src/sync/words/zone.ts';

/** What a test says of a column and its field; the rest is plain. */
export interface Setting {
  readonly type?: ColumnType;
  readonly rule?: ColumnRule;
  readonly field?: Partial<Field>;
  readonly zone?: Zone;
  readonly hidden?: boolean;
}

const shanghai = zoneOf('Asia/Shanghai');

/** The column `c` that goes to the field `f`. */
export const place = (
  kind: FieldKind,
  { type = 'text', rule = {}, field = {}, zone = shanghai, hidden = false }: Setting = {},
): Place => ({
  column: { name: 'c', type },
  field: { id: 'fld1', name: 'f', kind, look: '', primary: false, ...field },
  rule,
  zone,
  hidden,
});

/** What a value becomes: its canonical cell, or the English words against it after `bad: `. */
export function wanted(kind: FieldKind, value: Exclude<Value, null>, setting?: Setting): string {
  const read: Cell | Bad | undefined = kindOf(kind)?.wanted(place(kind, setting))(value);
  if (read === undefined) throw new Error(`no kind ${kind}`);
  return isBad(read) ? `bad: ${read.bad.en}` : read;
}

export const held = (kind: FieldKind, raw: unknown): string | undefined => kindOf(kind)?.held(raw);

export const written = (kind: FieldKind, cell: Cell): unknown => kindOf(kind)?.written(cell);

/** A value of bytes. */
export const bytes = (...bytes: number[]): Uint8Array => Uint8Array.from(bytes);
