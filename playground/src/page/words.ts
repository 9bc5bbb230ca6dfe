import type { FaultName, Words } from './wire.ts';

/** The languages of page and cards. */
export type Language = 'zh' | 'en';

/** What a card calls them. https://open.feishu.cn/document/uAjLw4CM/ukzMukzMukzM/feishu-cards/configure-multi-language-content */
export const i18nKeys: Readonly<Record<Language, string>> = { zh: 'zh_cn', en: 'en_us' };

const w = (zh: string, en: string): Words => ({ zh, en });

export const words = {
  title: w('bitable-sync 演示', 'bitable-sync demo'),
  local: w('只在这台机器上 · 模拟的飞书', 'on this machine only · a simulated Feishu'),
  connected: w('机器人已连接', 'Bot connected'),
  notConnected: w('机器人未连接', 'Bot not connected'),
  lost: w('页面与演示断开，正在重连…', 'Lost the demo, connecting again …'),
  viewAs: w('身份', 'You are'),
  language: w('English', '中文'),
  switchLanguage: w('切换为英文', 'Switch to Chinese'),
  chat: w('会话', 'Chat'),
  messages: w('消息', 'Messages'),
  chats: w('会话列表', 'Chats'),
  noMessages: w('还没有消息。发送 /help 试试。', 'Nothing was said yet. Try /help.'),
  write: w('发消息', 'Message'),
  placeholder: w('发消息给 Sync Bot，如 /sync orders', 'Write to Sync Bot, such as /sync orders'),
  menu: w('机器人菜单', 'Bot menu'),
  mention: w('@机器人', '@ the bot'),
  send: w('发送', 'Send'),
  group: w('群', 'group'),
  newMessages: w('有新消息', 'New messages'),
  skip: w('跳到输入框', 'Skip to the message field'),
  unread: w('有新消息', 'new messages'),
  bot: w('机器人', 'Bot'),
  edited: w('已更新', 'updated'),
  recalled: w('消息已撤回', 'This message was recalled'),
  replyTo: w('回复', 'Reply to'),
  thread: w('话题', 'in thread'),
  pressed: w('按下', 'pressed'),
  download: w('下载', 'Download'),
  otherMessage: w('不能显示的消息', 'A message that cannot be shown here'),
  unsupported: w('不支持的组件', 'Unsupported element'),
  cancel: w('取消', 'Cancel'),
  ok: w('确定', 'Confirm'),
  choose: w('请选择', 'Choose'),
  required: w('必填', 'required'),
  previous: w('上一页', 'Previous page'),
  next: w('下一页', 'Next page'),
  more: w('更多', 'More'),
  notFilled: w('请先填写必填项', 'Fill in what is required first'),
  unanswered: w('机器人没有正确应答', 'The bot gave no right answer'),
  table: w('多维表格', 'Bitable'),
  records: w('条记录', 'records'),
  noRecords: w('表格还是空的。', 'The table is empty.'),
  follow: w('跟随变化', 'Follow changes'),
  addRow: w('新增一行', 'Add a row'),
  editCell: w('改一个单元格', 'Edit a cell'),
  removeRow: w('删除这一行', 'Delete this row'),
  row: w('行', 'Row'),
  everybody: w('所有人', 'everyone'),
  faults: w('故障', 'Faults'),
  faultsHint: w('让模拟的飞书出错', 'let the simulated Feishu fail'),
  armed: w('待命中', 'armed'),
  on: w('生效中', 'on'),
  used: w('已触发', 'hit'),
  off: w('关', 'off'),
  byHand: w('像人一样改表格', 'Change the table by hand'),
  log: w('调用与事件', 'Calls and events'),
  time: w('时间', 'Time'),
  method: w('方法', 'Method'),
  path: w('路径', 'Path'),
  code: w('结果', 'Code'),
  ms: w('毫秒', 'ms'),
  rows: w('行', 'Rows'),
  onlyCalls: w('调用', 'Calls'),
  onlyEvents: w('事件', 'Events'),
  onlyNotes: w('操作', 'Acts'),
  onlyWrites: w('只看写入', 'Writes only'),
  onlyErrors: w('只看出错', 'Errors only'),
  filter: w('按路径筛选', 'Filter by path'),
  nothingLogged: w('还没有符合条件的记录。', 'Nothing to show yet.'),
} as const satisfies Record<string, Words>;

const waitsForWrite = w(
  '等待下一次写入：先让数据有变化（新订单、改一个单元格），再同步',
  'Waits for a write: change something (new orders, edit a cell), then sync',
);

/** The faults: what each is called and what it does. */
export const faultWords: Readonly<Record<FaultName, { readonly name: Words; readonly does: Words }>> = {
  throttle: {
    name: w('限流', 'Throttle'),
    does: w('下一次表格调用得到 429', 'The next call to the table gets a 429'),
  },
  conflict: {
    name: w('写冲突', 'Write conflict'),
    does: w('下一次写入得到 1254291', 'The next write gets 1254291'),
  },
  loseAnswer: {
    name: w('丢失应答', 'Lose an answer'),
    does: w('下一次写入生效，但应答丢失', 'The next write is done, its answer is lost'),
  },
  refuseRow: {
    name: w('拒绝一行', 'Refuse a row'),
    does: w('接下来的写入里有一行总是 1254060', 'One row of the next write always gets 1254060'),
  },
  revoke: {
    name: w('收回权限', 'Revoke permission'),
    does: w('应用不再能读写这个多维表格', 'The app may no longer read or write the base'),
  },
  slow: { name: w('变慢', 'Slow down'), does: w('每次调用多等 1.5 秒', 'Each call takes 1.5 s longer') },
  disconnect: {
    name: w('断开长连接', 'Drop the connection'),
    does: w('机器人的长连接马上断开', "The bot's long connection is cut at once"),
  },
};

/** What an armed fault waits for that no call has met yet. */
export const faultWaits: Readonly<Partial<Record<FaultName, Words>>> = {
  throttle: w('等待下一次表格调用：发送 /sync orders', 'Waits for a call to the table: send /sync orders'),
  conflict: waitsForWrite,
  loseAnswer: waitsForWrite,
  refuseRow: waitsForWrite,
};

/** How an acknowledgement is called. */
export const ackWords: Readonly<Record<string, Words>> = {
  ok: w('已应答', 'ok'),
  failed: w('处理失败', 'failed'),
  silent: w('无应答', 'no answer'),
  nobody: w('无人在线', 'nobody'),
};
