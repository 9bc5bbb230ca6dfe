import { statSync } from 'node:fs';
import { isAbsolute, resolve } from 'node:path';
import { type Connection, type Database, readAddress } from './sync/definition/databases.ts';
import { parseQuietHours, type QuietHours } from './sync/schedule/due.ts';
import { type Problem, ProblemError, problem } from './sync/words/problem.ts';
import { type Locale, listed, type Text, text } from './sync/words/text.ts';
import { decodes, type WebProxy } from './sync/words/web-address.ts';
import { zoneIssue } from './sync/words/zone.ts';

/** Variables as a process has them. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** What a value is read with. */
export interface Place {
  /** The setting that complaints name. */
  readonly name: string;
  readonly env: Environment;
  /** The folder at which relative paths start. */
  readonly cwd: string;
}

/** Reads a value, trimmed; the default where it is not set, '' where it has none. Throws `ProblemError`. */
export type Read<T> = (value: string, place: Place) => T;

/** A variable's value without blanks around it; unset when empty, as container tools hand empty ones over. */
export const given = (env: Environment, name: string): string | undefined => env[name]?.trim() || undefined;

const wrong = (where: string, message: Text, cure: Text): Error =>
  problem({ code: 'wrong-setting', where, message, cure });

/** Makes a reader of what answers undefined for a wrong value; the complaint ends with the value itself. */
const reader =
  <T>(
    parse: (value: string) => T | undefined,
    [zh, en]: readonly [zh: string, en: string],
    cure: Text,
  ): Read<T> =>
  (value, { name }) => {
    const read = parse(value);
    if (read !== undefined) return read;
    throw wrong(name, text(`${zh}：${value}。`, `${en}: ${value}.`), cure);
  };

/** The value as it is written. */
export const words: Read<string> = (value) => value;

/** One of some words. */
export const choice = <const Choice extends string>(...choices: readonly Choice[]): Read<Choice> =>
  reader(
    (value) => choices.find((one) => one === value),
    ['不认识的值', 'Not a known value'],
    text(`可以写：${listed(choices).zh}。`, `Write one of: ${listed(choices).en}.`),
  );

/** The language that a word names: `zh-CN` and `en-US`, or `zh` and `en` alone. */
export const localeNamed = (word: string): Locale | undefined =>
  (['zh-CN', 'en-US'] as const).find((one) => one === word || one.startsWith(`${word}-`));

/** A language. */
export const language: Read<Locale> = reader(
  localeNamed,
  ['不认识的语言', 'Not a known language'],
  text('可以写：zh-CN、en-US、zh、en。', 'Write one of: zh-CN, en-US, zh, en.'),
);

/** A whole number within limits. */
export const whole = (least: number, most: number): Read<number> =>
  reader(
    (value) => (/^\d+$/.test(value) && +value >= least && +value <= most ? Number(value) : undefined),
    [`不是 ${least} 到 ${most} 的整数`, `Not a whole number from ${least} to ${most}`],
    text(`写 ${least} 到 ${most} 的整数。`, `Write a whole number from ${least} to ${most}.`),
  );

/** The ID of an app. The long connection of Feishu's SDK does nothing, silently, with one of another form. */
export const appId: Read<string> = (value, { name }) => {
  if (/^cli_[0-9a-fA-F]{16}$/.test(value)) return value;
  throw wrong(
    name,
    text('不是应用 ID：应为 cli_ 加 16 位十六进制数字。', 'Not an app ID: cli_ and 16 hex digits.'),
    text('从开发者后台“凭证与基础信息”复制 App ID。', 'Copy the App ID from Credentials & Basic Info.'),
  );
};

/** An origin, without a slash at the end. */
export const origin: Read<string> = (value, { name }) => {
  const url = URL.canParse(value) ? new URL(value) : undefined;
  const bare = url && url.pathname === '/' && !url.search && !url.hash && !url.username && !url.password;
  const safe = url?.protocol === 'https:' || (url?.protocol === 'http:' && isLoopback(url.hostname));
  if (url && bare && safe) return url.origin;
  throw wrong(
    name,
    text(
      '应为 https 地址且不带路径；http 只允许用于本机。',
      'It must be an https address without a path; plain http is for this machine only.',
    ),
    text(
      '飞书：https://open.feishu.cn；Lark：https://open.larksuite.com。',
      'Feishu: https://open.feishu.cn; Lark: https://open.larksuite.com.',
    ),
  );
};

const isLoopback = (host: string): boolean =>
  host === 'localhost' || host === '[::1]' || /^127(\.\d{1,3}){3}$/.test(host);

const unitSeconds: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400 };
const longestWindow = 7 * 86_400;

/** The seconds of a duration such as `7h`: that covers all redeliveries, the last comes six hours after the event. */
export const webhookWindow: Read<number> = reader(
  (value) => {
    const [, number, unit] = /^(\d{1,7})([smhd]?)$/.exec(value) ?? [];
    const window = Number(number) * (unitSeconds[unit || 's'] ?? Number.NaN);
    return window > 0 && window <= longestWindow ? window : undefined;
  },
  ['不是 1s 到 7d 之间的时长', 'Not a duration from 1s to 7d'],
  text(
    '写 7h 这样的时长；短于 6h 会拒绝飞书的最后一次重推。',
    'Write a duration such as 7h; below 6h Feishu’s last redelivery is refused.',
  ),
);

const hours = reader(
  parseQuietHours,
  ['不是时段', 'Not a span of hours'],
  text('写成 22:00-08:00。', 'Write it as 22:00-08:00.'),
);

