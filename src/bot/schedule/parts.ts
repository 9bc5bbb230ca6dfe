import type { Clock, Journal, Log } from '../../run/ports.ts';
import type { Runs } from '../../run/runs/runs.ts';
import type { QuietHours } from '../../sync/schedule/hours.ts';
import type { Locale } from '../../sync/text.ts';
import type { Zone } from '../../sync/zone.ts';
import type { Chat, Definitions, Kept } from '../ports.ts';

/** What the clock works with. */
export interface ScheduleParts {
  readonly kept: Kept;
  readonly definitions: Definitions;
  readonly runs: Pick<Runs, 'start' | 'find' | 'latest'>;
  readonly journal: Pick<Journal, 'saveCard' | 'lastSuccess'>;
  readonly chat: Pick<Chat, 'send' | 'patch'>;
  readonly clock: Clock;
  readonly log: Log;
  readonly locale: Locale;
  readonly timeZone: string;
  readonly admins: readonly string[];
  readonly quietHours: QuietHours | undefined;
}

/** {@link ScheduleParts} of a clock that goes. */
export interface ScheduleDesk extends ScheduleParts {
  /** Zones by name, prepared once. */
  readonly zone: (name: string) => Zone;
  /** Aborted when the program stops. */
  readonly stopping: AbortSignal;
}
