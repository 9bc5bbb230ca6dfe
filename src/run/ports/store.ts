import type { Actor } from '../../sync/state/state.ts';
import type { TableFacts } from './facts.ts';
import type { Journal } from './journal.ts';
import type { Ledger, Rejects } from './ledger.ts';

/** One run per table, across processes. */
export interface Lease {
  /** Grows with each claim of the table; writes of an older one are refused. */
  readonly fence: number;
  /** Milliseconds for which the table surely had no holder before, by the database's clock; 0 where it has none. */
  readonly idle: number;
}

export interface Holder {
  readonly run: string;
  /** Which process; opaque. */
  readonly owner: string;
  /** Changes with each claim and each renewal: who sees the same for the life of a lease knows that it has run out. */
  readonly mark: string;
}

/**
 * Who works on which table. No clock of a client is ever compared with another one's: a lease has run out by the
 * database's own clock where that is shared, or by the word of a client that has not seen it renewed.
 */
export interface Leases {
  /**
   * Takes the table for a run, or tells who holds it.
   * @param gone the mark of a holder that is known to be gone: its lease is taken, unless it was renewed since
   */
  claim(
    table: string,
    run: string,
    owner: string,
    gone?: string,
  ): Promise<
    { readonly kind: 'claimed'; readonly lease: Lease } | { readonly kind: 'held'; readonly by: Holder }
  >;
  /** Answers false when the lease was lost. */
  renew(table: string, fence: number): Promise<boolean>;
  release(table: string, fence: number): Promise<void>;
  holder(table: string): Promise<Holder | undefined>;
}

/** What somebody wants of a run that goes on at another instance. */
export interface Order {
  /** Names it once and for all: posted twice, it is carried out once. */
  readonly id: string;
  readonly run: string;
  readonly op: 'cancel';
  readonly by: Actor;
  /** The version of the run that it is meant for; of a newer one it means nothing. */
  readonly version: number;
  readonly at: number;
}

/** Where orders lie until the instance that carries the run out takes them. */
export interface Orders {
  post(order: Order): Promise<void>;
  /** Orders for these runs, oldest first. */
  of(runs: readonly string[]): Promise<readonly Order[]>;
  /** Takes an order away once it has had its effect. */
  take(id: string): Promise<void>;
  prune(before: number): Promise<void>;
}

/** Event and message IDs that were handled, so that a redelivery has no effect. */
export interface Seen {
  /** Notes the IDs of one event; true when none of them was shown to it before, also across restarts. */
  first(ids: readonly string[], at: number): Promise<boolean>;
  prune(before: number): Promise<void>;
}

/** All that is kept between runs and restarts. */
export interface Store {
  readonly journal: Journal;
  readonly ledger: Ledger;
  readonly rejects: Rejects;
  readonly facts: TableFacts;
  readonly leases: Leases;
  readonly seen: Seen;
  readonly orders: Orders;
  /** Rejects when the database does not answer; for readiness. */
  ping(): Promise<void>;
  stop(): Promise<void>;
}
