import { randomUUID } from 'node:crypto';
import { tmpdir } from 'node:os';
import { keeper } from '../../src/run/keeper.ts';
import { openLanes } from '../../src/run/lane.ts';
import type {
  CallMeter,
  Chance,
  Clock,
  Journal,
  LinkedTable,
  Log,
  People,
  RecordPage,
  Rows,
  Source,
  Store,
  Table,
} from '../../src/run/ports.ts';
import { ordersEvery } from '../../src/run/runs/presses.ts';
import { openRuns } from '../../src/run/runs/registry.ts';
import type { RunRequest, Runs } from '../../src/run/runs/runs.ts';
import { openStore } from '../../src/store/open.ts';
import type { Definition } from '../../src/sync/definition/definition.ts';
import type { Field, Fields, TableRecord } from '../../src/sync/definition/field.ts';
import type { Column, Value } from '../../src/sync/fields/column.ts';
import type { State } from '../../src/sync/state/state.ts';
import { CallError, type Failure } from '../../src/sync/words/failure.ts';

export const quiet: Log = { debug() {}, info() {}, warn() {}, error() {} };

// ---------------------------------------------------------------- time

export interface MovableClock extends Clock {
  /** While true, time jumps to the next waiting sleep as soon as everybody waits. */
  auto: boolean;
  /** Lets time pass by hand, waking sleepers on the way. */
  advance(ms: number): Promise<void>;
  /** Time passes at once, as in a machine that slept: those whose time has come wake up late. */
  jump(ms: number): void;
  /** Somebody sets the calendar, ahead or back; no time passes. */
  set(ms: number): void;
  /** Every sleep that was asked for. */
  readonly asked: number[];
}

/** What goes on in the background for as long as a run does: heartbeats, and looking for orders. */
const background: ReadonlySet<number> = new Set([5_000, ordersEvery]);

/** A clock that tests move. What goes on in the background never moves it: it would go on for ever. */
export function movableClock(): MovableClock {
  let now = 1_700_000_000_000;
  let moved = 0;
  const sleepers = new Set<{ at: number; ms: number; wake(): void }>();
  let planned = false;

  function wakeUntil(then: number): void {
    for (;;) {
      const [next] = [...sleepers].sort((a, b) => a.at - b.at);
      if (!next || next.at > then) return;
      now = Math.max(now, next.at);
      sleepers.delete(next);
      next.wake();
      return;
    }
  }

  function plan(): void {
    if (planned) return;
    planned = true;
    let turns = 0;
    const turn = (): void => {
      if (++turns < 4) {
        setImmediate(turn);
        return;
      }
      planned = false;
      const busy = [...sleepers].filter(({ ms }) => !background.has(ms));
      if (!clock.auto || busy.length === 0) return;
      wakeUntil(Number.POSITIVE_INFINITY);
      plan();
    };
    setImmediate(turn);
  }

  const clock: MovableClock = {
    auto: true,
    asked: [],
    now: () => now + moved,
    monotonic: () => now,
    sleep(ms, signal) {
      clock.asked.push(ms);
      return new Promise((resolve, reject) => {
        if (signal?.aborted) {
          reject(signal.reason as Error);
          return;
        }
        const leave = (): void => {
          sleepers.delete(sleeper);
          reject(signal?.reason as Error);
        };
        const sleeper = {
          at: now + ms,
          ms,
          wake() {
            signal?.removeEventListener('abort', leave);
            resolve();
          },
        };
        signal?.addEventListener('abort', leave, { once: true });
        sleepers.add(sleeper);
        plan();
      });
    },
    set(ms) {
      moved += ms;
    },
    jump(ms) {
      now += ms;
      while ([...sleepers].some(({ at }) => at <= now)) wakeUntil(now);
    },
    async advance(ms) {
      const then = now + ms;
      while ([...sleepers].some(({ at }) => at <= then)) {
        wakeUntil(then);
        await turns();
      }
      now = then;
    },
  };
  return clock;
}

/** Lets everything that can go on without time go on. */
export async function turns(count = 20): Promise<void> {
  for (let at = 0; at < count; at++) await new Promise((resolve) => setImmediate(resolve));
}

/** Waits until something holds; what it waits for must come by itself. */
export async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setImmediate(resolve));
}

/** Never settles: what a killed process waits for. */
export const forever = (): Promise<never> => new Promise(() => undefined);

// ---------------------------------------------------------------- table

export interface Call {
  readonly op:
    | 'create'
    | 'update'
    | 'delete'
    | 'records'
    | 'matching'
    | 'look'
    | 'revision'
    | 'total'
    | 'about'
    | 'fields';
  readonly rows: number;
  readonly token?: string;
  readonly keys: readonly string[];
}

