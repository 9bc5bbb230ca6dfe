import { describe, expect, it } from 'vitest';
import type { Debt, HeldNews, Pause, Watched } from '../../src/bot/ports.ts';
import type { OpenedStore } from '../../src/store/open.ts';

/** What the bot keeps, noun by noun. @param another opens the same store once more */
export function keptContract(opened: () => OpenedStore, another: () => Promise<OpenedStore>): void {
  describe('what happens once', () => {
    const firings = () => opened().kept.firings;
    const three = async () => [firings(), (await another()).kept.firings, (await another()).kept.firings];

    it('is taken on once, however many want to, also after a restart', async () => {
      const won = await Promise.all((await three()).map((one) => one.take('once', 9_000, 9_100, 99_000)));
      expect(won.filter((one) => one)).toHaveLength(1);
      expect(await (await another()).kept.firings.take('once', 9_000, 50_000, 99_000)).toBe(false);
      expect(await firings().take('once', 9_001, 9_100, 99_000)).toBe(true);
    });

    it('is taken over by one from whoever did not finish in time, and never once it is done', async () => {
      const slow = firings();
      expect(await slow.take('slow', 1, 10, 20)).toBe(true);
      expect(await slow.take('slow', 1, 19, 40)).toBe(false);
      const won = await Promise.all((await three()).map((one) => one.take('slow', 1, 20, 40)));
      expect(won.filter((one) => one)).toHaveLength(1);
      await slow.putOff('slow', 1, 30);
      expect(await slow.take('slow', 1, 29, 45)).toBe(false);
      expect(await slow.take('slow', 1, 30, 45)).toBe(true);
      await slow.done('slow', 1, 'told 😀');
      await slow.putOff('slow', 1, 31);
      expect(await slow.take('slow', 1, 99, 120)).toBe(false);
      expect(await slow.last('slow')).toEqual({ due: 1, at: 30, until: null, note: 'told 😀' });
    });

    it('is found by its newest time, whatever its name is', async () => {
      const what = `entry|${'长'.repeat(500)}|0 9 * * *`;
      for (const due of [3, 9, 6]) await firings().take(what, due, due, due + 1);
      expect(await firings().last(what)).toMatchObject({ due: 9, until: 10 });
      expect(await firings().last(what, 8)).toMatchObject({ due: 6 });
      expect(await firings().last('entry|none')).toBeUndefined();
    });

    it('is one of its kind', async () => {
      const { notices } = opened().kept;
      expect(await notices.stale.take('same', 1, 10, 20)).toBe(true);
      expect(await notices.fresh.take('same', 1, 10, 20)).toBe(true);
      expect(await firings().last('same')).toBeUndefined();
    });

    it('is forgotten when it is old', async () => {
      await firings().take('old', 1, -10, -5);
      await firings().take('young', 1, 10, 20);
      await opened().occasions.prune(0);
      expect(await firings().last('old')).toBeUndefined();
      expect(await firings().last('young')).toBeDefined();
    });
  });

  describe('what holds the clock', () => {
    const holds = () => opened().kept.holds;

    it.each([{ kind: 'chat', openId: 'ou_a' } as const, { kind: 'cli', user: 'ada' } as const])(
      'is a freeze until it is taken back: %j',
      async (by) => {
        await holds().freeze({ by, at: 7 });
        expect(await (await another()).kept.holds.frozen()).toEqual({ by, at: 7 });
        await holds().freeze(undefined);
        expect(await holds().frozen()).toBeUndefined();
      },
    );

    it('is a pause of a definition until it is resumed, which is known afterwards', async () => {
      const first = { by: 'ou_a', at: 5, away: undefined };
      await holds().pause('one', { by: undefined, at: 4, away: 'source' });
      await holds().pause('one', first);
      await holds().pause('two', { by: undefined, at: 6, away: 'feishu' });
      expect(await (await another()).kept.holds.paused()).toEqual(
        new Map<string, Pause>([
          ['one', first],
          ['two', { by: undefined, at: 6, away: 'feishu' }],
        ]),
      );
      await holds().resume('one', 90);
      expect([[...(await holds().paused()).keys()], await holds().resumedAt('one')]).toEqual([['two'], 90]);
      expect(await holds().resumedAt('two')).toBe(0);
      await holds().resume('two', 91);
    });

    it('is a month without calls until it is lifted', async () => {
      await holds().spend({ until: 9, since: 1 });
      expect(await (await another()).kept.holds.quota()).toEqual({ until: 9, since: 1 });
      await holds().spend(undefined);
      expect(await holds().quota()).toBeUndefined();
    });
  });

  describe('news', () => {
    const news = () => opened().kept.news;

    it('of a chat about a definition is the last one', async () => {
      await news().saveHealth('orders', 'oc_a', { outcome: 'good', message: null });
      await news().saveHealth('orders', 'oc_a', { outcome: 'failed', message: 'om_1' });
      await news().saveHealth('orders', undefined, { outcome: 'partial', message: null });
      const again = (await another()).kept.news;
      expect(await again.health('orders', 'oc_a')).toEqual({ outcome: 'failed', message: 'om_1' });
      expect(await again.health('orders', undefined)).toEqual({ outcome: 'partial', message: null });
      expect(await again.health('orders', 'oc_b')).toBeUndefined();
    });

    it('that is good waits, the newest of each chat, until it is released', async () => {
      const one: HeldNews = { definition: 'orders', chat: 'oc_a', run: 'r1', recovered: true };
      const nowhere: HeldNews = { ...one, chat: undefined, run: 'r2', recovered: false };
      await news().hold({ ...one, run: 'r0' });
      await news().hold(one);
      await news().hold(nowhere);
      expect(await (await another()).kept.news.held()).toEqual([nowhere, one]);
      await news().release(one);
      await news().release(nowhere);
      expect(await news().held()).toEqual([]);
    });

    it('that could not be sent is owed until it is paid', async () => {
      const about = { at: 5, name: 'orders', title: '订单 😀', others: ['ou_a'], people: [] };
      const debt: Debt = { ...about, to: 'oc_a', once: 'stale|1', zh: '旧', en: 'old' };
      const next: Debt = { ...debt, once: 'stale|2', at: 6 };
      await news().owe(debt);
      await news().owe(next);
      await news().owe(debt);
      expect(await (await another()).kept.news.owed()).toEqual([debt, next]);
      await news().paid(debt);
      await news().paid(next);
      expect(await news().owed()).toEqual([]);
    });
  });

  it('what is watched of a definition is what was saved last, and since when is known', async () => {
    const { watched } = opened().kept;
    const limits = [{ id: 'entry|orders', chat: undefined, stale: '26h' }];
    const orders: Watched = { title: '订单', chat: 'oc_a', others: ['ou_a'], limits };
    await watched.save('orders', { ...orders, title: 'before' });
    await watched.save('orders', orders);
    expect((await (await another()).kept.watched.all()).get('orders')).toEqual(orders);
    expect([await watched.since('orders', 50), await watched.since('orders', 80)]).toEqual([50, 50]);
    await watched.save('orders', undefined);
    expect((await watched.all()).size).toBe(0);
  });

  it('reminders come back as they were set, oldest first, and go once', async () => {
    const { reminders } = opened().kept;
    const daily = {
      ...{ id: 'r1', definition: 'orders', chat: 'oc_a', plan: true, by: 'ou_a', createdAt: 5 },
      when: { cron: '0 9 * * 1-5', timeZone: 'Asia/Shanghai' },
    };
    const later = { ...daily, id: 'r0', plan: false, createdAt: 6, when: { at: 1_800_000_000_000 } };
    await reminders.add(later);
    await reminders.add(daily);
    await reminders.add({ ...daily, chat: 'oc_twice' });
    expect(await (await another()).kept.reminders.all()).toEqual([daily, later]);
    expect(await reminders.remove('r1')).toBe(true);
    expect(await reminders.remove('r1')).toBe(false);
    await reminders.remove('r0');
  });

  describe('chats', () => {
    it('are muted for a definition until that is taken back', async () => {
      const { chats } = opened().kept;
      await chats.mute('orders', 'oc_a', 'ou_a');
      const muted = async (definition: string, chat: string | undefined) =>
        (await another()).kept.chats.isMuted(definition, chat);
      expect(await muted('orders', 'oc_a')).toBe(true);
      expect([await muted('users', 'oc_a'), await muted('orders', undefined)]).toEqual([false, false]);
      await chats.mute('orders', 'oc_a', undefined);
      expect(await muted('orders', 'oc_a')).toBe(false);
    });

    it('have outsiders or none, as was learned last', async () => {
      const { chats } = opened().kept;
      expect(await chats.outsiders('oc_a')).toBeUndefined();
      await chats.saveOutsiders('oc_a', true, 5);
      expect(await chats.outsiders('oc_a')).toEqual({ outside: true, at: 5 });
      await chats.saveOutsiders('oc_a', false, 6);
      expect(await (await another()).kept.chats.outsiders('oc_a')).toEqual({ outside: false, at: 6 });
    });

    it('welcome a person once within the pause, whoever does it', async () => {
      const both = [opened().kept.chats, (await another()).kept.chats];
      const welcomed = await Promise.all(both.map((one) => one.welcome('ou_a', 1_000, 500)));
      expect(welcomed.filter((one) => one)).toHaveLength(1);
      expect(await both[1]?.welcome('ou_a', 1_499, 500)).toBe(false);
      expect(await both[0]?.welcome('ou_a', 1_500, 500)).toBe(true);
    });
  });

  describe('cards', () => {
    it('are trusted once they were sent, with the thread that they stand in', async () => {
      const { cards } = opened().kept;
      expect(await cards.trusted('om_a')).toBeUndefined();
      await cards.trust('om_a', false, 5);
      await cards.trust('om_b', true, 5);
      const again = (await another()).kept.cards;
      expect([await again.trusted('om_a'), await again.trusted('om_b')]).toEqual([
        { thread: false },
        { thread: true },
      ]);
      expect(await cards.inThread('r1')).toBe(false);
      await cards.saveThread('r1', 5);
      expect(await again.inThread('r1')).toBe(true);
    });

    it('with buttons of the clock say what they are about', async () => {
      const { cards } = opened().kept;
      const words = { zh: '错', en: 'bad' };
      const error = { code: 'x', message: words, cure: words, where: 'STORE_URL' };
      const paused = { kind: 'paused', definition: 'orders', failures: 5, error } as const;
      const facts = { name: 'orders', title: '订单', lastGood: null, settled: null };
      const remind = {
        kind: 'remind',
        ...{ definition: 'orders', chat: 'oc_a', plan: true, due: 5, zone: 'UTC' },
        facts: { ...facts, waiting: { creates: 1, updates: 2, deletes: 3 } },
      } as const;
      await cards.saveNotice('om_paused', paused, 5);
      await cards.saveNotice('om_remind', remind, 5);
      const again = (await another()).kept.cards;
      expect([await again.notice('om_paused'), await again.notice('om_remind')]).toEqual([paused, remind]);
      expect(await again.notice('om_none')).toBeUndefined();
    });
  });
}
