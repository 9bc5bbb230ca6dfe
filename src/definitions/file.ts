import { validate } from 'node-cron';
import {
  type Document,
  isAlias,
  isMap,
  isPair,
  isScalar,
  LineCounter,
  parseDocument,
  visit,
  type YAMLError,
} from 'yaml';
import type { Definition } from '../sync/definition/definition.ts';
import { type Issue, type Path, parseDefinition } from '../sync/definition/parse-definition.ts';
import type { Problem } from '../sync/words/problem.ts';
import { type Text, text } from '../sync/words/text.ts';
import { asWritten, lostKeys, takeAsWritten } from './as-written.ts';

/** A file as read. `name` is what it calls itself, also when something else in it is wrong. */
export type ParsedFile =
  | { readonly name: string; readonly definition: Definition; readonly where: string }
  | { readonly name: string | undefined; readonly problems: readonly [Problem, ...Problem[]] };

/** Something wrong, and where in the file it begins. */
interface Fault extends Pick<Problem, 'code' | 'message' | 'cure'> {
  readonly offset: number;
}

/** Reads a definition from YAML. Each problem says where it is: `file:line:column`. Never throws. */
export function parseFile(file: string, yaml: string): ParsedFile {
  const lines = new LineCounter();
  const document = parseDocument(yaml, {
    ...{ lineCounter: lines, prettyErrors: false, logLevel: 'error' },
    // Also for a file that says %YAML 1.1, where yes is true and 1:30 is 90.
    schema: 'core',
    uniqueKeys: (one, other) => asWritten(one) === asWritten(other),
  });
  const where = (offset: number): string => {
    const { line, col } = lines.linePos(offset);
    return `${file}:${Math.max(line, 1)}:${Math.max(col, 1)}`;
  };
  const told = ({ code, message, cure, offset }: Fault): Problem => {
    return { code, message, cure, where: where(offset) };
  };
  const refused = (first: Fault, ...others: readonly Fault[]): ParsedFile => {
    return { name: nameIn(document), problems: [told(first), ...others.map(told)] };
  };
  const bare = bareCron(document, yaml);
  if (bare !== undefined) return refused({ ...unquotedCron, offset: bare });
  const [error] = document.errors;
  // One slip makes the parser stumble again and again: only the first is worth reading.
  if (error) return refused(syntaxFault(error, yaml, lines));
  const [lost, ...others] = lostKeys(document).map(({ key, problem }) => {
    return { ...problem, offset: beginning(key) ?? 0 };
  });
  if (lost) return refused(lost, ...others);
  takeAsWritten(document);
  const raw = plainValue(document);
  if (raw === undefined) {
    return { name: undefined, problems: [told({ ...tangled, offset: danglingAt(document) })] };
  }
  if (raw === null) return refused({ ...empty, offset: 0 });
  const parsed = parseDefinition(raw);
  const issues = parsed.kind === 'definition' ? cronIssues(parsed.definition) : parsed.issues;
  const offsetAt = (path: Path, atKey?: boolean): number => offsetOf(document, path, atKey);
  if (parsed.kind === 'definition' && issues.length === 0) {
    const { source, ...rest } = parsed.definition;
    const at = where(offsetAt(['source', 'query']));
    return {
      name: rest.name,
      definition: { ...rest, source: { ...source, at } },
      where: where(offsetAt(['name'])),
    };
  }
  const [one = { ...tangled, offset: 0 }, ...more] = issues.map((issue) => {
    return { ...issue, offset: offsetAt(issue.path, issue.atKey) };
  });
  return refused(one, ...more);
}

/** Times that no clock can follow. */
const cronIssues = ({ schedule }: Definition): readonly Issue[] =>
  schedule.flatMap(({ cron }, at) => {
    if (validate(cron)) return [];
    const why = neverComes(cron) ? neverCron(cron) : wrongCron(cron);
    return [{ code: 'wrong-cron', path: ['schedule', at, 'cron'], ...why }];
  });

/** Whether day and month are right by themselves but never meet. */
function neverComes(cron: string): boolean {
  const fields = cron.trim().split(/\s+/);
  return fields.length >= 5 && [-3, -2].every((at) => validate(fields.with(at, '*').join(' ')));
}

