import type { TableHandle } from '../../src/playground/baseHandle.ts';
import type { Playground } from '../../src/playground/playground.ts';
import {
  byKey,
  type Cells,
  fieldOf,
  type Held,
  isKeyless,
  keyField,
  keyOf,
  type Owner,
  sameCell,
  wantedBy,
} from './model.ts';
import type { Scenario } from './scenario.ts';
import type { Source } from './source.ts';

/** What happened to a record's key, and who did it. */
interface Named {
  readonly at: number;
  readonly key: string;
  readonly by: 'app' | 'person';
}

/** A run from its first process to its last word: what it may know, and what it did to the table. */
export interface Chain {
  /** When it began, as a count of happenings, and the version of the source then. */
  readonly at: number;
  readonly version: number;
  /** Records that no run may touch: without a key, or with one that others have too. */
  readonly frozen: Set<string>;
  readonly atStart: readonly Held[];
  /** Somebody agreed to its plan. */
  approved: boolean;
  added: number;
  /** Records that were changed, and how often that was. */
  edited: Set<string>;
  edits: number;
  removed: number;
  /** What people did meanwhile. */
  byPeople: number;
  most: number;
  least: number;
}

/** Watches the table from Feishu's side, and knows what no run may ever do. */
export interface Witness {
  /** What was seen that must not be. */
  readonly wrong: string[];
  /** Tells that a process begins to work: from now on it may know what is in the table. */
  launched(): void;
  begin(): Chain;
  /** Goes on with a chain. */
  follow(chain: Chain): void;
  ownerOf(record: string): Owner;
  records(): Held[];
  /** Somebody agreed to a plan: hand-made records may go from now on. */
  agreed(): void;
  /** Writes of the app that changed something. */
  changes(): number;
}

