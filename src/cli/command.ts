import { InvalidArgumentError } from 'commander';
import type { openProgram } from '../app.ts';
import type { Environment } from '../config.ts';
import type { openDefinitions, storeCare } from '../local.ts';
import type { LogOptions } from '../log.ts';
import type { Clock, Log } from '../run/ports.ts';
import type { State } from '../sync/state/state.ts';
import type { Problem } from '../sync/words/problem.ts';
import { type Locale, type Text, text } from '../sync/words/text.ts';
import type { ExitCode, ReportedError } from './report.ts';
import type { Output, Stream, Terminal } from './terminal.ts';

/** All that the command line takes from outside. */
export interface World {
  readonly version: string;
  readonly env: Environment;
  /** The working directory. */
  readonly cwd: string;
  /** Who types: the shell user's name. */
  readonly user: string;
  readonly io: Streams;
  readonly clock: Clock;
  /** Aborted when the program is to end. */
  readonly stopping: AbortSignal;
  readonly load: Loaders;
}

/** The streams of the process. */
interface Streams {
  readonly out: Stream;
  readonly err: Stream;
  /** Lines typed by the person. */
  readonly lines: AsyncIterable<string>;
}

/** Parts that are slow to load, fetched when they are needed. */
interface Loaders {
  readonly log: () => Promise<(options: LogOptions) => Log>;
  readonly program: () => Promise<typeof openProgram>;
  readonly definitions: () => Promise<typeof openDefinitions>;
  readonly storeCare: () => Promise<typeof storeCare>;
  /** Undefined where the demo is not part of the program. */
  readonly demo: () => Promise<RunDemo | undefined>;
}

/** What every command is given. */
export interface Shell {
  readonly world: World;
  /** What in the `.env` file does not do what it looks like. */
  readonly advice: readonly Problem[];
  readonly json: boolean;
  readonly locale: Locale;
  readonly terminal: Terminal;
  openLog(options: Pick<LogOptions, 'level' | 'secrets'>): Promise<Log>;
  /** Says what to answer should everything end this very moment. */
  following(answer: () => Answer): void;
  /** Answers that nothing came about, in the shape of the command's JSON; 2 for what a person must mend when not given. */
  refuse(thrown: unknown, exit?: ExitCode): Answer;
}

/** How a command ended: for the shell, for programs and for people. */
export interface Answer {
  readonly exit: ExitCode;
  /** The one JSON object. */
  readonly json: object;
  /** The same for eyes; goes to stdout, or to stderr when `bad`. */
  readonly lines: readonly string[];
  /** Nothing came about: the lines are complaints. */
  readonly bad?: true;
}

/** An argument or option: how it is written, and what the typed words mean. */
export interface Word<T> {
  /** As commander takes it: `<name>`, `[names...]`, `--limit <n>`. */
  readonly term: string;
  readonly help: Text;
  /** In the list of commands; only arguments. */
  readonly shown?: string;
  /** @param typed undefined when it was left out. Throws commander's `InvalidArgumentError`. */
  readonly read: (typed: unknown) => T;
}

const wordOrNone = (typed: unknown): string | undefined => (typeof typed === 'string' ? typed : undefined);

/** An argument; with `<…>` it must be there. */
export const argument = (term: string, help: Text): Word<string> => ({
  ...{ term, help, shown: term.replace(/[<>.]/g, '').toUpperCase() },
  read: (typed) => [typed].flat().join(' '),
});

/** An argument that may be left out. */
export const optionalArgument = (term: string, help: Text): Word<string | undefined> => ({
  ...{ term, help, shown: term.toUpperCase(), read: wordOrNone },
});

/** Any number of arguments. */
export const argumentList = (term: string, help: Text, shown: string): Word<readonly string[]> => ({
  ...{ term, help, shown },
  read: (typed) => (Array.isArray(typed) ? typed.map(String) : []),
});

/** The argument that names a definition. */
export const definitionName = argument(
  '<name>',
  text('定义的名称，如 orders', 'name of a definition, such as orders'),
);

/** An option with a value. */
export const option = (term: string, help: Text): Word<string | undefined> => ({
  term,
  help,
  read: wordOrNone,
});

/** An option without a value. */
export const flag = (term: string, help: Text): Word<boolean> => ({
  ...{ term, help },
  read: (typed) => typed === !term.startsWith('--no-'),
});

/** An option whose value is a whole number within limits. */
export const wholeOption = <Left extends number | undefined>(
  term: string,
  help: Text,
  [least, most]: readonly [least: number, most: number],
  leftOut: Left,
): Word<number | Left> => ({
  ...{ term, help },
  read: (typed) => {
    if (typed === undefined) return leftOut;
    const number = Number(typed);
    if (/^\d+$/.test(String(typed)) && number >= least && number <= most) return number;
    throw new InvalidArgumentError(`Not a whole number from ${least} to ${most}.`);
  },
});

/** The arguments and options of a command, by the names that its line has for them. */
export type Words = Readonly<Record<string, Word<unknown>>>;
/** What was typed. */
export type Line<W extends Words> = { readonly [Name in keyof W]: ReturnType<W[Name]['read']> };

export type NoWords = Readonly<Record<never, never>>;

/** What is wrong with a line, and what to type. */
export interface WrongLine {
  readonly message: Text;
  readonly cure: Text;
}

/** What a command is made of. */
export interface CommandSpec<W extends Words> {
  readonly name: string;
  readonly help: Text;
  readonly words?: W;
  /** Says why these words do not go together, where they do not. */
  readonly wrong?: (line: Line<W>) => WrongLine | undefined;
  /** The JSON of a line that could not be carried out. */
  readonly failed: (line: Line<W>, error: ReportedError) => object;
  /** Carries a line out. Rejects with `ProblemError` when nothing was called yet: wrong usage or settings. */
  readonly run: (line: Line<W>, shell: Shell) => Promise<Answer>;
}

/** A command of the registry. */
export interface Command extends Pick<CommandSpec<Words>, 'name' | 'help' | 'words'> {
  /** Takes the typed words by their names. */
  readonly bind: (typed: Readonly<Record<string, unknown>>) => BoundCommand;
}

/** A command with the words that were typed. */
export interface BoundCommand {
  readonly wrong: WrongLine | undefined;
  readonly failed: (error: ReportedError) => object;
  readonly run: (shell: Shell) => Promise<Answer>;
}

/** Makes a command; the type checker refuses one that lacks a part. */
export const command = <W extends Words = NoWords>(spec: CommandSpec<W>): Command => ({
  ...spec,
  bind: (typed) => {
    const line = typed as Line<W>;
    return {
      wrong: spec.wrong?.(line),
      failed: (error) => spec.failed(line, error),
      run: (shell) => spec.run(line, shell),
    };
  },
});

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
  /** Port of the page on 127.0.0.1; any free one when not given. */
  readonly port: number | undefined;
  /** Lets the shop change and syncs it again and again. */
  readonly live: boolean;
  /** Opens the page in a browser. */
  readonly open: boolean;
}

/** What the demo takes from outside. */
export interface DemoStage {
  readonly out: Output;
  readonly log: Log;
  readonly clock: Clock;
  /** Aborted when the person wants to leave. */
  readonly signal: AbortSignal;
  /** Lines typed by the person; ends when the terminal does. */
  readonly lines: AsyncIterable<string>;
  readonly env: Environment;
}

/** Plays the demo; answers the last run's state, null when none ended. */
export type RunDemo = (options: DemoOptions, stage: DemoStage) => Promise<State | null>;
