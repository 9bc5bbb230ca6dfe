import { z } from 'zod';
import { writableKinds } from './field.ts';

// A definition is described once, by its schema: its types, the checks and what editors show follow from that.

/** Parts what a wrong value must be, in Chinese and in English, within zod's one message. */
const divider = '\u0001';
/** Begins a message that lists the keys known at a place. */
const listed = '\u0002';

/** Zod's `error` for a value: what it must be, as the rest of a sentence ("rounds must be …"). */
const be = (zh: string, en: string) => ({ error: `${zh}${divider}${en}` });

/** Reads back what {@link be} wrote; `undefined` for zod's own words. */
export function expectation(message: string): { readonly zh: string; readonly en: string } | undefined {
  const [zh, en] = message.split(divider);
  return zh === undefined || en === undefined ? undefined : { zh, en };
}

/** The keys known at the place of an unknown key. */
export const knownKeys = (message: string): readonly string[] | undefined =>
  message.startsWith(listed) ? message.slice(1).split(',') : undefined;

/** An object that refuses keys it does not know, and tells those it does. */
const object = <T extends z.core.$ZodLooseShape>(shape: T) =>
  z.strictObject(shape, {
    error: (issue) =>
      issue.code === 'unrecognized_keys'
        ? listed + Object.keys(shape).join(',')
        : be('若干行“名字: 值”', 'lines of "name: value"').error,
  });

/** The same entries, each of which may be left out. */
const optional = <T extends Readonly<Record<string, z.ZodType>>>(shape: T) =>
  Object.fromEntries(Object.entries(shape).map(([key, value]) => [key, value.exactOptional()])) as {
    [K in keyof T]: z.ZodExactOptional<T[K]>;
  };

const whole = (min: number, max: number, auto = ['', '']) => {
  const must = be(`${min} 到 ${max} 的整数${auto[0]}`, `a whole number from ${min} to ${max}${auto[1]}`);
  return z.int(must).min(min, must).max(max, must);
};

const wholeOrAuto = (min: number, max: number) => {
  const number = whole(min, max, ['或 auto', ', or auto']);
  return z.union(
    [number, z.literal('auto')],
    be(`${min} 到 ${max} 的整数或 auto`, `a whole number from ${min} to ${max}, or auto`),
  );
};

const oneOf = <const T extends readonly string[]>(...words: T) =>
  z.enum(words, be(`以下之一：${words.join('、')}`, `one of ${words.join(', ')}`));

const flag = () => z.boolean(be('true 或 false', 'true or false'));

const matching = (pattern: RegExp, zh: string, en: string) => {
  const must = be(zh, en);
  return z.string(must).regex(pattern, must);
};

const filled = (zh: string, en: string) => matching(/\S/, zh, en);
const column = () => filled('列名', 'the name of a column');
const field = () => filled('字段名', 'the name of a field');
const zone = () => filled('时区，如 Asia/Shanghai', 'a time zone such as Asia/Shanghai');
const time = () => matching(/^[1-9]\d{0,4}[mhd]$/, '时长，如 30m、4h、2d', 'a time such as 30m, 4h or 2d');
const chat = () =>
  matching(/^o[cu]_\w+$/, '群（oc_…）或人（ou_…）的 ID', 'the ID of a chat (oc_…) or a person (ou_…)');

const plain = z.union(
  [z.string(), z.number(), z.boolean(), z.null()],
  be('文字、数字、true、false 或 null', 'a text, a number, true, false or null'),
);
export type Plain = z.output<typeof plain>;

const aSeparator = be('分隔符', 'a separator');

