import type { Actor, State } from '../sync/state.ts';
import { count, type Text, text } from '../sync/text.ts';
import type { Desk } from './desk.ts';
import type { Frozen, Kept } from './ports.ts';

/** How things stand after `freeze` or `thaw`. */
export interface Ruled {
  /** A sentence a line. */
  readonly words: readonly Text[];
  /** Nothing while nothing is frozen. */
  readonly frozen: Frozen | undefined;
  /** Runs that write and that a freeze leaves alone, because they go on already. */
  readonly going: readonly State[];
}

interface RulingDesk extends Pick<Desk, 'clock'> {
  readonly kept: Pick<Kept, 'holds'>;
  readonly runs: Pick<Desk['runs'], 'open'>;
}

/**
 * Stops everything that would begin to write: the clock, and what people ask for. What goes on already comes to its
 * end, and is told. Who froze it first stays the one to ask.
 */
export async function freeze(by: Actor, { kept, clock, runs }: RulingDesk): Promise<Ruled> {
  const before = await kept.holds.frozen();
  const frozen = before ?? { by, at: clock.now() };
  if (!before) await kept.holds.freeze(frozen);
  const going = (await runs.open()).map(({ state }) => state).filter(goesOn);
  return {
    words: [before ? alreadyFrozen : nowFrozen, ...(going.length === 0 ? [] : [stillGoing(going.length)])],
    frozen,
    going,
  };
}

/** Takes {@link freeze} back. Times that passed meanwhile are left out. */
export async function thaw({ kept }: Pick<RulingDesk, 'kept'>): Promise<Ruled> {
  const before = await kept.holds.frozen();
  if (before) await kept.holds.freeze(undefined);
  return { words: [before ? thawed : notFrozen], frozen: undefined, going: [] };
}

const goesOn = ({ status, planOnly, queue }: State): boolean => status === 'running' && !planOnly && !queue;

const nowFrozen = text(
  '已冻结全部同步，不会再有新的开始。',
  'Everything is frozen: nothing that writes starts any more.',
);
const alreadyFrozen = text(
  '早已冻结，什么都没有改变。',
  'Everything was frozen already; nothing was changed.',
);
const thawed = text('已解除冻结。', 'Everything goes on.');
const notFrozen = text('没有被冻结，什么都没有改变。', 'Nothing was frozen; nothing was changed.');
const stillGoing = (runs: number): Text =>
  text(
    `正在进行的 ${count(runs)} 个会做完；要停下请逐个取消。`,
    runs === 1
      ? 'One sync is under way and comes to its end; cancel it to stop it.'
      : `${count(runs)} syncs are under way and come to their end; cancel those that are to stop.`,
  );
