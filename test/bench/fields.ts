/** The fields of the narrow table, as the query of `shop.ts` fills them. */
export const fields = [
  { name: '订单号', type: 'Text' },
  { name: '用户ID', type: 'Number' },
  { name: '昵称', type: 'Text' },
  { name: '性别', type: 'SingleSelect', options: ['女', '男', '未知'] },
  { name: '手机号', type: 'Phone' },
  { name: '城市', type: 'Text' },
  { name: '下单时间', type: 'DateTime' },
  { name: '下单金额', type: 'Number' },
] as const;
