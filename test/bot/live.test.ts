import { describe, expect, it } from 'vitest';
import { Live, type Place } from '../../src/bot/live.ts';
import { HandedOver } from '../../src/run/runs/runs.ts';
import { headerOf } from '../cards/read.ts';
import { stateWith } from '../cards/states.ts';
import { callError, fakeChat, fakeClock, fakeJournal, fakeLog, fakeRun, settle } from './fakes.ts';

function stage(journal = fakeJournal()) {
  const clock = fakeClock();
  const { chat, said, patches, control } = fakeChat(clock);
  const log = fakeLog();
  const [quit, leave] = [new AbortController(), new AbortController()];
  const live = new Live({
    chat,
    journal,
    clock,
    log,
    view: { locale: 'en-US', timeZone: 'UTC' },
    underWay: new Set(),
    leaving: leave.signal,
    signal: quit.signal,
  });
  const begin = clock.now();
  const times = () => patches().map((one) => one.at - begin);
  const labels = () => said.map((one) => headerOf(one.card).text_tag_list[0]?.text.content);
  return { clock, said, patches, control, log, quit, leave, live, times, labels, journal };
}

const reply: Place = { kind: 'reply', to: 'om_command', chat: 'oc_1', once: 'o', copy: false };
const there: Place = { kind: 'card', message: 'om_card', chat: 'oc_1' };
const rows = (n: number) => ({ phase: 'reading', reading: { rows: n, records: 0, total: null } }) as const;

/** Changes the run ten times a second. */
async function busyFor(
  seconds: number,
  run: ReturnType<typeof fakeRun>,
  clock: ReturnType<typeof fakeClock>,
) {
  for (let n = 0; n < seconds * 10; n++) {
    run.set(rows(n));
    await clock.advance(100);
  }
}

