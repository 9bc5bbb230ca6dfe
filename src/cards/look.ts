import { isCancelling } from '../sync/progress.ts';
import type { Phase, State, Status } from '../sync/state.ts';
import { type Text, text } from '../sync/text.ts';

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

/** How a run looks right now. */
export function lookOf(state: Pick<State, 'status' | 'phase' | 'acts'>): Look {
  if (state.status !== 'running') return statuses[state.status];
  return isCancelling(state) ? cancelling : phases[state.phase];
}
