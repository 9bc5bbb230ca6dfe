import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type CsvFile, csvCell, csvLine, csvPacker } from '../../../src/sync/words/csv.ts';

/** Reads CSV as RFC 4180 says. */
function parse(text: string): string[][] {
  const rows: string[][] = [];
  let row: string[] = [];
  let cell = '';
  let quoted = false;
  for (let at = 0; at < text.length; at++) {
    const one = text[at] ?? '';
    if (quoted) {
      if (one !== '"') cell += one;
      else if (text[at + 1] === '"') cell += text[at++];
      else quoted = false;
    } else if (one === '"') quoted = true;
    else if (one === ',') {
      row.push(cell);
      cell = '';
    } else if (one === '\r' && text[at + 1] === '\n') {
      rows.push([...row, cell]);
      [row, cell] = [[], ''];
      at++;
    } else cell += one;
  }
  return rows;
}

const shownValue = (cell: string): string => cell.replace(/^'/, '');
const hostile = fc.constantFrom(
  '=',
  '+',
  '-',
  '@',
  '＝',
  '＋',
  '－',
  '＠',
  '\t',
  '\r',
  '\n',
  ' ',
  "'",
  '"',
  ',',
  ';',
  '\ufeff',
  '0',
  '1e5',
);
const value = fc
  .tuple(fc.array(hostile, { maxLength: 3 }), fc.string({ unit: 'binary', maxLength: 12 }))
  .map(([head, rest]) => head.join('') + rest);

describe('a line of CSV', () => {
  it('gives back what was written', () => {
    fc.assert(
      fc.property(fc.array(fc.array(value, { minLength: 1, maxLength: 4 }), { maxLength: 5 }), (rows) => {
        const read = parse(rows.map((row) => csvLine(row)).join(''));
        expect(read.map((row) => row.map(shownValue))).toEqual(rows);
      }),
    );
  });

  it('never begins a formula, but for plain negative numbers and a sign alone', () => {
    fc.assert(
      fc.property(value, (one) => {
        const [[cell = ''] = []] = parse(csvLine([one]));
        if (/^-\d{1,15}(\.\d+)?$|^[=+-]$/.test(cell)) return;
        expect(cell.trimStart()).not.toMatch(/^\p{Cf}*[=+\-@＝＋－＠]/u);
        expect(cell).not.toMatch(/^[\t\r\n]/);
      }),
    );
  });

  it('keeps the digits of every whole number that a spreadsheet would take for one', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 10n ** 25n }), fc.nat(3), (number, zeros) => {
        const digits = '0'.repeat(zeros) + String(number);
        const cell = csvCell(digits);
        expect(cell.startsWith("'") || String(Number(cell)) === digits).toBe(true);
      }),
    );
  });

  it.each([
    ['-12.5', '-12.5'],
    ['-0.1', '-0.1'],
    ['12', '12'],
    ['20261123', '20261123'],
    ['-1+2', "'-1+2"],
    ['=1+1', "'=1+1"],
    ['＝1', "'＝1"],
    [' =1', '"\' =1"'],
    ['@x', "'@x"],
    ['+8613800000000', "'+8613800000000"],
    ['007', "'007"],
    ['1E5', "'1E5"],
    ['12345678901234567890', "'12345678901234567890"],
    ['-1234567890123456', "'-1234567890123456"],
    ["'quoted", "''quoted"],
    ['100', '100'],
    ['-0.05', '-0.05'],
    ['0.000123456789012345', '0.000123456789012345'],
    ['order-1', 'order-1'],
    ['A1', 'A1'],
    ['may', 'may'],
    ['maybe-1', 'maybe-1'],
    ['12-AB', '12-AB'],
    ['a"b', '"a""b"'],
    ['', ''],
  ])('%j is written as %j', (given, written) => expect(csvCell(given)).toBe(written));

  it.each([
    ...['1-2', '3/4', '1/2/3', '2026-01-31', '2026/1/31', '31.1.2026', '2026年1月31日', '1月2日'],
    ...['MAR1', '1MAR', 'jan-1', 'Sep-07', 'SEPT2', 'Oct4', '2-Dec-2026', 'June 2026', 'DECEMBER1'],
    ...['12:30', '12:30:00', '9:05 pm', '10AM', '3 p', '上午9:30', '9时30分'],
    ...[
      '1.10',
      '10.0',
      '.5',
      '5.',
      '-0',
      '-1.50',
      '1,234',
      '1,234.5',
      '(5)',
      '5%',
      '$5',
      '￥5',
      '1 1/2',
      ' 12',
    ],
    ...[
      '1E5',
      '1e-7',
      '-1E5',
      '12.5E+3',
      '007',
      '00',
      '-007',
      '0012.5',
      '1234567890123456',
      '１２',
      '１／２',
    ],
    ...['TRUE', 'False', 'true', '#N/A', '#DIV/0!'],
    ...['=1', '+1', '-x', '@a', '\t1', '\r1', '\u0000=1', '\u200b=1', '＝1', ' +1', `${' '.repeat(400)}=1`],
    '9'.repeat(100_000),
  ])('%j is kept from becoming something else', (given) => {
    expect(parse(csvLine([given]))).toEqual([[`'${given}`]]);
  });
});

/** The files that come of rows. */
function csvFiles(
  header: readonly string[],
  rows: readonly (readonly string[])[],
  most: number,
): readonly CsvFile[] {
  const packer = csvPacker(header, most);
  return [...rows.map((row) => packer.add(row)), packer.end()].filter((file) => file !== undefined);
}

describe('CSV files', () => {
  it('begin with the mark and the header, stay within their size and cut no row', () => {
    fc.assert(
      fc.property(fc.array(fc.array(value, { minLength: 2, maxLength: 2 }), { maxLength: 30 }), (rows) => {
        const back: string[][] = [];
        for (const { content, rows: count } of csvFiles(['a', 'b'], rows, 120)) {
          const text = content.toString('utf8');
          expect(text.startsWith('\ufeffa,b\r\n')).toBe(true);
          const read = parse(text.slice(1)).slice(1);
          expect(read).toHaveLength(count);
          expect(content.length <= 120 || count === 1).toBe(true);
          back.push(...read);
        }
        const whole = rows.map((row) => row.map((one) => Buffer.from(one).toString()));
        expect(back.map((row) => row.map(shownValue))).toEqual(whole);
      }),
    );
  });

  it('are none without a row', () => {
    expect(csvFiles(['a'], [], 100)).toEqual([]);
  });
});
