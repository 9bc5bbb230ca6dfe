/** Time as the program sees it; tests pass one that they can move. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Waits; rejects with the signal's reason when it is aborted. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

/** Where names and chance come from. */
export interface Chance {
  /** A UUID v4, for idempotency tokens. */
  uuid(): string;
  /** A short, unique run ID. */
  run(): string;
  /** A number from 0 up to but not including 1. */
  random(): number;
}

/** A log line: a stable event word and plain facts. Never row contents, never secrets. */
export interface Log {
  debug(event: string, facts?: Readonly<Record<string, unknown>>): void;
  info(event: string, facts?: Readonly<Record<string, unknown>>): void;
  warn(event: string, facts?: Readonly<Record<string, unknown>>): void;
  error(event: string, facts?: Readonly<Record<string, unknown>>): void;
}
