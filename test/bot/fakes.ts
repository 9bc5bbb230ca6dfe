import type {
  Audit,
  AuditEntry,
  CardJson,
  Chat,
  ClickEvent,
  Definitions,
  Kept,
  MessageEvent,
  Reminder,
  Reminders,
} from '../../src/bot/ports.ts';
import type { Clock, Log, RunRecord, Seen } from '../../src/run/ports.ts';
import type { Acted, Run, RunRequest, Runs, Started } from '../../src/run/runs/runs.ts';
import type { Marks, Occasions } from '../../src/store/db/notes.ts';
import { kept } from '../../src/store/kept.ts';
import type { Definition } from '../../src/sync/definition/definition.ts';
import type { State, Status } from '../../src/sync/state/state.ts';
import { CallError, type Failure } from '../../src/sync/words/failure.ts';
import { BrokenFile, problem } from '../../src/sync/words/problem.ts';
import { text } from '../../src/sync/words/text.ts';
import { at, stateWith } from '../cards/states.ts';
import { sampleDefinition } from '../support/samples.ts';

/** Lets everything run that waits for nothing but its turn. */
export const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Time that moves only when a test moves it. */
export function fakeClock(): Clock & { advance(ms: number): Promise<void>; sleeping(): number } {
  let now = at;
  const sleepers = new Set<{ readonly until: number; readonly wake: () => void }>();
  return {
    now: () => now,
    monotonic: () => now,
    sleep: (ms, signal) =>
      new Promise((resolve, reject) => {
        const wake = () => {
          signal?.removeEventListener('abort', abort);
          resolve();
        };
        const sleeper = { until: now + ms, wake };
        const abort = () => {
          sleepers.delete(sleeper);
          reject(new Error('aborted'));
        };
        if (signal?.aborted) abort();
        else sleepers.add(sleeper);
        signal?.addEventListener('abort', abort, { once: true });
      }),
    sleeping: () => sleepers.size,
    async advance(ms) {
      const end = now + ms;
      await settle();
      for (;;) {
        const [next] = [...sleepers].filter((one) => one.until <= end).sort((a, b) => a.until - b.until);
        if (!next) break;
        sleepers.delete(next);
        now = Math.max(now, next.until);
        next.wake();
        await settle();
      }
      now = end;
      await settle();
    },
  };
}

export interface Said {
  readonly kind: 'send' | 'reply' | 'patch' | 'file';
  readonly to: string;
  readonly card: CardJson;
  readonly once: string;
  readonly at: number;
}

/** A chat that notes what is said. `fail` decides which calls are refused; `delay` how long patches are on their way. */
export function fakeChat(clock: Clock) {
  const said: Said[] = [];
  const files: { to: string; once: string; name: string; text: string }[] = [];
  const control = {
    fail: (_: Said, __: number): Error | undefined => undefined,
    about: (): { readonly name: string; readonly outside: boolean } => ({ name: '', outside: false }),
    delay: 0,
    flying: 0,
    mostFlying: 0,
  };
  let count = 0;
  const say = async (kind: Said['kind'], to: string, card: CardJson, once: string): Promise<string> => {
    const one = { kind, to, card, once, at: clock.now() };
    said.push(one);
    control.flying += 1;
    control.mostFlying = Math.max(control.mostFlying, control.flying);
    if (control.delay > 0) await clock.sleep(control.delay);
    control.flying -= 1;
    const error = control.fail(one, said.length);
    if (error) throw error;
    count += 1;
    return `om_${count}`;
  };
  const chat: Chat = {
    send: (to, card, once) => say('send', to, card, once),
    reply: (to, card, once) => say('reply', to, card, once),
    about: async () => control.about(),
    patch: async (to, card) => {
      await say('patch', to, card, '');
    },
    file: async (to, file, once) => {
      files.push({ to, once, name: file.name, text: file.content.toString('utf8') });
      return say('file', to, {}, once);
    },
  };
  const patches = () => said.filter((one) => one.kind === 'patch');
  return { chat, said, files, patches, control };
}

