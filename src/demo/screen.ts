import { stripVTControlCharacters } from 'node:util';
import type { Card } from '../cards/parts/card.ts';
import { type DrawnButton, drawCard, toWidth } from '../cards/terminal.ts';
import type { Output } from '../cli/terminal.ts';
import { columnsOf } from '../sync/words/text.ts';

/** How cards and people are written. */
export interface Look {
  readonly color: boolean;
  /** What the person is called. */
  readonly person: string;
  /** Whether lines can be typed. */
  readonly listens: boolean;
}

/** The conversation in the terminal. Nothing that was said is taken back; only the newest card changes. */
export interface Screen {
  /** Writes one or more lines below everything. */
  say(lines: string): void;
  /** Writes a line that belongs to the card above it. */
  note(line: string): void;
  /** Shows a version of a card: in the place of the version before when that is the newest thing on the screen. */
  card(message: string, card: Card): void;
  /** Writes a line that the person says. */
  spoken(line: string): void;
  /** Tells that the person typed a line: on a terminal it is there already. */
  typed(line: string): void;
  /** Lets somebody else write lines of their own. */
  aside(write: () => void): void;
  /** The buttons of the newest card. */
  buttons(): { readonly message: string; readonly buttons: readonly DrawnButton[] } | undefined;
  /** Takes the prompt away. */
  close(): void;
}

/** Columns that a card takes, at most. */
const widest = 76;

/** Opens the screen: on a terminal the newest card changes in its place, elsewhere each new stage is written once. */
export function openScreen(paper: Output, look: Look): Screen {
  const newest = buttonKeeper();
  const draw = (message: string, card: Card): string => {
    const width = Math.max(20, Math.min(widest, paper.size().columns - 1));
    const drawn = drawCard(card, width, { color: look.color, name: () => look.person });
    newest.keep(message, drawn.buttons);
    return drawn.text;
  };
  const screen = paper.isTTY ? liveScreen(paper, look, draw) : plainScreen(paper, look, draw);
  return { ...screen, buttons: newest.get };
}

type Newest = ReturnType<Screen['buttons']>;

function buttonKeeper() {
  let newest: Newest;
  return {
    get: () => newest,
    keep: (message: string, buttons: readonly DrawnButton[]) => {
      newest = { message, buttons };
    },
  };
}

type Draw = (message: string, card: Card) => string;
type Drawing = Omit<Screen, 'buttons'>;

/** What stands before the person's words. */
const lead = ({ person }: Look): string => `${person} ▸ `;

/** For files and pipes: what was written stays, so a card is written again only when it says something new. */
function plainScreen(paper: Output, look: Look, draw: Draw): Drawing {
  const shown = new Map<string, string>();
  const spoken = (line: string): void => say(`${lead(look)}${line}`);
  const say = (lines: string): void => paper.write(`${lines}\n`);
  return {
    say,
    note: say,
    card: (message, card) => {
      const drawn = draw(message, card);
      const stage = stageOf(card);
      if (shown.get(message) === stage) return;
      shown.set(message, stage);
      say(drawn);
    },
    spoken,
    typed: spoken,
    aside: (write) => write(),
    close: () => undefined,
  };
}

/** What is new when it changes: colour, label and buttons; not the bar, the clock and the figures. */
function stageOf({ header, body }: Card): string {
  const names = [...JSON.stringify(body).matchAll(/"name":"([^"]*)"/g)].map(([, name]) => name);
  const { template, text_tag_list: tags } = header as Readonly<Record<string, unknown>>;
  return JSON.stringify([template, tags, names]);
}

/** The newest card with its notes, as it stands on the terminal right above the prompt. */
interface Block {
  readonly message: string;
  readonly card: string;
  readonly notes: readonly string[];
  /** The terminal's width when it was drawn: at another one its lines may have been broken anew. */
  readonly columns: number;
}

const linesOf = ({ card, notes }: Block): readonly string[] => [...card.split('\n'), ...notes];

/** A frame is shown at once by terminals that know how to, without a half-drawn moment. */
const begin = '\u001b[?2026h';
const end = '\u001b[?2026l';
const clearLine = '\u001b[K';
const clearBelow = '\u001b[J';
const up = (lines: number): string => `\u001b[${lines}F`;

function liveScreen(paper: Output, look: Look, draw: Draw): Drawing {
  const prompt = look.listens ? lead(look) : '';
  let live: Block | undefined;

  /** Writes lines in the prompt's place, and the prompt below them. */
  const below = (lines: readonly string[]): void => {
    const rows = lines.map((line) => `${line}${clearLine}\n`).join('');
    paper.write(`${begin}\r${clearBelow}${rows}${prompt}${end}`);
  };

  /** Replaces the newest card. What the person is typing stays where its line does. */
  const again = (before: Block, next: Block): void => {
    const [was, lines] = [linesOf(before).length, linesOf(next)];
    const rows = lines.map((line) => `${line}${clearLine}\n`).join('');
    paper.write(
      lines.length === was
        ? `${begin}\u001b7${up(was)}${rows}\u001b8${end}`
        : `${begin}${up(was)}${rows}${clearBelow}${prompt}${end}`,
    );
  };

  /** Whether the block still stands where it was drawn, in full. */
  const isInPlace = (block: Block, next: Block): boolean => {
    const height = Math.max(linesOf(block).length, linesOf(next).length);
    const fits = linesOf(next).every(
      (line) => columnsOf(stripVTControlCharacters(line)) < paper.size().columns,
    );
    return block.columns === paper.size().columns && height < paper.size().rows && fits;
  };

  const show = (next: Block): void => {
    if (live?.message === next.message && isInPlace(live, next)) again(live, next);
    else below(linesOf(next));
    live = next;
  };

  const leave = (): void => {
    live = undefined;
  };

  const say = (lines: string): void => {
    below(lines.split('\n'));
    leave();
  };

  return {
    say,
    spoken: (line) => say(`${lead(look)}${line}`),
    note: (words) => {
      const line = columnsOf(words) < paper.size().columns ? words : toWidth(words, paper.size().columns - 1);
      const next = live && { ...live, notes: [...live.notes, line] };
      if (live && next && isInPlace(live, next)) show(next);
      else {
        below([line]);
        leave();
      }
    },
    card: (message, card) => {
      const drawn = draw(message, card);
      const notes = live?.message === message ? live.notes : [];
      if (live?.message === message && live.card === drawn && live.columns === paper.size().columns) return;
      show({ message, card: drawn, notes, columns: paper.size().columns });
    },
    typed: () => {
      paper.write(prompt);
      leave();
    },
    aside: (write) => {
      paper.write(`\r${clearBelow}`);
      write();
      paper.write(prompt);
      leave();
    },
    close: () => paper.write(`\r${clearBelow}`),
  };
}
