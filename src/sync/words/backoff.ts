/** Milliseconds before the next try: `first`, doubled by each failure up to `longest`; `share` spreads it by chance. */
export const backoff = (failures: number, first: number, longest: number, share = 1): number =>
  Math.min(first * 2 ** failures, longest) * share;
