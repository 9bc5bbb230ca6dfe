import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  afterFailure,
  answered,
  pauseBefore,
  refused,
  refusedPause,
  rememberWidth,
  startWidth,
  type Width,
  widest,
} from '../../src/sync/plan/pace.ts';
import { brakeFrom, newOptionsAtOnce, type Outlook, reasonsToWait } from '../../src/sync/plan/policy.ts';
import { type Counted, tally } from '../../src/sync/state/counts.ts';
import { acted, begin, end, endWith, goOn, unplanned, verdictOf } from '../../src/sync/state/progress.ts';
import {
  type ChunkKind,
  type ChunkStatus,
  chunkFacts,
  statuses as runStatuses,
  type State,
  statusNames,
} from '../../src/sync/state/state.ts';
import { CallError, type Failure, type Verdict } from '../../src/sync/words/failure.ts';
import { type Problem, ProblemError, problem } from '../../src/sync/words/problem.ts';
import { count, inLocale, text } from '../../src/sync/words/text.ts';

const sum = (counts: object): number =>
  Object.values(counts as Record<string, number>).reduce((all, one) => all + one, 0);

const kinds = ['create', 'update', 'delete'] as const;
const statuses = ['pending', 'sent', 'done', 'failed', 'unknown', 'rejected', 'split', 'dropped'] as const;

const part = (id: string, rows: number, back: number, status: ChunkStatus, written = rows): Counted => ({
  ...{ id, kind: 'update', rows, back, written, status },
});

describe('the tally', () => {
  const chunk = fc
    .record({
      kind: fc.constantFrom<ChunkKind>(...kinds),
      rows: fc.nat(1000),
      status: fc.constantFrom<ChunkStatus>(...statuses),
      share: fc.double({ min: 0, max: 1, noNaN: true }),
    })
    .map(({ share, ...rest }) => ({ ...rest, id: 'U001', back: 0, written: Math.floor(rest.rows * share) }));

  it('counts every row exactly once, whatever the statuses', () => {
    fc.assert(
      fc.property(fc.array(chunk, { maxLength: 20 }), (chunks) => {
        const { rows, deletes } = tally(chunks);
        const rowsIn = (isDelete: boolean): number =>
          chunks
            .filter(({ kind }) => (kind === 'delete') === isDelete)
            .reduce((all, { status, rows: some, written }) => all + (status === 'split' ? written : some), 0);
        expect(sum(rows)).toBe(rowsIn(false));
        expect(sum(deletes)).toBe(rowsIn(true));
      }),
    );
  });

  it.each<[ChunkStatus, string]>([
    ['pending', 'notSent'],
    ['sent', 'unknown'],
    ['unknown', 'unknown'],
    ['failed', 'failed'],
    ['rejected', 'rejected'],
  ])('takes the rows of a chunk that is %s for %s', (status, place) => {
    const { rows, deletes } = tally(
      kinds.map((kind) => ({ id: 'U001', kind, rows: 5, back: 0, written: 2, status })),
    );
    expect(rows).toMatchObject({ created: 2, updated: 2, [place]: 6 });
    expect(deletes).toMatchObject({ done: 2, [place === 'rejected' ? 'failed' : place]: 3 });
  });

  it('keeps the deletes of a chunk that a person took out of the plan', () => {
    const sum = tally(
      kinds.map((kind) => ({ id: 'U001', kind, rows: 5, back: 0, written: 0, status: 'dropped' as const })),
    );
    expect(sum.deletes).toEqual({ done: 0, failed: 0, unknown: 0, notSent: 0, kept: 5 });
    expect(sum.rows).toMatchObject({ created: 0, updated: 0, notSent: 10 });
  });

  it.each<[string, readonly Counted[], number]>([
    ['a chunk that is done', [part('U001', 10, 4, 'done')], 4],
    ['a chunk that was never sent', [part('U001', 10, 4, 'pending', 0)], 0],
    ['a failed chunk of which some is written: what is sure', [part('U001', 10, 4, 'failed', 8)], 2],
    [
      'a split chunk: what was confirmed before, and its parts',
      [
        part('U001', 10, 4, 'split', 2),
        part('U001.1', 4, 1, 'done'),
        part('U001.2', 4, 2, 'split', 0),
        part('U001.2.1', 2, 2, 'done'),
        part('U001.2.2', 2, 0, 'rejected', 0),
      ],
      4,
    ],
    [
      'a split chunk whose part is rejected',
      [part('U001', 2, 2, 'split', 0), part('U001.1', 1, 1, 'done'), part('U001.2', 1, 1, 'rejected', 0)],
      1,
    ],
    [
      'a split chunk, some of whose records are gone: what is created sets nothing back',
      [
        part('U001', 10, 4, 'split', 2),
        part('U001.1', 5, 1, 'done'),
        { ...part('U001.2', 3, 2, 'done'), kind: 'create' as const },
      ],
      2,
    ],
  ])('counts as set back, of %s', (_what, chunks, back) => {
    expect(tally(chunks).back).toBe(back);
  });

  it('never takes unconfirmed rows for a success', () => {
    expect(
      tally([{ id: 'C001', kind: 'create', rows: 5, back: 0, written: 4, status: 'done' }]).rows,
    ).toMatchObject({
      created: 4,
      failed: 1,
    });
  });
});

