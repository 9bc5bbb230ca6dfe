import type { Meant } from '../../cards/answer-cards.ts';
import { nearest } from '../../sync/words/text.ts';
import type { ChatCommand, Command, Commands, Words } from '../bot.ts';

/** Code units that are looked at; commands are short, pasted texts are not. */
const readable = 1000;
const planFlag = /^[-‐‑‒–—―−─]+plan$/iu;
const flag = /^[-‐‑‒–—―−─]+\p{L}/u;
/** Marks that may stand around a name. */
export const quotes = '"“”„‟«»「」『』\'‘’`';
const quoted = new RegExp(`^[${quotes}]([^${quotes}]*)[${quotes}]$`, 'u');

/** Commands that need no verb of their own: `/sync NAME`, `/sync NAME --plan`, `/sync` and `/help`. */
export interface Shortcuts {
  readonly named: ChatCommand;
  readonly flagged: ChatCommand;
  readonly bare: ChatCommand;
  readonly help: ChatCommand;
}

/** Reads chat lines, menu keys and button values as the commands of a list. */
export class CommandList implements Commands {
  readonly all: readonly ChatCommand[];
  readonly #shortcuts: Shortcuts;
  readonly #byVerb: ReadonlyMap<string, ChatCommand>;
  readonly #byWord: ReadonlyMap<string, ChatCommand>;

  constructor(all: readonly ChatCommand[], shortcuts: Shortcuts) {
    this.all = all;
    this.#shortcuts = shortcuts;
    this.#byVerb = new Map(all.map((one) => [one.verb, one]));
    const typed = all.filter((one) => one !== shortcuts.named);
    this.#byWord = new Map(
      typed.flatMap((one) => [one.verb, ...one.spellings].map((word) => [word, one] as const)),
    );
  }

  /**
   * Full-width slashes and letters, no-break blanks, long dashes for `--` and curly quotes (phones turn one into the
   * other) and mentions of people anywhere do no harm.
   */
  parse(text: string): Command | undefined {
    const words = firstLine(text)
      .split(/\s+/u)
      .filter((word) => word !== '' && !word.startsWith('@'));
    const line = words.join(' ');
    if (/^\/?\s?(help|帮助)(\s|$)/iu.test(line)) return given(this.#shortcuts.help);
    // Chinese needs no blank between the verb and the name, where a slash shows that it is one.
    const verb = /^(?:\/\s?(?:sync(?=[\s:,/]|$)|同步)|同步(?=\s|$))[\s:,/]*/iu.exec(line);
    if (verb) return this.#follows(line.slice(verb[0].length), line);
    // A line without a slash is no command; one that begins like one gets offered what it may have meant.
    if (/^sync\s/iu.test(line)) return unknown(line, offersOf(this.#follows(line.slice(5), line)));
    if (!line.startsWith('/')) return undefined;
    const [first = '', ...rest] = line.slice(1).trim().split(' ');
    return unknown(line, this.#meant(first, rest.join(' ')));
  }

  of(verb: string, name?: string, more?: string): Command | undefined {
    const command = this.#byVerb.get(verb);
    return command && given(command, name, more);
  }

  ofKey(key: string): Command | undefined {
    const [word = '', name = ''] = key.normalize('NFKC').split(':', 2);
    const command = this.#byVerb.get(word) ?? this.#byWord.get(word.trim().toLowerCase());
    const { named, bare } = this.#shortcuts;
    if (command === named && name.trim() === '') return given(bare);
    return command && given(command, name.trim());
  }

  near(word: string): readonly string[] {
    const words = nearest(word.toLowerCase(), [...this.#byWord.keys()]);
    return [...new Set(words.flatMap((one) => this.#byWord.get(one)?.verb ?? []))];
  }

  /** Reads what follows `/sync`. */
  #follows(rest: string, line: string): Command {
    const { named, flagged, bare } = this.#shortcuts;
    const words = rest.split(' ').filter((word) => word !== '');
    const [first = '', ...others] = words;
    const command = this.#byWord.get(first.toLowerCase());
    if (command && command !== flagged) return withVerb(command, others, line);
    const asked = command ? others : words;
    const names = asked.filter((word) => !planFlag.test(word));
    const plan = command !== undefined || names.length < asked.length;
    const name = plainly(names);
    if (names.some((word) => flag.test(word)))
      return unknown(line, name === '' ? [] : [named, flagged].map(({ verb }) => ({ verb, name })));
    if (name === '') return given(plan ? flagged : bare);
    return given(plan ? flagged : named, name);
  }

  /** What a line may have meant whose first word is none that the bot knows. */
  #meant(first: string, rest: string): readonly Meant[] {
    const verbs = this.near(first);
    if (verbs.length > 0) return verbs.map((verb) => ({ verb, name: rest }));
    return nearest(first, [this.#shortcuts.named.verb]).length > 0 ? offersOf(this.#follows(rest, rest)) : [];
  }
}

const given = (command: ChatCommand, name = '', more = ''): Command => ({
  ...{ kind: 'command', command, more },
  name: command.needs === 'nothing' ? '' : name,
});

const unknown = (words: string, near: readonly Meant[]): Command => ({ kind: 'unknown', words, near });

function withVerb(command: ChatCommand, words: readonly string[], line: string): Command {
  if (command.read) {
    const { name, more } = command.read(words);
    return given(command, name, more);
  }
  const name = plainly(words);
  const { verb } = command;
  // Whoever names one sync does not mean all of them.
  if (command.needs === 'nothing' && command.forOne !== undefined && name !== '')
    return unknown(line, [
      { verb: command.forOne, name },
      { verb, name: '' },
    ]);
  return words.some((word) => flag.test(word)) ? unknown(line, [{ verb, name }]) : given(command, name);
}

/** A command as it can be offered by a button. */
const offersOf = (command: Command): readonly Meant[] =>
  command.kind === 'unknown' ? command.near : [{ verb: command.command.verb, name: command.name }];

function firstLine(text: string): string {
  const lines = text
    .slice(0, readable)
    .normalize('NFKC')
    .split(/[\r\n\v\f\u0085\u2028\u2029]/u)
    .map(visible);
  return lines.find((line) => line.trim() !== '') ?? '';
}

/** Takes out what cannot be seen and what no store keeps: direction marks, control characters, lone halves. */
export const visible = (words: string): string =>
  words.replaceAll('\t', ' ').replace(/[\p{Cf}\p{Cc}\p{Cs}]/gu, '');

/** A name without flags and without the quotes around it. */
const plainly = (words: readonly string[]): string =>
  unquoted(words.filter((word) => !flag.test(word)).join(' '));

/** Words without the quotes around them. */
export const unquoted = (words: string): string => quoted.exec(words)?.[1]?.trim() ?? words;

/** Reads `NAME KEY`; a name of several words stands in quotes. */
export function nameAndKey(words: readonly string[]): Words {
  const line = words.join(' ');
  const [, title, rest] = new RegExp(`^[${quotes}]([^${quotes}]+)[${quotes}] ?(.*)$`, 'u').exec(line) ?? [];
  const [first = '', ...others] = words;
  return { name: title ?? first, more: unquoted(rest ?? others.join(' ')) };
}