const rule = object(
  optional({
    to: field().describe("Name of the field, when it differs from the column's."),
    from: column().describe('Name of the column, when this entry is named after the field instead.'),
    as: oneOf(...writableKinds).describe("Reads the column as this type instead of the field's own."),
    skip: flag().describe('Leaves the column out.'),
    by: filled('查找用的字段', 'what to look people or records up by').describe(
      "What people (open_id, user_id, union_id, email, mobile) or linked records (their table's key field) are named by.",
    ),
    missing: oneOf('reject', 'empty').describe(
      'A value that names nobody: reject the row (default), or leave the cell empty.',
    ),
    options: oneOf('create', 'reject').describe(
      'Whether a select may get options that it does not have yet; yes when not given.',
    ),
    round: flag().describe(
      'Lets a value lose what its field cannot hold: digits beyond 15, parts of a millisecond, places of a location beyond 6.',
    ),
    trim: flag().describe('Takes blanks away at both ends.'),
    map: z
      .record(z.string(), plain, be('对照表，如 { 0: 女, 1: 男 }', 'a table such as { 0: female, 1: male }'))
      .describe('Replaces values; those not listed stay as they are.'),
    default: plain.describe('Stands in for an empty value.'),
    split: z.string(aSeparator).min(1, aSeparator).describe('Cuts one text into several values.'),
    truncate: whole(1, 100_000).describe('Characters that are kept of a longer text.'),
    empty: oneOf('clear', 'keep').describe(
      'Whether an empty value empties the cell (default) or leaves what is in it.',
    ),
    unit: oneOf('s', 'ms').describe(
      'What a number means that is read as a date: seconds, or milliseconds (default).',
    ),
  }),
);

const keyPart = object(
  optional({
    source: column().describe('Column of the query.'),
    column: column().describe('Same as source.'),
    table: field().describe('Field of the table.'),
    field: field().describe('Same as table.'),
  }),
);

const aKey = be(
  '列名、{ source: 列, table: 字段 }，或它们的列表（最多 5 个）',
  'a column, { source: column, table: field }, or a list of at most 5 of those',
);

const aPart = be('列名，或 { source: 列, table: 字段 }', 'a column, or { source: column, table: field }');

const aShare = be(
  '0 到 1 的比例（如 0.2）或百分比（如 20%）',
  'a share from 0 to 1 such as 0.2, or a percentage such as 20%',
);

/** A share of the table, as a number from 0 to 1. */
const share = (usual: number) =>
  z
    .union(
      [z.number().min(0, aShare).max(1, aShare), z.string().regex(/^(100|\d{1,2})(\.\d+)?\s*%$/, aShare)],
      aShare,
    )
    .transform((written) => (typeof written === 'number' ? written : Number.parseFloat(written) / 100))
    .default(usual);

/** People by their open_ids, or by these words. */
const people = (...words: readonly string[]) => {
  const pattern = new RegExp(`^(ou_\\w+|${words.join('|')})$`);
  const must = be(`open_id（ou_…）或 ${words.join('、')}`, `an open_id (ou_…) or ${words.join(' or ')}`);
  const one = z.string(must).regex(pattern, must);
  return z
    .union([one, z.array(one)], be(`${must.error.split(divider)[0]} 的列表`, 'a list of open_ids (ou_…)'))
    .transform((written) => [written].flat());
};

const entry = object({
  do: oneOf('run', 'remind', 'digest').describe(
    'run: sync. remind: ask people to. digest: sum up what happened.',
  ),
  cron: matching(
    /^\s*\S+(\s+\S+){4,5}\s*$/,
    '五段或六段的 cron，如 "0 9 * * 1-5"',
    'five or six cron fields such as "0 9 * * 1-5"',
  )
    .overwrite((cron) => cron.trim().replaceAll(/\s+/g, ' '))
    .describe('When.'),
  ...optional({
    timeZone: zone().describe("IANA zone of cron; the definition's when not given."),
    chat: chat().describe('Who is told; the first of access.chats when not given.'),
    unless: time().describe('Not done when the table was synced within this time.'),
    plan: flag().describe('Whether a reminder counts the waiting rows first; no when not given.'),
    missed: oneOf('once', 'skip').describe(
      'Times that passed while the program was stopped: made up for once (default), or skipped.',
    ),
    stale: time().describe('Warns when no run has succeeded for this time.'),
    quiet: flag().describe('Says nothing when nothing changed; yes when not given.'),
  }),
});

