import type { ReminderFacts } from '../../cards/schedule-cards.ts';
import type { Outcome } from '../../sync/schedule/health.ts';
import type { Actor } from '../../sync/state/state.ts';
import type { Problem } from '../../sync/words/problem.ts';

/** What the bot keeps between restarts, shared by all its instances. */
export interface Kept {
  readonly holds: Holds;
  /** Firings of schedule entries, by the entry's ID. */
  readonly firings: Once;
  /** What is told once, whoever tells it. */
  readonly notices: Readonly<Record<NoticeKind, Once>>;
  readonly news: News;
  readonly watched: WatchList;
  readonly reminders: Reminders;
  readonly chats: Chats;
  readonly cards: Cards;
}

/** What keeps schedules, or everything, from starting. */
export interface Holds {
  /** Who has frozen everything. A note that cannot be read still freezes. */
  frozen(): Promise<Frozen | undefined>;
  /** Takes it back with `undefined`. */
  freeze(by: Frozen | undefined): Promise<void>;
  /** The schedules that are paused, by definition. */
  paused(): Promise<ReadonlyMap<string, Pause>>;
  pause(definition: string, pause: Pause): Promise<void>;
  /** Lets a definition's schedule go on at this moment (ms). */
  resume(definition: string, at: number): Promise<void>;
  /** When that happened last, in ms; 0: never. Failures before it are forgiven. */
  resumedAt(definition: string): Promise<number>;
  /** Feishu's calls of the month, where they were used up. */
  quota(): Promise<Spent | undefined>;
  spend(spent: Spent | undefined): Promise<void>;
}

/** All is frozen: by whom, and since when (ms). */
export interface Frozen {
  readonly by: Actor;
  readonly at: number;
}

/** A schedule that is paused. */
export interface Pause {
  /** open_id of who wanted it; nothing where it paused itself. */
  readonly by: string | undefined;
  /** Since when, in ms. */
  readonly at: number;
  /** What was away in all the failures: the pause ends by itself when that is back. */
  readonly away: 'feishu' | 'source' | undefined;
}

/** Until when no call will be answered, and since when that is known, in ms. */
export interface Spent {
  readonly until: number;
  readonly since: number;
}

/** Things that happen once, over all instances and restarts. `due`: which time of it, in ms where it has one. */
export interface Once {
  /** Takes one on; false when it was done, or somebody is at it until later than `now`. Of several only one gets true. */
  take(of: string, due: number, now: number, until: number): Promise<boolean>;
  /** Notes what came of it. */
  done(of: string, due: number, note?: string): Promise<void>;
  /** Lets go of one that was taken on and not done: it may be taken again from then on (ms). */
  putOff(of: string, due: number, until: number): Promise<void>;
  /** The newest by `due`; of those not after `until`, where that is given. */
  last(of: string, until?: number): Promise<Taken | undefined>;
}

/** Something that was taken on. */
export interface Taken {
  readonly due: number;
  /** When it was taken on, in ms. */
  readonly at: number;
  /** Until when it counts as being done; null once it is. */
  readonly until: number | null;
  /** What came of it. */
  readonly note: string;
}

/** What is told once: of runs, of definitions, of their limits, of the app, of chats. */
export type NoticeKind =
  | 'report'
  | 'held'
  | 'paused'
  | 'lifted'
  | 'broken'
  | 'mended'
  | 'stale'
  | 'fresh'
  | 'quota'
  | 'owed';

/** What chats were told of scheduled runs, and what they are still to be told. */
export interface News {
  /** What a chat knows of a definition's scheduled runs. */
  health(definition: string, chat: string | undefined): Promise<Health | undefined>;
  saveHealth(definition: string, chat: string | undefined, health: Health): Promise<void>;
  /** Good news that waits for the end of the quiet hours: the newest of each definition and chat. */
  held(): Promise<readonly HeldNews[]>;
  hold(news: HeldNews): Promise<void>;
  release(news: HeldNews): Promise<void>;
  /** Notices that could not be sent. */
  owed(): Promise<readonly Debt[]>;
  owe(debt: Debt): Promise<void>;
  paid(debt: Debt): Promise<void>;
}

