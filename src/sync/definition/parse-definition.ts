import type { z } from 'zod';
import type { Problem } from '../words/problem.ts';
import { nearest, type Text, text } from '../words/text.ts';
import { zoneIssue } from '../words/zone.ts';
import { parseAddress } from './address.ts';
import {
  type ColumnRule,
  type Definition,
  definitionSchema,
  expectation,
  type KeyPart,
  knownKeys,
  type WrittenDefinition,
} from './definition.ts';
import { judgeQuery } from './query.ts';

/** A definition, or everything that is wrong with it: at least one thing. */
export type ParsedDefinition =
  | { readonly kind: 'definition'; readonly definition: Definition }
  | { readonly kind: 'issues'; readonly issues: readonly Issue[] };

/** Words that commands use, so that no sync can be called by them. */
const commands: ReadonlySet<string> = new Set(
  (
    'all audit cancel check definitions demo freeze help history init list mute pause plan remind resume retry ' +
    'run setup start status thaw undo unmute verify why'
  ).split(' '),
);

/** Checks a definition as written and fills in what was left out. Takes anything and never throws. */
export function parseDefinition(raw: unknown): ParsedDefinition {
  const written = definitionSchema.safeParse(raw);
  if (!written.success) return { kind: 'issues', issues: issuesOf(raw, written.error.issues) };
  const rules = columnRules(written.data);
  const key = keyParts(written.data, rules.fields);
  const issues = [...contentIssues(written.data), ...rules.issues, ...key.issues];
  if (issues.length > 0) return { kind: 'issues', issues };
  return {
    kind: 'definition',
    definition: {
      ...written.data,
      title: written.data.title ?? written.data.name,
      key: key.parts,
      fields: rules.fields,
    },
  };
}

type Rules = Record<string, ColumnRule>;

/** The rules by column: words spelt out, and entries that are named after a field turned round. */
function columnRules({ fields }: WrittenDefinition): { fields: Rules; issues: Issue[] } {
  const rules = new Map<string, ColumnRule>();
  const issues: Issue[] = [];
  for (const [name, entry] of Object.entries(fields)) {
    const path = ['fields', name];
    if (typeof entry === 'string') {
      add(name, entry === 'skip' ? { skip: true } : { as: entry }, path);
      continue;
    }
    const { from, ...rule } = entry;
    if (from !== undefined && rule.to !== undefined) {
      issues.push(issue('from-and-to', path, both(`${name}.from`, `${name}.to`), oneOfThem));
    } else if (from === undefined) add(name, rule, path);
    else add(from, { ...rule, to: name }, [...path, 'from']);
  }
  function add(column: string, rule: ColumnRule, path: Path): void {
    if (rules.has(column)) {
      const words = text(
        `列「${column}」在 fields 里出现了两次`,
        `fields has two entries for the column "${column}"`,
      );
      issues.push(issue('doubled-rule', path, words, text('只留一个', 'Keep one of them.')));
    }
    rules.set(column, rule);
  }
  return { fields: Object.fromEntries(rules), issues };
}

function keyParts(
  { key }: WrittenDefinition,
  fields: Readonly<Rules>,
): { parts: KeyPart[]; issues: Issue[] } {
  const issues: Issue[] = [];
  const parts: KeyPart[] = [];
  const several = Array.isArray(key);
  for (const [at, part] of (several ? key : [key]).entries()) {
    const path = several ? ['key', at] : ['key'];
    const { source, column, table, field } = typeof part === 'string' ? { source: part } : part;
    if (source !== undefined && column !== undefined) {
      issues.push(issue('doubled-key', path, both('source', 'column'), oneOfThem));
    }
    if (table !== undefined && field !== undefined) {
      issues.push(issue('doubled-key', path, both('table', 'field'), oneOfThem));
    }
    const from = source ?? column ?? table ?? field;
    if (from === undefined) {
      issues.push(issue('empty-key', path, text('主键没有写列名', 'the key names no column'), keyCure));
      continue;
    }
    const rule = Object.hasOwn(fields, from) ? fields[from] : undefined;
    const to = table ?? field ?? rule?.to ?? from;
    if (rule?.skip) {
      const words = text(`「${from}」是主键，不能 skip`, `"${from}" is the key and cannot be skipped`);
      issues.push(
        issue('skipped-key', ['fields', from], words, text('删掉这条规则', 'Take that rule away.')),
      );
    }
    if (rule?.to !== undefined && rule.to !== to) {
      const words = text(
        `主键「${from}」在 key 里写入「${to}」，在 fields 里写入「${rule.to}」`,
        `the key "${from}" goes to "${to}" by key and to "${rule.to}" by fields`,
      );
      issues.push(issue('two-fields', path, words, oneOfThem));
    }
    if (parts.some((other) => other.column === from || other.field === to)) {
      const words = text(`「${from}」在主键里出现了两次`, `"${from}" stands in the key twice`);
      issues.push(issue('doubled-key', path, words, text('只留一个', 'Keep one of them.')));
    }
    parts.push({ column: from, field: to });
  }
  return { parts, issues };
}