/** What becomes of a call instead of working: refused, or carried out and then not answered. */
export interface Fault {
  readonly failure?: Failure;
  readonly applied?: boolean;
  /** The answer comes only when this settles; it may reject. */
  readonly wait?: Promise<void>;
}

export const failed = (verdict: Failure['verdict'], more: Partial<Failure> = {}): Failure => ({
  how: 'answered',
  code: 1,
  message: verdict,
  verdict,
  mayHaveHappened: false,
  ...more,
});

/** No answer came: nobody knows whether it happened. */
export const lost: Failure = {
  how: 'threw',
  code: null,
  message: 'timeout',
  verdict: 'round',
  mayHaveHappened: true,
};
export const busy: Failure = failed('wait', { code: 1254291, message: 'Write conflict' });

export interface FakeTable extends Table {
  /** The other tables of the base. */
  readonly links: Map<string, LinkedTable>;
  readonly held: Map<string, Record<string, unknown>>;
  readonly calls: Call[];
  /** Calls that write, in order. */
  writes(): Call[];
  moved: number;
  advanced: boolean;
  fieldList: Field[];
  forbidden: Set<string>;
  /** Records that no list shows, and a look-up by ID does. */
  unlisted: Set<string>;
  /** By how much a call of ours moves the change counter, and a person's edit; by one when not said otherwise. */
  moves: (op: Call['op'] | 'edit', records: number) => number;
  /** Whether the change counter, and the number of records, are shown as they were when they were asked for last. */
  late: { revision: boolean; total: boolean };
  /** Rows with which a call is too large. */
  most: number;
  pageSize: number;
  lookSize: number;
  /** Asked before each call. */
  fault: (call: Call) => Fault | undefined;
  /** Whether a row's values are refused. */
  refuses: (fields: Fields) => boolean;
  /** What a refusal points at, by the place of the first row that is refused. */
  pointsAt: (at: number) => string | undefined;
  /** Feishu's own words for a refusal. */
  words: string;
  /** Told before each page of a read. */
  onPage: (page: number) => void;
  put(fields: Fields): string;
  /** Somebody changes a record, or deletes it. */
  edit(id: string, fields: Fields | null): void;
  keys(): string[];
  inFlight: number;
  widest: number;
}

export const keyField = '订单号';

const field = (name: string, kind: Field['kind']): Field => ({
  id: `fld${name}`,
  name,
  kind,
  look: kind,
  primary: name === keyField,
});

