import type { Unwritten } from '../run/table/rows-of-run.ts';
import type { Verified } from '../sync/state/checked.ts';
import { type CsvFile, csvFiles } from '../sync/words/csv.ts';
import { inLocale, type Locale, type Text, text } from '../sync/words/text.ts';
import type { Chat } from './ports.ts';

/** Bytes that Feishu takes for one file, at most. https://open.feishu.cn/document/server-docs/im-v1/file/create */
const fileBytes = 30_000_000;

/** What a verification came to, with the list of keys as files. */
export interface Verification {
  readonly seen: Verified;
  readonly files: readonly { readonly name: string; readonly content: Buffer }[];
}

/** A table that is sent as files. */
export interface Sheet {
  /** Name of the file, without its ending. */
  readonly name: string;
  readonly header: readonly string[];
  readonly rows: AsyncIterable<readonly string[]>;
}

/**
 * Sends a table as CSV to one person, in several files where it is too large for one; answers how many rows went.
 * @param once repeats within the hour send nothing
 */
export async function sendSheet(
  chat: Pick<Chat, 'file'>,
  to: string,
  sheet: Sheet,
  once: string,
): Promise<number> {
  let number = 0;
  let rows = 0;
  for await (const file of sheetFiles(sheet)) {
    number += 1;
    rows += file.rows;
    await chat.file(to, file, `${once}:${number}`);
  }
  return rows;
}

/** A table as CSV files, each of at most so many bytes. */
export async function* sheetFiles(
  { name, header, rows }: Sheet,
  most = fileBytes,
): AsyncGenerator<CsvFile & { readonly name: string }> {
  let number = 0;
  for await (const file of csvFiles(header, rows, most)) {
    number += 1;
    yield { ...file, name: `${name}${number === 1 ? '' : `-${number}`}.csv` };
  }
}

/** The rows that a run did not write, as people read them. */
export const unwrittenSheet = (
  definition: string,
  run: string,
  groups: AsyncIterable<readonly Unwritten[]>,
  locale: Locale,
): Sheet => ({
  name: `${definition}-${run}`,
  header: header.map((one) => inLocale(one, locale)),
  rows: lines(run, groups, locale),
});

async function* lines(
  run: string,
  groups: AsyncIterable<readonly Unwritten[]>,
  locale: Locale,
): AsyncGenerator<readonly string[]> {
  for await (const group of groups) {
    for (const { key, row, kind, field, code, reason, value } of group) {
      const { name, advice } = kinds[kind];
      const place = row === null ? '' : String(row);
      const said = inLocale(reason, locale);
      const words = [inLocale(name, locale), field ?? '', code === undefined ? '' : String(code), said];
      yield [run, key, place, ...words, value ?? '', inLocale(advice, locale)];
    }
  }
}

const header: readonly Text[] = [
  text('运行', 'run'),
  text('主键', 'key'),
  text('查询中的行号', 'row in the query'),
  text('类别', 'kind'),
  text('字段', 'field'),
  text('错误码', 'code'),
  text('原因', 'reason'),
  text('值', 'value'),
  text('怎么办', 'what to do'),
];

const again = text(
  '再次同步，或点「重试」；一直如此时看原因一栏。',
  'Run the sync again or press retry; if it stays, the reason says why.',
);
const look = text(
  '再次同步即可：会先核对表格里有没有，再决定是否发送。',
  'Run the sync again: it looks first whether the table has it.',
);

const kinds: Readonly<Record<Unwritten['kind'], { readonly name: Text; readonly advice: Text }>> = {
  rejected: {
    name: text('被拒', 'rejected'),
    advice: text(
      '改正这一行的数据，或改字段；改过以后会自动再发。要原样重发，请点「重试」。',
      'Correct the row or the field: it is sent again once one of them has changed. Retry sends it as it is.',
    ),
  },
  invalid: {
    name: text('无效', 'invalid'),
    advice: text(
      '让每一行的主键都填写且唯一，再次同步。',
      'Give every row a key of its own, then run the sync again.',
    ),
  },
  table: {
    name: text('表格里的记录', 'record of the table'),
    advice: text(
      '在表格里补上或改掉主键，或删除多余的记录。',
      'Fill in or change the key in the table, or delete the records that are too many.',
    ),
  },
  failed: { name: text('失败', 'failed'), advice: again },
  unknown: { name: text('结果未知', 'unknown'), advice: look },
  'delete-failed': { name: text('删除失败', 'delete failed'), advice: again },
  'delete-unknown': { name: text('删除结果未知', 'delete unknown'), advice: look },
};
