import { existsSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseEnv } from 'node:util';
import { describe, expect, it } from 'vitest';
import { filled, type Page, pages, plain } from '../scripts/docs/pages.ts';
import { commands as chatCommands } from '../src/bot/commands/registry.ts';
import { envExample, parseArguments } from '../src/cli/arguments.ts';
import { commands } from '../src/cli/cli.ts';
import { reportNoRun } from '../src/cli/report.ts';
import { readConfig } from '../src/config.ts';
import { parseFile } from '../src/definitions/file.ts';
import { settings } from '../src/settings.ts';
import { definitionJsonSchema } from '../src/sync/definition/definition.ts';

const path = (name: string): string => fileURLToPath(new URL(`../${name}`, import.meta.url));
const read = (name: string): string => readFileSync(path(name), 'utf8');

const readmes: readonly Page[] = [
  { path: 'README.md', locale: 'en-US', markdown: read('README.md') },
  { path: 'README.zh-CN.md', locale: 'zh-CN', markdown: read('README.zh-CN.md') },
];
const all: readonly Page[] = [...readmes, ...pages()];
const twins = all.filter(({ path }) => !path.startsWith('docs/design/'));

/** The text without its blocks of code. */
const prose = (markdown: string): string => markdown.replaceAll(/^( *)```[\s\S]*?^\1```/gm, '');
/** The blocks of code in a language. */
const blocks = (markdown: string, language: string): readonly string[] =>
  [...markdown.matchAll(new RegExp(`^ *\`\`\`${language}\\n([\\s\\S]*?)^ *\`\`\``, 'gm'))].map(
    ([, code = '']) => code,
  );