const failure = (verdict: Verdict): Failure => ({
  how: 'answered',
  code: 1,
  message: '',
  verdict,
  mayHaveHappened: false,
});

describe('after a failure', () => {
  it.each<[Verdict, ChunkKind, number, string]>([
    ['wait', 'create', 9, 'next-round'],
    ['round', 'update', 9, 'next-round'],
    ['settle', 'create', 9, 'next-round'],
    ['values', 'create', 2, 'split'],
    ['values', 'update', 1, 'fail'],
    ['values', 'delete', 9, 'fail'],
    ['smaller', 'create', 2, 'split'],
    ['smaller', 'delete', 2, 'split'],
    ['smaller', 'update', 1, 'fail'],
    ['gone', 'create', 9, 'split'],
    ['gone', 'create', 1, 'fail'],
    ['gone', 'update', 9, 'look'],
    ['gone', 'delete', 1, 'look'],
    ['reread', 'update', 9, 'fail'],
    ['unknown', 'create', 9, 'fail'],
    ['stop', 'delete', 9, 'stop-run'],
  ])('%s of a %s with %d rows: %s', (verdict, kind, rows, next) => {
    expect(afterFailure(failure(verdict), kind, rows, 0)).toBe(next);
  });

  it('a call that may be too much is cut when it fails so again, and one row never', () => {
    const next = (verdict: Verdict, rows: number): string[] =>
      [0, 1, 2, 3].map((heavy) => afterFailure(failure(verdict), 'update', rows, heavy));
    expect(next('round', 2)).toEqual(['next-round', 'next-round', 'split', 'split']);
    // It was waited for several times before it came to this.
    expect(next('wait', 2)).toEqual(['next-round', 'split', 'split', 'split']);
    for (const verdict of ['round', 'wait'] as const)
      expect(new Set(next(verdict, 1))).toEqual(new Set(['next-round']));
  });

  it('a chunk is open or settled, and what failed can be sent again, except what was refused for good', () => {
    expect(statuses.filter((status) => chunkFacts[status].open)).toEqual(['pending', 'sent']);
    expect(statuses.filter((status) => chunkFacts[status].failed)).toEqual(['failed', 'unknown']);
  });

  it('a status that is not told of is refused by the type checker', () => {
    const { rest: _, ...half } = chunkFacts.done;
    // @ts-expect-error nothing says what its rows count as
    const chunk: typeof chunkFacts.done = half;
    const { going: _going, ...mute } = runStatuses.done;
    // @ts-expect-error nothing says whether it is under way
    const run: typeof runStatuses.done = mute;
    expect([chunk.good, run.open]).toEqual([true, false]);
    expect(statusNames.filter((status) => runStatuses[status].going && !runStatuses[status].open)).toEqual(
      [],
    );
  });
});

describe('pauses between rounds', () => {
  it('double up to a minute, less up to half by chance', () => {
    expect([1, 2, 3, 6, 7, 50].map((round) => pauseBefore(round, 0))).toEqual([
      1_000, 2_000, 4_000, 32_000, 60_000, 60_000,
    ]);
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 60 }),
        fc.double({ min: 0, max: 0.999, noNaN: true }),
        (round, random) => {
          const pause = pauseBefore(round, random);
          expect(pause).toBeGreaterThan(pauseBefore(round, 0) / 2);
          expect(pause).toBeLessThanOrEqual(pauseBefore(round, 0));
        },
      ),
    );
  });
});

