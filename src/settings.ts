import {
  appId,
  choice,
  connectionsTo,
  connectionTo,
  type Environment,
  folder,
  given,
  language,
  openIds,
  origin,
  proxyFor,
  quietHours,
  type Read,
  timeZone,
  webhookWindow,
  whole,
  words,
} from './setting-values.ts';
import { type Databases, databases, examplesOf, storeDatabases } from './sync/definition/databases.ts';
import { type Text, text } from './sync/words/text.ts';

/** One setting: a row is all that a new one needs. Config's type, reading, help and documents are made from the rows. */
export interface Setting<As extends string = string, T = unknown> {
  /** Its member of {@link Config}. */
  readonly as: As;
  readonly read: Read<T>;
  /** What counts when it is not set; missing where that is nothing. */
  readonly default?: string;
  /** A value that could stand there, where that is not the default. */
  readonly example?: string;
  readonly meaning: Text;
  /** What cannot do without it, and where its value is found. */
  readonly needed?: { readonly by: 'app' | 'webhook'; readonly cure: Text };
  /** What of its value must never be shown. */
  readonly secret?: 'whole' | 'password';
}

/** Settings by the names of their variables; `CONNECTION_<NAME>` stands for one variable a connection. */
export type SettingTable = Readonly<Record<string, Setting>>;

const setting = <As extends string, T>(row: Setting<As, T>): Setting<As, T> => row;

const inConsole = text(
  '在 https://open.feishu.cn/app 打开应用，“凭证与基础信息”页上有它；写入环境变量或 .env。',
  'Open the app at https://open.feishu.cn/app, page Credentials & Basic Info; put it into the environment or .env.',
);
const onEventsPage = text(
  'webhook 模式必须有它：在 https://open.feishu.cn/app 打开应用，“事件与回调”页的“加密策略”里设置；写入环境变量或 .env。',
  'The webhook needs it: open the app at https://open.feishu.cn/app, page Events & Callbacks, tab Encryption Strategy; put it into the environment or .env.',
);
export const isWebhook = (env: Environment): boolean => given(env, 'FEISHU_EVENTS') === 'webhook';
const feishu = 'https://open.feishu.cn';

/** What concerns the Feishu app. */
export const appSettings = {
  FEISHU_APP_ID: setting({
    as: 'id',
    read: appId,
    needed: { by: 'app', cure: inConsole },
    example: 'cli_0123456789abcdef',
    meaning: text('应用的 App ID', 'the App ID of the Feishu app'),
  }),
  FEISHU_APP_SECRET: setting({
    as: 'secret',
    read: words,
    needed: { by: 'app', cure: inConsole },
    example: 'put-the-app-secret-here',
    meaning: text('应用的 App Secret', 'the App Secret of the Feishu app'),
    secret: 'whole',
  }),
  FEISHU_DOMAIN: setting({
    as: 'domain',
    read: origin,
    default: feishu,
    meaning: text(
      '开放平台地址；Lark 为 https://open.larksuite.com',
      'the open platform; https://open.larksuite.com for Lark',
    ),
  }),
  HTTPS_PROXY: setting({
    as: 'proxy',
    read: (_, { env }) => proxyFor(given(env, 'FEISHU_DOMAIN') ?? feishu, env),
    example: 'http://user:password@proxy.example.com:3128',
    meaning: text(
      '连接飞书用的 HTTP 代理；也认 ALL_PROXY，可以小写；数据库不走代理',
      'the HTTP proxy that leads to Feishu; ALL_PROXY and lower case work, too; databases are reached without it',
    ),
  }),
  NO_PROXY: setting({
    as: 'noProxy',
    read: words,
    example: 'localhost,.example.com',
    meaning: text(
      '不走代理的主机，用逗号分开：主机、.域名、主机:端口；* 是全部',
      'hosts that are reached without a proxy, with commas between: host, .domain, host:port; * is all',
    ),
  }),
  FEISHU_EVENTS: setting({
    as: 'events',
    read: choice('long-connection', 'webhook'),
    default: 'long-connection',
    meaning: text(
      '事件从哪里来：long-connection（长连接，不需要公网地址）或 webhook',
      'how events arrive: long-connection (no public address needed) or webhook',
    ),
  }),
  FEISHU_ENCRYPT_KEY: setting({
    as: 'encryptKey',
    read: words,
    needed: { by: 'webhook', cure: onEventsPage },
    example: 'put-the-encrypt-key-here',
    meaning: text('webhook 必需：加密策略中的 Encrypt Key', 'needed for webhook: the Encrypt Key of the app'),
    secret: 'whole',
  }),
  FEISHU_VERIFICATION_TOKEN: setting({
    as: 'verificationToken',
    read: words,
    needed: { by: 'webhook', cure: onEventsPage },
    example: 'put-the-verification-token-here',
    meaning: text(
      'webhook 必需：加密策略中的 Verification Token',
      'needed for webhook: the Verification Token of the app',
    ),
    secret: 'whole',
  }),
  WEBHOOK_WINDOW: setting({
    as: 'window',
    read: (value, place) => (isWebhook(place.env) ? webhookWindow(value, place) : 0),
    default: '7h',
    meaning: text(
      'webhook 请求的时间最多可以相差多久；要覆盖飞书 6 小时内的重推',
      'how old a webhook request may be; must cover redeliveries of up to 6 hours',
    ),
  }),
};