export const modes = ['upsert', 'append', 'update', 'mirror'] as const;

/** A definition as people write it. */
export const definitionSchema = object({
  name: matching(
    /^[a-z0-9][a-z0-9_-]{0,39}$/,
    '小写字母、数字、- 和 _，最多 40 个，以字母或数字开头',
    'lower-case letters, digits, - and _, at most 40, beginning with a letter or digit',
  ).describe('What the sync is called in commands: /sync NAME.'),
  title: filled('文字', 'a text')
    .max(100, be('最多 100 个字', 'a text of at most 100 characters'))
    .exactOptional()
    .describe('What people call it; the name when not given.'),
  source: object({
    connection: matching(
      /^[a-z0-9][a-z0-9_-]*$/i,
      '连接名：shop 对应 CONNECTION_SHOP',
      'the name of a connection: shop stands for CONNECTION_SHOP',
    ).describe('Name of a connection in the environment: shop is CONNECTION_SHOP.'),
    query: filled('一条 SELECT 查询', 'a SELECT query').describe(
      'One SELECT or WITH. Its columns become fields.',
    ),
    timeout: whole(1, 3600).default(300).describe('Seconds that the query may run.'),
    cut: oneOf('reject', 'keep')
      .exactOptional()
      .describe(
        'A text that the database cut short, as GROUP_CONCAT may: reject its row (default), or keep what is left.',
      ),
  }).describe('Where the rows come from.'),
  key: z
    .union(
      [
        column(),
        keyPart,
        z
          .array(z.union([column(), keyPart], aPart))
          .min(1, aKey)
          .max(5, aKey),
      ],
      aKey,
    )
    .describe('What names a row, on both sides: non-empty and unique; up to 5 columns.'),
  target: filled('数据表的网址', 'the address of a table')
    .trim()
    .describe(
      'Address of the table as copied from the browser; of the base alone where init creates the table.',
    ),
  mode: oneOf(...modes)
    .default('upsert')
    .describe(
      'upsert: create and update. append: create missing keys only. update: existing keys only. mirror: upsert, and delete what the query does not have.',
    ),
  fields: z
    .record(
      z.string(),
      z.union(
        [z.enum(['skip', ...writableKinds]), rule],
        be('规则（如 { as: date }）、类型或 skip', 'a rule such as { as: date }, a type, or skip'),
      ),
      be('按列名写的规则', 'a list of rules by column'),
    )
    .default({})
    .describe('Rules for columns that are not "same name, by the field\'s own type".'),
  chunkSize: wholeOrAuto(1, 1000)
    .default('auto')
    .describe('Rows a call; auto is 1000 on Feishu, 500 on Lark. Deletes are never above 500.'),
  concurrency: wholeOrAuto(1, 8).default('auto').describe('Writes at once for the base; auto finds out.'),
  rounds: whole(0, 10).default(3).describe('How often what failed is sent again.'),
  deletes: oneOf('ask', 'all', 'ours')
    .default('ask')
    .describe('What a mirror may delete: ask before hand-made records go, all, or ours only.'),
  brake: object({
    deletes: share(0.2).describe('20% when not given.'),
    updates: share(0.5).describe('50% when not given.'),
    creates: share(0.4).describe('40% when not given: of the records that the table would have then.'),
  })
    .prefault({})
    .describe('Shares of the table above which a run waits for a person, from 10 records up.'),
  read: z
    .union(
      [z.literal('whole'), object({ whole: time() })],
      be('whole，或 { whole: 时长 }', 'whole, or { whole: a time }'),
    )
    .default({ whole: '1d' })
    .describe(
      'How the table is read. whole: all of it in every run. { whole: 1d }: all of it once a day at least, and in between only what Feishu says has changed, where that has shown to be right.',
    ),
  expires: time()
    .exactOptional()
    .describe(
      'How long a plan waits for a person, and a cut-off run can be gone on with; 1d when not given.',
    ),
  access: object(
    optional({
      run: people('everyone').describe('Who may start it; everyone when not given.'),
      approve: people('everyone', 'other').describe(
        'Who may apply a plan that waits, beside the admins; other: not the one who started it.',
      ),
      chats: z
        .array(
          matching(/^oc_\w+$/, '群 ID（oc_…）', 'the ID of a chat (oc_…)'),
          be('群 ID（oc_…）的列表', 'a list of chat IDs (oc_…)'),
        )
        .describe('Chats in which it may be used.'),
    }),
  )
    .default({})
    .describe('Who may do what.'),
  schedule: z
    .array(entry, be('定时任务的列表', 'a list of entries'))
    .max(20, be('最多 20 项的列表', 'a list of at most 20 entries'))
    .default([])
    .describe('What happens by the clock.'),
  view: oneOf('ignore', 'limit')
    .default('ignore')
    .describe("limit: updates and deletes stay within the address's view."),
  timeZone: zone().exactOptional().describe('IANA zone that dates without a zone are meant in.'),
  private: z
    .array(column(), be('列名的列表', 'a list of columns'))
    .default([])
    .describe('Columns that are masked everywhere but in the table.'),
  create: z
    .literal('fields', be('fields', 'fields'))
    .exactOptional()
    .describe('Creates fields that the table lacks.'),
}).describe('A saved sync: a query, a Bitable table and how the one follows the other.');

