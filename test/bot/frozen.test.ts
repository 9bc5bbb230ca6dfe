import { expect, it } from 'vitest';
import { freezeAll as freeze, thawAll as thaw } from '../../src/bot/schedule/controls.ts';
import type { State } from '../../src/sync/state/state.ts';
import { stateWith } from '../cards/states.ts';
import { fakeClock, fakeKept } from './fakes.ts';

const boss = { kind: 'chat', openId: 'ou_boss' } as const;
const ada = { kind: 'cli', user: 'ada' } as const;

const newDesk = (...open: readonly State[]) => ({
  kept: fakeKept(),
  clock: fakeClock(),
  runs: { open: async () => open.map((state) => ({ state, chat: null })) },
});

it.each([boss, ada])('a freeze notes who did it and when, and a thaw takes it back: %j', async (by) => {
  const desk = newDesk();
  const at = desk.clock.now();
  expect(await freeze(by, desk)).toMatchObject({ frozen: { by, at } });
  expect(await desk.kept.holds.frozen()).toEqual({ by, at });
  const { words, frozen } = await thaw(desk);
  expect([words[0]?.en, frozen]).toEqual(['Everything continues.', undefined]);
  expect(await desk.kept.holds.frozen()).toBeUndefined();
});

it('whoever freezes it a second time changes nothing and is told so; so is who thaws what is not frozen', async () => {
  const desk = newDesk();
  await freeze(boss, desk);
  const again = await freeze(ada, desk);
  expect(again.words[0]?.en).toContain('frozen already');
  expect(again.frozen?.by).toEqual(boss);
  await thaw(desk);
  expect((await thaw(desk)).words[0]?.en).toContain('Nothing was frozen');
});

it('a freeze tells of what is under way, which it does not stop', async () => {
  const going = stateWith({ status: 'running', phase: 'uploading' });
  const desk = newDesk(going, { ...going, planOnly: true }, stateWith({ status: 'waiting' }));
  const { words, going: told } = await freeze(boss, desk);
  expect(told).toEqual([going]);
  expect(words[1]?.en).toContain('One sync is under way');
});

it('a note that nobody can read holds everything all the same', async () => {
  const { kept } = newDesk();
  await kept.marks.set('frozen', '', '', 'not json');
  expect(await kept.holds.frozen()).toEqual({ by: { kind: 'cli' }, at: 0 });
});
