import { type Databases, databases, spelt } from '../definition/databases.ts';
import type { ColumnRule } from '../definition/definition.ts';
import type { Field } from '../definition/field.ts';
import type { Problem } from '../words/problem.ts';
import { inLocale, type Locale, type Text, text } from '../words/text.ts';
import type { Column, ColumnType } from './column.ts';
import { takenByAll } from './kinds/kind.ts';
import { type Kinds, writable } from './kinds/kinds.ts';

/** What becomes of the values of one type of column; where they may go is said by the kinds themselves. */
interface Fit {
  readonly values: Text;
  /** Why the other kinds are refused, and what to do instead. Missing where there are none. */
  readonly else?: { readonly why: Text; readonly cure: Text | InSql };
}

/** A cure that says what to write in a query, as the databases that there are spell it. */
type InSql = (all: Databases) => Text;

const inSql =
  (idiom: Parameters<ReturnType<typeof spelt>>[0], say: (own: Text, others: Text) => Text): InSql =>
  (all) => {
    const { own, others } = spelt(all)(idiom);
    return say(own, others);
  };

const cureOf = ({ cure }: NonNullable<Fit['else']>, all: Databases = databases): Text =>
  typeof cure === 'function' ? cure(all) : cure;

const day: NonNullable<Fit['else']> = {
  why: text('日期和时间只能写入日期、文本或选项字段', 'a date goes to a date, text or select field only'),
  cure: inSql('datePart', (own, others) =>
    text(
      `在查询里用 ${own.zh}${others.zh}取出需要的部分，或换成日期字段。`,
      `Take the part that you need in the query with ${own.en}${others.en}, or use a date field.`,
    ),
  ),
};

const asText = text(
  '换一个字段，或在查询里写 CAST(列 AS CHAR) 变成文字。',
  'Use another field, or make a text of it in the query with CAST(column AS CHAR).',
);

