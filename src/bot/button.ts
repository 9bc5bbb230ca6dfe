import { longestMore, longestRun, ops, type Press, snoozes, verbs } from '../cards/parts/button.ts';

/**
 * Reads what a button sent. `undefined` for anything that no button of ours sends; never throws. What comes
 * out is well-formed, not true: it counts only where the store agrees.
 */
export function decode(value: unknown): Press | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const { op: said, run, v, until: put, verb: asked, more } = value as Readonly<Record<string, unknown>>;
  const op = ops.find((one) => one === said);
  const verb = verbs.find((one) => one === asked);
  if (op === undefined || typeof run !== 'string' || run.length > longestRun) return undefined;
  if (op === 'command' ? verb === undefined : run === '') return undefined;
  if (typeof v !== 'number' || !Number.isSafeInteger(v) || v < 0) return undefined;
  const until = snoozes.find((one) => one === put);
  return {
    op,
    run,
    v,
    ...(until !== undefined && { until }),
    ...(op === 'command' && verb !== undefined && { verb }),
    ...(op === 'command' && typeof more === 'string' && more.length <= longestMore && { more }),
  };
}
