import type { FieldKind } from '../sync/definition/field.ts';
import type { Target } from '../sync/fields/column.ts';
import { type Key, showKey } from '../sync/fields/key.ts';
import type { Cell } from '../sync/fields/kinds/kind.ts';
import { membersIn } from '../sync/fields/kinds/sets.ts';
import type { Mapping } from '../sync/fields/mapping.ts';
import type { Change } from '../sync/plan/change.ts';
import type { ChunkKind, Sample } from '../sync/state/state.ts';

/** Samples of each kind that a card shows. */
const samplesPerKind = 3;
/** Cells that one sample shows. */
const cellsPerSample = 4;
/** Characters of a cell that a sample shows. */
const shown = 40;
/** What stands for a private value. */
export const masked = '•••';

/** What people call a member of the cell at a position; undefined where only its ID is known. */
export type NameOf = (at: number, id: string) => string | undefined;

/** Collects the first few changes of each kind, shortened, by people's names, and with private columns masked. */
export function sampler(mapping: Pick<Mapping, 'targets' | 'key'>, nameOf: NameOf = () => undefined) {
  const taken = new Map<ChunkKind, Sample[]>();

  return {
    take(change: Change): void {
      const some = taken.get(change.kind) ?? [];
      if (some.length < samplesPerKind) taken.set(change.kind, [...some, sampleOf(change, mapping, nameOf)]);
    },
    all: (): readonly Sample[] => [...taken.values()].flat(),
  };
}

/** What a change does, shortened and with private columns masked. */
export function sampleOf(
  change: Change,
  mapping: Pick<Mapping, 'targets' | 'key'>,
  nameOf: NameOf = () => undefined,
): Sample {
  function cell(at: number, value: Cell): string {
    const target = mapping.targets[at];
    if (target?.hidden && value !== '') return masked;
    return showCell(target, value, (id) => nameOf(at, id));
  }
  const pairs =
    change.kind === 'update'
      ? change.differences
      : change.cells.map(
          (value, at) =>
            [at, change.kind === 'create' ? value : '', change.kind === 'create' ? '' : value] as const,
        );
  const cells = pairs
    .filter(([at, to, from]) => to !== from && !mapping.key.includes(at))
    .slice(0, cellsPerSample)
    .map(([at, to, from]) => ({
      field: mapping.targets[at]?.name ?? '',
      from: cell(at, from),
      to: cell(at, to),
    }));
  return {
    key: shownKey(mapping, change.key),
    kind: change.kind,
    ...(change.kind === 'update' && change.back ? { back: true } : {}),
    cells,
  };
}

/** A key as people may see it: its parts, cut, and masked when one of its columns is private. */
export function shownKey(mapping: Pick<Mapping, 'targets' | 'key'>, key: Key): string {
  const hidden = mapping.key.some((at) => mapping.targets[at]?.hidden);
  return hidden && key !== '' ? masked : cut(showKey(key, mapping.key.length));
}

const sets: ReadonlySet<FieldKind> = new Set(['multi', 'person', 'group', 'link', 'attachment']);

function showCell(
  target: Target | undefined,
  value: Cell,
  called: (id: string) => string | undefined,
): string {
  if (value === '') return '';
  if (target && sets.has(target.kind)) {
    const members = membersIn(value).slice(0, shown);
    return cut(members.map((id) => called(id) ?? id).join(', '));
  }
  const date = target?.kind === 'date' ? new Date(Number(value)) : undefined;
  return date && !Number.isNaN(date.getTime()) ? date.toISOString() : cut(value);
}

function cut(value: string): string {
  const points = [...value.slice(0, shown * 4)];
  return points.length > shown ? `${points.slice(0, shown).join('')}…` : value;
}
