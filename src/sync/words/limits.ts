/** Records that one batch_delete takes. https://open.feishu.cn/document/server-docs/docs/bitable-v1/app-table-record/batch_delete */
export const deletesPerCall = 500;

/**
 * Bytes that one write's body may have. Feishu documents no limit, but answers large changes with "reduce the
 * amount of change in one operation" (1254002).
 */
export const bytesPerCall = 1_000_000;

/** How many rows or records to process before yielding to the event loop: some milliseconds' work. */
export const rowsPerTurn = 200;

/** Milliseconds for which a lease on a table holds without being renewed. */
export const leaseLife = 15_000;

/**
 * How long a `client_token` is trusted, in ms. Feishu does not say how long it remembers one; minutes is the
 * only number around. https://open.feishu.cn/document/server-docs/docs/bitable-v1/app-table-record/batch_create
 */
export const tokenLife = 120_000;

/** Milliseconds before the next try: `first`, doubled by each failure up to `longest`; `share` spreads it by chance. */
export const backoff = (failures: number, first: number, longest: number, share = 1): number =>
  Math.min(first * 2 ** failures, longest) * share;

/** A clock, as far as waits need it. */
interface Sleeper {
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

/** Resolves with what the work does, or with `late` after so many milliseconds; the work goes on all the same. */
export async function inTime<T, L>(work: Promise<T>, ms: number, clock: Sleeper, late: L): Promise<T | L> {
  const over = new AbortController();
  const passed = clock.sleep(ms, over.signal).then(
    () => late,
    () => late,
  );
  try {
    return await Promise.race([work, passed]);
  } finally {
    over.abort();
  }
}