describe('the live card', () => {
  it('is there at once, as an answer, and remembered', async () => {
    const { live, said, clock, journal } = stage();
    const run = fakeRun();
    void live.follow(run, reply, []);
    await settle();
    expect(said.map(({ kind, to, once, at }) => [kind, to, once, at])).toEqual([
      ['reply', 'om_command', 'o', clock.now()],
    ]);
    expect(journal.cards).toEqual([{ run: 'r8421', chat: 'oc_1', message: 'om_1' }]);
  });

  it('is patched once a second, then every 3 s, then every 10 s', async () => {
    const { live, times, clock } = stage();
    const run = fakeRun();
    void live.follow(run, reply, []);
    await busyFor(90, run, clock);
    const all = times();
    const between = all.map((time, n) => time - (all[n - 1] ?? 0));
    expect(between.slice(0, 10)).toEqual(Array.from({ length: 10 }, () => 1_000));
    expect(new Set(between.slice(10, -3))).toEqual(new Set([3_000]));
    expect(between.slice(-2)).toEqual([10_000, 10_000]);
  });

  it('takes at most 60 patches, and the last state is always among them', async () => {
    const { live, patches, labels, clock } = stage();
    const run = fakeRun();
    const shown = live.follow(run, there, []);
    for (let n = 0; n < 1_000; n++) {
      run.set(rows(n));
      await clock.advance(10_000);
    }
    run.end('done');
    await clock.advance(2_000);
    await shown;
    expect(patches().length).toBeLessThanOrEqual(60);
    expect(labels().at(-1)).toBe('Done');
  });

  it('shows the newest state, not the ones between, and not the same twice', async () => {
    const { live, patches, clock } = stage();
    const run = fakeRun();
    void live.follow(run, reply, []);
    await settle();
    for (const n of [1, 2, 3]) run.set(rows(n));
    await clock.advance(1_000);
    run.set(rows(3));
    await clock.advance(500);
    expect(patches().map((one) => JSON.stringify(one.card).includes('3 rows'))).toEqual([true]);
  });

  it('shows the last state a second after the patch before, not at the slow pace', async () => {
    const { live, times, labels, clock } = stage();
    const run = fakeRun();
    const shown = live.follow(run, reply, []);
    await busyFor(70, run, clock);
    const before = times().at(-1) ?? 0;
    run.end('done');
    await clock.advance(1_000);
    await shown;
    expect(labels().at(-1)).toBe('Done');
    expect((times().at(-1) ?? 0) - before).toBeLessThan(10_000);
  });

  it('never has two patches in flight', async () => {
    const { live, control, patches, clock } = stage();
    control.delay = 2_500;
    const run = fakeRun();
    const [first, second] = [live.follow(run, there, []), live.follow(run, there, [])];
    await busyFor(10, run, clock);
    run.end('done');
    await clock.advance(10_000);
    await Promise.all([first, second]);
    expect(control.mostFlying).toBe(1);
    expect(patches().length).toBeGreaterThan(2);
  });

  it('keeps its clock going while nothing changes', async () => {
    const { live, times, clock } = stage();
    void live.follow(fakeRun(stateWith(rows(1))), reply, []);
    await clock.advance(46_000);
    expect(times()).toEqual([15_000, 30_000, 45_000]);
  });

  it('is not patched while a click on it is unanswered', async () => {
    const { live, times, clock } = stage();
    const run = fakeRun();
    void live.follow(run, reply, []);
    await settle();
    const [letGo, letGoToo] = [live.hold('om_1'), live.hold('om_1')];
    await busyFor(5, run, clock);
    letGo();
    await busyFor(1, run, clock);
    expect(times()).toEqual([]);
    letGoToo();
    letGoToo();
    await clock.advance(0);
    expect(times()).toEqual([6_000]);
  });

  it('goes on with the next run in the same message', async () => {
    const { live, labels, clock } = stage();
    const first = fakeRun();
    const shown = live.follow(first, there, []);
    await clock.advance(0);
    first.end('partial');
    await clock.advance(2_000);
    await shown;
    const second = fakeRun(stateWith({ phase: 'uploading' }));
    const again = live.follow(second, there, []);
    await clock.advance(1_000);
    second.end('done');
    await clock.advance(1_000);
    await again;
    expect(labels()).toEqual(['Queued', 'Partly done', 'Uploading', 'Done']);
  });

  it('of a second showing is not remembered', async () => {
    const { live, said, journal } = stage();
    void live.follow(fakeRun(), { ...reply, copy: true }, []);
    await settle();
    expect(JSON.stringify(said[0]?.card)).toContain('already running');
    expect(journal.cards).toEqual([]);
  });

  it('takes over a card that stands already', async () => {
    const { live, labels, journal, clock } = stage();
    void live.follow(fakeRun(), { kind: 'card', message: 'om_card', chat: 'oc_1' }, []);
    await clock.advance(0);
    expect(labels()).toEqual(['Queued']);
    expect(journal.cards).toEqual([{ run: 'r8421', chat: 'oc_1', message: 'om_card' }]);
  });

  it('shows the run as it is once more when the program leaves it', async () => {
    const { live, labels, leave, clock } = stage();
    const run = fakeRun();
    const shown = live.follow(run, reply, []);
    await clock.advance(100);
    run.set(rows(7));
    leave.abort();
    await clock.advance(1_000);
    await shown;
    expect(labels()).toEqual(['Queued', 'Reading']);
  });

  it.each([
    [new HandedOver(), ['Queued', 'Program stopped']],
    [undefined, ['Queued']],
  ])(
    'says at the end whether the program stopped, and nothing where another one goes on (%s)',
    async (reason, seen) => {
      const { live, labels, clock } = stage();
      const run = fakeRun();
      const shown = live.follow(run, reply, []);
      await clock.advance(100);
      run.lose(reason);
      run.end('interrupted');
      await clock.advance(1_000);
      await shown;
      expect(labels()).toEqual(seen);
    },
  );

  it('is drawn once more on request', async () => {
    const { live, labels, clock } = stage();
    const drawn = live.refresh('om_card', stateWith({ status: 'cancelled', phase: 'ended' }), []);
    await clock.advance(1_000);
    await drawn;
    expect(labels()).toEqual(['Cancelled']);
  });

  it('leaves the pace alone when it is drawn once more while it is followed', async () => {
    const { live, times, clock } = stage();
    const run = fakeRun();
    void live.follow(run, reply, []);
    await busyFor(2, run, clock);
    void live.refresh('om_1', stateWith({ status: 'cancelled' }), []);
    await clock.advance(1_000);
    expect(times().every((time, n, all) => n === 0 || time - (all[n - 1] ?? 0) >= 1_000)).toBe(true);
  });
});

