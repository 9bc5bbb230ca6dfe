import type { z } from 'zod';
import { nearest } from '../words/nearest.ts';
import { type Text, text } from '../words/text.ts';
import { expectation, knownKeys } from './definition-schema.ts';

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
    message: text(`${where.zh} 必须是 ${must.zh}`, `${where.en} must be ${must.en}`),
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