export const callError = (code: number | null, more: Partial<Failure> = {}): CallError =>
  new CallError({
    how: code === null ? 'threw' : 'answered',
    code,
    message: 'refused',
    verdict: 'unknown',
    mayHaveHappened: false,
    ...more,
  });

/** A log that notes its events. */
export function fakeLog(): Log & {
  readonly lines: { readonly level: string; readonly event: string; readonly facts: unknown }[];
} {
  const lines: { level: string; event: string; facts: unknown }[] = [];
  const note = (level: string) => (event: string, facts?: unknown) => {
    lines.push({ level, event, facts });
  };
  return { lines, debug: note('debug'), info: note('info'), warn: note('warn'), error: note('error') };
}

/** A run whose state a test sets. */
export function fakeRun(first: State = stateWith()): Run & {
  set(change: Partial<State>): void;
  end(status: Exclude<Status, 'running'>, change?: Partial<State>): void;
  /** Another instance takes it over, or is to where a reason is given. */
  lose(reason?: unknown): void;
} {
  const lost = new AbortController();
  let state = first;
  const listeners = new Set<(state: State) => void>();
  let finish: (state: State) => void = () => undefined;
  const ended = new Promise<State>((resolve) => {
    finish = resolve;
  });
  const set = (change: Partial<State>) => {
    state = { ...state, ...change };
    for (const listener of listeners) listener(state);
  };
  return {
    id: first.run,
    state: () => state,
    watch(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    ended,
    lost: lost.signal,
    lose: (reason) => lost.abort(reason),
    meter: { count: () => undefined },
    set,
    end(status, change = {}) {
      set({ status, phase: 'ended', endedAt: at + 60_000, ...change });
      finish(state);
    },
  };
}

export const definition = (change: Partial<Definition> = {}): Definition => ({
  ...sampleDefinition,
  ...change,
});

export const brokenFile = {
  code: 'bad-yaml',
  message: text('第 3 行：缩进不对。', 'line 3: bad indentation.'),
  cure: text('改正缩进。', 'Mend the indentation.'),
};

/** Definitions by name; `bad` is one whose file is broken. */
export function fakeDefinitions(all: readonly Definition[]): Definitions {
  return {
    get: async (name) => {
      const found = all.find((one) => one.name === name);
      if (found) return found;
      throw name === 'bad'
        ? new BrokenFile(name, [brokenFile])
        : problem({ ...brokenFile, code: 'no-such-name' });
    },
    list: async () => [
      ...all.map((one) => ({ name: one.name, definition: one })),
      { name: 'bad', file: 'syncs/bad.yaml', problems: [brokenFile] },
    ],
  };
}

/** Runs whose answers a test sets; notes what is asked of them. */
export function fakeRuns() {
  const asked: {
    readonly op: string;
    readonly run?: string;
    readonly by?: unknown;
    readonly v?: number | undefined;
    readonly request?: RunRequest;
  }[] = [];
  const answers = {
    start: (_: RunRequest): Promise<Started> => Promise.resolve({ kind: 'started', run: fakeRun() }),
    act: (): Promise<Acted> => Promise.resolve({ kind: 'no-such-run' }),
    find: (_: string): Promise<State | undefined> => Promise.resolve(undefined),
    latest: (_: string): Promise<readonly State[]> => Promise.resolve([]),
    open: (): Promise<readonly { readonly state: State; readonly chat: string | null }[]> =>
      Promise.resolve([]),
    resume: (): Promise<readonly Run[]> => Promise.resolve([]),
  };
  const act = (op: string) => (run: string, by: unknown, v?: number) => {
    asked.push({ op, run, by, v });
    return answers.act();
  };
  const runs: Runs = {
    start: (request) => {
      asked.push({ op: 'start', request });
      return answers.start(request);
    },
    retry: act('retry'),
    apply: act('apply'),
    discard: act('discard'),
    cancel: act('cancel'),
    resumeCancelled: act('resume'),
    open: () => answers.open(),
    find: (run) => answers.find(run),
    latest: (name) => answers.latest(name),
    active: () => [],
    resume: () => answers.resume(),
    stop: async () => undefined,
  };
  return { runs, asked, answers };
}

export function fakeSeen(): Seen {
  const ids = new Set<string>();
  return {
    first: async (shown) => {
      const fresh = shown.every((id) => !ids.has(id));
      for (const id of shown) ids.add(id);
      return fresh;
    },
    prune: async () => undefined,
  };
}

/** What was asked for, in memory. */
export function fakeAudit(): Audit & { readonly entries: readonly AuditEntry[] } {
  const entries: AuditEntry[] = [];
  return {
    entries,
    note: async (entry) => {
      entries.push(entry);
    },
    list: async () => entries,
    prune: async () => undefined,
  };
}

/** What the bot keeps, in memory; `marks` and `occasions` are the rows behind it. */
export function fakeKept(): Kept & { readonly marks: Marks; readonly occasions: Occasions } {
  const found: {
    what: string;
    due: number;
    at: number;
    until: number | null;
    note: string;
    message?: string;
  }[] = [];
  let marked: { kind: string; definition: string; chat: string; value: string }[] = [];
  let set: Reminder[] = [];
  const find = (what: string, due: number) => found.find((one) => one.what === what && one.due === due);
  const occasions: Occasions = {
    take: async (what, due, now, until) => {
      const known = find(what, due);
      if (!known) found.push({ what, due, at: now, until, note: '' });
      else if (known.until === null || known.until > now) return false;
      else Object.assign(known, { at: now, until });
      return true;
    },
    done: async (what, due, note, message) => {
      const known = find(what, due);
      if (known) Object.assign(known, { until: null, note, ...(message !== undefined && { message }) });
    },
    putOff: async (what, due, until) => {
      const known = find(what, due);
      if (known && known.until !== null) known.until = until;
    },
    last: async (what, until = Number.POSITIVE_INFINITY) =>
      found.filter((one) => one.what === what && one.due <= until).sort((a, b) => b.due - a.due)[0],
    byMessage: async (message) => found.find((one) => one.message === message),
    prune: async () => undefined,
  };
  const marks: Marks = {
    all: async (kind) => marked.filter((one) => one.kind === kind),
    set: async (kind, definition, chat, value) => {
      marked = marked.filter(
        (one) => one.kind !== kind || one.definition !== definition || one.chat !== chat,
      );
      if (value !== undefined) marked.push({ kind, definition, chat, value });
    },
  };
  const reminders: Reminders = {
    add: async (reminder) => {
      set.push(reminder);
    },
    all: async () => set,
    remove: async (id) => {
      const before = set.length;
      set = set.filter((one) => one.id !== id);
      return set.length < before;
    },
  };
  return { ...kept(marks, occasions, reminders), marks, occasions };
}

export const recordOf = (state: State, message = 'om_card'): RunRecord => ({
  id: state.run,
  scope: { definition: state.definition, table: 'APPTOKEN/tblXXXX' },
  fingerprint: '',
  plan: '',
  state,
  card: { chat: 'oc_group', message },
});

/** Remembers which card shows which run. */
export function fakeJournal(records: readonly RunRecord[] = []) {
  const cards: { readonly run: string; readonly chat: string; readonly message: string }[] = [];
  return {
    cards,
    saveCard: async (run: string, card: { readonly chat: string; readonly message: string }) => {
      cards.push({ run, ...card });
    },
    lastSuccess: async (_: string): Promise<number | undefined> => undefined,
    findRun: async (run: string) => records.find((one) => one.id === run),
    findRunByMessage: async (message: string) => records.find((one) => one.card?.message === message),
  };
}

export const message = (line: string | undefined, change: Partial<MessageEvent> = {}): MessageEvent => ({
  kind: 'message',
  id: 'ev_1',
  message: 'om_command',
  chat: 'oc_p2p',
  chatKind: 'p2p',
  tenant: 'tenant-1',
  from: 'ou_anna',
  fromBot: false,
  text: line,
  mentioned: false,
  ...change,
});

export const press = (value: unknown, change: Partial<ClickEvent> = {}): ClickEvent => ({
  kind: 'click',
  id: 'ev_click',
  message: 'om_card',
  chat: 'oc_group',
  tenant: 'tenant-1',
  from: 'ou_anna',
  name: undefined,
  value,
  form: {},
  ...change,
});
