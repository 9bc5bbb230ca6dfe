import { longestRun, ops, type Press, snoozes } from '../cards/button.ts';

/**
 * Reads what a button sent. `undefined` for anything that no button of ours sends; never throws. What comes
 * out is well-formed, not true: it counts only where the store agrees.
 */
export function decode(value: unknown): Press | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const { op: said, run, v, until: put } = value as Readonly<Record<string, unknown>>;
  const op = ops.find((one) => one === said);
  if (op === undefined || typeof run !== 'string' || run === '' || run.length > longestRun) return undefined;
  if (typeof v !== 'number' || !Number.isSafeInteger(v) || v < 0) return undefined;
  const until = snoozes.find((one) => one === put);
  return { op, run, v, ...(until !== undefined && { until }) };
}