/** The databases that definitions name. */
export function connectionSetting<const All extends Databases>(all: All) {
  const { first, others } = examplesOf(all);
  return setting({
    as: 'connections',
    read: connectionsTo<keyof All & string>(all),
    example: first.sample,
    meaning: text(
      `定义中写到的数据库；my-shop 是 CONNECTION_MY_SHOP；也可以是 ${others.zh}`,
      `a database that definitions name; my-shop is CONNECTION_MY_SHOP; ${others.en} works too`,
    ),
  });
}

/** What needs no Feishu app. */
export const localSettings = {
  DEFINITIONS: setting({
    as: 'definitions',
    read: folder,
    default: './syncs',
    meaning: text('存放定义（YAML）的文件夹', 'the folder of the definitions (YAML)'),
  }),
  'CONNECTION_<NAME>': connectionSetting(databases),
  STORE_URL: setting({
    as: 'store',
    read: connectionTo(storeDatabases),
    default: 'sqlite:./data/bitable-sync.db',
    meaning: text(
      '同步记录存在哪里；也可以是 mysql://…，最好单独用一个库',
      'where runs are kept; mysql://… works too; a database of its own is best',
    ),
    secret: 'password',
  }),
  HTTP_PORT: setting({
    as: 'http',
    read: (value, place) => (value === '' ? null : { port: whole(0, 65_535)(value, place) }),
    needed: {
      by: 'webhook',
      cure: text(
        'webhook 模式必须有它：写机器人监听的端口，例如 8080。',
        'The webhook needs it: write the port that the bot listens on, such as 8080.',
      ),
    },
    example: '8080',
    meaning: text(
      '设置后提供 /healthz 和 /readyz；webhook 模式必需，事件发到 /webhook/event',
      'when set, /healthz and /readyz are served there; webhook needs it and takes events at /webhook/event',
    ),
  }),
  ADMINS: setting({
    as: 'admins',
    read: openIds,
    example: 'ou_0123456789abcdef0123456789abcdef',
    meaning: text('管理员的 open_id，用逗号分开', 'open_ids of the administrators, with commas between'),
  }),
  TIME_ZONE: setting({
    as: 'timeZone',
    read: timeZone,
    default: 'Asia/Shanghai',
    meaning: text('数据库里没有时区的日期属于哪个时区', 'the zone that dates in the database are meant in'),
  }),
  LOCALE: setting({
    as: 'locale',
    read: language,
    default: 'zh-CN',
    meaning: text(
      '卡片和终端的语言：zh-CN 或 en-US，也可以写 zh 或 en；没有设置时，终端跟随 LC_ALL、LC_MESSAGES、LANG',
      'language of cards and terminal: zh-CN or en-US, also zh or en; where it is not set, the terminal follows LC_ALL, LC_MESSAGES, LANG',
    ),
  }),
  LOG_LEVEL: setting({
    as: 'logLevel',
    read: choice('auto', 'silent', 'error', 'warn', 'info', 'debug'),
    default: 'auto',
    meaning: text(
      'silent、error、warn、info、debug；auto：start 为 info，其他命令为 warn',
      'silent, error, warn, info, debug; auto is info for start and warn for the other commands',
    ),
  }),
  KEEP_DAYS: setting({
    as: 'keepDays',
    read: whole(1, 3650),
    default: '30',
    meaning: text('结束的同步记录保留多少天', 'for how many days ended runs are kept'),
  }),
  KEEP_MB: setting({
    as: 'keepBytes',
    read: (value, place) => whole(1, 1_000_000)(value, place) * 1_000_000,
    default: '1024',
    meaning: text(
      '保存的计划（含行）最多占多少 MB；超出时先清理最早结束的',
      'how many MB the stored plans, with their rows, may take; those that ended first go first',
    ),
  }),
  QUIET_HOURS: setting({
    as: 'quietHours',
    read: quietHours,
    example: '22:00-08:00',
    meaning: text(
      '安静时段：定时同步的好消息等到之后再发，失败照常通知',
      'hours in which good news of scheduled syncs waits; failures never do',
    ),
  }),
};

/** Every setting of the program. */
export const settings = { ...appSettings, ...localSettings };