/** What becomes of columns, by their type. docs/types.md shows this table: see {@link typesTable}. */
const fits: Readonly<Record<ColumnType, Fit>> = {
  integer: {
    values: text(
      '每一位都保留；超过 15 位有效数字时数字字段拒绝。日期：毫秒，或 `unit: s` 的秒',
      'every digit is kept; above 15 significant digits a number field refuses. Dates: milliseconds, or seconds with `unit: s`',
    ),
    else: { why: text('整数不适合这个字段', 'an integer does not fit this field'), cure: asText },
  },
  decimal: {
    values: text('精确比较，其余同整数', 'compared exactly; otherwise as integers'),
    else: { why: text('小数不适合这个字段', 'a decimal does not fit this field'), cure: asText },
  },
  float: {
    values: text(
      '按浮点数本身取 15 位有效数字；文本用最短写法',
      'the float itself at 15 significant digits; in text its shortest spelling',
    ),
    else: {
      why: text('浮点数会丢失数字，不能当编号用', 'a float loses digits and names nothing'),
      cure: text(
        '在查询里 CAST(列 AS DECIMAL(20))，或换一个字段。',
        'Use CAST(column AS DECIMAL(20)) in the query, or another field.',
      ),
    },
  },
  bit: {
    values: text(
      "读作整数：b'101' 是 5；复选框只接受 0 和 1",
      "read as the whole number: b'101' is 5; a checkbox takes 0 and 1 only",
    ),
    else: {
      why: text('BIT 是整数或开关', 'a BIT is a whole number or a flag'),
      cure: text(
        '在查询里 CAST(列 AS UNSIGNED)，或换成数字或复选框字段。',
        'Use CAST(column AS UNSIGNED) in the query, or a number or checkbox field.',
      ),
    },
  },
  text: {
    values: text(
      '原样；由字段读出数字、日期、选项……，读不出的行被拒并说明原因',
      'as they are; the field reads its number, date or option from them, and a row that it cannot read is rejected with words',
    ),
  },
  enum: {
    values: text('同文本', 'as text'),
  },
  set: {
    values: text('文本里用逗号隔开；其他字段里是多个值', 'with commas in text, else as several values'),
    else: {
      why: text('SET 可以有多个值', 'a SET may hold several values'),
      cure: text(
        '换成多选字段，或在查询里取出一个值。',
        'Use a multiple select, or take one value out in the query.',
      ),
    },
  },
  json: {
    values: text(
      '写入文本时与服务器给出的一字不差；一层的数组在多值字段里是多个值；JSON 的 null 是空',
      'in text exactly as the server gives it; a flat array is several values; JSON’s null is empty',
    ),
    else: {
      why: text('JSON 的字符串带着引号', 'a JSON string is in quotes'),
      cure: inSql('jsonValue', (own, others) =>
        text(
          `在查询里写 ${own.zh} 取值${others.zh}。`,
          `Take the value out in the query with ${own.en}${others.en}.`,
        ),
      ),
    },
  },
  date: {
    values: text(
      '时区里当天的零点；零日期（0000-00-00、2026-00-00）被日期字段拒绝，可写 NULLIF(列, 0)；文本里原样',
      'midnight in the time zone; a date field refuses zero dates (0000-00-00, 2026-00-00): say NULLIF(column, 0); in text as it is',
    ),
    else: day,
  },
  datetime: {
    values: text(
      '时区里的时刻，精确到毫秒；更细的部分被拒，写 `round: true` 则舍去；夏令时跳过的时刻向后顺延，重复的一小时取前一个；零日期同 DATE',
      'the time in the time zone, to the millisecond; what is finer is refused, or cut with `round: true`; a time that the spring change skips moves on by the gap, of a doubled hour the first counts; zero dates as DATE',
    ),
    else: day,
  },
  timestamp: {
    values: text(
      '一个确切的时刻，与时区无关：夏令时结束时重复的一小时带着偏移量（`01:30:00-05:00`，文本里也是）；数据库说不清是哪一次时，日期字段只拒绝这样的行；其余同 DATETIME',
      'one instant, whatever the zone: in an hour that clocks repeat it carries its offset (`01:30:00-05:00`, in text too); where the server does not say which of the two it is, a date field refuses just that row; otherwise as DATETIME',
    ),
    else: day,
  },
  time: {
    values: text('原样：-838:59:59', 'as it is: -838:59:59'),
    else: {
      why: text('TIME 没有日期', 'a TIME has no day'),
      cure: inSql('moment', (own, others) =>
        text(
          `换成文本字段，或在查询里写 ${own.zh}${others.zh}。`,
          `Use a text field, or ${own.en} in the query${others.en}.`,
        ),
      ),
    },
  },
  year: {
    values: text('四位数字', 'the number of the year'),
    else: {
      why: text('YEAR 只是一个数字，不是日期', 'a YEAR is a number, not a date'),
      cure: inSql('firstOfYear', (own, others) =>
        text(
          `在查询里写 ${own.zh}${others.zh}，或换成数字字段。`,
          `Use ${own.en} in the query${others.en}, or a number field.`,
        ),
      ),
    },
  },
  binary: {
    values: text(
      '不写入：看起来像文字的字节也不猜',
      'not written: bytes that look like text are not guessed at',
    ),
    else: {
      why: text('字节不能写入任何字段', 'bytes go to no field'),
      cure: inSql('bytesAsText', (own, others) =>
        text(
          `在查询里写 HEX(列)；字节是文字时写 ${own.zh}${others.zh}。`,
          `Use HEX(column) in the query, or ${own.en} where the bytes are text${others.en}.`,
        ),
      ),
    },
  },
  geometry: {
    values: text('不写入', 'not written'),
    else: {
      why: text('几何值不能写入任何字段', 'a geometry goes to no field'),
      cure: text(
        "在查询里写 ST_AsText(列)；地理位置字段写 CONCAT(ST_X(列), ',', ST_Y(列))（经度在前）。",
        "Use ST_AsText(column) in the query; for a location field CONCAT(ST_X(column), ',', ST_Y(column)), longitude first.",
      ),
    },
  },
  any: {
    values: text(
      'SQLite 没有类型的列和表达式：看每个值是什么',
      'SQLite’s expressions and columns without a type: what each value is counts',
    ),
  },
};

