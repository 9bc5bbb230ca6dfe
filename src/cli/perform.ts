import {
  type Config,
  type LocalConfig,
  type LogLevel,
  readConfig,
  readLocalConfig,
  secretsOf,
} from '../config.ts';
import type { LogOptions } from '../log.ts';
import type { Clock, Log } from '../run/ports.ts';
import { CallError } from '../sync/failure.ts';
import type { Hide } from '../sync/hide.ts';
import { type Problem, ProblemError, problem } from '../sync/problem.ts';
import { type Locale, text } from '../sync/text.ts';
import { type Answer, refusal } from './answer.ts';
import type { Command } from './arguments.ts';
import { audit } from './audit.ts';
import { cancel } from './cancel.ts';
import { check } from './check.ts';
import { definitions } from './definitions.ts';
import { demo } from './demo.ts';
import type { Desk } from './desk.ts';
import { problemLines } from './draw.ts';
import { init } from './init.ts';
import { backup, moveStore } from './keep.ts';
import { history, status, why } from './look.ts';
import type { Program } from './program.ts';
import { rule, turn } from './rule.ts';
import { retry, run } from './run.ts';
import { setup } from './setup.ts';
import { start } from './start.ts';
import type { Terminal } from './terminal.ts';
import { verify } from './verify.ts';
import type { World } from './world.ts';

/** What every command is given. */
export interface Counter {
  readonly world: World;
  /** What in the `.env` file does not do what it looks like. */
  readonly advice: readonly Problem[];
  readonly json: boolean;
  readonly locale: Locale;
  readonly terminal: Terminal;
  openLog(options: Pick<LogOptions, 'level' | 'secrets'>): Promise<Log>;
  /** Takes secrets out of what is shown. */
  readonly hide: Hide;
  /** Says what to answer should everything end this very moment. */
  following(answer: () => Answer): void;
}

/** Carries a command out. Rejects with `ProblemError` when nothing was called yet: wrong usage or settings. */
export async function perform(command: Command, counter: Counter): Promise<Answer> {
  const { world, locale, openLog } = counter;
  switch (command.kind) {
    case 'help':
      return { exit: 0, json: { help: command.text }, lines: [command.text.trimEnd()] };
    case 'version':
      return { exit: 0, json: { version: world.version }, lines: [world.version] };
    case 'wrong':
      throw problem({ code: 'usage', message: command.message, cure: command.cure });
    case 'definitions': {
      const config = withAdvice(() => readLocalConfig(world.env, world.cwd), counter);
      tellAdvice(config, counter);
      const log = await openLog({ level: levelOf(config, 'warn'), secrets: [] });
      const open = await world.openDefinitions();
      return definitions(open(config, { log, clock: world.clock }), locale);
    }
    case 'backup':
      return backup(command, world, locale);
    case 'move-store':
      return moveStore(command, counter);
    case 'demo':
      return demo(command, counter);
    case 'start':
      return withProgram(command, counter, 'info', start);
    case 'run':
    case 'plan':
      return withProgram(command, counter, 'warn', (desk) => run(command, desk));
    case 'retry':
      return withProgram(command, counter, 'warn', (desk) => retry(command, desk));
    case 'status':
      return withProgram(command, counter, 'warn', status);
    case 'history':
      return withProgram(command, counter, 'warn', (desk) => history(command, desk));
    case 'why':
      return withProgram(command, counter, 'warn', (desk) => why(command, desk));
    case 'pause':
    case 'resume':
      return withProgram(command, counter, 'warn', (desk) => turn(command, desk));
    case 'cancel':
      return withProgram(command, counter, 'warn', (desk) => cancel(command, desk));
    case 'freeze':
    case 'thaw':
      return withProgram(command, counter, 'warn', (desk) => rule(command, desk));
    case 'verify':
      return withProgram(command, counter, 'warn', (desk) => verify(command, desk));
    case 'init':
      return withProgram(command, counter, 'warn', (desk) => init(command, desk));
    case 'audit':
      return withProgram(command, counter, 'warn', (desk) => audit(command, desk));
    case 'setup':
      return withProgram(command, counter, 'warn', (desk) => setup(command, desk));
    case 'check':
      return withProgram(command, counter, 'warn', (desk) => check(command, desk));
  }
}

