import type { Plan } from './plan.ts';
import type { Table } from './ports.ts';

/** By what a table that somebody was in is told from one that nobody was in. */
export interface Standing {
  /** Its change counter. */
  readonly revision: number;
  readonly records: number;
}

/** How a table stands: two witnesses, in two calls. Rejects when it cannot be told. */
export async function standing(
  table: Pick<Table, 'revision' | 'records'>,
  { key: [at = 0], targets }: Pick<Plan, 'key' | 'targets'>,
  signal: AbortSignal,
): Promise<Standing> {
  const revision = await table.revision(signal);
  for await (const { total } of table.records([targets[at]?.name ?? ''], signal))
    return { revision, records: total };
  throw new Error('a read without a page');
}

/**
 * Whether anybody was in the table since the plan was made or left; not known of one that was cut off while it wrote.
 * @param begun whether anything of the plan was sent
 */
export async function movedSince(
  table: Pick<Table, 'revision' | 'records'>,
  plan: Plan,
  begun: boolean,
  signal: AbortSignal,
): Promise<boolean> {
  const since = plan.left ?? (begun ? null : plan);
  if (since === null) return true;
  const { revision, records } = await standing(table, plan, signal);
  return revision !== since.revision || records !== since.records;
}
