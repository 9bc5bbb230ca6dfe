import type { Clock } from '../run/ports.ts';
import type { State } from '../sync/state/state.ts';
import { cut, type Locale } from '../sync/words/text.ts';
import { progressLine, stepOf } from './draw.ts';

/** A stream that people or programs read. */
export interface Output {
  write(words: string): void;
  readonly isTTY: boolean;
  /** Columns of the terminal. */
  readonly columns: number;
  /** Lines of the terminal, where known. */
  readonly rows?: number;
}

/** A stream of the process, where writing can fail. */
export interface Stream extends Output {
  /** Resolves once everything is written, with the system's code of what was not, such as ENOSPC. */
  flushed(): Promise<string | undefined>;
}

/** Shows how a run goes on: one line that redraws itself on a terminal, else a line a step. */
export interface Terminal {
  show(state: State): void;
  /** Writes whole lines without tearing the progress line. */
  write(lines: string): void;
  /** Takes the progress line away; writing stays possible. */
  clear(): void;
}

/** How often the running clock is redrawn, in milliseconds. */
const tick = 1000;

/** Opens a terminal on a stream. The clock only ticks between the first `show` and `clear`. */
export function createTerminal(out: Output, clock: Clock, locale: Locale): Terminal {
  let state: State | undefined;
  let step = '';
  let ticking: AbortController | undefined;

  const draw = (): void => {
    if (!state) return;
    // The last column stays free: a full line would wrap, and could not be drawn over.
    out.write(`\r\x1b[2K${cut(progressLine(state, clock.now(), locale), Math.max(20, out.columns - 1))}`);
  };
  const wipe = (): void => {
    if (out.isTTY && state) out.write('\r\x1b[2K');
  };
  const keepTicking = async (signal: AbortSignal): Promise<void> => {
    while (await passed(clock, tick, signal)) draw();
  };

  return {
    show: (next) => {
      state = next;
      // How it ended is the summary's to say.
      if (next.phase === 'ended') return;
      if (!out.isTTY) {
        const reached = stepOf(next);
        if (reached !== step) out.write(`${progressLine(next, clock.now(), locale)}\n`);
        step = reached;
        return;
      }
      draw();
      if (ticking) return;
      ticking = new AbortController();
      void keepTicking(ticking.signal);
    },
    write: (lines) => {
      wipe();
      out.write(lines);
      if (out.isTTY) draw();
    },
    clear: () => {
      ticking?.abort();
      ticking = undefined;
      wipe();
      state = undefined;
      step = '';
    },
  };
}

/** Waits; answers false when the wait was cut short. */
const passed = (clock: Clock, ms: number, signal: AbortSignal): Promise<boolean> =>
  clock.sleep(ms, signal).then(
    () => true,
    () => false,
  );
