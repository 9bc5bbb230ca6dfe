import { Command as Commander, CommanderError, InvalidArgumentError } from 'commander';
import { columnsOf } from '../sync/columns.ts';
import { inLocale, type Locale, listed, type Text, text } from '../sync/text.ts';
import { afterHelp, titles } from './help.ts';
import type { DemoOptions } from './program.ts';

/** What the person typed. */
export type Command =
  | { readonly kind: 'start' }
  | {
      readonly kind: 'run';
      readonly name: string;
      /** The run whose plan is to be carried out. */
      readonly approve: string | undefined;
      /** Whether the deletes of that plan are left out. */
      readonly noDeletes: boolean;
      /** Seconds to wait for a table that another run holds. */
      readonly wait: number;
      /** Whether rows are sent again that Feishu refused before. */
      readonly retryRejected: boolean;
    }
  | { readonly kind: 'plan'; readonly name: string }
  | { readonly kind: 'cancel'; readonly name: string }
  /** `wait`: seconds, as of a run. */
  | { readonly kind: 'retry'; readonly name: string; readonly wait: number }
  /** What goes on or waits. */
  | { readonly kind: 'status' }
  | { readonly kind: 'history'; readonly name: string; readonly limit: number }
  | { readonly kind: 'why'; readonly name: string; readonly key: string }
  /** What a definition does by the clock stops, or goes on. */
  | { readonly kind: 'pause' | 'resume'; readonly name: string }
  /** Everything stops, or goes on. */
  | { readonly kind: 'freeze' | 'thaw' }
  | { readonly kind: 'init'; readonly name: string }
  /** `csv`: the file that gets every key. */
  | { readonly kind: 'verify'; readonly name: string; readonly csv: string | undefined }
  | { readonly kind: 'check'; readonly names: readonly string[] }
  | { readonly kind: 'audit'; readonly name: string | undefined; readonly limit: number }
  | { readonly kind: 'setup' }
  | { readonly kind: 'definitions' }
  /** `file`: where the copy goes. */
  | { readonly kind: 'backup'; readonly file: string }
  /** `url`: where the new store is; `-` when it comes from stdin. */
  | { readonly kind: 'move-store'; readonly url: string }
  | ({ readonly kind: 'demo' } & DemoOptions)
  | { readonly kind: 'help'; readonly text: string }
  | { readonly kind: 'version' }
  | { readonly kind: 'wrong'; readonly message: Text; readonly cure: Text };

/** Whether one JSON object was asked for; also true of a line that is wrong otherwise. */
export function wantsJson(line: readonly string[]): boolean {
  const end = line.indexOf('--');
  return (end < 0 ? line : line.slice(0, end)).includes('--json');
}

