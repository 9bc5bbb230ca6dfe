import type { Written } from '../../sync/plan/change.ts';
import type { Ledger, Scope } from '../ports.ts';

/** Asks the ledger about changes while the comparison goes on. */
export interface Witness {
  /** Takes one change; answers those, in the same order, about which the ledger has been asked, if there are any. */
  take(change: Written): Promise<readonly Written[]> | undefined;
  /** Answers those that are left. */
  rest(): Promise<readonly Written[]>;
  /** Updates of rows that are what was confirmed last: somebody changed their records. */
  back(): number;
  /** Rows to be created that the ledger knows as records, and the first of these. */
  missing(): { readonly rows: number; readonly some: readonly Missing[] };
}

/** A record that was confirmed, and is not among those that were read. */
export interface Missing {
  readonly key: string;
  readonly record: string;
}

/** Changes that the ledger is asked about at once. */
const group = 500;
/** IDs that one look-up takes: enough to tell one missing right from a few deleted records. */
const sampled = 100;

/**
 * Makes a witness. With an empty ledger it answers at once; else one question is under way while the next
 * changes are found.
 * @param known records that the ledger knows in this scope
 */
export function witness(ledger: Pick<Ledger, 'find'>, scope: Scope, known: number): Witness {
  let waiting: Written[] = [];
  let asked: Promise<readonly Written[]> = Promise.resolve([]);
  let back = 0;
  let rows = 0;
  const some: Missing[] = [];

  async function ask(changes: readonly Written[]): Promise<readonly Written[]> {
    const found = await ledger.find(
      scope,
      changes.map(({ key }) => key),
    );
    return changes.map((change) => {
      const confirmed = found.get(change.key);
      if (!confirmed) return change;
      if (change.kind === 'update') {
        if (confirmed.hash !== change.hash) return change;
        back++;
        return { ...change, back: true };
      }
      rows++;
      if (some.length < sampled) some.push({ key: change.key, record: confirmed.record });
      return change;
    });
  }

  async function next(): Promise<readonly Written[]> {
    const answered = asked;
    asked = ask(waiting);
    // Its failure is thrown by the next one that waits for it.
    asked.catch(() => undefined);
    waiting = [];
    return answered;
  }

  return {
    take(change) {
      if (known === 0) return Promise.resolve([change]);
      waiting.push(change);
      return waiting.length < group ? undefined : next();
    },
    async rest() {
      if (known === 0) return [];
      return [...(await next()), ...(await asked)];
    },
    back: () => back,
    missing: () => ({ rows, some }),
  };
}
