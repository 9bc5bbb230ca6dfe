import { isUtf8 } from 'node:buffer';
import type { Value } from '../sync/value.ts';
import { type Cell, valueIn } from './sqlite-types.ts';

/** Rows whose texts are joined to look at them at once: even with some megabytes each they fit a text of SQLite's. */
const together = 256;

/** Runs a statement and answers its rows. */
type Ask = (sql: string) => Promise<Iterator<readonly Cell[]>>;

/**
 * Finds the columns with text that the driver cannot hand over as text: it cuts it at a zero character, and ends the
 * process at bytes that are no UTF-8, as other programs leave them in files. Where text is kept in UTF-16, all are odd.
 * @param table with a rowid from 1 on, nothing left out
 * @returns by position whether a column is odd
 */
export async function oddColumns(ask: Ask, table: string, names: readonly string[]): Promise<boolean[]> {
  const encoding = await encodingOf(ask);
  const odd = names.map(() => encoding !== 'UTF-8');
  const joined = names.map((name) => `cast(group_concat(${textOnly(name)}, ' ') as blob)`);
  for (let from = 1; odd.includes(false); from += together) {
    const rows = `rowid between ${from} and ${from + together - 1}`;
    const found = (await ask(`select count(*), ${joined.join(', ')} from ${table} where ${rows}`)).next();
    const [count, ...texts] = found.done ? [] : found.value;
    if (!count) return odd;
    for (const [at, text] of texts.entries()) if (!isPlain(text)) odd[at] = true;
  }
  return odd;
}

/**
 * Asks for odd columns in another way: text comes as bytes, and bytes as hex digits, so that each is known by what it
 * comes as.
 */
export const selected = (names: readonly string[], odd: readonly boolean[]): string =>
  names.map((name, at) => (odd[at] ? asBytes(name) : name)).join(', ');

/** Turns what {@link selected} asked for into values, by position. Text that is broken stays bytes. */
export async function readers(
  ask: Ask,
  odd: readonly boolean[],
): Promise<readonly ((cell: Cell) => Value)[]> {
  const decoder = new TextDecoder(await encodingOf(ask), { fatal: true, ignoreBOM: true });
  const oddIn = (cell: Cell): Value => {
    if (typeof cell === 'string') return Buffer.from(cell, 'hex');
    const value = valueIn(cell);
    if (!(value instanceof Uint8Array)) return value;
    try {
      return decoder.decode(value);
    } catch {
      return value;
    }
  };
  return odd.map((isOdd) => (isOdd ? oddIn : valueIn));
}

/** How the file keeps text: `UTF-8`, `UTF-16le` or `UTF-16be`. https://www.sqlite.org/pragma.html#pragma_encoding */
async function encodingOf(ask: Ask): Promise<string> {
  const found = (await ask('pragma encoding')).next();
  return String(found.done ? '' : found.value[0]);
}

const textOnly = (name: string): string => `case typeof(${name}) when 'text' then ${name} end`;

const asBytes = (name: string): string =>
  `case typeof(${name}) when 'text' then cast(${name} as blob) when 'blob' then hex(${name}) else ${name} end`;

function isPlain(joined: Cell): boolean {
  const bytes = joined instanceof ArrayBuffer ? new Uint8Array(joined) : joined;
  return !(bytes instanceof Uint8Array) || (isUtf8(bytes) && !bytes.includes(0));
}