const headings = (markdown: string): readonly string[] =>
  [...prose(markdown).matchAll(/^(#+) (.*)$/gm)].map(([line]) => line);
/** A heading's anchor, as GitHub makes it. */
const anchor = (heading: string): string =>
  heading
    .replace(/^#+ /, '')
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\- _]/gu, '')
    .replaceAll(' ', '-');
/** Words as code, in the text. */
const quoted = (markdown: string): readonly string[] =>
  [...prose(markdown).matchAll(/`([^`\n]+)`/g)].map(([, code = '']) => code);

describe('the documents', () => {
  it('have the same pages and headings in both languages', () => {
    const outline = (locale: Page['locale']) =>
      twins
        .filter((one) => one.locale === locale)
        .map(({ path, markdown }) => [
          path.replace(/zh-CN[./]/, ''),
          headings(markdown).map((one) => one.replace(/ .*/, '')),
        ]);
    expect(outline('zh-CN')).toEqual(outline('en-US'));
  });

  it.each(twins)('$path leads to its twin', ({ path, markdown }) => {
    const [, twin = ''] = /\n\[(?:中文|English)\]\((.*?)\)\n/.exec(markdown) ?? [];
    expect(twins.map((one) => one.path)).toContain(normalize(join(dirname(path), twin)));
  });

  it.each(all)('$path links to files and headings that exist', ({ path: from, markdown }) => {
    const links = [...prose(markdown).matchAll(/\]\((?!https?:)([^)]+)\)/g)].map(([, link]) => link ?? '');
    const broken = links.filter((link) => {
      const [file = '', heading] = link.split('#');
      const to = file === '' ? from : normalize(join(dirname(from), file));
      if (!existsSync(path(to))) return true;
      return heading !== undefined && !headings(read(to)).map(anchor).includes(decodeURI(heading));
    });
    expect(broken).toEqual([]);
  });

  it.each(all)('$path has no line of prose over 160 characters', ({ markdown }) => {
    const long = markdown.split('\n').filter((line) => !line.startsWith('|') && [...line].length > 160);
    expect(long).toEqual([]);
  });

  // Decisions may name what is gone, or was never made.
  it.each(twins)('$path quotes commands that exist', ({ markdown }) => {
    const lines = [...blocks(markdown, 'sh').flatMap((block) => block.split('\n')), ...quoted(markdown)];
    expect(lines.map((line) => line.trim()).filter((line) => !isSound(line))).toEqual([]);
  });

  it.each(all)('$path shows definitions that are sound', ({ markdown }) => {
    const definitions = blocks(markdown, 'yaml').filter((block) => /^name:/m.test(block));
    for (const one of definitions) expect(parseFile('orders.yaml', one)).toHaveProperty('definition');
  });

  // Where this fails, `npm run docs` writes the pages anew.
  it.each(pages())('$path says what the code says (npm run docs writes it)', ({ markdown, locale }) => {
    expect(plain(markdown)).toBe(plain(filled(markdown, locale)));
  });

  it.each(readmes)('$path is short, with a picture on top', ({ markdown }) => {
    expect(markdown.split('\n').length).toBeLessThanOrEqual(150);
    const [, picture = ''] = /!\[[^\]]+\]\((.*?)\)/.exec(markdown.slice(0, 2000)) ?? [];
    expect(statSync(path(picture)).size).toBeLessThanOrEqual(300 * 1024);
  });

  it.each(['docs/commands.md', 'docs/zh-CN/commands.md'])(
    '%s shows a report with the keys of the program',
    (name) => {
      const [json = ''] = blocks(read(name), 'json');
      const shown = JSON.parse(json) as object;
      const none = reportNoRun(null, { code: '', message: '', cure: '', logId: null });
      expect(Object.keys(shown)).toEqual(Object.keys(none));
      for (const part of ['rows', 'deletes', 'chunks', 'calls', 'ms'] as const) {
        expect(Object.keys((shown as typeof none)[part])).toEqual(Object.keys(none[part]));
      }
    },
  );
});

const scripts = Object.keys((JSON.parse(read('package.json')) as { scripts: object }).scripts);
const options = new Set([
  ...commands.flatMap(({ words = {} }) => Object.values(words).map(({ term }) => term.split(' ')[0] ?? '')),
  // Of every command, of a chat command, and of docker.
  ...['--json', '--help', '--plan', '--env-file'],
]);

/** Whether a line that runs this program, its scripts or a chat command says what there is; all else is sound. */
function isSound(line: string): boolean {
  const [first = '', ...words] = line.replace(/ +#.*$/, '').split(/\s+/);
  if (first.startsWith('--')) return options.has(first);
  if (/^\/(sync|help)\b/.test(line)) return chatCommands.parse(line)?.kind === 'command';
  const script = /^npm run (\S+)/.exec(line)?.[1];
  if (script !== undefined && !scripts.includes(script)) return false;
  // The image and its container are called like the program.
  const program = first === 'docker' ? /^dist\/main\.js$/ : /^(dist\/main\.js|bitable-sync)$/;
  const at = [first, ...words].findIndex((word) => program.test(word));
  const typed =
    script === 'demo' ? words.slice(1).filter((word) => word !== '--') : at < 0 ? [] : words.slice(at);
  return typed.length === 0 || parseArguments(typed, 'en-US', commands).kind !== 'wrong';
}

it('.env.example lists every setting, and works once it is filled in', () => {
  const example = read('.env.example');
  const filledIn = parseEnv(example.replaceAll(/^#(?=[A-Z_]+=)/gm, ''));
  expect(Object.keys(filledIn).sort()).toEqual(
    Object.keys(settings)
      .map((name) => name.replace('<NAME>', 'SHOP'))
      .sort(),
  );
  expect(example).toBe(envExample());
  // The folder of the definitions is each one's own.
  expect(() => readConfig({ ...filledIn, DEFINITIONS: undefined }, '/nowhere')).not.toThrow();
});

it('definition.schema.json is the schema of the program (npm run schema writes it)', () => {
  expect(JSON.parse(read('definition.schema.json'))).toEqual(definitionJsonSchema());
});
