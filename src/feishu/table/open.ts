import type { Base, CallMeter, OpenBase, OpenTable } from '../../run/ports.ts';
import { type BaseAddress, parseAddress, parseBaseAddress } from '../../sync/definition/address.ts';
import { CallError, type Failure } from '../../sync/words/failure.ts';
import { problem } from '../../sync/words/problem.ts';
import { type Text, text } from '../../sync/words/text.ts';
import type { CallSpec, FeishuClient } from '../calls/client.ts';
import { odd } from '../calls/failure.ts';
import { words } from '../calls/http.ts';
import { meanings } from '../calls/meanings.ts';
import { newField } from './fields.ts';
import { lineAt, table, tablesOf } from './table.ts';

/** Wiki answers: https://open.feishu.cn/document/server-docs/docs/wiki-v2/space/get_node */
const nodeNotFound = 131005;
const nodeForbidden = 131006;

/** Opens tables by their address with this client. A wiki node costs one read; nothing else is called. */
export const openTable =
  (client: FeishuClient): OpenTable =>
  async (line, meter, signal) => {
    const parsed = parseAddress(line);
    if (parsed.kind === 'problem') throw problem(parsed.problem);
    const { address } = parsed;
    return table(client, await tokenOf(client, address, { kind: 'read', meter, signal }), address, meter);
  };

/** Opens bases by their address, in the same way. */
export const openBase =
  (client: FeishuClient): OpenBase =>
  async (line, meter, signal) => {
    const parsed = parseBaseAddress(line);
    if (parsed.kind === 'problem') throw problem(parsed.problem);
    return base(client, await tokenOf(client, parsed.address, { kind: 'read', meter, signal }), meter);
  };

async function tokenOf(client: FeishuClient, address: BaseAddress, spec: CallSpec): Promise<string> {
  refuseOtherLine(client, address);
  return address.kind === 'base' ? address.token : baseOfNode(client, address.token, spec);
}

function refuseOtherLine(client: FeishuClient, { line }: BaseAddress): void {
  const own = lineAt(client);
  // A local Feishu stands in for either.
  if (line === undefined || line === own || own === 'local') return;
  throw problem({
    code: 'other-domain',
    where: 'FEISHU_DOMAIN',
    message: text(
      `数据表在 ${names[line]} 上，而 FEISHU_DOMAIN 是 ${client.domain}。`,
      `The table is on ${names[line]}, but FEISHU_DOMAIN is ${client.domain}.`,
    ),
    cure: text(
      '飞书用 https://open.feishu.cn，Lark 用 https://open.larksuite.com；应用也要在同一边创建。',
      'Feishu needs https://open.feishu.cn, Lark https://open.larksuite.com; the app must have been made on the same side.',
    ),
  });
}

const names = { feishu: 'feishu.cn', lark: 'larksuite.com', local: '127.0.0.1' } as const;

async function baseOfNode(client: FeishuClient, node: string, spec: CallSpec): Promise<string> {
  const answer = await client
    .again(spec, (sdk, options) => sdk.wiki.v2.space.getNode({ params: { token: node } }, options))
    .catch((error: unknown) => {
      throw wikiProblem(error);
    });
  const { obj_type: kind, obj_token: base } = answer.data?.node ?? {};
  if (kind !== 'bitable') {
    throw problem({
      code: 'wiki-not-a-base',
      where: 'target',
      message: text(
        `这个知识库页面不是多维表格，而是 ${kind ?? '未知类型'}。`,
        `This wiki page is not a base but ${kind ?? 'of an unknown kind'}.`,
      ),
      cure: text('请复制多维表格那一页的地址。', 'Copy the address of the wiki page that is the base.'),
    });
  }
  if (base === undefined || !/^[A-Za-z0-9_-]{1,100}$/.test(base))
    throw nodeProblem('wiki-node-not-found', missing);
  return base;
}

const missing = text('知识库里没有这个页面。', 'The wiki has no such page.');

function wikiProblem(error: unknown): unknown {
  if (!(error instanceof CallError)) return error;
  const { code, logId } = error.failure;
  if (code === nodeNotFound) return nodeProblem('wiki-node-not-found', missing, logId, error);
  if (code !== nodeForbidden) return error;
  const message = text('应用看不到这个知识库页面。', 'The app may not see this wiki page.');
  return nodeProblem('wiki-node-forbidden', message, logId, error);
}

