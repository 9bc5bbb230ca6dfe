import type { Problem } from '../words/problem.ts';
import { type Text, text } from '../words/text.ts';

/** The two product lines; a token of one is worth nothing on the other. `local`: a Feishu on this machine. */
export type ProductLine = 'feishu' | 'lark' | 'local';

/** The address of a data table, as people copy it from the browser. */
export interface Address {
  /** `base`: `token` is the app_token. `wiki`: `token` is a wiki node that stands for a base. */
  readonly kind: 'base' | 'wiki';
  readonly token: string;
  readonly table: string;
  readonly view?: string;
  /** Which Feishu it is on; undefined for larkoffice.com, which belongs to either. */
  readonly line?: ProductLine;
}

/** The address of a base, whether or not it names one of its tables. */
export interface BaseAddress extends Omit<Address, 'table'> {
  readonly table?: string;
}

export type ParsedAddress = { readonly kind: 'address'; readonly address: Address } | Wrong;

interface Wrong {
  readonly kind: 'problem';
  readonly problem: Problem;
}

const domains: readonly (readonly [domain: string, line: ProductLine | undefined])[] = [
  ['feishu.cn', 'feishu'],
  ['larksuite.com', 'lark'],
  ['larkoffice.com', undefined],
];

const isLocal = (host: string): boolean =>
  host === 'localhost' || host === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(host);

const domainOf = (host: string) => domains.find(([domain]) => host === domain || host.endsWith(`.${domain}`));

/** Says which product line a host belongs to; undefined when that cannot be told. */
export const lineOf = (host: string): ProductLine | undefined =>
  isLocal(host) ? 'local' : domainOf(host)?.[1];

/**
 * Reads the address of a data table: `/base/…` and `/wiki/…` links of feishu.cn, larksuite.com and larkoffice.com.
 * https://open.feishu.cn/document/server-docs/docs/bitable-v1/bitable-overview
 */
export function parseAddress(line: string): ParsedAddress {
  const parsed = parseBaseAddress(line);
  if (parsed.kind === 'problem') return parsed;
  const { table } = parsed.address;
  return table === undefined
    ? wrong('no-table', says.noTable)
    : { kind: 'address', address: { ...parsed.address, table } };
}

/** Reads an address like {@link parseAddress}, also one that names a base only. */
export function parseBaseAddress(
  line: string,
): { readonly kind: 'address'; readonly address: BaseAddress } | Wrong {
  const trimmed = line.trim().replace(/^<(.*)>$/s, '$1');
  if (trimmed === '') return wrong('no-address', says.empty);
  const url = urlOf(trimmed);
  if (!url) return wrong('not-an-address', says.noUrl);
  const host = url.hostname.toLowerCase();
  const domain = domainOf(host);
  if (!domain && !isLocal(host)) return wrong('not-feishu', says.host);
  const place = placeOf(url, host);
  if (place.kind === 'problem') return place;
  const table = url.searchParams.get('table') || undefined;
  const wrongTable = table === undefined ? undefined : whyNoTable(table);
  if (wrongTable) return wrongTable;
  const view = url.searchParams.get('view');
  const productLine = lineOf(host);
  return {
    kind: 'address',
    address: {
      ...place,
      ...(table === undefined ? {} : { table }),
      ...(view !== null && /^vew\w{1,47}$/.test(view) ? { view } : {}),
      ...(productLine === undefined ? {} : { line: productLine }),
    },
  };
}

/** The address with another table; its view, which belongs to the old one, goes. */
export function withTable(line: string, table: string): string {
  const url = urlOf(line.trim().replace(/^<(.*)>$/s, '$1'));
  if (!url) return line;
  url.searchParams.set('table', table);
  url.searchParams.delete('view');
  return url.href;
}

