import { onTestFinished } from 'vitest';
import type { Journal, Store } from '../../src/run/ports.ts';
import type { Run, Runs } from '../../src/run/runs/runs.ts';
import { forever, hooked, rowsOf, type World, world } from './fakes.ts';

/** Makes a world that is gone when the test ends. */
export async function made(...args: Parameters<typeof world>): Promise<World> {
  const one = await world(...args);
  onTestFinished(() => one.stop());
  return one;
}

/** Starts a run that nothing stands in the way of. */
export async function begun(one: World, runs: Runs): Promise<Run> {
  const started = await runs.start({ definition: one.definition, by: { kind: 'cli' } });
  if (started.kind !== 'started') throw new Error('busy');
  return started.run;
}

/** The keys of {@link rowsOf}. */
export const keys = (from: number, to: number): unknown[] => rowsOf(from, to).map(([key]) => key);

/** What waits at a gate goes on when a test opens it. */
export interface Gate {
  readonly passed: Promise<void>;
  open(): void;
}

export function newGate(): Gate {
  let letGo = (): void => undefined;
  const passed = new Promise<void>((resolve) => {
    letGo = resolve;
  });
  return { passed, open: () => letGo() };
}

/** Holds the calls that write the second chunk of ten rows. */
export function heldAtSecond(one: World): Gate {
  const gate = newGate();
  one.table.fault = (call) => (call.keys.includes('k011') ? { wait: gate.passed } : undefined);
  return gate;
}

/** A store on which a process is killed when it calls a method of the journal for the n-th time. */
export function killedAt(
  store: Store,
  method: keyof Journal,
  nth = 1,
): { readonly store: Store; readonly reached: Promise<void> } {
  const { passed: reached, open: reach } = newGate();
  let calls = 0;
  const dying = hooked(store, (now) => {
    if (now === method) calls++;
    if (calls < nth) return undefined;
    reach();
    return forever();
  });
  return { store: dying, reached };
}
