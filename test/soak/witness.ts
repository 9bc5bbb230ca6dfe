import type { Happening, Playground, TableHandle } from 'bitable-playground';
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

/** What one program did to the table. */
export interface Deeds {
  /** The run that it carried out; undefined while nobody has told. */
  run: string | null | undefined;
  added: number;
  /** Records that were changed, and how often that was. */
  readonly edited: Set<string>;
  edits: number;
  removed: number;
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
  /** By the names of the programs that worked for it. */
  readonly deeds: Map<string, Deeds>;
  /** What people, and programs that worked for another run, did meanwhile. */
  byOthers: number;
  most: number;
  least: number;
}

/** A program that wrote, and what it worked for. */
interface Actor {
  readonly chain: Chain;
  /** Since when it may know what is in the table. */
  readonly since: number;
  /** The version of the source when it began to work: what was in older ones is nobody's wish any more. */
  readonly version: number;
  readonly deeds: Deeds;
}

type Changed = Extract<Happening, { kind: 'table' }>;

/** Watches the table from Feishu's side, and knows what no run may ever do. */
export interface Witness {
  /** What was seen that must not be. */
  readonly wrong: string[];
  /**
   * Tells that a program begins to work: from now on it may know what is in the table.
   * @param chain what it works for; one that only plans works for none, and must not write
   */
  launched(program: string, chain: Chain | undefined): void;
  begin(): Chain;
  ownerOf(record: string): Owner;
  records(): Held[];
  /** Somebody agreed to a plan: hand-made records may go from now on. */
  agreed(chain: Chain): void;
}

