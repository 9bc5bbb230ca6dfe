import type { Problem } from './problem.ts';
import { text } from './text.ts';

/** Thrown when a lease was lost: whoever holds the table now goes on. */
export class Fenced extends Error {
  constructor(table: string) {
    super(`the lease on ${table} was taken over`);
    this.name = 'Fenced';
  }
}

/** Why a run is over here though it is not over. Read at the shell only: card and store are the other instance's by now. */
export const takenOver: Problem = {
  code: 'taken-over',
  message: text(
    '另一个实例接手了这次同步，由它继续；这里的数字只到那时为止。',
    'Another instance took this run over and goes on with it; the numbers here are those up to then.',
  ),
  cure: text(
    '结果看卡片，或加 --wait 秒数再运行一次：它会等那边结束。',
    'See the card for how it ends, or run it again with --wait SECONDS: that waits for the other one.',
  ),
};
