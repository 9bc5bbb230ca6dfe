import type { BaseState, Cell, FieldState, OptionState, RowState, TableState, World } from '../../world.ts';

/** The kinds of person ids a call may ask for with `user_id_type`. */
export type IdType = 'open_id' | 'union_id' | 'user_id';

/** Where a value belongs: everything that checking, storing or showing it may need. */
export interface Place {
  readonly world: World;
  readonly base: BaseState;
  readonly table: TableState;
  readonly field: FieldState;
  readonly idType: IdType;
  /** Select fields: the options that the running call knows, by name; default: all of the field's. */
  readonly options?: Map<string, OptionState>;
}

/**
 * What the server does with the values of one field type.
 * Shapes: https://open.feishu.cn/document/docs/bitable-v1/app-table-record/bitable-record-data-structure-overview.
 */
export interface ValueKind {
  /** False for fields that the service fills by itself. */
  readonly writable: boolean;
  /** Throws a `Refusal` when a sent value does not fit. `null` never gets here. */
  check(value: unknown, at: Place): void;
  /** Turns a checked value into a cell; may add options to the field. */
  store(value: unknown, at: Place): Cell;
  /** The value in the shape that `records/search` shows. */
  read(cell: NonNullable<Cell>, at: Place): unknown;
  /** {@link read} as JSON text, where that is cheaper. */
  json?(cell: NonNullable<Cell>, at: Place): string;
  /** The value in the shape in which it is written. */
  plain(cell: NonNullable<Cell>, at: Place): unknown;
  /** For fields whose value follows from the record itself. */
  derive?(row: RowState, at: Place): Cell;
}

/** True for objects that are no arrays. */
export const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** True for arrays of strings. */
export const isStrings = (value: unknown): value is string[] =>
  Array.isArray(value) && value.every((item) => typeof item === 'string');
