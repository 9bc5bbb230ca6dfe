import { type Text, text } from '../../sync/words/text.ts';

/** What a failed call means to people. */
export interface Meaning {
  /** Its headline, Feishu's own words stand behind it; undefined where those are enough. */
  readonly what: Text | undefined;
  /** What the person who can act should do. */
  readonly cure: Text;
  /** The verdict when Feishu points at one record: then it is that record and not the whole request. */
  readonly pointed?: 'values';
}

const meaning = (what: Text | undefined, zh: string, en: string): Meaning => ({ what, cure: text(zh, en) });

/**
 * The meanings, by the words of https://open.feishu.cn/document/server-docs/api-call-guide/generic-error-code and the
 * pages of each API.
 */
export const meanings = {
  busy: meaning(
    text('飞书请求太多，暂时不接受', 'Feishu is not accepting requests at the moment'),
    '飞书正忙，会自动稍后再试；若一直如此，请减少同时写这个多维表格的程序和自动化流程。',
    'Feishu is busy; the call is tried again later. If it stays so, let fewer programs and automations write to this base at once.',
  ),
  conflict: meaning(
    text('同一张表正被别处写入', 'Someone else is writing to the table'),
    '别的程序、自动化流程或人正在写同一张表，会自动稍后再试；若一直如此，请让它们错开时间。',
    'Another program, an automation or a person writes to the same table; the call is tried again later. If it stays so, let them write at other times.',
  ),
  passing: meaning(
    undefined,
    '飞书内部出错，稍后再试；若反复出现，请把日志 ID 交给飞书技术支持。',
    'Feishu had a fault of its own. Try again later; if it comes back, give the log ID to Feishu support.',
  ),
  copying: meaning(
    text('多维表格正在被复制', 'The base is being copied'),
    '多维表格正在被复制，请等几分钟。',
    'The base is being copied: wait some minutes.',
  ),
  value: meaning(
    text('有一个值不符合它的字段', 'A value does not fit its field'),
    '这一行里有飞书不接受的值：请对照字段类型修改查询，或改字段类型。',
    'A value in this row does not fit its field: change the query, or the type of the field.',
  ),
  cell: meaning(
    text('单元格内容太多', 'A cell holds too much'),
    '单元格内容太长或太多（文本最多 100,000 个字符）：请在查询里截短。',
    'The cell holds too much (a text may have 100,000 characters): shorten it in the query.',
  ),
  attachment: meaning(
    text('附件不能写入', 'An attachment cannot be written'),
    '附件没有上传到这个多维表格：附件必须先上传到目标多维表格。',
    'The attachment was not uploaded to this base: upload it there first.',
  ),
  record: meaning(
    text('记录已不存在', 'The record is gone'),
    '记录已被删除：重新同步一次即可。',
    'The record was deleted: run the sync again.',
  ),
  field: meaning(
    text('找不到字段', 'A field cannot be found'),
    '找不到这个字段：可能被改名、删除，或被高级权限隐藏。请核对字段名后再同步。',
    'There is no such field: it was renamed, deleted, or hidden by advanced permissions. Compare the names, then run again.',
  ),
  table: meaning(
    text('找不到多维表格或数据表', 'The base or table cannot be found'),
    '找不到这个多维表格或数据表：请打开它，重新复制地址到定义里。',
    'There is no such base or table: open it and copy its address into the definition again.',
  ),
  view: meaning(
    text('找不到视图', 'The view cannot be found'),
    '地址里 view= 的视图已经没有了：打开要用的视图，重新复制地址到定义的 target；或在定义里去掉 view: limit。',
    'The view of the address is gone: open the one to use and copy its address into the definition’s target, or take view: limit out of the definition.',
  ),
  wiki: meaning(
    text('找不到多维表格', 'The base cannot be found'),
    '找不到这个多维表格。若它在知识库里，请复制知识库页面（/wiki/…）的地址。',
    'There is no such base. If it stands in a wiki, copy the address of the wiki page (/wiki/…).',
  ),
  page: meaning(
    text('找不到知识库页面', 'The wiki page cannot be found'),
    '在飞书里打开这个知识库页面，重新复制地址（它可能已被删除或移走）；不在知识库里的多维表格，请用 /base/… 的地址。',
    'Open the wiki page in Feishu and copy its address again: it may have been deleted or moved. A base that stands in no wiki has an address with /base/….',
  ),
  request: {
    ...meaning(
      undefined,
      '飞书不接受这个请求；这是程序的问题，请把日志 ID 一起反馈。',
      'Feishu does not take this request; that is a fault of this program. Please report it with the log ID.',
    ),
    pointed: 'values',
  },
  nameTaken: meaning(
    text('名字已被占用', 'The name is taken'),
    '已有同名的字段或数据表，可能被高级权限隐藏，应用看不到：请在“添加文档应用”里给应用“可管理”，或在定义的 fields 里用 to 换一个名字。',
    'A field or table of this name exists already; advanced permissions may hide it from the app. Give the app the right to manage the base, or choose another name with to in the definition’s fields.',
  ),
  badName: {
    ...meaning(
      text('名字不被接受', 'The name is refused'),
      '飞书不接受这个名字：请在查询里改列名，或在定义的 fields 里用 to 换一个名字（不能为空，也不要用特殊符号）。',
      'Feishu does not take this name: rename the column in the query, or choose another name with to in the definition’s fields; not empty, and without special characters.',
    ),
    pointed: 'values',
  },
  newField: {
    ...meaning(
      text('字段不能新建', 'The field cannot be created'),
      '飞书不能这样新建字段：请在多维表格里手工新建它（名称与列名一致），再同步。',
      'Feishu does not create the field like this: make it in the table by hand, with the name of the column, then run again.',
    ),
    pointed: 'values',
  },
  policy: meaning(
    text('安全设置不允许', 'A security setting forbids it'),
    '企业或知识库的安全设置不允许：请让飞书管理员或知识库管理员放行本应用，或换一个多维表格。',
    'A security setting of the tenant or the wiki forbids it: ask its administrator to let the app in, or use another base.',
  ),
  openId: {
    ...meaning(
      text('open_id 无效', 'An open_id is not valid'),
      '核对定义里的 open_id：它必须来自本应用（对机器人发 /help 可以看到），不能来自别的应用。',
      'Check the open_ids in the definition: they must be those of this app (/help sent to the bot shows yours), not of another one.',
    ),
    pointed: 'values',
  },
  split: meaning(
    undefined,
    '一次写得太多，会自动减半再试。',
    'Too much for one call; it is halved and sent again.',
  ),
  rows: meaning(
    text('数据表的行数已到上限', 'The table is full'),
    '数据表的行数已到上限：删除旧记录、拆分数据表，或升级飞书套餐。',
    'The table holds as many records as the plan allows: delete old ones, use another table, or a larger plan.',
  ),
  limit: meaning(
    text('已到多维表格的上限', 'A limit of the base is reached'),
    '请删减多维表格的内容，或升级飞书套餐。',
    'Remove something from the base, or use a larger plan.',
  ),
  plan: meaning(
    text('飞书套餐已到上限', 'The Feishu plan is used up'),
    '请联系飞书管理员升级套餐。',
    'Ask the Feishu administrator for a larger plan.',
  ),
  grant: meaning(
    text('应用没有权限使用这个多维表格', 'The app lacks the right to this base'),
    '把应用加进这个多维表格：打开多维表格 → 右上角 ··· → 更多 → 添加文档应用 → 选择本应用，权限选“可管理”。',
    'Add the app to this base: open it → ··· (top right) → More → Add document app → choose this app, with the right to manage.',
  ),
  role: meaning(
    text('应用在这个多维表格里的角色权限不够', 'The app’s role in this base does not allow it'),
    '多维表格开了高级权限，应用没有这个权限：请在“添加文档应用”里给应用“可管理”，或在高级权限里给它一个能读写这张表的角色。',
    'The base uses advanced permissions and the app lacks the right: give the app the right to manage the base, or a role that may read and write this table.',
  ),
  scope: meaning(
    text('应用缺少权限', 'The app lacks a permission'),
    '在开发者后台给应用开通权限，并发布新版本：https://open.feishu.cn/app → 权限管理。',
    'Give the app the scope in the developer console and publish a version: https://open.feishu.cn/app → Permissions.',
  ),
  credentials: meaning(
    text('应用凭证无效', 'The app’s credentials are not valid'),
    '核对 FEISHU_APP_ID、FEISHU_APP_SECRET、FEISHU_DOMAIN：https://open.feishu.cn/app → 应用 → 凭证与基础信息。',
    'Check FEISHU_APP_ID, FEISHU_APP_SECRET and FEISHU_DOMAIN: https://open.feishu.cn/app → your app → Credentials & Basic Info.',
  ),
  enable: meaning(
    text('应用没有启用', 'The app is not enabled'),
    '应用被停用或还没有在企业里安装：请管理员在管理后台启用，并发布应用版本。',
    'The app is disabled or not installed in the tenant: ask the administrator to enable it, and publish a version.',
  ),
  address: meaning(
    text('本机 IP 不在白名单里', 'This machine’s IP is not allowed'),
    '本机 IP 不在应用的白名单里：https://open.feishu.cn/app → 安全设置 → IP 白名单。',
    'This machine’s IP is not on the app’s allow-list: https://open.feishu.cn/app → Security Settings → IP allow-list.',
  ),
  quota: meaning(
    text('本月的 API 调用额度已用完', 'This month’s quota of API calls is used up'),
    '额度在下月 1 日恢复；也可以升级套餐。',
    'The quota starts again on the 1st; a larger plan has more.',
  ),
  bot: meaning(
    text('应用没有机器人能力', 'The app has no bot'),
    '给应用添加“机器人”能力并发布：https://open.feishu.cn/app → 添加应用能力。',
    'Add the bot ability to the app and publish it: https://open.feishu.cn/app → Add Features.',
  ),
  chat: meaning(
    text('机器人不能在这个群里发言', 'The bot cannot write to this chat'),
    '机器人不在这个群里或不能发言：请把它加进群，并检查群的发言设置。',
    'The bot is not in this chat or may not speak there: add it, and check the group’s settings.',
  ),
  person: meaning(
    text('机器人不能给这个人发消息', 'The bot cannot write to this person'),
    '请检查应用的可用范围是否包含这个人。',
    'Check that the app’s availability range holds this person.',
  ),
  people: meaning(
    text('找不到这些人', 'People cannot be found'),
    '核对这些人的 ID，并让应用的通讯录权限范围包含他们：https://open.feishu.cn/app → 权限管理 → 数据权限 → 通讯录权限范围，然后发布新版本。',
    'Check these people’s IDs, let the app’s contact range hold them (https://open.feishu.cn/app → Permissions & Scopes → Data permissions → contact range), and publish a version.',
  ),
  message: meaning(
    undefined,
    '这条消息已被撤回、删除或超过 14 天，不能再更新。',
    'The message was recalled, deleted, or is older than 14 days: it cannot be changed any more.',
  ),
  content: meaning(undefined, '飞书不接受这张卡片的内容。', 'Feishu does not take the content of this card.'),
} as const;

/** What to do when Feishu cannot be reached. */
export const network = text(
  '请检查 FEISHU_DOMAIN 里的地址，以及本机的网络、DNS 和防火墙；只能经代理上网时，请设置 HTTPS_PROXY。',
  'Check the address in FEISHU_DOMAIN, and network, DNS and firewall of this machine; where the internet is behind a proxy, set HTTPS_PROXY.',
);
/** What to do when no answer came. */
export const unanswered = text(
  '请稍后再试；如果一直这样，请检查本机到飞书的网络（中间的防火墙或网关可能断开了连接）。',
  'Try again later; if it stays, check the network between this machine and Feishu: a firewall or gateway may cut connections.',
);
/** What to do when something else than Feishu answers. */
export const otherDomain = text(
  '这个地址上没有飞书接口：请核对 FEISHU_DOMAIN（飞书 https://open.feishu.cn，Lark https://open.larksuite.com）。',
  'There is no such Feishu API at this address: check FEISHU_DOMAIN (https://open.feishu.cn, or https://open.larksuite.com for Lark).',
);
