import { runCard } from '../../src/cards/run-card.ts';
import { drawCard } from '../../src/cards/terminal.ts';
import type { State } from '../../src/sync/state/state.ts';
import type { Locale } from '../../src/sync/words/text.ts';
import { stateOf } from '../cli/state.ts';

const title = { 'zh-CN': '订单', 'en-US': 'Orders' };
const somebody = { 'zh-CN': '小李', 'en-US': 'Ada' };

/** Half past two on a working day, in Shanghai. */
const started = Date.UTC(2026, 0, 15, 6, 30);

/** The run that docs/commands.md shows: while it works, and ended with a chunk that failed. */
const moments = (locale: Locale): readonly State[] => {
  const start = stateOf({
    run: '7k2m9x',
    title: title[locale],
    startedAt: started,
    acts: [{ op: 'start', by: { kind: 'chat', openId: 'ou_0a1b' }, at: started }],
  });
  return [
    {
      ...start,
      phase: 'uploading',
      rows: { ...start.rows, read: 4000, created: 2000, unchanged: 18 },
      changes: { total: 3982, settled: 2000 },
      chunks: { total: 4, settled: 2, failed: [] },
    },
    {
      ...start,
      status: 'partial',
      phase: 'ended',
      endedAt: started + 14_200,
      rows: { ...start.rows, read: 4000, created: 2982, unchanged: 18, failed: 1000 },
      changes: { total: 3982, settled: 3982 },
      chunks: {
        total: 4,
        settled: 4,
        failed: [
          {
            id: 'C003',
            kind: 'create',
            rows: 1000,
            how: 'answered',
            code: 1255001,
            message: 'internal error',
          },
        ],
      },
      rounds: 3,
      calls: { read: 4, write: 7, refused: 1, chat: 9 },
      ms: { total: 14_200, source: 310, table: 640, diff: 25, upload: 13_200 },
    },
  ];
};

/** Draws the cards of docs/commands.md as the demo draws them. */
export const readmeCards = (locale: Locale): string =>
  moments(locale)
    .map((state) => {
      const card = runCard(state, { now: started + 6000, timeZone: 'Asia/Shanghai', locale, approvers: [] });
      return drawCard(card, 64, { color: false, name: () => somebody[locale] }).text;
    })
    .join('\n');
