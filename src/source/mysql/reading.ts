import { ReadableStream } from 'node:stream/web';
import type { FieldPacket, QueryOptions } from 'mysql2';
import type { Rows } from '../../run/ports.ts';
import { type Column, isCut, type Value } from '../../sync/fields/column.ts';
import { rowsPerTurn } from '../../sync/words/limits.ts';
import { type Problem, ProblemError } from '../../sync/words/problem.ts';
import { type Text, text } from '../../sync/words/text.ts';
import {
  bitNumber,
  columnType,
  isExact,
  isSingle,
  readBinaryCell,
  readCell,
  single,
  withFraction,
} from './columns.ts';
import { ask } from './connection.ts';
import type { Asked } from './problems.ts';
import type { Reading } from './query.ts';
import type { Session } from './session.ts';
import { changedSettings, readSettings, unsettled } from './settings.ts';

type Row = readonly Value[];

/** Sends the query; answers once the first of the answer is there, while the rows come in: they are never held up. */
export function startReading(session: Session, reading: Reading): Promise<Rows> {
  const { lifetime } = session;
  const { connection } = session.wire;
  const options = { sql: reading.sql, rowsAsArray: true };
  const answer = reading.binary ? connection.execute(options) : connection.query(options);
  const counted = cutCounter(reading.columns);
  let finish = (row: Value[]): Row => row;
  let batch: Row[] = [];
  let notes: readonly Text[] = [];
  let ended = false;

  return new Promise((resolve, reject) => {
    function listen(out: ReadableStreamDefaultController<readonly Row[]>): void {
      function fail(error: Error): void {
        ended = true;
        out.error(error);
        reject(error);
      }
      lifetime.signal.addEventListener('abort', () => fail(lifetime.reason()));
      answer.on('error', (error) => {
        if (!ended) fail(session.failed(error));
      });
      answer.on('fields', (fields: unknown) => {
        const sent = fields as FieldPacket[];
        if (!sent.every(isExact)) readByCell(answer, reading.binary);
        finish = finisher(sent, reading);
        resolve({ columns: reading.columns, batches, notes: () => notes });
      });
      answer.on('result', (row: unknown) => {
        if (ended) return;
        const values = finish(row as Value[]);
        counted.look(values);
        batch.push(values);
        if (batch.length < rowsPerTurn) return;
        out.enqueue(batch);
        batch = [];
        takeTurns(connection);
      });
      async function end(): Promise<void> {
        try {
          notes = await aftermath(session, counted.cuts());
        } catch (error) {
          if (!ended) fail(session.failed(error));
        }
        session.close();
        if (ended) return;
        if (batch.length > 0) out.enqueue(batch);
        out.close();
      }
      // Comes after an error too, when nothing more is taken.
      answer.on('end', () => {
        if (!ended) void end();
      });
    }
    const batches = new ReadableStream<readonly Row[]>({
      start: listen,
      cancel: () => lifetime.end(new Error('nobody reads any more')),
    });
  });
}

/**
 * What the server says of its answer, and whether the session was the same all along. A connection that is gone by now
 * has brought all rows.
 */
async function aftermath(session: Session, cuts: number): Promise<readonly Text[]> {
  const warnings = await ask(session.wire, 'show warnings').catch(() => []);
  const { settings } = session.facts;
  const changed = changedSettings(settings, await readSettings(session.wire).catch(() => settings));
  if (changed.length > 0) throw unsettled(changed, session.asked.where);
  return judgeWarnings(warnings, cuts, session.asked);
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

/**
 * Warnings that mean a query's answer is not what it says; a server gives them in place of an error.
 * https://mariadb.com/kb/en/mariadb-error-codes/
 */
const cutShort = 1931;
/** https://dev.mysql.com/doc/mysql-errors/8.4/en/server-error-reference.html */
const cutGroup = 1260;

/** A function's result that would be longer than a packet: NULL stands in its place. */
const tooLongResult = 1301;

/**
 * Judges what `show warnings` answers for a query: level, code and words. Their words can quote values, so only the
 * codes are looked at.
 * @param cuts how many texts of the answer were seen to be cut; their rows are rejected one by one
 * @throws ProblemError when rows are missing (what they would be compared with would be deleted), or when values are
 *   wrong and nobody can tell which ones
 */
function judgeWarnings(
  warnings: readonly (readonly unknown[])[],
  cuts: number,
  { at, keepCut }: Pick<Asked, 'at' | 'keepCut'>,
): readonly Text[] {
  const codes = warnings.map(([, code]) => Number(code));
  if (codes.includes(cutShort)) throw new ProblemError([halfAnswer(at)]);
  const cut = codes.filter((code) => code === cutGroup).length;
  const lost = codes.includes(tooLongResult);
  if ((cut > cuts || lost) && !keepCut) throw new ProblemError([cutSomewhere(at)]);
  return cut > 0 || lost ? [cutTexts] : [];
}

const cutSomewhere = (where: string): Problem => ({
  code: 'query-cut-values',
  where,
  message: text(
    '数据库截断了查询拼接的内容（如 GROUP_CONCAT），无法得知是哪些行。',
    'The database cut texts that the query puts together (GROUP_CONCAT or the like), and does not say which rows are affected.',
  ),
  cure: text(
    '让查询少拼接一些，或请数据库管理员提高 max_allowed_packet 和 group_concat_max_len；若可以写入不完整的内容，在定义里写 source: cut: keep。',
    'Have the query put less together, or ask the administrator to raise max_allowed_packet and group_concat_max_len; where cut texts will do, say cut: keep under source in the definition.',
  ),
});

const halfAnswer = (where: string): Problem => ({
  code: 'query-cut-short',
  where,
  message: text(
    '数据库提前结束了查询，只返回了一部分行（递归层数或 LIMIT ROWS EXAMINED 的上限）。',
    'The database ended the query early and answered only some of its rows: a limit of recursion or of LIMIT ROWS EXAMINED.',
  ),
  cure: text(
    '修改查询；递归查询请数据库管理员提高 max_recursive_iterations。',
    'Change the query; for a recursive one ask the database administrator for a larger max_recursive_iterations.',
  ),
});

const cutTexts = text(
  '数据库截断了查询拼接的内容（如 GROUP_CONCAT，超过 group_concat_max_len 或 max_allowed_packet）。',
  'The database cut texts that the query puts together (GROUP_CONCAT or the like, above group_concat_max_len or max_allowed_packet).',
);
