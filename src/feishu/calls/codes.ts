import type { Verdict } from '../../sync/words/failure.ts';
import { type Text, text } from '../../sync/words/text.ts';

/**
 * What the person who can act should do about a failed call, by the words of
 * https://open.feishu.cn/document/server-docs/api-call-guide/generic-error-code and the pages of each API.
 */
export const cures = {
  busy: text(
    '飞书正忙，会自动稍后再试；若一直如此，请减少同时写这个多维表格的程序和自动化流程。',
    'Feishu is busy; the call is tried again later. If it stays so, let fewer programs and automations write to this base at once.',
  ),
  conflict: text(
    '别的程序、自动化流程或人正在写同一张表，会自动稍后再试；若一直如此，请让它们错开时间。',
    'Another program, an automation or a person writes to the same table; the call is tried again later. If it stays so, let them write at other times.',
  ),
  passing: text(
    '飞书内部出错，稍后再试；若反复出现，请把日志 ID 交给飞书技术支持。',
    'Feishu had a fault of its own. Try again later; if it comes back, give the log ID to Feishu support.',
  ),
  copying: text('多维表格正在被复制，请等几分钟。', 'The base is being copied: wait some minutes.'),
  value: text(
    '这一行里有飞书不接受的值：请对照字段类型修改查询，或改字段类型。',
    'A value in this row does not fit its field: change the query, or the type of the field.',
  ),
  cell: text(
    '单元格内容太长或太多（文本最多 100,000 个字符）：请在查询里截短。',
    'The cell holds too much (a text may have 100,000 characters): shorten it in the query.',
  ),
  attachment: text(
    '附件没有上传到这个多维表格：附件必须先上传到目标多维表格。',
    'The attachment was not uploaded to this base: upload it there first.',
  ),
  record: text('记录已被删除：重新同步一次即可。', 'The record was deleted: run the sync again.'),
  field: text(
    '找不到这个字段：可能被改名、删除，或被高级权限隐藏。请核对字段名后再同步。',
    'There is no such field: it was renamed, deleted, or hidden by advanced permissions. Compare the names, then run again.',
  ),
  table: text(
    '找不到这个多维表格或数据表：请打开它，重新复制地址到定义里。',
    'There is no such base or table: open it and copy its address into the definition again.',
  ),
  view: text(
    '地址里 view= 的视图已经没有了：打开要用的视图，重新复制地址到定义的 target；或在定义里去掉 view: limit。',
    'The view of the address is gone: open the one to use and copy its address into the definition’s target, or take view: limit out of the definition.',
  ),
  wiki: text(
    '找不到这个多维表格。若它在知识库里，请复制知识库页面（/wiki/…）的地址。',
    'There is no such base. If it stands in a wiki, copy the address of the wiki page (/wiki/…).',
  ),
  page: text(
    '在飞书里打开这个知识库页面，重新复制地址（它可能已被删除或移走）；不在知识库里的多维表格，请用 /base/… 的地址。',
    'Open the wiki page in Feishu and copy its address again: it may have been deleted or moved. A base that stands in no wiki has an address with /base/….',
  ),
  request: text(
    '飞书不接受这个请求；这是程序的问题，请把日志 ID 一起反馈。',
    'Feishu does not take this request; that is a fault of this program. Please report it with the log ID.',
  ),
  nameTaken: text(
    '已有同名的字段或数据表，可能被高级权限隐藏，应用看不到：请在“添加文档应用”里给应用“可管理”，或在定义的 fields 里用 to 换一个名字。',
    'A field or table of this name exists already; advanced permissions may hide it from the app. Give the app the right to manage the base, or choose another name with to in the definition’s fields.',
  ),
  badName: text(
    '飞书不接受这个名字：请在查询里改列名，或在定义的 fields 里用 to 换一个名字（不能为空，也不要用特殊符号）。',
    'Feishu does not take this name: rename the column in the query, or choose another name with to in the definition’s fields; not empty, and without special characters.',
  ),
  newField: text(
    '飞书不能这样新建字段：请在多维表格里手工新建它（名称与列名一致），再同步。',
    'Feishu does not create the field like this: make it in the table by hand, with the name of the column, then run again.',
  ),
  policy: text(
    '企业或知识库的安全设置不允许：请让飞书管理员或知识库管理员放行本应用，或换一个多维表格。',
    'A security setting of the tenant or the wiki forbids it: ask its administrator to let the app in, or use another base.',
  ),
  openId: text(
    '核对定义里的 open_id：它必须来自本应用（对机器人发 /help 可以看到），不能来自别的应用。',
    'Check the open_ids in the definition: they must be those of this app (/help sent to the bot shows yours), not of another one.',
  ),
  split: text('一次写得太多，会自动减半再试。', 'Too much for one call; it is halved and sent again.'),
  rows: text(
    '数据表的行数已到上限：删除旧记录、拆分数据表，或升级飞书套餐。',
    'The table holds as many records as the plan allows: delete old ones, use another table, or a larger plan.',
  ),
  limit: text(
    '请删减多维表格的内容，或升级飞书套餐。',
    'Remove something from the base, or use a larger plan.',
  ),
  plan: text('请联系飞书管理员升级套餐。', 'Ask the Feishu administrator for a larger plan.'),
  grant: text(
    '把应用加进这个多维表格：打开多维表格 → 右上角 ··· → 更多 → 添加文档应用 → 选择本应用，权限选“可管理”。',
    'Add the app to this base: open it → ··· (top right) → More → Add document app → choose this app, with the right to manage.',
  ),
  role: text(
    '多维表格开了高级权限，应用没有这个权限：请在“添加文档应用”里给应用“可管理”，或在高级权限里给它一个能读写这张表的角色。',
    'The base uses advanced permissions and the app lacks the right: give the app the right to manage the base, or a role that may read and write this table.',
  ),
  scope: text(
    '在开发者后台给应用开通权限，并发布新版本：https://open.feishu.cn/app → 权限管理。',
    'Give the app the scope in the developer console and publish a version: https://open.feishu.cn/app → Permissions.',
  ),
  credentials: text(
    '核对 FEISHU_APP_ID、FEISHU_APP_SECRET、FEISHU_DOMAIN：https://open.feishu.cn/app → 应用 → 凭证与基础信息。',
    'Check FEISHU_APP_ID, FEISHU_APP_SECRET and FEISHU_DOMAIN: https://open.feishu.cn/app → your app → Credentials & Basic Info.',
  ),
  enable: text(
    '应用被停用或还没有在企业里安装：请管理员在管理后台启用，并发布应用版本。',
    'The app is disabled or not installed in the tenant: ask the administrator to enable it, and publish a version.',
  ),
  address: text(
    '本机 IP 不在应用的白名单里：https://open.feishu.cn/app → 安全设置 → IP 白名单。',
    'This machine’s IP is not on the app’s allow-list: https://open.feishu.cn/app → Security Settings → IP allow-list.',
  ),
  quota: text(
    '额度在下月 1 日恢复；也可以升级套餐。',
    'The quota starts anew on the 1st; a larger plan has more.',
  ),
  bot: text(
    '给应用添加“机器人”能力并发布：https://open.feishu.cn/app → 添加应用能力。',
    'Add the bot ability to the app and publish it: https://open.feishu.cn/app → Add Features.',
  ),
  chat: text(
    '机器人不在这个群里或不能发言：请把它加进群，并检查群的发言设置。',
    'The bot is not in this chat or may not speak there: add it, and check the group’s settings.',
  ),
  person: text(
    '请检查应用的可用范围是否包含这个人。',
    'Check that the app’s availability range holds this person.',
  ),
  people: text(
    '核对这些人的 ID，并让应用的通讯录权限范围包含他们：https://open.feishu.cn/app → 权限管理 → 数据权限 → 通讯录权限范围，然后发布新版本。',
    'Check these people’s IDs, let the app’s contact range hold them (https://open.feishu.cn/app → Permissions & Scopes → Data permissions → contact range), and publish a version.',
  ),
  message: text(
    '这条消息已被撤回、删除或超过 14 天，不能再更新。',
    'The message was recalled, deleted, or is older than 14 days: it cannot be changed any more.',
  ),
  content: text('飞书不接受这张卡片的内容。', 'Feishu does not take the content of this card.'),
  domain: text(
    '这个地址上没有飞书接口：请核对 FEISHU_DOMAIN（飞书 https://open.feishu.cn，Lark https://open.larksuite.com）。',
    'There is no such Feishu API at this address: check FEISHU_DOMAIN (https://open.feishu.cn, or https://open.larksuite.com for Lark).',
  ),
  network: text(
    '请检查 FEISHU_DOMAIN 里的地址，以及本机的网络、DNS 和防火墙；只能经代理上网时，请设置 HTTPS_PROXY。',
    'Check the address in FEISHU_DOMAIN, and network, DNS and firewall of this machine; where the internet is behind a proxy, set HTTPS_PROXY.',
  ),
  unanswered: text(
    '请稍后再试；如果一直这样，请检查本机到飞书的网络（中间的防火墙或网关可能断开了连接）。',
    'Try again later; if it stays, check the network between this machine and Feishu: a firewall or gateway may cut connections.',
  ),
} as const satisfies Readonly<Record<string, Text>>;

