import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { type Page, pages } from '../scripts/docs/pages.ts';
import { textsIn } from '../scripts/docs/texts.ts';

type Words = readonly (readonly [pattern: RegExp, instead: string])[];

/** English that reads like a translation, and what to write instead. */
const english: Words = [
  [/\bwhat tells\b/i, 'shows, says'],
  [/\b(?:this|that|it|which) is no (?!longer\b|more\b)/i, 'is not a'],
  [/\bis no such value\b/i, 'does not fit'],
  [/\bstands? still\b/i, 'is paused'],
  [/\b(?:goes|going|went|gone) on\b/i, 'continues, is running'],
  [/\bto go on\b|\blets? \w+ go on\b/i, 'to continue, resumes'],
  [/\b(?:come|comes|came) to (?:its|an|their) end\b/i, 'ends'],
  [/\bwhoever\b/i, 'people who'],
  [/\b(?:some|every|any)body\b/i, 'someone, everyone, anyone'],
  [/\bright now\b/i, 'at the moment'],
  [/\bby the clock\b/i, 'on a schedule'],
  [/\bdealt with\b/i, 'handled'],
  [/\banew\b/i, 'again'],
  [/\bmend(?:s|ed|ing)?\b/i, 'repair'],
  [/\bthis very\b/i, 'this'],
  [/\bcalled otherwise\b/i, 'renamed'],
  [/\bwithout a word\b/i, 'silently'],
  [/\d %/, 'no blank before %'],
];

/** Chinese that a native reader stumbles over. */
const chinese: Words = [
  [/您/, '你'],
  [/[\d…] %/, '% 前面不空格'],
  [/还缺一点/, '还需要一项信息'],
  [/一行的经过/, '一行的来龙去脉'],
  [/「应用」|“应用”|应用，?但不删除|应用这个计划/, '执行'],
  [/批准/, '确认'],
  [/正在收拾/, '正在清理'],
  [/\p{Script=Han}[,;!?](?= |$)/u, '全角标点'],
];

/** A sentence without the code in it, which keeps its own marks. */
const plain = (words: string): string =>
  words.replaceAll(/[{(][^})，。；]*[})]/g, '').replaceAll(/`[^`\n]*`/g, '');

const slips = (words: string, list: Words): readonly string[] =>
  list.flatMap(([pattern, instead]) => {
    const found = pattern.exec(words)?.[0];
    return found === undefined ? [] : [`“${found}” (${instead}): ${words.slice(0, 160)}`];
  });

const root = fileURLToPath(new URL('..', import.meta.url));
const read = (path: string): string => readFileSync(root + path, 'utf8');
const sources = readdirSync(`${root}src`, { recursive: true, encoding: 'utf8' }).filter((file) =>
  file.endsWith('.ts'),
);

it('what people read in cards, shell and log is said as natives say it', () => {
  const all = sources.flatMap((file) => textsIn(read(`src/${file}`)));
  expect(all.length).toBeGreaterThan(900);
  expect(all.flatMap(({ zh, en }) => [...slips(plain(zh), chinese), ...slips(en, english)])).toEqual([]);
});

const readmes: readonly Page[] = [
  { path: 'README.md', locale: 'en-US', markdown: read('README.md') },
  { path: 'README.zh-CN.md', locale: 'zh-CN', markdown: read('README.zh-CN.md') },
];
const manual = [...readmes, ...pages().filter(({ path }) => !path.includes('/decisions/'))];

it.each(manual)('$path is written as natives write', ({ markdown, locale }) => {
  const prose = markdown.replaceAll(/^( *)```[\s\S]*?^\1```/gm, '');
  expect(
    prose.split('\n').flatMap((one) => slips(plain(one), locale === 'zh-CN' ? chinese : english)),
  ).toEqual([]);
});
