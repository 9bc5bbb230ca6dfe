import { canApply, canResume, hasUnwritten, isCancelling, needsFields } from '../../sync/progress.ts';
import type { State, Status } from '../../sync/state.ts';
import { type Text, text } from '../../sync/text.ts';
import type { Element } from './card.ts';
import { plain } from './plain.ts';

/** What a button asks for. */
export const ops = [
  'cancel',
  'resume',
  'retry',
  'rerun',
  'create',
  'open',
  'apply',
  'apply-no-deletes',
  'discard',
  'csv',
  'verify',
  'sync',
  'snooze',
  'skip',
  'unpause',
  'command',
] as const;

export type Op = (typeof ops)[number];

/** What a `command` button or form asks for: what people type after /sync. */
export const verbs = [
  'sync',
  'plan',
  'list',
  'status',
  'history',
  'why',
  'retry',
  'cancel',
  'verify',
  'init',
  'pause',
  'resume',
  'mute',
  'unmute',
  'remind',
  'freeze',
  'thaw',
  'help',
] as const;

export type Verb = (typeof verbs)[number];

/** Until when a reminder is put off. */
export const snoozes = ['hour', 'tomorrow'] as const;

export type Snooze = (typeof snoozes)[number];

/** What stands on buttons that belong to no run. */
export const noticeOps = ['sync', 'snooze', 'skip', 'unpause', 'command'] as const;

type NoticeOp = (typeof noticeOps)[number];

/** What a button sends when it is pressed: never to be trusted, only to be compared with what is stored. */
export interface Press {
  readonly op: Op;
  /** The run that the button belongs to; on notices and in lists the definition's name, on commands it may be empty. */
  readonly run: string;
  /** The run's version when the button was drawn; a button of an older version has no effect. */
  readonly v: number;
  /** For `snooze`. */
  readonly until?: Snooze;
  /** For `command`. */
  readonly verb?: Verb;
  /** For `command`: what it takes besides a name. */
  readonly more?: string;
}

/** Characters of what a command takes besides a name. */
export const longestMore = 200;

/** Characters of a run's ID or a definition's name in a button's value, at most. */
export const longestRun = 100;

/** The button's value as it travels. */
export const encode = (press: Press): Readonly<Record<string, unknown>> => ({
  op: press.op,
  run: plain(press.run, longestRun),
  v: press.v,
  ...(press.until !== undefined && { until: press.until }),
  ...(press.verb !== undefined && { verb: press.verb }),
  ...(press.more !== undefined && { more: plain(press.more, longestMore) }),
});

/** What stands on the buttons of a run. */
export const labels: Readonly<Record<Exclude<Op, NoticeOp>, Text>> = {
  cancel: text('取消', 'Cancel'),
  resume: text('继续', 'Continue'),
  retry: text('重试失败分块', 'Retry failed chunks'),
  rerun: text('再次同步', 'Run again'),
  create: text('建缺少的字段', 'Create the missing fields'),
  open: text('打开表格', 'Open table'),
  apply: text('应用', 'Apply'),
  'apply-no-deletes': text('应用但不删除', 'Apply without deletes'),
  discard: text('放弃', 'Discard'),
  csv: text('下载失败行', 'Download failed rows'),
  verify: text('核对', 'Verify'),
};

type RunOp = keyof typeof labels;

/**
 * Which buttons fit which state; `apply` only while a plan would change something, `retry` only while there are failed chunks or refused rows, `create` only where
 * fields are missing, `resume` only where a plan was begun, `apply-no-deletes` only for a plan that deletes, `csv` only
 * where there are rows to list.
 */
const fitting: Readonly<Record<Status, readonly RunOp[]>> = {
  running: ['cancel', 'open'],
  planned: ['apply', 'rerun', 'csv', 'open'],
  done: ['rerun', 'verify', 'open'],
  partial: ['retry', 'rerun', 'csv', 'verify', 'open'],
  failed: ['create', 'retry', 'rerun', 'csv', 'open'],
  waiting: ['apply', 'apply-no-deletes', 'discard', 'csv', 'open'],
  cancelled: ['resume', 'rerun', 'csv', 'verify', 'open'],
  interrupted: ['rerun', 'csv', 'verify', 'open'],
  expired: ['rerun', 'open'],
};

/** The buttons of a run in this state, in their order. */
export const opsFor = (state: State): readonly RunOp[] =>
  fitting[state.status].filter((op) => {
    if (op === 'retry') return state.chunks.failed.length + (state.chunks.refused ?? 0) > 0;
    if (op === 'cancel') return !isCancelling(state);
    if (op === 'resume') return canResume(state);
    if (op === 'apply') return canApply(state);
    if (op === 'apply-no-deletes') return state.planned.deletes > 0;
    if (op === 'csv') return hasUnwritten(state);
    return op !== 'create' || needsFields(state);
  });

export interface ButtonLook {
  readonly label: Text;
  readonly type?: 'default' | 'primary' | 'primary_filled' | 'danger' | 'danger_filled';
  /** Unique in its card; the op when not given. */
  readonly name?: string;
  /** Opens this address as well. */
  readonly url?: string | undefined;
  /** Sends the form that it stands in. */
  readonly submit?: true;
  /** Asks first. */
  readonly confirm?: { readonly title: Text; readonly text: Text };
}

/**
 * One button. Its first behaviour is always the callback, a link may follow.
 * https://open.feishu.cn/document/uAjLw4CM/ukzMukzMukzM/feishu-cards/card-json-v2-components/interactive-components/button
 */
export function button(press: Press, look: ButtonLook): Element {
  const { label, type = 'default', name = press.op, url, confirm, submit } = look;
  const callback = { type: 'callback', value: encode(press) };
  return {
    tag: 'button',
    name,
    type,
    text: { tag: 'plain_text', content: label },
    ...(submit && { form_action_type: 'submit' }),
    ...(confirm && {
      confirm: {
        title: { tag: 'plain_text', content: confirm.title },
        text: { tag: 'plain_text', content: confirm.text },
      },
    }),
    behaviors: url === undefined ? [callback] : [callback, { type: 'open_url', default_url: url }],
  };
}

/** A button that does what a command does; `at`: its place among those of the card, for a name of its own. */
export const commandButton = (verb: Verb, definition: string, at: number, label: Text): Element =>
  button({ op: 'command', verb, run: definition, v: 0 }, { label, name: `${verb}_${at + 1}` });

/** Buttons that start a sync each. Names must differ within a card, so all but the first carry a number. */
export const syncButton = (definition: string, at: number, label: Text): Element =>
  button(
    { op: 'sync', run: definition, v: 0 },
    { label, name: at === 0 ? 'sync' : `sync_${at + 1}`, type: at === 0 ? 'primary' : 'default' },
  );
