import { settings } from '../settings.ts';
import { inLocale, type Locale, type Text, text } from '../sync/text.ts';
import { pad } from './words.ts';

/** Commander's headings in Chinese. */
export const titles: ReadonlyMap<string, string> = new Map([
  ['Usage:', '用法：'],
  ['Arguments:', '参数：'],
  ['Options:', '选项：'],
  ['Commands:', '命令：'],
]);

/** What stands below the commands: settings and exit codes. */
export function afterHelp(locale: Locale): string {
  const say = (zh: string, en: string): string => inLocale(text(zh, en), locale);
  const width = Math.max(...settings.map(({ name }) => name.length)) + 2;
  const lines = settings.map(({ name, byDefault, meaning }) => {
    const rest =
      byDefault === 'required'
        ? say('（必填）', ' (required)')
        : byDefault === 'none'
          ? ''
          : say(`（默认 ${byDefault}）`, ` (default ${byDefault})`);
    return `  ${pad(name, width)}${inLocale(meaning, locale)}${rest}`;
  });
  return [
    say(
      '设置（环境变量，或当前文件夹的 .env）：',
      'Settings (environment, or .env in the working directory):',
    ),
    ...lines,
    '',
    say('退出码：', 'Exit codes:'),
    ...exitCodes.map(([code, meaning]) => `  ${code}  ${inLocale(meaning, locale)}`),
  ].join('\n');
}

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
