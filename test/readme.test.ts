import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseEnv } from 'node:util';
import { describe, expect, it } from 'vitest';
import { envExample, exitCodes, settingCells } from '../src/cli/arguments.ts';
import { reportNoRun } from '../src/cli/report.ts';
import { readConfig } from '../src/config.ts';
import { settings } from '../src/settings.ts';
import { definitionJsonSchema } from '../src/sync/definition/definition.ts';
import { readmeCards } from './support/readme-card.ts';

const path = (name: string): string => fileURLToPath(new URL(`../${name}`, import.meta.url));
const read = (name: string): string => readFileSync(path(name), 'utf8');

/** The rows of the table below a heading that has one of the words in its first column's title. */
function tableOf(markdown: string, firstTitle: RegExp): readonly (readonly string[])[] {
  const lines = markdown.split('\n');
  const head = lines.findIndex((line) => line.startsWith('|') && firstTitle.test(line.split('|')[1] ?? ''));
  const body = lines.slice(head + 2);
  const end = body.findIndex((line) => !line.startsWith('|'));
  return body.slice(0, end).map((line) =>
    line
      .slice(1, -1)
      .split(/(?<!\\)\|/)
      .map((cell) => cell.trim()),
  );
}

describe.each([
  ['README.md', 'en'],
  ['README.zh-CN.md', 'zh'],
] as const)('%s', (name, language) => {
  const readme = read(name);

  it('shows the cards as they are drawn', () => {
    expect(readme).toContain(readmeCards(language === 'en' ? 'en-US' : 'zh-CN'));
  });

  it('lists every setting with its default and meaning', () => {
    expect(tableOf(readme, /Setting|设置/)).toEqual(settingCells(language === 'en' ? 'en-US' : 'zh-CN'));
  });

  it('lists every exit code', () => {
    expect(tableOf(readme, /Exit code|退出码/)).toEqual(
      exitCodes.map(([code, meaning]) => [String(code), meaning[language]]),
    );
  });

  it('shows a report with the keys of the program', () => {
    const [, json = ''] = /```json\n(\{\s*"run"[\s\S]*?)```/.exec(readme) ?? [];
    const shown = JSON.parse(json) as object;
    const none = reportNoRun(null, { code: '', message: '', cure: '', logId: null });
    expect(Object.keys(shown)).toEqual(Object.keys(none));
    for (const part of ['rows', 'deletes', 'chunks', 'calls', 'ms'] as const) {
      expect(Object.keys((shown as typeof none)[part])).toEqual(Object.keys(none[part]));
    }
  });

  it('links only to files that exist', () => {
    const links = [...readme.matchAll(/\]\((?!https?:|#)([^)]+)\)/g)].map(([, link]) => link ?? '');
    expect(links.length).toBeGreaterThan(0);
    expect(links.filter((link) => !existsSync(path(link)))).toEqual([]);
  });
});

it('.env.example lists every setting, and works once it is filled in', () => {
  const example = read('.env.example');
  const all = parseEnv(example.replaceAll(/^#(?=[A-Z_]+=)/gm, ''));
  expect(Object.keys(all).sort()).toEqual(
    Object.keys(settings)
      .map((name) => name.replace('<NAME>', 'SHOP'))
      .sort(),
  );
  expect(example).toBe(envExample());
  // The folder of the definitions is each one's own.
  expect(() => readConfig({ ...all, DEFINITIONS: undefined }, '/nowhere')).not.toThrow();
});

it('definition.schema.json is the schema of the program (npm run schema writes it)', () => {
  expect(JSON.parse(read('definition.schema.json'))).toEqual(definitionJsonSchema());
});
