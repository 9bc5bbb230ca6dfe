import type { Resolver } from '../sync/lookup.ts';
import type { Mapping } from '../sync/mapping.ts';
import type { BadRow } from '../sync/state.ts';
import type { Column } from '../sync/value.ts';
import type { Zone } from '../sync/zone.ts';
import { findPeople, readLinked, resolverOf } from './lookup.ts';
import type { BaseInfo, CallMeter, People, Query, Source, Table } from './ports.ts';
import { readSource, type SourceRead, type SourceRow } from './read-source.ts';
import { readTable, type TableRead } from './read-table.ts';
import type { Spool } from './spool.ts';
import { sideBySide } from './together.ts';

/** What both sides are read with. */
export interface Reading {
  readonly source: Source;
  readonly query: Query;
  readonly columns: readonly Column[];
  readonly table: Table;
  readonly about: BaseInfo;
  /** The table's change counter before the read. */
  readonly revision: number;
  readonly mapping: Mapping;
  readonly zone: Zone;
  readonly people: People;
  readonly meter: CallMeter;
  /** Takes the rows; the other one those that are refused while they are read. */
  readonly spool: Spool<SourceRow>;
  readonly bad: Spool<BadRow>;
  readonly signal: AbortSignal;
  /** Told how far the reading is. */
  onRead(seen: { rows?: number; records?: number; total?: number }): void;
  /** Carries one side's reading out, and may measure it. */
  timed<T>(what: 'source' | 'table', work: () => Promise<T>): Promise<T>;
}

/** Both sides, as a run compares them. */
export interface BothRead {
  readonly rows: SourceRead;
  readonly records: TableRead;
  /** Turns words into IDs, where the mapping asks for it. */
  readonly resolver: Resolver | undefined;
}

/** Reads source and table side by side, and looks up what their words stand for; when one fails, all of it does. */
export async function readSides(job: Reading): Promise<BothRead> {
  const { source, query, columns, table, about, revision, mapping, zone, spool, bad, onRead, timed } = job;
  const [[rows, people], [records, linked]] = await sideBySide(
    job.signal,
    async (both) => {
      const onRows = (n: number): void => onRead({ rows: n });
      const read = await timed('source', () =>
        readSource(source, query, columns, mapping, spool, bad, onRows, both),
      );
      return [read, await findPeople(job.people, read.people, job.meter, both)] as const;
    },
    (both) =>
      sideBySide(
        both,
        (all) =>
          timed('table', () =>
            readTable(table, mapping, revision, (n, total) => onRead({ records: n, total }), all),
          ),
        (all) => readLinked(table, mapping.targets, zone, about.advanced, all),
      ),
  );
  return { rows, records, resolver: resolverOf(mapping.targets, people, linked) };
}
