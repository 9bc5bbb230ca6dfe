import type { State } from '../state.ts';
import { outcomeOf } from './health.ts';

/** What happened to one definition in a while. */
export interface Digest {
  readonly name: string;
  readonly title: string;
  readonly runs: number;
  readonly failed: number;
  readonly partial: number;
  /** Runs whose plan waits for a person. */
  readonly waiting: number;
  /** Records created, updated and deleted. */
  readonly written: number;
  /** When the newest successful run ended, in ms; `undefined`: none that is known. */
  readonly lastGood: number | undefined;
  /** Whether that is too long ago, as the definition sees it. */
  readonly stale: boolean;
}

/** Sums up the runs that started at or after `from` (ms). Plans that write nothing do not count. */
export function digestOf(
  { name, title }: { readonly name: string; readonly title: string },
  states: readonly State[],
  from: number,
  { lastGood, stale }: Pick<Digest, 'lastGood' | 'stale'>,
): Digest {
  const mine = states.filter((state) => state.startedAt >= from && !state.planOnly);
  const number = (outcome: string) => mine.filter((state) => outcomeOf(state) === outcome).length;
  return {
    name,
    title,
    runs: mine.length,
    failed: number('failed'),
    partial: number('partial'),
    waiting: number('waiting'),
    written: mine.reduce((sum, { rows, deletes }) => sum + rows.created + rows.updated + deletes.done, 0),
    lastGood,
    stale,
  };
}
