import type { Dialect } from '../../sync/definition/sql.ts';
import { type ProblemError, problem } from '../../sync/words/problem.ts';
import { text } from '../../sync/words/text.ts';
import { ask, type Wire } from './connection.ts';

/** Values of a session's variables, by lower-case name; a server lacks those that it does not know. */
export type Settings = ReadonlyMap<string, string>;

/** What a session is to be like. */
export interface Wanted {
  /** A name or an offset. */
  readonly timeZone: string;
  /** Milliseconds that a query may take. */
  readonly timeout: number;
}

interface Setting {
  /** What is to be set in place of a value; `undefined` when it is fine as it is. */
  readonly instead: (value: string, wanted: Wanted) => string | undefined;
  /** Whether rows or values can come out wrong where the server does not take it. */
  readonly vital?: true;
}

/** The longest answer of a server (1 GiB): what GROUP_CONCAT makes is cut no sooner. */
const longest = 1_073_741_824n;
/** What `sql_select_limit` is at least where it stands for all rows; some servers count in signed numbers. */
const allRows = 2n ** 63n - 1n;
const everyRow = '18446744073709551615';

const atLeast =
  (least: bigint, instead = String(least)) =>
  (value: string): string | undefined =>
    /^\d+$/.test(value) && BigInt(value) < least ? instead : undefined;

const flag =
  (on: boolean) =>
  (value: string): string | undefined =>
    ['ON', '1', 'TRUE'].includes(value.toUpperCase()) === on ? undefined : on ? '1' : '0';

const exactly =
  (value: (wanted: Wanted) => string) =>
  (now: string, wanted: Wanted): string | undefined =>
    now.toLowerCase() === value(wanted).toLowerCase() ? undefined : quoted(value(wanted));

const quoted = (value: string): string => `'${value.replaceAll("'", "''")}'`;

/** A number in another unit, rounded up. The server may show it in its own way, so it is set each time. */
const limit =
  (factor: number) =>
  (_: string, { timeout }: Wanted): string =>
    String(Math.ceil(timeout * factor));

/** Other isolation shows what was never committed, or locks what it reads. */
const isolation = (value: string): string | undefined =>
  /UNCOMMITTED|SERIALIZABLE/i.test(value) ? "'REPEATABLE-READ'" : undefined;

/**
 * All that a server, its `init_connect` or a proxy may have set and that decides which rows and values a query gives.
 * What people mean by a query (the rest of sql_mode, lc_time_names, default_week_format) is left as the server has it.
 * https://dev.mysql.com/doc/refman/8.4/en/server-system-variables.html
 * https://en.oceanbase.com/docs/common-oceanbase-database-10000000001970964
 */
const settings: ReadonlyMap<string, Setting> = new Map<string, Setting>([
  ['character_set_client', { instead: () => undefined }],
  ['character_set_connection', { instead: () => undefined }],
  ['character_set_results', { instead: () => undefined }],
  ['sql_select_limit', { instead: atLeast(allRows, everyRow), vital: true }],
  ['sql_big_selects', { instead: flag(true) }],
  // CHAR columns would come with blanks that are not stored.
  ['sql_mode', { instead: withoutPadding, vital: true }],
  ['sql_auto_is_null', { instead: flag(false), vital: true }],
  ['autocommit', { instead: flag(true), vital: true }],
  ['group_concat_max_len', { instead: atLeast(longest) }],
  ['max_allowed_packet', { instead: () => undefined }],
  ['div_precision_increment', { instead: atLeast(4n), vital: true }],
  // What is longer counts as the same in GROUP BY and DISTINCT.
  ['max_sort_length', { instead: atLeast(1024n), vital: true }],
  // Warnings tell of answers that were cut; only so many are kept.
  ['max_error_count', { instead: atLeast(65_535n) }],
  ['time_zone', { instead: exactly(({ timeZone }) => timeZone), vital: true }],
  ['tx_isolation', { instead: isolation, vital: true }],
  ['transaction_isolation', { instead: isolation, vital: true }],
  ['tx_read_only', { instead: () => undefined }],
  ['transaction_read_only', { instead: () => undefined }],
  ['max_execution_time', { instead: limit(1) }],
  ['max_statement_time', { instead: (value, wanted) => statementTime(value, wanted) }],
  ['ob_query_timeout', { instead: limit(1000) }],
  ['ob_trx_timeout', { instead: limit(1000) }],
  ['query_timeout', { instead: limit(1 / 1000) }],
  ['polardb_version', { instead: () => undefined }],
]);

/** MariaDB counts in seconds and shows parts of them; Percona's of old counted in milliseconds. */
const statementTime = (value: string, { timeout }: Wanted): string =>
  value.includes('.') ? String(timeout / 1000) : String(Math.ceil(timeout));

