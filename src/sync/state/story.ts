import type { Actor, BadRow, ChunkStatus, Sample } from './state.ts';

/** What one run did with a row. */
export interface Chapter {
  readonly run: string;
  /** When it was read, in ms. */
  readonly at: number;
  readonly by: Actor | undefined;
  readonly told:
    | {
        readonly kind: 'change';
        readonly chunk: string;
        readonly status: ChunkStatus;
        readonly sentAt: number | null;
        readonly sample: Sample;
        readonly code: number | null;
        readonly message: string;
      }
    /** Not sent for what is in it. */
    | { readonly kind: 'bad'; readonly row: BadRow }
    /** Equal on both sides, or on neither: there was nothing to write. */
    | { readonly kind: 'quiet' }
    /** Its plan is no longer kept. */
    | { readonly kind: 'forgotten' };
}

/** The story of one row, newest run first. */
export interface Story {
  readonly chapters: readonly Chapter[];
  /** The record in which the bot last confirmed the row. */
  readonly record: string | undefined;
}
