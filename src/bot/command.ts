import type { Verb } from '../cards/parts/button.ts';
import { nearest } from '../sync/nearest.ts';

/** Commands on one definition that need nothing but its name. */
export type Named = 'history' | 'verify' | 'init' | 'pause' | 'resume' | 'mute' | 'unmute';

/** Commands that stand alone. */
export type Alone = 'list' | 'status' | 'help' | 'freeze' | 'thaw';

/** What somebody asks the bot for; `name` as written: a definition's name or its title. */
export type Command =
  | { readonly kind: 'sync'; readonly name: string; readonly plan: boolean }
  | { readonly kind: Alone }
  | { readonly kind: Named; readonly name: string }
  /** Without a name: the only run that it can mean. */
  | { readonly kind: 'cancel' | 'retry'; readonly name: string | undefined }
  /** The story of one row. */
  | { readonly kind: 'why'; readonly name: string; readonly key: string }
  | { readonly kind: 'remind'; readonly name: string; readonly set: Setting | undefined }
  /** Something is missing that a form asks for. */
  | { readonly kind: 'missing'; readonly verb: Verb; readonly name: string | undefined }
  /** Begins with a slash, but is no command that the bot knows; `near`: what may have been meant. */
  | { readonly kind: 'unknown'; readonly words: string; readonly near: readonly Offer[] };

/** A command that somebody may have meant; `name` is empty where it takes none, or none was given. */
export interface Offer {
  readonly verb: Verb;
  readonly name: string;
}

/** What becomes of reminders: one more, or one less by its number in the list. */
export type Setting = { readonly cron: string } | { readonly off: number };

/** Code units that are looked at; commands are short, pasted texts are not. */
const readable = 1000;
const planFlag = /^[-‐‑‒–—―−─]+plan$/iu;
const flag = /^[-‐‑‒–—―−─]+\p{L}/u;
const quotes = '"“”„‟«»「」『』\'‘’`';
const quoted = new RegExp(`^[${quotes}]([^${quotes}]*)[${quotes}]$`, 'u');

/** How each command may be written. */
const spellings: readonly (readonly [Verb, ...(readonly string[])])[] = [
  ['plan', '计划'],
  ['list', '列表'],
  ['status', '状态'],
  ['history', '历史'],
  ['why', '为什么', '原因'],
  ['retry', '重试'],
  ['cancel', '取消', 'stop'],
  ['verify', '核对'],
  ['init', '建表', '初始化'],
  ['pause', '暂停'],
  ['resume', '恢复'],
  ['mute', '静音'],
  ['unmute', '取消静音'],
  ['remind', '提醒'],
  ['freeze', '冻结'],
  ['thaw', '解冻'],
  ['help', '帮助'],
];
const verbsByWord: ReadonlyMap<string, Verb> = new Map(
  spellings.flatMap(([verb, ...others]) => [verb, ...others].map((word) => [word, verb] as const)),
);

/** Commands whose names are near to a word. */
export const verbsNear = (word: string): readonly Verb[] => [
  ...new Set(
    nearest(word.toLowerCase(), [...verbsByWord.keys()]).flatMap((near) => verbsByWord.get(near) ?? []),
  ),
];

/**
 * Reads one chat line; `undefined` when it is no command. Full-width slashes and letters, no-break blanks, long dashes
 * for `--` and curly quotes (phones turn one into the other) and mentions of people anywhere do no harm.
 */
export function parseCommand(text: string): Command | undefined {
  const words = firstLine(text)
    .split(/\s+/u)
    .filter((word) => word !== '' && !word.startsWith('@'));
  const line = words.join(' ');
  if (/^\/?\s?(help|帮助)(\s|$)/iu.test(line)) return { kind: 'help' };
  // Chinese needs no blank between the verb and the name, where a slash shows that it is one.
  const verb = /^(?:\/\s?(?:sync(?=[\s:,/]|$)|同步)|同步(?=\s|$))[\s:,/]*/iu.exec(line);
  if (verb) return syncCommand(line.slice(verb[0].length), line);
  if (!line.startsWith('/')) return withoutSlash(line);
  const [first = '', ...rest] = line.slice(1).trim().split(' ');
  return { kind: 'unknown', words: line, near: meant(first, rest.join(' ')) };
}

/** A line without a slash is no command; one that begins like one gets offered what it may have meant. */
function withoutSlash(line: string): Command | undefined {
  if (!/^sync\s/iu.test(line)) return undefined;
  return { kind: 'unknown', words: line, near: offersOf(syncCommand(line.slice(5), line)) };
}

/** What a line may have meant whose first word is none that the bot knows. */
function meant(first: string, rest: string): readonly Offer[] {
  const verbs = verbsNear(first);
  if (verbs.length > 0) return verbs.map((verb) => ({ verb, name: rest }));
  return nearest(first, ['sync']).length > 0 ? offersOf(syncCommand(rest, rest)) : [];
}

/** A command as it can be offered by a button. */
function offersOf(command: Command): readonly Offer[] {
  if (command.kind === 'unknown') return command.near;
  if (command.kind === 'missing') return [{ verb: command.verb, name: command.name ?? '' }];
  if (command.kind === 'sync') return [{ verb: command.plan ? 'plan' : 'sync', name: command.name }];
  return [{ verb: command.kind, name: 'name' in command ? (command.name ?? '') : '' }];
}

