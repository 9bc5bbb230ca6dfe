import { Command as Commander, CommanderError, Option } from 'commander';
import { columnsOf, inLocale, type Locale, listed, text } from '../sync/words/text.ts';
import type { BoundCommand, Command, WrongLine } from './command.ts';
import { speaking } from './draw.ts';
import { afterHelp, titles } from './help.ts';

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
  for (const command of [root, ...root.commands]) {
    command.exitOverride().configureOutput({
      writeOut: (words) => {
        answer.help += words;
      },
      writeErr: () => undefined,
    });
  }
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
  const root = new Commander('bitable-sync')
    .description(
      say(
        '让飞书多维表格与 MySQL 查询的结果保持一致：聊天里发 /sync 名称，或在这里运行。',
        'Keeps Feishu Bitable tables equal to MySQL queries: write /sync NAME in the chat, or run it here.',
      ),
    )
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
  const meant = listed(
    (/^\(Did you mean (?:one of )?(.*)\?\)$/.exec(hint)?.[1] ?? '').split(', ').filter(Boolean),
  );
  const typed = line.find((word) => root.commands.some((command) => command.name() === word));
  const help = `bitable-sync ${typed ? `${typed} ` : ''}--help`;
  const zh = mistakes.get(error.code)?.(named) ?? said;
  return {
    kind: 'wrong',
    message: text(
      `命令写错了：${zh}。`,
      error.code === 'commander.help' ? 'Wrong usage: a command is missing.' : `Wrong usage: ${said}`,
    ),
    cure: meant.zh
      ? text(`你是要写 ${meant.zh} 吗？用法见 ${help}。`, `Did you mean ${meant.en}? See ${help}.`)
      : text(`用法见 ${help}。`, `See ${help}.`),
  };
}

const mistakes: ReadonlyMap<string, (named: string) => string> = new Map<string, (named: string) => string>([
  ['commander.help', () => '缺少命令'],
  ['commander.unknownCommand', (named) => `没有 ${named} 这个命令`],
  ['commander.unknownOption', (named) => `没有 ${named} 这个选项`],
  ['commander.missingArgument', (named) => `缺少 ${named}`],
  ['commander.optionMissingArgument', (named) => `${named} 后面缺少值`],
  ['commander.invalidArgument', (named) => `${named} 的值不对`],
  ['commander.excessArguments', () => '参数太多'],
]);
