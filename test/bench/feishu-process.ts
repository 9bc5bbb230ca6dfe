import { startPlayground } from '../../src/playground/playground.ts';
import type { Answers, Asked } from './feishu.ts';

/** The local Feishu in a process of its own, so that its work is not counted as the program's. */
const feishu = await startPlayground({ rates: false });

const fields = [
  { name: '订单号', type: 'Text' },
  { name: '用户ID', type: 'Number' },
  { name: '昵称', type: 'Text' },
  { name: '性别', type: 'SingleSelect', options: ['女', '男', '未知'] },
  { name: '手机号', type: 'Phone' },
  { name: '城市', type: 'Text' },
  { name: '下单时间', type: 'DateTime' },
  { name: '下单金额', type: 'Number' },
] as const;

function answer(ask: Asked): Answers[keyof Answers] {
  switch (ask.kind) {
    case 'app':
      return { url: feishu.url, id: feishu.appId, secret: feishu.appSecret };
    case 'base': {
      feishu.reset();
      const names = Array.from({ length: ask.tables }, (_, at) => `订单 ${at + 1}`);
      return feishu.base({ tables: names.map((name) => ({ name, fields })) }).tables.map(({ url }) => url);
    }
    case 'pace':
      feishu.setLatency(ask.latency);
      feishu.setWriters({ per: 'base', atOnce: ask.writers });
      return null;
    case 'calls': {
      const calls = [...feishu.calls()];
      feishu.clearCalls();
      return calls;
    }
  }
}

process.on('message', (ask: Asked) => process.send?.(answer(ask)));
process.on('disconnect', () => process.exit());
