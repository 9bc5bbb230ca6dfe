import type { Cell } from './kinds/kind.ts';

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
