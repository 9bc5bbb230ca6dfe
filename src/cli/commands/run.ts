import type { Acted, Run, Started } from '../../run/runs/runs.ts';
import { canRetry } from '../../sync/state/progress.ts';
import { isGoing, type State } from '../../sync/state/state.ts';
import { leaseLife } from '../../sync/words/limits.ts';
import { type ProblemError, problem } from '../../sync/words/problem.ts';
import { count, text } from '../../sync/words/text.ts';
import { type Answer, definitionName, flag, option, wholeOption } from '../command.ts';
import { approveCommand, duration, exitOf, reportNoRun, reportOf, summary } from '../report.ts';
import { type Act, aborted, hindered, refusedOf, type Session, sessionCommand, wrongIn } from '../session.ts';

const waitOption = wholeOption(
  '--wait <seconds>',
  text('表格被占用时最多等多少秒', 'how long to wait for a table that another run holds'),
  [0, 86_400],
  0,
);

/** Starts a run, or carries out a plan that waits, shows it and answers how it ended. */
export const run = sessionCommand({
  name: 'run',
  help: text('立即同步一次', 'sync once, now'),
  words: {
    name: definitionName,
    approve: option(
      '--approve <run>',
      text(
        '同意并执行该次运行等待确认的、或 plan 给出的计划',
        'carry out the plan of that run, which waits or was made by plan',
      ),
    ),
    noDeletes: flag(
      '--no-deletes',
      text('与 --approve 一起：执行计划，但不删除', 'with --approve: carry the plan out, but delete nothing'),
    ),
    wait: waitOption,
    retryRejected: flag(
      '--retry-rejected',
      text('连以前被飞书拒绝、之后没有变过的行也再发一次', 'send rows again too that Feishu refused before'),
    ),
  },
  wrong: ({ approve, noDeletes }) => (noDeletes && approve === undefined ? onlyWithApprove : undefined),
  failed: ({ name }, error) => reportNoRun(name, error),
  run: async ({ name, approve, noDeletes, wait, retryRejected }, session) => {
    const what = noDeletes ? 'apply-no-deletes' : 'apply';
    const deed: Act =
      approve === undefined ? { right: 'run', what: 'sync' } : { right: 'approve', what, run: approve };
    const refused = await hindered(name, deed, session);
    if (refused) return refused;
    return approve === undefined
      ? begin({ name, wait, retryRejected, planOnly: false }, session)
      : apply({ name, run: approve, noDeletes, wait }, session);
  },
});

const onlyWithApprove = {
  message: text('--no-deletes 只能和 --approve 一起用。', '--no-deletes goes with --approve only.'),
  cure: text(
    '要一直不删除，请在定义里写 mode: upsert。',
    'To never delete, write mode: upsert in the definition.',
  ),
};

/** Reads and compares, writes nothing. */
export const plan = sessionCommand({
  name: 'plan',
  help: text('读取并比较，说出会改什么，不写入', 'read and compare, say what would change, write nothing'),
  words: { name: definitionName },
  failed: ({ name }, error) => reportNoRun(name, error),
  run: async ({ name }, session) => {
    const refused = await hindered(name, { right: 'look', what: 'plan' }, session);
    return refused ?? begin({ name, wait: 0, retryRejected: false, planOnly: true }, session);
  },
});

interface Wanted {
  readonly name: string;
  readonly wait: number;
  readonly retryRejected: boolean;
  readonly planOnly: boolean;
}

async function begin({ name, wait, ...wanted }: Wanted, session: Session): Promise<Answer> {
  const { program, shell } = session;
  const started = await freed(wait, shell, async (patience) =>
    // Read again each time: while it waited, the file may have changed.
    program.runs.start({
      ...{ patience, ...wanted },
      definition: await program.definitions.get(name),
      by: { kind: 'cli', user: shell.world.user },
    }),
  );
  return started.kind === 'started'
    ? follow(started.run, session)
    : shell.refuse(busy(started.state, shell), 4);
}

