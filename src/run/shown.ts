import type { Target } from '../sync/fields/column.ts';
import { type Key, showKey, showParts } from '../sync/fields/key.ts';
import type { Cell } from '../sync/fields/kinds/kind.ts';
import { holdsSeveral } from '../sync/fields/kinds/kinds.ts';
import { membersIn } from '../sync/fields/kinds/sets.ts';
import type { Mapping } from '../sync/fields/mapping.ts';
import { type Change, wantedAt } from '../sync/plan/change.ts';
import type { BadRow, ChunkKind, Drift, Sample } from '../sync/state/state.ts';
import type { Failure } from '../sync/words/failure.ts';
import { text } from '../sync/words/text.ts';

/** Samples of each kind that a card shows, and cells that one of them shows. */
const samplesPerKind = 3;
const cellsPerSample = 4;
/** Characters of a cell or key in a sample, and of a key and of a value in a list of rows. */
const sampleMost = 40;
const keyMost = 1000;
const valueMost = 200;
/** What stands for a private value. */
const masked = '•••';

type Shown = Pick<Mapping, 'targets' | 'key'>;

/** What people call a member of the cell at a position; undefined where only its ID is known. */
export type NameOf = (at: number, id: string) => string | undefined;

/** Collects the first few changes of each kind, as {@link sampleOf} shows them. */
export function sampler(mapping: Shown, nameOf?: NameOf) {
  const taken = new Map<ChunkKind, Sample[]>();
  return {
    take(change: Change): void {
      const some = taken.get(change.kind) ?? [];
      if (some.length < samplesPerKind) taken.set(change.kind, [...some, sampleOf(change, mapping, nameOf)]);
    },
    all: (): readonly Sample[] => [...taken.values()].flat(),
  };
}

/** Collects what people changed, from the updates that set it back. */
export function drifts(mapping: Shown, nameOf?: NameOf) {
  const fields = new Map<number, number>();
  const samples = sampler(mapping, nameOf);
  let records = 0;
  return {
    take(change: Change): void {
      if (change.kind !== 'update' || !change.back) return;
      records++;
      samples.take(change);
      for (const [at] of change.differences) fields.set(at, (fields.get(at) ?? 0) + 1);
    },
    all: (): Drift => ({
      records,
      fields: mostFirst([...fields].map(([at, changed]) => [mapping.targets[at]?.name ?? '', changed])),
      samples: samples.all(),
    }),
  };
}

const mostFirst = (fields: Iterable<readonly [field: string, records: number]>): Drift['fields'] =>
  [...fields].sort(([, one], [, other]) => other - one).map(([field, records]) => ({ field, records }));

/** What people changed, of which a run has set some back before it went on. */
export function allDrift(before: Drift, now: Drift): Drift {
  const fields = new Map<string, number>();
  for (const { field, records } of [...before.fields, ...now.fields])
    fields.set(field, records + (fields.get(field) ?? 0));
  return {
    records: before.records + now.records,
    fields: mostFirst(fields),
    samples: [...before.samples, ...now.samples].slice(0, samplesPerKind),
  };
}

/** What a change does: shortened, by people's names, and with private columns masked. */
export function sampleOf(change: Change, mapping: Shown, nameOf: NameOf = () => undefined): Sample {
  const { targets, key } = mapping;
  function cell(at: number, value: Cell): string {
    const target = targets[at];
    if (target?.hidden && value !== '') return masked;
    return showCell(target, value, (id) => nameOf(at, id));
  }
  const cells = differencesIn(change)
    .filter(([at, to, from]) => to !== from && (change.kind === 'update' || !key.includes(at)))
    .slice(0, cellsPerSample)
    .map(([at, to, from]) => ({ field: targets[at]?.name ?? '', from: cell(at, from), to: cell(at, to) }));
  const back = change.kind === 'update' && change.back ? { back: true as const } : {};
  return { key: shownKey(mapping, change.key), kind: change.kind, ...back, cells };
}

const differencesIn = (change: Change): readonly (readonly [at: number, to: Cell, from: Cell])[] =>
  change.kind === 'update'
    ? change.differences
    : change.cells.map((cell, at) => (change.kind === 'create' ? [at, cell, ''] : [at, '', cell]));

function showCell(
  target: Target | undefined,
  value: Cell,
  called: (id: string) => string | undefined,
): string {
  if (value === '') return '';
  if (target && holdsSeveral(target.kind)) {
    const members = membersIn(value).slice(0, sampleMost);
    return cut(members.map((id) => called(id) ?? id).join(', '), sampleMost);
  }
  const date = target?.kind === 'date' ? new Date(Number(value)) : undefined;
  return date && !Number.isNaN(date.getTime()) ? date.toISOString() : cut(value, sampleMost);
}

/** A key as a sample shows it: its parts, cut, and masked when one of its columns is private. */
export const shownKey = (mapping: Shown, key: Key): string =>
  keyShown(mapping, showKey(key, mapping.key.length), sampleMost);

/** A key as a list of rows needs it: long, masked in the same way. */
export const listedKey = (mapping: Shown, key: Key): string =>
  keyShown(mapping, showKey(key, mapping.key.length), keyMost);

/** The parts of a key as they were written, listed in the same way. */
export const listedParts = (mapping: Shown, parts: readonly string[]): string =>
  keyShown(mapping, showParts(parts), keyMost);

function keyShown({ key, targets }: Shown, shown: string, most: number): string {
  const hidden = key.some((at) => targets[at]?.hidden);
  return hidden && shown !== '' ? masked : cut(shown, most);
}

/** A value as a list of rows may show it. */
export const listedValue = (target: Target | undefined, value: Cell): string =>
  target?.hidden && value !== '' ? masked : cut(value, valueMost);

function cut(value: string, most: number): string {
  const some = value.slice(0, most * 4);
  const points = [...some];
  return points.length > most ? `${points.slice(0, most).join('')}…` : some;
}

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

/** The field that a refusal is about: the one that Feishu points at, or the only one that was sent. */
function pointedAt(targets: readonly Target[], change: Change, { pointer, message }: Failure): number {
  const named = /\.fields\.(.+)$/su.exec(pointer ?? '')?.[1];
  const inside = /\.fieldName\.([^'"\n]+)/u.exec(message)?.[1];
  const found = targets.findIndex(({ name }) => name === inside || name === named);
  if (found >= 0) return found;
  const [only, ...others] = change.kind === 'update' ? change.differences : [];
  return only && others.length === 0 ? only[0] : -1;
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
