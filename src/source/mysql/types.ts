import type { FieldPacket } from 'mysql2';
import type { ColumnType, Value } from '../../sync/fields/column.ts';

// https://dev.mysql.com/doc/dev/mysql-server/latest/field__types_8h.html
const byNumber: ReadonlyMap<number, ColumnType> = new Map([
  [0, 'decimal'],
  [1, 'integer'],
  [2, 'integer'],
  [3, 'integer'],
  [4, 'float'],
  [5, 'float'],
  [6, 'any'],
  [7, 'timestamp'],
  [8, 'integer'],
  [9, 'integer'],
  [10, 'date'],
  [11, 'time'],
  [12, 'datetime'],
  [13, 'year'],
  [14, 'date'],
  [16, 'bit'],
  [242, 'binary'],
  [245, 'json'],
  [246, 'decimal'],
  [247, 'enum'],
  [248, 'set'],
  [255, 'geometry'],
]);

const enumFlag = 256;
const setFlag = 2048;
const binaryCharset = 63;

/** What a column of a MySQL answer holds. Everything without a number of its own is text or bytes. */
export function columnType(field: FieldPacket): ColumnType {
  const type = byNumber.get(field.columnType ?? field.type ?? -1);
  if (type) return type;
  // MariaDB sends JSON as text and says so beside it.
  if (field.extendedFormat === 'json') return 'json';
  const flags = typeof field.flags === 'number' ? field.flags : 0;
  if (flags & enumFlag) return 'enum';
  if (flags & setFlag) return 'set';
  return field.characterSet === binaryCharset ? 'binary' : 'text';
}

/** FLOAT, DOUBLE, VECTOR and GEOMETRY: the driver computes something from them. */
const computed: ReadonlySet<number> = new Set([4, 5, 242, 255]);
const longlong = 8;
const zerofillFlag = 64;

/** Whether the driver reads a column exactly by itself; else {@link readCell} is to read its rows. */
export function isExact({ columnType: number, type = -1, flags }: FieldPacket): boolean {
  const code = number ?? type;
  if (code === longlong) return typeof flags === 'number' && (flags & zerofillFlag) === 0;
  return !computed.has(code);
}

const float = 4;

/** Whether a server shows only six digits of a column: FLOAT without a fixed number of places. */
export const isSingle = ({ columnType: number, type }: FieldPacket): boolean => (number ?? type) === float;

/**
 * The number that a FLOAT holds: itself where ten digits are enough for it, else the shortest that names it, which is
 * the one that was written: 1218913.75 and 0.1. @param value as one of double precision
 */
export function single(value: Value): Value {
  if (typeof value !== 'number' || Number(value.toPrecision(10)) === value) return value;
  for (let digits = 1; digits < 9; digits += 1) {
    const shorter = Number(value.toPrecision(digits));
    if (Math.fround(shorter) === value) return shorter;
  }
  return Number(value.toPrecision(9));
}

/** A time as a server writes it out: binary answers leave zeros at the end of its fraction out. */
export function withFraction(value: Value, decimals: number): Value {
  if (typeof value !== 'string') return value;
  const [whole = '', fraction = ''] = value.split('.');
  return `${whole}.${fraction.padEnd(decimals, '0')}`;
}

interface Cell {
  readonly type: string;
  string(encoding?: string): string | null;
  buffer(): Uint8Array | null;
}

/** Reads one cell of a binary answer: only what the driver would take apart is left whole. */
export const readBinaryCell = (cell: Cell, byDriver: () => unknown): unknown =>
  cell.type === 'GEOMETRY' || cell.type === 'VECTOR' ? cell.buffer() : byDriver();

/** Reads one cell exactly; the driver's own way is kept where it is exact. */
export function readCell(cell: Cell, byDriver: () => unknown): unknown {
  switch (cell.type) {
    // The driver multiplies digits up, which is one unit off for some of 16 digits.
    case 'FLOAT':
    case 'DOUBLE': {
      const digits = cell.string('latin1');
      return digits === null ? null : Number(digits);
    }
    case 'GEOMETRY':
    case 'VECTOR':
      return cell.buffer();
    case 'LONGLONG': {
      const value = byDriver();
      // ZEROFILL columns come with zeros in front.
      return typeof value === 'string' ? value.replace(/^(-?)0+(?=\d)/, '$1') : value;
    }
    default:
      return byDriver();
  }
}

/** Returns the whole number that the bytes of a BIT stand for, most significant first; other values as they are. */
export function bitNumber(value: Value): Value {
  if (!(value instanceof Uint8Array)) return value;
  const number = value.reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
  return number <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(number) : String(number);
}
