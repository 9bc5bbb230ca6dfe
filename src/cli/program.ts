import type { Permission } from '../bot/access.ts';
import type { Frozen, Ruled } from '../bot/frozen.ts';
import type { Deed } from '../bot/permit.ts';
import type { AuditEntry, Definitions } from '../bot/ports.ts';
import type { Outlook } from '../bot/schedule/outlook.ts';
import type { Wake } from '../bot/schedule/ticker.ts';
import type { Config, Connection, LocalConfig } from '../config.ts';
import type { Inited } from '../run/init-table.ts';
import type { IsAlive } from '../run/keeper.ts';
import type { CallMeter, Clock, Log } from '../run/ports.ts';
import type { Runs } from '../run/runs.ts';
import type { FoundTarget } from '../run/target.ts';
import type { Checked, Verified } from '../sync/checked.ts';
import type { Definition } from '../sync/definition.ts';
import type { Hide } from '../sync/hide.ts';
import type { Problem } from '../sync/problem.ts';
import type { State } from '../sync/state.ts';
import type { Story } from '../sync/story.ts';
import type { Text } from '../sync/text.ts';

/** The whole program as the command line works it: opened by `app`, or by a test. */
export interface Program {
  readonly runs: Runs;
  readonly definitions: Definitions;
  /**
   * Tries settings, connections, permissions, tables and fields of the definitions named, or of all. Writes nothing.
   * A broken file is a finding; rejects with `ProblemError` for a name that does not exist.
   */
  check(names: readonly string[], signal: AbortSignal): Promise<Checkup>;
  /** Creates the table of a definition that names a base only. Rejects with `ProblemError` or `CallError`. */
  init(name: string, meter: CallMeter, signal: AbortSignal): Promise<Inited>;
  /** Decides whether the command line may do something now, and notes it with who asked. */
  permit(deed: ShellDeed): Promise<Permission>;
  /** Draws the card of a run, where it has one, once more: nobody follows a run that waits. Never rejects. */
  redraw(state: State): Promise<void>;
  /** Freezes everything, or thaws it, and notes it with who asked. */
  rule(what: 'freeze' | 'thaw', user: string): Promise<Ruled>;
  /** What goes on or waits anywhere, and what holds everything. */
  standing(): Promise<Standing>;
  /** What the latest runs did with one row. */
  story(name: string, key: string): Promise<Story>;
  /** Pauses or resumes what a definition does by the clock. Rejects with `ProblemError` for one that there is not. */
  turn(what: 'pause' | 'resume', name: string, user: string): Promise<Text>;
  /** Who asked for what, newest first; of one definition when named. */
  audit(name: string | undefined, limit: number): Promise<readonly AuditEntry[]>;
  /** Looks at the Feishu app and registers its slash commands. Rejects with `ProblemError` or `CallError`. */
  setup(signal: AbortSignal): Promise<Setup>;
  /** Compares both sides key by key; writes nothing. Rejects with `ProblemError` or `CallError`. */
  verify(
    name: string,
    onKeys: (keys: readonly Checked[]) => Promise<void>,
    meter: CallMeter,
    signal: AbortSignal,
  ): Promise<Verified>;
  /** Starts the bot: resolves once it listens. Rejects with `ProblemError` when it cannot. */
  serve(): Promise<void>;
  /** From now on the store waits no longer than a moment for other programs: this one is about to stop. */
  hurry(): void;
  /** Takes no more work, lets the calls in flight end, stores where everything stands, closes all. Safe to call twice. */
  stop(): Promise<void>;
}

/** How things stand at this moment. */
export interface Standing {
  /** Runs that go on or wait, oldest first. */
  readonly open: readonly State[];
  readonly frozen: Frozen | undefined;
  /** Until when the month's calls are used up, in ms. */
  readonly spentUntil: number | undefined;
}

/** Something that is wanted on the command line. */
export interface ShellDeed extends Pick<Deed, 'right' | 'what' | 'run'> {
  /** The definition's name. */
  readonly name: string;
  /** The shell user. */
  readonly user: string;
}