/** What a failed call means, for its headline: by what to do about it. Feishu’s own words stand behind it. */
export const headlines: ReadonlyMap<Text, Text> = new Map([
  [cures.busy, text('飞书请求太多，暂时不接受', 'Feishu takes no more requests right now')],
  [cures.conflict, text('同一张表正被别处写入', 'The table is being written to by somebody else')],
  [cures.copying, text('多维表格正在被复制', 'The base is being copied')],
  [cures.value, text('有一个值不符合它的字段', 'A value does not fit its field')],
  [cures.cell, text('单元格内容太多', 'A cell holds too much')],
  [cures.attachment, text('附件不能写入', 'An attachment cannot be written')],
  [cures.record, text('记录已不存在', 'The record is gone')],
  [cures.field, text('找不到字段', 'A field cannot be found')],
  [cures.table, text('找不到多维表格或数据表', 'The base or table cannot be found')],
  [cures.view, text('找不到视图', 'The view cannot be found')],
  [cures.wiki, text('找不到多维表格', 'The base cannot be found')],
  [cures.page, text('找不到知识库页面', 'The wiki page cannot be found')],
  [cures.nameTaken, text('名字已被占用', 'The name is taken')],
  [cures.badName, text('名字不被接受', 'The name is refused')],
  [cures.newField, text('字段不能新建', 'The field cannot be created')],
  [cures.rows, text('数据表的行数已到上限', 'The table is full')],
  [cures.limit, text('已到多维表格的上限', 'A limit of the base is reached')],
  [cures.plan, text('飞书套餐已到上限', 'The Feishu plan is used up')],
  [cures.grant, text('应用没有权限使用这个多维表格', 'The app lacks the right to this base')],
  [cures.role, text('应用在这个多维表格里的角色权限不够', 'The app’s role in this base does not allow it')],
  [cures.policy, text('安全设置不允许', 'A security setting forbids it')],
  [cures.scope, text('应用缺少权限', 'The app lacks a permission')],
  [cures.credentials, text('应用凭证无效', 'The app’s credentials are not valid')],
  [cures.enable, text('应用没有启用', 'The app is not enabled')],
  [cures.address, text('本机 IP 不在白名单里', 'This machine’s IP is not allowed')],
  [cures.quota, text('本月的 API 调用额度已用完', 'This month’s quota of API calls is used up')],
  [cures.bot, text('应用没有机器人能力', 'The app has no bot')],
  [cures.chat, text('机器人不能在这个群里发言', 'The bot cannot write to this chat')],
  [cures.person, text('机器人不能给这个人发消息', 'The bot cannot write to this person')],
  [cures.people, text('找不到这些人', 'People cannot be found')],
  [cures.openId, text('open_id 无效', 'An open_id is not valid')],
]);

