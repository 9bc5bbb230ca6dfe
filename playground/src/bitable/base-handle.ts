import type { Access, BaseListener, BaseState, Late, RevisionRule, TableState, World } from '../world.ts';
import { type Concealment, conceal } from './concealing.ts';
import type { FieldSpec } from './fields.ts';
import { begin } from './late.ts';
import { newRow, putRow } from './records.ts';
import {
  addFields,
  type Fields,
  filler,
  site,
  type TableHandle,
  tableHandle,
  tieLinks,
} from './table-handle.ts';
import { newTable, newView } from './tables.ts';

/** A table to be made. */
export interface TableSpec {
  readonly name: string;
  /** The first one is the index column. */
  readonly fields: readonly FieldSpec[];
  readonly records?: Iterable<Fields>;
  readonly views?: readonly {
    readonly name: string;
    /** Which records the view shows, by their fields in search shape. */
    readonly shows: (fields: Fields) => boolean;
  }[];
}

/** A base to be made. */
export interface BaseSpec {
  readonly name?: string;
  readonly tables: readonly TableSpec[];
  /** Advanced permissions; default off. */
  readonly advanced?: boolean;
  /** What the app may do; default `manage`. */
  readonly access?: Access;
  /** Default Asia/Shanghai. */
  readonly timeZone?: string;
}

/** A base as tests and demos see it. */
export interface BaseHandle {
  readonly appToken: string;
  /** All tables, also those that the app made. */
  readonly tables: readonly TableHandle[];
  /** The table at a position (default 0) or of a name; throws when there is none. */
  table(at?: number | string): TableHandle;
  /** Deletes the table of a name, as a person does. */
  removeTable(name: string): void;
  /** What the app may do from now on. `edit` with advanced permissions on reads as empty. */
  setAccess(access: Access): void;
  setAdvanced(on: boolean): void;
  /**
   * How the revisions of its tables move from now on, and how late lists of tables show them. Without a rule every call
   * and every edit of a person moves them by one, edits of views included.
   */
  setRevisions(rule: RevisionRule): void;
  /**
   * How late the totals of whole-table lists are from now on: as so many of these lists (pages) ago, or so many
   * milliseconds. Those of filters and views are on time.
   */
  setTotals(rule: { readonly late: Late }): void;
  /**
   * Hides records from lists, totals and look-ups, as told, until its time is over or what it answers is called: a role
   * that comes and goes, or a fault of lists. No revision moves. Throws where there is no such record.
   */
  conceal(recordIds: readonly string[], how?: Concealment): () => void;
  /**
   * Calls back before each call of the app to the base is looked at, and waits for that: a person's edit between each two
   * calls. Answers how to end it.
   */
  beforeCalls(listener: BaseListener): () => void;
  /** Makes the file known to this base; answers its token for attachment cells. */
  file(name: string, size?: number, type?: string): string;
}

function seed(
  world: World,
  base: BaseState,
  table: TableState,
  records: Iterable<Fields>,
  author: string,
): void {
  const fill = filler(world, base, table);
  for (const fields of records) {
    const row = newRow(world, table, author);
    fill(row, fields);
    putRow(table, row);
  }
}

/** What a client may take for granted, and a test takes away. */
const assumptions = (
  base: BaseState,
): Pick<BaseHandle, 'setRevisions' | 'setTotals' | 'conceal' | 'beforeCalls'> => ({
  setRevisions: (rule) => {
    base.revisionRule = rule;
    for (const { revisions, revision } of base.tables.values()) begin(revisions, revision);
  },
  setTotals: ({ late }) => {
    base.totalsLate = late;
    for (const { sizes, rows } of base.tables.values()) begin(sizes, rows.length);
  },
  conceal: (recordIds, how = {}) => conceal(base, recordIds, how),
  beforeCalls: (listener) => {
    base.listeners.add(listener);
    return () => base.listeners.delete(listener);
  },
});

/** Makes a base with its tables and records. `author` is the open_id of the person who seems to have typed them. */
export function addBase(world: World, spec: BaseSpec, author: string): BaseHandle {
  const base: BaseState = {
    appToken: `${world.random.text(23)}n${world.random.text(3)}`,
    name: spec.name ?? 'Playground',
    timeZone: spec.timeZone ?? 'Asia/Shanghai',
    revision: 1,
    advanced: spec.advanced ?? false,
    access: spec.access ?? 'manage',
    revisionRule: {},
    totalsLate: 0,
    now: world.now,
    calls: 0,
    listeners: new Set(),
    tables: new Map(),
    files: new Map(),
  };
  const made = spec.tables.map((one) => ({ one, table: newTable(world, base, one.name) }));
  for (const { one, table } of made) {
    for (const { name, shows } of one.views ?? []) newView(world, table, name, shows);
  }
  for (const { one, table } of made) addFields(world, base, table, one.fields);
  for (const { one, table } of made) tieLinks(world, base, table, one.fields);
  for (const { one, table } of made) seed(world, base, table, one.records ?? [], author);
  world.bases.set(base.appToken, base);
  const tables = (): TableHandle[] =>
    [...base.tables.values()].map((table) => tableHandle(world, base, table, author));
  return {
    appToken: base.appToken,
    get tables() {
      return tables();
    },
    table: (at = 0) => {
      const all = tables();
      const table = typeof at === 'number' ? all[at] : all.find(({ name }) => name === at);
      if (!table) throw new Error(`The base has no table ${at}.`);
      return table;
    },
    removeTable: (name) => {
      for (const table of base.tables.values()) if (table.name === name) base.tables.delete(table.id);
      base.revision += 1;
    },
    setAccess: (access) => {
      base.access = access;
      base.revision += 1;
    },
    setAdvanced: (on) => {
      base.advanced = on;
      base.revision += 1;
    },
    ...assumptions(base),
    file: (name, size = 1, type = 'application/octet-stream') => {
      const token = `box${world.random.text(20)}`;
      base.files.set(token, { token, name, size, type });
      return token;
    },
  };
}

/** Puts a base into a wiki; answers the address of its page, with the first table. */
export function addWikiNode(world: World, base: BaseHandle): string {
  const token = `wik${world.random.text(20)}`;
  world.wiki.set(token, base.appToken);
  return `${site}/wiki/${token}?table=${base.table().id}`;
}

export type { Fields, TableHandle } from './table-handle.ts';
