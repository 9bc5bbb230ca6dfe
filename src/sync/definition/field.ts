/** Field types that a run can write, by the word that definitions use. */
export const writableKinds = [
  ...(['text', 'number', 'select', 'multi', 'date', 'checkbox', 'phone', 'url'] as const),
  ...(['person', 'group', 'location', 'link', 'attachment'] as const),
] as const;
export type WritableKind = (typeof writableKinds)[number];

/** Field types that only Feishu fills. */
const readOnly = [
  ...(['formula', 'lookup', 'created-time', 'modified-time', 'created-user', 'modified-user'] as const),
  ...(['auto-number', 'button', 'stage', 'other'] as const),
] as const;

export const fieldKinds = [...writableKinds, ...readOnly] as const;
export type FieldKind = (typeof fieldKinds)[number];

/** What the strings and numbers of a column mean. SQLite's expressions have no type: `any`. */
export type ColumnType =
  | 'integer'
  | 'decimal'
  | 'float'
  | 'text'
  | 'date'
  | 'datetime'
  | 'timestamp'
  | 'time'
  | 'year'
  | 'bit'
  | 'json'
  | 'enum'
  | 'set'
  | 'binary'
  | 'geometry'
  | 'any';

/** One field (column) of a Bitable table. */
export interface Field {
  readonly id: string;
  readonly name: string;
  readonly kind: FieldKind;
  /** Feishu's own word for the look, such as `Currency` or `Barcode`. */
  readonly look: string;
  readonly primary: boolean;
  /** Option names of a select field. */
  readonly options?: readonly string[];
  /** Person, group and link fields: whether a cell holds several. Feishu's default is yes. */
  readonly multiple?: boolean;
  /** Link fields: ID of the table whose records they hold. */
  readonly linkTable?: string;
  /** Rating and progress fields: the ends of the range that the field shows. */
  readonly min?: number;
  readonly max?: number;
}

/** The cells of one record as Feishu returns or takes them, by field name. */
export type Fields = Readonly<Record<string, unknown>>;

/** One record as read from the table. Empty cells are missing. */
export interface TableRecord {
  readonly id: string;
  readonly fields: Fields;
}
