import { z } from 'zod';
import type { WritableKind } from './field.ts';

export const modes = ['upsert', 'append', 'update', 'mirror'] as const;

/** What a run may do: see {@link Definition.mode}. */
export type Mode = (typeof modes)[number];

/** How one column becomes one field. Everything is optional: the default is same name, by the field's own type. */
export interface ColumnRule {
  /** Name of the field, when it differs from the column's. */
  readonly to?: string;
  /** Reads the column as this kind instead of the field's own. */
  readonly as?: WritableKind;
  /** Leaves the column out. */
  readonly skip?: boolean;
  /** What people or linked records are named by, such as `email`, or the linked table's key field. */
  readonly by?: string;
  /** What to do with a value that names nobody: reject the row (the default) or leave the cell empty. */
  readonly missing?: 'reject' | 'empty';
  /** Whether a select may get options that it does not have yet: yes is the default. */
  readonly options?: 'create' | 'reject';
  /** Lets a number lose the digits that a number field cannot hold. */
  readonly round?: boolean;
  /** Takes blanks away at both ends. */
  readonly trim?: boolean;
  /** Replaces values, such as `0` by `女`. Values that are not listed stay as they are. */
  readonly map?: Readonly<Record<string, Plain>>;
  /** Stands in for an empty value. */
  readonly default?: Plain;
  /** Cuts one text into several values at this separator. */
  readonly split?: string;
  /** Characters that are kept of a longer text. */
  readonly truncate?: number;
  /** Whether an empty value empties the cell (the default) or leaves what is in it. */
  readonly empty?: 'clear' | 'keep';
  /** What a number means that is read as a date: seconds, or milliseconds as is the default. */
  readonly unit?: 's' | 'ms';
}

/** A single value as a definition can write it. */
export type Plain = string | number | boolean | null;

/** Something that happens by the clock. */
export interface ScheduleEntry {
  /** `run`: sync · `remind`: ask people to · `digest`: sum up what happened. */
  readonly do: 'run' | 'remind' | 'digest';
  /** Five or six cron fields. */
  readonly cron: string;
  /** IANA zone of `cron`; the definition's when not given. */
  readonly timeZone?: string;
  /** Chat (`oc_…`) or person (`ou_…`) that is told. */
  readonly chat?: string;
  /** Not done when the table was synced within this time, such as `4h`. */
  readonly unless?: string;
  /** Whether a reminder counts the waiting rows first. */
  readonly plan?: boolean;
  /** What happens to times that passed while the program was stopped. */
  readonly missed?: 'once' | 'skip';
  /** Warns when no run has succeeded for this time, such as `26h`. */
  readonly stale?: string;
  /** Says nothing when nothing changed. */
  readonly quiet?: boolean;
}

