import type { Standstill } from '../../cards/list-cards.ts';
import type { Clock } from '../../run/ports.ts';
import type { Definition } from '../../sync/definition.ts';
import { nextAfter } from '../../sync/schedule/cron.ts';
import { spread } from '../../sync/schedule/due.ts';
import { zoneOf } from '../../sync/zone.ts';
import type { Kept } from '../ports.ts';
import { entriesOf } from './entries.ts';
import { quotaSpent } from './quota.ts';

/** What a definition's clock will do. */
export interface Outlook {
  /** When it runs by itself next (ms); `undefined`: never. */
  readonly nextRun: number | undefined;
  /** By somebody, by five failures, by a freeze, or because the month's calls are used up. */
  readonly paused: boolean;
}

/** Tells when definitions run by themselves next, and which ones are paused. */
export async function outlooks(
  definitions: readonly Definition[],
  {
    kept: { holds },
    timeZone,
    now,
  }: { readonly kept: Pick<Kept, 'holds'>; readonly timeZone: string; readonly now: number },
): Promise<ReadonlyMap<string, Outlook>> {
  const [paused, frozen, spent] = await Promise.all([holds.paused(), holds.frozen(), quotaSpent(holds, now)]);
  const all = frozen !== undefined || spent !== undefined;
  return new Map(
    definitions.map((definition) => [
      definition.name,
      {
        nextRun: nextRun(definition, timeZone, now),
        paused: all || paused.has(definition.name),
      },
    ]),
  );
}

/** When a definition runs by itself next, in ms. */
export function nextRun(definition: Definition, timeZone: string, now: number): number | undefined {
  const turns = entriesOf(definition, [], { timeZone, admins: [], zone: zoneOf }).flatMap((entry) => {
    const next = entry.do === 'run' ? nextAfter(entry.rhythm, now) : undefined;
    return next === undefined ? [] : [spread(entry.id, next)];
  });
  return turns.length === 0 ? undefined : Math.min(...turns);
}

/** What holds everything at this moment. */
export async function standstill({
  kept: { holds },
  clock,
}: {
  readonly kept: Pick<Kept, 'holds'>;
  readonly clock: Pick<Clock, 'now'>;
}) {
  const [frozen, spent] = await Promise.all([holds.frozen(), quotaSpent(holds, clock.now())]);
  return { frozen, spentUntil: spent?.until } satisfies Standstill;
}
