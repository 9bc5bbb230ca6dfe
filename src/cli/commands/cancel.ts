import type { State } from '../../sync/state/state.ts';
import { ProblemError, problem } from '../../sync/words/problem.ts';
import { text } from '../../sync/words/text.ts';
import { type Answer, definitionName } from '../command.ts';
import { reportNoRun } from '../report.ts';
import { refusedOf, type Session, sessionCommand } from '../session.ts';
import { ended, follow } from './run.ts';

/** Stops the run of a definition that goes on or waits, and answers what it came to. */
export const cancel = sessionCommand({
  name: 'cancel',
  help: text(
    '停下正在进行或等待确认的同步，不论在哪个进程里',
    'stop a sync that goes on or waits, in whichever process',
  ),
  words: { name: definitionName },
  failed: ({ name }, error) => reportNoRun(name, error),
  run: async ({ name }, session) => {
    const { program, shell } = session;
    const [open] = (await program.runs.open())
      .map(({ state }) => state)
      .filter(({ definition }) => definition === name)
      .toSorted(byUrgency);
    if (!open) return nothing(name, session);
    const { run: id } = open;
    const refused = await refusedOf(name, { right: 'stop', what: 'cancel', run: id }, session);
    if (refused) return refused;
    const acted = await program.runs.cancel(id, { kind: 'cli', user: shell.world.user });
    switch (acted.kind) {
      case 'going':
        return stopped(await follow(acted.run, session));
      case 'settled':
        await program.redraw(acted.state);
        return stopped(ended(acted.state, shell));
      case 'asked': {
        const state = await endOf(acted.state, session);
        return state.status === 'running' ? shell.refuse(stillGoing(state), 1) : stopped(ended(state, shell));
      }
      case 'stale':
      case 'busy':
      case 'no-such-run':
        return shell.refuse(nothingOpen(name), 1);
    }
  },
});

/** What goes on comes before what only waits, perhaps for another table that the definition named once. */
const byUrgency = (one: State, other: State): number =>
  Number(other.status === 'running') - Number(one.status === 'running') || other.startedAt - one.startedAt;

/** No run of that name is open: where there is no such sync either, the name was wrong. */
async function nothing(name: string, { program, shell }: Session): Promise<Answer> {
  const unknown = await program.definitions.get(name).then(
    () => undefined,
    (error: unknown) => (isUnknown(error) ? error : undefined),
  );
  return unknown ? shell.refuse(unknown, 2) : shell.refuse(nothingOpen(name), 1);
}

const isUnknown = (error: unknown): boolean =>
  error instanceof ProblemError && error.problems[0].code === 'no-such-definition';

/** What was asked for has happened, whatever the run as a whole came to. */
const stopped = (answer: Answer): Answer => ({ ...answer, exit: 0 });

/** How often is looked whether another process has stopped the run, and for how long, in ms. */
const lookEvery = 250;
const patience = 30_000;

/** The run once the process that carries it out has ended it, or as it is when that takes too long. */
async function endOf(last: State, { program, shell }: Session): Promise<State> {
  const { clock, stopping } = shell.world;
  const until = clock.monotonic() + patience;
  let state = last;
  while (state.status === 'running' && clock.monotonic() < until && !stopping.aborted) {
    await clock.sleep(lookEvery, stopping).catch(() => undefined);
    state = (await program.runs.find(last.run)) ?? state;
  }
  return state;
}

const nothingOpen = (name: string): ProblemError =>
  problem({
    code: 'nothing-to-cancel',
    message: text(`${name} 没有在进行，什么都没有做。`, `${name} is not going on; nothing was done.`),
    cure: text(
      `要开始同步：bitable-sync run ${name}。它若在别处进行，请用那里的 STORE_URL。`,
      `bitable-sync run ${name} starts it. Where it goes on elsewhere, use the STORE_URL of that place.`,
    ),
  });

const stillGoing = (state: State): ProblemError =>
  problem({
    code: 'still-going',
    message: text(
      `运行 ${state.run} 已收到取消，但还没有停下。`,
      `Run ${state.run} was told to stop and has not come to its end yet.`,
    ),
    cure: text(
      '在途的分块结束后它就会停下；结果见开始它的地方。',
      'It stops once what is on its way has ended; where it was started shows the rest.',
    ),
  });
