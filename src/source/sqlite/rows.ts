import { isUtf8 } from 'node:buffer';
import type { DatabaseSyncInstance, StatementSyncInstance } from '@photostructure/sqlite';
import type { Value } from '../../sync/fields/column.ts';
import { rowsPerTurn } from '../../sync/words/limits.ts';

/** A cell as the driver gives it when integers come whole. */
type Cell = string | number | bigint | null | Uint8Array;

/** Some rows on their way between the processes; none at the end. */
export interface Group {
  /** JSON in UTF-8 where that can hold them: the driver takes five times as long to make a value of each cell. */
  readonly rows: Uint8Array | readonly (readonly Value[])[];
  /** By column the numbers that are not whole, row by row, or NaN: SQLite's JSON rounds them. */
  readonly reals: readonly (readonly [column: number, values: Float64Array])[];
}

/** A group of rows is full when it has so many bytes. */
const fullAt = 1024 * 1024;
/** Columns that fit the arguments of one of SQLite's functions. */
const widest = 900;
const safe = Number.MAX_SAFE_INTEGER;

/**
 * Reads a table that was filled from rowid 1 on, some rows at a time.
 * @param encoding as the file keeps text: `UTF-8`, `UTF-16le` or `UTF-16be`. https://www.sqlite.org/pragma.html#pragma_encoding
 */
export function collectedRows(
  db: DatabaseSyncInstance,
  table: string,
  names: readonly string[],
  encoding: string,
): () => Group {
  // Without another order, rows come by their number.
  const select = (list: readonly string[]): StatementSyncInstance =>
    db.prepare(`select ${list.join(', ')} from ${table} where rowid between ? and ?`);
  const packed = names.length <= widest && encoding === 'UTF-8' ? select(inJson(names)) : undefined;
  const exact = select(names.map(asBytes));
  const valueIn = reader(encoding);
  const realsOf = new Map<string, StatementSyncInstance>();
  let at = 1;
  let perRow = 1;

  function inPack(to: number): Group | undefined {
    const [rows, count, ...odd] = packed ? cellsOf(packed, at, to) : [];
    if (!(rows instanceof Uint8Array) || !isUtf8(rows) || odd.includes('blob')) return undefined;
    const reals = odd.flatMap((type, column): Group['reals'] => {
      if (type !== 'real') return [];
      const name = names[column] ?? '';
      const statement = realsOf.get(name) ?? select([`case typeof(${name}) when 'real' then ${name} end`]);
      realsOf.set(name, statement);
      const cells = statement.all(at, to) as unknown as (number | null)[][];
      return [[column, Float64Array.from(cells, ([cell]) => cell ?? Number.NaN)]];
    });
    at += Number(count);
    perRow = rows.length / Number(count);
    return { rows, reals };
  }

  return () => {
    const to = at + Math.max(1, Math.min(rowsPerTurn, Math.floor(fullAt / perRow))) - 1;
    const group = inPack(to);
    if (group) return group;
    const rows: Value[][] = [];
    let weight = 0;
    for (const row of exact.iterate(at, to) as Iterable<Cell[]>) {
      rows.push(row.map(valueIn));
      for (const cell of row)
        if (typeof cell === 'string' || cell instanceof Uint8Array) weight += cell.length;
      if (weight > fullAt) break;
    }
    at += rows.length;
    return { rows, reals: [] };
  };
}

/**
 * Asks for rows as one JSON text, for their count, and for each column whether it holds bytes, which JSON cannot, or
 * else numbers that are not whole.
 */
const inJson = (names: readonly string[]): string[] => [
  `cast(json_group_array(json_array(${names.map(jsonCell).join(', ')})) as blob)`,
  'count(*)',
  ...names.map((name) => `min(case when typeof(${name}) in ('blob', 'real') then typeof(${name}) end)`),
];

const jsonCell = (name: string): string =>
  `case typeof(${name}) when 'text' then ${name}
   when 'integer' then iif(${name} between -${safe} and ${safe}, ${name}, ${name} || '') end`;

/** The first row; none where SQLite cannot make it: too much does not fit a cell. */
function cellsOf(statement: StatementSyncInstance, from: number, to: number): readonly Cell[] {
  try {
    return statement.get(from, to) as unknown as Cell[];
  } catch {
    return [];
  }
}

/** Asks for a column so that nothing is lost: text comes as bytes, and bytes as hex digits. */
const asBytes = (name: string): string =>
  `case typeof(${name}) when 'text' then cast(${name} as blob) when 'blob' then hex(${name}) else ${name} end`;

/** Turns what {@link asBytes} asked for into values. Text that is broken stays bytes. */
function reader(encoding: string): (cell: Cell) => Value {
  const decoder = new TextDecoder(encoding, { fatal: true, ignoreBOM: true });
  return (cell) => {
    if (typeof cell === 'bigint') return Number.isSafeInteger(Number(cell)) ? Number(cell) : String(cell);
    if (typeof cell === 'string') return Buffer.from(cell, 'hex');
    if (!(cell instanceof Uint8Array)) return cell;
    try {
      return decoder.decode(cell);
    } catch {
      return cell;
    }
  };
}

/** The rows of a group, as they are read. */
export function rowsIn({ rows, reals }: Group): readonly (readonly Value[])[] {
  if (!(rows instanceof Uint8Array)) return rows;
  const read = JSON.parse(Buffer.from(rows.buffer, rows.byteOffset, rows.length).toString()) as Value[][];
  for (const [column, values] of reals) {
    values.forEach((value, at) => {
      const row = read[at];
      if (row && !Number.isNaN(value)) row[column] = value;
    });
  }
  return read;
}
