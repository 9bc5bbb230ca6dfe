import { cardFault } from 'bitable-playground';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { chatCommands } from '../../src/bot/commands/registry.ts';
import {
  acceptedCard,
  askCard,
  cancelCard,
  helpCard,
  hintCard,
  problemCard,
  refusalCard,
  saidCard,
  unknownCard,
  welcomeCard,
} from '../../src/cards/answer-cards.ts';
import { historyCard, listCard, statusCard, storyCard, verifyingCard } from '../../src/cards/list-cards.ts';
import {
  brokenCard,
  goodCard,
  leftOutCard,
  pausedCard,
  quotaCard,
  staleCard,
} from '../../src/cards/notice-cards.ts';
import { bytesOf, type Card, maxBytes, maxElements } from '../../src/cards/parts/card.ts';
import { endCard, runCard } from '../../src/cards/run-card.ts';
import { digestCard, reminderCard, remindersCard } from '../../src/cards/schedule-cards.ts';
import { drawCard } from '../../src/cards/terminal.ts';
import type { State } from '../../src/sync/state/state.ts';
import type { Problem } from '../../src/sync/words/problem.ts';
import { columnsOf, type Locale, text } from '../../src/sync/words/text.ts';
import { tagged, withTag } from './read.ts';
import { at, everyState, grouped, stateWith } from './states.ts';

const usages = chatCommands.flatMap((one) => one.usages);

const locales: readonly Locale[] = ['zh-CN', 'en-US'];
/** A word that no card of ours uses: where it turns up, data turned up. */
const mark = 'ZQX';

const hostile = [
  '<at id=all></at>',
  '</font><at id=all></at>',
  '&#60;at id=all&#62;&#60;/at&#62;',
  '[x](https://evil.example)',
  '`**__~~*_~[]()<>!#|',
  'line\n# head\r\n- item\u2028\u2029',
  '\u202edrow\u202c\u2066\u200b\u200d\ufeff\u00ad',
  '👩‍👩‍👧‍👦😀𠮷',
  '\ud800 half \udc00',
  '\u0000\u0007\u001b[31m',
  '"\\'.repeat(50),
  ":DONE: <person id='ou_x'></person> <hr> --- ",
];
const nasty = fc
  .tuple(fc.constantFrom(...hostile), fc.string({ unit: 'binary', maxLength: 40 }), fc.nat(4))
  .map(([words, random, times]) => `${words}${mark}${random}${'😀'.repeat(times === 4 ? 30_000 : times)}`);
const words = nasty.map((one) => text(one, one));
const number = fc.oneof(fc.nat(5), fc.nat(100_000_000));
const some = <T>(one: fc.Arbitrary<T>) =>
  fc.oneof(
    fc.array(one, { maxLength: 3 }),
    one.map((item) => Array.from({ length: 10_000 }, () => item)),
  );
const problems: fc.Arbitrary<Problem> = fc
  .tuple(words, words, nasty)
  .map(([message, cure, where]) => ({ code: 'x', message, cure, where, logId: where }));
const counts = <K extends string>(...names: readonly K[]) =>
  fc.record(Object.fromEntries(names.map((name) => [name, number]))) as unknown as fc.Arbitrary<
    Record<K, number>
  >;
const chunkKinds = fc.constantFrom('create', 'update', 'delete');
const acts = fc.array(
  fc.record({
    op: fc.constantFrom(
      'start',
      'retry',
      'apply',
      'apply-no-deletes',
      'discard',
      'cancel',
      'resume',
      'restart',
    ),
    by: fc.oneof(
      fc.record({ kind: fc.constantFrom('chat', 'button'), openId: nasty }),
      fc.constant({ kind: 'cli' } as const),
    ),
    at: fc.constant(at),
  }),
  { maxLength: 5 },
);

