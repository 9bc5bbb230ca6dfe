import { type Chance, chance } from './chance.ts';

/** What runs where. */
export interface Setting {
  /** `quick`: in this process, on a clock that goes faster · `real`: real child processes, some of which are killed. */
  readonly kind: 'quick' | 'real';
  /** Whether rows and store are on the real database server. */
  readonly mysql: boolean;
  /** Whether two programs share the store and run at the same time. */
  readonly two: boolean;
  /** What programs in this process think of each other: on one machine, on two, or as if the other were gone. */
  readonly peers: 'alive' | 'unknown' | 'gone';
}

/** One thing that happens to the system. */
export type Step =
  | { readonly kind: 'run'; readonly end: Ending }
  /** Both start at the same moment; the first one may be ended. */
  | { readonly kind: 'two runs'; readonly end: Ending; readonly beside: string }
  | { readonly kind: 'plan' }
  | { readonly kind: 'retry' }
  | { readonly kind: 'approve'; readonly withoutDeletes: boolean }
  | { readonly kind: 'discard' }
  /** A new start of the program goes on with what a killed one left. */
  | { readonly kind: 'resume' }
  /** Somebody lets a cancelled run go on. */
  | { readonly kind: 'continue' }
  /** The app loses a permission, or records are hidden from it; until the administrator puts it right. */
  | { readonly kind: 'shut'; readonly what: 'no access' | 'read only' | 'sees nothing' | 'sees some' }
  | { readonly kind: 'opened' }
  | { readonly kind: 'source' }
  | { readonly kind: 'person' };

/** How a process is ended, at its so-many-th call to a Base; `kill` and `answered` need a real one. */
export type Ending =
  | { readonly how: 'let' }
  /** The call arrives: the process is gone before Feishu looks at it, which carries it out or does not. */
  | { readonly how: 'kill'; readonly call: number; readonly applied: boolean }
  /** The call was answered, and the process is gone a moment later. */
  | { readonly how: 'answered'; readonly call: number; readonly later: number }
  | { readonly how: 'term'; readonly call: number }
  /** Somebody types `cancel` elsewhere. */
  | { readonly how: 'cancel'; readonly call: number };

/** How often a call fails, of those to Bases. */
export interface Weather {
  readonly faults: number;
  /** How often a person does something right before a call. */
  readonly person: number;
  /** How often the app loses its access for some calls. */
  readonly shut: number;
  /** How often the clock jumps before a call, as on a machine that was put to sleep. */
  readonly jumps: number;
  /** Rows of a write that are refused as too many; `undefined` for no such limit. */
  readonly rowsMost: number | undefined;
  /** Names that Feishu refuses for what is in them, while the weather is bad. */
  readonly refused: readonly string[];
  /** Whether faults may stop a run. */
  readonly stops: boolean;
}

/** Everything that a seed decides before the first call. */
export interface Scenario {
  readonly seed: number;
  readonly setting: Setting;
  readonly mode: 'mirror' | 'upsert' | 'append' | 'update';
  readonly deletes: 'ask' | 'all' | 'ours';
  readonly brake: { readonly deletes: number; readonly updates: number; readonly creates: number };
  readonly chunkSize: number;
  readonly concurrency: number | 'auto';
  readonly rounds: number;
  readonly numericKey: boolean;
  /** Whether an empty name in the query leaves the cell as it is. */
  readonly keepNames: boolean;
  readonly columns: readonly ColumnName[];
  readonly rows: number;
  /** Whether some rows have no key: while there is one, nothing is deleted. */
  readonly keyless: boolean;
  /** Writes that Feishu lets run at once in a Base. */
  readonly writers: number;
  readonly weather: Weather;
  readonly steps: readonly Step[];
}

/** Columns beside the key. */
export type ColumnName = 'name' | 'amount' | 'at' | 'status' | 'tags' | 'active';

const columns = ['name', 'amount', 'at', 'status', 'tags', 'active'] as const;

/** Words that a cell may hold; the last ones are refused in bad weather. */
export const names = [
  '张三',
  'Ada',
  '=1+1',
  'a "b", c',
  'two\nlines',
  '😀',
  "O'Neil",
  'null',
  '',
  'BAD',
  'WORSE',
];

