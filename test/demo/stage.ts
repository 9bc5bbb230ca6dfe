import { onTestFinished } from 'vitest';
import type { DemoOptions, DemoStage } from '../../src/cli/command.ts';
import { runDemo } from '../../src/demo/demo.ts';
import { systemClock } from '../../src/process.ts';
import type { Log } from '../../src/run/ports.ts';
import type { State } from '../../src/sync/state/state.ts';

/** A demo that a test watches and types into. */
export interface Watched {
  /** All that was written so far. */
  out(): string;
  /** Resolves with what was written since the last wait, once these words are in it; rejects when the demo ends without. */
  until(words: string): Promise<string>;
  type(line: string): void;
  /** Ends the lines, as Ctrl-D does. */
  hangUp(): void;
  /** Asks to leave, as Ctrl-C does. */
  leave(): void;
  /** What was logged. */
  readonly logged: readonly string[];
  readonly ended: Promise<State | null>;
}

/** Plays the demo on a stage of paper, in English. It is asked to leave at the end of the test. */
export function play(options: Partial<DemoOptions>): Watched {
  const leaving = new AbortController();
  const typing = lineQueue();
  const logged: string[] = [];
  const listeners = new Set<() => void>();
  let out = '';
  let seen = 0;
  const write = (words: string): void => {
    out += words;
    for (const listener of listeners) listener();
  };
  const note = (event: string): void => void logged.push(event);
  const log: Log = { debug: note, info: note, warn: note, error: note };
  const stage: DemoStage = {
    out: { write, isTTY: false, size: () => ({ columns: 100, rows: 40 }) },
    log,
    clock: systemClock,
    signal: leaving.signal,
    lines: typing.lines,
    env: { LANG: 'en_US.UTF-8', BROWSER: 'no-such-browser' },
  };
  // Enter begins the first run: nobody opens the page here.
  if (!options.once) typing.type('');
  const ended = runDemo(
    {
      once: false,
      rows: 60,
      source: undefined,
      faults: false,
      port: undefined,
      open: false,
      live: false,
      ...options,
    },
    stage,
  );
  onTestFinished(async () => {
    leaving.abort(new Error('SIGINT'));
    await ended.catch(() => undefined);
  });
  return {
    out: () => out,
    until: (words) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          const at = out.indexOf(words, seen);
          if (at < 0) return;
          listeners.delete(look);
          const text = out.slice(seen, at + words.length);
          seen = at + words.length;
          resolve(text);
        };
        const tooLate = (): void => reject(new Error(`it ended without "${words}":\n${out.slice(seen)}`));
        ended.then(tooLate, tooLate);
        listeners.add(look);
        look();
      }),
    type: typing.type,
    hangUp: typing.end,
    leave: () => leaving.abort(new Error('SIGINT')),
    logged,
    ended,
  };
}

function lineQueue() {
  const waiting: string[] = [];
  let over = false;
  let wake: () => void = () => undefined;
  async function* lines(): AsyncGenerator<string> {
    for (;;) {
      const line = waiting.shift();
      if (line !== undefined) yield line;
      else if (over) return;
      else
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
    }
  }
  return {
    lines: lines(),
    type: (line: string) => {
      waiting.push(line);
      wake();
    },
    end: () => {
      over = true;
      wake();
    },
  };
}