/** A saved sync, checked; the file it came from is YAML. */
export interface Definition {
  /** `[a-z0-9][a-z0-9_-]{0,39}`, and no sub-command word. */
  readonly name: string;
  /** What people call it; the name when not given. */
  readonly title: string;
  readonly source: {
    /** Name of a connection in the environment: `shop` is `CONNECTION_SHOP`. */
    readonly connection: string;
    readonly query: string;
    /** Where the query stands, `file:line:column`; known of definitions that come from a file. */
    readonly at?: string;
    /** Seconds that the query may run. */
    readonly timeout: number;
    /** What becomes of a text that the database cut short: its row is rejected, or what is left of it is written. */
    readonly cut?: 'reject' | 'keep';
  };
  /** One pair a key column; usually one, with the same name on both sides. */
  readonly key: readonly KeyPart[];
  /** Address of the table as copied from the browser. */
  readonly target: string;
  /**
   * `upsert`: create and update · `append`: create missing keys only · `update`: existing keys only ·
   * `mirror`: upsert, and delete records whose key is not in the query.
   */
  readonly mode: Mode;
  /** Rules by column name, only where the default does not fit. */
  readonly fields: Readonly<Record<string, ColumnRule>>;
  /** Rows a call; `auto` = 1,000 on Feishu and 500 on Lark hosts. Deletes never above 500. */
  readonly chunkSize: number | 'auto';
  /** Writes at once for the base, 1 to 8; `auto` finds out. */
  readonly concurrency: number | 'auto';
  /** How often what failed is sent again, 0 to 10. */
  readonly rounds: number;
  /** What may happen to records that the ledger does not know: see the brake. */
  readonly deletes: 'ask' | 'all' | 'ours';
  /** Shares of the table (0 to 1) above which a run waits for a person, from 10 records up. */
  readonly brake: { readonly deletes: number; readonly updates: number };
  /** open_ids (`ou_…`), `everyone`, and for `approve` also `other`: not the one who started the run. */
  readonly access: {
    readonly run?: readonly string[];
    readonly approve?: readonly string[];
    /** Chats (`oc_…`) in which the definition may be used. */
    readonly chats?: readonly string[];
  };
  readonly schedule: readonly ScheduleEntry[];
  /** `limit`: updates and deletes stay within the address's view. `ignore`: the whole table. */
  readonly view: 'ignore' | 'limit';
  /** IANA zone for this definition's dates; the program's when not given. */
  readonly timeZone?: string;
  /** Columns that are masked everywhere but in the table. */
  readonly private: readonly string[];
  /** How long a plan is good for, such as `4h`; a day when not given. */
  readonly expires?: string;
  /** `fields`: fields that the table lacks are created from the query's columns. */
  readonly create?: 'fields';
}

export interface KeyPart {
  readonly column: string;
  readonly field: string;
}

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

const filled = (zh: string, en: string) => {
  const must = be(zh, en);
  return z.string(must).regex(/\S/, must);
};

const matching = (pattern: RegExp, zh: string, en: string) => {
  const must = be(zh, en);
  return z.string(must).regex(pattern, must);
};

const duration = () =>
  matching(/^[1-9]\d{0,4}[mhd]$/, '时长，如 30m、4h、2d', 'a time such as 30m, 4h or 2d');

const column = () => filled('列名', 'the name of a column');

const plain = () =>
  z.union(
    [z.string(), z.number(), z.boolean(), z.null()],
    be('文字、数字、true、false 或 null', 'a text, a number, true, false or null'),
  );

/** Every field type that a run can write, by the word that definitions use. */
const writable = [
  'text',
  'number',
  'date',
  'checkbox',
  'select',
  'multi',
  'phone',
  'url',
  'person',
  'group',
  'location',
  'link',
  'attachment',
] as const satisfies readonly WritableKind[];

const rule = object({
  to: filled('字段名', 'the name of a field').describe(
    "Name of the field, when it differs from the column's.",
  ),
  from: column().describe('Name of the column, when this entry is named after the field instead.'),
  as: oneOf(...writable).describe("Reads the column as this type instead of the field's own."),
  skip: flag().describe('Leaves the column out.'),
  by: filled('查找用的字段', 'what to look people or records up by').describe(
    "What people (open_id, user_id, union_id, email, mobile) or linked records (their table's key field) are named by.",
  ),
  missing: oneOf('reject', 'empty').describe(
    'A value that names nobody: reject the row, or leave the cell empty.',
  ),
  options: oneOf('create', 'reject').describe('Whether a select may get options that it does not have yet.'),
  round: flag().describe(
    'Lets a value lose what its field cannot hold: digits beyond 15, parts of a millisecond, places of a location beyond 6.',
  ),
  trim: flag().describe('Takes blanks away at both ends.'),
  map: z
    .record(z.string(), plain(), be('对照表，如 { 0: 女, 1: 男 }', 'a table such as { 0: female, 1: male }'))
    .describe('Replaces values; those not listed stay as they are.'),
  default: plain().describe('Stands in for an empty value.'),
  split: z
    .string(be('分隔符', 'a separator'))
    .min(1, be('分隔符', 'a separator'))
    .describe('Cuts one text into several values.'),
  truncate: whole(1, 100_000).describe('Characters that are kept of a longer text.'),
  empty: oneOf('clear', 'keep').describe('Whether an empty value empties the cell or leaves what is in it.'),
  unit: oneOf('s', 'ms').describe('What a number means that is read as a date: seconds or milliseconds.'),
}).partial();