/** Any state at all, its words as bad as words get. */
const states: fc.Arbitrary<State> = fc
  .record({
    base: fc.constantFrom(...Object.values(everyState)),
    definition: nasty,
    title: nasty,
    run: nasty,
    link: fc.oneof(nasty, fc.constant('https://example.feishu.cn/base/A?table=tblB')),
    version: fc.nat(),
    rows: counts(
      'read',
      'created',
      'updated',
      'unchanged',
      'rejected',
      'invalid',
      'failed',
      'unknown',
      'notSent',
    ),
    deletes: counts('planned', 'done', 'failed', 'unknown', 'notSent', 'kept'),
    calls: counts('read', 'write', 'refused', 'chat'),
    changes: counts('total', 'settled'),
    failed: some(
      fc.record({
        id: nasty,
        kind: chunkKinds,
        rows: number,
        how: fc.constantFrom('threw', 'answered'),
        code: fc.option(number),
        message: nasty,
      }),
    ),
    samples: some(
      fc.record({
        key: nasty,
        kind: chunkKinds,
        cells: fc.array(fc.record({ field: nasty, from: nasty, to: nasty }), { maxLength: 4 }),
      }),
    ),
    reasons: some(words.map((message) => ({ code: 'deletes' as const, message }))),
    waits: fc.boolean(),
    error: fc.option(problems),
    notes: some(words),
    queue: fc.record({
      place: number,
      holder: fc.option(
        fc.record({
          definition: nasty,
          title: nasty,
          since: fc.constant(at),
          by: fc.constant({ kind: 'cli', user: '**<at id=all></at>' } as const),
          changes: counts('total', 'settled'),
        }),
      ),
    }),
    badRows: some(
      fc.record({
        kind: fc.constantFrom('invalid', 'rejected'),
        key: nasty,
        row: fc.option(number),
        field: nasty,
        reason: words,
      }),
    ).map(grouped),
    acts,
  })
  .map(
    ({ base, failed, samples, reasons, waits, ...rest }): State => ({
      ...base,
      ...rest,
      chunks: { total: failed.length, settled: 0, failed },
      waiting: waits ? { reasons, samples, until: at } : null,
    }),
  );

/** What an element says, in every language that it has. */
const spoken = (one: Readonly<Record<string, unknown>>): readonly string[] => [
  String(one['content']),
  ...Object.values((one['i18n_content'] ?? {}) as Readonly<Record<string, string>>),
];

/** What holds for every card, whatever went into it. */
function sound(card: Card): void {
  expect(cardFault(card)).toBeUndefined();
  expect(bytesOf(card)).toBeLessThan(maxBytes);
  expect(tagged(card).length).toBeLessThanOrEqual(maxElements);
  const json = JSON.stringify(card);
  expect(json.includes('<at') || json.includes('</at')).toBe(false);
  // Feishu reads Markdown in these, so no data may stand there.
  for (const one of withTag(card, 'markdown'))
    for (const words of spoken(one)) expect(words.includes(mark)).toBe(false);
  expect(withTag(card, 'lark_md')).toEqual([]);
  for (const one of withTag(card, 'plain_text')) {
    for (const words of spoken(one)) expect(/[<>\p{Cf}\p{Cs}]|(?!\n)\p{Cc}/u.test(words)).toBe(false);
  }
  for (const button of withTag(card, 'button')) {
    expect(Array.from((button['text'] as { content: string }).content).length).toBeLessThanOrEqual(100);
  }
  const { text: drawn } = drawCard(card, 60, { color: false });
  expect(new Set(drawn.split('\n').map(columnsOf))).toEqual(new Set([60]));
}

const view = { now: at + 72_000, timeZone: 'Asia/Shanghai', approvers: ['ou_boss', '<at id=all>'] };

