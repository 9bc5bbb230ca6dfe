import type { FieldPacket } from 'mysql2';
import type { ColumnDetail, ColumnType } from '../../sync/fields/column.ts';
import { ask } from './ask.ts';
import type { Session } from './session.ts';
import { columnType } from './types.ts';

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
  session: Session,
  fields: readonly FieldPacket[],
): Promise<readonly ColumnDetail[]> {
  const details: ColumnDetail[] = [];
  for (const field of fields) {
    const detail = detailOf(field);
    const isList = detail.type === 'enum' || detail.type === 'set';
    const options = isList ? await optionsOf(session, field) : undefined;
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
  session: Session,
  { schema, db, orgTable, orgName }: FieldPacket,
): Promise<readonly string[] | undefined> {
  const place = [schema ?? db ?? '', orgTable, orgName];
  if (place.includes('')) return undefined;
  const [row] = await ask(
    session.wire,
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