/**
 * Says why a column cannot fill a kind of field whatever its values are. A rule's `map` makes other values of all but
 * bytes, so then the values decide.
 */
export function refusal(
  column: Column,
  field: Pick<Field, 'name' | 'kind'>,
  rule: ColumnRule,
): Problem | undefined {
  const otherwise = fits[column.type].else;
  const to: readonly string[] = kindsFor(column.type);
  if (rule.map !== undefined && to.length > 0) return undefined;
  if (otherwise && !to.includes(field.kind)) return unfitting(column, field, otherwise);
  if (column.type !== 'integer' && column.type !== 'decimal') return undefined;
  if (field.kind === 'person' && (rule.by ?? 'open_id') === 'open_id') {
    return numbersAreNone(column, 'open_id', text('mobile（或 user_id）', 'mobile (or user_id)'));
  }
  if (field.kind !== 'link' || rule.by !== undefined) return undefined;
  return numbersAreNone(column, 'record ID', text('对方表的字段', 'FIELD (of the linked table)'));
}

/** The kinds that take values of a type of column, by their words. */
const kindsFor = (type: ColumnType, all: Kinds = writable): readonly string[] =>
  Object.entries(all).flatMap(([word, { takes }]) =>
    takenByAll.includes(type) || takes.includes(type) ? [word] : [],
  );

/** The code of the problem that a column's type cannot fill a kind of field, whatever the values are. */
export const noFit = 'no-fit';

const unfitting = (
  column: Column,
  { name, kind }: Pick<Field, 'name' | 'kind'>,
  otherwise: NonNullable<Fit['else']>,
): Problem => ({
  code: noFit,
  where: column.name,
  message: text(
    `列「${column.name}」（${column.type}）不能写入字段「${name}」（${kind}）：${otherwise.why.zh}`,
    `the column "${column.name}" (${column.type}) cannot fill the field "${name}" (${kind}): ${otherwise.why.en}`,
  ),
  cure: cureOf(otherwise),
});

const numbersAreNone = (column: Column, id: string, by: Text): Problem => ({
  code: 'no-by',
  where: column.name,
  message: text(
    `列「${column.name}」是数字，不是 ${id}`,
    `the column "${column.name}" holds numbers, and no ${id} is one`,
  ),
  cure: text(`在定义里给这一列写 by: ${by.zh}。`, `Say by: ${by.en} for the column in the definition.`),
});

const heads = {
  columns: text(
    '| 列 | 可以写入 | 值会怎样 | 其他字段 |',
    '| Column | Goes to | What becomes of values | Other fields |',
  ),
  kinds: text('| 类型 | 字段 | 接受什么 |', '| Kind | Fields | What they take |'),
};

/** The tables of docs/types.md: columns, then kinds of field. */
export function typesTable(locale: Locale, all: Kinds = writable, sources: Databases = databases): string {
  const say = (words: Text): string => inLocale(words, locale);
  const everything = say(text('全部', 'all'));
  const row = (...cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  const words = Object.keys(all);
  const columns = (Object.entries(fits) as [ColumnType, Fit][]).map(([type, fit]) => {
    const kinds = kindsFor(type, all);
    const to = kinds.length === words.length ? everything : kinds.map((word) => `\`${word}\``).join(' ');
    const otherwise = fit.else
      ? `${say(fit.else.why)}${say(text('。', '. '))}${say(cureOf(fit.else, sources))}`
      : '';
    const names = Object.values(sources).flatMap(({ types }) => types[type] ?? []);
    return row(names.join(', '), to || '—', say(fit.values), otherwise || '—');
  });
  const takers = Object.entries(all).map(([word, kind]) =>
    row(`\`${word}\``, say(kind.fields), say(kind.values)),
  );
  return [
    say(heads.columns),
    '|---|---|---|---|',
    ...columns,
    '',
    say(heads.kinds),
    '|---|---|---|',
    ...takers,
  ].join('\n');
}
