import { statSync } from 'node:fs';
import { isAbsolute, resolve } from 'node:path';
import type { AppConfig, Connection, Environment, EventSettings, LocalConfig } from './config.ts';
import { decodes, readProxy } from './read-proxy.ts';
import { slipsFor, unknownSettings } from './setting-names.ts';
import { settings } from './settings.ts';
import type { Problem } from './sync/problem.ts';
import { parseQuietHours } from './sync/schedule/hours.ts';
import { type Text, text } from './sync/text.ts';
import { zoneIssue } from './sync/zone-name.ts';

/** A setting's value without blanks around it; unset when empty, as container tools hand empty ones over. */
const given = (env: Environment, name: string): string | undefined => env[name]?.trim() || undefined;

function wrong(name: string, message: Text, cure: Text): Problem {
  return { code: 'wrong-setting', where: name, message, cure };
}

/** Reads what concerns the Feishu app; every fault is added to `problems`. */
export function readApp(env: Environment, problems: Problem[]): AppConfig {
  const id = required(env, 'FEISHU_APP_ID', problems);
  // The long connection of Feishu's SDK does nothing, silently, with an ID of another form.
  if (id && !/^cli_[0-9a-fA-F]{16}$/.test(id)) {
    problems.push(
      wrong(
        'FEISHU_APP_ID',
        text('不是应用 ID：应为 cli_ 加 16 位十六进制数字。', 'Not an app ID: cli_ and 16 hex digits.'),
        text('从开发者后台“凭证与基础信息”复制 App ID。', 'Copy the App ID from Credentials & Basic Info.'),
      ),
    );
  }
  const secret = required(env, 'FEISHU_APP_SECRET', problems);
  const domain = readDomain(given(env, 'FEISHU_DOMAIN') ?? 'https://open.feishu.cn', problems);
  const proxy = readProxy(env, domain, problems);
  return { id, secret, domain, proxy, events: readEvents(env, problems) };
}

function readEvents(env: Environment, problems: Problem[]): EventSettings {
  const kind = readChoice(env, 'FEISHU_EVENTS', ['long-connection', 'webhook'], problems);
  if (kind === 'long-connection') return { kind };
  const encryptKey = required(env, 'FEISHU_ENCRYPT_KEY', problems, onEventsPage);
  const verificationToken = required(env, 'FEISHU_VERIFICATION_TOKEN', problems, onEventsPage);
  required(env, 'HTTP_PORT', problems, forWebhook);
  return { kind, encryptKey, verificationToken, window: readWindow(env, problems) };
}

const forWebhook = text(
  'webhook 模式必须有它：写机器人监听的端口，例如 8080。',
  'The webhook needs it: write the port that the bot listens on, such as 8080.',
);

const seconds: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400 };
const longestWindow = 7 * 86_400;

/** Seven hours cover all redeliveries: the last one comes six hours after the event. */
function readWindow(env: Environment, problems: Problem[]): number {
  const value = given(env, 'WEBHOOK_WINDOW') ?? '7h';
  const [, number, unit = 's'] = /^(\d{1,7})([smhd]?)$/.exec(value) ?? [];
  const window = Number(number) * (seconds[unit || 's'] ?? Number.NaN);
  if (window > 0 && window <= longestWindow) return window;
  problems.push(
    wrong(
      'WEBHOOK_WINDOW',
      text(`不是 1s 到 7d 之间的时长：${value}。`, `Not a duration from 1s to 7d: ${value}.`),
      text(
        '写 7h 这样的时长；短于 6h 会拒绝飞书的最后一次重推。',
        'Write a duration such as 7h; below 6h Feishu’s last redelivery is refused.',
      ),
    ),
  );
  return 1;
}

const onCredentialsPage = text(
  '在 https://open.feishu.cn/app 打开应用，“凭证与基础信息”页上有它；写入环境变量或 .env。',
  'Open the app at https://open.feishu.cn/app, page Credentials & Basic Info; put it into the environment or .env.',
);
const onEventsPage = text(
  'webhook 模式必须有它：在 https://open.feishu.cn/app 打开应用，“事件与回调”页的“加密策略”里设置；写入环境变量或 .env。',
  'The webhook needs it: open the app at https://open.feishu.cn/app, page Events & Callbacks, tab Encryption Strategy; put it into the environment or .env.',
);

function required(
  env: Environment,
  name: string,
  problems: Problem[],
  cure: Text = onCredentialsPage,
): string {
  const value = given(env, name);
  if (value) return value;
  const meaning = settings.find((setting) => setting.name === name)?.meaning ?? text('', '');
  const [slip] = slipsFor(name, env);
  problems.push({
    code: 'missing-setting',
    where: name,
    message: text(`未设置：${meaning.zh}。`, `Not set: ${meaning.en}.`),
    cure:
      slip === undefined
        ? cure
        : text(`设了 ${slip}，是不是写错了名字？请改成 ${name}。`, `${slip} is set: rename it to ${name}.`),
  });
  return '';
}