/** Begins to watch. */
export function watch(feishu: Playground, table: TableHandle, source: Source, scenario: Scenario): Witness {
  const wrong: string[] = [];
  const made = new Map<string, 'app' | 'person'>();
  const touched = new Set<string>();
  const named = new Map<string, Named[]>();
  let live = new Map<string, Cells>();
  let at = 0;
  let agreedOnce = false;
  const chains: Chain[] = [];
  const programs = new Map<
    string,
    Pick<Actor, 'since' | 'version'> & { readonly chain: Chain | undefined }
  >();
  /** Which program a call came from. */
  const callers = new Map<number, string>();
  feishu.onRequest(({ id, route, headers }) => {
    if (route.write) callers.set(id, String(headers['host']));
  });
  const mapped = new Set([keyField, ...scenario.columns.map((column) => fieldOf[column])]);
  const records = (): Held[] =>
    table.records().map(({ record_id, fields }) => ({ id: record_id, cells: fields }));
  const say = (words: string): void => {
    wrong.push(`#${at} ${words}`);
  };

  /** What the source has said of a key since a program began to work. */
  const wants = ({ version }: Actor, key: string) =>
    source.versions
      .slice(version)
      .map((rows) => wantedBy(rows, scenario).get(key) ?? ({ kind: 'absent' } as const));

  /** The keys that a record has had since a moment. */
  function keysOf(moment: number, id: string): Set<string> {
    const all = named.get(id) ?? [];
    const since = all.filter((one) => one.at >= moment);
    const before = all.findLast((one) => one.at < moment);
    return new Set([...(before ? [before] : []), ...since].map(({ key }) => key));
  }

  function name(id: string, key: string, by: 'app' | 'person'): void {
    named.set(id, [...(named.get(id) ?? []), { at, key, by }]);
  }

  /** Whether a value is one that the source asks for. */
  const asked = (actor: Actor, key: string, field: string, value: unknown): boolean =>
    wants(actor, key).some((want) => want.kind === 'row' && sameCell(want.cells[field], value));

  function onAdd(actor: Actor, id: string, cells: Cells): void {
    const { since, deeds } = actor;
    const key = keyOf(cells[keyField]);
    if (scenario.mode === 'update') say(`created ${key} though the mode only updates`);
    for (const [other, held] of live) {
      if (keyOf(held[keyField]) !== key) continue;
      const last = named.get(other)?.at(-1);
      if (last?.by === 'app' || (last?.at ?? 0) < since) say(`created ${key} a second time, beside ${other}`);
    }
    if (!wants(actor, key).some(({ kind }) => kind === 'row'))
      say(`created ${key}, which the source does not ask for`);
    for (const field of new Set([...Object.keys(cells), ...mapped]))
      if (!asked(actor, key, field, cells[field]))
        say(`created ${key} with ${field} ${JSON.stringify(cells[field])}`);
    made.set(id, 'app');
    touched.add(id);
    name(id, key, 'app');
    deeds.added++;
  }

  function onEdit(actor: Actor, id: string, before: Cells, after: Cells): void {
    const { chain, since, deeds } = actor;
    const isPutBack = !sameCell(before[keyField], after[keyField]);
    // A key that people changed is set back to one that the record had, however often they changed it.
    const keys = new Set([
      ...keysOf(since, id),
      ...(isPutBack ? (named.get(id) ?? []) : []).map(({ key }) => key),
    ]);
    if (scenario.mode === 'append') say(`changed ${id} though the mode only appends`);
    if (chain.frozen.has(id)) say(`changed ${id}, whose key is empty or not its own`);
    for (const field of new Set([...Object.keys(before), ...Object.keys(after)])) {
      if (sameCell(before[field], after[field])) continue;
      if (!mapped.has(field)) say(`changed ${field} of ${id}, which no column is meant for`);
      else if (![...keys].some((key) => asked(actor, key, field, after[field])))
        say(`changed ${field} of ${id} to ${JSON.stringify(after[field])}, which the source never asked for`);
    }
    if (isPutBack) name(id, keyOf(after[keyField]), 'app');
    touched.add(id);
    deeds.edited.add(id);
    deeds.edits++;
  }

  function onRemove(actor: Actor, id: string): void {
    const { chain, since, version, deeds } = actor;
    const keys = [...keysOf(since, id)];
    if (scenario.mode !== 'mirror') say(`deleted ${id} in the mode ${scenario.mode}`);
    if (chain.frozen.has(id)) say(`deleted ${id}, whose key is empty or not its own`);
    if (!keys.some((key) => wants(actor, key).some(({ kind }) => kind === 'absent')))
      say(`deleted ${id} (${keys.join(', ')}), which the source has`);
    if (source.versions.slice(version).every((rows) => rows.some(isKeyless)))
      say(`deleted ${id} while a row has no key, which may be that row's`);
    const isHandMade = !touched.has(id);
    if (isHandMade && scenario.deletes === 'ours')
      say(`deleted ${id}, which is hand-made, and only its own may go`);
    if (isHandMade && scenario.deletes === 'ask' && !agreedOnce)
      say(`deleted ${id}, which is hand-made, and nobody was asked`);
    deeds.removed++;
    if (chain.approved) return;
    const removed = [...chain.deeds.values()].reduce((n, one) => n + one.removed, 0);
    if (chain.least >= 10 && removed > scenario.brake.deletes * chain.most)
      say(`deleted ${removed} of ${chain.most} records, and nobody was asked`);
    const versions = source.versions.slice(version);
    if (versions.every((rows) => rows.length === 0))
      say(`deleted ${id} for an empty source, and nobody was asked`);
  }

  function onPerson(added: readonly string[], edited: readonly string[], removed: readonly string[]): void {
    for (const id of [...added, ...edited]) {
      const key = keyOf(live.get(id)?.[keyField]);
      if (added.includes(id)) made.set(id, 'person');
      if (added.includes(id) || key !== named.get(id)?.at(-1)?.key) name(id, key, 'person');
    }
    for (const chain of chains) {
      chain.byOthers++;
      // What stands alone now, or moved, is no longer out of bounds for sure.
      for (const id of [...added, ...edited, ...removed]) {
        const keys = keysOf(chain.at, id);
        for (const other of chain.frozen)
          if (other === id || [...keysOf(chain.at, other)].some((key) => key !== '' && keys.has(key)))
            chain.frozen.delete(other);
      }
    }
  }

  /** Who did it, of the programs that may write. */
  function actorOf(call: number | undefined): Actor | undefined {
    const name = callers.get(call ?? 0) ?? '';
    const program = programs.get(name);
    const deeds = program?.chain?.deeds.get(name);
    if (program?.chain && deeds) return { ...program, chain: program.chain, deeds };
    say(program ? 'a plan wrote to the table' : 'somebody unknown wrote to the table');
    return undefined;
  }

  function onApp(actor: Actor, { added, edited, removed }: Changed, now: Map<string, Cells>): void {
    const before = live;
    for (const chain of chains) if (chain !== actor.chain) chain.byOthers++;
    for (const id of removed) if (before.has(id)) onRemove(actor, id);
    for (const id of edited) onEdit(actor, id, before.get(id) ?? {}, now.get(id) ?? {});
    live = new Map([...before].filter(([id]) => now.has(id)).map(([id]) => [id, now.get(id) ?? {}]));
    for (const id of added) {
      const cells = now.get(id) ?? {};
      onAdd(actor, id, cells);
      live.set(id, cells);
    }
  }

  feishu.watch((happening) => {
    if (happening.kind !== 'table' || happening.tableId !== table.id) return;
    at++;
    const now = new Map(records().map(({ id, cells }) => [id, cells]));
    if (happening.by === 'person') {
      live = now;
      onPerson(happening.added, happening.edited, happening.removed);
    } else {
      const actor = actorOf(happening.call);
      if (actor) onApp(actor, happening, now);
    }
    live = now;
    for (const chain of chains) {
      chain.most = Math.max(chain.most, live.size);
      chain.least = Math.min(chain.least, live.size);
    }
  });
  for (const { id, cells } of records()) {
    live.set(id, cells);
    made.set(id, 'person');
    name(id, keyOf(cells[keyField]), 'person');
  }

  return {
    wrong,
    launched: (program, chain) => {
      programs.set(program, { chain, since: at + 1, version: source.versions.length - 1 });
      chain?.deeds.set(program, { run: undefined, added: 0, edited: new Set(), edits: 0, removed: 0 });
    },
    begin: () => {
      const all = records();
      const frozen = [...byKey(all)].flatMap(([key, group]) =>
        key === '' || group.length > 1 ? group.map(({ id }) => id) : [],
      );
      at++;
      const chain: Chain = {
        at,
        version: source.versions.length - 1,
        frozen: new Set(frozen),
        atStart: all,
        approved: false,
        deeds: new Map(),
        byOthers: 0,
        most: all.length,
        least: all.length,
      };
      chains.push(chain);
      return chain;
    },
    ownerOf: (id) => {
      // Under a key that a person gave it, a record is no longer surely the bot's.
      if (made.get(id) === 'app' && named.get(id)?.at(-1)?.by === 'app') return 'bot';
      return touched.has(id) ? 'both' : 'person';
    },
    records,
    agreed: (chain) => {
      agreedOnce = true;
      chain.approved = true;
    },
  };
}
