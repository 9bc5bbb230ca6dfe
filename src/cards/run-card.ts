import { howRead } from '../sync/state/counts.ts';
import { isCancelling, workingSince } from '../sync/state/progress.ts';
import { type Act, isGoing, type Queue, type State } from '../sync/state/state.ts';
import { count, type Locale, type Text, text } from '../sync/words/text.ts';
import {
  type Card,
  type Element,
  type Elements,
  lookOf,
  makeCard,
  stoppedLook,
  type View,
} from './parts/card.ts';
import { aside, grey, line, list, mention, rich, rule, say, who } from './parts/element.ts';
import {
  bar,
  joined,
  lasting,
  type Maybe,
  moment,
  percent,
  plain,
  plainText,
  rate,
  same,
  some,
} from './parts/words.ts';
import { runButtonRow } from './run-buttons.ts';
import { fourNumbers, numbersLine, outcome } from './run-outcome.ts';

/** What a run's card depends on besides the run. */
export interface RunView extends View {
  readonly now: number;
  /** The program was stopped in the middle of the run, which goes on at the next start. */
  readonly stopped?: boolean;
  /**
   * Who may press *apply*: open_ids, and `everyone`, `runners` (whoever may run it), `other` (but not the starter).
   * Nobody: only the command line can, and the card says so.
   */
  readonly approvers: readonly string[];
  /** A second showing of a run that has its own card elsewhere: it says so and offers the link only. */
  readonly copy?: boolean;
  /** Words above everything, and open_ids that are notified: for a run that nobody asked for. */
  readonly lead?: { readonly words: readonly Text[]; readonly people: readonly string[] };
}

/** Draws a run as it is: one layout for every state, always within Feishu's limits. */
export function runCard(state: State, view: RunView): Card {
  const { locale, copy, lead, approvers } = view;
  const { label, colour } = view.stopped ? stoppedLook : lookOf(state);
  const title = plain(state.title, 60);
  const short = summary(state, label);
  return makeCard(locale, (room) => ({
    colour,
    title: same(title),
    subtitle: same(`${plain(state.definition, 40)} · ${plain(state.run, 40)}`),
    tag: label,
    summary: text(`${title}：${short.zh}`, `${title}: ${short.en}`),
    elements: [
      mention(lead?.people ?? []),
      (lead?.words ?? []).map((words) => line(words)),
      copy && line(isGoing(state) ? already : wasAlready),
      isGoing(state) ? running(state, view) : outcome(state, view, room),
      // Sentences worth telling that stop nothing.
      state.notes.length > 0 &&
        list(state.notes, Math.ceil(room.lines / 4), (note) => plainText(note, room.chars)),
      rule,
      footer(state, view),
      runButtonRow(state, { copy, canApprove: approvers.length > 0 }),
    ],
  }));
}

const already = text(
  '这个表格已有一次同步在进行，就是下面这次。',
  'A sync of this table is already running: this one.',
);
const wasAlready = text(
  '当时这个表格已有一次同步在进行，就是下面这次。',
  'A sync of this table was already running: this one.',
);

function summary(state: State, label: Text): Text {
  const { settled, total } = state.changes;
  if (isGoing(state)) return joined([label, total > 0 && same(`${percent(settled, total)}%`)], ' ');
  return joined([label, state.error === null && numbersLine(state)], ' · ');
}

const running = (state: State, view: RunView): readonly Elements[] => [
  stage(state, view),
  state.changes.total > 0 && fourNumbers(state),
];