const shorthand = z.enum(['skip', ...writable]);

const keyPart = object({
  source: column().describe('Column of the query.'),
  column: column().describe('Same as source.'),
  table: filled('字段名', 'the name of a field').describe('Field of the table.'),
  field: filled('字段名', 'the name of a field').describe('Same as table.'),
}).partial();

const onePart = z.union(
  [column(), keyPart],
  be('列名，或 { source: 列, table: 字段 }', 'a column, or { source: column, table: field }'),
);

const aShare = be(
  '0 到 1 的比例（如 0.2）或百分比（如 20%）',
  'a share from 0 to 1 such as 0.2, or a percentage such as 20%',
);

const share = z.union(
  [z.number().min(0, aShare).max(1, aShare), z.string().regex(/^(100|\d{1,2})(\.\d+)?\s*%$/, aShare)],
  aShare,
);

const aKey = be(
  '列名、{ source: 列, table: 字段 }，或它们的列表（最多 5 个）',
  'a column, { source: column, table: field }, or a list of at most 5 of those',
);

const people = (...words: readonly string[]) => {
  const pattern = new RegExp(`^(ou_\\w+|${words.join('|')})$`);
  const must = be(`open_id（ou_…）或 ${words.join('、')}`, `an open_id (ou_…) or ${words.join(' or ')}`);
  const one = z.string(must).regex(pattern, must);
  return z.union(
    [one, z.array(one)],
    be(`${must.error.split(divider)[0]} 的列表`, 'a list of open_ids (ou_…)'),
  );
};

const chat = () =>
  matching(/^o[cu]_\w+$/, '群（oc_…）或人（ou_…）的 ID', 'the ID of a chat (oc_…) or a person (ou_…)');

const zone = () => filled('时区，如 Asia/Shanghai', 'a time zone such as Asia/Shanghai');

const entry = object({
  do: oneOf('run', 'remind', 'digest').describe(
    'run: sync. remind: ask people to. digest: sum up what happened.',
  ),
  cron: matching(
    /^\s*\S+(\s+\S+){4,5}\s*$/,
    '五段或六段的 cron，如 "0 9 * * 1-5"',
    'five or six cron fields such as "0 9 * * 1-5"',
  ).describe('When.'),
  timeZone: zone().optional().describe("IANA zone of cron; the definition's when not given."),
  chat: chat().optional().describe('Who is told; the first of access.chats when not given.'),
  unless: duration().optional().describe('Not done when the table was synced within this time.'),
  plan: flag().optional().describe('Whether a reminder counts the waiting rows first; no when not given.'),
  missed: oneOf('once', 'skip')
    .optional()
    .describe('Times that passed while the program was stopped: made up for once (default), or skipped.'),
  stale: duration().optional().describe('Warns when no run has succeeded for this time.'),
  quiet: flag().optional().describe('Says nothing when nothing changed; yes when not given.'),
});