describe('every card', () => {
  it('says the same in both languages at once; the setting chooses what everybody else reads', () => {
    const [zh, en] = locales.map((locale) => runCard(stateWith({ status: 'done' }), { ...view, locale }));
    const tag = (card: Card | undefined) =>
      (card as unknown as { header: { text_tag_list: readonly { text: object }[] } }).header.text_tag_list[0]
        ?.text;
    const both = { zh_cn: '已完成', en_us: 'Done' };
    expect(tag(zh)).toEqual({ tag: 'plain_text', content: '已完成', i18n_content: both });
    expect(tag(en)).toEqual({ tag: 'plain_text', content: 'Done', i18n_content: both });
  });

  it.each(Object.keys(everyState))('is sound when a run is %s, in both languages', (name) => {
    for (const locale of locales) sound(runCard(everyState[name] ?? stateWith(), { ...view, locale }));
  });

  it('of a run is sound whatever the run holds', () => {
    fc.assert(
      fc.property(states, fc.constantFrom(...locales), fc.boolean(), (state, locale, copy) => {
        sound(runCard(state, { ...view, locale, copy }));
      }),
      { numRuns: 75 },
    );
  });

  it.each(['😀', '"', '\\', '字'])('fits with everything full of %s', (char) => {
    const full = char.repeat(100_000);
    const said = text(full, full);
    const many = <T>(one: T) => Array.from({ length: 10_000 }, () => one);
    const cells = many({ field: full, from: full, to: full });
    const state = stateWith({
      run: full,
      definition: full,
      title: full,
      link: `https://example.feishu.cn/${'x'.repeat(900)}`,
      status: 'waiting',
      rows: { read: 1e9, rejected: 1e9, invalid: 1e9, failed: 1e9, unknown: 1e9 },
      deletes: { planned: 1e9, failed: 1e9, unknown: 1e9, kept: 1e9 },
      chunks: {
        total: 10_000,
        settled: 0,
        failed: many({ id: full, kind: 'create', rows: 1e9, how: 'answered', code: 1e9, message: full }),
      },
      waiting: {
        reasons: many({ code: 'deletes', message: said }),
        samples: many({ key: full, kind: 'update', cells }),
        until: at,
      },
      error: { code: 'x', message: said, cure: said, where: full, logId: full },
      notes: many(said),
      badRows: grouped(
        Array.from({ length: 10_000 }, (_, n) => ({
          kind: 'rejected' as const,
          key: full,
          row: n,
          field: `${n}${char.repeat(200)}`,
          reason: said,
        })),
      ),
      acts: many({ op: 'retry', by: { kind: 'button', openId: `ou_${'a'.repeat(64)}` }, at }),
    });
    for (const locale of locales) sound(runCard(state, { ...view, locale }));
  });

  it('about problems is sound', () => {
    fc.assert(
      fc.property(nasty, some(problems), fc.constantFrom(...locales), (about, all, locale) => {
        sound(problemCard(about, all, locale));
      }),
      { numRuns: 40 },
    );
  });

  it('that lists syncs is sound', () => {
    const listed = fc.oneof(
      fc.record({ name: nasty, title: nasty, last: fc.option(states, { nil: undefined }) }),
      fc.record({ name: nasty, problems: fc.array(problems, { maxLength: 2 }) }),
    );
    fc.assert(
      fc.property(some(listed), fc.constantFrom(...locales), (all, locale) => {
        sound(listCard(all, { locale, timeZone: 'UTC' }));
      }),
      { numRuns: 40 },
    );
  });

  it('of the other kinds is sound', () => {
    fc.assert(
      fc.property(
        nasty,
        fc.array(nasty, { maxLength: 9 }),
        fc.constantFrom(...locales),
        (asked, names, locale) => {
          sound(unknownCard(asked, names, locale));
          sound(refusalCard(text('不行', 'no'), names, locale));
          sound(helpCard(asked, usages, locale));
          sound(hintCard(locale));
          sound(cancelCard(text('好', 'fine'), names, locale));
          sound(
            saidCard(
              text(asked, asked),
              names.map((one) => text(one, one)),
              locale,
            ),
          );
          sound(
            welcomeCard(
              true,
              names.map((name) => ({ name, title: name })),
              locale,
            ),
          );
        },
      ),
      { numRuns: 40 },
    );
  });

  it('that answers a command or asks for more is sound', () => {
    const reminder = fc.record({
      ...{ number: fc.option(number), when: nasty, timeZone: nasty },
      next: fc.option(fc.constant(at), { nil: undefined }),
    });
    fc.assert(
      fc.property(
        ...[nasty, nasty, some(states), some(reminder), fc.constantFrom(...locales)],
        (name, key, runs, reminders, locale) => {
          const view = { locale, timeZone: 'UTC' };
          sound(statusCard(runs, { frozen: { by: { kind: 'cli', user: name }, at }, spentUntil: at }, view));
          sound(historyCard(name, name, runs, view));
          sound(remindersCard(name, name, reminders, view));
          const names = runs.map((state, nth) => ({
            name: `sync-${nth}`,
            title: state.title,
          }));
          const words = { kind: 'words', label: text('主键', 'Key'), hint: text('例如', 'such as') } as const;
          sound(askCard('why', name, [{ kind: 'definition', names }, words], locale));
          sound(acceptedCard(name, locale));
          sound(verifyingCard(name, locale));
          const [state] = runs;
          if (state) sound(endCard(state, [key], locale));
        },
      ),
      { numRuns: 12 },
    );
  });

  it('of the clock is sound', () => {
    const waiting = counts('creates', 'updates', 'deletes');
    const settled = fc.record({
      by: nasty,
      how: fc.constantFrom('sync', 'snooze', 'skip'),
      until: fc.option(fc.constant(at)),
    });
    const digest = fc.record({
      name: nasty,
      title: nasty,
      ...{ runs: number, failed: number, partial: number, waiting: number, written: number },
      ...{ lastGood: fc.option(fc.constant(at), { nil: undefined }), stale: fc.boolean() },
    });
    fc.assert(
      fc.property(
        ...[nasty, fc.option(waiting), fc.option(settled), some(digest), some(problems)],
        fc.constantFrom(...locales),
        (name, rows, done, all, wrong, locale) => {
          const view = { locale, timeZone: 'Asia/Shanghai' };
          const about = { name, title: name, people: [name] };
          const [problem = null] = wrong;
          sound(reminderCard({ name, title: name, lastGood: at, waiting: rows, settled: done }, view));
          sound(digestCard(all, at, view));
          sound(staleCard(about, '26h', null, view));
          sound(goodCard(about, 'mended', view));
          sound(pausedCard(about, { failures: 5, problem, resumedBy: null }, view));
          sound(pausedCard(about, { failures: 5, problem, resumedBy: name }, view));
          sound(brokenCard(about, wrong, view));
          sound(leftOutCard(about, at, view));
          sound(quotaCard(at, [name], view));
        },
      ),
      { numRuns: 15 },
    );
  });

  it('of one row, and of a comparison, is sound', () => {
    const sample = fc.record({
      ...{ key: nasty, kind: chunkKinds },
      cells: fc.array(fc.record({ field: nasty, from: nasty, to: nasty }), { maxLength: 4 }),
    });
    const told = fc.oneof(
      fc.constantFrom({ kind: 'quiet' } as const, { kind: 'forgotten' } as const),
      fc.record({
        kind: fc.constant('bad' as const),
        row: fc.record({ kind: fc.constant('rejected' as const), key: nasty, row: number, reason: words }),
      }),
      fc.record({
        ...{ kind: fc.constant('change' as const), chunk: nasty, status: fc.constant('failed' as const) },
        ...{ sentAt: fc.option(fc.constant(at)), sample, code: fc.option(number), message: nasty },
      }),
    );
    const by = fc.record({ kind: fc.constant('chat' as const), openId: nasty });
    const chapter = fc.record({ run: nasty, at: fc.constant(at), by, told });
    const chapters = fc.array(chapter, { maxLength: 10 });
    fc.assert(
      fc.property(nasty, chapters, fc.constantFrom(...locales), (key, all, locale) => {
        sound(storyCard(key, key, { chapters: all, record: key }, { locale, timeZone: 'UTC' }));
      }),
      { numRuns: 12 },
    );
  });
});