describe('trouble with showing', () => {
  it.each([230031, 230011, 230110, 230001, 230099, 299999])(
    'at the first look (%i) brings a new card that answers the old one, and only that one is kept from then on',
    async (code) => {
      const { live, control, said, labels, journal, clock } = stage();
      control.fail = ({ kind, to }) => (kind === 'patch' && to === 'om_card' ? callError(code) : undefined);
      const run = fakeRun();
      const shown = live.follow(run, there, []);
      await busyFor(5, run, clock);
      run.end('done');
      await clock.advance(2_000);
      await shown;
      const [old, anew, ...others] = said;
      expect([old?.to, anew?.kind, anew?.to]).toEqual(['om_card', 'reply', 'om_card']);
      expect(others.length).toBeGreaterThan(2);
      expect(others.every(({ kind, to }) => kind === 'patch' && to === 'om_1')).toBe(true);
      expect(labels().at(-1)).toBe('Done');
      expect(journal.cards.at(-1)).toEqual({ run: 'r8421', chat: 'oc_1', message: 'om_1' });
    },
  );

  it('brings a new card where the run ends before Feishu has refused to change the old one', async () => {
    const { live, control, said, labels, clock } = stage();
    control.fail = ({ kind, to }) => (kind === 'patch' && to === 'om_card' ? callError(230031) : undefined);
    control.delay = 2_000;
    const run = fakeRun();
    const shown = live.follow(run, there, []);
    await clock.advance(1_000);
    run.end('done');
    await clock.advance(10_000);
    await shown;
    expect(said.map(({ kind, to }) => [kind, to])).toEqual([
      ['patch', 'om_card'],
      ['reply', 'om_card'],
    ]);
    expect(labels().at(-1)).toBe('Done');
  });

  it.each([230011, 230031, 230001])('in mid-run (%i) brings a new card with how it ended', async (code) => {
    const { live, control, said, labels, journal, clock } = stage();
    control.fail = ({ kind, to }, nth) =>
      nth > 3 && (kind === 'patch' || (kind === 'reply' && to === 'om_1')) ? callError(code) : undefined;
    const run = fakeRun();
    const shown = live.follow(run, reply, []);
    await busyFor(6, run, clock);
    run.end('done');
    await clock.advance(2_000);
    await shown;
    expect(said.slice(4).map(({ kind, to }) => [kind, to])).toEqual([
      ['reply', 'om_1'],
      ['send', 'oc_1'],
    ]);
    expect(labels().at(-1)).toBe('Done');
    expect(journal.cards.at(-1)?.message).toBe('om_4');
  });

  it('of a bot that was removed shows how it ended to who started it, and nothing to those who only looked', async () => {
    for (const copy of [false, true]) {
      const { live, control, said, labels, clock } = stage();
      control.fail = ({ to }, nth) => (nth > 1 && to !== 'ou_anna' ? callError(230002) : undefined);
      const run = fakeRun(
        stateWith({ acts: [{ op: 'start', by: { kind: 'chat', openId: 'ou_anna' }, at: 1 }] }),
      );
      const shown = live.follow(run, { ...reply, copy }, []);
      await busyFor(3, run, clock);
      run.end('done');
      await shown;
      expect(said.filter(({ to }) => to === 'ou_anna')).toHaveLength(copy ? 0 : 1);
      if (!copy) expect(labels().at(-1)).toBe('Done');
    }
  });

  it('never sends a second card where nobody knows whether the first arrived', async () => {
    const { live, control, said, clock } = stage();
    control.fail = (_, nth) =>
      nth < 4 ? callError(null, { mayHaveHappened: true, verdict: 'round' }) : undefined;
    void live.follow(fakeRun(), reply, []);
    await clock.advance(8_000);
    expect(said.map(({ kind, once }) => [kind, once])).toEqual(
      Array.from({ length: 4 }, () => ['reply', 'o']),
    );
  });

  it.each([11232, 230020, null])('slows it down when it is %s, with one line in the log', async (code) => {
    const { live, control, log, times, labels, clock } = stage();
    control.fail = (_, nth) => (nth <= 3 ? callError(code, { verdict: 'wait' }) : undefined);
    const run = fakeRun();
    const shown = live.follow(run, there, []);
    await busyFor(8, run, clock);
    run.end('done');
    await clock.advance(1_000);
    await shown;
    expect(times().slice(0, 4)).toEqual([0, 1_000, 3_000, 7_000]);
    expect(labels().at(-1)).toBe('Done');
    expect(log.lines.map((line) => line.event)).toEqual(['card.not-shown']);
  });

  it('tries the last state some times, then gives up', async () => {
    const { live, control, log, patches, clock } = stage();
    control.fail = () => callError(230020, { verdict: 'wait' });
    const run = fakeRun();
    const shown = live.follow(run, there, []);
    run.end('done');
    await clock.advance(120_000);
    await shown;
    expect(patches()).toHaveLength(7);
    expect(log.lines.at(-1)?.event).toBe('card.given-up');
  });

  it('tries the first card again', async () => {
    const { live, control, said, journal, clock } = stage();
    control.fail = (_, nth) => (nth < 3 ? callError(11232, { verdict: 'wait' }) : undefined);
    void live.follow(fakeRun(), reply, []);
    await clock.advance(3_000);
    expect(said.map((one) => one.once)).toEqual(['o', 'o', 'o']);
    expect(journal.cards).toHaveLength(1);
  });

  it('gives the first card up after some tries, or at once when there is no hope', async () => {
    for (const [code, tries] of [
      [11232, 6],
      [230002, 3],
    ] as const) {
      const { live, control, said, log, clock } = stage();
      control.fail = () => callError(code, code === 11232 ? { verdict: 'wait' } : {});
      const shown = live.follow(fakeRun(), reply, []);
      await clock.advance(120_000);
      await shown;
      expect(said).toHaveLength(tries);
      expect(log.lines.at(-1)?.event).toBe('card.given-up');
    }
  });

  it.each([230011, 230019, 230018, 230071, 230054, 230001, 230099, 299999])(
    'stands in the chat by itself when the answer is refused with %i, and is kept there',
    async (code) => {
      const { live, control, said, clock } = stage();
      control.fail = (one) => (one.kind === 'reply' ? callError(code) : undefined);
      const run = fakeRun();
      const shown = live.follow(run, reply, []);
      await settle();
      run.end('done');
      await clock.advance(2_000);
      await shown;
      expect(said.map((one) => [one.kind, one.to])).toEqual([
        ['reply', 'om_command'],
        ['send', 'oc_1'],
        ['patch', 'om_1'],
      ]);
    },
  );

  it('goes on when the card cannot be remembered', async () => {
    const journal = { ...fakeJournal(), saveCard: () => Promise.reject(new Error('store')) };
    const { live, log, labels, clock } = stage(journal);
    const run = fakeRun();
    const shown = live.follow(run, reply, []);
    run.end('done');
    await clock.advance(1_000);
    await shown;
    expect(labels().at(-1)).toBe('Done');
    expect(log.lines.map((line) => line.event)).toEqual(['card.not-noted']);
  });

  it('ends when the program ends, wherever it stands', async () => {
    const { live, quit, leave, clock, control } = stage();
    const waiting = live.follow(fakeRun(), there, []);
    const letGo = live.hold('om_held');
    const held = live.follow(fakeRun(), { kind: 'card', message: 'om_held', chat: 'oc_1' }, []);
    control.fail = () => callError(11232);
    const unsent = live.follow(fakeRun(), reply, []);
    await clock.advance(500);
    leave.abort();
    quit.abort();
    await Promise.all([waiting, held, unsent]);
    letGo();
    await live.follow(fakeRun(), there, []);
    expect(clock.sleeping()).toBe(0);
  });
});
