import type { Acted, Run, Started } from '../run/runs.ts';
import { leaseLife } from '../sync/limits.ts';
import { type ProblemError, problem } from '../sync/problem.ts';
import { canRetry } from '../sync/progress.ts';
import type { State } from '../sync/state.ts';
import { count, text } from '../sync/text.ts';
import { refusedOf, wrongIn } from './allowed.ts';
import { type Answer, refusal } from './answer.ts';
import type { Command } from './arguments.ts';
import type { Desk } from './desk.ts';
import { summary } from './draw.ts';
import type { ShellDeed } from './program.ts';
import { approveCommand, exitOf, reportOf } from './report.ts';
import { duration } from './words.ts';

type RunCommand = Extract<Command, { kind: 'run' | 'plan' }>;

/** Starts a run, or carries out a plan that waits, shows it and answers how it ended. */
export async function run(command: RunCommand, desk: Desk): Promise<Answer> {
  const refused = (await wrongIn(command, desk)) ?? (await refusedOf(command, deedOf(command), desk));
  if (refused) return refused;
  return command.kind === 'run' && command.approve !== undefined
    ? approve(command, command.approve, desk)
    : begin(command, desk);
}

/** What a line asks for, in the words of the buttons that do the same. */
function deedOf(command: RunCommand): Omit<ShellDeed, 'user' | 'name'> {
  if (command.kind === 'plan') return { right: 'look', what: 'plan' };
  if (command.approve === undefined) return { right: 'run', what: 'sync' };
  const what = command.noDeletes ? 'apply-no-deletes' : 'apply';
  return { right: 'approve', what, run: command.approve };
}

async function begin(command: RunCommand, desk: Desk): Promise<Answer> {
  const { program, locale, user } = desk;
  const started = await freed(command, desk, async (patience) =>
    // Read again each time: while it waited, the file may have changed.
    program.runs.start({
      patience,
      definition: await program.definitions.get(command.name),
      by: { kind: 'cli', user },
      planOnly: command.kind === 'plan',
      retryRejected: command.kind === 'run' && command.retryRejected,
    }),
  );
  return started.kind === 'started'
    ? follow(started.run, desk)
    : refusal(command, busy(started.state, desk), 4, locale);
}

/** Sends again what the last run did not write: in this process, whoever carried that run out. */
export async function retry(command: Extract<Command, { kind: 'retry' }>, desk: Desk): Promise<Answer> {
  const { program, locale, user } = desk;
  const wrong = await wrongIn(command, desk);
  if (wrong) return wrong;
  const [last] = await program.runs.latest(command.name, 1);
  const about = last === undefined ? {} : { run: last.run };
  const refused = await refusedOf(command, { right: 'run', what: 'retry', ...about }, desk);
  if (refused) return refused;
  if (!last || !canRetry(last)) return refusal(command, nothingToRetry(command.name), 1, locale);
  const acted = await freed(command, desk, (patience) =>
    program.runs.retry(last.run, { kind: 'cli', user }, last.version, patience),
  );
  if (acted.kind === 'going') return follow(acted.run, desk);
  if (acted.kind === 'busy') return refusal(command, busy(acted.state, desk), 4, locale);
  return refusal(command, nothingToRetry(command.name), 1, locale);
}

/**
 * Tries until the table is free, or for as long as the line says. Without a word it only takes the time in which a
 * holder that nobody knows shows whether it lives.
 */
async function freed<T extends Started | Acted>(
  command: RunCommand | Extract<Command, { kind: 'retry' }>,
  { clock, stopping, terminal }: Desk,
  attempt: (patience: AbortSignal) => Promise<T>,
): Promise<T> {
  const wait = command.kind === 'plan' ? 0 : command.wait * 1000;
  const until = clock.monotonic() + wait;
  const over = new AbortController();
  const patience = AbortSignal.any([stopping, over.signal]);
  const timer = clock.sleep(wait > 0 ? wait : watching, patience).then(
    () => over.abort(),
    () => undefined,
  );
  try {
    for (;;) {
      const came = await attempt(patience);
      const left = until - clock.monotonic();
      if (came.kind !== 'busy' || left <= 0 || stopping.aborted) return came;
      terminal.show(came.state);
      // Waking up early is an order to stop, and the next round sees it.
      await clock.sleep(Math.min(1000, left), stopping).catch(() => undefined);
    }
  } finally {
    over.abort();
    await timer;
  }
}

