import type { Meant } from '../cards/answer-cards.ts';
import type { Clock, Journal, Log, RunRecord } from '../run/ports.ts';
import type { Runs } from '../run/runs/runs.ts';
import type { Inited } from '../run/table/init-table.ts';
import type { Unwritten } from '../run/table/rows-of-run.ts';
import type { Verify } from '../run/table/verify.ts';
import type { Definition } from '../sync/definition/definition.ts';
import type { Verified } from '../sync/state/checked.ts';
import type { Actor, Story } from '../sync/state/state.ts';
import type { Locale, Text } from '../sync/words/text.ts';
import type { Right } from './access.ts';
import { factsOf } from './failures.ts';
import type { Live } from './live.ts';
import type { Audit, AuditEntry, CardJson, Chat, Definitions, Kept } from './ports.ts';

/** Time, log, language and the people in charge. */
export interface Surroundings {
  readonly clock: Clock;
  readonly log: Log;
  readonly locale: Locale;
  readonly timeZone: string;
  /** open_ids. */
  readonly admins: readonly string[];
}

/** What can be done with a definition's table and rows besides a run. */
export interface TableWork {
  /** Compares both sides of a definition; writes nothing. */
  readonly verify: Verify;
  /** Creates the table of a definition that names a base only. */
  init(name: string): Promise<Inited>;
  /** What the latest runs did with a row. */
  story(definition: string, key: string): Promise<Story>;
  /** The rows that a run did not write, some at a time. */
  unwritten(record: RunRecord): AsyncIterable<readonly Unwritten[]>;
}

/** What is stored of people's acts and of runs. */
export interface Records {
  readonly kept: Kept;
  readonly audit: Pick<Audit, 'note'>;
  readonly journal: Pick<Journal, 'saveCard' | 'findRun' | 'findRunByMessage'>;
}

/** What a verification came to, with the list of keys as files. */
export interface Verification {
  readonly seen: Verified;
  readonly files: readonly { readonly name: string; readonly content: Buffer }[];
}

/** What goes on at this moment. */
export interface Activity {
  /** Work that outlives the answer to an event. */
  readonly background: Background;
  /** Verifications in progress, by the definition as it was read. */
  readonly verifying: Map<Definition, Promise<Verification>>;
  /** Cards that are being sent, until it is known which messages they are. */
  readonly underWay: Set<Promise<unknown>>;
  /** Aborted when the program leaves. */
  readonly leaving: AbortSignal;
  /** Cards that follow their runs. */
  readonly live: Live;
}

/** What commands and buttons work with: flat, so that whoever needs less asks for less. */
export interface Bot extends Surroundings, TableWork, Records, Activity {
  readonly chat: Chat;
  readonly runs: Runs;
  readonly definitions: Definitions;
  readonly commands: Commands;
}

/** Work that goes on after an event was answered. Errors are logged and end nothing. */
export interface Background {
  start(what: string, work: () => Promise<void>): void;
  /** Resolves when everything that is going on has ended. */
  settled(): Promise<void>;
}

export function createBackground(log: Log): Background {
  const going = new Set<Promise<void>>();
  return {
    start(what, work) {
      const task = work()
        .catch((error: unknown) => log.error('work.failed', { what, ...factsOf(error) }))
        .finally(() => going.delete(task));
      going.add(task);
    },
    async settled() {
      while (going.size > 0) await Promise.all(going);
    },
  };
}

/** Waits for work, but not longer than that (ms), nor once the signal is aborted; answers whether it is done. */
export async function within(
  work: Promise<unknown>,
  ms: number,
  clock: Clock,
  signal?: AbortSignal,
): Promise<boolean> {
  const over = new AbortController();
  const late = clock.sleep(ms, AbortSignal.any([over.signal, ...(signal ? [signal] : [])]));
  try {
    return await Promise.race([work.then(() => true), late.catch(() => undefined).then(() => false)]);
  } finally {
    over.abort();
  }
}

/** Who asks for something, and where the answer goes. */
export interface ChatRequest {
  readonly by: Actor & { readonly openId: string };
  /** The chat; the person's own open_id where no chat is known, as for menus. */
  readonly chat: string;
  /** What the answer is a reply to; a message of its own when there is nothing. */
  readonly message: string | undefined;
  /** Whether it stands in a group: the answer goes into a thread. */
  readonly group: boolean;
  readonly via: Exclude<AuditEntry['via'], 'cli'>;
  /** When it was written (ms), where that was too long ago for it to be carried out unasked. */
  readonly late?: number;
  /** Repeats of the same answer within the hour send nothing; also the audit entry's ID. */
  readonly once: string;
}

/** A line of the help: what to write, what it does in a few words for the card, and at length for the page of the commands. */
export interface Usage {
  readonly line: string;
  readonly does: Text;
  /** What the page says, where that is more. */
  readonly manual?: Text;
  /** How the page writes it, where that is another way. */
  readonly written?: Text;
}

/** What follows a command: a definition's name or title as written, and the rest, such as a key or cron fields. */
export interface Words {
  readonly name: string;
  readonly more: string;
}

interface CommandWords {
  readonly verb: string;
  /** Other words for it. */
  readonly spellings: readonly string[];
  /** What help tells of it; nothing where the line of another command names it too. */
  readonly usages: readonly Usage[];
  /** Takes apart what follows it, where that is more than a name. */
  readonly read?: (words: readonly string[]) => Words;
  /** Looks again at a name that may hold more than a name. */
  readonly reread?: (words: Words, bot: Bot) => Promise<Words>;
}

/** Concerns no definition, or all of them. */
interface AloneCommand extends CommandWords {
  readonly needs: 'nothing';
  readonly right: Right;
  /** The verb that does the same to one definition. */
  readonly forOne?: string;
  run(request: ChatRequest, bot: Bot): Promise<CardJson | undefined>;
}

/** Concerns one definition, and a row of it where it needs a key. What is missing is asked for with a form. */
interface DefinitionCommand extends CommandWords {
  readonly needs: 'name' | 'key';
  readonly right: Right;
  run(definition: Definition, request: ChatRequest, bot: Bot, more: string): Promise<CardJson | undefined>;
}

/** Concerns runs, of one definition or of whatever it can mean without a name; asks itself who may. */
interface RunCommand extends CommandWords {
  readonly needs: 'perhaps a name';
  readonly right: 'of each run';
  run(name: string, request: ChatRequest, bot: Bot): Promise<CardJson | undefined>;
}

/** A chat command. One object tells all that is known of it; `run` answers the card to show, if any is left to show. */
export type ChatCommand = AloneCommand | DefinitionCommand | RunCommand;

/** What somebody asks the bot for. */
export type Command =
  | ({ readonly kind: 'command'; readonly command: ChatCommand } & Words)
  /** Begins with a slash, but is no command that the bot knows; `near`: what may have been meant. */
  | { readonly kind: 'unknown'; readonly words: string; readonly near: readonly Meant[] };

/** The commands that the bot knows, and how they are read. */
export interface Commands {
  readonly all: readonly ChatCommand[];
  /** Reads one chat line; `undefined` when it is no command. */
  parse(text: string): Command | undefined;
  /** The command of a verb, its name and what else it takes; `undefined` for a verb that is unknown. */
  of(verb: string, name?: string, more?: string): Command | undefined;
  /** The command of a menu entry, such as `list` or `sync:orders`; its key is set in Feishu's console. */
  ofKey(key: string): Command | undefined;
  /** Verbs that are near to a word. */
  near(word: string): readonly string[];
}