/** Sends again what the last run did not write: in this process, whoever carried that run out. */
export const retry = sessionCommand({
  name: 'retry',
  help: text(
    '把最近一次同步没有写入的再发一次，如结果卡片上的“重试”',
    'send again what the last run did not write, as Retry on its card does',
  ),
  words: { name: definitionName, wait: waitOption },
  failed: ({ name }, error) => reportNoRun(name, error),
  run: async ({ name, wait }, session) => {
    const { program, shell } = session;
    const wrong = await wrongIn(name, session);
    if (wrong) return wrong;
    const [last] = await program.runs.latest(name, 1);
    const about = last === undefined ? {} : { run: last.run };
    const refused = await refusedOf(name, { right: 'run', what: 'retry', ...about }, session);
    if (refused) return refused;
    if (!last || !canRetry(last)) return shell.refuse(nothingToRetry(name), 1);
    const acted = await freed(wait, shell, (patience) =>
      program.runs.retry(last.run, { kind: 'cli', user: shell.world.user }, last.version, patience),
    );
    if (acted.kind === 'going') return follow(acted.run, session);
    return acted.kind === 'busy'
      ? shell.refuse(busy(acted.state, shell), 4)
      : shell.refuse(nothingToRetry(name), 1);
  },
});

/** Tries until the table is free, for so many seconds; without any, until an unknown holder shows whether it lives. */
async function freed<T extends Started | Acted>(
  seconds: number,
  { world: { clock, stopping }, terminal }: Session['shell'],
  attempt: (patience: AbortSignal) => Promise<T>,
): Promise<T> {
  const wait = seconds * 1000;
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

async function apply(
  wanted: { readonly name: string; readonly run: string; readonly noDeletes: boolean; readonly wait: number },
  session: Session,
): Promise<Answer> {
  const { program, shell } = session;
  const { name, run: id } = wanted;
  const known = await program.runs.find(id);
  if (known?.definition !== name) return shell.refuse(noSuchRun(id, name), 2);
  const by = { kind: 'cli', user: shell.world.user } as const;
  const acted = await freed(wanted.wait, shell, (patience) =>
    program.runs.apply(id, by, undefined, { withoutDeletes: wanted.noDeletes, patience }),
  );
  switch (acted.kind) {
    case 'going':
      return follow(acted.run, session);
    case 'asked':
    case 'settled':
      return ended(acted.state, shell);
    case 'stale':
      return shell.refuse(stale(acted.state), 1);
    case 'busy':
      return shell.refuse(busy(acted.state, shell), 4);
    case 'no-such-run':
      return shell.refuse(noSuchRun(id, name), 2);
  }
}

/** Shows the run until it ends, or until the person wants to leave: then it is stopped with all else. */
export async function follow(run: Run, { shell, stop }: Session): Promise<Answer> {
  const { terminal, world } = shell;
  shell.following(() => ended(run.state(), shell));
  terminal.show(run.state());
  const unwatch = run.watch((state) => terminal.show(state));
  const left = aborted(world.stopping).then(async () => {
    await stop();
    return run.state();
  });
  const state = await Promise.race([run.ended, left]);
  unwatch();
  terminal.clear();
  return ended(state, shell);
}

/** What a run that ended, or is left behind, comes to. */
export function ended(state: State, { locale }: Session['shell']): Answer {
  const last: State = isGoing(state) ? { ...state, status: 'interrupted' } : state;
  return { exit: exitOf(last), json: reportOf(last, locale), lines: summary(last, locale) };
}

function busy(holder: State, { world: { clock } }: Session['shell']): ProblemError {
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
    cure: text(`要再次同步：bitable-sync run ${name}。`, `bitable-sync run ${name} syncs it again.`),
  });

function stale(state: State): ProblemError {
  const line = state.status === 'waiting' ? approveCommand(state) : `bitable-sync run ${state.definition}`;
  return problem({
    code: 'stale-plan',
    message: text(
      `运行 ${state.run} 没有等待确认的计划（状态：${state.status}），什么都没有写入。`,
      `Run ${state.run} has no plan that waits (it is ${state.status}); nothing was written.`,
    ),
    cure: text(`运行 ${line}。`, `Type ${line}.`),
  });
}

const noSuchRun = (id: string, definition: string): ProblemError =>
  problem({
    code: 'no-such-run',
    message: text(`定义 ${definition} 没有运行 ${id}。`, `Definition ${definition} has no run ${id}.`),
    cure: text(
      '从卡片或报告中复制完整的命令。',
      'Copy the whole command from the card or report that waits.',
    ),
  });
