import { isCancelling, type Promised, promiseOf } from '../../sync/state/progress.ts';
import type { Phase, State, Status } from '../../sync/state/state.ts';
import { type Text, text } from '../../sync/words/text.ts';

/**
 * A header's theme and the colour of the label in it; names as Feishu lists them.
 * https://open.feishu.cn/document/uAjLw4CM/ukzMukzMukzM/feishu-cards/card-json-v2-components/content-components/title
 */
export interface Colour {
  readonly header: 'blue' | 'wathet' | 'turquoise' | 'green' | 'yellow' | 'orange' | 'red' | 'grey';
  readonly tag: 'blue' | 'wathet' | 'turquoise' | 'green' | 'yellow' | 'orange' | 'red' | 'neutral';
}

/** How one state of a run looks and what it is called. */
export interface Look {
  readonly colour: Colour;
  readonly label: Text;
}

/** The whole palette. Feishu advises green for done, orange for a warning, red for an error, grey for void. */
export const colours = {
  busy: { header: 'blue', tag: 'blue' },
  resting: { header: 'wathet', tag: 'wathet' },
  planned: { header: 'turquoise', tag: 'turquoise' },
  good: { header: 'green', tag: 'green' },
  mixed: { header: 'yellow', tag: 'yellow' },
  asking: { header: 'orange', tag: 'orange' },
  bad: { header: 'red', tag: 'red' },
  over: { header: 'grey', tag: 'neutral' },
} as const satisfies Record<string, Colour>;

const phases: Readonly<Record<Phase, Look>> = {
  queued: { colour: colours.resting, label: text('排队中', 'Queued') },
  reading: { colour: colours.busy, label: text('读取中', 'Reading') },
  comparing: { colour: colours.busy, label: text('比较中', 'Comparing') },
  uploading: { colour: colours.busy, label: text('上传中', 'Uploading') },
  pausing: { colour: colours.resting, label: text('等待下一轮', 'Waiting for the next round') },
  ended: { colour: colours.busy, label: text('收尾中', 'Finishing') },
};

const statuses: Readonly<Record<Exclude<Status, 'running'>, Look>> = {
  planned: { colour: colours.planned, label: text('计划（未写入）', 'Plan (nothing written)') },
  done: { colour: colours.good, label: text('已完成', 'Done') },
  partial: { colour: colours.mixed, label: text('部分完成', 'Partly done') },
  failed: { colour: colours.bad, label: text('失败', 'Failed') },
  waiting: { colour: colours.asking, label: text('等待确认', 'Waiting for a decision') },
  cancelled: { colour: colours.over, label: text('已取消', 'Cancelled') },
  interrupted: { colour: colours.over, label: text('已中断', 'Interrupted') },
  expired: { colour: colours.over, label: text('已过期', 'Expired') },
};

const cancelling: Look = { colour: colours.over, label: text('正在取消', 'Cancelling') };

/** A plan is as good as what it promises. */
const plans: Readonly<Record<Promised, Look>> = {
  all: statuses.planned,
  'a-question': {
    colour: colours.asking,
    label: text('计划（会等待确认）', 'Plan (would wait for a decision)'),
  },
  'a-part': {
    colour: colours.mixed,
    label: text('计划（有些行不能写入）', 'Plan (some rows cannot be written)'),
  },
  nothing: { colour: colours.bad, label: text('计划（没有一行能写入）', 'Plan (no row can be written)') },
};

/** How a run looks whose program was stopped in the middle of it. */
export const stoppedLook: Look = { colour: colours.resting, label: text('程序已停止', 'Program stopped') };

/** How a run looks that has not begun. */
export const queued: Look = phases.queued;

/** How a run looks right now. */
export function lookOf(
  state: Pick<State, 'status' | 'phase' | 'acts' | 'rows' | 'deletes' | 'waiting'>,
): Look {
  if (state.status === 'planned') return plans[promiseOf(state)];
  if (state.status !== 'running') return statuses[state.status];
  return isCancelling(state) ? cancelling : phases[state.phase];
}
