import type { Base, CallMeter, OpenBase, OpenTable } from '../../run/ports.ts';
import { type BaseAddress, parseAddress, parseBaseAddress } from '../../sync/definition/address.ts';
import { CallError } from '../../sync/words/failure.ts';
import { problem } from '../../sync/words/problem.ts';
import { type Text, text } from '../../sync/words/text.ts';
import type { CallSpec, FeishuClient } from '../calls/client.ts';
import { cures } from '../calls/cures.ts';
import { odd } from '../calls/failure.ts';
import { shape, words } from '../calls/shape.ts';
import { newField } from './fields.ts';
import { wholeList } from './pages.ts';
import { table } from './table.ts';

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
  // A local Feishu stands in for either.
  if (line === undefined || line === client.line || client.line === 'local') return;
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
        `This wiki page is no base but ${kind ?? 'of an unknown kind'}.`,
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
      cure: code === 'wiki-node-forbidden' ? cures.grant : cures.page,
      ...(logId === undefined ? {} : { logId }),
    },
    { cause },
  );

/** Tables of one page: https://open.feishu.cn/document/server-docs/docs/bitable-v1/app-table/list */
const listPage = 100;

/** The base `token`, its calls counted by `meter`. */
export function base(client: FeishuClient, token: string, meter: CallMeter): Base {
  const path = { app_token: token };
  const specOf = (kind: CallSpec['kind'], signal: AbortSignal): CallSpec => ({ kind, meter, signal });
  return {
    token,

    tables: async (signal) => {
      const items = await wholeList(idOf, async (next) => {
        const answer = await client.again(specOf('read', signal), (sdk, options) =>
          sdk.bitable.appTable.list(
            { path, params: { page_size: listPage, ...(next === undefined ? {} : { page_token: next }) } },
            options,
          ),
        );
        return answer.data;
      });
      return items.map((item) => {
        const id = idOf(item);
        if (id === undefined) throw odd('a table without ID');
        return { id, name: words(shape(item)?.['name']) ?? '' };
      });
    },

    createTable: async (name, fields, signal) => {
      const sent = { name, fields: fields.map(newField) };
      // Its name is unique in the base, so that a call made again cannot create it twice.
      const answer = await client.again(specOf('write', signal), (sdk, options) =>
        sdk.bitable.appTable.create({ path, data: { table: sent } }, options),
      );
      const id = words(answer.data?.table_id);
      if (id === undefined) throw odd('a new table without ID', 'unknown', true);
      return id;
    },

    table: (id) => table(client, token, { table: id }, meter),
  };
}

const idOf = (item: unknown): string | undefined => words(shape(item)?.['table_id']);
