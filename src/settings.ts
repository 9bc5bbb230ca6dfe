import { type Text, text } from './sync/text.ts';

/** One environment variable, as people need to know it: help, README and `.env.example` show this list. */
export interface Setting {
  /** `CONNECTION_<NAME>` stands for one variable a connection. */
  readonly name: string;
  /** What counts when it is not set; `required`: the commands that talk to Feishu cannot do without. */
  readonly byDefault: string | 'required' | 'none';
  /** A value that could stand there. */
  readonly example: string;
  readonly meaning: Text;
}

/** Every setting of the program. */
export const settings: readonly Setting[] = [
  {
    name: 'FEISHU_APP_ID',
    byDefault: 'required',
    example: 'cli_0123456789abcdef',
    meaning: text('应用的 App ID', 'the App ID of the Feishu app'),
  },
  {
    name: 'FEISHU_APP_SECRET',
    byDefault: 'required',
    example: 'put-the-app-secret-here',
    meaning: text('应用的 App Secret', 'the App Secret of the Feishu app'),
  },
  {
    name: 'FEISHU_DOMAIN',
    byDefault: 'https://open.feishu.cn',
    example: 'https://open.feishu.cn',
    meaning: text(
      '开放平台地址；Lark 为 https://open.larksuite.com',
      'the open platform; https://open.larksuite.com for Lark',
    ),
  },
  {
    name: 'HTTPS_PROXY',
    byDefault: 'none',
    example: 'http://user:password@proxy.example.com:3128',
    meaning: text(
      '连接飞书用的 HTTP 代理；也认 ALL_PROXY，可以小写；数据库不走代理',
      'the HTTP proxy that leads to Feishu; ALL_PROXY and lower case work, too; databases are reached without it',
    ),
  },
  {
    name: 'NO_PROXY',
    byDefault: 'none',
    example: 'localhost,.example.com',
    meaning: text(
      '不走代理的主机，用逗号分开：主机、.域名、主机:端口；* 是全部',
      'hosts that are reached without a proxy, with commas between: host, .domain, host:port; * is all',
    ),
  },
  {
    name: 'FEISHU_EVENTS',
    byDefault: 'long-connection',
    example: 'long-connection',
    meaning: text(
      '事件从哪里来：long-connection（长连接，不需要公网地址）或 webhook',
      'how events arrive: long-connection (no public address needed) or webhook',
    ),
  },
  {
    name: 'FEISHU_ENCRYPT_KEY',
    byDefault: 'none',
    example: 'put-the-encrypt-key-here',
    meaning: text('webhook 必需：加密策略中的 Encrypt Key', 'needed for webhook: the Encrypt Key of the app'),
  },
  {
    name: 'FEISHU_VERIFICATION_TOKEN',
    byDefault: 'none',
    example: 'put-the-verification-token-here',
    meaning: text(
      'webhook 必需：加密策略中的 Verification Token',
      'needed for webhook: the Verification Token of the app',
    ),
  },
  {
    name: 'WEBHOOK_WINDOW',
    byDefault: '7h',
    example: '7h',
    meaning: text(
      'webhook 请求的时间最多可以相差多久；要覆盖飞书 6 小时内的重推',
      'how old a webhook request may be; must cover redeliveries of up to 6 hours',
    ),
  },
  {
    name: 'HTTP_PORT',
    byDefault: 'none',
    example: '8080',
    meaning: text(
      '设置后提供 /healthz 和 /readyz；webhook 模式必需，事件发到 /webhook/event',
      'when set, /healthz and /readyz are served there; webhook needs it and takes events at /webhook/event',
    ),
  },
  {
    name: 'STORE_URL',
    byDefault: 'sqlite:./data/bitable-sync.db',
    example: 'sqlite:./data/bitable-sync.db',
    meaning: text(
      '同步记录存在哪里；也可以是 mysql://…，最好单独用一个库',
      'where runs are kept; mysql://… works too; a database of its own is best',
    ),
  },
  {
    name: 'DEFINITIONS',
    byDefault: './syncs',
    example: './syncs',
    meaning: text('存放定义（YAML）的文件夹', 'the folder of the definitions (YAML)'),
  },
  {
    name: 'CONNECTION_<NAME>',
    byDefault: 'none',
    example: 'mysql://reader:password@db.example.com:3306/shop?ssl=true',
    meaning: text(
      '定义中写到的数据库；my-shop 是 CONNECTION_MY_SHOP；也可以是 sqlite:./文件.db',
      'a database that definitions name; my-shop is CONNECTION_MY_SHOP; sqlite:./file.db works too',
    ),
  },
  {
    name: 'ADMINS',
    byDefault: 'none',
    example: 'ou_0123456789abcdef0123456789abcdef',
    meaning: text('管理员的 open_id，用逗号分开', 'open_ids of the administrators, with commas between'),
  },
  {
    name: 'TIME_ZONE',
    byDefault: 'Asia/Shanghai',
    example: 'Asia/Shanghai',
    meaning: text('数据库里没有时区的日期属于哪个时区', 'the zone that dates in the database are meant in'),
  },
  {
    name: 'LOCALE',
    byDefault: 'zh-CN',
    example: 'zh-CN',
    meaning: text('卡片和终端的语言：zh-CN 或 en-US', 'language of cards and terminal: zh-CN or en-US'),
  },
  {
    name: 'LOG_LEVEL',
    byDefault: 'auto',
    example: 'info',
    meaning: text(
      'silent、error、warn、info、debug；auto：start 为 info，其他命令为 warn',
      'silent, error, warn, info, debug; auto is info for start and warn for the other commands',
    ),
  },
  {
    name: 'KEEP_DAYS',
    byDefault: '30',
    example: '30',
    meaning: text('结束的同步记录保留多少天', 'for how many days ended runs are kept'),
  },
  {
    name: 'KEEP_MB',
    byDefault: '1024',
    example: '1024',
    meaning: text(
      '保存的计划（含行）最多占多少 MB；超出时先清理最早结束的',
      'how many MB the stored plans, with their rows, may take; those that ended first go first',
    ),
  },
  {
    name: 'QUIET_HOURS',
    byDefault: 'none',
    example: '22:00-08:00',
    meaning: text(
      '安静时段：定时同步的好消息等到之后再发，失败照常通知',
      'hours in which good news of scheduled syncs waits; failures never do',
    ),
  },
];
