import type { Cell } from './kinds/kind.ts';

/** Notes which columns have a value anywhere. */
export interface Filled {
  see(cells: readonly Cell[]): void;
  /** The same for a row that only tells which columns have a value. */
  seeBy(has: (column: number) => boolean): void;
  /** By position. */
  all(): readonly boolean[];
}

/** Looks only at columns that were empty so far: after the first rows, at next to none. */
export function filled(columns: number): Filled {
  const found = new Array<boolean>(columns).fill(false);
  let open = found.map((_, at) => at);
  function seeBy(has: (column: number) => boolean): void {
    if (open.length === 0) return;
    for (const at of open) found[at] = has(at);
    if (open.some((at) => found[at])) open = open.filter((at) => !found[at]);
  }
  return {
    see: (cells) => seeBy((at) => (cells[at] ?? '') !== ''),
    seeBy,
    all: () => found,
  };
}
