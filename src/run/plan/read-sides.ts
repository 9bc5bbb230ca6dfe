import type { Resolver } from '../../sync/fields/lookup.ts';
import type { CallMeter, People } from '../ports.ts';
import { sideBySide } from '../together.ts';
import { findPeople, readLinked, resolverOf } from './lookup.ts';
import type { Sides, Spools } from './open-sides.ts';
import { readSource, type SourceRead } from './read-source.ts';
import { readTable, type TableRead } from './read-table.ts';

/** What both sides are read with. */
export interface Reading {
  readonly people: People;
  readonly meter: CallMeter;
  /** Take the rows. */
  readonly spools: Spools;
  readonly signal: AbortSignal;
  /** Told how far the reading is. */
  onRead?(seen: { rows?: number; records?: number; total?: number }): void;
  /** Carries one side's reading out, and may measure it. */
  timed?<T>(what: 'source' | 'table', work: () => Promise<T>): Promise<T>;
}

/** Both sides, as a run compares them. */
export interface BothRead {
  readonly rows: SourceRead;
  readonly records: TableRead;
  /** Turns words into IDs, where the mapping asks for it. */
  readonly resolver: Resolver | undefined;
}

/** Reads source and table side by side, and looks up what their words stand for; when one fails, all of it does. */
export async function readSides(sides: Sides, reading: Reading): Promise<BothRead> {
  const { mapping, target } = sides;
  const { people, meter, spools, onRead, timed = (_, work) => work() } = reading;
  const { revision } = target;
  const onRows = (rows: number): void => onRead?.({ rows });
  const onPage = (records: number, total: number): void => onRead?.({ records, total });
  const [[rows, known], [records, linked]] = await sideBySide(
    reading.signal,
    async (both) => {
      const drained = { ...sides.origin, mapping, spool: spools.rows, bad: spools.bad };
      const read = await timed('source', () => readSource(drained, onRows, both));
      return [read, await findPeople(people, read.people, meter, both)] as const;
    },
    (both) =>
      sideBySide(
        both,
        (all) => timed('table', () => readTable(target.table, mapping, { revision, onPage }, all)),
        (all) => readLinked(sides, all),
      ),
  );
  return { rows, records, resolver: resolverOf(mapping.targets, known, linked) };
}
