import type { ColumnRule } from '../../definition/definition.ts';
import type { Field } from '../../definition/field.ts';
import { type Text, text } from '../../words/text.ts';
import type { Zone } from '../../words/zone.ts';
import type { Column, ColumnType, Value } from '../column.ts';

/** The canonical value of a cell: equal exactly when two cells are; `''` for null, "", [], {}, false and no cell. */
export type Cell = string;

/** A source value that its field cannot take, in words for the person who can mend it. */
export interface Bad {
  readonly bad: Text;
}

export const isBad = (read: Cell | Bad): read is Bad => typeof read !== 'string';

/** Where a value comes from and goes to: all that a kind may look at besides the value. */
export interface Place {
  readonly column: Column;
  readonly field: Field;
  readonly rule: ColumnRule;
  readonly zone: Zone;
  /** Whether values must not be shown, not even in a reason. */
  readonly hidden: boolean;
}

/** How the cells of one kind of field are read, compared and written. */
export interface CellRules {
  /** Makes the reader of source values: canonical, or why not. Called once a run and column. */
  wanted(place: Place): (value: Exclude<Value, null>) => Cell | Bad;
  /** The canonical value of a cell as `records/search` returns it. Unknown shapes read as their text. */
  held(raw: unknown): Cell;
  /** What people call the members of a cell as read, where Feishu tells it: ID and name. */
  names?(raw: unknown): Iterable<readonly [id: string, name: string]>;
  /** What a write call takes for a canonical value; `null` clears the cell. */
  written(cell: Cell): unknown;
}

/** Looks of fields that a call may ask for. */
export type Look =
  | ('Text' | 'Number' | 'SingleSelect' | 'MultiSelect' | 'DateTime' | 'Checkbox' | 'Phone' | 'Url')
  | ('User' | 'GroupChat' | 'Location' | 'SingleLink' | 'DuplexLink' | 'Attachment')
  | ('Barcode' | 'Currency' | 'Progress' | 'Rating');

/** All that is known of one kind of field that a sync writes. */
export interface Kind extends CellRules {
  /** What messages call such a field. */
  readonly title: Text;
  /** The fields of Feishu that are meant, by the names that people know. docs/types.md shows it. */
  readonly fields: Text;
  /** What they take. docs/types.md shows it. */
  readonly values: Text;
  /** Types of columns whose values it takes, besides {@link takenByAll}. */
  readonly takes: readonly ColumnType[];
  /** Parts of a column's rule that only some kinds look at, this one too. */
  readonly heeds?: readonly (keyof ColumnRule)[];
  /** Its values can name a row. */
  readonly canBeKey?: true;
  /** What keys do not tell apart, as the rest of a sentence; blanks and forms of letters where it is not said. */
  readonly alike?: Text;
  /** Feishu takes it for the first column. https://open.feishu.cn/document/server-docs/docs/bitable-v1/app-table-field/guide */
  readonly canBeIndex?: true;
  /** Such fields in Feishu's calls, see the same page: `types`, of which the first is made, with that look and property. */
  readonly feishu: {
    readonly types: readonly [number, ...number[]];
    readonly look: Look;
    readonly property?: Readonly<Record<string, unknown>>;
  };
}

/** What every kind takes: words, and what only shows with each value. */
export const takenByAll: readonly ColumnType[] = ['text', 'enum', 'any'];

/** Says that a value does not fit, with the value cut to 40 characters, and what to do where that helps. */
export function unfit(place: Place, value: unknown, { zh, en, advice }: Misfits): Bad {
  const shown = place.hidden ? '•••' : show(value);
  const rest = advice ? text(`。${advice.zh}`, `. ${advice.en}`) : text('', '');
  const { name } = place.field;
  return {
    bad: text(`字段「${name}」${zh}：\`${shown}\`${rest.zh}`, `\`${shown}\` ${en} for ${name}${rest.en}`),
  };
}

/** Why a value does not fit: the rest of a sentence. */
interface Misfits extends Text {
  readonly advice?: Text | undefined;
}

/** Whether a word is JSON's own null, which is as empty as SQL's. */
export const isJsonNull = (place: Place, word: string): boolean =>
  word === 'null' && place.column.type === 'json';

function show(value: unknown): string {
  if (value instanceof Uint8Array) return `${value.length} bytes`;
  const whole = String(value);
  const points = [...whole.slice(0, 100)];
  return points.length > 40 || whole.length > 100 ? `${points.slice(0, 40).join('')}…` : whole;
}