/** Reads the words after the program's name. Never throws for what a person typed. */
export function parseArguments(line: readonly string[], locale: Locale): Command {
  const answer: { command?: Command; help: string } = { help: '' };
  const root = describe(locale, (command) => {
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
  return answer.command ?? { kind: 'help', text: root.helpInformation() };
}

function wrong(error: CommanderError, line: readonly string[], root: Commander): Command {
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

/** Builds the grammar with its help; `take` gets the command that was typed. */
function describe(locale: Locale, take: (command: Command) => void): Commander {
  const say = (zh: string, en: string): string => inLocale(text(zh, en), locale);
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

  const add = (name: string, usage: string, zh: string, en: string): Commander =>
    root.command(name).description(say(zh, en)).usage(`${usage} [options]`.trim()).option('--json', json);
  const definition = say('定义的名称，如 orders', 'name of a definition, such as orders');

  /** Commands that change nothing and ask Feishu nothing. */
  const looking = (): void => {
    add('status', '', '列出正在进行或等待确认的同步', 'list the runs that go on or wait').action(() =>
      take({ kind: 'status' }),
    );
    add('history', 'NAME', '列出最近几次同步，最新的在前', 'list the last runs, newest first')
      .argument('<name>', definition)
      .option('--limit <n>', say('最多多少次（默认 10）', 'how many at most (default 10)'), whole(1, 1000))
      .action((name: string, options: { readonly limit?: number }) =>
        take({ kind: 'history', name, limit: options.limit ?? 10 }),
      );
    add('why', 'NAME KEY', '最近几次同步对某个主键做了什么', 'what the last runs did with the row of a key')
      .argument('<name>', definition)
      .argument('<key...>', say('主键；多列时用 / 隔开', 'the key; several parts with / between them'))
      .action((name: string, words: readonly string[]) => take({ kind: 'why', name, key: words.join(' ') }));
  };

  add('start', '', '启动机器人，直到 Ctrl-C 或 SIGTERM', 'run the bot until Ctrl-C or SIGTERM').action(() =>
    take({ kind: 'start' }),
  );
  add('run', 'NAME', '立即同步一次', 'sync once, now')
    .argument('<name>', definition)
    .option(
      '--approve <run>',
      say(
        '同意并执行该次运行等待确认的、或 plan 给出的计划',
        'carry out the plan of that run, which waits or was made by plan',
      ),
    )
    .option(
      '--no-deletes',
      say('与 --approve 一起：执行计划，但不删除', 'with --approve: carry the plan out, but delete nothing'),
    )
    .option(
      '--wait <seconds>',
      say('表格被占用时最多等多少秒', 'how long to wait for a table that another run holds'),
      whole(0, 86_400),
    )
    .option(
      '--retry-rejected',
      say('连以前被飞书拒绝、之后没有变过的行也再发一次', 'send rows again too that Feishu refused before'),
    )
    .action((name: string, options: RunOptions) =>
      take(
        options.deletes || options.approve !== undefined
          ? {
              kind: 'run',
              name,
              approve: options.approve,
              noDeletes: !options.deletes,
              wait: options.wait ?? 0,
              retryRejected: options.retryRejected ?? false,
            }
          : onlyWithApprove,
      ),
    );
  add(
    'plan',
    'NAME',
    '读取并比较，说出会改什么，不写入',
    'read and compare, say what would change, write nothing',
  )
    .argument('<name>', definition)
    .action((name: string) => take({ kind: 'plan', name }));
  add(
    'cancel',
    'NAME',
    '停下正在进行或等待确认的同步，不论在哪个进程里',
    'stop a sync that goes on or waits, in whichever process',
  )
    .argument('<name>', definition)
    .action((name: string) => take({ kind: 'cancel', name }));
  add(
    'retry',
    'NAME',
    '把最近一次同步没有写入的再发一次，如结果卡片上的“重试”',
    'send again what the last run did not write, as Retry on its card does',
  )
    .argument('<name>', definition)
    .option(
      '--wait <seconds>',
      say('表格被占用时最多等多少秒', 'how long to wait for a table that another run holds'),
      whole(0, 86_400),
    )
    .action((name: string, options: { readonly wait?: number }) =>
      take({ kind: 'retry', name, wait: options.wait ?? 0 }),
    );
  looking();
  add(
    'pause',
    'NAME',
    '暂停一个定义的定时任务，手动的同步照常',
    'pause the schedule of a definition; runs by people go on',
  )
    .argument('<name>', definition)
    .action((name: string) => take({ kind: 'pause', name }));
  add('resume', 'NAME', '恢复一个定义的定时任务', 'let the schedule of a definition go on')
    .argument('<name>', definition)
    .action((name: string) => take({ kind: 'resume', name }));
  add(
    'freeze',
    '',
    '冻结全部：不再开始任何会写入的同步，不论由谁、在哪里发起',
    'stop everything: nothing that writes starts any more, whoever asks and wherever',
  ).action(() => take({ kind: 'freeze' }));
  add('thaw', '', '解除冻结', 'let everything go on after freeze').action(() => take({ kind: 'thaw' }));
  add(
    'init',
    'NAME',
    '为只写了多维表格地址的定义新建数据表和字段',
    'create the table, with its fields, of a definition that names a base only',
  )
    .argument('<name>', definition)
    .action((name: string) => take({ kind: 'init', name }));
  add('verify', 'NAME', '逐个主键核对两边是否一致，不写入', 'compare both sides key by key, write nothing')
    .argument('<name>', definition)
    .option(
      '--csv <file>',
      say('把每个主键的结果写入这个 CSV 文件', 'write what became of every key to this CSV file'),
    )
    .action((name: string, options: { csv?: string }) => take({ kind: 'verify', name, csv: options.csv }));
  add(
    'check',
    '[NAME…]',
    '检查设置、连接、权限、表格和字段，每个问题都附解决办法',
    'look at settings, connections, permissions, tables and fields; each problem with its cure',
  )
    .argument('[names...]', definition)
    .action((names: string[]) => take({ kind: 'check', names }));
  add(
    'audit',
    '[NAME]',
    '列出谁在聊天里和命令行上要求过什么、是否被允许，最新的在前',
    'list who asked for what, in the chats and in the shell, and whether it was allowed, newest first',
  )
    .argument('[name]', definition)
    .option('--limit <n>', say('最多多少条（默认 50）', 'how many at most (default 50)'), whole(1, 10_000))
    .action((name: string | undefined, options: { readonly limit?: number }) =>
      take({ kind: 'audit', name, limit: options.limit ?? 50 }),
    );
  add(
    'setup',
    '',
    '列出飞书应用要做的设置，检查权限，注册 / 命令',
    'list what the Feishu app needs in the console, check its permissions, register the slash commands',
  ).action(() => take({ kind: 'setup' }));
  add('definitions', '', '列出所有定义', 'list the definitions').action(() => take({ kind: 'definitions' }));
  add(
    'backup',
    'FILE',
    '把同步记录（SQLite）备份到一个新文件，机器人可以照常运行',
    'copy the store (SQLite) into a new file, while the bot runs',
  )
    .argument('<file>', say('备份写到哪里', 'where the copy goes'))
    .action((file: string) => take({ kind: 'backup', file }));
  add(
    'move-store',
    'URL',
    '把同步记录全部搬到另一个空的库或文件，先停下机器人',
    'copy the whole store into another, empty database or file; stop the bot first',
  )
    .argument(
      '<url>',
      say(
        '新的地址，写法同 STORE_URL；写 - 则从标准输入读一行：命令行里的密码，同一台机器上的人看得到',
        'the new address, as STORE_URL has it; - reads a line from stdin: whoever is on this machine can see a password in a command line',
      ),
    )
    .action((url: string) => take({ kind: 'move-store', url }));
  add(
    'demo',
    '',
    '不需要账号的演示：本机的模拟飞书、示例商店和机器人',
    'play without an account: a local Feishu, a sample shop and the bot',
  )
    .option('--once', say('第一次同步后结束', 'end after the first run'))
    .option('--rows <n>', say('示例商店的订单数', 'orders in the sample shop'), whole(1, 1_000_000))
    .option('--source <url>', say('改用真实的 MySQL:mysql://…', 'use a real MySQL: mysql://…'))
    .option(
      '--faults',
      say(
        '演示限流、写冲突、坏行、失败的分块和丢失的应答',
        'play throttling, conflicts, bad rows, failing chunks, lost answers',
      ),
    )
    .action((options: Partial<DemoOptions>) =>
      take({
        kind: 'demo',
        once: options.once ?? false,
        rows: options.rows,
        source: options.source,
        faults: options.faults ?? false,
      }),
    );
  return root;
}

interface RunOptions {
  readonly approve?: string;
  readonly wait?: number;
  /** False with `--no-deletes`. */
  readonly deletes: boolean;
  readonly retryRejected?: boolean;
}

const onlyWithApprove: Command = {
  kind: 'wrong',
  message: text('--no-deletes 只能和 --approve 一起用。', '--no-deletes goes with --approve only.'),
  cure: text(
    '要一直不删除，请在定义里写 mode: upsert。',
    'To never delete, write mode: upsert in the definition.',
  ),
};

function whole(least: number, most: number): (value: string) => number {
  return (value) => {
    const number = Number(value);
    if (/^\d+$/.test(value) && number >= least && number <= most) return number;
    throw new InvalidArgumentError(`Not a whole number from ${least} to ${most}.`);
  };
}
