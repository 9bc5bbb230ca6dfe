import type { FieldPacket, QueryOptions } from 'mysql2';
import type { Rows } from '../../run/ports.ts';
import { type Column, isCut, type Value } from '../../sync/fields/column.ts';
import { rowsPerTurn } from '../../sync/words/limits.ts';
import type { Text } from '../../sync/words/text.ts';
import { openFlow } from '../flow.ts';
import type { Leash } from '../leash.ts';
import { ask } from './ask.ts';
import type { Wrapped } from './exact.ts';
import { type Asked, toProblem } from './problems.ts';
import type { Session } from './session.ts';
import { changedSettings, readSettings, unsettled } from './settings.ts';
import {
  bitNumber,
  columnType,
  isExact,
  isSingle,
  readBinaryCell,
  readCell,
  single,
  withFraction,
} from './types.ts';
import { judgeWarnings } from './warnings.ts';

/** What is sent for a query. */
export interface Reading {
  /** The query itself, or it inside another one. */
  readonly sql: string;
  readonly columns: readonly Column[];
  /** Makes the rows of a query inside another one exact, and as many values wide as it is. */
  readonly row?: Wrapped['row'];
  /** Whether the answer is to come in binary, where the server does not round what it sends. */
  readonly binary: boolean;
}

/** Sends the query; answers once the first of the answer is there, while the rows come in. */
export function startReading(session: Session, leash: Leash, reading: Reading, asked: Asked): Promise<Rows> {
  const { connection } = session.wire;
  const options = { sql: reading.sql, rowsAsArray: true };
  const answer = reading.binary ? connection.execute(options) : connection.query(options);
  const flow = openFlow<readonly (readonly Value[])[]>(() => leash.pull(new Error('nobody reads any more')));
  const counted = cutCounter(reading.columns);
  let finish = (row: Value[]): readonly Value[] => row;
  let batch: (readonly Value[])[] = [];
  let notes: readonly Text[] = [];
  let failed = false;

  return new Promise((resolve, reject) => {
    function fail(error: Error): void {
      failed = true;
      leash.letGo();
      flow.fail(error);
      reject(error);
    }
    leash.signal.addEventListener('abort', () => fail(leash.reason()));
    answer.on('error', (error) => {
      if (leash.signal.aborted) return;
      session.close();
      fail(toProblem(error, asked));
    });
    answer.on('fields', (fields: unknown) => {
      const sent = fields as FieldPacket[];
      if (!sent.every(isExact)) readByCell(answer, reading.binary);
      finish = finisher(sent, reading);
      resolve({ columns: reading.columns, batches: flow.items, notes: () => notes });
    });
    answer.on('result', (row: unknown) => {
      const values = finish(row as Value[]);
      counted.look(values);
      batch.push(values);
      if (batch.length < rowsPerTurn) return;
      flow.push(batch);
      batch = [];
      takeTurns(connection);
    });
    async function end(): Promise<void> {
      try {
        notes = await aftermath(session, asked, counted.cuts());
      } catch (error) {
        return leash.signal.aborted ? undefined : fail(toProblem(error, asked));
      } finally {
        session.close();
      }
      if (leash.signal.aborted) return;
      leash.letGo();
      if (batch.length > 0) flow.push(batch);
      flow.end();
    }
    // Comes after an error too, when the flow takes nothing more.
    answer.on('end', () => {
      if (!failed && !leash.signal.aborted) void end();
    });
  });
}

/**
 * What the server says of its answer, and whether the session was the same all along. A connection that is gone by now
 * has brought all rows.
 */
async function aftermath(session: Session, asked: Asked, cuts: number): Promise<readonly Text[]> {
  const warnings = await ask(session.wire, 'show warnings').catch(() => []);
  const now = await readSettings(session.wire).catch(() => session.settings);
  const changed = changedSettings(session.settings, now);
  if (changed.length > 0) throw unsettled(changed, asked.where);
  return judgeWarnings(warnings, cuts, asked);
}

/** Counts the texts that fill all the room that the server has for one. */
function cutCounter(columns: readonly Column[]) {
  const places = columns.flatMap((column, at) => (column.cutAt === undefined ? [] : [{ at, column }]));
  let cuts = 0;
  return {
    look(row: readonly Value[]): void {
      for (const { at, column } of places) if (isCut(row[at] ?? null, column)) cuts += 1;
    },
    cuts: () => cuts,
  };
}

/** What is done to each row that comes. */
function finisher(
  sent: readonly FieldPacket[],
  { row, binary }: Reading,
): (values: Value[]) => readonly Value[] {
  const whole = row ?? ((values: Value[]) => values);
  const mends = sent.flatMap((field, at) => {
    if (columnType(field) === 'bit')
      return [(values: Value[]) => (values[at] = bitNumber(values[at] ?? null))];
    if (!binary) return [];
    if (isSingle(field)) return [(values: Value[]) => (values[at] = single(values[at] ?? null))];
    const { decimals } = field;
    return ['datetime', 'timestamp', 'time'].includes(columnType(field)) && decimals > 0 && decimals < 7
      ? [(values: Value[]) => (values[at] = withFraction(values[at] ?? null, decimals))]
      : [];
  });
  if (mends.length === 0) return whole;
  return (values) => {
    for (const mend of mends) mend(values);
    return whole(values);
  };
}

/**
 * Has each cell read by us, which costs a call a cell. Only few queries need that, and what they answer with is known
 * only now: the driver tells of the columns right before it looks at the options and makes its reader of rows.
 */
function readByCell(answer: unknown, binary: boolean): void {
  // The driver's types leave out the options of a query that was sent.
  (answer as { options: QueryOptions }).options.typeCast = binary ? readBinaryCell : readCell;
}

/**
 * Lets whatever else waits have its turn before more rows are read: a quick server fills the socket faster than its
 * rows are gone through, and clicks would wait for all of them. The server waits no longer than that turn.
 */
function takeTurns(connection: Session['wire']['connection']): void {
  connection.pause();
  setImmediate(() => connection.resume());
}