/** What a code of Feishu's means for us. */
export interface CodeEntry {
  readonly code: number;
  readonly verdict: Verdict;
  readonly cure: Text;
  /** Whether a write that was answered so may have been carried out. */
  readonly mayHaveHappened: boolean;
  /** Milliseconds to wait when Feishu names none. */
  readonly pause?: number;
  /** Whether it is also what a call gets that asks for too much at once. */
  readonly heavy?: true;
}

type More = Partial<Pick<CodeEntry, 'mayHaveHappened' | 'pause' | 'heavy'>>;

const as = (
  verdict: Verdict,
  cure: Text,
  numbers: readonly number[],
  more: More = {},
): readonly CodeEntry[] => numbers.map((code) => ({ code, verdict, cure, mayHaveHappened: false, ...more }));

/** Codes that follow each other. */
const range = (first: number, last: number): readonly number[] =>
  Array.from({ length: last - first + 1 }, (_, at) => first + at);

/** For a write that was answered so and may be in the table all the same. */
const maybe = { mayHaveHappened: true } as const;

/**
 * Tables. What Feishu calls each code stands on the pages
 * https://open.feishu.cn/document/server-docs/docs/bitable-v1/app-table-record/batch_create and siblings.
 */
const bitable: readonly CodeEntry[] = [
  ...as('wait', cures.busy, [1254112, 1254290]),
  ...as('wait', cures.conflict, [1254291]),
  ...as('wait', cures.busy, [1254607], { heavy: true }),
  ...as('wait', cures.copying, [1254036], { pause: 30_000 }),
  // The same request is being worked on at this moment, or just was.
  ...as('wait', cures.busy, [1254608], maybe),
  // "Fail" and "Request timed out".
  ...as('round', cures.passing, [1254002, 1255040], { ...maybe, heavy: true }),
  ...as('round', cures.passing, [1254200, ...range(1255001, 1255005)], maybe),
  ...as('values', cures.value, [1254006, 1254007, 1254015, ...range(1254060, 1254068), 1254072, 1254074]),
  ...as('values', cures.cell, [1254106, 1254130]),
  ...as('values', cures.attachment, [1254027, 1254069, 1254303]),
  ...as('gone', cures.record, [1254043]),
  ...as('smaller', cures.split, [1254030, 1254104]),
  ...as('reread', cures.field, [1254009, 1254024, 1254044, 1254045]),
  // "Client token conflict", and "DataNotChange": all is as it should be already, reading back says so.
  ...as('settle', cures.busy, [1255006, 1254606], maybe),
  // "Invalid client token".
  ...as('settle', cures.request, [1254037]),
  ...as('stop', cures.table, [1254003, 1254004, 1254040, 1254041, 1254702]),
  ...as('stop', cures.wiki, [91402]),
  ...as('stop', cures.view, [1254005, 1254042]),
  ...as('stop', cures.grant, [91403, 1254701]),
  ...as('stop', cures.role, [1254301, 1254302, 1254304]),
  ...as('stop', cures.policy, [1254305]),
  ...as('stop', cures.plan, [1254306]),
  ...as('stop', cures.rows, [1254103]),
  ...as('stop', cures.limit, [...range(1254100, 1254102), 1254105, ...range(1254109, 1254111), 1254292]),
  ...as('stop', cures.nameTaken, [1254013, 1254014, 1254039]),
  ...as('stop', cures.badName, [1254026, 1254028, 1254029, 1254038]),
  // "Type not supported", "ActionValidateFailed", and the property of each type of field.
  ...as('stop', cures.newField, [1254012, 1254070, ...range(1254080, 1254096)]),
  // Bodies, pages, sorts, filters, views and roles of a kind that this program does not send.
  ...as('stop', cures.request, [
    ...[1254000, 1254001, 1254008, 1254010, 1254011, 1254016, ...range(1254018, 1254023), 1254025],
    ...[...range(1254031, 1254034), ...range(1254046, 1254050), 1254107, 1254108, 1254800],
  ]),
];