/** Milliseconds in which a lease that nobody renews surely runs out while it is watched. */
const watching = leaseLife + 5_000;

async function approve(
  command: Extract<RunCommand, { kind: 'run' }>,
  id: string,
  desk: Desk,
): Promise<Answer> {
  const { program, locale, user } = desk;
  const known = await program.runs.find(id);
  if (known?.definition !== command.name) return refusal(command, noSuchRun(id, command.name), 2, locale);
  const acted = await freed(command, desk, (patience) =>
    program.runs.apply(id, { kind: 'cli', user }, undefined, { withoutDeletes: command.noDeletes, patience }),
  );
  switch (acted.kind) {
    case 'going':
      return follow(acted.run, desk);
    case 'asked':
    case 'settled':
      return ended(acted.state, desk);
    case 'stale':
      return refusal(command, stale(acted.state), 1, locale);
    case 'busy':
      return refusal(command, busy(acted.state, desk), 4, locale);
    case 'no-such-run':
      return refusal(command, noSuchRun(id, command.name), 2, locale);
  }
}

/** Shows the run until it ends, or until the person wants to leave: then it is stopped with all else. */
export async function follow(run: Run, desk: Desk): Promise<Answer> {
  const { terminal, stopping } = desk;
  desk.following(() => ended(run.state(), desk));
  terminal.show(run.state());
  const unwatch = run.watch((state) => terminal.show(state));
  const stopped = new Promise<State>((resolve) => {
    const stop = (): void => {
      void desk.stop().then(() => resolve(run.state()));
    };
    if (stopping.aborted) stop();
    else stopping.addEventListener('abort', stop, { once: true });
  });
  const state = await Promise.race([run.ended, stopped]);
  unwatch();
  terminal.clear();
  return ended(state, desk);
}

/** What a run that ended, or is left behind, comes to. */
export function ended(state: State, { locale }: Desk): Answer {
  const last: State = state.status === 'running' ? { ...state, status: 'interrupted' } : state;
  return { exit: exitOf(last), json: reportOf(last, locale), lines: summary(last, locale) };
}

function busy(holder: State, { clock }: Desk): ProblemError {
  const age = duration(Math.max(0, clock.now() - holder.startedAt));
  const [done, total] = [count(holder.changes.settled), count(holder.changes.total)];
  return problem({
    code: 'table-busy',
    message: text(
      `表格被运行 ${holder.run}（${holder.definition}）占用，已 ${age}，写入 ${done}/${total}。`,
      `Run ${holder.run} (${holder.definition}) holds the table since ${age}, ${done}/${total} changes written.`,
    ),
    cure: text('等它结束再运行，或加 --wait 秒数。', 'Run again when it has ended, or add --wait SECONDS.'),
  });
}

const nothingToRetry = (name: string): ProblemError =>
  problem({
    code: 'nothing-to-retry',
    message: text(
      `${name} 没有可以重试的，什么都没有做。`,
      `${name} has nothing to retry; nothing was done.`,
    ),
    cure: text(`要再次同步：bitable-sync run ${name}。`, `bitable-sync run ${name} syncs it anew.`),
  });

const stale = (state: State): ProblemError =>
  problem({
    code: 'stale-plan',
    message: text(
      `运行 ${state.run} 没有等待确认的计划（状态：${state.status}），什么都没有写入。`,
      `Run ${state.run} has no plan that waits (it is ${state.status}); nothing was written.`,
    ),
    cure:
      state.status === 'waiting'
        ? text(`运行 ${approveCommand(state)}。`, `Type ${approveCommand(state)}.`)
        : text(
            `重新运行 bitable-sync run ${state.definition}。`,
            `Type bitable-sync run ${state.definition}.`,
          ),
  });

const noSuchRun = (id: string, definition: string): ProblemError =>
  problem({
    code: 'no-such-run',
    message: text(`定义 ${definition} 没有运行 ${id}。`, `Definition ${definition} has no run ${id}.`),
    cure: text(
      '从等待确认的卡片或报告中复制完整的命令。',
      'Copy the whole command from the card or report that waits.',
    ),
  });
