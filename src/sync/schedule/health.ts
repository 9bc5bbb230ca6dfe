import { type State, statuses } from '../state/state.ts';

/** How a scheduled run came out, as far as people are to hear of it. */
export const outcomes = ['good', 'partial', 'failed', 'waiting'] as const;
export type Outcome = (typeof outcomes)[number];

/** `undefined` for a run that goes on, that somebody ended, or that wrote nothing by request. */
export const outcomeOf = (state: Pick<State, 'status' | 'planOnly'>): Outcome | undefined =>
  state.planOnly ? undefined : statuses[state.status].outcome;

export const isScheduled = ({ acts }: Pick<State, 'acts'>): boolean =>
  acts.find(({ op }) => op === 'start')?.by.kind === 'schedule';

/** What the chat is told of a run that ended. */
export type Telling =
  | { readonly kind: 'nothing' }
  /** A new card, without a mention; it may wait for the end of the quiet hours. */
  | { readonly kind: 'good'; readonly recovered: boolean }
  /** A new card at once, with a mention: something went wrong, or somebody must decide. */
  | { readonly kind: 'bad' }
  /** The trouble that was told already goes on: its card is brought up to date. */
  | { readonly kind: 'same' };

/**
 * One notice for each change: the first of a kind of trouble, and the recovery; between them the card stays up to date.
 * Good runs are told when something changed, or always with `quiet: false`. @param before how the last run came out
 */
export function telling(before: Outcome | undefined, state: State, quiet: boolean): Telling {
  const outcome = outcomeOf(state);
  if (outcome === undefined) return { kind: 'nothing' };
  if (outcome !== 'good') return { kind: before === outcome ? 'same' : 'bad' };
  const recovered = before !== undefined && before !== 'good';
  return recovered || !quiet || changed(state) ? { kind: 'good', recovered } : { kind: 'nothing' };
}

const changed = ({ rows, deletes }: State): boolean =>
  rows.created + rows.updated + deletes.done > 0 || rows.rejected + rows.invalid > 0;

/** After so many failures in a row a schedule pauses itself. */
export const mostFailures = 5;

/**
 * The scheduled runs that failed since the last one that did not, newest first; people's runs count when they went
 * well. @param states newest first @param since runs that started before (ms) are forgiven: somebody let it go on then
 */
export function failuresInARow(states: readonly State[], since: number): readonly State[] {
  const failures: State[] = [];
  for (const state of states) {
    const outcome = outcomeOf(state);
    if (state.startedAt < since || (outcome !== undefined && outcome !== 'failed')) break;
    if (outcome === 'failed' && isScheduled(state)) failures.push(state);
  }
  return failures;
}

/** Codes that say that Feishu did not answer, or was busy or broken itself. https://open.feishu.cn/document/server-docs/api-call-guide/generic-error-code */
const feishuAway: ReadonlySet<string> = new Set(
  `threw 1500 1551 2200 1254002 1254036 1254112 1254200 1254290 1254291 1254607 1255001 1255002 1255003 1255004 1255005
  1255040 99991400 131001 131007`.split(/\s+/),
);
/** The same of a source. */
const sourceAway: ReadonlySet<string> = new Set(['cannot-connect', 'connection-lost']);

/** What was away in all of these failures, so that it may come back by itself; `undefined` where one has another cause. */
export function awayOf(failures: readonly Pick<State, 'error'>[]): 'feishu' | 'source' | undefined {
  const codes = failures.map(({ error }) => error?.code ?? '');
  if (codes.every((code) => feishuAway.has(code))) return 'feishu';
  return codes.every((code) => feishuAway.has(code) || sourceAway.has(code)) ? 'source' : undefined;
}

/** Whether the last good run (or else the first sight of the entry) is too long ago; times in ms. */
export const isStale = (good: number, now: number, limit: number): boolean => now - good > limit;

/** What happened to one definition in a while. */
export interface Digest {
  readonly name: string;
  readonly title: string;
  readonly runs: number;
  readonly failed: number;
  readonly partial: number;
  readonly waiting: number;
  readonly written: number;
  /** When the newest successful run ended, in ms; `undefined`: none that is known. */
  readonly lastGood: number | undefined;
  /** Whether that is too long ago, as the definition sees it. */
  readonly stale: boolean;
}

/** Sums up the runs that started at or after `from` (ms). Plans that write nothing do not count. */
export function digestOf(
  { name, title }: { readonly name: string; readonly title: string },
  states: readonly State[],
  from: number,
  { lastGood, stale }: Pick<Digest, 'lastGood' | 'stale'>,
): Digest {
  const mine = states.filter((state) => state.startedAt >= from && !state.planOnly);
  const number = (outcome: string) => mine.filter((state) => outcomeOf(state) === outcome).length;
  return {
    name,
    title,
    runs: mine.length,
    failed: number('failed'),
    partial: number('partial'),
    waiting: number('waiting'),
    written: mine.reduce((sum, { rows, deletes }) => sum + rows.created + rows.updated + deletes.done, 0),
    lastGood,
    stale,
  };
}
