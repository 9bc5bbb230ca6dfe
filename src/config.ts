import { withScheme } from './read-proxy.ts';
import { readApp, readLocal } from './read-settings.ts';
import { type Problem, ProblemError } from './sync/problem.ts';
import type { WebProxy } from './sync/proxy.ts';
import type { QuietHours } from './sync/schedule/hours.ts';
import { type Locale, text } from './sync/text.ts';

/** How much is logged; `auto` is `info` while the bot runs and `warn` for single commands. */
export type LogLevel = 'silent' | 'error' | 'warn' | 'info' | 'debug';

/** A database: one that definitions name, or the store. The URL holds the password: never show it. */
export type Connection =
  | { readonly kind: 'mysql'; readonly url: string }
  | { readonly kind: 'sqlite'; readonly path: string };

/** Settings that need no Feishu app: enough to read the definitions. */
export interface LocalConfig {
  /** Folder of the definitions, absolute. */
  readonly definitions: string;
  /** By the end of the variable's name: `SHOP` for `CONNECTION_SHOP`. */
  readonly connections: ReadonlyMap<string, Connection>;
  /** Where runs are kept. */
  readonly store: Connection;
  readonly http: { readonly port: number } | null;
  readonly admins: readonly string[];
  /** IANA name. */
  readonly timeZone: string;
  readonly locale: Locale;
  readonly logLevel: LogLevel | 'auto';
  readonly keepDays: number;
  /** Bytes that the plans of ended runs may take. */
  readonly keepBytes: number;
  /** When good news of the schedule waits; in `timeZone`. */
  readonly quietHours: QuietHours | undefined;
  /** What is worth mending in the settings though everything works. */
  readonly advice: readonly Problem[];
}

/** The self-built app that the bot is. */
export interface AppConfig {
  readonly id: string;
  readonly secret: string;
  /** Origin of the open platform, without a slash at the end. */
  readonly domain: string;
  /** What leads to it; not to databases. */
  readonly proxy: WebProxy | undefined;
  readonly events: EventSettings;
}

/** How events come in. */
export type EventSettings =
  | { readonly kind: 'long-connection' }
  | {
      readonly kind: 'webhook';
      readonly encryptKey: string;
      readonly verificationToken: string;
      /** Seconds that the time of a request may be away from ours. */
      readonly window: number;
    };

/** All settings, checked. */
export interface Config extends LocalConfig {
  readonly app: AppConfig;
}

/** Variables as a process has them. */
export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Reads all settings; relative paths start at `cwd`.
 * @throws {ProblemError} with every missing and wrong setting at once.
 */
export function readConfig(env: Environment, cwd: string): Config {
  const problems: Problem[] = [];
  const app = readApp(env, problems);
  const local = readLocal(env, cwd, problems);
  throwIfAny(problems);
  return { ...local, app };
}

/**
 * Reads the settings that need no Feishu app.
 * @throws {ProblemError} with every wrong setting at once.
 */
export function readLocalConfig(env: Environment, cwd: string): LocalConfig {
  const problems: Problem[] = [];
  const local = readLocal(env, cwd, problems);
  throwIfAny(problems);
  return local;
}

/** Picks the language before anything else is read: problems with settings need one too. */
export const localeOf = (env: Environment): Locale => (env['LOCALE']?.trim() === 'en-US' ? 'en-US' : 'zh-CN');

/** Names the variable of a connection: `my-shop` is `CONNECTION_MY_SHOP`. */
export const connectionVariable = (name: string): string => `CONNECTION_${connectionKey(name)}`;

/** The address of the store as its opener takes it. */
export const storeUrl = (store: Connection): string =>
  store.kind === 'mysql' ? store.url : `sqlite:${store.path}`;

/** Finds a connection by the name that definitions use. */
export const connectionOf = (config: LocalConfig, name: string): Connection | undefined =>
  config.connections.get(connectionKey(name));

/** Says that a definition names a connection that is not set. */
export const noConnection = (name: string): Problem => ({
  code: 'no-connection',
  where: connectionVariable(name),
  message: text(`没有名为 ${name} 的连接。`, `There is no connection called ${name}.`),
  cure: text(
    `设置 ${connectionVariable(name)}，例如 mysql://用户:密码@主机:3306/库。`,
    `Set ${connectionVariable(name)}, such as mysql://user:password@host:3306/database.`,
  ),
});

/** Settings whose value is a secret as a whole. */
const secretSettings = ['FEISHU_APP_SECRET', 'FEISHU_ENCRYPT_KEY', 'FEISHU_VERIFICATION_TOKEN'];

/** Lists the values that must never be shown or logged, be the settings right or wrong. */
export function secretsOf(env: Environment): readonly string[] {
  const whole = secretSettings.flatMap((name) => env[name]?.trim() ?? []);
  const addresses = Object.entries(env).flatMap(([name, value]) => {
    if (value === undefined || !/^(?:STORE_URL$|CONNECTION_)|_PROXY$/i.test(name)) return [];
    return [/_PROXY$/i.test(name) ? withScheme(value.trim()) : value];
  });
  return [...whole, ...addresses.flatMap(passwordIn)].filter((one) => one !== '');
}

/** The password of an address, encoded and not. */
function passwordIn(address: string): readonly string[] {
  if (!URL.canParse(address)) return [];
  const { password } = new URL(address);
  try {
    return [password, decodeURIComponent(password)];
  } catch {
    return [password];
  }
}

function throwIfAny(problems: readonly Problem[]): void {
  const [first, ...others] = problems;
  if (first) throw new ProblemError([first, ...others]);
}

const connectionKey = (name: string): string => name.toUpperCase().replaceAll(/[^A-Z0-9]/g, '_');
