import type { Locale } from '../words/text.ts';

/** What a key of a definition means; zod makes the English the description in the JSON schema. */
const as = (zh: string, description: string) => ({ description, zh });

/** Puts the description of a place of a JSON schema into one language. */
export function speak(schema: { description?: string; zh?: unknown }, locale: Locale): void {
  if (locale === 'zh-CN' && typeof schema.zh === 'string') schema.description = schema.zh;
  delete schema.zh;
}

/** What the keys of a definition mean, for editors and documents. */
export const means = {
  rule: {
    to: as(
      '写入的字段，与列名不同时才需要。',
      "The field to write to, when its name differs from the column's.",
    ),
    from: as(
      '查询的列，这一条按字段名写时才需要。',
      'The column to read, when this entry is named after the field.',
    ),
    as: as(
      '按这个类型读这一列，而不是按字段自己的类型。',
      "The kind to read the column as, instead of the field's own.",
    ),
    skip: as('不同步这一列。', 'Leaves the column out.'),
    by: as(
      '用什么找人（open_id、user_id、union_id、email、mobile）或关联的记录（对方表的字段）。',
      'What identifies people (open_id, user_id, union_id, email, mobile) or linked records (a field of their table).',
    ),
    missing: as(
      '找不到时：reject 拒绝该行（默认），empty 留空。',
      'What to do with a value that matches nothing: reject the row (default), or leave the cell empty.',
    ),
    options: as(
      '选项不存在时：create 新建（默认），reject 拒绝该行。',
      'What to do with a missing select option: create it (default), or reject the row.',
    ),
    round: as(
      '允许舍去字段存不下的部分：超过 15 位的数字、不足一毫秒的时间、坐标的第 7 位小数起。',
      'Drops what the field cannot hold: digits beyond 15, fractions of a millisecond, decimal places of a location beyond 6.',
    ),
    trim: as('去掉首尾的空白。', 'Removes blanks at both ends.'),
    map: as('替换值；没有列出的保持不变。', 'Replaces values; values that are not listed stay as they are.'),
    default: as('值为空时用它代替。', 'Replaces an empty value.'),
    split: as('用这个分隔符把一段文本拆成多个值。', 'Splits one text into several values at this separator.'),
    truncate: as(
      '文本最多保留多少个字符，1 到 100000。',
      'Keeps at most this many characters of a text, 1 to 100000.',
    ),
    empty: as(
      '值为空时：clear 清空单元格（默认），keep 保留原来的内容。',
      'What an empty value does to the cell: clear it (default), or keep its content.',
    ),
    unit: as(
      '数字作为日期时的单位：s 秒，ms 毫秒（默认）。',
      'The unit of numbers that are read as dates: seconds, or milliseconds (default).',
    ),
  },
  keyPart: {
    source: as('查询的列。', 'The column of the query.'),
    column: as('同 source。', 'Same as source.'),
    table: as('表格的字段。', 'The field of the table.'),
    field: as('同 table。', 'Same as table.'),
  },
  entry: {
    do: as(
      'run 同步；remind 发一张提醒卡片，带“立即同步、一小时后、明天、跳过”；digest 汇总运行、失败、行数和多久没有同步。',
      'run: sync. remind: send a card that offers sync now, in an hour, tomorrow, skip. digest: summarise runs, failures, rows and staleness.',
    ),
    cron: as(
      '时间：分 时 日 月 周（前面可加秒）。日和周都要符合；支持 L、15W、5#2。',
      'When: minute, hour, day, month, weekday (seconds may come first). Day and weekday must both match; L, 15W and 5#2 work.',
    ),
    timeZone: as(
      'cron 的时区（IANA）；不写时用定义的时区。',
      "The IANA time zone of cron; the definition's when not given.",
    ),
    chat: as(
      '通知的群（oc_…）或人（ou_…）；不写时是 access.chats 的第一个，再没有则是第一个可以确认的人。',
      'The chat (oc_…) or person (ou_…) to notify; when not given, the first of access.chats, then the first person who may approve.',
    ),
    unless: as(
      '这段时间内同步过就跳过，如 4h。',
      'Skipped when the table was synced within this time, such as 4h.',
    ),
    plan: as(
      '提醒前先做计划，写明有多少行待写入；默认 false。',
      'Whether a reminder makes a plan first and says how many rows are waiting; false when not given.',
    ),
    missed: as(
      '程序停止期间错过的时间：once 补一次（默认），skip 跳过。',
      'What to do about times missed while the program was stopped: run once (default), or skip.',
    ),
    stale: as(
      '超过这段时间没有成功同步时提醒一次，恢复后再通知一次。',
      'Warns once when no run has succeeded for this long, and reports once when one has again.',
    ),
    quiet: as('没有变化时不发消息；默认 true。', 'Sends nothing when nothing changed; true when not given.'),
  },
  definition: {
    name: as(
      '命令里写的名称：小写字母、数字、- 和 _，最多 40 个，不能是命令词。',
      'The name that people type: lower-case letters, digits, - and _, at most 40, and not a command word.',
    ),
    title: as('卡片上显示的名称；不写时用 name。', 'The title on cards; the name when not given.'),
    source: as('数据来源。', 'Where the rows come from.'),
    key: as(
      '标识一行的列，两边都非空且唯一。字段名不同时写 {source: id, table: 订单号}；一列不够时写列表，最多 5 列。',
      'The column that identifies a row, non-empty and unique on both sides. {source: id, table: Order} when the field has another name; a list of up to 5 when one column is not enough.',
    ),
    target: as(
      '从浏览器复制的数据表网址：/base/… 或 /wiki/…，带 table=。不带 table= 时由 init 新建数据表。',
      'The address of the table as copied from the browser: /base/… or /wiki/… with table=. Without table=, init creates the table.',
    ),
    mode: as(
      'upsert 新增和更新；append 只新增缺少的；update 只更新已有的；mirror 新增、更新，并删除查询里没有的记录。',
      'upsert: create and update. append: only create missing keys. update: only update existing keys. mirror: upsert, and delete records whose key is not in the query.',
    ),
    fields: as(
      '列的规则，用于不适合“同名、按字段自己的类型”的列：{to: 字段, as: 类型}；只写类型，或 skip 不同步这一列。',
      "Rules for columns that do not go to the field of the same name, by the field's own type: {to: FIELD, as: KIND}, a kind alone, or skip to leave the column out.",
    ),
    chunkSize: as(
      '每次调用的行数，1 到 1000；auto 在飞书为 1000，在 Lark 为 500。删除最多 500。',
      'Rows per call, 1 to 1000; auto is 1000 on Feishu and 500 on Lark. Deletes use 500 at most.',
    ),
    concurrency: as(
      '同一个多维表格同时写入的个数，1 到 8；auto 会自己试出来。',
      'How many writes one Base gets at a time, 1 to 8; auto finds out what it accepts.',
    ),
    rounds: as('失败的部分再发送几轮，0 到 10。', 'How many extra rounds send again what failed, 0 to 10.'),
    deletes: as(
      'mirror 可以删除什么：ask 在删除不是机器人创建的记录前先问一次，all 全部，ours 只删机器人创建的。',
      'What a mirror may delete: ask once before deleting records that the bot did not create, all, or ours only.',
    ),
    brake: as(
      '表格有 10 条以上记录时，超过这个比例的改动要等人确认。',
      'Shares of the table above which a run waits for a person, for tables of 10 records or more.',
    ),
    read: as(
      '怎样读取表格：whole 每次全部读取；{whole: 1d} 至少隔这么久全部读取一次，其间只读要改的记录，前提是全部读取已经证明飞书会报告每一处变动。',
      'How the table is read. whole: all of it in every run. {whole: 1d}: all of it at least this often; in between only the records that change, once whole reads have shown that Feishu reports every change.',
    ),
    expires: as(
      '计划等人确认多久后过期，中断的同步多久以内还能继续：30m、4h、2d；不写时 1d。',
      'How long a plan waits for a person, and how long an interrupted run can be continued: 30m, 4h, 2d; 1d when not given.',
    ),
    access: as('谁可以做什么。', 'Who may do what.'),
    schedule: as('定时做什么，最多 20 项。', 'What happens on a schedule, up to 20 entries.'),
    view: as(
      'limit 表示更新和删除只限于网址里的视图。',
      "limit: updates and deletes stay within the view named in the target's address.",
    ),
    timeZone: as(
      '这个查询的日期属于哪个时区（IANA）；不写时用 TIME_ZONE。',
      "The IANA time zone of the query's dates; TIME_ZONE when not given.",
    ),
    private: as(
      '除了表格之外，在任何地方都打码的列。',
      'Columns that are masked everywhere except in the table.',
    ),
    create: as(
      'fields 表示按查询的列新建表格里缺少的字段。',
      "fields: creates missing fields from the query's columns.",
    ),
    all: as(
      '一个同步：查询、多维表格，以及后者怎样跟随前者。',
      'A sync: a query, a Bitable table, and how the table follows the query.',
    ),
  },
  source: {
    connection: as(
      '设置里的连接：my-shop 是 CONNECTION_MY_SHOP。',
      'A connection of the settings: my-shop is CONNECTION_MY_SHOP.',
    ),
    query: as(
      '一条 SELECT 或 WITH，它的列写入同名字段。',
      'One SELECT or WITH. Its columns go to the fields of the same name.',
    ),
    timeout: as('查询最多运行多少秒，1 到 3600。', 'How many seconds the query may run, 1 to 3600.'),
    cut: as(
      '数据库截断了查询拼接的文本（GROUP_CONCAT）时：reject 拒绝该行（默认），keep 写入剩下的部分。',
      'What to do when the database cut a text that the query puts together (GROUP_CONCAT): reject the row (default), or keep what is left.',
    ),
  },
  brake: {
    deletes: as(
      '删除超过表格的这个比例时等人确认；不写时 20%。记录少于 10 条时不看比例。',
      'Deletes beyond this share of the table wait for a person; 20% when not given. Tables below 10 records have no brake.',
    ),
    updates: as('更新超过这个比例时等人确认；不写时 50%。', 'The same for updates; 50% when not given.'),
    creates: as(
      '新增超过同步后全部记录的这个比例时等人确认；不写时 40%。',
      'The same for creates, as a share of the records that the table would then have; 40% when not given.',
    ),
  },
  access: {
    run: as(
      '谁可以运行：open_id 的列表；不写时是 everyone。',
      'Who may run it: a list of open_ids; everyone when not given.',
    ),
    approve: as(
      '管理员之外，谁可以执行等待确认的计划：open_id 的列表，或 everyone；other 表示发起人除外。',
      'Who may apply a waiting plan, besides the admins: a list of open_ids, or everyone; other means anyone but the person who started it.',
    ),
    chats: as('可以在哪些群使用（oc_…）。', 'The chats (oc_…) in which it may be used.'),
  },
};