/** Who started it and when, how long, calls used, and what people did since. */
function footer(state: State, { now, timeZone }: RunView): readonly Element[] {
  const started = state.acts.find((act) => act.op === 'start');
  const by = started && who(started.by);
  const took = lasting(elapsed(state, now));
  const { read, write, refused, chat } = state.calls;
  const calls = count(read + write + chat);
  const [back, sent] =
    refused > 0 ? [`，另有 ${count(refused)} 次被退回`, `, ${count(refused)} refused`] : ['', ''];
  const ended = !isGoing(state);
  const parts = [
    by && text(`${by.zh} 发起`, `started by ${by.en}`),
    same(moment(state.startedAt, timeZone)),
    ended && text(`用时${/^\d/.test(took.zh) ? ' ' : ''}${took.zh}`, `took ${took.en}`),
    ended && text(`调用 ${calls} 次${back}`, `${calls} calls${sent}`),
    ended && state.read && howRead[state.read],
  ];
  const later = state.acts.filter((act) => act.op !== 'start').slice(-3);
  return [parts, ...later.map((act) => actParts(act, timeZone))].map((all) =>
    rich(joined(all, ' · '), 'notation'),
  );
}

const deeds: Readonly<Record<Act['op'], Text>> = {
  start: text('发起', 'started it'),
  retry: text('重试', 'pressed retry'),
  apply: text('执行', 'applied the plan'),
  discard: text('放弃', 'discarded the plan'),
  cancel: text('取消', 'cancelled it'),
  resume: text('继续', 'continued it'),
  restart: text('程序重启后继续', 'continued after a restart'),
  'apply-no-deletes': text('执行，但不删除', 'applied the plan without its deletes'),
  create: text('要求新建缺少的字段', 'had the missing fields created'),
};

const actParts = ({ op, by, at }: Act, timeZone: string): readonly Text[] => [
  joined([op !== 'restart' && who(by), deeds[op]], ' '),
  same(moment(at, timeZone)),
];

/** One line for a group about a run whose card stands in a thread; `hearers` are notified. */
export function endCard(state: State, hearers: readonly string[], locale: Locale): Card {
  const { label, colour } = lookOf(state);
  const title = plain(state.title, 60);
  return makeCard(locale, {
    colour,
    title: same(title),
    tag: label,
    summary: text(`${title}：${label.zh}`, `${title}: ${label.en}`),
    elements: [
      mention(hearers),
      rich(joined([label, numbersLine(state)], ' · ')),
      state.error && line(plainText(state.error.message, 200)),
      say('详情和按钮在话题里的卡片上。', 'The card in the thread tells more and has the buttons.', aside),
    ],
  });
}

/** How long the run took; while it runs, how long since it was started, retried or applied. */
function elapsed(state: State, now: number): number {
  if (isGoing(state)) return now - workingSince(state);
  return state.ms.total > 0 ? state.ms.total : (state.endedAt ?? now) - state.startedAt;
}

/** What a running run is busy with. */
function stage(state: State, { now, timeZone, stopped }: RunView): readonly Elements[] {
  const took = lasting(elapsed(state, now));
  const since = text(`已用 ${took.zh}`, `${took.en} so far`);
  const begun = state.changes.total > 0 && progress(state, now, since);
  if (stopped) return [begun, line(goesOnLater)];
  if (isCancelling(state))
    return [begun, say('正在取消：在途的分块结束后就停下。', 'Stopping: what is on its way finishes first.')];
  switch (state.phase) {
    case 'queued':
      if (state.queue) return queued(state.queue, timeZone);
      return [say('已收到，马上开始。', 'Got it, starting.')];
    case 'reading':
      return [say('正在同时读取查询和表格。', 'Reading the query and the table.'), read(state, since)];
    case 'comparing':
      return [say('正在找出不同之处。', 'Working out what differs.'), read(state, since)];
    case 'uploading':
      return progress(state, now, since);
    case 'pausing':
      return [progress(state, now, since), line(nextRound(state, now, timeZone))];
    case 'ended':
      return [say('正在收尾。', 'Finishing.')];
  }
}

const goesOnLater = text(
  '程序被停止了，没有新的写入。下次启动时，或由另一个实例，会自动从这里继续。',
  'The program was stopped; nothing more is written. The run continues from here by itself at the next start, or on another instance.',
);