describe('the width of a lane', () => {
  it('learns nothing from writes that were not under way with as many others as it allows', () => {
    const two = answered(startWidth(undefined), 0);
    let alone = two;
    for (let at = 0; at < 10; at++) alone = answered(alone, at, 1);
    expect(alone).toEqual(two);
    expect(answered(answered(two, 1, 2), 2, 2).width).toBe(3);
    expect(refused(startWidth('8 0 0'), 0, 2)).toMatchObject({ width: 1, ceiling: 2 });
  });

  /** A base that takes so many writes at once, asked `rounds` times with as many as the width allows. */
  function used(takes: number, rounds: number, start = startWidth(undefined)) {
    let width: Width = start;
    let refusals = 0;
    let at = 0;
    for (let round = 0; round < rounds; round++) {
      const flying = width.width;
      for (let one = 0; one < flying; one++) {
        at += 60;
        if (one < takes) width = answered(width, at);
      }
      for (let one = takes; one < flying; one++) {
        refusals++;
        width = refused(width, at);
      }
    }
    return { width, refusals };
  }

  it('finds out that a strict base takes one, for one refused write, and stays there', () => {
    const { width, refusals } = used(1, 500);
    expect([width.width, refusals]).toEqual([1, 1]);
    expect(used(1, 500, startWidth(rememberWidth(width))).refusals).toBe(0);
  });

  it.each([2, 3, 4, 5, 6, 7])('finds out that a base takes %i at once', (takes) => {
    const { width, refusals } = used(takes, 500);
    expect([width.width, refusals]).toEqual([takes, 1]);
  });

  it('uses all of a lenient base', () => {
    expect(used(100, 500)).toMatchObject({ width: { width: widest }, refusals: 0 });
  });

  it('takes refusals of writes that were in flight together for one', () => {
    let width = startWidth('8 0 0');
    for (const at of [100_000, 100_010, 100_400]) width = refused(width, at);
    expect(width).toMatchObject({ width: 4, ceiling: 8, refusals: 2 });
    expect(refused(width, 102_000)).toMatchObject({ width: 2, ceiling: 4 });
  });

  it('tries again when a day has passed', () => {
    const then = refused(startWidth('2 0 0'), 1_000);
    expect(answered(then, 2_000).width).toBe(1);
    expect(answered(then, 1_000 + 24 * 3_600_000).width).toBe(2);
  });

  const step = fc.tuple(fc.boolean(), fc.nat(100_000));
  it('never leaves 1 to 8, whatever comes, and survives being remembered', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.string(), fc.constant(undefined), fc.constant('99 -1 x')),
        fc.array(step),
        (start, steps) => {
          let width = startWidth(start);
          let at = 0;
          for (const [clean, ms] of steps) {
            at += ms;
            width = clean ? answered(width, at) : refused(width, at);
            expect(width.width).toBeGreaterThanOrEqual(1);
            expect(width.width).toBeLessThanOrEqual(widest);
            const again = startWidth(rememberWidth(width));
            expect([again.width, again.ceiling]).toEqual([width.width, width.ceiling]);
          }
        },
      ),
    );
  });

  it('waits longer after each refusal, but never less than Feishu asks for', () => {
    let width = startWidth(undefined);
    const pauses = [1, 2, 3, 4].map(() => {
      width = refused(width, 0);
      return refusedPause(width, undefined, 0.5);
    });
    expect(pauses).toEqual([500, 1_000, 2_000, 4_000]);
    expect(refusedPause(width, 60_000, 0)).toBe(60_000);
    for (let more = 0; more < 50; more++) width = refused(width, 0);
    expect(refusedPause(width, undefined, 0.5)).toBe(30_000);
  });
});