/** A table that keeps its records in memory, all or nothing, and remembers client tokens for two minutes. */
export function fakeTable(clock: Clock): FakeTable {
  let number = 0;
  const tokens = new Map<
    string,
    { readonly content: string; readonly ids: readonly string[]; readonly at: number }
  >();
  const held = new Map<string, Record<string, unknown>>();
  const keyOfFields = (fields: Fields): string => String(fields[keyField] ?? '');
  const plainKey = (fields: Fields): string =>
    ((fields[keyField] ?? []) as { text: string }[]).map(({ text }) => text).join('');
  const asRead = (name: string, value: unknown): unknown =>
    table.fieldList.find((one) => one.name === name)?.kind === 'text'
      ? [{ type: 'text', text: value }]
      : value;

  function write(into: Record<string, unknown>, fields: Fields): void {
    for (const [name, value] of Object.entries(fields)) {
      if (value === null || value === '') delete into[name];
      else into[name] = asRead(name, value);
    }
  }

  function add(fields: Fields): string {
    const id = `rec${++number}`;
    const into = {};
    write(into, fields);
    held.set(id, into);
    return id;
  }

  /** A number as it is, or as it was when it was asked for last. */
  function lagging(): (isLate: boolean, now: number) => number {
    let last: number | undefined;
    return (isLate, now) => {
      const shown = isLate ? (last ?? now) : now;
      last = now;
      return shown;
    };
  }
  const revision = lagging();
  const total = lagging();

  async function call<T>(about: Call, signal: AbortSignal, work: () => T): Promise<T> {
    signal.throwIfAborted();
    table.calls.push(about);
    const isWrite = ['create', 'update', 'delete'].includes(about.op);
    if (isWrite) {
      table.inFlight++;
      table.widest = Math.max(table.widest, table.inFlight);
    }
    try {
      const fault = table.fault(about);
      await new Promise((resolve) => setImmediate(resolve));
      if (fault?.failure && !fault.applied) {
        await fault.wait;
        throw new CallError(fault.failure);
      }
      if (fault?.wait && !fault.applied) await abortable(fault.wait, signal);
      const result = work();
      if (fault?.wait && fault.applied) await abortable(fault.wait, signal);
      if (fault?.failure) throw new CallError(fault.failure);
      return result;
    } finally {
      if (isWrite) table.inFlight--;
    }
  }

  const tooMany = (rows: number): void => {
    if (rows > table.most) throw new CallError(failed('smaller', { code: 1254104, message: 'too many' }));
  };

  function mustExist(ids: readonly string[]): void {
    const gone = ids.find((id) => !held.has(id));
    if (gone)
      throw new CallError(
        failed('gone', { code: 1254043, message: `record not found,id = ${gone}`, pointer: gone }),
      );
  }

  function mustFit(records: readonly Fields[]): void {
    const at = records.findIndex((one) => table.refuses(one));
    if (at < 0) return;
    const pointer = table.pointsAt(at);
    const message = table.words;
    throw new CallError(
      failed('values', { code: 1254061, message, ...(pointer === undefined ? {} : { pointer }) }),
    );
  }

  const table: FakeTable = {
    base: 'bascn1',
    id: 'tbl1',
    chunkSize: 10,
    held,
    calls: [],
    writes: () => table.calls.filter(({ op }) => op === 'create' || op === 'update' || op === 'delete'),
    moved: 1,
    advanced: false,
    fieldList: [field(keyField, 'text'), field('金额', 'number'), field('备注', 'text')],
    forbidden: new Set(),
    unlisted: new Set(),
    moves: () => 1,
    late: { revision: false, total: false },
    most: Number.POSITIVE_INFINITY,
    pageSize: 5,
    lookSize: 100,
    fault: () => undefined,
    refuses: () => false,
    pointsAt: () => undefined,
    words: failed('values').message,
    onPage: () => undefined,
    inFlight: 0,
    widest: 0,
    async createField({ name, kind }) {
      const made = field(name, kind);
      table.fieldList = [...table.fieldList, made];
      table.moved++;
      return made;
    },
    put(fields) {
      table.moved += table.moves('edit', 1);
      return add(fields);
    },
    edit(id, fields) {
      const record = held.get(id);
      if (!record) return;
      table.moved += table.moves('edit', 1);
      if (fields === null) held.delete(id);
      else write(record, fields);
    },
    keys: () => [...held.values()].map(plainKey).sort(),
    about: (signal) =>
      call({ op: 'about', rows: 0, keys: [] }, signal, () => ({ name: 'base', advanced: table.advanced })),
    revision: (signal) =>
      call({ op: 'revision', rows: 0, keys: [] }, signal, () => revision(table.late.revision, table.moved)),
    fields: (signal) => call({ op: 'fields', rows: 0, keys: [] }, signal, () => table.fieldList),
    total: (signal) =>
      call({ op: 'total', rows: 0, keys: [] }, signal, () => total(table.late.total, seenByApp().length)),
    async *records(_names, signal): AsyncGenerator<RecordPage> {
      for (let reads = 1; ; reads++) {
        const seen: string[] = [];
        for (let page = 1, more = true; more; page++) {
          table.onPage(page);
          const some = await call({ op: 'records', rows: 0, keys: [] }, signal, () => {
            const rest = seenByApp().filter((id) => !seen.includes(id));
            return { ids: rest.slice(0, table.pageSize), more: rest.length > table.pageSize };
          });
          more = some.more;
          seen.push(...some.ids);
          yield {
            records: some.ids.map((id) => recordOf(id)),
            total: seenByApp().length,
            restarted: false,
          };
        }
        if (seen.length === seenByApp().length) return;
        if (reads === 3) throw new CallError(failed('round', { code: null, word: 'records-overlooked' }));
        yield { records: [], total: 0, restarted: true };
      }
    },
    inView: async () => new Set(held.keys()),
    links: new Map(),
    linked: (id) => {
      const linked = table.links.get(id);
      if (!linked) throw new Error('no links here');
      return linked;
    },
    filters: (_name, values) => Math.ceil(values.length / 50),
    matching: (name, values, _names, signal) =>
      call({ op: 'matching', rows: 0, keys: values }, signal, () =>
        [...held.keys()]
          .filter((id) => !table.forbidden.has(id) && !table.unlisted.has(id))
          .map(recordOf)
          .filter(({ fields }) => name === keyField && values.includes(plainKey(fields))),
      ),
    look: (ids, signal) =>
      call({ op: 'look', rows: ids.length, keys: [] }, signal, () => ({
        present: ids.flatMap((id) => {
          const fields = table.forbidden.has(id) ? undefined : held.get(id);
          return fields ? { id, fields } : [];
        }),
        forbidden: ids.filter((id) => table.forbidden.has(id)),
        absent: ids.filter((id) => !held.has(id) && !table.forbidden.has(id)),
      })),
    create: (records) => (token, signal) =>
      call({ op: 'create', rows: records.length, token, keys: records.map(keyOfFields) }, signal, () => {
        tooMany(records.length);
        const content = JSON.stringify(records);
        const known = tokens.get(token);
        if (known && clock.now() - known.at < 120_000) {
          if (known.content === content) return known.ids;
          throw new CallError(failed('settle', { code: 1255006, mayHaveHappened: true }));
        }
        mustFit(records);
        const ids = records.map(add);
        table.moved += table.moves('create', ids.length);
        tokens.set(token, { content, ids, at: clock.now() });
        return ids;
      }),
    update: (records) => (signal) =>
      call(
        {
          op: 'update',
          rows: records.length,
          keys: records.map(({ id }) => plainKey(held.get(id) ?? {})),
        },
        signal,
        () => {
          tooMany(records.length);
          mustExist(records.map(({ id }) => id));
          mustFit(records.map(({ fields }) => fields));
          for (const { id, fields } of records) write(held.get(id) ?? {}, fields);
          table.moved += table.moves('update', records.length);
        },
      ),
    delete: (ids, signal) =>
      call(
        { op: 'delete', rows: ids.length, keys: ids.map((id) => plainKey(held.get(id) ?? {})) },
        signal,
        () => {
          tooMany(ids.length);
          mustExist(ids);
          for (const id of ids) held.delete(id);
          table.moved += table.moves('delete', ids.length);
        },
      ),
  };
  const recordOf = (id: string): TableRecord => ({ id, fields: { ...held.get(id) } });
  const seenByApp = (): string[] =>
    [...held.keys()].filter((id) => !table.forbidden.has(id) && !table.unlisted.has(id));
  return table;
}

