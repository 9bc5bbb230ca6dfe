import type { Problem } from '../sync/problem.ts';
import { text } from '../sync/text.ts';
import type { Answer } from './answer.ts';
import type { Command } from './arguments.ts';
import type { Counter } from './perform.ts';
import { errorOf, exitOf, reportNoRun, reportOf } from './report.ts';

/** Plays the demo; its exit code is the last run's. */
export async function demo(command: Extract<Command, { kind: 'demo' }>, counter: Counter): Promise<Answer> {
  const { world, json, locale, openLog } = counter;
  const stage = json ? world.err : world.out;
  const log = await openLog({ level: world.env['LOG_LEVEL'] === 'debug' ? 'debug' : 'warn', secrets: [] });
  const play = await world.runDemo();
  const state = await play(command, {
    say: (words) => stage.write(`${words}\n`),
    write: (words) => stage.write(words),
    log,
    clock: world.clock,
    signal: world.stopping,
    lines: world.lines,
    isTTY: stage.isTTY,
    get columns() {
      return stage.columns;
    },
    get rows() {
      return stage.rows ?? 24;
    },
    env: world.env,
  });
  const exit = state && command.once ? exitOf(state) : command.once ? 1 : 0;
  return {
    exit,
    json: state ? reportOf(state, locale) : reportNoRun(null, errorOf([noRun], locale)),
    lines: [],
  };
}

const noRun: Problem = {
  code: 'no-run',
  message: text('演示结束时还没有运行完成。', 'The demo ended before a run did.'),
  cure: text('再次运行 npm run demo。', 'Start npm run demo again.'),
};