export interface Health {
  readonly outcome: Outcome;
  /** The message that shows the trouble. */
  readonly message: string | null;
}

export interface HeldNews {
  readonly definition: string;
  readonly chat: string | undefined;
  readonly run: string;
  readonly recovered: boolean;
}

/** A notice that could not be sent to a chat or a person. */
export interface Debt {
  readonly to: string;
  /** The last 64 characters of what tells the notice from others. */
  readonly once: string;
  /** When it happened, in ms. */
  readonly at: number;
  /** The definition; empty where it is about all of them. */
  readonly name: string;
  readonly title: string;
  /** open_ids of those who get it where its chat is gone, and of those who are notified. */
  readonly others: readonly string[];
  readonly people: readonly string[];
  readonly zh: string;
  readonly en: string;
}

/** What must be known of definitions by those who watch them, also while a file cannot be read. */
export interface WatchList {
  all(): Promise<ReadonlyMap<string, Watched>>;
  save(definition: string, watched: Watched | undefined): Promise<void>;
  /** When a definition was first watched, in ms; from now on where it was not. */
  since(definition: string, now: number): Promise<number>;
}

export interface Watched {
  readonly title: string;
  /** Who is told. */
  readonly chat: string | undefined;
  readonly others: readonly string[];
  readonly limits: readonly Limit[];
}

/** When a table counts as stale, and who hears of it. */
export interface Limit {
  /** The entry's ID. */
  readonly id: string;
  readonly chat: string | undefined;
  /** As definitions write it, such as `26h`. */
  readonly stale: string;
}

/** Reminders that people set. */
export interface Reminders {
  add(reminder: Reminder): Promise<void>;
  /** Oldest first. */
  all(): Promise<readonly Reminder[]>;
  /** False when it is gone already. */
  remove(id: string): Promise<boolean>;
}

/** A reminder that people set in a chat: by the clock, or once (put off). */
export interface Reminder {
  readonly id: string;
  readonly definition: string;
  readonly chat: string;
  /** Cron fields, or one moment in ms. */
  readonly when: { readonly cron: string; readonly timeZone: string } | { readonly at: number };
  /** Whether it counts the rows that wait. */
  readonly plan: boolean;
  /** open_id of who set it. */
  readonly by: string;
  readonly createdAt: number;
}

/** What is known of chats. */
export interface Chats {
  /** Whether somebody muted a definition in a chat: no good news, and nobody is mentioned. */
  isMuted(definition: string, chat: string | undefined): Promise<boolean>;
  /** Takes it back with `undefined`. @param by open_id */
  mute(definition: string, chat: string, by: string | undefined): Promise<void>;
  /** Whether a chat has members of other companies, and when that was learned (ms). */
  outsiders(chat: string): Promise<{ readonly outside: boolean; readonly at: number } | undefined>;
  saveOutsiders(chat: string, outside: boolean, at: number): Promise<void>;
  /** Whether a person is to be welcomed: not twice within `pause` (ms), and of several instances by one. */
  welcome(person: string, now: number, pause: number): Promise<boolean>;
}

/** What is known of cards that the bot has sent, by message. */
export interface Cards {
  /** Buttons of commands count on it from now on. @param thread whether it stands in a thread of a group */
  trust(message: string, thread: boolean, now: number): Promise<void>;
  trusted(message: string): Promise<{ readonly thread: boolean } | undefined>;
  /** Notes that the progress of a run stands in a thread. */
  saveThread(run: string, now: number): Promise<void>;
  inThread(run: string): Promise<boolean>;
  /** Keeps what a notice with buttons is about. */
  saveNotice(message: string, notice: CardNotice, now: number): Promise<void>;
  notice(message: string): Promise<CardNotice | undefined>;
  /** Presses on such a notice, of which one counts. */
  readonly presses: Once;
}

export type CardNotice =
  | {
      readonly kind: 'remind';
      readonly definition: string;
      readonly chat: string;
      readonly plan: boolean;
      readonly due: number;
      readonly zone: string;
      readonly facts: ReminderFacts;
    }
  | {
      readonly kind: 'paused';
      readonly definition: string;
      readonly failures: number;
      readonly error: Problem | null;
    };
