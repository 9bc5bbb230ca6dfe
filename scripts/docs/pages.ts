import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { settingCells } from '../../src/cli/arguments.ts';
import { typesTable } from '../../src/sync/fields/fits.ts';
import { inLocale, type Locale, text } from '../../src/sync/words/text.ts';
import { readmeCards } from '../../test/support/readme-card.ts';
import { buttonsTable, chatTable, exitTable, shellTable, spellingsTable } from './commands.ts';
import { definitionTable, rulesTable, scheduleTable } from './definition.ts';
import { feishuTable, ownTables } from './problems.ts';
import { tableOf } from './table.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));

const settingHeads = [text('设置', 'Setting'), text('默认', 'Default'), text('含义', 'Meaning')];

/** What stands between `<!-- written: NAME -->` and `<!-- /written -->`, by the name. */
const parts: Readonly<Record<string, (locale: Locale) => string>> = {
  settings: (locale) =>
    tableOf(
      settingHeads.map((one) => inLocale(one, locale)),
      settingCells(locale),
    ),
  types: (locale) => typesTable(locale),
  definition: definitionTable,
  rules: rulesTable,
  schedule: scheduleTable,
  chat: chatTable,
  spellings: spellingsTable,
  buttons: buttonsTable,
  shell: shellTable,
  exit: exitTable,
  cards: (locale) => `\`\`\`text\n${readmeCards(locale).trimEnd()}\n\`\`\``,
  feishu: feishuTable,
  problems: ownTables,
  decisions: decisionsList,
};

/** The decisions, oldest number first, by their headings. */
function decisionsList(): string {
  const folder = `${root}docs/design/decisions/`;
  const files = readdirSync(folder).filter((name) => /^\d{4}-.*\.md$/.test(name));
  return files
    .toSorted()
    .map((name) => `- [${/^# (.*)$/m.exec(readFileSync(folder + name, 'utf8'))?.[1]}](${name})`)
    .join('\n');
}

/** Returns the page with the parts that are made from the code as the code has them now. */
export const filled = (markdown: string, locale: Locale): string =>
  markdown.replace(
    /<!-- written: (\w+) -->\n[\s\S]*?<!-- \/written -->/g,
    (_, name: string) => `<!-- written: ${name} -->\n\n${parts[name]?.(locale)}\n\n<!-- /written -->`,
  );

/** Returns a page without what only lays its tables out. */
export const plain = (markdown: string): string =>
  markdown
    .replaceAll(/ *\| */g, '|')
    .replaceAll(/-{3,}/g, '---')
    .replaceAll(/\n{2,}/g, '\n');

/** The folders of the pages, each with its language. What is for developers is in English. */
const folders: readonly (readonly [folder: string, locale: Locale])[] = [
  ['docs/', 'en-US'],
  ['docs/zh-CN/', 'zh-CN'],
  ['docs/design/', 'en-US'],
  ['docs/design/decisions/', 'en-US'],
];

/** A page for people: its path from the root, its language and its text. */
export interface Page {
  readonly path: string;
  readonly locale: Locale;
  readonly markdown: string;
}

/** Returns all pages of `docs/`, as they are on disk. */
export const pages = (): readonly Page[] =>
  folders.flatMap(([folder, locale]) =>
    readdirSync(root + folder)
      .filter((name) => name.endsWith('.md'))
      .toSorted()
      .map((name) => ({
        path: folder + name,
        locale,
        markdown: readFileSync(root + folder + name, 'utf8'),
      })),
  );
