import { optionsIn } from '../fields/kinds/select.ts';
import type { Target } from '../fields/target.ts';
import type { Problem } from '../words/problem.ts';
import { count, text } from '../words/text.ts';
import { type Change, wantedAt } from './change.ts';

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
  const selects = targets.flatMap(({ kind, name, options }, at) =>
    kind === 'select' || kind === 'multi'
      ? [{ at, kind, name, known: new Set(options ?? []), fresh: new Set<string>() }]
      : [],
  );
  return {
    see(change) {
      if (change.kind === 'delete') return;
      for (const { at, kind, known, fresh } of selects) {
        for (const name of optionsIn(kind, wantedAt(change, at))) if (!known.has(name)) fresh.add(name);
      }
    },
    get size() {
      return selects.reduce((sum, { fresh }) => sum + fresh.size, 0);
    },
    problems: () =>
      selects
        .filter(({ known, fresh }) => known.size + fresh.size > optionsPerField)
        .map(({ name, known, fresh }) => tooMany(name, known.size + fresh.size)),
    names: () => selects.flatMap(({ at, fresh }) => (fresh.size > 0 ? [[at, [...fresh]] as const] : [])),
  };
}

const tooMany = (field: string, options: number): Problem => ({
  code: 'too-many-options',
  message: text(
    `字段「${field}」会有 ${count(options)} 个选项，最多 ${count(optionsPerField)} 个。`,
    `The field "${field}" would have ${count(options)} options; ${count(optionsPerField)} is the most.`,
  ),
  cure: text(
    '这一列多半不是选项：请把字段改成文本。',
    'The column is probably no set of choices: make the field a text field.',
  ),
});
