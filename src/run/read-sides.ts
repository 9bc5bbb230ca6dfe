import type { Resolver } from '../sync/lookup.ts';
import type { Zone } from '../sync/zone.ts';
import { findPeople, readLinked, resolverOf } from './lookup.ts';
import type { BaseInfo, CallMeter, People, Table } from './ports.ts';
import { type Draining, readSource, type SourceRead } from './read-source.ts';
import { readTable, type TableRead } from './read-table.ts';
import { sideBySide } from './together.ts';

/** What both sides are read with. */
export interface Reading extends Draining {
  readonly table: Table;
  readonly about: BaseInfo;
  /** The table's change counter before the read. */
  readonly revision: number;
  readonly zone: Zone;
  readonly people: People;
  readonly meter: CallMeter;
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
  const { table, about, revision, mapping, zone, onRead, timed } = job;
  const [[rows, people], [records, linked]] = await sideBySide(
    job.signal,
    async (both) => {
      const onRows = (n: number): void => onRead({ rows: n });
      const read = await timed('source', () => readSource(job, onRows, both));
      return [read, await findPeople(job.people, read.people, job.meter, both)] as const;
    },
    (both) =>
      sideBySide(
        both,
        (all) =>
          timed('table', () =>
            readTable(
              table,
              mapping,
              { revision, onPage: (records, total) => onRead({ records, total }) },
              all,
            ),
          ),
        (all) => readLinked(table, mapping.targets, zone, about.advanced, all),
      ),
  );
  return { rows, records, resolver: resolverOf(mapping.targets, people, linked) };
}
