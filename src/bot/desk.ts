import type { Runs } from '../run/runs.ts';
import type { Live, LiveParts } from './live.ts';
import type { Chat, Definitions, Schedules } from './ports.ts';

/** What commands and clicks work with. */
export interface Desk extends Pick<LiveParts, 'chat' | 'clock' | 'log' | 'locale' | 'timeZone'> {
  readonly chat: Chat;
  readonly runs: Runs;
  readonly definitions: Definitions;
  readonly live: Live;
  readonly admins: readonly string[];
  readonly schedules: Schedules;
}
