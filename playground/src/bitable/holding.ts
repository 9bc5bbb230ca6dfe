import { Refusal } from '../gateway/reply.ts';
import type { Request } from '../gateway/router.ts';
import type { BaseState, TableState, World } from '../world.ts';
import { baseFor, tableFor } from './access.ts';
import type { Lock } from './lock.ts';

/** The table that a write works on. */
export interface Job {
  readonly base: BaseState;
  readonly table: TableState;
}

/** Holds a place in the lock of a call's table while `work` runs. Throws 1254291 when all places are taken. */
export async function holding<T>(
  world: World,
  lock: Lock,
  request: Request,
  work: (job: Job) => Promise<T>,
): Promise<T> {
  const base = baseFor(world, request, 'write');
  const table = tableFor(base, request);
  const leave = lock.enter(base.appToken, table.id);
  if (!leave) throw new Refusal(1254291);
  try {
    return await work({ base, table });
  } finally {
    leave();
  }
}
