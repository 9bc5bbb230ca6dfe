import type { Definitions, Kept, ListedDefinition, Pause } from '../bot/ports.ts';
import type { Config } from '../config.ts';
import { scopeStates, whoAmI } from '../feishu/app/setup.ts';
import { chat } from '../feishu/chat/chat.ts';
import { uncounted } from '../process.ts';
import { queryOf } from '../run/plan/open-sides.ts';
import type { Store, Table } from '../run/ports.ts';
import { findTarget } from '../run/target.ts';
import { parseAddress } from '../sync/definition/address.ts';
import { noConnections } from '../sync/definition/databases.ts';
import type { Definition } from '../sync/definition/definition.ts';
import type { Mapping } from '../sync/fields/mapping.ts';
import { CallError, problemOf } from '../sync/words/failure.ts';
import { type Problem, ProblemError } from '../sync/words/problem.ts';
import { type Text, text } from '../sync/words/text.ts';
import { proxyTo } from '../sync/words/web-address.ts';
import { type AskChat, chatAsker, checkChats, sharingProblems, type Writes } from './others.ts';
import { type CheckedRows, checkRecords, checkRows } from './rows.ts';
import { type CheckedTable, checkTable, type TableParts } from './table.ts';

/** What `check` found. */
export interface Checkup {
  /** What concerns the Feishu app as a whole: credentials, bot, permissions. */
  readonly app: readonly CheckStep[];
  readonly definitions: readonly { readonly name: string; readonly steps: readonly CheckStep[] }[];
}

/** One thing that was tried: right when it has no problems. */
export interface CheckStep {
  /** What was tried, such as "connection shop". */
  readonly what: Text;
  readonly problems: readonly Problem[];
  /** Worth mending, but nothing fails for it: an account that may do more than read. */
  readonly advice: readonly Problem[];
}

/** What `check` tries with. */
export interface CheckParts extends TableParts {
  readonly config: Config;
  readonly store: Pick<Store, 'facts' | 'known'> & { readonly kept: Pick<Kept, 'holds'> };
  readonly definitions: Definitions;
}

/**
 * Tries the settings, the app, and for each definition its file, connection and query, rows and key, table, right to
 * write and chats; and whether two of them get in each other's way. Writes nothing.
 * Rejects with `ProblemError` for a name that no definition has.
 */
export async function checkAll(names: readonly string[], parts: CheckParts): Promise<Checkup> {
  const listed = await parts.definitions.list();
  for (const name of names) {
    if (!listed.some((one) => one.name === name)) await parts.definitions.get(name);
  }
  const wanted = names.length === 0 ? listed : listed.filter((one) => names.includes(one.name));
  const app = await appSteps(listed.length, parts);
  const ask = chatAsker(chat(parts.client, uncounted, undefined, parts.signal));
  const checked: OneChecked[] = [];
  for (const one of wanted) checked.push(await checkOne(one, ask, parts));
  const others = listed.filter((one) => !wanted.includes(one));
  const shared = sharingProblems([
    ...checked.flatMap(({ writes }) => writes ?? []),
    ...(await Promise.all(others.map((one) => unchecked(one, parts)))).flat(),
  ]);
  return {
    app,
    definitions: checked.map(({ name, steps }) => {
      const found = shared.get(name) ?? [];
      return { name, steps: found.length === 0 ? steps : [...steps, stepOf(theOthers, found)] };
    }),
  };
}

async function appSteps(definitions: number, parts: CheckParts): Promise<readonly CheckStep[]> {
  const { config, client, store, signal } = parts;
  const frozen = await store.kept.holds.frozen();
  const settings = stepOf(text('设置', 'Settings'), [
    ...(definitions === 0 ? [noDefinitions(config.definitions)] : []),
    ...(config.connections.size === 0 ? [noConnections()] : []),
    ...(config.admins.length === 0 ? [noAdmins] : []),
    ...(frozen ? [isFrozen] : []),
    ...config.advice,
  ]);
  const proxy = proxyTo(config.app.domain, config.app.proxy);
  const way =
    proxy === undefined ? text('', '') : text(`（经代理 ${proxy}）`, ` (through the proxy ${proxy})`);
  const app = await step(text(`应用凭证与机器人${way.zh}`, `App credentials and bot${way.en}`), async () => {
    await whoAmI(client, uncounted, signal);
    return [];
  });
  if (app.problems.length > 0) return [settings, app];
  const scopes = await step(text('应用权限', 'Permissions of the app'), () => scopeProblems(parts));
  return [settings, app, scopes];
}

async function scopeProblems({ config, client, signal }: CheckParts): Promise<readonly Problem[]> {
  try {
    const states = await scopeStates(client, signal);
    const missing = states.filter(({ granted, optional }) => !granted && !optional);
    return missing.map(({ name, use }) => ({
      code: 'scope-missing',
      where: name,
      message: text(`应用没有这个权限：${use.zh}`, `the app lacks this permission: ${use.en}`),
      cure: text(
        `开通后发布新版本：${config.app.domain}/app/${config.app.id}/auth?q=${name}`,
        `Grant it and publish a version: ${config.app.domain}/app/${config.app.id}/auth?q=${name}`,
      ),
    }));
  } catch (error) {
    // Calls that lack one say so themselves.
    if (error instanceof CallError) return [];
    throw error;
  }
}

/** Tries one thing; what it answers or rejects with becomes its problems, `warn-…` ones its advice. */
async function step(what: Text, work: () => Promise<readonly Problem[]>): Promise<CheckStep> {
  // What is not set throws before there is a promise.
  return stepOf(what, await (async () => work())().catch((error: unknown) => problemsIn(error)));
}

