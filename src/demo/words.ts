import type { DemoOptions } from '../cli/command.ts';
import { count, type Text, text } from '../sync/words/text.ts';
import { faultStories } from './faults.ts';
import type { RealShop } from './mysql.ts';
import type { ShopChange } from './shop.ts';

/** The first three lines: what is started, and that nothing leaves the machine. */
export function opening({ source }: Pick<DemoOptions, 'source'>, rows: number): readonly Text[] {
  const shop =
    source === undefined
      ? text(`示例商店（SQLite，${count(rows)} 笔订单）`, `a sample shop (SQLite, ${count(rows)} orders)`)
      : text('你指定的 MySQL', 'your MySQL');
  return [
    text(
      `演示会在本机启动：一个模拟的飞书、${shop.zh}、机器人。`,
      `This starts a local Feishu, ${shop.en} and the bot.`,
    ),
    text(
      '机器人就是正式的程序：官方 SDK、长连接，只是地址换成了 127.0.0.1。',
      "The bot is the real program: Feishu's SDK, long connection, only on 127.0.0.1.",
    ),
    source === undefined
      ? text(
          '不需要账号，数据不会离开这台机器，结束后什么都不留下。',
          'No account is needed, nothing leaves this machine, nothing stays behind.',
        )
      : text(
          '不需要飞书账号；除了连接这个 MySQL，数据不会离开这台机器。',
          'No Feishu account is needed; but for your MySQL, nothing leaves this machine.',
        ),
  ];
}

/** What became of a real database. */
export const foundShop = ({ created, orders, place }: RealShop): Text =>
  created
    ? text(
        `在 ${place} 新建了表 users 和 user_orders（${count(orders)} 笔订单）；演示结束后它们会留下。`,
        `Made the tables users and user_orders in ${place} (${count(orders)} orders); they stay after the demo.`,
      )
    : text(
        `${place} 里已有 users 和 user_orders（${count(orders)} 笔订单）：只读取，不改动。`,
        `${place} has users and user_orders already (${count(orders)} orders): they are read, never changed.`,
      );

/** The faults, one a line, numbered. */
export const faultList = (): readonly Text[] => [
  text('这次会遇到的故障：', 'The faults of this run:'),
  ...faultStories.map(({ name, story }, at) =>
    text(`  ${sign(at)} ${name.zh} — ${story.zh}`, `  ${sign(at)} ${name.en} — ${story.en}`),
  ),
];

/** Said when a fault is met. */
export function faultMet(at: number, row: string | undefined): Text {
  const name = faultStories[at]?.name ?? text('', '');
  return row === undefined
    ? text(`  ⚡ ${sign(at)} ${name.zh}`, `  ⚡ ${sign(at)} ${name.en}`)
    : text(`  ⚡ ${sign(at)} ${name.zh}（订单 ${row}）`, `  ⚡ ${sign(at)} ${name.en} (order ${row})`);
}

const sign = (at: number): string => '①②③④⑤'[at] ?? '·';

/** Said when the lasting faults end. */
export const mended = text(
  '  ⚡ ③ 和 ⑤ 到此为止：从现在起都能写入。',
  '  ⚡ ③ and ⑤ end here: from now on everything gets through.',
);

/** What can be typed. */
export const hint = text(
  '输入数字来按按钮，或直接发消息，如 /sync orders、/help；输入“新订单”让商店有变化；Ctrl-C 离开。',
  "Type a button's number, or a message such as /sync orders or /help; “new orders” changes the shop; Ctrl-C ends.",
);

/** Said while the first run waits for the page. */
export const beginning = text(
  '打开页面就开始第一次同步；不打开则 15 秒后开始，按回车马上开始。',
  'The first sync begins when the page is open, or after 15 seconds; Enter begins it now.',
);

/** The button that changes the shop. */
export const newOrders = {
  name: text('新订单', 'New orders'),
  does: text('商店里新增 200 笔，改动和删除一些', 'The shop gets 200 new orders; some change, some go'),
};

/** Whether a typed line asks for the shop to change. */
export const asksForOrders = (line: string): boolean => /^(new orders|新订单)$/i.test(line);

export const shopChanged = ({ created, changed, gone }: ShopChange): Text =>
  text(
    `商店变了：新增 ${created}、改动 ${changed}、删除 ${gone}。发送 /sync orders 同步过去。`,
    `The shop changed: ${created} new, ${changed} changed, ${gone} gone. /sync orders brings it over.`,
  );

export const shopIsRead = text(
  '  这个数据库只读取，演示不会改动它。',
  '  This database is only read: the demo does not change it.',
);

/** Where the page is. */
export const pageAt = (url: string): readonly Text[] => [
  text(
    '在浏览器里看（会话、表格、故障、调用都在一页上）：',
    'In a browser (chat, table, faults and calls on one page):',
  ),
  text(`  ${url}`, `  ${url}`),
];

export const noBrowser = text(
  '  没能打开浏览器：请自己打开上面的地址。',
  '  No browser could be started: open the address above yourself.',
);

export const leaving = text('正在清理……', 'Clearing up …');

export const noButton = (number: string): Text =>
  text(`  最新的卡片上没有按钮 ${number}。`, `  The newest card has no button ${number}.`);

export const confirmFirst = (question: string, number: string): Text =>
  text(
    `  ？ ${question} 再输入一次 ${number} 确认。`,
    `  ? ${question} Type ${number} once more to confirm.`,
  );

/** What a press came to. */
export const pressed = (label: string): Text => text(`  按下“${label}”`, `  pressed "${label}"`);

/** How the table looks now. */
export const tableNow = (name: string, records: number): Text =>
  text(`  表格“${name}”现有 ${count(records)} 条记录`, `  The table ${name} has ${count(records)} records`);

/** Lines of a file that are shown of it. */
const linesShown = 4;

/** A file that the bot sent, with its first lines. */
export function fileCame({ name, content }: { readonly name: string; readonly content: Buffer }): Text {
  const lines = content.toString('utf8').replace('\ufeff', '').split('\r\n').slice(0, -1);
  const head = lines.slice(0, linesShown).map((line) => `    ${line}`);
  const more = lines.length > linesShown ? ['    …'] : [];
  const rows = count(Math.max(0, lines.length - 1));
  return text(
    [`  文件 ${name}，${rows} 行`, ...head, ...more].join('\n'),
    [`  file ${name}, ${rows} rows`, ...head, ...more].join('\n'),
  );
}