function withoutPadding(value: string): string | undefined {
  const modes = value.split(',');
  const rest = modes.filter((mode) => mode !== 'PAD_CHAR_TO_FULL_LENGTH');
  return rest.length === modes.length ? undefined : quoted(rest.join(','));
}

const names = [...settings.keys()].map(quoted).join(', ');

export async function readSettings(wire: Wire): Promise<Settings> {
  const rows = await ask(wire, `show session variables where variable_name in (${names})`);
  const found = new Map(rows.map(([name, value]) => [String(name).toLowerCase(), String(value ?? '')]));
  // A limit of few rows hides itself, because this answer has to keep to it too.
  if (!found.has('sql_select_limit')) {
    const [row] = await ask(wire, 'select @@sql_select_limit').catch(() => []);
    if (row) found.set('sql_select_limit', String(row[0]));
  }
  return found;
}

/** Sets what differs from the wanted session, as far as the server takes it, and answers what it is like then. */
export async function settle(wire: Wire, wanted: Wanted): Promise<Settings> {
  // Without these two the server may not even tell what it is like.
  await setEach(wire, [`sql_select_limit = ${everyRow}`, 'sql_big_selects = 1']);
  await setEach(
    wire,
    changesTo(await readSettings(wire), wanted).map(({ name, to }) => `${name} = ${to}`),
  );
  return readSettings(wire);
}

/** Sets all at once, or one by one: what a server does not take must not keep the others from it. */
async function setEach(wire: Wire, changes: readonly string[]): Promise<void> {
  if (changes.length === 0) return;
  await ask(wire, `set session ${changes.join(', session ')}`).catch(async () => {
    for (const change of changes) await ask(wire, `set session ${change}`).catch(() => {});
  });
}

function changesTo(now: Settings, wanted: Wanted): { name: string; to: string; vital: boolean }[] {
  return [...now].flatMap(([name, value]) => {
    const setting = settings.get(name);
    const to = setting?.instead(value, wanted);
    return setting && to !== undefined ? [{ name, to, vital: setting.vital === true }] : [];
  });
}

/**
 * The settings that are not as they must be, as `name=value`.
 * @param whole whether a character of four bytes went to the server and back unharmed
 */
export function wrongSettings(now: Settings, wanted: Wanted, whole: boolean): string[] {
  const sets = [...now.keys()].filter((name) => name.startsWith('character_set_'));
  // Some servers call all of UTF-8 utf8, and in MySQL it is the part without such characters.
  const wrongSets = sets.filter((name) => !(whole && /^utf-?8/i.test(now.get(name) ?? '')));
  const vital = changesTo(now, wanted).filter((change) => change.vital);
  return [...wrongSets, ...vital.map(({ name }) => name)].map((name) => `${name}=${now.get(name)}`);
}

/** The setting that says that the session is not read-only, as `name=value`; none where the server tells nothing of it. */
export const notReadOnly = (now: Settings): string[] =>
  ['tx_read_only', 'transaction_read_only'].flatMap((name) => {
    const value = now.get(name);
    return value === undefined || flag(true)(value) === undefined ? [] : [`${name}=${value}`];
  });

/** The settings that are others than before, as `name=value`. */
export const changedSettings = (before: Settings, now: Settings): string[] =>
  [...before].filter(([name, value]) => now.get(name) !== value).map(([name]) => `${name}=${now.get(name)}`);

/** How a server in this mode reads quotes. */
export function dialectOf(now: Settings): Dialect {
  const modes = (now.get('sql_mode') ?? '').split(',');
  if (modes.includes('NO_BACKSLASH_ESCAPES')) return 'plain-mysql';
  return modes.includes('ANSI_QUOTES') ? 'ansi-mysql' : 'mysql';
}

/** The session did not become, or did not stay, as it must be. @param wrong `name=value` of each setting */
export const unsettled = (wrong: readonly string[], where: string): ProblemError =>
  problem({
    code: 'session-not-set',
    where,
    message: text(
      `数据库会话没有保持所需的设置：${wrong.join('、')}。查询结果可能不完整或有误，所以没有同步。`,
      `The database session does not keep the settings that it needs: ${wrong.join(', ')}. Rows or values could be wrong, so nothing was synced.`,
    ),
    cure: text(
      '如果中间有代理（ProxySQL、MaxScale 等），请直接连接数据库，或关闭代理的连接复用；否则请数据库管理员允许该用户设置这些会话变量。',
      'If a proxy (ProxySQL, MaxScale …) is in between, connect to the database itself or switch multiplexing off; otherwise ask the database administrator to let the user set these session variables.',
    ),
  });
