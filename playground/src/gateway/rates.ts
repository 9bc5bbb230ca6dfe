/** A limit: so many calls in so many milliseconds. */
export interface Rate {
  readonly calls: number;
  readonly perMs: number;
}

/** Counts calls in sliding windows. */
export interface Rates {
  /** Counts a call under `key`; answers the ms to wait when it is one too many. */
  take(key: string, rate: Rate): number | undefined;
  reset(): void;
}

/** Makes counters on the given clock (ms). */
export function newRates(now: () => number): Rates {
  const calls = new Map<string, number[]>();
  return {
    take: (key, rate) => {
      const at = now();
      const recent = (calls.get(key) ?? []).filter((time) => time > at - rate.perMs);
      calls.set(key, recent);
      const first = recent[0];
      if (recent.length >= rate.calls && first !== undefined) return first + rate.perMs - at;
      recent.push(at);
      return undefined;
    },
    reset: () => calls.clear(),
  };
}
