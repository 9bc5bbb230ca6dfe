import { type Definition, lifetimeOf, usualLifetime } from '../../sync/definition/definition.ts';
import { end } from '../../sync/state/progress.ts';
import type { State } from '../../sync/state/state.ts';
import { type Text, text } from '../../sync/words/text.ts';
import { storedPlan } from '../plan.ts';
import type { Clock, RunRecord, Store } from '../ports.ts';
import { asLeft, counted } from '../scoreboard.ts';

/** Closes what is too old to be carried out. */
export interface Closer {
  /** Closes a plan whose time to wait is over; answers the state from then on, nothing when it was not to be closed. */
  expire(run: string): Promise<State | undefined>;
  /** Whether a run was cut off so long ago that nobody expects it to go on. */
  isOld(left: RunRecord): Promise<boolean>;
  /** Closes a run that was cut off, with the counts of what is known to be written. Its table must be leased. */
  interrupt(left: RunRecord): Promise<State | undefined>;
}

interface CloserParts {
  readonly store: Pick<Store, 'journal'>;
  readonly clock: Clock;
  readonly definition: (name: string) => Promise<Definition>;
}

export function closer({ store: { journal }, clock, definition }: CloserParts): Closer {
  const put = async (before: State, after: State): Promise<State | undefined> =>
    (await journal.replaceState(before.run, before, after)) ? after : undefined;

  return {
    async expire(run) {
      const state = (await journal.findRun(run))?.state;
      const over = state?.status === 'waiting' && (state.waiting?.until ?? 0) <= clock.now();
      return over ? put(state, expired(state, nobody, clock.now())) : undefined;
    },
    async isOld({ state, scope }) {
      const saved = await definition(scope.definition).catch(() => undefined);
      const since = state.acts.findLast(({ op }) => op !== 'restart')?.at ?? state.startedAt;
      return clock.now() - since > (saved ? lifetimeOf(saved) : usualLifetime);
    },
    async interrupt(left) {
      const { id, state } = left;
      const plan = storedPlan(left);
      const chunks = await journal.chunks(id);
      const known = plan ? counted(state, plan.basis, chunks.map(asLeft)) : state;
      return put(state, end({ ...known, notes: [...known.notes, cutOff] }, 'interrupted', clock.now()));
    },
  };
}

/** A plan that nobody can apply any more, and why. */
export const expired = (state: State, why: Text, at: number): State =>
  end({ ...state, waiting: null, notes: [...state.notes, why] }, 'expired', at);

const nobody = text(
  '没有人在期限内确认，什么都没有写入。请再次同步。',
  'Nobody decided in time; nothing was written. Run it again.',
);

const cutOff = text(
  '程序在这次同步中途停止，时间太久，不再继续。请再次同步：它会从现在的数据开始。',
  'The program stopped in the middle of this run, too long ago to go on with it. Run it again: it starts from the data of now.',
);
