import type { Target } from '../sync/fields/column.ts';
import { type Key, showKey, showParts } from '../sync/fields/key.ts';
import type { Cell } from '../sync/fields/kinds/kind.ts';
import type { Mapping } from '../sync/fields/mapping.ts';
import { type Change, wantedAt } from '../sync/plan/change.ts';
import { badGroups } from '../sync/state/counts.ts';
import type { BadGroup, BadRow } from '../sync/state/state.ts';
import type { Failure } from '../sync/words/failure.ts';
import { text } from '../sync/words/text.ts';
import type { Rejects } from './ports.ts';
import { masked } from './sample.ts';

/** Bad rows that go to the store at once. */
const batch = 500;
/** Characters of a key and of a value in the list of bad rows. */
const keyShown = 1000;
const valueShown = 200;

type Shown = Pick<Mapping, 'targets' | 'key'>;

/** Takes the bad rows of a run: all go to the store, their reasons are counted. */
export interface BadRows {
  take(row: BadRow): Promise<void>;
  /** Stores what is worth telling and is no row of the query. */
  list(row: BadRow): Promise<void>;
  /** Counts a row that a chunk holds: it needs no place of its own in the store. */
  count(row: BadRow): void;
  /** Stores what is left and answers the counts. */
  end(): Promise<readonly BadGroup[]>;
}

/** Begins the list of a run's bad rows. */
export function badRowsOf(run: string, rejects: Pick<Rejects, 'addRows'>, fence: number): BadRows {
  const groups = badGroups();
  let waiting: BadRow[] = [];
  async function store(): Promise<void> {
    const rows = waiting;
    waiting = [];
    await rejects.addRows(run, rows, fence);
  }
  async function list(row: BadRow): Promise<void> {
    waiting.push(row);
    if (waiting.length === batch) await store();
  }
  return {
    take(row) {
      groups.take(row);
      return list(row);
    },
    list,
    count: (row) => groups.take(row),
    async end() {
      await store();
      return groups.all();
    },
  };
}

/** A key in whole, as a list of rows needs it; masked when one of its columns is private. */
export const listedKey = (mapping: Shown, key: Key): string =>
  listed(mapping, showKey(key, mapping.key.length));

/** The parts of a key as they were written, listed in the same way. */
export const listedParts = (mapping: Shown, parts: readonly string[]): string =>
  listed(mapping, showParts(parts));

function listed(mapping: Shown, key: string): string {
  const hidden = mapping.key.some((at) => mapping.targets[at]?.hidden);
  return hidden && key !== '' ? masked : cut(key, keyShown);
}

/** A value as a list of rows may show it. */
export const listedValue = (target: Target | undefined, value: Cell): string =>
  target?.hidden && value !== '' ? masked : cut(value, valueShown);

/** A change that Feishu refused, as it is listed. */
export function refusedRow(mapping: Shown, change: Change, failure: Failure): BadRow {
  const at = pointedAt(mapping.targets, change, failure);
  const target = mapping.targets[at];
  const code = failure.code === null ? '' : `${failure.code} `;
  return {
    kind: 'rejected',
    key: listedKey(mapping, change.key),
    row: null,
    ...(target ? { field: target.name, value: listedValue(target, wantedAt(change, at)) } : {}),
    ...(failure.code === null ? {} : { code: failure.code }),
    reason: text(`飞书拒绝：${code}${failure.message}`, `Feishu refused it: ${code}${failure.message}`),
  };
}

/** A failure whose words hold no value of a private column, should Feishu quote one of those that were sent. */
export function withoutPrivate(
  failure: Failure,
  changes: readonly Change[],
  targets: readonly Target[],
): Failure {
  const hidden = targets.flatMap((target, at) => (target.hidden ? [at] : []));
  const values = changes.flatMap((change) => hidden.map((at) => wantedAt(change, at)));
  const message = [...new Set(values)]
    .map((value) => value.replace(/\s+/gu, ' ').trim())
    .filter((value) => value.length > 1)
    .sort((one, other) => other.length - one.length)
    .reduce((words, value) => cutOff(words.replaceAll(value, masked), value), failure.message);
  return message === failure.message ? failure : { ...failure, message };
}

/** Words are cut after some hundred characters, perhaps inside of a value. */
function cutOff(words: string, value: string): string {
  for (let shown = Math.min(value.length - 1, words.length); shown >= 4; shown--)
    if (words.endsWith(value.slice(0, shown))) return `${words.slice(0, -shown)}${masked}`;
  return words;
}

/** The field that a refusal is about: the one that Feishu points at, or the only one that was sent. */
function pointedAt(targets: readonly Target[], change: Change, { pointer, message }: Failure): number {
  const named = /\.fields\.(.+)$/su.exec(pointer ?? '')?.[1];
  const inside = /\.fieldName\.([^'"\n]+)/u.exec(message)?.[1];
  const found = targets.findIndex(({ name }) => name === inside || name === named);
  if (found >= 0) return found;
  const [only, ...others] = change.kind === 'update' ? change.differences : [];
  return only && others.length === 0 ? only[0] : -1;
}

function cut(value: string, most: number): string {
  const points = [...value.slice(0, most * 2)];
  return points.length > most ? `${points.slice(0, most).join('')}…` : value.slice(0, most * 2);
}
