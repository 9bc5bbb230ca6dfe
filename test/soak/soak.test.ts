import { describe, expect, it } from 'vitest';
import { mysqlUrl } from '../support/mysql.ts';
import { play } from './play.ts';
import { newScenario, type Setting } from './scenario.ts';

/**
 * Some seeds for every change; `npm run soak` tries others, and says how to play one of them again. Of two programs at
 * once which does what is up to the machine: the same seed is not always the same story, and each must be right.
 */
const kinds: readonly (readonly [string, Partial<Setting>, seeds: readonly number[]])[] = [
  ['one program', { kind: 'quick', two: false, mysql: false }, [2]],
  ['two programs on one MySQL store', { kind: 'quick', two: true, mysql: true }, [204]],
  ['two processes that are killed, on one MySQL store', { kind: 'real', two: true, mysql: true }, [401]],
];

describe.each(kinds)('nothing is lost, doubled or deleted unasked: %s', (_, wish, seeds) => {
  it.each(seeds)('whatever seed %i brings', async (seed) => {
    const { wrong, story } = await play(newScenario(seed, wish), mysqlUrl());
    expect(wrong, story.join('\n')).toEqual([]);
  });
});