function readDomain(value: string, problems: Problem[]): string {
  const url = URL.canParse(value) ? new URL(value) : undefined;
  const bare = url && url.pathname === '/' && !url.search && !url.hash && !url.username && !url.password;
  const safe = url?.protocol === 'https:' || (url?.protocol === 'http:' && isLoopback(url.hostname));
  if (url && bare && safe) return url.origin;
  problems.push(
    wrong(
      'FEISHU_DOMAIN',
      text(
        '应为 https 地址且不带路径；http 只允许用于本机。',
        'It must be an https address without a path; plain http is for this machine only.',
      ),
      text(
        '飞书：https://open.feishu.cn；Lark：https://open.larksuite.com。',
        'Feishu: https://open.feishu.cn; Lark: https://open.larksuite.com.',
      ),
    ),
  );
  return value;
}

const isLoopback = (host: string): boolean =>
  host === 'localhost' || host === '[::1]' || /^127(\.\d{1,3}){3}$/.test(host);

/** Reads everything else; every fault is added to `problems`. */
export function readLocal(env: Environment, cwd: string, problems: Problem[]): LocalConfig {
  return {
    definitions: readDefinitions(env, cwd, problems),
    connections: readConnections(env, cwd, problems),
    store: readStore(env, cwd, problems),
    http: readPort(env, problems),
    admins: readAdmins(env, problems),
    timeZone: readTimeZone(env, problems),
    locale: readChoice(env, 'LOCALE', ['zh-CN', 'en-US'], problems),
    logLevel: readChoice(env, 'LOG_LEVEL', ['auto', 'silent', 'error', 'warn', 'info', 'debug'], problems),
    keepDays: readWhole(env, 'KEEP_DAYS', 30, 1, 3650, problems),
    keepBytes: readWhole(env, 'KEEP_MB', 1024, 1, 1_000_000, problems) * 1_000_000,
    quietHours: readQuietHours(env, problems),
    advice: unknownSettings(env),
  };
}

function readQuietHours(env: Environment, problems: Problem[]): LocalConfig['quietHours'] {
  const value = given(env, 'QUIET_HOURS');
  const hours = value === undefined ? undefined : parseQuietHours(value);
  if (value !== undefined && hours === undefined) {
    problems.push(
      wrong(
        'QUIET_HOURS',
        text(`不是时段：${value}。`, `Not a span of hours: ${value}.`),
        text('写成 22:00-08:00。', 'Write it as 22:00-08:00.'),
      ),
    );
  }
  return hours;
}

function readDefinitions(env: Environment, cwd: string, problems: Problem[]): string {
  const value = given(env, 'DEFINITIONS');
  const folder = resolve(cwd, value ?? 'syncs');
  if (value && !statSync(folder, { throwIfNoEntry: false })?.isDirectory()) {
    problems.push(
      wrong(
        'DEFINITIONS',
        text(`没有这个文件夹：${folder}。`, `There is no such folder: ${folder}.`),
        text(
          '写存放定义（YAML）的文件夹；在容器里要把它挂载进去。',
          'Name the folder that holds the definitions (YAML); in a container, mount it.',
        ),
      ),
    );
  }
  return folder;
}

function readConnections(env: Environment, cwd: string, problems: Problem[]): Map<string, Connection> {
  const connections = new Map<string, Connection>();
  for (const name of Object.keys(env).sort()) {
    const key = /^CONNECTION_([A-Z0-9_]+)$/.exec(name)?.[1];
    const value = key && given(env, name);
    if (!value) continue;
    const connection = readConnection(name, value, cwd, problems);
    if (connection) connections.set(key, connection);
  }
  return connections;
}

const badAddress: readonly [message: Text, cure: Text] = [
  text('数据库地址写错了。', 'The address of the database is wrong.'),
  text(
    '写成 mysql://用户:密码@主机:3306/库（密码里的特殊字符用 % 编码，如 @ 写 %40）或 sqlite:./文件.db。',
    'Write mysql://user:password@host:3306/database (special characters in the password as % codes: @ is %40) or sqlite:./file.db.',
  ),
];

const badParameters: readonly [message: Text, cure: Text] = [
  text(
    '数据库地址的 ? 后面有不认识的参数或值。',
    'The address of the database has a parameter behind the ? that is not known, or with another value.',
  ),
  text(
    '? 后面只能写 ssl=true、ssl=skip-verify 和 socket=/路径，其他的请删掉。',
    'Only ssl=true, ssl=skip-verify and socket=/path can stand behind the ?; remove all else.',
  ),
];