describe('a plan', () => {
  const calm: Outlook = {
    mode: 'mirror',
    sourceRows: 100,
    records: 100,
    known: 100,
    withoutKey: 0,
    movedKeys: 0,
    creates: 1,
    updates: 1,
    deletes: 1,
    handMade: 0,
    handMadeAllowed: false,
    newOptions: 0,
    policy: 'ask',
    brake: { deletes: 0.2, updates: 0.5, creates: 0.4 },
    advanced: false,
    succeededBefore: true,
    changed: false,
    emptied: [],
  };
  const codes = (change: Partial<Outlook>): string[] =>
    reasonsToWait({ ...calm, ...change }).map(({ code }) => code);

  it.each<[string, Partial<Outlook>, string[]]>([
    ['with nothing unusual goes on', {}, []],
    ['for an empty table goes on the first time', { records: 0, known: 0, succeededBefore: false }, []],
    [
      'for an empty table waits where advanced permissions are on',
      { records: 0, known: 0, succeededBefore: false, advanced: true },
      ['no-sight'],
    ],
    [
      'that creates waits where advanced permissions are on and nothing ever succeeded',
      { records: 100, succeededBefore: false, advanced: true },
      ['no-sight'],
    ],
    [
      'that creates nothing goes on there',
      { records: 100, creates: 0, succeededBefore: false, advanced: true },
      [],
    ],
    [
      'for records that all read without a key waits, however few',
      { records: 2, withoutKey: 2 },
      ['no-keys'],
    ],
    ['for records of which some read without a key goes on', { records: 2, withoutKey: 1 }, []],
    ['that creates exactly the limit goes on', { creates: 66 }, []],
    ['that creates more than the limit waits', { creates: 67 }, ['creates']],
    ['for a small table may create a lot', { records: brakeFrom - 1, creates: 900 }, []],
    ['for a key that somebody gave to another row waits', { movedKeys: 1 }, ['moved-keys']],
    ['for an empty table goes on there after a success', { records: 0, known: 0, advanced: true }, []],
    ['for a table that was written to and reads as empty waits', { records: 0, known: 1 }, ['empty-table']],
    ['of an empty source waits when records would go', { sourceRows: 0, deletes: 1 }, ['empty-source']],
    ['of an empty source goes on when none would', { sourceRows: 0, deletes: 0 }, []],
    ['that deletes exactly the limit goes on', { deletes: 20 }, []],
    ['that deletes more than the limit waits', { deletes: 21 }, ['deletes']],
    ['that updates exactly the limit goes on', { updates: 50 }, []],
    ['that updates more than the limit waits', { updates: 51 }, ['updates']],
    ['for a table under ten records has no brake', { records: brakeFrom - 1, deletes: 9, updates: 9 }, []],
    [
      'for a table of ten records has one',
      { records: brakeFrom, deletes: 3, updates: 6 },
      ['deletes', 'updates'],
    ],
    ['for ten records deletes two of them', { records: 10, deletes: 2 }, []],
    ['that deletes records made by hand waits', { handMade: 1 }, ['hand-made']],
    ['that deletes them goes on after a yes', { handMade: 1, handMadeAllowed: true }, []],
    ['that deletes them goes on with `all`', { handMade: 1, policy: 'all' }, []],
    ['with many new options waits', { newOptions: newOptionsAtOnce + 1 }, ['new-options']],
    ['with some new options goes on', { newOptions: newOptionsAtOnce }, []],
    ['of a changed query waits', { changed: true }, ['changed']],
    [
      'of a changed query goes on when there is nothing to do',
      { changed: true, creates: 0, updates: 0, deletes: 0 },
      [],
    ],
    [
      'says all that is unusual',
      { sourceRows: 0, deletes: 100, updates: 60, handMade: 3, newOptions: 999, changed: true },
      ['empty-source', 'deletes', 'updates', 'hand-made', 'new-options', 'changed'],
    ],
  ])('%s', (_, change, expected) => {
    expect(codes(change)).toEqual(expected);
  });

  it('tells the numbers in both languages', () => {
    const [reason] = reasonsToWait({ ...calm, records: 2_000, deletes: 1_234 });
    expect(reason?.message.en).toBe('1,234 deletes of 2,000 records is 61.7%, above the limit of 20%.');
    expect(reason?.message.zh).toContain('1,234');
  });
});