/** A span of hours; undefined when none is given. */
export const quietHours: Read<QuietHours | undefined> = (value, place) =>
  value === '' ? undefined : hours(value, place);

/** The IANA name of a time zone. */
export const timeZone: Read<string> = (value, { name }) => {
  const issue = zoneIssue(value);
  if (!issue) return value;
  const { message, cure } = issue;
  throw wrong(name, text(`${message.zh}。`, `${message.en}.`), text(`${cure.zh}。`, cure.en));
};

/** The open_ids of people, each once. */
export const openIds: Read<readonly string[]> = (value, { name }) => {
  const ids = value.split(/[\s,;，；、]+/).filter(Boolean);
  const strays = ids.filter((id) => !/^ou_[0-9A-Za-z_-]+$/.test(id));
  if (strays.length === 0) return [...new Set(ids)];
  throw wrong(
    name,
    text(`不是 open_id：${listed(strays).zh}。`, `Not an open_id: ${listed(strays).en}.`),
    text(
      '写以 ou_ 开头的 open_id，用逗号分开；对机器人发 /help 可以看到自己的。',
      'Write open_ids (they begin with ou_), with commas between; /help sent to the bot shows your own.',
    ),
  );
};

/** The absolute path of a folder, which must be there unless it is the default. */
export const folder: Read<string> = (value, { name, env, cwd }) => {
  const path = resolve(cwd, value);
  if (!given(env, name) || statSync(path, { throwIfNoEntry: false })?.isDirectory()) return path;
  throw wrong(
    name,
    text(`没有这个文件夹：${path}。`, `There is no such folder: ${path}.`),
    text(
      '写存放定义（YAML）的文件夹；在容器里要把它挂载进去。',
      'Name the folder that holds the definitions (YAML); in a container, mount it.',
    ),
  );
};

/** The address of a database of one of these kinds. */
export const connectionTo =
  <Kind extends string>(all: Readonly<Record<Kind, Database>>): Read<Connection<Kind>> =>
  (value, { name, cwd }) => {
    const absolute = (path: string): string => (isAbsolute(path) ? path : resolve(cwd, path));
    const found = readAddress(value, absolute, all);
    if ('url' in found) return found;
    throw wrong(name, found.message, found.cure);
  };

/** The databases that `CONNECTION_…` variables name, by the end of the variable's name. */
export const connectionsTo =
  <Kind extends string>(all: Readonly<Record<Kind, Database>>): Read<ReadonlyMap<string, Connection<Kind>>> =>
  (_, { env, cwd }) => {
    const found = new Map<string, Connection<Kind>>();
    const problems = Object.keys(env)
      .sort()
      .flatMap((name): readonly Problem[] => {
        const key = /^CONNECTION_([A-Z0-9_]+)$/.exec(name)?.[1];
        const value = given(env, name);
        if (!key || !value) return [];
        return problemsIn(() => found.set(key, connectionTo(all)(value, { name, env, cwd })));
      });
    throwIfAny(problems);
    return found;
  };

/** What a piece of reading finds wrong; none when it went well. */
export function problemsIn(read: () => void): readonly Problem[] {
  try {
    read();
    return [];
  } catch (error) {
    if (error instanceof ProblemError) return error.problems;
    throw error;
  }
}

/** Throws all problems at once, when there are any. */
export function throwIfAny(problems: readonly Problem[]): void {
  const [first, ...others] = problems;
  if (first) throw new ProblemError([first, ...others]);
}

/**
 * The proxy that leads to an address, found as curl does: `HTTPS_PROXY` or `HTTP_PROXY` by the address's scheme, else
 * `ALL_PROXY`; in lower case they win. What is wrong with it is never quoted.
 * https://curl.se/docs/manpage.html#ENVIRONMENT
 */
export function proxyFor(address: string, env: Environment): WebProxy | undefined {
  const own = address.startsWith('https:') ? 'HTTPS_PROXY' : 'HTTP_PROXY';
  const setting = [own, 'ALL_PROXY']
    .flatMap((name) => [name.toLowerCase(), name])
    .find((name) => given(env, name));
  const around = (given(env, 'no_proxy') ?? given(env, 'NO_PROXY') ?? '').split(/[\s,]+/).filter(Boolean);
  if (setting === undefined || around.includes('*')) return undefined;
  return { setting, url: proxyUrl(given(env, setting) ?? '', setting), around };
}

/** Completes the address of a proxy: without a scheme, it is an `http:` one. */
export const withScheme = (value: string): string => (value.includes('://') ? value : `http://${value}`);

function proxyUrl(value: string, setting: string): string {
  const address = withScheme(value);
  const url = URL.canParse(address) ? new URL(address) : undefined;
  if (url && !/^https?:$/.test(url.protocol)) throw wrong(setting, otherProxy, proxyCure);
  const isWhole = url && url.hostname !== '' && url.pathname === '/' && !url.search && !url.hash;
  if (isWhole && decodes(url.username) && decodes(url.password)) return url.href;
  throw wrong(setting, text('代理地址写错了。', 'The address of the proxy is wrong.'), proxyCure);
}

const otherProxy = text(
  '只支持 HTTP 代理（http:// 或 https://），不支持 SOCKS 等。',
  'Only HTTP proxies (http:// or https://) can be used, no SOCKS and the like.',
);
const proxyCure = text(
  '写成 http://主机:端口 或 http://用户:密码@主机:端口（密码里的特殊字符用 % 编码，如 @ 写 %40）；不该走代理时删掉它，或设 NO_PROXY=*。',
  'Write http://host:port or http://user:password@host:port (special characters in the password as % codes: @ is %40). If no proxy is to be used, remove it or set NO_PROXY=*.',
);
