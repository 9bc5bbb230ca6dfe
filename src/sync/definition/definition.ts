import { z } from 'zod';
import type { Locale } from '../words/text.ts';
import { writableKinds } from './field.ts';
import { means, speak } from './meanings.ts';

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
    to: field().meta(means.rule.to),
    from: column().meta(means.rule.from),
    as: oneOf(...writableKinds).meta(means.rule.as),
    skip: flag().meta(means.rule.skip),
    by: filled('查找用的字段', 'what to look people or records up by').meta(means.rule.by),
    missing: oneOf('reject', 'empty').meta(means.rule.missing),
    options: oneOf('create', 'reject').meta(means.rule.options),
    round: flag().meta(means.rule.round),
    trim: flag().meta(means.rule.trim),
    map: z
      .record(z.string(), plain, be('对照表，如 { 0: 女, 1: 男 }', 'a table such as { 0: female, 1: male }'))
      .meta(means.rule.map),
    default: plain.meta(means.rule.default),
    split: z.string(aSeparator).min(1, aSeparator).meta(means.rule.split),
    truncate: whole(1, 100_000).meta(means.rule.truncate),
    empty: oneOf('clear', 'keep').meta(means.rule.empty),
    unit: oneOf('s', 'ms').meta(means.rule.unit),
  }),
);

const keyPart = object(
  optional({
    source: column().meta(means.keyPart.source),
    column: column().meta(means.keyPart.column),
    table: field().meta(means.keyPart.table),
    field: field().meta(means.keyPart.field),
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
  do: oneOf('run', 'remind', 'digest').meta(means.entry.do),
  cron: matching(
    /^\s*\S+(\s+\S+){4,5}\s*$/,
    '五段或六段的 cron，如 "0 9 * * 1-5"',
    'five or six cron fields such as "0 9 * * 1-5"',
  )
    .overwrite((cron) => cron.trim().replaceAll(/\s+/g, ' '))
    .meta(means.entry.cron),
  ...optional({
    timeZone: zone().meta(means.entry.timeZone),
    chat: chat().meta(means.entry.chat),
    unless: time().meta(means.entry.unless),
    plan: flag().meta(means.entry.plan),
    missed: oneOf('once', 'skip').meta(means.entry.missed),
    stale: time().meta(means.entry.stale),
    quiet: flag().meta(means.entry.quiet),
  }),
});

export const modes = ['upsert', 'append', 'update', 'mirror'] as const;

/** A definition as people write it. */
export const definitionSchema = object({
  name: matching(
    /^[a-z0-9][a-z0-9_-]{0,39}$/,
    '小写字母、数字、- 和 _，最多 40 个，以字母或数字开头',
    'lower-case letters, digits, - and _, at most 40, beginning with a letter or digit',
  ).meta(means.definition.name),
  title: filled('文字', 'a text')
    .max(100, be('最多 100 个字', 'a text of at most 100 characters'))
    .exactOptional()
    .meta(means.definition.title),
  source: object({
    connection: matching(
      /^[a-z0-9][a-z0-9_-]*$/i,
      '连接名：shop 对应 CONNECTION_SHOP',
      'the name of a connection: shop stands for CONNECTION_SHOP',
    ).meta(means.source.connection),
    query: filled('一条 SELECT 查询', 'a SELECT query').meta(means.source.query),
    timeout: whole(1, 3600).default(300).meta(means.source.timeout),
    cut: oneOf('reject', 'keep').exactOptional().meta(means.source.cut),
  }).meta(means.definition.source),
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
    .meta(means.definition.key),
  target: filled('数据表的网址', 'the address of a table').trim().meta(means.definition.target),
  mode: oneOf(...modes)
    .default('upsert')
    .meta(means.definition.mode),
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
    .meta(means.definition.fields),
  chunkSize: wholeOrAuto(1, 1000).default('auto').meta(means.definition.chunkSize),
  concurrency: wholeOrAuto(1, 8).default('auto').meta(means.definition.concurrency),
  rounds: whole(0, 10).default(3).meta(means.definition.rounds),
  deletes: oneOf('ask', 'all', 'ours').default('ask').meta(means.definition.deletes),
  brake: object({
    deletes: share(0.2).meta(means.brake.deletes),
    updates: share(0.5).meta(means.brake.updates),
    creates: share(0.4).meta(means.brake.creates),
  })
    .prefault({})
    .meta(means.definition.brake),
  read: z
    .union(
      [z.literal('whole'), object({ whole: time() })],
      be('whole，或 { whole: 时长 }', 'whole, or { whole: a time }'),
    )
    .default({ whole: '1d' })
    .meta(means.definition.read),
  expires: time().exactOptional().meta(means.definition.expires),
  access: object(
    optional({
      run: people('everyone').meta(means.access.run),
      approve: people('everyone', 'other').meta(means.access.approve),
      chats: z
        .array(
          matching(/^oc_\w+$/, '群 ID（oc_…）', 'the ID of a chat (oc_…)'),
          be('群 ID（oc_…）的列表', 'a list of chat IDs (oc_…)'),
        )
        .meta(means.access.chats),
    }),
  )
    .default({})
    .meta(means.definition.access),
  schedule: z
    .array(entry, be('定时任务的列表', 'a list of entries'))
    .max(20, be('最多 20 项的列表', 'a list of at most 20 entries'))
    .default([])
    .meta(means.definition.schedule),
  view: oneOf('ignore', 'limit').default('ignore').meta(means.definition.view),
  timeZone: zone().exactOptional().meta(means.definition.timeZone),
  private: z
    .array(column(), be('列名的列表', 'a list of columns'))
    .default([])
    .meta(means.definition.private),
  create: z.literal('fields', be('fields', 'fields')).exactOptional().meta(means.definition.create),
}).meta(means.definition.all);

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

/** The schema of definition files for editors and documents, as JSON Schema 2020-12, described in one language. */
export const definitionJsonSchema = (locale: Locale = 'en-US'): object => ({
  ...z.toJSONSchema(definitionSchema, {
    io: 'input',
    override: ({ jsonSchema }) => speak(jsonSchema, locale),
  }),
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
