/** What spreadsheets take for the beginning of a formula; blanks and control characters before it do not count. */
const formula = /^[=+\-@−]/u;
const blanks = /^[\s\p{C}]+/u;
/** A number that a spreadsheet shows as it stands: no zeros that it would leave out, and 15 digits at most. */
const plainNumber = /^(?!-0$)-?(?:0|[1-9]\d*)(?:\.\d*[1-9])?$/;
const digitsAtMost = 15;
/** Numbers, amounts, percents, fractions, times and dates in digits, in Chinese too. */
const digitsOnly = /^(?=\D*\d)[\s\d.,:/%()$¥€£年月日时分秒上下午-]+(?:[\s\d][ap]m|\s[ap])?$/iu;
const exponent = /^[\s\d.,]*\de[+-]?\d+\s*$/iu;
/** `MAR1`, `jan-1`, `2 Sept 2026`: a month's name among digits. */
const month =
  /(?:jan|feb|mar|apr|may|june?|july?|aug|sept?|oct|nov|dec|january|february|march|april|august|september|october|november|december)/
    .source;
const monthDate = new RegExp(`^(?=\\D*\\d)[\\s\\d.,:/-]*${month}[\\s\\d.,:/-]*$`, 'iu');
/** Truth values, and the errors of a calculation. */
const word = /^\s*(?:true|false|#(?:n\/a|null!|div\/0!|value!|ref!|name\?|num!))\s*$/iu;

/**
 * One cell of a CSV file (RFC 4180) that spreadsheets show as it is: an apostrophe stands before whatever they would
 * calculate, round or turn into something else. A value that begins with an apostrophe gets another one, so that taking
 * one away always gives the value back: CSV has no other means that every spreadsheet obeys.
 */
export function csvCell(value: string): string {
  const shown = value.startsWith("'") || isChanged(value) ? `'${value}` : value;
  return /[",;\s]/u.test(shown) ? `"${shown.replaceAll('"', '""')}"` : shown;
}

/** Longer texts are never taken for a number or a date. */
const longest = 255;

function isChanged(value: string): boolean {
  // A sign alone is no formula.
  if (value.length === 1 && '=+-'.includes(value)) return false;
  // Full-width forms are read as the others.
  const head = value
    .replace(blanks, '')
    .slice(0, longest + 1)
    .normalize('NFKC');
  if (plainNumber.test(value)) return value.replace(/^[-0.]+|\./g, '').length > digitsAtMost;
  if (formula.test(head) || /^[\t\r\n]/.test(value)) return true;
  return head.length <= longest && [digitsOnly, exponent, monthDate, word].some((like) => like.test(head));
}

export const csvLine = (cells: readonly string[]): string => `${cells.map(csvCell).join(',')}\r\n`;

/** A whole file: UTF-8 with a mark at the beginning, without which Excel takes Chinese for something else. */
export interface CsvFile {
  readonly content: Buffer;
  readonly rows: number;
}

/**
 * Packs rows into files of at most `most` bytes, each with the header; a row is never cut in two. One file is in memory
 * at a time. No rows make no file.
 */
export function csvPacker(header: readonly string[], most: number) {
  const head = Buffer.from(`\ufeff${csvLine(header)}`);
  let parts: Buffer[] = [];
  let bytes = head.length;
  /** Answers the rows since the last file. */
  const end = (): CsvFile | undefined => {
    if (parts.length === 0) return undefined;
    const file = { content: Buffer.concat([head, ...parts]), rows: parts.length };
    [parts, bytes] = [[], head.length];
    return file;
  };
  return {
    /** Takes a row; answers the file into which it did not fit any more. */
    add(cells: readonly string[]): CsvFile | undefined {
      const line = Buffer.from(csvLine(cells));
      const full = bytes + line.length > most ? end() : undefined;
      parts.push(line);
      bytes += line.length;
      return full;
    },
    end,
  };
}