/** What `setup` found, and what is left to a person. */
export interface Setup {
  readonly bot: { readonly name: string; readonly openId: string };
  readonly steps: readonly { readonly what: Text; readonly page: string }[];
  /** `optional`: only some definitions need it. */
  readonly scopes: readonly {
    readonly name: string;
    readonly use: Text;
    readonly optional: boolean;
    readonly granted: boolean;
  }[];
  /** What the console's batch import takes. */
  readonly toPaste: {
    readonly scopes: { readonly tenant: readonly string[]; readonly user: readonly string[] };
  };
  /** The page that grants what is missing; null when nothing is. */
  readonly grant: string | null;
  /** Entries of the bot's menu, to be added by hand; `under`: the entry that opens them. */
  readonly menu: readonly { readonly under: Text | null; readonly name: Text; readonly key: string }[];
  readonly commands: readonly {
    readonly command: string;
    readonly description: Text;
    readonly state: 'registered' | 'known' | 'failed';
    readonly problem?: Problem;
  }[];
}

/** What `check` found. */
export interface Checkup {
  /** What concerns the Feishu app as a whole: credentials, bot, permissions. */
  readonly app: readonly CheckStep[];
  readonly definitions: readonly { readonly name: string; readonly steps: readonly CheckStep[] }[];
}

/** One thing that was tried: right when it has no problems. */
export interface CheckStep {
  /** What was tried, such as "connection shop". */
  readonly what: Text;
  readonly problems: readonly Problem[];
  /** Worth mending, but nothing fails for it: an account that may do more than read. */
  readonly advice: readonly Problem[];
}

/** What the program takes from outside. */
export interface Surroundings {
  readonly log: Log;
  /** The program's version. */
  readonly version?: string;
  readonly clock: Clock;
  /** Takes secrets out of what is shown; only the logins of addresses when not given. */
  readonly hide?: Hide;
  /** What other instances know this one by; its process when not given. */
  readonly instance?: Instance;
  /** Wakes what happens by the clock; once a second when not given. */
  readonly wake?: Wake;
}

/** One of several that share a store. */
export interface Instance {
  /** Its name in the store, like no other's. */
  readonly owner: string;
  readonly isAlive: IsAlive;
}

/** Opens the program: store, Feishu, sources. Rejects with `ProblemError` for what a person must mend. */
export type OpenProgram = (config: Config, surroundings: Surroundings) => Promise<Program>;

/** The saved syncs, without a Feishu app. */
export interface SavedSyncs {
  readonly definitions: Definitions;
  /** Where those write to that name a base only, by their names. */
  targetsOf(definitions: readonly Definition[]): Promise<ReadonlyMap<string, FoundTarget>>;
  /** When those run by themselves next that have a schedule, and whether it is paused; by their names. */
  outlooksOf(definitions: readonly Definition[]): Promise<ReadonlyMap<string, Outlook>>;
}

/** Opens only the saved syncs: needs no Feishu app. */
export type OpenDefinitions = (config: LocalConfig, surroundings: Surroundings) => SavedSyncs;

/** What is done with the store as a whole; needs no Feishu app. */
export interface StoreCare {
  /** Copies the SQLite store at `path` into a new file; returns its bytes. Throws `ProblemError`. */
  backUp(path: string, file: string): number;
  /** Copies everything from one store into another, empty one; returns the rows. Rejects with `ProblemError`. */
  move(from: Connection, to: Connection, parts: MoveParts): Promise<number>;
}

/** What moving a store takes from outside. */
export interface MoveParts {
  readonly clock: Clock;
  readonly log: Log;
  /** Breaks the copy off. */
  readonly signal: AbortSignal;
}

/** How the demo is to play. */
export interface DemoOptions {
  /** Ends after the first run. */
  readonly once: boolean;
  /** Orders in the sample shop. */
  readonly rows: number | undefined;
  /** A real MySQL instead of the embedded shop: `mysql://…`. */
  readonly source: string | undefined;
  /** Plays faults. */
  readonly faults: boolean;
}

/** What the demo takes from outside. */
export interface DemoStage {
  /** Shows one or more lines. */
  say(text: string): void;
  /** Writes as it is, without a line break. */
  write(words: string): void;
  readonly log: Log;
  readonly clock: Clock;
  /** Aborted when the person wants to leave. */
  readonly signal: AbortSignal;
  /** Lines typed by the person; ends when the terminal does. */
  readonly lines: AsyncIterable<string>;
  readonly isTTY: boolean;
  /** Columns and lines of the terminal, right now. */
  readonly columns: number;
  readonly rows: number;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** Plays the demo; answers the last run's state, null when none ended. */
export type RunDemo = (options: DemoOptions, stage: DemoStage) => Promise<State | null>;