/** The gateway: https://open.feishu.cn/document/server-docs/api-call-guide/generic-error-code and …/frequency-control. */
const gateway: readonly CodeEntry[] = [
  ...as('wait', cures.busy, [99991400]),
  ...as('round', cures.passing, [1500, 1551, 2200], maybe),
  ...as('stop', cures.request, [9499, 99992402]),
  ...as('stop', cures.openId, [99992351, 99992361]),
  ...as('stop', cures.quota, [99991403]),
  ...as('stop', cures.address, [99991401]),
  ...as('stop', cures.scope, [99991672, 99991676, 99991679]),
  ...as('stop', cures.enable, [10014, 99991662, 99991673]),
  ...as('stop', cures.credentials, [10003, 10005, 10012, 10013, 10015, 99991543]),
  // Tokens: missing, not valid, of another tenant or kind, malformed, expired.
  ...as('stop', cures.credentials, [
    ...[99991661, 99991663, 99991664, 99991665, 99991668, 99991669, 99991671, 99991677],
  ]),
];

/** Messages: https://open.feishu.cn/document/server-docs/im-v1/message/create, …/reply, …/patch. */
const messages: readonly CodeEntry[] = [
  // Creations throttled, the limit of one chat or message, a message that is still being sent.
  ...as('wait', cures.busy, [11232, 11233, 11247, 230020, 230049]),
  // Parameters, words that an audit refuses, length, kind; of files their parameters and size.
  ...as('values', cures.content, [230001, 230017, 230022, 230025, 230028, 230054, 230055, 230099]),
  ...as('values', cures.content, [234001, 234006, 234010]),
  // Recalled, older than 14 days, deleted.
  ...as('stop', cures.message, [230011, 230031, 230110]),
  // The bot is not in the chat, may not write to it, or there is none.
  ...as('stop', cures.chat, [230002, 230018, 230019, 230034, 230035, 230075, 232006, 232009, 232011]),
  // Not in the availability range, left, or stopped this bot.
  ...as('stop', cures.person, [230013, 230029, 230053]),
  ...as('stop', cures.bot, [230006]),
  ...as('stop', cures.scope, [230027]),
];

