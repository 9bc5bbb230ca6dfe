import type { Locale } from '../sync/words/text.ts';

/** The sample shop's words in one language: its table, fields, people and cities. All are invented. */
interface ShopWords {
  readonly base: string;
  readonly table: string;
  /** The field that names a row. */
  readonly key: string;
  readonly user: string;
  readonly name: string;
  readonly sex: string;
  /** For 0, 1 and 2 in the database. */
  readonly sexes: readonly [string, string, string];
  readonly phone: string;
  readonly city: string;
  readonly paid: string;
  readonly amount: string;
  readonly manners: readonly string[];
  readonly beings: readonly string[];
  readonly cities: readonly string[];
  /** A phone number that belongs to nobody, for a person's number from 0 to 9,999. */
  mobile(person: number): string;
}

export const shopWords: Readonly<Record<Locale, ShopWords>> = {
  'zh-CN': {
    base: '示例商店',
    table: '订单',
    key: '订单号',
    user: '用户ID',
    name: '昵称',
    sex: '性别',
    sexes: ['女', '男', '未知'],
    phone: '手机号',
    city: '城市',
    paid: '下单时间',
    amount: '下单金额',
    manners: ['晴天的', '爱笑的', '早起的', '散步的', '北方的', '安静的', '喝茶的', '路过的'],
    beings: ['小猫', '橘子', '云朵', '海鸥', '山楂', '松鼠', '月亮', '面包', '刺猬', '薄荷'],
    cities: ['上海', '北京', '广州', '深圳', '杭州', '成都', '武汉', '西安', '南京', '厦门'],
    mobile: (person) => `1380000${String(person).padStart(4, '0')}`,
  },
  'en-US': {
    base: 'Sample shop',
    table: 'Orders',
    key: 'Order',
    user: 'User ID',
    name: 'Nickname',
    sex: 'Gender',
    sexes: ['Female', 'Male', 'Unknown'],
    phone: 'Phone',
    city: 'City',
    paid: 'Paid at',
    amount: 'Amount',
    manners: ['Sunny ', 'Jolly ', 'Early ', 'Roaming ', 'Northern ', 'Quiet ', 'Tea-time ', 'Passing '],
    beings: ['Cat', 'Orange', 'Cloud', 'Gull', 'Cherry', 'Squirrel', 'Moon', 'Muffin', 'Hedgehog', 'Mint'],
    cities: [
      ...['Northmere', 'Port Lantern', 'Willowgate', 'Pebble Bay', 'Candlewick'],
      ...['Stonebrook', 'Foxhollow', 'Harrowdale', 'Silverquay', 'Mapleford'],
    ],
    // The last four digits 0100 to 0199 behind 555 are kept for stories: https://en.wikipedia.org/wiki/555_(telephone_number)
    mobile: (person) => `+1${201 + Math.floor(person / 100)}55501${String(person % 100).padStart(2, '0')}`,
  },
};

/** The fields of the table that the sample definition fills, in the playground's words. The first one is the index column. */
export const orderFields = (words: ShopWords) =>
  [
    { name: words.key, type: 'Text' },
    { name: words.user, type: 'Number', property: { formatter: '0' } },
    { name: words.name, type: 'Text' },
    { name: words.sex, type: 'SingleSelect', options: words.sexes },
    { name: words.phone, type: 'Phone' },
    { name: words.city, type: 'Text' },
    {
      name: words.paid,
      type: 'DateTime',
      property: { auto_fill: false, date_formatter: 'yyyy/MM/dd HH:mm' },
    },
    { name: words.amount, type: 'Number', property: { formatter: '0.00' } },
  ] as const;

/** The sample definition, as a file. @param chunkSize rows a call; left to the program when not given. */
export const ordersYaml = (words: ShopWords, target: string, chunkSize?: number): string => `name: orders
title: ${words.table}
source:
  connection: shop
  query: |
    select uo.user_id as "${words.user}", u.nickname as "${words.name}",
           case u.sex when 0 then '${words.sexes[0]}' when 1 then '${words.sexes[1]}' else '${words.sexes[2]}' end as "${words.sex}",
           u.mobile as "${words.phone}", u.city as "${words.city}", uo.id as "${words.key}",
           uo.paid_time * 1000 as "${words.paid}", uo.amount / 100.0 as "${words.amount}"
    from user_orders uo join users u on u.id = uo.user_id
    where uo.production_id = 10
key: ${words.key}
target: ${target}
mode: mirror
fields:
  ${words.paid}: { as: date }
${chunkSize === undefined ? '' : `chunkSize: ${chunkSize}\n`}`;
