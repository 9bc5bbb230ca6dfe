import { type Setting, type SettingTable, settings } from '../settings.ts';
import { inLocale, type Locale, type Text, text } from '../sync/words/text.ts';
import { pad, speaking } from './draw.ts';

/** Commander's headings in Chinese. */
export const titles: ReadonlyMap<string, string> = new Map([
  ['Usage:', '用法：'],
  ['Arguments:', '参数：'],
  ['Options:', '选项：'],
  ['Commands:', '命令：'],
]);

/** What stands below the commands: settings and exit codes. */
export function afterHelp(locale: Locale, table: SettingTable = settings): string {
  const say = speaking(locale);
  const rows = Object.entries(table);
  const width = Math.max(...rows.map(([name]) => name.length)) + 2;
  return [
    say(
      '设置（环境变量，或当前文件夹的 .env）：',
      'Settings (environment, or .env in the working directory):',
    ),
    ...rows.map(([name, row]) => {
      const rest = isRequired(row)
        ? say('（必填）', ' (required)')
        : row.default
          ? say(`（默认 ${row.default}）`, ` (default ${row.default})`)
          : '';
      return `  ${pad(name, width)}${inLocale(row.meaning, locale)}${rest}`;
    }),
    '',
    say('退出码：', 'Exit codes:'),
    ...exitCodes.map(([code, meaning]) => `  ${code}  ${inLocale(meaning, locale)}`),
  ].join('\n');
}

const isRequired = ({ needed }: Setting): boolean => needed?.by === 'app';

/** The rows of the settings' table in a README: name, default, meaning. */
export const settingCells = (
  locale: Locale,
  table: SettingTable = settings,
): readonly (readonly string[])[] =>
  Object.entries(table).map(([name, row]) => [
    `\`${name}\``,
    isRequired(row) ? inLocale(required, locale) : row.default ? `\`${row.default}\`` : '',
    inLocale(row.meaning, locale),
  ]);

const required = text('必填', 'required');

/** The file `.env.example`: every setting with its meaning; what need not be set is commented out. */
export const envExample = (table: SettingTable = settings): string =>
  [
    '# Copy to .env and fill in. A variable that is really set wins over this file.\n# 复制为 .env 并填写；真正的环境变量优先于此文件。\n',
    ...Object.entries(table).map(([name, row]) => {
      const line = `${name.replace('<NAME>', 'SHOP')}=${row.example ?? row.default ?? ''}`;
      return `# ${row.meaning.en}\n# ${row.meaning.zh}\n${isRequired(row) ? '' : '#'}${line}\n`;
    }),
  ].join('\n');

/** What each exit code means. */
export const exitCodes: readonly (readonly [code: number, meaning: Text])[] = [
  [0, text('完成，或计划已列出', 'done, or planned')],
  [1, text('有任何一处不完全正确', 'anything not completely right')],
  [2, text('用法或设置有误，什么都没有调用', 'wrong usage or settings, nothing was called')],
  [3, text('在等人确认', 'waiting for a person')],
  [
    4,
    text(
      '另一次运行占用着表格，或另一个实例接手了这次同步',
      'another run holds the table, or another instance took this one over',
    ),
  ],
];
