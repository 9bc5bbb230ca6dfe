/** What a statement can be given. Numbers, texts and bytes only: the SQLite binary ends the process on a boolean. */
export type Param = string | number | bigint | null | Uint8Array;

/** What the program asks of the thread that holds the SQLite file. */
export type Request =
  | { readonly id: number; readonly kind: 'run'; readonly sql: string; readonly params: readonly Param[] }
  | { readonly id: number; readonly kind: 'close' };

/** The thread's answer to the request of the same ID. */
export type Reply =
  | {
      readonly id: number;
      readonly kind: 'done';
      readonly rows: readonly Readonly<Record<string, unknown>>[];
      /** Rows inserted, changed or deleted; `null` for queries. */
      readonly changes: number | null;
    }
  | { readonly id: number; readonly kind: 'failed'; readonly message: string; readonly code: string };

/** What the thread is started with. */
export interface Opening {
  /** Absolute path of the file, or `:memory:`. */
  readonly path: string;
  /** Milliseconds that a write waits for another process to end its own. */
  readonly patience: number;
}
