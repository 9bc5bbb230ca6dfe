import type { WritableKind } from './field.ts';

export const modes = ['upsert', 'append', 'update', 'mirror'] as const;

/** What a run may do: see {@link Definition.mode}. */
export type Mode = (typeof modes)[number];

/** How one column becomes one field. Everything is optional: the default is same name, by the field's own type. */
export interface ColumnRule {
  /** Name of the field, when it differs from the column's. */
  readonly to?: string;
  /** Reads the column as this kind instead of the field's own. */
  readonly as?: WritableKind;
  /** Leaves the column out. */
  readonly skip?: boolean;
  /** What people or linked records are named by, such as `email`, or the linked table's key field. */
  readonly by?: string;
  /** What to do with a value that names nobody: reject the row (the default) or leave the cell empty. */
  readonly missing?: 'reject' | 'empty';
  /** Whether a select may get options that it does not have yet: yes is the default. */
  readonly options?: 'create' | 'reject';
  /** Lets a number lose the digits that a number field cannot hold. */
  readonly round?: boolean;
  /** Takes blanks away at both ends. */
  readonly trim?: boolean;
  /** Replaces values, such as `0` by `女`. Values that are not listed stay as they are. */
  readonly map?: Readonly<Record<string, Plain>>;
  /** Stands in for an empty value. */
  readonly default?: Plain;
  /** Cuts one text into several values at this separator. */
  readonly split?: string;
  /** Characters that are kept of a longer text. */
  readonly truncate?: number;
  /** Whether an empty value empties the cell (the default) or leaves what is in it. */
  readonly empty?: 'clear' | 'keep';
  /** What a number means that is read as a date: seconds, or milliseconds as is the default. */
  readonly unit?: 's' | 'ms';
}

/** A single value as a definition can write it. */
export type Plain = string | number | boolean | null;

/** Something that happens by the clock. */
export interface ScheduleEntry {
  /** `run`: sync · `remind`: ask people to · `digest`: sum up what happened. */
  readonly do: 'run' | 'remind' | 'digest';
  /** Five or six cron fields. */
  readonly cron: string;
  /** IANA zone of `cron`; the definition's when not given. */
  readonly timeZone?: string;
  /** Chat (`oc_…`) or person (`ou_…`) that is told. */
  readonly chat?: string;
  /** Not done when the table was synced within this time, such as `4h`. */
  readonly unless?: string;
  /** Whether a reminder counts the waiting rows first. */
  readonly plan?: boolean;
  /** What happens to times that passed while the program was stopped. */
  readonly missed?: 'once' | 'skip';
  /** Warns when no run has succeeded for this time, such as `26h`. */
  readonly stale?: string;
  /** Says nothing when nothing changed. */
  readonly quiet?: boolean;
}

/** A saved sync, checked; the file it came from is YAML. */
export interface Definition {
  /** `[a-z0-9][a-z0-9_-]{0,39}`, and no sub-command word. */
  readonly name: string;
  /** What people call it; the name when not given. */
  readonly title: string;
  readonly source: {
    /** Name of a connection in the environment: `shop` is `CONNECTION_SHOP`. */
    readonly connection: string;
    readonly query: string;
    /** Where the query stands, `file:line:column`; known of definitions that come from a file. */
    readonly at?: string;
    /** Seconds that the query may run. */
    readonly timeout: number;
    /** What becomes of a text that the database cut short: its row is rejected, or what is left of it is written. */
    readonly cut?: 'reject' | 'keep';
  };
  /** One pair a key column; usually one, with the same name on both sides. */
  readonly key: readonly KeyPart[];
  /** Address of the table as copied from the browser. */
  readonly target: string;
  /**
   * `upsert`: create and update · `append`: create missing keys only · `update`: existing keys only ·
   * `mirror`: upsert, and delete records whose key is not in the query.
   */
  readonly mode: Mode;
  /** Rules by column name, only where the default does not fit. */
  readonly fields: Readonly<Record<string, ColumnRule>>;
  /** Rows a call; `auto` = 1,000 on Feishu and 500 on Lark hosts. Deletes never above 500. */
  readonly chunkSize: number | 'auto';
  /** Writes at once for the base, 1 to 8; `auto` finds out. */
  readonly concurrency: number | 'auto';
  /** How often what failed is sent again, 0 to 10. */
  readonly rounds: number;
  /** What may happen to records that the ledger does not know: see the brake. */
  readonly deletes: 'ask' | 'all' | 'ours';
  /** Shares of the table (0 to 1) above which a run waits for a person, from 10 records up. */
  readonly brake: { readonly deletes: number; readonly updates: number };
  /** open_ids (`ou_…`), `everyone`, and for `approve` also `other`: not the one who started the run. */
  readonly access: {
    readonly run?: readonly string[];
    readonly approve?: readonly string[];
    /** Chats (`oc_…`) in which the definition may be used. */
    readonly chats?: readonly string[];
  };
  readonly schedule: readonly ScheduleEntry[];
  /** `limit`: updates and deletes stay within the address's view. `ignore`: the whole table. */
  readonly view: 'ignore' | 'limit';
  /** IANA zone for this definition's dates; the program's when not given. */
  readonly timeZone?: string;
  /** Columns that are masked everywhere but in the table. */
  readonly private: readonly string[];
  /** How long a plan is good for, such as `4h`; a day when not given. */
  readonly expires?: string;
  /** `fields`: fields that the table lacks are created from the query's columns. */
  readonly create?: 'fields';
}

export interface KeyPart {
  readonly column: string;
  readonly field: string;
}
