import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type CodeEntry, codes } from '../../src/feishu/calls/codes.ts';
import type { Verdict } from '../../src/sync/words/failure.ts';
import { inLocale, type Locale, type Text, text } from '../../src/sync/words/text.ts';
import { code, tableOf } from './table.ts';
import { pair, textOf } from './texts.ts';

const heads = {
  code: text('代码', 'Code'),
  says: text('提示', 'What it says'),
  run: text('同步会怎样', 'What the run does'),
  cure: text('怎么办', 'What to do'),
};

/** What a run does about a failed call. */
const does: Readonly<Record<Verdict, Text>> = {
  wait: text('等一会儿再发，不占用轮次', 'waits and sends it again, using no round'),
  round: text('下一轮再发', 'sends it again in the next round'),
  values: text('拆开，找出是哪几行', 'splits the chunk to find the rows'),
  gone: text('按主键重新计划这一行', 'plans the row again by its key'),
  smaller: text('减半再发', 'halves the chunk'),
  reread: text('重新读取字段', 'reads the fields again'),
  settle: text('先读回，再决定', 'reads back first, then decides'),
  stop: text('停下', 'stops'),
  unknown: text('分块失败', 'fails the chunk'),
};

/** Numbers in order, those that follow each other as one range. */
function ranges(numbers: readonly number[]): string {
  const parts: [first: number, last: number][] = [];
  for (const number of numbers.toSorted((a, b) => a - b)) {
    const last = parts.at(-1);
    if (last && number === last[1] + 1) last[1] = number;
    else parts.push([number, number]);
  }
  return parts.map(([first, last]) => (first === last ? first : `${first}–${last}`)).join(', ');
}

/** Returns the table of Feishu's codes: what each means, what a run does then, and what a person can do. */
export function feishuTable(locale: Locale): string {
  const groups = new Map<string, [CodeEntry, number[]]>();
  for (const entry of codes.values()) {
    const key = `${entry.verdict} ${entry.cure.en}`;
    const group = groups.get(key);
    if (group) group[1].push(entry.code);
    else groups.set(key, [entry, [entry.code]]);
  }
  const feishuSays = text('（飞书的原话）', '(Feishu’s own words)');
  const rows = [...groups.values()].map(([{ what = feishuSays, verdict, cure }, numbers]) => [
    ranges(numbers),
    ...[what, does[verdict], cure].map((one) => inLocale(one, locale)),
  ]);
  return tableOf(
    [heads.code, heads.says, heads.run, heads.cure].map((one) => inLocale(one, locale)),
    rows,
  );
}

/** One problem as the sources write it; `…` stands for what is filled in. */
interface Written {
  readonly code: string;
  readonly says: Text;
  readonly cure: Text | undefined;
  readonly file: string;
}

const src = fileURLToPath(new URL('../../src/', import.meta.url));
const name = `'([a-z][a-z0-9]*(?:-[a-z0-9]+)+|yaml|timeout|internal|changed|usage)'`;

/** A problem: an object with code, message and cure, a row of a table, or a call that takes the three in this order. */
const shapes = [
  new RegExp(
    String.raw`\bcode: ${name},\s*(?:(?:where|inQuery|at)(?::[^\n]*)?,\s*)*message: ${pair}(?:,\s*cure: (?:${pair}|(\w+)))?`,
    'g',
  ),
  new RegExp(
    String.raw`(?:[[(]|^\s*|, )${name},(?:\s*[\w.[\]']+,)?\s*${pair}(?:,\s*(?:${pair}|(\w+)))?`,
    'gm',
  ),
];

function problemsIn(file: string): readonly Written[] {
  const source = readFileSync(`${src}${file}`, 'utf8');
  const named = (word: string | undefined): Text | undefined => {
    const found = word && new RegExp(`const ${word}(?:: Text)? = ${pair}`).exec(source);
    return found ? textOf(found[1], found[2]) : undefined;
  };
  return shapes.flatMap((shape) =>
    [...source.matchAll(shape)].flatMap(([, word = '', zh, en, cureZh, cureEn, cure]) => {
      const says = textOf(zh, en);
      return says ? [{ code: word, says, cure: textOf(cureZh, cureEn) ?? named(cure), file }] : [];
    }),
  );
}

const groups = [
  { title: text('设置', 'Settings'), of: /^(config|env-file|setting)/ },
  { title: text('定义', 'Definitions'), of: /^(definitions|sync\/definition)\// },
  { title: text('数据库与查询', 'Databases and queries'), of: /^(source|run\/plan\/(spool|read-sides))/ },
  {
    title: text('字段与数据表', 'Fields and tables'),
    of: /^(sync\/fields|run\/table|run\/target|run\/plan\/lookup|feishu\/table)/,
  },
  { title: text('等人确认的原因', 'Why a plan waits for a person'), of: /^sync\/plan\/policy/ },
  { title: text('运行', 'Runs'), of: /^(run|sync|cli|bot)/ },
  { title: text('飞书应用与连接', 'The Feishu app and its connection'), of: /^(feishu|serve|app)/ },
  { title: text('存储', 'The store'), of: /^store/ },
  { title: text('check 的提示', 'What check points out'), of: /^check/ },
];

/** Returns the tables of the program's own codes, a heading for each group. */
export function ownTables(locale: Locale): string {
  const files = readdirSync(src, { recursive: true, encoding: 'utf8' }).filter((file) =>
    file.endsWith('.ts'),
  );
  const all = files.toSorted().flatMap(problemsIn);
  const titles = [heads.code, heads.says, heads.cure].map((one) => inLocale(one, locale));
  return groups
    .map(({ title, of }) => {
      const own = all.filter(({ file }) => groups.find((group) => group.of.test(file))?.of === of);
      const rows = new Map<string, readonly string[]>();
      for (const { code: word, says, cure } of own) {
        const told = inLocale(says, locale);
        rows.set(`${word} ${told}`, [code(word), told, cure ? inLocale(cure, locale) : '']);
      }
      return `### ${inLocale(title, locale)}\n\n${tableOf(titles, [...rows.values()].toSorted(byCode))}`;
    })
    .join('\n\n');
}

const byCode = ([a = '']: readonly string[], [b = '']: readonly string[]): number =>
  a < b ? -1 : a > b ? 1 : 0;