describe('the state of a run', () => {
  const by = { kind: 'cli' } as const;
  const first = begin({
    run: 'r',
    definition: 'd',
    title: 't',
    link: 'l',
    planOnly: false,
    roundsMax: 3,
    by,
    at: 1_000,
  });

  it('begins with nothing', () => {
    expect(first).toMatchObject({
      status: 'running',
      phase: 'queued',
      version: 1,
      endedAt: null,
      waiting: null,
    });
    expect(sum(first.rows) + sum(first.deletes)).toBe(0);
  });

  it('makes older buttons stale at every act and every end', () => {
    const waiting = end(first, 'waiting', 2_000);
    const going = acted(goOn(waiting), { op: 'apply', by, at: 10_000 });
    const over = end(going, 'done', 10_500);
    expect([first, waiting, going, over].map(({ version }) => version)).toEqual([1, 2, 3, 4]);
    expect(going).toMatchObject({ status: 'running', endedAt: null, waiting: null, error: null });
    expect(over).toMatchObject({ status: 'done', phase: 'ended', endedAt: 10_500, resumeAt: null });
  });

  it('adds up the time that it worked, not the time that it waited', () => {
    const waiting = end(first, 'waiting', 2_000);
    const over = end(acted(goOn(waiting), { op: 'apply', by, at: 10_000 }), 'done', 10_500);
    expect(over.ms.total).toBe(1_500);
  });

  const rows = (change: Partial<State['rows']>, deletes: Partial<State['deletes']> = {}): State => ({
    ...first,
    rows: { ...first.rows, ...change },
    deletes: { ...first.deletes, ...deletes },
  });

  it.each<[string, State, string]>([
    ['nothing to do', rows({}), 'done'],
    ['all created', rows({ read: 1, created: 1 }), 'done'],
    ['all unchanged', rows({ unchanged: 1 }), 'done'],
    ['records that are kept', rows({}, { kept: 1 }), 'done'],
    ['one failed', rows({ created: 1, failed: 1 }), 'partial'],
    ['one rejected', rows({ unchanged: 1, rejected: 1 }), 'partial'],
    ['one invalid', rows({ updated: 1, invalid: 1 }), 'partial'],
    ['one unknown', rows({ created: 1, unknown: 1 }), 'partial'],
    ['one not sent', rows({ created: 1, notSent: 1 }), 'partial'],
    ['all failed', rows({ failed: 2 }), 'failed'],
    ['only a delete done', rows({ failed: 2 }, { done: 1 }), 'partial'],
    ['a delete that failed', rows({ created: 1 }, { failed: 1 }), 'partial'],
    ['a delete that is unknown', rows({}, { unknown: 1 }), 'failed'],
    ['a delete that was not sent', rows({ unchanged: 1 }, { notSent: 1 }), 'partial'],
  ])('with %s: %s', (_, state, verdict) => {
    expect(verdictOf(state)).toBe(verdict);
  });

  const mishap: Problem = { code: 'mishap', message: text('坏', 'broke'), cure: text('修', 'mend') };
  it.each([
    [rows({}), 'failed'],
    [rows({ unchanged: 9 }), 'failed'],
    [rows({ created: 1 }), 'partial'],
    [rows({}, { done: 1 }), 'partial'],
  ])('that a problem ended says whether something was written', (state, status) => {
    expect(endWith(state, [mishap], 5)).toMatchObject({ status, error: mishap, phase: 'ended' });
  });

  it('has no counts left of a plan that is thrown away', () => {
    const full = {
      ...rows({ read: 5, notSent: 5 }, { planned: 2 }),
      chunks: { total: 1, settled: 0, failed: [] },
    };
    expect(unplanned(full)).toEqual(first);
  });
});

describe('words', () => {
  it('are picked by language, and counts are written like 1,234', () => {
    expect([inLocale(text('好', 'good'), 'zh-CN'), inLocale(text('好', 'good'), 'en-US')]).toEqual([
      '好',
      'good',
    ]);
    expect([count(0), count(1_234_567)]).toEqual(['0', '1,234,567']);
  });

  it('of errors name the code and what happened', () => {
    const one: Problem = { code: 'mishap', message: text('坏', 'broke'), cure: text('修', 'mend') };
    expect(problem(one)).toMatchObject({ name: 'ProblemError', message: 'mishap: broke', problems: [one] });
    expect(new ProblemError([one, one]).message).toBe('mishap: broke; mishap: broke');
    expect(new CallError({ ...failure('stop'), message: 'no' }).message).toBe('1: no');
    expect(new CallError({ ...failure('round'), how: 'threw', code: null, message: 'timeout' }).message).toBe(
      'threw: timeout',
    );
  });
});