function urlOf(line: string): URL | undefined {
  const full = /^[a-z][a-z0-9+.-]*:\/\//i.test(line) ? line : `https://${line}`;
  // A lone word is no host: most likely a token or an ID was pasted in place of the whole address.
  if (/\s/.test(full) || !URL.canParse(full) || /^[^./:]+([/?#]|$)/.test(line)) return undefined;
  const url = new URL(full);
  return url.protocol === 'https:' || url.protocol === 'http:' ? url : undefined;
}

function placeOf(url: URL, host: string): Pick<Address, 'kind' | 'token'> | Wrong {
  const [first = '', second = ''] = url.pathname.split('/').filter((part) => part !== '');
  // Lark also hands out base.larksuite.com/<app_token>.
  if (host === 'base.larksuite.com' && second === '' && isToken(first)) return { kind: 'base', token: first };
  const other = otherPages.get(first);
  if (other) return wrong('not-a-base', other);
  if (first !== 'base' && first !== 'wiki') return wrong('not-a-base', says.path);
  if (first === 'base' && /^(workspace|form|query|automation|add)$/.test(second)) {
    return wrong('not-a-base', says.share);
  }
  const what = first === 'base' ? text('多维表格', 'base') : text('页面', 'page');
  if (second === '') return wrong('no-token', noToken(first, what));
  return isToken(second) ? { kind: first, token: second } : wrong('not-a-token', badToken(first, what));
}

const isToken = (part: string): boolean => /^[A-Za-z0-9_-]{5,100}$/.test(part);

function whyNoTable(id: string): Wrong | undefined {
  if (id.startsWith('blk')) return wrong('is-dashboard', says.dashboard);
  if (id.startsWith('wkf')) return wrong('is-workflow', says.workflow);
  if (id.startsWith('ldx')) return wrong('is-document', says.document);
  return /^tbl\w{1,47}$/.test(id) ? undefined : wrong('no-such-table-id', says.tableId);
}

const wrong = (code: string, message: Text): Wrong => ({
  kind: 'problem',
  problem: { code, where: 'target', message, cure: cureFor },
});

const cureFor = text(
  '在飞书里打开数据表，从浏览器复制地址，形如 https://example.feishu.cn/base/APPTOKEN?table=tblXXXX',
  'Open the data table in Feishu and copy the address from the browser, like https://example.feishu.cn/base/APPTOKEN?table=tblXXXX',
);

const noToken = (path: string, what: Text): Text =>
  text(
    `地址里 /${path}/ 后面缺少${what.zh}的标识。`,
    `The address lacks the token of the ${what.en} after /${path}/.`,
  );

const badToken = (path: string, what: Text): Text =>
  text(
    `/${path}/ 后面不是${what.zh}的标识：太短、太长，或有不该有的字符，可能没有复制完整。`,
    `What follows /${path}/ is not the token of a ${what.en}: too short, too long, or with characters that no token has. It may have been cut off.`,
  );

const says = {
  empty: text('没有写数据表的地址。', 'The address of the table is missing.'),
  noUrl: text('这不是一个网址。', 'This is not a URL.'),
  host: text(
    '这不是飞书的地址：只认 feishu.cn、larksuite.com、larkoffice.com。',
    'This is not a Feishu address: it must be on feishu.cn, larksuite.com or larkoffice.com.',
  ),
  path: text(
    '这个地址不是多维表格：路径要以 /base/ 或 /wiki/ 开头。',
    'This address is not a base: its path must begin with /base/ or /wiki/.',
  ),
  share: text(
    '这是表单或分享链接，不是多维表格本身。',
    'This is a form or a shared view, not the base itself.',
  ),
  sheet: text('这是电子表格，不是多维表格。', 'This is a spreadsheet, not a base.'),
  docx: text(
    '这是文档；若多维表格嵌在文档里，请先在新页面打开它。',
    'This is a document; when a base stands inside it, open that base on a page of its own first.',
  ),
  folder: text('这是云空间里的文件或文件夹。', 'This is a file or folder of the drive.'),
  noTable: text(
    '地址里没有 table=…：不知道是哪一张数据表。',
    'The address has no table=…: it does not say which table.',
  ),
  dashboard: text('这是仪表盘（blk…），不是数据表。', 'This is a dashboard (blk…), not a data table.'),
  workflow: text('这是自动化流程（wkf…），不是数据表。', 'This is a workflow (wkf…), not a data table.'),
  document: text(
    '这是多维表格里的文档（ldx…），不是数据表。',
    'This is a document in the base (ldx…), not a data table.',
  ),
  tableId: text(
    'table= 后面不是数据表的标识（应为 tbl 加字母和数字）。',
    'What follows table= is not a table ID (tbl, then letters and digits).',
  ),
};

const otherPages: ReadonlyMap<string, Text> = new Map([
  ['sheets', says.sheet],
  ['docx', says.docx],
  ['docs', says.docx],
  ['share', says.share],
  ['record', says.share],
  ['drive', says.folder],
  ['file', says.folder],
  ['folder', says.folder],
]);
