import { describe, expect, it } from 'vitest';
import { mysqlUrl } from '../support/mysql.ts';
import { play } from './play.ts';
import { newScenario, type Setting } from './scenario.ts';

/**
 * Some seeds for every change; `npm run soak` tries others, and says how to play one of them again. Two programs at
 * once are played there only: which of them does what is up to the machine, and the same seed not always the same story.
 */
const kinds: readonly (readonly [string, Partial<Setting>, from: number, to: number])[] = [
  ['one program', { kind: 'quick', two: false, mysql: false }, 1, 14],
  ['processes that are killed', { kind: 'real', two: false, mysql: false }, 301, 303],
];

const seeds = (from: number, to: number): number[] =>
  Array.from({ length: to - from + 1 }, (_, at) => from + at);

describe.each(kinds)('nothing is lost, doubled or deleted unasked: %s', (_, wish, from, to) => {
  it.each(seeds(from, to))('whatever seed %i brings', async (seed) => {
    const { wrong, story } = await play(newScenario(seed, wish), mysqlUrl());
    expect(wrong, story.join('\n')).toEqual([]);
  });
});
