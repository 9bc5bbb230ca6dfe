/** Returns one line of a Markdown table; bars inside of cells are escaped. */
export const row = (...cells: readonly string[]): string =>
  `| ${cells.map((cell) => cell.replaceAll('\n', ' ').replaceAll(/(?<!\\)\|/g, '\\|')).join(' | ')} |`;

/** Returns a Markdown table with these headings. */
export const tableOf = (heads: readonly string[], rows: Iterable<readonly string[]>): string =>
  [row(...heads), row(...heads.map(() => '---')), ...[...rows].map((one) => row(...one))].join('\n');

/** Returns words as code. */
export const code = (words: string): string => `\`${words}\``;