const abortable = (wait: Promise<void>, signal: AbortSignal): Promise<void> =>
  new Promise((resolve, reject) => {
    if (signal.aborted) reject(signal.reason as Error);
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
    wait.then(resolve, reject);
  });

// ---------------------------------------------------------------- source

export interface FakeSource extends Source {
  rowsNow: Value[][];
  columnsNow: Column[];
  /** The columns that the answer has, when not those announced. */
  answers: Column[] | undefined;
  error: Error | undefined;
  closed: number;
}

const columnsOf = (names: readonly string[]): Column[] => names.map((name) => ({ name, type: 'any' }));

export function fakeSource(): FakeSource {
  const source: FakeSource = {
    rowsNow: [],
    columnsNow: columnsOf([keyField, '金额', '备注']),
    answers: undefined,
    error: undefined,
    closed: 0,
    columns: async () => source.columnsNow,
    describe: async () => source.columnsNow,
    async rows(): Promise<Rows> {
      if (source.error) throw source.error;
      async function* batches(): AsyncGenerator<Value[][]> {
        try {
          for (let at = 0; at < source.rowsNow.length; at += 7) yield source.rowsNow.slice(at, at + 7);
        } finally {
          source.closed++;
        }
      }
      return { columns: source.answers ?? source.columnsNow, batches: batches() };
    },
    check: async () => [],
    stop: async () => undefined,
  };
  return source;
}

/** Rows `from` to `to`, with an amount and a note. */
export const rowsOf = (from: number, to: number, note = 'a'): Value[][] =>
  Array.from({ length: to - from + 1 }, (_, at) => [
    `k${String(from + at).padStart(3, '0')}`,
    from + at,
    note,
  ]);

// ---------------------------------------------------------------- counts

const filled = (counts: object): [string, number][] =>
  Object.entries(counts as Record<string, number>).filter(([, count]) => count > 0);

/** The counts that are not zero; those of deletes apart. */
export function counts({ rows, deletes }: State): Record<string, unknown> {
  const apart = filled(deletes);
  return {
    ...Object.fromEntries(filled(rows)),
    ...(apart.length > 0 ? { deletes: Object.fromEntries(apart) } : {}),
  };
}

// ---------------------------------------------------------------- world

let worlds = 0;

export const definitionOf = (change: Partial<Definition> = {}): Definition => ({
  name: `orders${++worlds}`,
  title: '订单',
  source: { connection: 'shop', query: 'select 1', timeout: 10 },
  key: [{ column: keyField, field: keyField }],
  target: 'https://example.feishu.cn/base/bascn1?table=tbl1',
  mode: 'mirror',
  fields: {},
  chunkSize: 'auto',
  concurrency: 1,
  rounds: 3,
  deletes: 'all',
  brake: { deletes: 1, updates: 1, creates: 1 },
  access: {},
  schedule: [],
  view: 'ignore',
  private: [],
  read: { whole: '1d' },
  ...change,
});