/** A command as one button can carry it. */
export interface Again extends Offer {
  /** The key for `why`, cron fields for `remind`. */
  readonly more: string;
}

/** The command that a button has to stand for so that pressing it does what was written. */
export function againOf(command: Command): Again {
  const [offer = { verb: 'help', name: '' } as const] = offersOf(command);
  if (command.kind === 'why') return { ...offer, more: command.key };
  const set = command.kind === 'remind' ? command.set : undefined;
  return { ...offer, more: set !== undefined && 'cron' in set ? set.cron : '' };
}

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

function syncCommand(rest: string, line: string): Command {
  const words = rest.split(' ').filter((word) => word !== '');
  const [first = '', ...others] = words;
  const verb = verbsByWord.get(first.toLowerCase());
  const unknown = (...near: readonly Offer[]): Command => ({ kind: 'unknown', words: line, near });
  const plainly = (all: readonly string[]): string =>
    unquoted(all.filter((word) => !flag.test(word)).join(' '));
  if (verb === 'why') return why(others);
  if (verb === 'remind') return remind(others.join(' '));
  if (verb !== undefined && verb !== 'plan') {
    const name = plainly(others);
    // Whoever names one sync does not mean all of them.
    const one = rulings.get(verb);
    if (one !== undefined && name !== '') return unknown({ verb: one, name }, { verb, name: '' });
    return others.some((word) => flag.test(word)) ? unknown({ verb, name }) : commandOf(verb, name);
  }
  const asked = verb === 'plan' ? others : words;
  const names = asked.filter((word) => !planFlag.test(word));
  const plan = verb === 'plan' || names.length < asked.length;
  const name = plainly(names);
  if (names.some((word) => flag.test(word)))
    return name === '' ? unknown() : unknown({ verb: 'sync', name }, { verb: 'plan', name });
  if (name === '') return plan ? commandOf('plan') : { kind: 'list' };
  return { kind: 'sync', name, plan };
}

/** What concerns every sync, and what does about the same to one. */
const rulings: ReadonlyMap<Verb, Verb> = new Map<Verb, Verb>([
  ['freeze', 'pause'],
  ['thaw', 'resume'],
]);

const unquoted = (words: string): string => quoted.exec(words)?.[1]?.trim() ?? words;

/** `NAME KEY`; a name of several words stands in quotes. */
function why(words: readonly string[]): Command {
  const line = words.join(' ');
  const [, title, rest] = new RegExp(`^[${quotes}]([^${quotes}]+)[${quotes}] ?(.*)$`, 'u').exec(line) ?? [];
  const [first = '', ...others] = words;
  return commandOf('why', title ?? first, unquoted(rest ?? others.join(' ')));
}

const five = /^(.+?) ((?:[\d*][\d*,/-]* ){3}[\w*,/-]+ [\w*,/-]+)$/u;

/** `NAME`, `NAME "0 9 * * 1-5"` (quotes or not) or `NAME off N`. */
function remind(line: string): Command {
  const off = /^(.+?) (?:off|关闭|关掉|关|删除) ?#?(\d{1,4})$/iu.exec(line);
  if (off) return { kind: 'remind', name: unquoted(off[1] ?? ''), set: { off: Number(off[2]) } };
  const cron =
    new RegExp(`^(.+?) ?[${quotes}]([^${quotes}]+)[${quotes}]$`, 'u').exec(line) ?? five.exec(line);
  if (cron) return { kind: 'remind', name: unquoted(cron[1] ?? ''), set: { cron: cron[2]?.trim() ?? '' } };
  return commandOf('remind', unquoted(line.replace(/ (?:off|关闭|关掉|关)$/iu, '')));
}

/**
 * The command of a verb, its name and what else it takes: for buttons, menus and forms, which send these apart.
 * @param more the key for `why`, cron fields for `remind`
 */
export function commandOf(verb: Verb, name = '', more = ''): Command {
  switch (verb) {
    case 'list':
    case 'status':
    case 'help':
    case 'freeze':
    case 'thaw':
      return { kind: verb };
    case 'retry':
    case 'cancel':
      return { kind: verb, name: name === '' ? undefined : name };
    case 'sync':
    case 'plan':
      return name === ''
        ? { kind: 'missing', verb, name: undefined }
        : { kind: 'sync', name, plan: verb === 'plan' };
    case 'why':
      return name === '' || more === ''
        ? { kind: 'missing', verb, name: name === '' ? undefined : name }
        : { kind: 'why', name, key: more };
    case 'remind':
      return name === ''
        ? { kind: 'missing', verb, name: undefined }
        : { kind: 'remind', name, set: more === '' ? undefined : { cron: more } };
    case 'history':
    case 'verify':
    case 'init':
    case 'pause':
    case 'resume':
    case 'mute':
    case 'unmute':
      return name === '' ? { kind: 'missing', verb, name: undefined } : { kind: verb, name };
  }
}

/** The command of a menu entry, such as `list` or `sync:orders`; its key is set in Feishu's console. */
export function commandOfKey(key: string): Command | undefined {
  const [word = '', name = ''] = key.normalize('NFKC').split(':', 2);
  const verb = word === 'sync' || word === 'plan' ? word : verbsByWord.get(word.trim().toLowerCase());
  if (verb === 'sync' && name.trim() === '') return { kind: 'list' };
  return verb === undefined ? undefined : commandOf(verb, name.trim());
}
