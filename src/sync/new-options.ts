import { type Change, wantedAt } from './change.ts';
import { byteKeys } from './key-bytes.ts';
import { keyTable } from './key-table.ts';
import { optionsIn } from './kinds/select.ts';
import type { Target } from './mapping.ts';
import { cellEnd, cellStart } from './pack.ts';
import type { Problem } from './problem.ts';
import { count, text } from './text.ts';

/** New options in one run above which a person is asked: somebody may have mapped an ID column to a select. */
export const newOptionsAtOnce = 200;

/**
 * Options that one select field takes. Older and newer pages disagree (5,000 and 20,000): the lower one holds.
 * https://open.feishu.cn/document/platform-notices/breaking-change/base-add-record-limit-checking-rules
 */
export const optionsPerField = 5_000;

/** Select options that a plan would create, by the position of their field. Writing an unknown name creates it. */
export interface NewOptions {
  /** Looks through a change for options that the table does not have. */
  see(change: Change): void;
  /** How many different ones were seen. */
  readonly size: number;
  /** Fields that would hold more options than Feishu allows. */
  problems(): readonly Problem[];
  /** The names by field position. */
  names(): readonly (readonly [at: number, names: readonly string[]])[];
}

/** Starts looking; the options that the fields have are known. */
export function newOptions(targets: readonly Target[]): NewOptions {
  const selects = targets.flatMap((target, at) =>
    target.kind === 'select' || target.kind === 'multi'
      ? [{ at, kind: target.kind, target, known: new Set(target.options ?? []), fresh: new Set<string>() }]
      : [],
  );
  // By field, the cells that were looked through, as they stand in packed rows: most rows have one of a few.
  const seen = selects.map(() => keyTable());
  const bytesOf = byteKeys();

  /** Whether a cell of a packed row is empty or was there before. */
  function isOld(packed: Uint8Array, select: number, at: number): boolean {
    const from = cellStart(packed, at);
    const to = cellEnd(packed, from);
    const cells = seen[select];
    if (from >= to || !cells) return true;
    const before = cells.size;
    return cells.put(bytesOf(packed, from, to)) < before;
  }

  return {
    see(change) {
      if (change.kind === 'delete') return;
      for (const [select, { at, kind, known, fresh }] of selects.entries()) {
        if (change.kind === 'create' && isOld(change.packed, select, at)) continue;
        for (const name of optionsIn(kind, wantedAt(change, at))) if (!known.has(name)) fresh.add(name);
      }
    },
    get size() {
      return selects.reduce((sum, { fresh }) => sum + fresh.size, 0);
    },
    problems: () =>
      selects
        .filter(({ known, fresh }) => known.size + fresh.size > optionsPerField)
        .map(({ target, known, fresh }) => tooMany(target, known.size + fresh.size)),
    names: () => selects.flatMap(({ at, fresh }) => (fresh.size > 0 ? [[at, [...fresh]] as const] : [])),
  };
}

const tooMany = (target: Target, options: number): Problem => ({
  code: 'too-many-options',
  message: text(
    `字段「${target.name}」会有 ${count(options)} 个选项，最多 ${count(optionsPerField)} 个。`,
    `The field "${target.name}" would have ${count(options)} options; ${count(optionsPerField)} is the most.`,
  ),
  cure: text(
    '这一列多半不是选项：请把字段改成文本。',
    'The column is probably no set of choices: make the field a text field.',
  ),
});
