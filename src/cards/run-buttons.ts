import { canApply, canResume, hasUnwritten, isCancelling, needsFields } from '../sync/state/progress.ts';
import { type State, type Status, statuses, statusNames } from '../sync/state/state.ts';
import { count, type Text, text } from '../sync/words/text.ts';
import type { Elements } from './parts/card.ts';
import { type ButtonLook, button, buttonRow } from './parts/element.ts';
import { numbersLine } from './run-outcome.ts';

/** A button on the card of a run; what pressing it does stands in the bot, under the same name. */
export interface RunButtonLook {
  readonly label: Text | ((state: State) => Text);
  /** The states that it may stand in. */
  readonly on: readonly Status[];
  /** Whether it fits a run in such a state; always when left out. */
  readonly fits?: (state: State) => boolean;
  readonly look?: (state: State) => Omit<ButtonLook, 'label'>;
}

const primary = () => ({ type: 'primary_filled' }) as const;

/** The buttons of a run, in their order on the card. */
export const runButtons = {
  create: {
    label: text('建缺少的字段', 'Create the missing fields'),
    on: ['failed'],
    fits: needsFields,
    look: () => ({
      type: 'primary_filled',
      confirm: {
        title: text('新建缺少的字段？', 'Create the missing fields?'),
        text: text(
          '按查询的列新建字段，然后再同步一次；已有的字段不会改动。',
          'Fields are created from the query’s columns, then the sync runs again; no other field is touched.',
        ),
      },
    }),
  },
  retry: {
    // With no chunk that failed, what is left to retry are rows.
    label: ({ chunks }) =>
      chunks.failed.length === 0
        ? text('重试被拒绝的行', 'Retry rejected rows')
        : text('重试失败分块', 'Retry failed chunks'),
    on: ['partial', 'failed'],
    fits: ({ chunks }) => chunks.failed.length + (chunks.refused ?? 0) > 0,
    look: primary,
  },
  apply: {
    label: text('执行', 'Apply'),
    on: ['planned', 'waiting'],
    fits: canApply,
    look: (state) => ({
      type: state.deletes.planned > state.deletes.kept ? 'danger_filled' : 'primary_filled',
      confirm: { title: text('执行这个计划？', 'Apply this plan?'), text: numbersLine(state) },
    }),
  },
  'apply-no-deletes': {
    label: text('执行但不删除', 'Apply without deletes'),
    on: ['waiting'],
    fits: ({ planned }) => planned.deletes > 0,
    look: ({ planned }) => ({
      confirm: {
        title: text('执行，但不删除？', 'Apply, but delete nothing?'),
        text: text(
          `新增 ${count(planned.creates)}，更新 ${count(planned.updates)}；要删除的 ${count(planned.deletes)} 条保留。`,
          `${count(planned.creates)} created, ${count(planned.updates)} updated; the ${count(planned.deletes)} to delete are kept.`,
        ),
      },
    }),
  },
  discard: { label: text('放弃', 'Discard'), on: ['waiting'] },
  resume: { label: text('继续', 'Continue'), on: ['cancelled'], fits: canResume, look: primary },
  cancel: { label: text('取消', 'Cancel'), on: ['running'], fits: (state) => !isCancelling(state) },
  rerun: {
    label: ({ planOnly }) => (planOnly ? text('重新计划', 'Plan again') : text('再次同步', 'Run again')),
    on: statusNames.filter((status) => !statuses[status].open),
  },
  csv: {
    label: text('下载失败行', 'Download failed rows'),
    on: ['planned', 'partial', 'failed', 'waiting', 'cancelled', 'interrupted'],
    fits: hasUnwritten,
  },
  verify: { label: text('核对', 'Verify'), on: ['done', 'partial', 'cancelled', 'interrupted'] },
  open: {
    label: text('打开表格', 'Open table'),
    on: statusNames,
    fits: ({ link }) => address(link) !== undefined,
    look: ({ link }) => ({ url: address(link) }),
  },
} as const satisfies Readonly<Record<string, RunButtonLook>>;

export type RunOp = keyof typeof runButtons;

/** The table's address when it is one that Feishu opens. */
const address = (link: string): string | undefined =>
  /^https?:\/\/[^\s<>"']{1,1000}$/u.test(link) ? link : undefined;

type Buttons = Readonly<Record<string, RunButtonLook>>;

/** The buttons of a run in this state, in their order. @param all those that there are */
export const opsFor = (state: State, all: Buttons = runButtons): readonly string[] =>
  Object.entries(all).flatMap(([op, { on, fits }]) =>
    on.includes(state.status) && (fits?.(state) ?? true) ? [op] : [],
  );

/** Draws the buttons of a run in a row. @param canApprove whether there is anybody who may approve in the chat */
export function runButtonRow(
  state: State,
  { copy = false, canApprove }: { readonly copy?: boolean | undefined; readonly canApprove: boolean },
  all: Buttons = runButtons,
): Elements {
  const shown = opsFor(state, all).filter(
    (op) => op === 'open' || (!copy && (op !== 'create' || canApprove)),
  );
  return buttonRow(
    shown.flatMap((op) => {
      const { label, look } = all[op] ?? {};
      if (label === undefined) return [];
      const words = typeof label === 'function' ? label(state) : label;
      return [button({ op, run: state.run, v: state.version }, { label: words, ...look?.(state) })];
    }),
  );
}
