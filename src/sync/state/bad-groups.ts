import { type Text, text } from '../words/text.ts';
import type { BadGroup, BadRow } from './state.ts';

/** Reasons that are told apart; the rows of all others are counted together. */
const mostGroups = 30;
/** Rows of each reason that are kept to be shown. */
const samplesPerGroup = 5;
/** Characters of a sample's key. */
const keyShown = 40;

/** Counts bad rows by reason in bounded room. */
export interface BadGroups {
  take(row: BadRow): void;
  /** The largest group first. */
  all(): readonly BadGroup[];
}

/** Begins to count; with the groups that were counted before. */
export function badGroups(before: readonly BadGroup[] = []): BadGroups {
  const groups = new Map(before.map((group) => [nameOf(group), group]));
  return {
    take(row) {
      const gist = gistOf(row.reason);
      const known = groups.get(nameOf({ ...row, reason: gist }));
      const group =
        known ?? (groups.size < mostGroups ? groupOf(row, gist) : (groups.get(nameOf(others)) ?? others));
      groups.set(nameOf(group), {
        ...group,
        rows: group.rows + 1,
        samples: group.samples.length < samplesPerGroup ? [...group.samples, sampleOf(row)] : group.samples,
      });
    },
    all: () => [...groups.values()].sort((a, b) => b.rows - a.rows),
  };
}

/** The groups with one more row. */
export function withBad(groups: readonly BadGroup[], row: BadRow): readonly BadGroup[] {
  const counted = badGroups(groups);
  counted.take(row);
  return counted.all();
}

/** What is wrong with the rows of a group: of a single one with the value itself, for it is the one to look for. */
export const reasonOf = ({ reason, rows, samples }: BadGroup): Text =>
  rows === 1 ? (samples[0]?.reason ?? reason) : reason;

/** Short enough to be kept with the state, which is stored again and again. */
const sampleOf = ({ value: _, ...row }: BadRow): BadRow => ({
  ...row,
  key:
    row.key.length > keyShown
      ? `${[...row.key.slice(0, keyShown * 2)].slice(0, keyShown).join('')}…`
      : row.key,
});

const groupOf = ({ kind, field, code }: BadRow, reason: Text): BadGroup => ({
  kind,
  ...(field === undefined ? {} : { field }),
  ...(code === undefined ? {} : { code }),
  reason,
  rows: 0,
  samples: [],
});

const others: BadGroup = {
  kind: 'rejected',
  reason: text('其他原因', 'other reasons'),
  rows: 0,
  samples: [],
};

const nameOf = ({ kind, field, code, reason }: Omit<BadGroup, 'rows' | 'samples'>): string =>
  JSON.stringify([kind, field?.slice(0, 100), code, reason.zh.slice(0, 200)]);

/** A reason without the value that it quotes: rows are grouped by what is wrong, not by what was written. */
const gistOf = ({ zh, en }: Text): Text => text(gist(zh), gist(en));

const gist = (words: string): string => words.slice(0, 1000).replace(/`.*`/su, '…');