/** What a schema reads, all of it readonly. */
export type Parsed<S extends z.ZodType> = Frozen<z.output<S>>;
type Frozen<T> = T extends object ? { readonly [K in keyof T]: Frozen<T[K]> } : T;

/** A definition as written, of the right shape and with what was left out. */
export type WrittenDefinition = Parsed<typeof definitionSchema>;

/** How one column becomes one field. Everything is optional: the default is same name, by the field's own type. */
export type ColumnRule = Omit<Parsed<typeof rule>, 'from'>;

export type ScheduleEntry = Parsed<typeof entry>;

export type Mode = (typeof modes)[number];

export interface KeyPart {
  readonly column: string;
  readonly field: string;
}

/** A saved sync, checked; the file it came from is YAML. */
export interface Definition extends Omit<WrittenDefinition, 'source' | 'key' | 'fields'> {
  readonly title: string;
  /** `at`: where the query stands, `file:line:column`; known of definitions that come from a file. */
  readonly source: WrittenDefinition['source'] & { readonly at?: string };
  /** One pair a key column; usually one, with the same name on both sides. */
  readonly key: readonly KeyPart[];
  /** Rules by column name, only where the default does not fit. */
  readonly fields: Readonly<Record<string, ColumnRule>>;
}

/** The schema of definition files for editors, as JSON Schema 2020-12. */
export const definitionJsonSchema = (): object => ({
  ...z.toJSONSchema(definitionSchema, { io: 'input' }),
  title: 'bitable-sync definition',
});

const units: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000 };

/** Milliseconds of a time as definitions write it: `30m`, `4h`, `2d`. */
export const duration = (written: string): number =>
  Number.parseInt(written, 10) * (units[written.slice(-1)] ?? Number.NaN);

/** Milliseconds after which a table is read whole again; 0 where every run reads all of it. */
export const wholeEvery = ({ read }: Pick<Definition, 'read'>): number =>
  read === 'whole' ? 0 : duration(read.whole);

/** Milliseconds for which a plan waits for a person, and a run that was cut off can be gone on with; a day by default. */
export const lifetimeOf = (definition?: Pick<Definition, 'expires'>): number =>
  duration(definition?.expires ?? '1d');
