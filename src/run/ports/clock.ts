/** Time as the program sees it; tests pass one that they can move. */
export interface Clock {
  /** Milliseconds since the epoch, for what is shown or stored. People and time servers set it, ahead and back. */
  now(): number;
  /** Milliseconds since some moment, for durations in this process: nobody sets it, and it never goes back. */
  monotonic(): number;
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

/** The name of a log line: what it is about and what became of it, such as `run.ended` or `card.not-sent`. */
export type LogEvent = `${Lowercase<string>}.${Lowercase<string>}`;

/** Writes log lines: an event and plain facts. Never row contents, never secrets. */
export interface Log {
  debug(event: LogEvent, facts?: Readonly<Record<string, unknown>>): void;
  info(event: LogEvent, facts?: Readonly<Record<string, unknown>>): void;
  warn(event: LogEvent, facts?: Readonly<Record<string, unknown>>): void;
  error(event: LogEvent, facts?: Readonly<Record<string, unknown>>): void;
}
