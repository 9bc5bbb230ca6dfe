import type { History, Late } from '../world.ts';

/** Makes the history of a number that begins with a value. */
export const newHistory = (value: number): History => ({ lists: [], past: [], value });

const remembered = 1000;

/** Notes what a number is from a moment (ms) on. */
export function changed(history: History, value: number, at: number): void {
  if (value === history.value) return;
  history.past.push({ until: at, value: history.value });
  history.past.splice(0, history.past.length - remembered);
  history.value = value;
}

/** Begins a history with what a number is now: nothing older will be shown. */
export function begin(history: History, value: number): void {
  history.past.length = 0;
  history.value = value;
  if (history.lists.length === 0) history.lists.push(value);
}

/** Answers what a list shows of a number that is `value` at a moment (ms), and counts as a list. */
export function shown(history: History, value: number, late: Late, at: number): number {
  const lists = typeof late === 'number' ? late : 0;
  history.lists.push(value);
  history.lists.splice(0, history.lists.length - lists - 1);
  if (typeof late === 'number') return history.lists[0] ?? value;
  return history.past.find(({ until }) => until > at - late.ms)?.value ?? value;
}
