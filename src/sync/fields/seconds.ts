import { type Text, text } from '../words/text.ts';
import type { Cell } from './kinds/kind.ts';
import type { ColumnType } from './value.ts';

/** A column of numbers that a date field reads as milliseconds only because its rule does not say `unit`. */
export interface Unsaid {
  readonly column: string;
  readonly field: string;
  /** Position in a row's cells. */
  readonly at: number;
}

/** Columns that may hold numbers: all that are no dates by their own type. */
export const mayBeNumbers: ReadonlySet<ColumnType> = new Set(['integer', 'decimal', 'float', 'text', 'any']);

/**
 * Notices columns whose every value would be a day of our time if it were seconds (2001 to 2096), and is one of
 * January or February 1970 as milliseconds. Only says so: which one is meant is nobody's guess.
 */
export function secondsWatch(columns: readonly Unsaid[]) {
  let watched = columns.map((column) => ({ ...column, seen: false }));
  return {
    take(cells: readonly Cell[]): void {
      if (watched.length === 0) return;
      for (const one of watched) {
        const cell = cells[one.at] ?? '';
        if (cell === '') continue;
        if (looksLikeSeconds(cell)) one.seen = true;
        else watched = watched.filter((other) => other !== one);
      }
    },
    notes: (): readonly Text[] => watched.filter(({ seen }) => seen).map(tell),
  };
}

const looksLikeSeconds = (cell: Cell): boolean =>
  cell.length === 10 && cell >= '1000000000' && cell <= '4000000000';

const tell = ({ column, field }: Unsaid): Text =>
  text(
    `「${field}」的数字全都像秒（10 位），按毫秒读就都是 1970 年初。若是秒，请在定义的 fields 里写 { ${column}: { unit: s } }；确是毫秒，写 unit: ms 就不再提醒。`,
    `All numbers for ${field} look like seconds (10 digits); read as milliseconds they are days of early 1970. For seconds say fields: { ${column}: { unit: s } } in the definition; unit: ms says that they are right and ends this note.`,
  );

/** Notes which columns have a value anywhere. */
export interface Filled {
  see(cells: readonly Cell[]): void;
  /** By position. */
  all(): readonly boolean[];
}

/** Starts with no column filled. */
export function filled(columns: number): Filled {
  const found = new Array<boolean>(columns).fill(false);
  return {
    see(cells) {
      for (const [at, cell] of cells.entries()) if (cell !== '') found[at] = true;
    },
    all: () => found,
  };
}