const nodeProblem = (code: string, message: Text, logId?: string, cause?: CallError) =>
  problem(
    {
      code,
      where: 'target',
      message,
      cure: (code === 'wiki-node-forbidden' ? meanings.grant : meanings.page).cure,
      ...(logId === undefined ? {} : { logId }),
    },
    { cause },
  );

/** The base `token`, its calls counted by `meter`. */
export function base(client: FeishuClient, token: string, meter: CallMeter): Base {
  return {
    token,

    tables: async (signal) =>
      (await tablesOf(client, token, { kind: 'read', meter, signal })).map(({ id, name }) => ({ id, name })),

    createTable: async (name, fields, signal) => {
      const path = { app_token: token };
      const data = { table: { name, fields: fields.map(newField) } };
      // Its name is unique in the base, so that a call made again cannot create it twice.
      const answer = await client.again({ kind: 'write', meter, signal }, (sdk, options) =>
        sdk.bitable.appTable.create({ path, data }, options),
      );
      const id = words(answer.data?.table_id);
      if (id === undefined) throw odd('a new table without ID', 'unknown', true);
      return id;
    },

    table: (id) => table(client, token, { table: id }, meter),
  };
}

/** Whether the app may write to a table: `no` with Feishu's answer where a call showed it. */
export type WriteRight =
  | { readonly kind: 'yes' }
  | { readonly kind: 'no'; readonly failure?: Failure }
  | { readonly kind: 'unsure'; readonly failure: Failure };

/** Where the question is asked. */
export interface Asking {
  readonly base: string;
  readonly table: string;
  /** Any field of the table. */
  readonly field: string;
  /** Whether roles decide besides the right on the base. */
  readonly advanced: boolean;
}

/** An ID of the form of a record's that no record has. */
const noRecord = 'recNoSuchRecord';

/**
 * Asks whether the app may write to a table, without any effect. Rejects only when the signal is aborted.
 *
 * The base is asked first: https://open.feishu.cn/document/uAjLw4CM/ukTMukTMukTM/reference/drive-v1/permission-member/auth
 * says whether the app may edit it, with the scope `bitable:app`, which the app needs anyway. Where roles decide too, or
 * that answer does not come, an update of a record that does not exist is tried: all or nothing, so that it can change
 * nothing, and answered with "record not found" only where the right is there.
 */
export async function mayWrite(
  client: FeishuClient,
  asking: Asking,
  spec: Omit<CallSpec, 'kind'>,
): Promise<WriteRight> {
  const may = await editsBase(client, asking.base, spec).catch((error: unknown) => {
    if (error instanceof CallError) return undefined;
    throw error;
  });
  if (may === false) return { kind: 'no' };
  return may && !asking.advanced ? { kind: 'yes' } : tryUpdate(client, asking, spec);
}

async function editsBase(
  client: FeishuClient,
  token: string,
  spec: Omit<CallSpec, 'kind'>,
): Promise<boolean | undefined> {
  const answer = await client.again({ ...spec, kind: 'read' }, (sdk, options) =>
    sdk.drive.v1.permissionMember.auth(
      { path: { token }, params: { type: 'bitable', action: 'edit' } },
      options,
    ),
  );
  return answer.data?.auth_result;
}

async function tryUpdate(
  client: FeishuClient,
  { base, table, field }: Asking,
  spec: Omit<CallSpec, 'kind'>,
): Promise<WriteRight> {
  const path = { app_token: base, table_id: table };
  const data = { records: [{ record_id: noRecord, fields: { [field]: '' } }] };
  try {
    await client.again({ ...spec, kind: 'write' }, (sdk, options) =>
      sdk.bitable.appTableRecord.batchUpdate({ path, data }, options),
    );
    return { kind: 'yes' };
  } catch (error) {
    if (!(error instanceof CallError)) throw error;
    const { failure } = error;
    if (failure.verdict === 'gone' || failure.verdict === 'values') return { kind: 'yes' };
    return { kind: failure.verdict === 'stop' ? 'no' : 'unsure', failure };
  }
}
