/** The fields of the table that the sample definition fills, in the playground's words. The first one is the index column. */
export const orderFields = [
  { name: '订单号', type: 'Text' },
  { name: '用户ID', type: 'Number', property: { formatter: '0' } },
  { name: '昵称', type: 'Text' },
  { name: '性别', type: 'SingleSelect', options: ['女', '男', '未知'] },
  { name: '手机号', type: 'Phone' },
  { name: '城市', type: 'Text' },
  { name: '下单时间', type: 'DateTime', property: { auto_fill: false, date_formatter: 'yyyy/MM/dd HH:mm' } },
  { name: '下单金额', type: 'Number', property: { formatter: '0.00' } },
] as const;

/** The sample definition, as a file. @param chunkSize rows a call; left to the program when not given. */
export const ordersYaml = (target: string, chunkSize?: number): string => `name: orders
title: 订单
source:
  connection: shop
  query: |
    select uo.user_id as "用户ID", u.nickname as "昵称",
           case u.sex when 0 then '女' when 1 then '男' else '未知' end as "性别",
           u.mobile as "手机号", u.city as "城市", uo.id as "订单号",
           uo.paid_time * 1000 as "下单时间", uo.amount / 100.0 as "下单金额"
    from user_orders uo join users u on u.id = uo.user_id
    where uo.production_id = 10
key: 订单号
target: ${target}
mode: mirror
fields:
  下单时间: { as: date }
${chunkSize === undefined ? '' : `chunkSize: ${chunkSize}\n`}`;
