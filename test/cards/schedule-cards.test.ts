import { cardFault } from 'bitable-playground';
import { describe, expect, it } from 'vitest';
import {
  brokenCard,
  goodCard,
  leftOutCard,
  pausedCard,
  quotaCard,
  staleCard,
} from '../../src/cards/notice-cards.ts';
import { bytesOf, type Card, maxBytes } from '../../src/cards/parts/card.ts';
import { runCard } from '../../src/cards/run-card.ts';
import { digestCard, reminderCard } from '../../src/cards/schedule-cards.ts';
import { type Locale, text } from '../../src/sync/words/text.ts';
import { buttonsOf, wordsOf } from './read.ts';
import { at, everyState, stateWith } from './states.ts';

const hostile = `<at id=all></at>${'订'.repeat(300)}`;
const about = { name: 'orders', title: hostile, people: ['ou_anna', '<at id=all>', 'ou_b'] };
const problem = { code: 'x', message: text(hostile, hostile), cure: text('改', 'mend') };
const facts = { name: 'orders', title: hostile, lastGood: at, waiting: null, settled: null } as const;
const digest = (n: number) => ({
  ...{ name: `s${n}`, title: hostile, runs: 3, failed: n % 2, partial: 1, waiting: 1, written: 12_345 },
  ...{ lastGood: n === 0 ? undefined : at, stale: false },
});

const all = (locale: Locale): readonly (readonly [string, Card])[] => {
  const view = { locale, timeZone: 'Asia/Shanghai' };
  const waiting = { creates: 3, updates: 4, deletes: 0 };
  return [
    ['reminder', reminderCard(facts, view)],
    ['with a plan', reminderCard({ ...facts, lastGood: null, waiting }, view)],
    ['nothing waits', reminderCard({ ...facts, waiting: { creates: 0, updates: 0, deletes: 0 } }, view)],
    ['put off', reminderCard({ ...facts, settled: { by: 'ou_anna', how: 'snooze', until: at } }, view)],
    [
      'settled by a stranger',
      reminderCard({ ...facts, settled: { by: hostile, how: 'skip', until: null } }, view),
    ],
    [
      'digest',
      digestCard(
        Array.from({ length: 300 }, (_, n) => digest(n)),
        at,
        view,
      ),
    ],
    ['empty digest', digestCard([], at, view)],
    ['stale', staleCard(about, '26h', at, view)],
    ['never synced', staleCard(about, '26h', null, view)],
    ['fresh', goodCard(about, 'fresh', view)],
    ['mended', goodCard(about, 'mended', view)],
    ['resumed', goodCard(about, 'resumed', view)],
    ['paused', pausedCard(about, { failures: 5, problem, resumedBy: null }, view)],
    ['resumed', pausedCard(about, { failures: 5, problem: null, resumedBy: 'ou_anna' }, view)],
    [
      'broken',
      brokenCard(
        about,
        Array.from({ length: 50 }, () => problem),
        view,
      ),
    ],
    ['left out', leftOutCard(about, at, view)],
    ['quota', quotaCard(at, ['ou_boss'], view)],
    [
      'a run that nobody asked for',
      runCard(everyState['done'] ?? stateWith(), {
        ...view,
        now: at,
        approvers: [],
        lead: { words: [text('已恢复', 'works again')], people: ['ou_anna'] },
      }),
    ],
  ];
};

describe.each(['zh-CN', 'en-US'] as const)('in %s', (locale) => {
  it.each(all(locale))('%s is a card that Feishu takes, without tags from names', (_, card) => {
    expect(cardFault(card)).toBeUndefined();
    expect(bytesOf(card)).toBeLessThan(maxBytes);
    expect(JSON.stringify(card)).not.toContain('<at id=all');
  });
});

it('mentions people, but no more than have real IDs', () => {
  const [, card] = all('en-US').find(([name]) => name === 'stale') ?? [];
  expect(JSON.stringify(card)).toContain('<at id=ou_anna></at> <at id=ou_b></at>');
});

it('has the buttons that fit', () => {
  const view = { locale: 'en-US', timeZone: 'Asia/Shanghai' } as const;
  const values = (card: Card) => buttonsOf(card).map(({ name, behaviors }) => [name, behaviors[0]?.value]);
  expect(values(reminderCard(facts, view))).toEqual([
    ['sync', { op: 'sync', run: 'orders', v: 0 }],
    ['snooze', { op: 'snooze', run: 'orders', v: 0, until: 'hour' }],
    ['snooze_2', { op: 'snooze', run: 'orders', v: 0, until: 'tomorrow' }],
    ['skip', { op: 'skip', run: 'orders', v: 0 }],
  ]);
  expect(values(pausedCard(about, { failures: 5, problem: null, resumedBy: null }, view))).toEqual([
    ['unpause', { op: 'unpause', run: 'orders', v: 0 }],
  ]);
  expect(values(pausedCard(about, { failures: 5, problem: null, resumedBy: 'ou_anna' }, view))).toEqual([]);
});

it('says how much waits and when it was last synced', () => {
  const view = { locale: 'en-US', timeZone: 'Asia/Shanghai' } as const;
  const said = wordsOf(reminderCard({ ...facts, waiting: { creates: 3, updates: 4, deletes: 0 } }, view));
  for (const part of ['Last synced: 11-23 14:00', '**3**', 'to create', '**4**'])
    expect(said).toContain(part);
});
