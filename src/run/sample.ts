import type { Change } from '../sync/change.ts';
import { type Key, showKey } from '../sync/key.ts';
import type { Cell } from '../sync/kinds/kind.ts';
import type { Mapping, Target } from '../sync/mapping.ts';
import type { ChunkKind, Sample } from '../sync/state.ts';

/** Samples of each kind that a card shows. */
const samplesPerKind = 3;
/** Cells that one sample shows. */
const cellsPerSample = 4;
/** Characters of a cell that a sample shows. */
const shown = 40;
/** What stands for a private value. */
export const masked = '•••';

/** Collects the first few changes of each kind, shortened and with private columns masked. */
export function sampler(mapping: Pick<Mapping, 'targets' | 'key'>) {
  const taken = new Map<ChunkKind, Sample[]>();
  const cell = (target: Target | undefined, value: Cell): string =>
    target?.hidden && value !== '' ? masked : showCell(target, value);

  function sampleOf(change: Change): Sample {
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
      .map(([at, to, from]) => {
        const target = mapping.targets[at];
        return { field: target?.name ?? '', from: cell(target, from), to: cell(target, to) };
      });
    return {
      key: shownKey(mapping, change.key),
      kind: change.kind,
      ...(change.kind === 'update' && change.back ? { back: true } : {}),
      cells,
    };
  }

  return {
    take(change: Change): void {
      const some = taken.get(change.kind) ?? [];
      if (some.length < samplesPerKind) taken.set(change.kind, [...some, sampleOf(change)]);
    },
    all: (): readonly Sample[] => [...taken.values()].flat(),
  };
}

/** A key as people may see it: its parts, cut, and masked when one of its columns is private. */
export function shownKey(mapping: Pick<Mapping, 'targets' | 'key'>, key: Key): string {
  const hidden = mapping.key.some((at) => mapping.targets[at]?.hidden);
  return hidden && key !== '' ? masked : cut(showKey(key, mapping.key.length));
}

function showCell(target: Target | undefined, value: Cell): string {
  if (value === '') return '';
  const date = target?.kind === 'date' ? new Date(Number(value)) : undefined;
  return date && !Number.isNaN(date.getTime()) ? date.toISOString() : cut(value);
}

function cut(value: string): string {
  const points = [...value.slice(0, shown * 4)];
  return points.length > shown ? `${points.slice(0, shown).join('')}…` : value;
}
