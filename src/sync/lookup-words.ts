import type { Cell } from './kinds/kind.ts';
import { membersIn } from './kinds/set.ts';
import type { PersonBy } from './lookup.ts';
import type { Target } from './mapping.ts';
import type { Problem } from './problem.ts';
import { count, text } from './text.ts';

/** Different words of people that one run looks up. */
export const wordsMost = 200_000;
/** Characters of a word that can name somebody: those of the longest e-mail address. */
const longest = 320;

/** The different words by which people are named, gathered row by row. */
export interface LookupWords {
  /** Takes a row's words; answers false once there are more than {@link wordsMost}. */
  take(cells: readonly Cell[]): boolean;
  all(): ReadonlyMap<PersonBy, ReadonlySet<string>>;
}

/** Gathers nothing where no person is looked up. */
export function lookupWords(targets: readonly Target[]): LookupWords {
  const sets = new Map<PersonBy, Set<string>>();
  const places = targets.flatMap(({ lookup }, at) => {
    if (lookup?.kind !== 'person') return [];
    const words = sets.get(lookup.by) ?? new Set<string>();
    sets.set(lookup.by, words);
    return [{ at, words }];
  });
  const size = (): number => [...sets.values()].reduce((all, words) => all + words.size, 0);
  return {
    take(cells) {
      if (places.length === 0) return true;
      for (const { at, words } of places) {
        const cell = cells[at] ?? '';
        for (const word of membersIn(cell)) if (word.length <= longest) words.add(word);
      }
      return size() <= wordsMost;
    },
    all: () => sets,
  };
}

export const tooManyWords: Problem = {
  code: 'too-many-people',
  message: text(
    `查询里要查找的人超过 ${count(wordsMost)} 个`,
    `the query names more than ${count(wordsMost)} different people to look up`,
  ),
  cure: text(
    '请检查 by 用的列是不是选错了；人确实这么多时，请在查询里直接给出 open_id（by: open_id）。',
    'See whether by is said of the wrong column; if there are so many people, let the query answer their open_ids (by: open_id).',
  ),
};