/** What the shape alone does not show. */
function contentIssues(written: WrittenDefinition): Issue[] {
  const { name, source, target, timeZone, schedule } = written;
  const zones: [Path, string | undefined][] = [
    [['timeZone'], timeZone],
    ...schedule.map((entry, at): [Path, string | undefined] => [
      ['schedule', at, 'timeZone'],
      entry.timeZone,
    ]),
  ];
  const address = parseAddress(target);
  return [
    ...(commands.has(name)
      ? [
          issue(
            'command-word',
            ['name'],
            text(`name 不能是 ${name}：这是一个命令`, `name cannot be ${name}: that is a command`),
            text('换一个名字', 'Choose another name.'),
          ),
        ]
      : []),
    ...queryProblems(source.query).map(({ code, message, cure }) =>
      issue(code, ['source', 'query'], message, cure),
    ),
    // A base without a table is what a table is created in.
    ...(address.kind === 'problem' && address.problem.code !== 'no-table'
      ? [issue(address.problem.code, ['target'], address.problem.message, address.problem.cure)]
      : []),
    ...(written.view === 'limit' && address.kind === 'address' && address.address.view === undefined
      ? [issue('no-view', ['view'], noView, noViewCure)]
      : []),
    ...zones.flatMap(([path, zone]) => {
      const wrong = zone === undefined ? undefined : zoneIssue(zone);
      return wrong ? [issue('no-such-zone', path, wrong.message, wrong.cure)] : [];
    }),
  ];
}

/** What no database would take. Which one the connection leads to is not known here: its source judges again. */
const queryProblems = (sql: string): Problem[] =>
  judgeQuery(sql, 'sqlite').length === 0 ? [] : judgeQuery(sql);

const noView = text('view: limit 需要 target 里有 view=', 'view: limit needs a target with view= in it');

const noViewCure = text(
  '打开那个视图，再从浏览器复制地址；或去掉 view',
  'Open that view and copy its address from the browser, or leave view out.',
);

const issue = (code: string, path: Path, message: Text, cure: Text): Issue => ({ code, path, message, cure });

const both = (one: string, other: string): Text =>
  text(`不能同时写 ${one} 和 ${other}`, `${one} and ${other} cannot both be there`);

const oneOfThem = text('只留其中一个', 'Keep one of them.');

const keyCure = text(
  '写列名，或 { source: 列, table: 字段 }',
  'Write a column, or { source: column, table: field }.',
);

/** Where something stands in a definition: `['fields', '下单时间', 'as']`. */
export type Path = readonly (string | number)[];

/** Something wrong with a definition as written. */
export interface Issue {
  /** Stable word for programs. */
  readonly code: string;
  readonly path: Path;
  /** Whether the key at the path is wrong, not the value. */
  readonly atKey?: boolean;
  readonly message: Text;
  readonly cure: Text;
}

type ZodIssue = z.core.$ZodIssue;

/** Puts zod's findings into plain words. */
export const issuesOf = (raw: unknown, found: readonly ZodIssue[]): Issue[] =>
  found.flatMap((issue) => issuesAt(raw, issue, []));

