import type { Program, ShellDeed } from '../app.ts';
import {
  type Config,
  connectionOf,
  type LocalConfig,
  type LogLevel,
  readConfig,
  readLocalConfig,
  secretsOf,
} from '../config.ts';
import type { CallMeter, Log } from '../run/ports.ts';
import { noConnection } from '../sync/definition/databases.ts';
import type { CallCounts } from '../sync/state/state.ts';
import { CallError } from '../sync/words/failure.ts';
import { inTime } from '../sync/words/limits.ts';
import { ProblemError, problem } from '../sync/words/problem.ts';
import { text } from '../sync/words/text.ts';
import { hiding } from '../sync/words/web-address.ts';
import {
  type Answer,
  type Command,
  type CommandSpec,
  command,
  type Line,
  type NoWords,
  type Shell,
  type Words,
} from './command.ts';
import { problemLines } from './report.ts';

/** The open program, as a command works with it. */
export interface Session {
  readonly shell: Shell;
  readonly program: Program;
  readonly config: Config;
  /** Stops the program; waits no longer than a limit. */
  stop(): Promise<void>;
}

type SessionSpec<W extends Words> = Omit<CommandSpec<W>, 'run'> & {
  readonly run: (line: Line<W>, session: Session) => Promise<Answer>;
};

/** Makes a command that works with the whole program, which is opened before it and stopped after it. */
export const sessionCommand = <W extends Words = NoWords>(spec: SessionSpec<W>): Command =>
  command({
    ...spec,
    run: (line, shell) => inSession(spec.name, shell, (session) => spec.run(line, session)),
  });

async function inSession(
  name: string,
  shell: Shell,
  work: (session: Session) => Promise<Answer>,
): Promise<Answer> {
  const { world, openLog } = shell;
  const { clock, stopping, version } = world;
  // check lists the advice among its findings.
  const config = withAdvice(() => readConfig(world.env, world.cwd), shell, name !== 'check');
  const secrets = secretsOf(world.env);
  const log = await openLog({ level: levelOf(config, name === 'start' ? 'info' : 'warn'), secrets });
  const open = await world.load.program();
  const opening = open(config, { log, clock, hide: hiding(secrets), version, stopping });
  // The bot is opened and closed again: whoever stops it wants an end without a fault.
  const program = await (name === 'start' ? opening : orStopped(opening, stopping));
  const stop = stopper(program, log, world);
  try {
    return await work({ shell, program, config, stop });
  } catch (error) {
    if (!(error instanceof ProblemError || error instanceof CallError))
      log.error('command.failed', { error });
    return shell.refuse(error, 1);
  } finally {
    await stop();
  }
}

/** Milliseconds that parts may take to stop before the process goes without them. */
const stopLimit = 20_000;

/** Stops the program once, however often it is called. */
function stopper(program: Program, log: Log, { clock, stopping }: Shell['world']): () => Promise<void> {
  let stopped: Promise<void> | undefined;
  const stop = async (): Promise<void> => {
    const since = clock.now();
    const why: unknown = stopping.aborted ? stopping.reason : undefined;
    log.info('program.stop-asked', { why: why instanceof Error ? why.message : 'ended' });
    const late = new Error(`stopping took longer than ${stopLimit} ms`);
    const stops = program.stop().catch((error: unknown) => ({ error }));
    const fault = await inTime(stops, stopLimit, clock, { error: late });
    if (fault) log.error('program.not-stopped', fault);
    else log.info('program.stopped', { ms: clock.now() - since });
  };
  return () => {
    stopped ??= stop();
    return stopped;
  };
}

/** Reads the settings that need no Feishu app, tells their advice and opens a log. */
export async function localSession(
  shell: Shell,
): Promise<{ readonly config: LocalConfig; readonly log: Log }> {
  const { world } = shell;
  const config = withAdvice(() => readLocalConfig(world.env, world.cwd), shell, true);
  return { config, log: await shell.openLog({ level: levelOf(config, 'warn'), secrets: [] }) };
}

/** Reads settings and adds what the `.env` file has to be told of; tells it at once where they are wrong. */
function withAdvice<C extends LocalConfig>(read: () => C, shell: Shell, tell: boolean): C {
  const { advice } = shell;
  try {
    const config = read();
    const all = { ...config, advice: [...advice, ...config.advice] };
    if (tell) tellAdvice(all, shell);
    return all;
  } catch (error) {
    tellAdvice({ advice }, shell);
    throw error;
  }
}

function tellAdvice({ advice }: Pick<LocalConfig, 'advice'>, { terminal, locale }: Shell): void {
  const lines = advice.flatMap((one) => problemLines(one, locale, '!'));
  if (lines.length > 0) terminal.write(`${lines.join('\n')}\n`);
}

const levelOf = ({ logLevel }: Pick<Config, 'logLevel'>, quiet: LogLevel): LogLevel =>
  logLevel === 'auto' ? quiet : logLevel;

/** Resolves when the signal is aborted. */
export const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });

/** Waits for the program to open, unless somebody stops it first: it may have to wait for another one itself. */
async function orStopped(opening: Promise<Program>, stopping: AbortSignal): Promise<Program> {
  const program = await Promise.race([opening, aborted(stopping)]);
  if (program) return program;
  void opening.then(
    (late) => late.stop(),
    () => undefined,
  );
  throw problem({
    code: 'interrupted',
    message: text(
      '还没有开始就被要求停止，什么都没有写入。',
      'Stopped before it began; nothing was written.',
    ),
    cure: text('再次运行即可。', 'Run it again.'),
  });
}

/** Answers why an act about a definition must not be: what is wrong with it, or a freeze; else the act is noted. */
export const hindered = async (name: string, deed: Act, session: Session): Promise<Answer | undefined> =>
  (await wrongIn(name, session)) ?? (await refusedOf(name, deed, session));

/** Something that is done with a definition. */
export type Act = Omit<ShellDeed, 'user' | 'name'>;

/** Answers what a person must put right before anything is called: the name, the definition's file, or its connection. */
export async function wrongIn(
  name: string,
  { shell, program, config }: Session,
): Promise<Answer | undefined> {
  try {
    const { source } = await program.definitions.get(name);
    if (!connectionOf(config, source.connection))
      throw problem(noConnection(source.connection, [...config.connections.keys()]));
    return undefined;
  } catch (error) {
    return shell.refuse(error);
  }
}

/** Notes an act of the command line; answers why it must not be, where that is so: only a freeze stops it. */
export async function refusedOf(
  name: string,
  deed: Act,
  { shell, program }: Session,
): Promise<Answer | undefined> {
  const permission = await program.acts.permit({ ...deed, name, user: shell.world.user });
  if (permission.allowed) return undefined;
  const cure = text(
    '先解冻再试：运行 bitable-sync thaw，或由管理员在聊天里发送 /sync thaw。',
    'Thaw it first: run bitable-sync thaw here, or have an admin send /sync thaw in the chat.',
  );
  return shell.refuse(problem({ code: 'frozen', message: permission.refusal, cure }), 1);
}

/** Counts the calls of a command that makes no run. */
export function newCalls(): { readonly calls: CallCounts; readonly meter: CallMeter } {
  const calls = { read: 0, write: 0, refused: 0, chat: 0 };
  return { calls, meter: { count: (kind) => void calls[kind]++ } };
}