/** Begins to watch. */
export function watch(feishu: Playground, table: TableHandle, source: Source, scenario: Scenario): Witness {
  const wrong: string[] = [];
  const made = new Map<string, 'app' | 'person'>();
  const touched = new Set<string>();
  const named = new Map<string, Named[]>();
  let live = new Map<string, Cells>();
  let at = 0;
  let launchedAt = 0;
  let agreedOnce = false;
  let changes = 0;
  let chain: Chain | undefined;
  const mapped = new Set([keyField, ...scenario.columns.map((column) => fieldOf[column])]);
  const records = (): Held[] =>
    table.records().map(({ record_id, fields }) => ({ id: record_id, cells: fields }));
  const say = (words: string): void => {
    wrong.push(`#${at} ${words}`);
  };

  /** What the source has said of a key since the run began. */
  const wants = (key: string) =>
    source.versions
      .slice(chain?.version ?? 0)
      .map((rows) => wantedBy(rows, scenario).get(key) ?? ({ kind: 'absent' } as const));

  /** The keys that a record has had since the run began. */
  function keysOf(id: string): Set<string> {
    const all = named.get(id) ?? [];
    const since = all.filter((one) => one.at >= (chain?.at ?? 0));
    const before = all.findLast((one) => one.at < (chain?.at ?? 0));
    return new Set([...(before ? [before] : []), ...since].map(({ key }) => key));
  }

  function name(id: string, key: string, by: 'app' | 'person'): void {
    named.set(id, [...(named.get(id) ?? []), { at, key, by }]);
  }

  /** Whether a value is one that some version of the source asks for. */
  const asked = (key: string, field: string, value: unknown): boolean =>
    wants(key).some((want) => want.kind === 'row' && sameCell(want.cells[field], value));

  function onAdd(id: string, cells: Cells): void {
    const key = keyOf(cells[keyField]);
    if (scenario.mode === 'update') say(`created ${key} though the mode only updates`);
    for (const [other, held] of live) {
      if (keyOf(held[keyField]) !== key) continue;
      const last = named.get(other)?.at(-1);
      if (last?.by === 'app' || (last?.at ?? 0) < launchedAt)
        say(`created ${key} a second time, beside ${other}`);
    }
    if (!wants(key).some(({ kind }) => kind === 'row'))
      say(`created ${key}, which the source does not ask for`);
    for (const field of new Set([...Object.keys(cells), ...mapped]))
      if (!asked(key, field, cells[field]))
        say(`created ${key} with ${field} ${JSON.stringify(cells[field])}`);
    made.set(id, 'app');
    touched.add(id);
    name(id, key, 'app');
    if (chain) chain.added++;
  }

  function onEdit(id: string, before: Cells, after: Cells): void {
    const keys = keysOf(id);
    if (scenario.mode === 'append') say(`changed ${id} though the mode only appends`);
    if (chain?.frozen.has(id)) say(`changed ${id}, whose key is empty or not its own`);
    for (const field of new Set([...Object.keys(before), ...Object.keys(after)])) {
      if (sameCell(before[field], after[field])) continue;
      if (!mapped.has(field)) say(`changed ${field} of ${id}, which no column is meant for`);
      else if (![...keys].some((key) => asked(key, field, after[field])))
        say(`changed ${field} of ${id} to ${JSON.stringify(after[field])}, which the source never asked for`);
    }
    if (!sameCell(before[keyField], after[keyField])) name(id, keyOf(after[keyField]), 'app');
    touched.add(id);
    if (chain) {
      chain.edited.add(id);
      chain.edits++;
    }
  }

  function onRemove(id: string): void {
    const keys = [...keysOf(id)];
    if (scenario.mode !== 'mirror') say(`deleted ${id} in the mode ${scenario.mode}`);
    if (chain?.frozen.has(id)) say(`deleted ${id}, whose key is empty or not its own`);
    if (!keys.some((key) => wants(key).some(({ kind }) => kind === 'absent')))
      say(`deleted ${id} (${keys.join(', ')}), which the source has`);
    if (source.versions.slice(chain?.version ?? 0).every((rows) => rows.some(isKeyless)))
      say(`deleted ${id} while a row has no key, which may be that row's`);
    const isHandMade = !touched.has(id);
    if (isHandMade && scenario.deletes === 'ours')
      say(`deleted ${id}, which is hand-made, and only its own may go`);
    if (isHandMade && scenario.deletes === 'ask' && !agreedOnce)
      say(`deleted ${id}, which is hand-made, and nobody was asked`);
    if (!chain) return;
    chain.removed++;
    if (chain.approved) return;
    if (chain.least >= 10 && chain.removed > scenario.brake.deletes * chain.most)
      say(`deleted ${chain.removed} of ${chain.most} records, and nobody was asked`);
    const versions = source.versions.slice(chain.version);
    if (versions.every((rows) => rows.length === 0))
      say(`deleted ${id} for an empty source, and nobody was asked`);
  }

  function onPerson(added: readonly string[], edited: readonly string[], removed: readonly string[]): void {
    if (chain) chain.byPeople++;
    for (const id of [...added, ...edited]) {
      const key = keyOf(live.get(id)?.[keyField]);
      if (added.includes(id)) made.set(id, 'person');
      if (added.includes(id) || key !== named.get(id)?.at(-1)?.key) name(id, key, 'person');
    }
    // What stands alone now, or moved, is no longer out of bounds for sure.
    for (const id of [...added, ...edited, ...removed]) {
      const keys = keysOf(id);
      for (const other of chain?.frozen ?? [])
        if (other === id || [...keysOf(other)].some((key) => key !== '' && keys.has(key)))
          chain?.frozen.delete(other);
    }
  }

  feishu.watch((happening) => {
    if (happening.kind !== 'table' || happening.tableId !== table.id) return;
    at++;
    const before = live;
    const { added, edited, removed, by } = happening;
    const now = new Map(records().map(({ id, cells }) => [id, cells]));
    if (by === 'person') {
      live = now;
      onPerson(added, edited, removed);
    } else {
      changes++;
      for (const id of removed) if (before.has(id)) onRemove(id);
      for (const id of edited) onEdit(id, before.get(id) ?? {}, now.get(id) ?? {});
      live = new Map([...before].filter(([id]) => now.has(id)).map(([id]) => [id, now.get(id) ?? {}]));
      for (const id of added) {
        const cells = now.get(id) ?? {};
        onAdd(id, cells);
        live.set(id, cells);
      }
    }
    live = now;
    if (!chain) return;
    chain.most = Math.max(chain.most, live.size);
    chain.least = Math.min(chain.least, live.size);
  });
  for (const { id, cells } of records()) {
    live.set(id, cells);
    made.set(id, 'person');
    name(id, keyOf(cells[keyField]), 'person');
  }

  return {
    wrong,
    launched: () => {
      launchedAt = at + 1;
    },
    begin: () => {
      const all = records();
      const frozen = [...byKey(all)].flatMap(([key, group]) =>
        key === '' || group.length > 1 ? group.map(({ id }) => id) : [],
      );
      at++;
      chain = {
        at,
        version: source.versions.length - 1,
        frozen: new Set(frozen),
        atStart: all,
        approved: false,
        added: 0,
        edited: new Set(),
        edits: 0,
        removed: 0,
        byPeople: 0,
        most: all.length,
        least: all.length,
      };
      return chain;
    },
    follow: (given) => {
      chain = given;
    },
    ownerOf: (id) => {
      // Under a key that a person gave it, a record is no longer surely the bot's.
      if (made.get(id) === 'app' && named.get(id)?.at(-1)?.by === 'app') return 'bot';
      return touched.has(id) ? 'both' : 'person';
    },
    records,
    agreed: () => {
      agreedOnce = true;
      if (chain) chain.approved = true;
    },
    changes: () => changes,
  };
}
