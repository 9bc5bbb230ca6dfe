import type { Config } from '../config.ts';
import type { Clock } from '../run/ports.ts';
import type { Locale } from '../sync/text.ts';
import type { Answer } from './answer.ts';
import type { Program } from './program.ts';
import type { Terminal } from './terminal.ts';

/** What a command works with. */
export interface Desk {
  readonly program: Program;
  readonly config: Config;
  /** The working directory. */
  readonly cwd: string;
  /** The shell user's name. */
  readonly user: string;
  readonly clock: Clock;
  readonly locale: Locale;
  readonly terminal: Terminal;
  /** Aborted when the person, or the machine, wants the program to end. */
  readonly stopping: AbortSignal;
  /** Stops the program; waits no longer than a limit. */
  stop(): Promise<void>;
  /** Says what to answer should everything end this very moment. */
  following(answer: () => Answer): void;
}