/** What a seed stands for. @param wish overrides what would be decided by chance */
export function newScenario(seed: number, wish: Partial<Setting> = {}): Scenario {
  const luck = chance(`scenario ${seed}`);
  const kind = wish.kind ?? (luck.yes(0.12) ? 'real' : 'quick');
  const setting: Setting = {
    kind,
    mysql: wish.mysql ?? luck.yes(0.1),
    two: wish.two ?? luck.yes(0.25),
    peers: wish.peers ?? luck.pick(['alive', 'unknown', 'gone']),
  };
  const bad = luck.yes(0.85);
  return {
    seed,
    setting,
    mode: luck.pick(['mirror', 'mirror', 'mirror', 'upsert', 'append', 'update']),
    deletes: luck.pick(['ask', 'all', 'all', 'ours']),
    brake: { deletes: luck.pick([0.2, 0.5, 1]), updates: luck.pick([0.5, 1]), creates: luck.pick([0.4, 1]) },
    chunkSize: kind === 'real' ? luck.pick([3, 4, 5, 7, 10]) : luck.pick([3, 4, 5, 7, 10, 20, 50]),
    concurrency: luck.pick(['auto', 'auto', 1, 2, 4]),
    rounds: kind === 'real' ? luck.int(0, 1) : luck.int(0, 3),
    numericKey: luck.yes(0.25),
    keepNames: luck.yes(0.15),
    columns: columns.filter((_, at) => at < 2 || luck.yes(0.6)),
    rows: kind === 'real' ? luck.pick([15, 30, 60]) : luck.pick([0, 8, 15, 30, 30, 60, 90]),
    keyless: luck.yes(0.2),
    writers: luck.pick([1, 1, 2, 8]),
    weather: {
      faults: !bad || kind === 'real' ? luck.pick([0, 0.02]) : luck.pick([0.02, 0.08, 0.2, 0.35]),
      person: luck.pick([0, 0, 0.01, 0.05]),
      shut: luck.pick([0, 0, 0, 0.01]),
      jumps: luck.pick([0, 0, 0.01, 0.04]),
      rowsMost: luck.yes(0.15) ? luck.int(1, 10) : undefined,
      refused: luck.yes(0.35) ? ['BAD', 'WORSE'] : [],
      stops: luck.yes(0.2),
    },
    steps: stepsOf(luck.part('steps'), setting),
  };
}

function stepsOf(luck: Chance, { kind, two }: Setting): Step[] {
  const end = (): Ending => endOf(luck, kind);
  const beside = (): string =>
    luck.pick(['run things', 'run things --wait 100', 'run things', 'plan things']);
  const run = (): Step =>
    two && luck.yes(0.6) ? { kind: 'two runs', end: end(), beside: beside() } : { kind: 'run', end: end() };
  const shut = (): Step => ({
    kind: 'shut',
    what: luck.pick(['no access', 'read only', 'sees nothing', 'sees some', 'sees some']),
  });
  /** A run, and often what people do right after it: they let it go on, or decide on its plan. */
  const some = (): Step[] => {
    const first = run();
    const cancelled = 'end' in first && first.end.how === 'cancel';
    return [
      first,
      ...(cancelled && luck.yes(0.7) ? [{ kind: 'continue' } as const] : []),
      ...(luck.yes(0.4) ? [{ kind: 'approve', withoutDeletes: luck.yes(0.3) } as const] : []),
    ];
  };
  const steps: Step[] = some();
  const many = kind === 'real' ? luck.int(2, 4) : luck.int(3, 9);
  for (let at = 0; at < many; at++) {
    const kinds: readonly [() => Step[], ...(() => Step[])[]] = [
      some,
      some,
      some,
      () => [{ kind: 'source' }],
      () => [{ kind: 'source' }, ...some()],
      () => [{ kind: 'person' }],
      () => [{ kind: 'retry' }],
      () => [{ kind: 'approve', withoutDeletes: luck.yes(0.3) }],
      () => [{ kind: 'discard' }],
      () => [{ kind: 'resume' }],
      () => [{ kind: 'plan' }],
      () => [shut(), run(), { kind: 'opened' }],
    ];
    steps.push(...luck.pick(kinds)());
  }
  return steps;
}

function endOf(luck: Chance, kind: Setting['kind']): Ending {
  // Most runs of a small table make between 8 and 40 calls; a process that is to be killed should not end before.
  const call = kind === 'real' ? luck.int(3, 14) : luck.int(1, 30);
  if (luck.yes(kind === 'real' ? 0.2 : 0.4)) return { how: 'let' };
  if (luck.yes(0.2)) return { how: 'cancel', call };
  if (kind === 'quick') return { how: 'term', call };
  return luck.pick<Ending>([
    { how: 'kill', call, applied: true },
    { how: 'kill', call, applied: true },
    { how: 'kill', call, applied: false },
    { how: 'answered', call, later: luck.int(0, 15) },
    { how: 'term', call },
  ]);
}
