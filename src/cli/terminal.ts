import type { Clock } from '../run/ports.ts';
import type { State } from '../sync/state/state.ts';
import { count, cut, type Locale } from '../sync/words/text.ts';
import { plain, type Say, speaking } from './report.ts';

/** A stream that people or programs read. */
export interface Output {
  write(words: string): void;
  readonly isTTY: boolean;
  /** Columns and lines of the terminal, right now. */
  size(): { readonly columns: number; readonly rows: number };
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
    out.write(
      `\r\x1b[2K${cut(progressLine(state, clock.now(), locale), Math.max(20, out.size().columns - 1))}`,
    );
  };
  const wipe = (): void => {
    if (out.isTTY && state) out.write('\r\x1b[2K');
  };
  const keepTicking = async (signal: AbortSignal): Promise<void> => {
    for (;;) {
      await clock.sleep(tick, signal);
      draw();
    }
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
      keepTicking(ticking.signal).catch(() => undefined);
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

/** Draws a running run as one line: `orders  写入 ████████░░░░ 66% · 分块 4/6 · 0:12`. */
export function progressLine(state: State, now: number, locale: Locale): string {
  const parts = [phaseWords(state, now, speaking(locale)), clockFace(now - state.startedAt)];
  return plain(`${state.definition}  ${parts.join(' · ')}`);
}

/** Says in which step a run is, without what changes all the time: a new one is worth a line of its own. */
function stepOf(state: State): string {
  const tenth = state.changes.total > 0 ? Math.floor((10 * state.changes.settled) / state.changes.total) : 0;
  return [state.phase, state.phase === 'uploading' ? tenth : '', state.rounds].join(' ');
}

function phaseWords(state: State, now: number, say: Say): string {
  const { reading } = state;
  switch (state.phase) {
    case 'queued':
      return say('排队', 'queued');
    case 'reading': {
      const records =
        reading.total === null ? count(reading.records) : `${count(reading.records)}/${count(reading.total)}`;
      return say(
        `读取 ${count(reading.rows)} 行，表格 ${records} 条`,
        `reading ${count(reading.rows)} rows, ${records} records`,
      );
    }
    case 'comparing':
      return say('比较', 'comparing');
    case 'uploading':
      return [say(`写入 ${bar(state)}`, `writing ${bar(state)}`), chunkWords(state, say)].join(' · ');
    case 'pausing':
      return say(
        `第 ${state.rounds + 1} 轮将在 ${clockFace((state.resumeAt ?? now) - now)} 后开始`,
        `round ${state.rounds + 1} of ${state.roundsMax} in ${clockFace((state.resumeAt ?? now) - now)}`,
      );
    case 'ended':
      return say('结束', 'ended');
  }
}

const barWidth = 20;

function bar({ changes }: State): string {
  const share = changes.total > 0 ? Math.min(1, changes.settled / changes.total) : 0;
  const full = Math.floor(share * barWidth);
  return `${'█'.repeat(full)}${'░'.repeat(barWidth - full)} ${Math.floor(share * 100)}%`;
}

function chunkWords({ chunks, rounds }: State, say: Say): string {
  const done = `${count(chunks.settled)}/${count(chunks.total)}`;
  const round = rounds > 0 ? say(`，第 ${rounds} 轮重试`, `, round ${rounds}`) : '';
  return say(`分块 ${done}${round}`, `chunk ${done}${round}`);
}

/** Writes a running clock: `0:07`, `12:40`. */
function clockFace(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
}
