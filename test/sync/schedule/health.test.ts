import { describe, expect, it } from 'vitest';
import {
  digestOf,
  failuresInARow,
  isStale,
  type Outcome,
  outcomeOf,
  type Telling,
  telling,
} from '../../../src/sync/schedule/health.ts';
import type { State, Status } from '../../../src/sync/state/state.ts';
import { at, stateWith } from '../../cards/states.ts';

const byClock = [{ op: 'start', by: { kind: 'schedule' }, at }] as const;
const run = (status: Status, change: Partial<State> = {}): State =>
  stateWith({ status, phase: 'ended', endedAt: at + 1000, acts: byClock, ...change });

const changed = run('done', { rows: { ...stateWith().rows, read: 3, updated: 3 } });

describe('telling', () => {
  const good = (recovered: boolean): Telling => ({ kind: 'good', recovered });
  it.each<readonly [string, Outcome | undefined, State, boolean, Telling]>([
    ['nothing changed: nothing', 'good', run('done'), true, { kind: 'nothing' }],
    ['… also for the first run', undefined, run('done'), true, { kind: 'nothing' }],
    ['… told with quiet: false', 'good', run('done'), false, good(false)],
    ['something changed: a card', 'good', changed, true, good(false)],
    ['the first failure: a card with a mention', 'good', run('failed'), true, { kind: 'bad' }],
    ['the first run of all fails: likewise', undefined, run('failed'), true, { kind: 'bad' }],
    ['the second failure: no new card', 'failed', run('failed'), true, { kind: 'same' }],
    ['another kind of trouble: a card', 'failed', run('partial'), true, { kind: 'bad' }],
    ['a plan that waits: a card with a mention', 'good', run('waiting'), true, { kind: 'bad' }],
    ['the recovery: a card, though nothing changed', 'failed', run('done'), true, good(true)],
    ['after a plan that waited too', 'waiting', run('done'), true, good(true)],
    ['somebody cancelled it: nothing', 'good', run('cancelled'), true, { kind: 'nothing' }],
    ['it goes on elsewhere: nothing', 'good', run('interrupted'), true, { kind: 'nothing' }],
    ['a plan only: nothing', 'good', run('failed', { planOnly: true }), true, { kind: 'nothing' }],
  ])('%s', (_, before, state, quiet, wanted) => expect(telling(before, state, quiet)).toEqual(wanted));
});

describe('failures in a row', () => {
  const byHand = [{ op: 'start', by: { kind: 'chat', openId: 'ou_a' }, at }] as const;
  const failed = run('failed');
  it.each<readonly [string, readonly State[], number]>([
    ['count from the newest on', [failed, failed, failed, run('done'), failed], 3],
    ['end at a run that went partly well', [failed, run('partial'), failed], 1],
    ['end at a run that waits for somebody', [failed, run('waiting'), failed], 1],
    ['end at a success by hand', [failed, run('done', { acts: byHand }), failed], 1],
    ['leave failures by hand out', [failed, run('failed', { acts: byHand }), failed], 2],
    [
      'leave plans and cancelled runs out',
      [run('planned', { planOnly: true }), failed, run('cancelled'), failed],
      2,
    ],
    ['forget those before the schedule was resumed', [failed, run('failed', { startedAt: at - 10 })], 1],
  ])('%s', (_, states, wanted) => expect(failuresInARow(states, at - 5)).toHaveLength(wanted));
});

it('is stale only after the whole time', () => {
  expect(isStale(0, 10, 10)).toBe(false);
  expect(isStale(0, 11, 10)).toBe(true);
});

it('a digest counts what was started since, plans left out', () => {
  const states = [
    changed,
    run('failed'),
    run('partial', { rows: { ...stateWith().rows, created: 2 } }),
    run('waiting'),
    run('planned', { planOnly: true }),
    run('done', { startedAt: at - 1 }),
  ];
  expect(
    digestOf({ name: 'orders', title: '订单' }, states, at, { lastGood: at + 1000, stale: true }),
  ).toEqual({
    ...{ name: 'orders', title: '订单', runs: 4, failed: 1, partial: 1, waiting: 1, written: 5 },
    ...{ lastGood: at + 1000, stale: true },
  });
  expect(outcomeOf(run('expired'))).toBeUndefined();
});
