import { Command as Commander, CommanderError, Option } from 'commander';
import { type Setting, type SettingTable, settings } from '../settings.ts';
import { columnsOf, inLocale, type Locale, type Text, text } from '../sync/words/text.ts';
import type { BoundCommand, Command, WrongLine } from './command.ts';
import { pad, speaking } from './report.ts';

/** What the person typed. */
export type Typed =
  | { readonly kind: 'command'; readonly command: BoundCommand }
  | { readonly kind: 'help'; readonly text: string }
  | { readonly kind: 'version' }
  | ({ readonly kind: 'wrong' } & WrongLine);

/** Whether one JSON object was asked for; also true of a line that is wrong otherwise. */
export function wantsJson(line: readonly string[]): boolean {
  const end = line.indexOf('--');
  return (end < 0 ? line : line.slice(0, end)).includes('--json');
}

/** Reads the words after the program's name. Never throws for what a person typed. */
export function parseArguments(line: readonly string[], locale: Locale, commands: readonly Command[]): Typed {
  const answer: { command?: BoundCommand; help: string } = { help: '' };
  const root = grammar(locale, commands, (command) => {
    answer.command = command;
  });
  const writeOut = (words: string): void => {
    answer.help += words;
  };
  for (const command of [root, ...root.commands])
    command.exitOverride().configureOutput({ writeOut, writeErr: () => undefined });
  try {
    root.parse([...line], { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.code === 'commander.version') return { kind: 'version' };
    if (error.exitCode === 0) return { kind: 'help', text: answer.help };
    return wrong(error, line, root);
  }
  const { command } = answer;
  if (command?.wrong) return { kind: 'wrong', ...command.wrong };
  if (command) return { kind: 'command', command };
  return { kind: 'help', text: root.helpInformation() };
}

/** Builds commander's grammar with its help; `take` gets the command that was typed. */
function grammar(
  locale: Locale,
  commands: readonly Command[],
  take: (command: BoundCommand) => void,
): Commander {
  const say = speaking(locale);
  const json = say(
    '标准输出的最后一行是一个 JSON 对象，其余都在标准错误',
    'the last line of stdout is one JSON object, all else goes to stderr',
  );
  const about = say(
    '让飞书多维表格与 MySQL 查询的结果保持一致：聊天里发 /sync 名称，或在这里运行。',
    'Keeps Feishu Bitable tables equal to MySQL queries: write /sync NAME in the chat, or run it here.',
  );
  const root = new Commander('bitable-sync')
    .description(about)
    .usage(say('<命令> [选项]', '<command> [options]'))
    .configureHelp({
      helpWidth: 100,
      displayWidth: columnsOf,
      styleTitle: (title) => (locale === 'zh-CN' ? (titles.get(title) ?? title) : title),
      subcommandTerm: (command) => `${command.name()} ${command.usage().replace(/ ?\[options\]/, '')}`.trim(),
    })
    .helpOption('-h, --help', say('显示帮助', 'show help'))
    .helpCommand('help [command]', say('显示某个命令的帮助', 'show help for a command'))
    .version('', '-V, --version', say('显示版本', 'show the version'))
    .option('--json', json)
    .addHelpText('after', `\n${afterHelp(locale)}`);
  for (const one of commands) {
    const shown = Object.values(one.words ?? {}).flatMap((word) => word.shown ?? []);
    const added = root
      .command(one.name)
      .description(inLocale(one.help, locale))
      .usage([...shown, '[options]'].join(' '))
      .option('--json', json);
    const read = addWords(added, one, locale);
    added.action((...given: unknown[]) => take(one.bind(read(given))));
  }
  return root;
}

/** Adds arguments and options; returns what takes the typed ones by their names. */
function addWords(
  added: Commander,
  { words = {} }: Command,
  locale: Locale,
): (given: readonly unknown[]) => Readonly<Record<string, unknown>> {
  let places = 0;
  const readers = Object.entries(words).map(([name, { term, help, read }]) => {
    if (!term.startsWith('-')) {
      const at = places++;
      added.argument(term, inLocale(help, locale));
      return { name, read: (given: readonly unknown[]) => read(given[at]) };
    }
    const option = new Option(term, inLocale(help, locale));
    // Commander says which option has a value that is wrong.
    if (option.required)
      option.argParser((value) => {
        read(value);
        return value;
      });
    added.addOption(option);
    return { name, read: () => read(added.opts<Record<string, unknown>>()[option.attributeName()]) };
  });
  return (given) => Object.fromEntries(readers.map(({ name, read }) => [name, read(given)]));
}

function wrong(error: CommanderError, line: readonly string[], root: Commander): Typed {
  const [said = '', hint = ''] = error.message.replace(/^error: /, '').split('\n');
  const named = /'([^']*)'/.exec(said)?.[1] ?? '';
  const meant = /^\(Did you mean (?:one of )?(.*)\?\)$/.exec(hint)?.[1];
  const typed = line.find((word) => root.commands.some((command) => command.name() === word));
  const help = `bitable-sync ${typed ? `${typed} ` : ''}--help`;
  const zh = mistakes[error.code]?.replace('…', named) ?? said;
  const en = error.code === 'commander.help' ? 'a command is missing.' : said;
  return {
    kind: 'wrong',
    message: text(`命令写错了：${zh}。`, `Wrong usage: ${en}`),
    cure: meant
      ? text(
          `你是要写 ${meant.replaceAll(', ', '、')} 吗？用法见 ${help}。`,
          `Did you mean ${meant}? See ${help}.`,
        )
      : text(`用法见 ${help}。`, `See ${help}.`),
  };
}

const mistakes: Readonly<Record<string, string>> = {
  'commander.help': '缺少命令',
  'commander.unknownCommand': '没有 … 这个命令',
  'commander.unknownOption': '没有 … 这个选项',
  'commander.missingArgument': '缺少 …',
  'commander.optionMissingArgument': '… 后面缺少值',
  'commander.invalidArgument': '… 的值不对',
  'commander.excessArguments': '参数太多',
};

/** Commander's headings in Chinese. */
const titles: ReadonlyMap<string, string> = new Map([
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

/** The rows of the table in docs/settings.md: name, default, meaning. */
export const settingCells = (
  locale: Locale,
  table: SettingTable = settings,
): readonly (readonly string[])[] =>
  Object.entries(table).map(([name, row]) => [
    `\`${name}\``,
    isRequired(row) ? speaking(locale)('必填', 'required') : row.default ? `\`${row.default}\`` : '',
    inLocale(row.meaning, locale),
  ]);

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
