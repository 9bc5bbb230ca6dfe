import type { z } from 'zod';
import type { Problem } from '../words/problem.ts';
import { listed, nearest, type Text, text } from '../words/text.ts';
import { zoneIssue } from '../words/zone.ts';
import { parseAddress } from './address.ts';
import { databases } from './databases.ts';
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

/** Notes an issue; without a cure, that one of two is to be kept. */
type Tell = (code: string, path: Path, message: Text, cure?: Text) => void;

/** Checks a definition as written and fills in what was left out. Takes anything and never throws. */
export function parseDefinition(raw: unknown): ParsedDefinition {
  const { data: written, error } = definitionSchema.safeParse(raw);
  if (!written) return { kind: 'issues', issues: issuesOf(raw, error.issues) };
  const issues: Issue[] = [];
  const tell: Tell = (code, path, message, cure = oneOfThem) => issues.push({ code, path, message, cure });
  tellContent(written, tell);
  const fields = columnRules(written, tell);
  const key = keyParts(written, fields, tell);
  if (issues.length > 0) return { kind: 'issues', issues };
  return {
    kind: 'definition',
    definition: { ...written, title: written.title ?? written.name, key, fields },
  };
}

const oneOfThem = text('只留其中一个', 'Keep one of them.');

type Rules = Readonly<Record<string, ColumnRule>>;

/** The rules by column: words spelt out, and entries that are named after a field turned round. */
function columnRules({ fields }: WrittenDefinition, tell: Tell): Rules {
  const rules = new Map<string, ColumnRule>();
  for (const [name, entry] of Object.entries(fields)) {
    const path = ['fields', name];
    if (typeof entry === 'string') {
      add(name, entry === 'skip' ? { skip: true } : { as: entry }, path);
      continue;
    }
    const { from, ...rule } = entry;
    if (from === undefined) add(name, rule, path);
    else if (rule.to === undefined) add(from, { ...rule, to: name }, [...path, 'from']);
    else tell('from-and-to', path, both(`${name}.from`, `${name}.to`));
  }
  function add(column: string, rule: ColumnRule, path: Path): void {
    if (rules.has(column)) {
      tell(
        'doubled-rule',
        path,
        text(`列「${column}」在 fields 里出现了两次`, `fields has two entries for the column "${column}"`),
      );
    }
    rules.set(column, rule);
  }
  return Object.fromEntries(rules);
}

function keyParts({ key }: WrittenDefinition, fields: Rules, tell: Tell): readonly KeyPart[] {
  const parts: KeyPart[] = [];
  const several = Array.isArray(key);
  for (const [at, part] of (several ? key : [key]).entries()) {
    const path = several ? ['key', at] : ['key'];
    const { source, column, table, field } = typeof part === 'string' ? { source: part } : part;
    if (source !== undefined && column !== undefined) tell('doubled-key', path, both('source', 'column'));
    if (table !== undefined && field !== undefined) tell('doubled-key', path, both('table', 'field'));
    const from = source ?? column ?? table ?? field;
    if (from === undefined) {
      tell('empty-key', path, text('主键没有写列名', 'the key names no column'), keyCure);
      continue;
    }
    const rule = Object.hasOwn(fields, from) ? fields[from] : undefined;
    const to = table ?? field ?? rule?.to ?? from;
    if (rule?.skip) {
      const words = text(`「${from}」是主键，不能 skip`, `"${from}" is the key and cannot be skipped`);
      tell('skipped-key', ['fields', from], words, text('删掉这条规则', 'Take that rule away.'));
    }
    if (rule?.to !== undefined && rule.to !== to) {
      const words = text(
        `主键「${from}」在 key 里写入「${to}」，在 fields 里写入「${rule.to}」`,
        `the key "${from}" goes to "${to}" by key and to "${rule.to}" by fields`,
      );
      tell('two-fields', path, words);
    }
    if (parts.some((other) => other.column === from || other.field === to)) {
      tell('doubled-key', path, text(`「${from}」在主键里出现了两次`, `"${from}" is in the key twice`));
    }
    parts.push({ column: from, field: to });
  }
  return parts;
}

/** What the shape alone does not show. */
function tellContent(
  { name, source, target, timeZone, schedule, view }: WrittenDefinition,
  tell: Tell,
): void {
  if (commands.has(name)) {
    const words = text(`name 不能是 ${name}：这是一个命令`, `name cannot be ${name}: that is a command`);
    tell('command-word', ['name'], words, text('换一个名字', 'Choose another name.'));
  }
  for (const { code, message, cure } of queryProblems(source.query)) {
    tell(code, ['source', 'query'], message, cure);
  }
  const address = parseAddress(target);
  if (address.kind === 'address') {
    if (view === 'limit' && address.address.view === undefined) tell('no-view', ['view'], noView, noViewCure);
  } else if (address.problem.code !== 'no-table') {
    // A base without a table is what a table is created in.
    tell(address.problem.code, ['target'], address.problem.message, address.problem.cure);
  }
  const tellZone = (path: Path, zone: string | undefined): void => {
    const wrong = zone === undefined ? undefined : zoneIssue(zone);
    if (wrong) tell('no-such-zone', path, wrong.message, wrong.cure);
  };
  tellZone(['timeZone'], timeZone);
  schedule.forEach((entry, at) => {
    tellZone(['schedule', at, 'timeZone'], entry.timeZone);
  });
}

/** What no database would take. Which one the connection leads to is not known here: its source judges again. */
function queryProblems(sql: string): Problem[] {
  const [first = [], ...others] = Object.values(databases).map(({ dialect }) => judgeQuery(sql, dialect));
  return others.some((found) => found.length === 0) ? [] : first;
}

const noView = text('view: limit 需要 target 里有 view=', 'view: limit needs a target with view= in it');
const noViewCure = text(
  '打开那个视图，再从浏览器复制地址；或去掉 view',
  'Open that view and copy its address from the browser, or leave view out.',
);

const both = (one: string, other: string): Text =>
  text(`不能同时写 ${one} 和 ${other}`, `${one} and ${other} cannot both be there`);

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
  const list = listed(near.length > 0 ? near : known);
  return {
    code: 'unknown-key',
    path,
    atKey: true,
    message: text(`不认识 ${where.zh}`, `${where.en} is unknown`),
    cure:
      near.length > 0
        ? text(`是不是 ${list.zh}？`, `Did you mean ${list.en}?`)
        : text(`这里可以写：${list.zh}`, `What can stand here: ${list.en}.`),
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