/** Reads the address of a database; what is wrong with it is added to `problems`. */
function readConnection(
  name: string,
  value: string,
  cwd: string,
  problems: Problem[],
): Connection | undefined {
  const path = sqlitePath(value, cwd);
  if (path) return { kind: 'sqlite', path };
  const url = mysqlUrl(value);
  const known = url && [...url.searchParams].every(([key, word]) => parameters.get(key)?.test(word));
  if (url && known) return { kind: 'mysql', url: url.href };
  problems.push(wrong(name, ...(url ? badParameters : badAddress)));
  return undefined;
}

const parameters: ReadonlyMap<string, RegExp> = new Map([
  ['ssl', /^(true|false|skip-verify)$/],
  ['socket', /^\//],
]);

function mysqlUrl(value: string): URL | undefined {
  const address = value.replace(/^mariadb:/, 'mysql:');
  const url = URL.canParse(address) ? new URL(address) : undefined;
  if (url?.protocol !== 'mysql:' || !url.hostname || url.pathname.length < 2) return undefined;
  // An unencoded @, /, # or % in the password moves the parts of the address: better said now than as a failed login.
  if (url.hash || !decodes(url.username) || !decodes(url.password) || url.pathname.includes('@')) {
    return undefined;
  }
  return url;
}

function sqlitePath(value: string, cwd: string): string | undefined {
  const path = /^sqlite:(?:\/\/(?=\/|\.))?(.+)$/.exec(value)?.[1];
  if (!path || path === ':memory:') return undefined;
  return isAbsolute(path) ? path : resolve(cwd, path);
}

function readStore(env: Environment, cwd: string, problems: Problem[]): Connection {
  const value = given(env, 'STORE_URL') ?? 'sqlite:./data/bitable-sync.db';
  return readConnection('STORE_URL', value, cwd, problems) ?? { kind: 'sqlite', path: '' };
}

function readPort(env: Environment, problems: Problem[]): LocalConfig['http'] {
  if (!given(env, 'HTTP_PORT')) return null;
  return { port: readWhole(env, 'HTTP_PORT', 0, 0, 65_535, problems) };
}

function readAdmins(env: Environment, problems: Problem[]): readonly string[] {
  const ids = (given(env, 'ADMINS') ?? '').split(/[\s,;，；、]+/).filter(Boolean);
  const strays = ids.filter((id) => !/^ou_[0-9A-Za-z_-]+$/.test(id));
  if (strays.length > 0) {
    problems.push(
      wrong(
        'ADMINS',
        text(`不是 open_id:${strays.join(', ')}。`, `Not an open_id: ${strays.join(', ')}.`),
        text(
          '写以 ou_ 开头的 open_id，用逗号分开；对机器人发 /help 可以看到自己的。',
          'Write open_ids (they begin with ou_), with commas between; /help sent to the bot shows your own.',
        ),
      ),
    );
  }
  return [...new Set(ids)];
}

function readTimeZone(env: Environment, problems: Problem[]): string {
  const value = given(env, 'TIME_ZONE') ?? 'Asia/Shanghai';
  const issue = zoneIssue(value);
  if (issue) {
    const [message, { zh, en }] = [issue.message, issue.cure];
    problems.push(wrong('TIME_ZONE', text(`${message.zh}。`, `${message.en}.`), text(`${zh}。`, en)));
  }
  return value;
}

function readChoice<const Choice extends string>(
  env: Environment,
  name: string,
  choices: readonly [Choice, ...Choice[]],
  problems: Problem[],
): Choice {
  const value = given(env, name);
  if (!value) return choices[0];
  const choice = choices.find((one) => one === value);
  if (choice) return choice;
  const list = choices.join(', ');
  problems.push(
    wrong(
      name,
      text(`不认识的值：${value}。`, `Not a known value: ${value}.`),
      text(`可以写：${list}。`, `Write one of: ${list}.`),
    ),
  );
  return choices[0];
}

function readWhole(
  env: Environment,
  name: string,
  byDefault: number,
  least: number,
  most: number,
  problems: Problem[],
): number {
  const value = given(env, name);
  if (!value) return byDefault;
  const number = Number(value);
  if (/^\d+$/.test(value) && number >= least && number <= most) return number;
  problems.push(
    wrong(
      name,
      text(
        `不是 ${least} 到 ${most} 的整数：${value}。`,
        `Not a whole number from ${least} to ${most}: ${value}.`,
      ),
      text(`写 ${least} 到 ${most} 的整数。`, `Write a whole number from ${least} to ${most}.`),
    ),
  );
  return byDefault;
}
