/** What spreadsheets take for the beginning of a formula, full-width forms and blanks before it included. */
const formula = /^[\s\p{Cf}]*[=+\-@＝＋－＠−]|^[\t\r\n]/u;
/** A number that a spreadsheet shows as it stands: up to 15 digits, no leading zero. */
const plainNumber = /^-?(?:0|[1-9]\d{0,14})(?:\.\d+)?$/;
/** Text that a spreadsheet would read as a number, and change. */
const numberLike = /^\d[\d,]*(?:\.\d*)?(?:e[+-]?\d+)?$/i;
const digitsAtMost = 15;

/**
 * One cell of a CSV file (RFC 4180) that spreadsheets show as it is: an apostrophe stands before whatever they would
 * calculate or round: formulas, long digit strings, leading zeros, exponents. A value that begins with an
 * apostrophe gets another one, so that taking one away always gives the value back.
 */
export function csvCell(value: string): string {
  const shown = value.startsWith("'") || isChanged(value) ? `'${value}` : value;
  return /[",;\s]/u.test(shown) ? `"${shown.replaceAll('"', '""')}"` : shown;
}

function isChanged(value: string): boolean {
  // A sign alone is no formula.
  if (value.length === 1 && '=+-'.includes(value)) return false;
  if (plainNumber.test(value)) return value.replace(/\D/g, '').length > digitsAtMost;
  return formula.test(value) || numberLike.test(value);
}

/** One line with its CRLF. */
export const csvLine = (cells: readonly string[]): string => `${cells.map(csvCell).join(',')}\r\n`;

/** A whole file: UTF-8 with a mark at the beginning, without which Excel takes Chinese for something else. */
export interface CsvFile {
  readonly content: Buffer;
  /** Lines after the header. */
  readonly rows: number;
}

/**
 * Packs rows into files of at most `most` bytes, each with the header; a row is never cut in two. One file is in
 * memory at a time. No rows make no file.
 */
export async function* csvFiles(
  header: readonly string[],
  rows: AsyncIterable<readonly string[]>,
  most: number,
): AsyncGenerator<CsvFile> {
  const head = Buffer.from(`\ufeff${csvLine(header)}`);
  let parts: Buffer[] = [];
  let bytes = head.length;
  const file = (): CsvFile => ({ content: Buffer.concat([head, ...parts]), rows: parts.length });
  for await (const cells of rows) {
    const line = Buffer.from(csvLine(cells));
    if (parts.length > 0 && bytes + line.length > most) {
      yield file();
      parts = [];
      bytes = head.length;
    }
    parts.push(line);
    bytes += line.length;
  }
  if (parts.length > 0) yield file();
}
