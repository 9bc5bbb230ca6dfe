import type { Definition } from '../../src/sync/definition/definition.ts';
import { nothing } from '../../src/sync/state/progress.ts';
import type { State } from '../../src/sync/state/state.ts';

/** A run that has just been asked for, at the beginning of time; each test says what matters to it. */
export const sampleState: State = {
  run: 'r1',
  definition: 'orders',
  title: '订单',
  link: 'https://example.feishu.cn/base/APPTOKEN?table=tblXXXX',
  planOnly: false,
  status: 'running',
  phase: 'queued',
  version: 1,
  startedAt: 0,
  endedAt: null,
  reading: { rows: 0, records: 0, total: null },
  ...nothing,
  chunks: { total: 0, settled: 0, failed: [] },
  changes: { total: 0, settled: 0 },
  planned: { creates: 0, updates: 0, deletes: 0 },
  rounds: 0,
  roundsMax: 3,
  resumeAt: null,
  waiting: null,
  error: null,
  notes: [],
  badRows: [],
  acts: [],
};

/** A mirror of everything; each test says what matters to it. */
export const sampleDefinition: Definition = {
  name: 'orders',
  title: '订单',
  source: { connection: 'shop', query: 'select 1', timeout: 60 },
  key: [{ column: 'id', field: 'id' }],
  target: 'https://example.feishu.cn/base/APPTOKEN?table=tblXXXX',
  mode: 'mirror',
  fields: {},
  chunkSize: 'auto',
  concurrency: 'auto',
  rounds: 3,
  deletes: 'ask',
  brake: { deletes: 0.2, updates: 0.5, creates: 0.4 },
  access: {},
  schedule: [],
  view: 'ignore',
  private: [],
  read: { whole: '1d' },
};

/** The query of docs/definitions.md: eight columns. */
export const sampleQuery = `select uo.user_id as "用户ID", u.nickname as "昵称",
  case u.sex when 0 then '女' when 1 then '男' else '未知' end as "性别",
  u.mobile as "手机号", u.city as "城市", uo.id as "订单号",
  uo.paid_time * 1000 as "下单时间", uo.amount / 100.0 as "下单金额"
from user_orders uo join users u on u.id = uo.user_id
where uo.production_id = 10`;
