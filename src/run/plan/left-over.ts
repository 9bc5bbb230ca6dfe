import type { Definition } from '../../sync/definition/definition.ts';
import type { Change } from '../../sync/plan/change.ts';
import type { Ledger } from '../ports.ts';

/** What became of the records that the query does not have. */
export interface LeftOver {
  /** Deletes that are not carried out: the ledger does not know the record, or nobody can tell whose it is. */
  readonly kept: number;
  /** Of these, those of which nobody can tell, see `holdsDeletes`. */
  readonly held: number;
  /** Records among the deletes that the ledger does not know. */
  readonly handMade: number;
}

/** Record IDs that are looked up in the ledger at once. */
const lookUp = 500;

/** Lets deletes through by ownership: `ours` keeps what the ledger does not know. @param known asks it */
export async function owned(
  leftOver: Iterable<Change>,
  policy: Definition['deletes'],
  known: (records: readonly string[]) => ReturnType<Ledger['known']>,
  take: (change: Change) => Promise<void> | undefined,
): Promise<LeftOver> {
  let kept = 0;
  let handMade = 0;
  let group: Change[] = [];
  async function judge(): Promise<void> {
    const ids = group.flatMap((change) => (change.kind === 'delete' ? [change.record] : []));
    const ours = await known(ids);
    for (const change of group) {
      const isOurs = change.kind === 'delete' && ours.has(change.record);
      if (!isOurs && policy === 'ours') kept++;
      else {
        if (!isOurs) handMade++;
        await take(change);
      }
    }
    group = [];
  }
  for (const change of leftOver) {
    group.push(change);
    if (group.length === lookUp) await judge();
  }
  if (group.length > 0) await judge();
  return { kept, handMade, held: 0 };
}

/** Lets no delete through: nobody can tell whose records these are. */
export function heldBack(leftOver: Iterable<Change>): LeftOver {
  let held = 0;
  for (const _ of leftOver) held++;
  return { kept: held, handMade: 0, held };
}
