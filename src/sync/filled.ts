import type { Cell } from './kinds/kind.ts';

/** Notes which columns have a value anywhere. */
export interface Filled {
  see(cells: readonly Cell[]): void;
  /** By position. */
  all(): readonly boolean[];
}

/** Looks only at columns that were empty so far: after the first rows, at next to none. */
export function filled(columns: number): Filled {
  const found = new Array<boolean>(columns).fill(false);
  let open = found.map((_, at) => at);
  return {
    see(cells) {
      if (open.length === 0) return;
      let some = false;
      for (const at of open) {
        if ((cells[at] ?? '') === '') continue;
        found[at] = true;
        some = true;
      }
      if (some) open = open.filter((at) => !found[at]);
    },
    all: () => found,
  };
}
