import type { State } from '../../src/sync/state/state.ts';
import { sampleState } from '../support/samples.ts';

/** A state to begin with; each test says what matters to it. */
export const stateOf = (changes: Partial<State> = {}): State => ({ ...sampleState, ...changes });
