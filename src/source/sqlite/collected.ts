import type { DatabaseSyncInstance, StatementSyncInstance } from '@photostructure/sqlite';
import type { Value } from '../../sync/fields/column.ts';
import { rowsPerTurn } from '../../sync/words/limits.ts';
import { asBytes, bytesReader, type Packed, packed, realColumns } from './pack.ts';
import type { Cell } from './types.ts';
import type { Rows } from './wire.ts';

/** A group of rows is full when its cells have so many bytes together. */
const fullAt = 1024 * 1024;
/** So many columns can be packed: what else the statement has still fits the arguments of a function of SQLite's. */
const widest = 900;
/** https://www.sqlite.org/rescode.html#toobig */
const tooBig = 18;

/**
 * Reads a table that was filled from rowid 1 on, some rows at a time; none at the end. Rows come packed where they can;
 * those with odd texts, or with columns beyond counting, are read cell by cell.
 * @param encoding of the file's texts
 */
export function collectedRows(
  db: DatabaseSyncInstance,
  {
    table,
    names,
    encoding,
  }: { readonly table: string; readonly names: readonly string[]; readonly encoding: string },
): () => Rows {
  // Without another order, rows come by their number.
  const select = (list: readonly string[]): StatementSyncInstance =>
    db.prepare(`select ${list.join(', ')} from ${table} where rowid between ? and ?`);
  const pack =
    encoding === 'UTF-8' && names.length <= widest ? select([packed(names), 'count(*)']) : undefined;
  const exact = select(names.map(asBytes));
  const single = new Map<number, StatementSyncInstance>();
  let at = 1;
  let perRow = 1;

  function inPack(to: number): { readonly packed: Packed; readonly count: number } | undefined {
    const [bytes, count] = (pack && cellsOf(pack, at, to)) ?? [];
    if (!(bytes instanceof Uint8Array)) return undefined;
    const columns = realColumns(bytes, Number(count), names.length);
    const reals = [...(columns ?? [])].map((column): [number, Float64Array] => {
      const alone = single.get(column) ?? select(names.slice(column, column + 1));
      single.set(column, alone);
      const cells = alone.all(at, to) as Cell[][];
      return [column, Float64Array.from(cells, ([cell]) => Number(cell))];
    });
    return columns && { packed: { bytes, reals: new Map(reals) }, count: Number(count) };
  }

  return () => {
    const to = at + Math.max(1, Math.min(rowsPerTurn, Math.floor(fullAt / perRow))) - 1;
    const group = inPack(to);
    if (group) {
      at += group.count;
      perRow = group.packed.bytes.length / group.count;
      return { kind: 'packed', packed: group.packed };
    }
    const rows = oneByOne(exact.iterate(at, to) as Iterable<Cell[]>, bytesReader(encoding));
    at += rows.length;
    return { kind: 'rows', rows };
  };
}

/** The first row; undefined when its cells are too large together. */
function cellsOf(statement: StatementSyncInstance, from: number, to: number): Cell[] | undefined {
  try {
    return statement.get(from, to) as Cell[];
  } catch (error) {
    if (error instanceof Error && 'errcode' in error && error.errcode === tooBig) return undefined;
    throw error;
  }
}

function oneByOne(cells: Iterable<Cell[]>, valueIn: (cell: Cell) => Value): Value[][] {
  const rows: Value[][] = [];
  let weight = 0;
  for (const row of cells) {
    rows.push(row.map(valueIn));
    for (const cell of row) if (typeof cell === 'string' || cell instanceof Uint8Array) weight += cell.length;
    if (weight > fullAt) break;
  }
  return rows;
}