const neverCron = (cron: string) => ({
  message: text(
    `「${cron}」永远不会到来：这些月份没有这一天`,
    `"${cron}" never comes: its months have no such day`,
  ),
  cure: text(
    '改第三段（日）或第四段（月）；每月最后一天是 L',
    'Change the day or the month in it; L is the last day of a month.',
  ),
});

const wrongCron = (cron: string) => ({
  message: text(`「${cron}」不是 cron 时间`, `"${cron}" is not a cron expression`),
  cure: text(
    '写五段：分 时 日 月 周，如 0 9 * * 1-5（工作日九点）',
    'Write five fields: minute, hour, day, month, weekday, such as 0 9 * * 1-5 (nine o’clock on working days).',
  ),
});

/**
 * Where a cron expression begins that YAML does not read as one text, because it stands without quotes: `*` and `@`
 * begin something else, and within `{ }` a comma ends it.
 */
function bareCron(document: Document, yaml: string): number | undefined {
  const [error] = document.errors;
  if (error) {
    const start = yaml.lastIndexOf('\n', error.pos[0] - 1) + 1;
    const line = yaml.slice(start, start + 500).split('\n')[0] ?? '';
    const found =
      /^(.*?\bcron['"]?[ \t]*:[ \t]+)[*@?&%!|>`[{\d]/.exec(line) ??
      /^(|.*?[\s,[{])\*(?:\/\d+)?(?:[ \t]+[\d*?LW#/,a-z-]+){4}/i.exec(line);
    const at = found ? start + (found[1] ?? '').length : undefined;
    return at !== undefined && at <= error.pos[0] ? at : undefined;
  }
  let offset: number | undefined;
  visit(document, {
    Map(_, { flow, items }) {
      const at = items.findIndex(({ key }) => isScalar(key) && key.value === 'cron');
      const [value, next] = [items[at]?.value, items[at + 1]];
      if (!flow || !isScalar(value) || value.type !== 'PLAIN' || !isScalar(next?.key)) return undefined;
      if (next.value !== null || !/^[\d*?LW#/ a-z-]+$/i.test(String(next.key.value))) return undefined;
      offset = beginning(value);
      return visit.BREAK;
    },
  });
  return offset;
}

const unquotedCron = {
  code: 'unquoted-cron',
  message: text(
    'cron 没有加引号，YAML 读成了别的东西',
    'cron stands without quotes, and YAML reads it as something else',
  ),
  cure: text('给它加上引号，如 cron: "*/5 * * * *"', 'Put it in quotes, such as cron: "*/5 * * * *".'),
};

function nameIn(document: Document): string | undefined {
  const name: unknown = isMap(document.contents) ? document.contents.get('name') : undefined;
  return typeof name === 'string' && name.length <= 40 ? name : undefined;
}

/** `undefined` for aliases that would blow up. An empty file is `null`. */
function plainValue(document: Document): unknown {
  try {
    return document.toJS({ maxAliasCount: 100 }) as unknown;
  } catch {
    return undefined;
  }
}

/** Where the first reference stands whose target is not above it; the beginning when there is none. */
function danglingAt(document: Document): number {
  const anchors = new Set<string>();
  let offset = 0;
  visit(document, {
    Node(_, node) {
      if ('anchor' in node && node.anchor) anchors.add(node.anchor);
      if (!isAlias(node) || anchors.has(node.source)) return undefined;
      offset = beginning(node) ?? 0;
      return visit.BREAK;
    },
  });
  return offset;
}

/** Where the value (or the key) at a path begins; what stands around it when it is missing. */
function offsetOf(document: Document, path: Path, atKey = false): number {
  let node: unknown = document.contents;
  let offset = beginning(node) ?? 0;
  for (const [depth, step] of path.entries()) {
    const last = depth === path.length - 1;
    if (isMap(node)) {
      const pair = node.items.find((item) => isScalar(item.key) && String(item.key.value) === String(step));
      if (!isPair(pair)) return offset;
      offset = (last && !atKey ? beginning(pair.value) : undefined) ?? beginning(pair.key) ?? offset;
      node = pair.value;
    } else {
      node = (node as { items?: readonly unknown[] } | null)?.items?.[Number(step)];
      offset = beginning(node) ?? offset;
    }
  }
  return offset;
}

const beginning = (node: unknown): number | undefined =>
  (node as { range?: readonly number[] | null } | null)?.range?.[0];

const tangled = {
  code: 'yaml',
  message: text(
    '引用（*）没有对应的 &，或引用太多',
    'a reference (*) leads nowhere, or there are too many of them',
  ),
  cure: text(
    '以 * 开头的值要加引号；其他引用请直接写出内容',
    'Quote values that begin with *; write the others out.',
  ),
};

const empty = {
  code: 'empty-file',
  message: text('文件是空的', 'the file is empty'),
  cure: text('写上 name、source、key 和 target', 'Write at least name, source, key and target.'),
};

function syntaxFault(error: YAMLError, yaml: string, lines: LineCounter): Fault {
  const at = error.pos[0];
  const start = lines.lineStarts[Math.max(lines.linePos(at).line - 1, 0)] ?? 0;
  const line = yaml.slice(start, start + 200);
  // The parser names what comes of a tab or a colon of another width, not these.
  const own = /^ *\t/.test(line) ? 'TAB_AS_INDENT' : /^[ -]*\w+：/.test(line) ? wideColon : undefined;
  const [message, cure = checkLine] = syntax.get(own ?? error.code) ?? [
    text('不是有效的 YAML', `this is not valid YAML: ${error.message}`),
  ];
  return { code: 'yaml', message, cure, offset: own === undefined ? at : start };
}

const wideColon = 'WIDE_COLON';
const checkLine = text(
  '检查这一行及上一行的缩进、冒号和引号',
  'Check indent, colons and quotes of this line and the one before.',
);

const indent = text('让同一层的各行对齐', 'Let lines of one level begin at the same column.');

const syntax: ReadonlyMap<string, readonly [message: Text, cure?: Text]> = new Map([
  [
    wideColon,
    [
      text('冒号是全角的（：）', 'the colon is a full-width one (：)'),
      text('改成半角冒号，后面加一个空格', 'Write a plain colon and a blank after it.'),
    ],
  ],
  ['MISSING_CHAR', [text('少了引号、括号、逗号或冒号', 'a quote, bracket, comma or colon is missing')]],
  [
    'BAD_DQ_ESCAPE',
    [
      text('双引号里的 \\ 后面不是能用的字符', 'a \\ inside double quotes is followed by the wrong letter'),
      text('改用单引号', 'Use single quotes.'),
    ],
  ],
  [
    'BAD_SCALAR_START',
    [
      text('值不能以 @ 或 ` 开头', 'a value cannot begin with @ or `'),
      text('给它加上引号', 'Put it in quotes.'),
    ],
  ],
  [
    'DUPLICATE_KEY',
    [text('同一个键写了两次', 'the same key is there twice'), text('只留一个', 'Keep one of them.')],
  ],
  ['TAB_AS_INDENT', [text('缩进用了制表符', 'a tab is used as indent'), text('改用空格', 'Use blanks.')]],
  [
    'BAD_INDENT',
    [text('缩进不对，或括号没有闭合', 'the indent is wrong, or a bracket is not closed'), indent],
  ],
  [
    'MULTILINE_IMPLICIT_KEY',
    [
      text('这几行读不出“键: 值”', 'no "key: value" can be read from these lines'),
      text(
        '看看上一行是否缺冒号，或缩进是否对齐',
        'See whether the line before lacks a colon, or lines are not aligned.',
      ),
    ],
  ],
  [
    'MULTIPLE_DOCS',
    [
      text('一个文件里有多份文档（---）', 'the file holds several documents (---)'),
      text('一个文件只写一个定义', 'Write one definition a file.'),
    ],
  ],
  [
    'BAD_ALIAS',
    [
      text('* 开头的值被当成引用', 'a value that begins with * is read as a reference'),
      text('把它放进引号', 'Put it in quotes.'),
    ],
  ],
]);