async function withProgram(
  command: Command,
  counter: Counter,
  quiet: LogLevel,
  work: (desk: Desk) => Promise<Answer>,
): Promise<Answer> {
  const { world, locale, terminal, openLog, following, hide } = counter;
  const { clock, stopping } = world;
  const config = withAdvice(() => readConfig(world.env, world.cwd), counter);
  // check lists it among its findings.
  if (command.kind !== 'check') tellAdvice(config, counter);
  const log = await openLog({ level: levelOf(config, quiet), secrets: secretsOf(world.env) });
  const open = await world.openProgram();
  const opening = open(config, { log, clock, hide, version: world.version });
  // The bot is opened and closed again: whoever stops it wants an end without a fault.
  const program = await (command.kind === 'start' ? opening : orStopped(opening, stopping));
  let stopped: Promise<void> | undefined;
  const stop = (): Promise<void> => {
    if (stopped) return stopped;
    const since = clock.now();
    const why: unknown = stopping.aborted ? stopping.reason : undefined;
    log.info('program.stop-asked', { why: why instanceof Error ? why.message : 'ended' });
    stopped = within(stopLimit, program.stop(), clock).then(
      () => log.info('program.stopped', { ms: clock.now() - since }),
      (error: unknown) => log.error('program.not-stopped', { error }),
    );
    return stopped;
  };
  stopping.addEventListener('abort', () => program.hurry(), { once: true });
  try {
    return await work({
      program,
      config,
      cwd: world.cwd,
      user: world.user,
      clock,
      locale,
      terminal,
      stopping,
      stop,
      following,
    });
  } catch (error) {
    if (!(error instanceof ProblemError || error instanceof CallError))
      log.error('command.failed', { error });
    return refusal(command, error, 1, locale);
  } finally {
    await stop();
  }
}

/** Adds to the settings what the `.env` file has to be told of; tells it at once where they are wrong. */
function withAdvice<C extends LocalConfig>(read: () => C, counter: Counter): C {
  const { advice } = counter;
  try {
    const config = read();
    return { ...config, advice: [...advice, ...config.advice] };
  } catch (error) {
    tellAdvice({ advice }, counter);
    throw error;
  }
}

/** Settings that do nothing, and the like, are told whatever the command. */
function tellAdvice({ advice }: Pick<LocalConfig, 'advice'>, { terminal, locale }: Counter): void {
  const lines = advice.flatMap((one) => problemLines(one, locale, '!'));
  if (lines.length > 0) terminal.write(`${lines.join('\n')}\n`);
}

/** Waits for the program to open, unless somebody stops it first: it may have to wait for another one itself. */
async function orStopped(opening: Promise<Program>, stopping: AbortSignal): Promise<Program> {
  const over = new AbortController();
  const stopped = new Promise<undefined>((resolve) => {
    if (stopping.aborted) resolve(undefined);
    stopping.addEventListener('abort', () => resolve(undefined), { signal: over.signal });
  });
  const program = await Promise.race([opening, stopped]).finally(() => over.abort());
  if (program) return program;
  void opening.then(
    (late) => late.stop(),
    () => undefined,
  );
  throw problem(stoppedEarly);
}

const stoppedEarly = {
  code: 'interrupted',
  message: text('还没有开始就被要求停止，什么都没有写入。', 'Stopped before it began; nothing was written.'),
  cure: text('再次运行即可。', 'Run it again.'),
};

const levelOf = (config: Pick<Config, 'logLevel'>, quiet: LogLevel): LogLevel =>
  config.logLevel === 'auto' ? quiet : config.logLevel;

/** Milliseconds that parts may take to stop before the process goes without them. */
const stopLimit = 20_000;

/** Rejects when the work takes longer than the limit. */
async function within(limit: number, work: Promise<void>, clock: Clock): Promise<void> {
  const done = new AbortController();
  const late = clock.sleep(limit, done.signal).then(() => {
    throw new Error(`stopping took longer than ${limit} ms`);
  });
  try {
    await Promise.race([work, late]);
  } finally {
    late.catch(() => undefined);
    done.abort();
  }
}