/** A definition as people write it. */
export const definitionSchema = object({
  name: matching(
    /^[a-z0-9][a-z0-9_-]{0,39}$/,
    '小写字母、数字、- 和 _，最多 40 个，以字母或数字开头',
    'lower-case letters, digits, - and _, at most 40, beginning with a letter or digit',
  ).describe('What the sync is called in commands: /sync NAME.'),
  title: filled('文字', 'a text')
    .max(100, be('最多 100 个字', 'a text of at most 100 characters'))
    .optional()
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
    timeout: whole(1, 3600).optional().describe('Seconds that the query may run; 300 when not given.'),
    cut: oneOf('reject', 'keep')
      .optional()
      .describe(
        'A text that the database cut short, as GROUP_CONCAT may: reject its row (default), or keep what is left.',
      ),
  }).describe('Where the rows come from.'),
  key: z
    .union([column(), keyPart, z.array(onePart).min(1, aKey).max(5, aKey)], aKey)
    .describe('What names a row, on both sides: non-empty and unique; up to 5 columns.'),
  target: filled('数据表的网址', 'the address of a table').describe(
    'Address of the table as copied from the browser; of the base alone where init creates the table.',
  ),
  mode: oneOf(...modes)
    .optional()
    .describe(
      'upsert (default): create and update. append: create missing keys only. update: existing keys only. mirror: upsert, and delete what the query does not have.',
    ),
  fields: z
    .record(
      z.string(),
      z.union(
        [shorthand, rule],
        be('规则（如 { as: date }）、类型或 skip', 'a rule such as { as: date }, a type, or skip'),
      ),
      be('按列名写的规则', 'a list of rules by column'),
    )
    .optional()
    .describe('Rules for columns that are not "same name, by the field\'s own type".'),
  chunkSize: wholeOrAuto(1, 1000).optional().describe('Rows a call; auto when not given.'),
  concurrency: wholeOrAuto(1, 8).optional().describe('Writes at once for the base; auto finds out.'),
  rounds: whole(0, 10).optional().describe('How often what failed is sent again; 3 when not given.'),
  deletes: oneOf('ask', 'all', 'ours')
    .optional()
    .describe('What a mirror may delete: ask (default) before hand-made records go, all, or ours only.'),
  brake: object({
    deletes: share.optional().describe('20% when not given.'),
    updates: share.optional().describe('50% when not given.'),
  })
    .optional()
    .describe('Shares of the table above which a run waits for a person, from 10 records up.'),
  expires: duration()
    .optional()
    .describe(
      'How long a plan waits for a person, and a cut-off run can be gone on with; 1d when not given.',
    ),
  access: object({
    run: people('everyone').optional().describe('Who may start it; everyone when not given.'),
    approve: people('everyone', 'other')
      .optional()
      .describe('Who may apply a plan that waits, beside the admins; other: not the one who started it.'),
    chats: z
      .array(
        matching(/^oc_\w+$/, '群 ID（oc_…）', 'the ID of a chat (oc_…)'),
        be('群 ID（oc_…）的列表', 'a list of chat IDs (oc_…)'),
      )
      .optional()
      .describe('Chats in which it may be used.'),
  })
    .optional()
    .describe('Who may do what.'),
  schedule: z
    .array(entry, be('定时任务的列表', 'a list of entries'))
    .max(20, be('最多 20 项的列表', 'a list of at most 20 entries'))
    .optional()
    .describe('What happens by the clock.'),
  view: oneOf('ignore', 'limit')
    .optional()
    .describe("limit: updates and deletes stay within the address's view."),
  timeZone: zone().optional().describe('IANA zone that dates without a zone are meant in.'),
  private: z
    .array(column(), be('列名的列表', 'a list of columns'))
    .optional()
    .describe('Columns that are masked everywhere but in the table.'),
  create: z
    .literal('fields', be('fields', 'fields'))
    .optional()
    .describe('Creates fields that the table lacks.'),
}).describe('A saved sync: a query, a Bitable table and how the one follows the other.');

/** A definition as written, of the right shape. */
export type WrittenDefinition = z.infer<typeof definitionSchema>;

/** The schema of definition files for editors, as JSON Schema 2020-12. */
export const definitionJsonSchema = (): object => ({
  ...z.toJSONSchema(definitionSchema, { io: 'input' }),
  title: 'bitable-sync definition',
});

const units = { m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** How long a plan is good for when the definition does not say. */
export const usualLifetime = units.d;

/**
 * Milliseconds for which a plan is good: one that waits for a person expires then, and a run that was cut off is
 * not gone on with any more.
 */
export function lifetimeOf({ expires }: Pick<Definition, 'expires'>): number {
  const [, number, unit] = /^(\d+)([mhd])$/.exec(expires ?? '') ?? [];
  return unit === 'm' || unit === 'h' || unit === 'd' ? Number(number) * units[unit] : usualLifetime;
}