export interface World {
  readonly clock: MovableClock;
  readonly table: FakeTable;
  readonly source: FakeSource;
  readonly store: Store;
  definition: Definition;
  /** A process: its own registry and lanes on the shared store. */
  process(owner?: string, change?: { readonly store?: Store }): Runs;
  /** Starts a run and waits for its end. */
  run(runs?: Runs, request?: Partial<RunRequest>): Promise<Awaited<Ended>>;
  /** Whom look-ups find; nobody is asked for by default. */
  people: People;
  openError: Error | undefined;
  /** Whether nothing that writes may begin. */
  frozen: boolean;
  /** Processes that are gone. */
  readonly dead: Set<string>;
  /** Warnings and errors, but for how runs ended. */
  readonly logged: string[];
  /** All lines of the log but those for debugging. */
  readonly lines: { readonly level: string; readonly event: string; readonly facts: object }[];
  stop(): Promise<void>;
}

type Ended = import('../../src/run/runs/runs.ts').Run['ended'];

/** A shop, a table, a store and processes on them. */
export async function world(change: Partial<Definition> = {}, shared?: Store): Promise<World> {
  const clock = movableClock();
  const store = shared ?? (await openStore('sqlite::memory:', { clock, log: quiet }));
  const table = fakeTable(clock);
  const source = fakeSource();
  const dead = new Set<string>();
  const logged: string[] = [];
  const lines: World['lines'] = [];
  const at =
    (level: 'info' | 'warn' | 'error'): Log['info'] =>
    (event, facts = {}) => {
      lines.push({ level, event, facts });
      if (level !== 'info' && event !== 'run.ended') logged.push(event);
    };
  const log: Log = { ...quiet, info: at('info'), warn: at('warn'), error: at('error') };
  const definition = definitionOf(change);
  const self: World = {
    clock,
    table: Object.assign(table, { base: `bas${definition.name}` }),
    source,
    store,
    definition,
    people: { openIds: () => Promise.reject(new Error('no people here')) },
    openError: undefined,
    frozen: false,
    dead,
    logged,
    lines,
    process(owner = 'one', { store: own = store } = {}) {
      return openRuns(
        {
          sources: () => source,
          people: { openIds: (...asked) => self.people.openIds(...asked) },
          store: own,
          lanes: openLanes(own.facts.width, clock, chance),
          ...{ clock, chance, log },
          place: { timeZone: 'Asia/Shanghai', folder: tmpdir() },
        },
        {
          openTable: async (_address, meter) => {
            if (self.openError) throw self.openError;
            return metered(table, meter);
          },
          keeper: keeper(own.leases, owner, (other) => (dead.has(other) ? false : undefined), { clock, log }),
          definition: async () => self.definition,
          isHeld: async () => self.frozen,
        },
      );
    },
    async run(runs = self.process(), request = {}) {
      const started = await runs.start({ definition: self.definition, by: { kind: 'cli' }, ...request });
      if (started.kind !== 'started') throw new Error('busy');
      return started.run.ended;
    },
    stop: async () => {
      clock.auto = false;
      if (!shared) await store.stop();
    },
  };
  return self;
}

const metered = (table: FakeTable, meter: CallMeter): Table => ({
  ...table,
  create: (records) => {
    const create = table.create(records);
    return (...rest) => {
      meter.count('write');
      return create(...rest);
    };
  },
});

export const chance: Chance = {
  uuid: () => randomUUID(),
  run: () => randomUUID().slice(0, 10),
  random: () => 0,
};

/** Takes a table from whoever holds it, as another machine does that believes it to be gone. */
export async function seize(store: Store, table: string, run: string): Promise<void> {
  const holder = await store.leases.holder(table);
  const { kind } = await store.leases.claim(table, run, 'far', holder?.mark);
  if (kind !== 'claimed') throw new Error('the lease is held');
}

/** A store whose journal asks first: a hook that never settles is a process killed at that moment. */
export function hooked(store: Store, hook: (method: keyof Journal) => Promise<void> | undefined): Store {
  const { journal } = store;
  const methods = Object.keys(journal) as (keyof Journal)[];
  const asking = Object.fromEntries(
    methods.map((method) => [
      method,
      async (...args: unknown[]) => {
        await hook(method);
        return (journal[method] as (...all: unknown[]) => unknown)(...args);
      },
    ]),
  ) as unknown as Journal;
  return { ...store, journal: asking };
}
