import type { Environment } from '../config.ts';
import type { LogOptions } from '../log.ts';
import type { Clock, Log } from '../run/ports.ts';
import type { OpenDefinitions, OpenProgram, RunDemo, StoreCare } from './program.ts';
import type { Stream } from './terminal.ts';

/** All that the command line takes from outside. Parts that are slow to load are fetched when needed. */
export interface World {
  readonly version: string;
  readonly env: Environment;
  /** The working directory. */
  readonly cwd: string;
  /** Who types: the shell user's name. */
  readonly user: string;
  readonly out: Stream;
  readonly err: Stream;
  /** Lines typed by the person. */
  readonly lines: AsyncIterable<string>;
  readonly clock: Clock;
  /** Aborted when the program is to end. */
  readonly stopping: AbortSignal;
  readonly createLog: () => Promise<(options: LogOptions) => Log>;
  readonly openProgram: () => Promise<OpenProgram>;
  readonly openDefinitions: () => Promise<OpenDefinitions>;
  readonly storeCare: () => Promise<StoreCare>;
  readonly runDemo: () => Promise<RunDemo>;
}
