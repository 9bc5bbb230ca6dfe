/** The newest IDs that were shown to it; what has an effect is kept in the store besides. */
export interface Recent {
  /** Whether the ID is among them. */
  has(id: string): boolean;
  add(id: string): void;
}

/** Remembers so many IDs, at least; at most twice as many. */
export function recent(least: number): Recent {
  let young = new Set<string>();
  let old = new Set<string>();
  return {
    has: (id) => young.has(id) || old.has(id),
    add(id) {
      young.add(id);
      if (young.size < least) return;
      old = young;
      young = new Set();
    },
  };
}
