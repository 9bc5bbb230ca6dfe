import { count, inLocale, type Locale, listed, type Text, text } from '../words/text.ts';

/** What the comparison says of one key: in both sides equal, on one side only, different, or not to be compared. */
export type Finding = 'equal' | 'missing' | 'extra' | 'different' | 'doubled' | 'invalid';

/** One key of either side. */
export interface Checked {
  readonly finding: Finding;
  readonly key: string;
  /** 1-based position in the query's answer; null for what only the table has. */
  readonly row: number | null;
  /** Names of the fields that differ. */
  readonly fields: readonly string[];
  /** IDs of its records. */
  readonly records: string;
  /** What is wrong with it, where it cannot be compared. */
  readonly reason?: Text;
  /** A difference that the definition wants: its mode, its view or `deletes: ours` leave it alone. */
  readonly leftAlone: boolean;
}

/** What a verification came to. */
export interface Verified {
  readonly rows: number;
  readonly records: number;
  /** Differences that are left alone on purpose are not in these. */
  readonly counts: Readonly<Record<Finding, number>>;
  /** Differences that the definition wants. */
  readonly leftAlone: number;
  /** A few keys of each finding but `equal`. */
  readonly samples: Readonly<Partial<Record<Finding, readonly string[]>>>;
  /**
   * What became of what the bot knew of the table: it was as read, was brought up to date, or is left as it was, because
   * a run worked on it, it moved, or its next run has something to settle. Null where nothing is known.
   */
  readonly known: 'as-read' | 'updated' | 'left' | null;
  /** What makes the answer doubtful: a run that goes on, a table that moved. */
  readonly notes: readonly Text[];
}

/** Whether both sides are as the definition wants them. */
export const isEqual = ({ counts }: Verified): boolean =>
  counts.missing + counts.extra + counts.different + counts.doubled + counts.invalid === 0;

/** What the findings are called, with the marks of `rclone check`: + missing in the table, - only there, * differs. */
export const findings: Readonly<Record<Finding, Text & { readonly mark: string }>> = {
  equal: { mark: '=', zh: '一致', en: 'equal' },
  missing: { mark: '+', zh: '表格里没有', en: 'missing in the table' },
  extra: { mark: '-', zh: '只在表格里', en: 'only in the table' },
  different: { mark: '*', zh: '不同', en: 'different' },
  doubled: { mark: '!', zh: '主键重复', en: 'key doubled' },
  invalid: { mark: '!', zh: '无法比较', en: 'not to be compared' },
};

/** The header of the list of keys. */
export const checkedHeader: readonly Text[] = [
  text('标记', 'mark'),
  text('主键', 'key'),
  text('结果', 'finding'),
  text('不同的字段', 'fields that differ'),
  text('查询中的行号', 'row in the query'),
  text('记录', 'records'),
  text('说明', 'note'),
];

/** One key as a line of the list. */
export function checkedCells(one: Checked, locale: Locale): readonly string[] {
  const { finding, key, row, fields, records, reason, leftAlone } = one;
  const note = reason ?? (leftAlone ? onPurpose : undefined);
  return [
    findings[finding].mark,
    key,
    inLocale(findings[finding], locale),
    inLocale(listed(fields), locale),
    row === null ? '' : String(row),
    records,
    note ? inLocale(note, locale) : '',
  ];
}

const onPurpose = text('按定义的方式不处理', 'left alone: the definition wants it so');

/** What a verification came to, a line each; the numbers first. */
export function verifiedLines(seen: Verified): readonly Text[] {
  const { rows, records, counts, leftAlone, samples, known, notes } = seen;
  const worst = (['missing', 'extra', 'different', 'doubled', 'invalid'] as const).filter(
    (one) => counts[one] > 0,
  );
  return [
    text(
      `查询 ${count(rows)} 行，表格 ${count(records)} 条，一致 ${count(counts.equal)}`,
      `${count(rows)} rows, ${count(records)} records, ${count(counts.equal)} equal`,
    ),
    ...worst.map((one) => {
      const some = samples[one] ?? [];
      const keys = listed([...some, ...(counts[one] > some.length ? ['…'] : [])]);
      const { mark, zh, en } = findings[one];
      return text(
        `${mark} ${zh} ${count(counts[one])}：${keys.zh}`,
        `${mark} ${count(counts[one])} ${en}: ${keys.en}`,
      );
    }),
    ...(leftAlone === 0
      ? []
      : [
          text(
            `另有 ${count(leftAlone)} 处不同，按定义的方式不处理`,
            `${count(leftAlone)} more differ and are left alone: the definition wants it so`,
          ),
        ]),
    ...(known === null ? [] : [knownTold[known]]),
    ...notes,
  ];
}

const knownTold = {
  'as-read': text('机器人记下的表格和读到的一致', 'What the bot knew of the table is as it was read'),
  updated: text(
    '机器人记下的表格和读到的不同，已按读到的更新',
    'What the bot knew of the table was not as it was read, and was brought up to date',
  ),
  left: text(
    '机器人记下的表格这次没有更新，下次同步会处理',
    'What the bot knew of the table was left as it was; the next run sees to it',
  ),
} as const;
