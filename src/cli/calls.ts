import type { CallMeter } from '../run/ports.ts';
import type { CallCounts } from '../sync/state.ts';

/** Counts the calls of a command that makes no run. */
export function newCalls(): { readonly calls: CallCounts; readonly meter: CallMeter } {
  const calls = { read: 0, write: 0, refused: 0, chat: 0 };
  return {
    calls,
    meter: {
      count: (kind) => {
        calls[kind]++;
      },
    },
  };
}
