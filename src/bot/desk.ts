import type { Inited } from '../run/init-table.ts';
import type { Journal, RunRecord } from '../run/ports.ts';
import type { Runs } from '../run/runs/runs.ts';
import type { Unwritten } from '../run/unwritten.ts';
import type { Verify } from '../run/verify.ts';
import type { Story } from '../sync/story.ts';
import type { Background } from './background.ts';
import type { Live, LiveParts } from './live.ts';
import type { Audit, Chat, Definitions, Kept } from './ports.ts';
import type { Verifying } from './verify.ts';

/** What commands and clicks work with. */
export interface Desk extends Pick<LiveParts, 'chat' | 'clock' | 'log' | 'locale' | 'timeZone'> {
  readonly chat: Chat;
  readonly runs: Runs;
  readonly definitions: Definitions;
  readonly live: Live;
  /** Compares both sides of a definition; writes nothing. */
  readonly verify: Verify;
  readonly verifying: Verifying;
  /** Cards that are being sent, until it is known which messages they are. */
  readonly underWay: Set<Promise<unknown>>;
  /** Aborted when the program leaves. */
  readonly leaving: AbortSignal;
  readonly admins: readonly string[];
  readonly kept: Kept;
  readonly audit: Pick<Audit, 'note'>;
  readonly journal: Pick<Journal, 'findRun'>;
  /** Creates the table of a definition that names a base only. */
  init(name: string): Promise<Inited>;
  /** What the latest runs did with a row. */
  story(definition: string, key: string): Promise<Story>;
}

/** What presses need besides the desk. */
export interface PressDesk extends Desk {
  readonly journal: Pick<Journal, 'findRun' | 'findRunByMessage'>;
  readonly background: Background;
  /** The rows that a run did not write, some at a time. */
  unwritten(record: RunRecord): AsyncIterable<readonly Unwritten[]>;
}