/** Its place, and who holds the table: which sync, since when, by whose wish, and how far it is. */
function queued({ place, holder, frozen }: Queue, timeZone: string): readonly Elements[] {
  const [zh, en] = [`排队第 ${count(place)} 位`, `Number ${count(place)} in the queue`];
  const turn = frozen
    ? say(
        `${zh}。全部同步已被冻结，解冻后（/sync thaw）自动继续。`,
        `${en}. Everything is frozen; the run continues by itself after /sync thaw.`,
      )
    : say(`${zh}，轮到时自动开始。`, `${en}; it starts by itself when its turn comes.`);
  if (holder === null) return [turn];
  const name = `${plain(holder.title, 40)}（${plain(holder.definition, 40)}）`;
  const at = moment(holder.since, timeZone);
  const { settled, total } = holder.changes;
  const by = holder.by && who(holder.by);
  const facts = [
    text(`${at} 开始`, `since ${at}`),
    by && text(`${by.zh} 发起`, `started by ${by.en}`),
    total > 0 && same(`${percent(settled, total)}%`),
  ];
  return [
    turn,
    say(`正在使用这个表格的：${name}`, `The table is held by: ${name}`),
    rich(joined(facts, ' · '), 'notation'),
  ];
}

function read({ reading: { rows, records, total } }: State, since: Text): Element {
  const of = total === null ? '' : ` / ${count(total)}`;
  const [query, table] = [
    text(`查询 ${count(rows)} 行`, some(rows, 'row')),
    text(`表格 ${count(records)}${of} 条`, `${count(records)}${of} records`),
  ];
  return line(joined([query, table, since], ' · '), grey);
}

function progress(state: State, now: number, since: Text): readonly Element[] {
  const { changes, chunks, rounds, roundsMax, ms, acts } = state;
  const { settled, total } = changes;
  // What was settled before a retry or a restart would make it look quicker than it is.
  const speed = acts.length > 1 ? undefined : rate(settled, ms.upload > 0 ? ms.upload : elapsed(state, now));
  const parts = [
    text(
      `分块 ${count(chunks.settled)} / ${count(chunks.total)}`,
      `chunk ${count(chunks.settled)} of ${count(chunks.total)}`,
    ),
    text(`${count(settled)} / ${count(total)} 行`, `${count(settled)} of ${count(total)} rows`),
    since,
    speed !== undefined && text(`每秒 ${count(speed)} 行`, `${count(speed)} rows a second`),
    timeLeft(state, speed),
    rounds > 0 && text(`第 ${rounds} 轮重试（共 ${roundsMax} 轮）`, `retry round ${rounds} of ${roundsMax}`),
  ];
  return [
    rich(same(`\`${bar(settled, total)}\` **${percent(settled, total)}%**`)),
    line(joined(parts, ' · '), grey),
  ];
}

/** How long it takes at this speed; nothing while it waits or ends. */
function timeLeft({ phase, changes }: State, speed: number | undefined): Maybe<Text> {
  const rows = changes.total - changes.settled;
  if (phase !== 'uploading' || !speed || rows <= 0) return undefined;
  const left = lasting((rows * 1000) / speed);
  return text(`大约还要 ${left.zh}`, `about ${left.en} left`);
}

function nextRound({ chunks, rounds, roundsMax, resumeAt }: State, now: number, timeZone: string): Text {
  const left = chunks.total - chunks.settled;
  const again = text(`${count(left)} 个分块要再发一次`, `${some(left, 'chunk')} to be sent again`);
  const round = text(`第 ${rounds + 1} 轮（共 ${roundsMax} 轮）`, `round ${rounds + 1} of ${roundsMax}`);
  if (resumeAt === null)
    return text(`${again.zh}，稍后进入${round.zh}。`, `${again.en}; ${round.en} follows.`);
  const [at, wait] = [moment(resumeAt, timeZone, true), lasting(resumeAt - now)];
  return text(
    `${again.zh}，${wait.zh}后（${at}）开始${round.zh}。`,
    `${again.en}; ${round.en} starts in ${wait.en}, at ${at}.`,
  );
}
