import type { FieldPacket } from 'mysql2';
import type { ColumnDetail, ColumnType, Value } from '../../sync/fields/column.ts';
import { ask, type Wire } from './connection.ts';

// https://dev.mysql.com/doc/dev/mysql-server/latest/field__types_8h.html
const numbers: readonly (readonly [ColumnType, readonly number[]])[] = [
  ['decimal', [0, 246]],
  ['integer', [1, 2, 3, 8, 9]],
  ['float', [4, 5]],
  ['any', [6]],
  ['timestamp', [7]],
  ['date', [10, 14]],
  ['time', [11]],
  ['datetime', [12]],
  ['year', [13]],
  ['bit', [16]],
  ['binary', [242]],
  ['json', [245]],
  ['enum', [247]],
  ['set', [248]],
  ['geometry', [255]],
];
const byNumber = new Map(numbers.flatMap(([type, all]) => all.map((one) => [one, type] as const)));

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

// https://dev.mysql.com/doc/dev/mysql-server/latest/group__group__cs__column__definition__flags.html
const unsignedFlag = 32;

/** Digits of whole numbers by the number of their type: https://dev.mysql.com/doc/refman/8.4/en/integer-types.html */
const integerDigits: ReadonlyMap<number, number> = new Map([
  [1, 3],
  [2, 5],
  [9, 8],
  [3, 10],
  [8, 20],
]);

/** What the server says of a number whose digits after the point are not fixed. */
const noScale = 31;

/** Bytes of one character in the set in which the session speaks: the longest of utf8mb4. */
const bytesPerCharacter = 4;

/**
 * All that a server tells of a query's columns without running it. The words of an ENUM or SET stand in the
 * table's own description; of a view or a derived table that may be nowhere.
 */
export async function detailsOf(
  wire: Wire,
  fields: readonly FieldPacket[],
): Promise<readonly ColumnDetail[]> {
  const details: ColumnDetail[] = [];
  for (const field of fields) {
    const detail = detailOf(field);
    const isList = detail.type === 'enum' || detail.type === 'set';
    const options = isList ? await optionsOf(wire, field) : undefined;
    details.push(options === undefined ? detail : { ...detail, options });
  }
  return details;
}

function detailOf(field: FieldPacket): ColumnDetail {
  const column = { name: field.name, type: columnType(field) };
  const read = readers.get(column.type);
  if (!read) return column;
  const unsigned = typeof field.flags === 'number' && (field.flags & unsignedFlag) !== 0;
  return { ...column, ...read(field, field.columnLength ?? 0, unsigned) };
}

type Reader = (field: FieldPacket, width: number, unsigned: boolean) => Partial<ColumnDetail>;

const readers: ReadonlyMap<ColumnType, Reader> = new Map<ColumnType, Reader>([
  [
    'integer',
    ({ columnType: number, type }, width, unsigned) => {
      const size = number ?? type ?? 0;
      const flag = size === 1 && width === 1;
      const digits = integerDigits.get(size) ?? 20;
      return { digits, ...(unsigned ? { unsigned } : {}), ...(flag ? { flag } : {}) };
    },
  ],
  ['bit', (_, width) => ({ digits: width, ...(width === 1 ? { flag: true } : {}) })],
  [
    'decimal',
    // The width counts the sign and the point.
    ({ decimals }, width, unsigned) => ({
      digits: width - (unsigned ? 0 : 1) - (decimals > 0 ? 1 : 0),
      scale: decimals,
      ...(unsigned ? { unsigned } : {}),
    }),
  ],
  ['float', ({ decimals }) => (decimals < noScale ? { scale: decimals } : {})],
  ['text', (_, width) => ({ length: Math.floor(width / bytesPerCharacter) })],
]);

/** The words of an ENUM or SET, where the table that it comes from is known. */
async function optionsOf(
  wire: Wire,
  { schema, db, orgTable, orgName }: FieldPacket,
): Promise<readonly string[] | undefined> {
  const place = [schema ?? db ?? '', orgTable, orgName];
  if (place.includes('')) return undefined;
  const [row] = await ask(
    wire,
    `select column_type from information_schema.columns
     where table_schema = ? and table_name = ? and column_name = ?`,
    place,
  );
  return row === undefined ? undefined : wordsOf(String(row[0]));
}

/** The words in `enum('a','it''s')`; undefined when it is no such list. */
export function wordsOf(declared: string): readonly string[] | undefined {
  const list = /^(?:enum|set)\((.*)\)/is.exec(declared)?.[1];
  if (list === undefined) return undefined;
  return [...list.matchAll(/'((?:[^'\\]|''|\\.)*)'/gs)].map(([, word = '']) =>
    word.replace(/''|\\(.)/gs, (_, escaped: string | undefined) =>
      escaped === undefined ? "'" : (escapes.get(escaped) ?? escaped),
    ),
  );
}

const escapes: ReadonlyMap<string, string> = new Map([
  ['0', '\0'],
  ['n', '\n'],
  ['r', '\r'],
]);