/** One thing that was tried, with what was found. */
const stepOf = (what: Text, found: readonly Problem[]): CheckStep => ({
  what,
  problems: found.filter(({ code }) => !code.startsWith('warn-')),
  advice: found.filter(({ code }) => code.startsWith('warn-')),
});

function problemsIn(error: unknown): readonly Problem[] {
  if (error instanceof ProblemError) return error.problems;
  if (error instanceof CallError) return [problemOf(error.failure)];
  throw error;
}

interface OneChecked {
  readonly name: string;
  readonly steps: readonly CheckStep[];
  readonly writes?: Writes | undefined;
}

async function checkOne(one: ListedDefinition, ask: AskChat, parts: CheckParts): Promise<OneChecked> {
  const { name } = one;
  if (!('definition' in one)) return { name, steps: [stepOf(theFile, one.problems)] };
  const { definition } = one;
  const query = queryOf(definition, parts.config.timeZone);
  const connection = definition.source.connection;
  const source = await step(text(`连接 ${connection} 与查询`, `Connection ${connection} and the query`), () =>
    parts.sources(connection).check(query, parts.signal),
  );
  let looked: CheckedTable | undefined;
  const table = await step(text('多维表格、权限与字段', 'Base, permissions and fields'), async () => {
    looked = await checkTable(definition, source.problems.length === 0, parts);
    return looked.problems;
  });
  const steps = [stepOf(theFile, []), source, table];
  if (looked?.mapping) steps.push(...(await checkedRows(looked.mapping, looked.table)));
  if (looked?.reading) {
    const { words, problems } = looked.reading;
    steps.push(stepOf(text(`读取方式（${words.zh}）`, `How it is read (${words.en})`), problems));
  }
  const pause = (await parts.store.kept.holds.paused()).get(name);
  if (pause && definition.schedule.length > 0) steps.push(stepOf(theClock, [isPaused(name, pause)]));
  if (definition.schedule.length > 0 || definition.access.chats !== undefined)
    steps.push(await step(theChats, () => checkChats(definition, parts.config.admins, ask)));
  return { name, steps, writes: looked?.writes };

  async function checkedRows(mapping: Mapping, table: Table | undefined): Promise<readonly CheckStep[]> {
    let checked: CheckedRows | undefined;
    const found = await step(rowsAndKey, async () => {
      checked = await checkRows(query, mapping, parts.sources(connection), parts.signal);
      return checked.problems;
    });
    const has = checked?.has ?? (() => false);
    const whole =
      checked && text(`${rowsAndKey.zh}（${checked.rows.zh}）`, `${rowsAndKey.en} (${checked.rows.en})`);
    return [
      { ...found, ...(whole && { what: whole }) },
      ...(table
        ? [await step(records, () => checkRecords(definition, { table, mapping }, has, parts.signal))]
        : []),
    ];
  }
}

/** Where a definition writes that is not checked this time, as far as its address tells. */
async function unchecked(one: ListedDefinition, { store }: CheckParts): Promise<readonly Writes[]> {
  if (!('definition' in one)) return [];
  const definition: Definition = one.definition;
  const found = await findTarget(definition, store.facts);
  const parsed = parseAddress(found.kind === 'none' ? '' : found.address);
  if (parsed.kind === 'problem') return [];
  return [{ definition, table: `${parsed.address.token}/${parsed.address.table}`, fields: undefined }];
}

const theFile = text('定义文件', 'Definition file');
const rowsAndKey = text('行与主键', 'Rows and key');
const records = text('表格里的主键', 'Keys in the table');
const theClock = text('定时', 'Schedule');
const theChats = text('群与通知', 'Chats');
const theOthers = text('与其他定义', 'Other definitions');

const noDefinitions = (folder: string): Problem => ({
  code: 'no-definitions',
  where: 'DEFINITIONS',
  message: text(`文件夹 ${folder} 里还没有定义`, `there is no definition in the folder ${folder}`),
  cure: text(
    '在里面放一个 YAML 文件（docs/zh-CN/definitions.md 里有例子），或把 DEFINITIONS 指向定义所在的文件夹。',
    'Put a YAML file there (docs/definitions.md has an example), or name the folder of the definitions in DEFINITIONS.',
  ),
});

const noAdmins: Problem = {
  code: 'warn-no-admins',
  where: 'ADMINS',
  message: text(
    '没有管理员：聊天里没有人能冻结同步，出了问题也没有人收到通知',
    'there is no administrator: nobody can freeze syncs from a chat, and nobody hears of trouble',
  ),
  cure: text(
    '把管理员的 open_id（ou_…）写进 ADMINS；对机器人发 /help 可以看到自己的。',
    'Put the open_ids (ou_…) of the administrators into ADMINS; /help sent to the bot shows your own.',
  ),
};

const isFrozen: Problem = {
  code: 'warn-frozen',
  message: text('全部同步已被冻结，什么都不会写入', 'all syncs are frozen: nothing is written'),
  cure: text('运行 bitable-sync thaw 解除。', 'bitable-sync thaw ends that.'),
};

/** A schedule that does nothing by itself: since when it stands still, and what ends that. */
function isPaused(name: string, { by, away }: Pause): Problem {
  const self = text('连续失败，定时任务已自动暂停', 'the schedule has paused itself after failures in a row');
  return {
    code: 'warn-paused',
    message: by === undefined ? self : text('定时任务被暂停了', 'someone paused the schedule'),
    cure:
      away === undefined
        ? text(`在聊天里发 /sync resume ${name} 恢复。`, `/sync resume ${name} in a chat resumes it.`)
        : text(
            '连上飞书或数据库后会自动恢复。',
            'It continues by itself once Feishu or the database can be reached again.',
          ),
  };
}
