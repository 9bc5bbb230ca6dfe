import type { WritableKind } from './field.ts';

/** What a run may do: see {@link Definition.mode}. */
export type Mode = 'upsert' | 'append' | 'update' | 'mirror';

/** How one column becomes one field. Everything is optional: the default is same name, by the field's own type. */
export interface ColumnRule {
  /** Name of the field, when it differs from the column's. */
  readonly to?: string;
  /** Reads the column as this kind instead of the field's own. */
  readonly as?: WritableKind;
  /** Leaves the column out. */
  readonly skip?: boolean;
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
    /** Seconds that the query may run. */
    readonly timeout: number;
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
  readonly access: {
    readonly run?: readonly string[];
    readonly approve?: readonly string[];
    readonly chats?: readonly string[];
  };
  readonly schedule: readonly Readonly<Record<string, unknown>>[];
  /** `limit`: updates and deletes stay within the address's view. `ignore`: the whole table. */
  readonly view: 'ignore' | 'limit';
  /** IANA zone for this definition's dates; the program's when not given. */
  readonly timeZone?: string;
  /** Columns that are masked everywhere but in the table. */
  readonly private: readonly string[];
}

export interface KeyPart {
  readonly column: string;
  readonly field: string;
}
