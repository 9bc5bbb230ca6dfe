import { slipsFor, unknownSettings } from './env-file.ts';
import {
  type Environment,
  given,
  localeNamed,
  type Place,
  problemsIn,
  throwIfAny,
  withScheme,
} from './setting-values.ts';
import { appSettings, isWebhook, localSettings, type SettingTable, settings } from './settings.ts';
import { type Connection, connectionKey } from './sync/definition/databases.ts';
import type { Problem } from './sync/words/problem.ts';
import { type Locale, type Text, text } from './sync/words/text.ts';

export type { Environment } from './setting-values.ts';

/** The values of a table's settings, by {@link Setting.as}. */
type Values<Table extends SettingTable> = {
  readonly [Name in keyof Table as Table[Name]['as']]: ReturnType<Table[Name]['read']>;
};

/** Settings that need no Feishu app: enough to read the definitions. */
export interface LocalConfig extends Values<typeof localSettings> {
  /** What is worth mending in the settings though everything works. */
  readonly advice: readonly Problem[];
}

type AppValues = Values<typeof appSettings>;

/** The self-built app that the bot is. */
export interface AppConfig extends Omit<AppValues, 'noProxy' | 'events' | keyof Webhook> {
  readonly events: EventSettings;
}

type Webhook = Pick<AppValues, 'encryptKey' | 'verificationToken' | 'window'>;

/** How events come in; `window`: the seconds that the time of a request may be away from ours. */
export type EventSettings = { readonly kind: 'long-connection' } | ({ readonly kind: 'webhook' } & Webhook);

/** All settings, checked. */
export interface Config extends LocalConfig {
  readonly app: AppConfig;
}

/** How much is logged; `auto` is `info` while the bot runs and `warn` for single commands. */
export type LogLevel = Exclude<LocalConfig['logLevel'], 'auto'>;

/** Reads all settings; relative paths start at `cwd`. Throws `ProblemError` with all that is wrong at once. */
export function readConfig(env: Environment, cwd: string): Config {
  const needs = isWebhook(env) ? (['app', 'webhook'] as const) : (['app'] as const);
  const [app, wrongApp] = readTable(appSettings, { env, cwd }, needs);
  const [local, wrong] = readTable(localSettings, { env, cwd }, needs);
  throwIfAny([...wrongApp, ...wrong]);
  const { noProxy: _, events: kind, encryptKey, verificationToken, window, ...rest } = app;
  const events = kind === 'webhook' ? { kind, encryptKey, verificationToken, window } : { kind };
  return { ...local, advice: unknownSettings(env), app: { ...rest, events } };
}

/** Reads the settings that need no Feishu app. Throws `ProblemError` with all that is wrong at once. */
export function readLocalConfig(env: Environment, cwd: string): LocalConfig {
  const [local, problems] = readTable(localSettings, { env, cwd }, []);
  throwIfAny(problems);
  return { ...local, advice: unknownSettings(env) };
}

/** Reads the settings of a table. The values are whole only when there is no problem. */
export function readTable<Table extends SettingTable>(
  table: Table,
  source: Omit<Place, 'name'>,
  needs: readonly ('app' | 'webhook')[],
): readonly [values: Values<Table>, problems: readonly Problem[]] {
  const values: Record<string, unknown> = {};
  const problems = Object.entries(table).flatMap(([name, row]): readonly Problem[] => {
    const value = given(source.env, name) ?? row.default ?? '';
    if (value === '' && row.needed && needs.includes(row.needed.by))
      return [missing(name, row.meaning, row.needed.cure, source.env)];
    return problemsIn(() => {
      values[row.as] = row.read(value, { ...source, name });
    });
  });
  return [values as Values<Table>, problems];
}

function missing(name: string, meaning: Text, cure: Text, env: Environment): Problem {
  const [slip] = slipsFor(name, env);
  return {
    code: 'missing-setting',
    where: name,
    message: text(`未设置：${meaning.zh}。`, `Not set: ${meaning.en}.`),
    cure:
      slip === undefined
        ? cure
        : text(`设了 ${slip}，是不是写错了名字？请改成 ${name}。`, `${slip} is set: rename it to ${name}.`),
  };
}

/**
 * Picks the terminal's language before anything else is read: problems with settings need one too. Where LOCALE is not
 * set, the shell's language counts, in the order of POSIX: Chinese for zh_CN and the like, English for any other.
 * https://pubs.opengroup.org/onlinepubs/9799919799/basedefs/V1_chap08.html
 */
export function localeOf(env: Environment): Locale {
  const wanted = given(env, 'LOCALE');
  if (wanted !== undefined) return localeNamed(wanted) ?? 'zh-CN';
  const shell = given(env, 'LC_ALL') ?? given(env, 'LC_MESSAGES') ?? given(env, 'LANG') ?? 'zh';
  return /^zh/i.test(shell) ? 'zh-CN' : 'en-US';
}

/** Finds a connection by the name that definitions use. */
export const connectionOf = (config: LocalConfig, name: string): Connection | undefined =>
  config.connections.get(connectionKey(name));

/** Lists the values that must never be shown or logged, be the settings right or wrong. */
export function secretsOf(env: Environment): readonly string[] {
  const table: SettingTable = settings;
  const secrets = Object.entries(env).flatMap(([name, value]) => {
    const kind = /^CONNECTION_|_PROXY$/i.test(name) ? 'password' : table[name]?.secret;
    if (kind === undefined || value === undefined) return [];
    return kind === 'whole'
      ? [value.trim()]
      : passwordIn(/_PROXY$/i.test(name) ? withScheme(value.trim()) : value);
  });
  return secrets.filter((one) => one !== '');
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