/** Wiki: https://open.feishu.cn/document/server-docs/docs/wiki-v2/space/get_node. */
const wiki: readonly CodeEntry[] = [
  ...as('round', cures.passing, [131001, 131007]),
  ...as('stop', cures.request, [131002, 131004]),
  ...as('stop', cures.page, [131005]),
  ...as('stop', cures.grant, [131006]),
];

/** People: https://open.feishu.cn/document/contact-v3/user/batch and …/server-docs/contact-v3/user/batch_get_id. */
const contact: readonly CodeEntry[] = [
  ...as('values', cures.people, [41050, 99992360, 99992364, 99992381]),
  // "No department authority".
  ...as('stop', cures.people, [40004]),
  ...as('stop', cures.request, [40001]),
];

/** Every code that this program has an opinion on. */
export const codes: ReadonlyMap<number, CodeEntry> = new Map(
  [...bitable, ...gateway, ...messages, ...wiki, ...contact].map((entry) => [entry.code, entry]),
);

/** Codes with which a look-up of people says that an ID names nobody whom the app may see. */
export const nobodyCodes: ReadonlySet<number> = new Set([41050, 99992351, 99992360, 99992364, 99992381]);

/** The app lacks a scope. */
export const scopeMissing = 99991672;

/** Codes with which the token endpoint refuses the app itself; they come with HTTP 200. */
export const credentialCodes: ReadonlySet<number> = new Set([
  10003, 10005, 10012, 10013, 10014, 10015, 99991543,
]);

/** Codes that one fresh token may cure. */
export const tokenCodes: ReadonlySet<number> = new Set([99991661, 99991663]);

/** Card content refused; the true reason stands in the message as `ErrCode: …`. */
export const cardRefused = 230099;
/** Inside {@link cardRefused}: several things, one of which is a click that still locks the card. */
export const cardLocked = 11310;

/** Codes that refuse what a message says or how it says it: a line of plain text may pass. */
export const contentCodes: ReadonlySet<number> = new Set([230022, 230025, 230028, 230054, cardRefused]);