function issuesAt(raw: unknown, issue: ZodIssue, above: Path): Issue[] {
  const path = [...above, ...issue.path.filter((step) => typeof step !== 'symbol')];
  if (issue.code === 'unrecognized_keys') {
    const known = knownKeys(issue.message) ?? [];
    return issue.keys.map((key) => unknownKey([...path, key], known));
  }
  if (issue.code === 'invalid_union') {
    const meant = issue.errors.find(isMeant);
    if (meant) return meant.flatMap((inner) => issuesAt(raw, inner, path));
  }
  return [wrongValue(raw, path, issue.message, wantsText(issue))];
}

/** Whether a text would have been right, and a number or a truth value never is. */
const wantsText = (issue: ZodIssue): boolean =>
  issue.code === 'invalid_union'
    ? issue.errors.some((form) => form.some(wantsText)) &&
      issue.errors.every((form) => form.some(isOtherType))
    : issue.code === 'invalid_type' && issue.expected === 'string';

const isOtherType = ({ code, path }: ZodIssue): boolean => code === 'invalid_type' && path.length === 0;

/** A form of a value that the writer had in mind: it is of that kind, and only something inside is wrong. */
const isMeant = (issues: readonly ZodIssue[]): boolean =>
  issues.every((issue) => issue.path.length > 0 || issue.code === 'unrecognized_keys');

function unknownKey(path: Path, known: readonly string[]): Issue {
  const key = String(path.at(-1));
  const where = shown(path);
  const near = nearest(key, known);
  const list = (near.length > 0 ? near : known).join(', ');
  return {
    code: 'unknown-key',
    path,
    atKey: true,
    message: text(`不认识 ${where.zh}`, `${where.en} is unknown`),
    cure:
      near.length > 0
        ? text(`是不是 ${list}？`, `Did you mean ${list}?`)
        : text(`这里可以写：${list}`, `What can stand here: ${list}.`),
  };
}

function wrongValue(raw: unknown, path: Path, message: string, wantsText: boolean): Issue {
  const must = expectation(message) ?? { zh: '别的值', en: 'something else' };
  const where = shown(path);
  const value = at(raw, path);
  if (value === undefined) {
    return {
      code: 'missing',
      path,
      message: text(`缺少 ${where.zh}`, `${where.en} is missing`),
      cure: text(`补上它：${must.zh}`, `Add it: ${must.en}.`),
    };
  }
  return {
    code: 'wrong-value',
    path,
    message: text(
      `${where.zh} 必须是${/^\w/.test(must.zh) ? ' ' : ''}${must.zh}`,
      `${where.en} must be ${must.en}`,
    ),
    cure:
      wantsText && (typeof value === 'number' || typeof value === 'boolean')
        ? text(
            'YAML 把它读成了数字或真假：加上引号',
            'YAML reads a number or truth value here. Put it in quotes.',
          )
        : path[0] === 'source'
          ? unquoted(path)
          : text(`现在写的是 ${brief(value)}`, `It says ${brief(value)} now.`),
  };
}

/** An address with its password may stand where the name of a connection belongs: nothing of a source is quoted. */
const unquoted = (path: Path): Text =>
  path[1] === 'query'
    ? text('改正 query', 'Correct the query.')
    : text(
        '写连接的名称：变量 CONNECTION_SHOP 写 shop；地址和密码只放在变量里',
        'Write the name of a connection, such as shop for the variable CONNECTION_SHOP. Its address and password belong in that variable only.',
      );

/** What stands at a path; `undefined` when nothing does. */
function at(raw: unknown, path: Path): unknown {
  return path.reduce<unknown>(
    (value, step) =>
      typeof value === 'object' && value !== null
        ? Object.getOwnPropertyDescriptor(value, step)?.value
        : undefined,
    raw,
  );
}

/** A path as people read it: `schedule[0].cron`. */
function shown(path: Path): Text {
  if (path.length === 0) return text('定义', 'the definition');
  const steps = path.map((step) => (typeof step === 'number' ? `[${step}]` : `.${cut(step)}`));
  const words = steps.join('').replace(/^\./, '');
  return text(words, words);
}

function brief(value: unknown): string {
  if (Array.isArray(value)) return '[…]';
  if (typeof value === 'object' && value !== null) return '{…}';
  return typeof value === 'string' ? `"${cut(value)}"` : String(value);
}

const cut = (words: string): string => (words.length > 40 ? `${words.slice(0, 40)}…` : words);
