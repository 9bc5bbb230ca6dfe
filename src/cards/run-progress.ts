import { isCancelling, workingSince } from '../sync/state/progress.ts';
import type { Queue, State } from '../sync/state/state.ts';
import { count, type Text, text } from '../sync/words/text.ts';
import type { Element } from './parts/card.ts';
import { line, rich, who } from './parts/element.ts';
import { bar, joined, lasting, moment, percent, plain, rate, same, some } from './parts/words.ts';

/** What stages need to know besides the state. */
export interface Now {
  readonly now: number;
  /** IANA zone in which moments are shown. */
  readonly timeZone: string;
  /** The program was stopped in the middle of the run, which goes on at the next start. */
  readonly stopped?: boolean;
}

/** How long the run took; while it runs, how long since it was started, retried or applied. */
export function elapsed(state: State, now: number): number {
  if (state.status === 'running') return now - workingSince(state);
  return state.ms.total > 0 ? state.ms.total : (state.endedAt ?? now) - state.startedAt;
}

/** What a running run is busy with, as one or two elements. */
export function stage(state: State, { now, timeZone, stopped }: Now): readonly Element[] {
  const since = text(`已用 ${lasting(elapsed(state, now)).zh}`, `${lasting(elapsed(state, now)).en} so far`);
  const begun = state.changes.total > 0 ? progress(state, now, since) : [];
  if (stopped) return [...begun, line(goesOnLater)];
  if (isCancelling(state)) {
    return [
      ...begun,
      line(
        text('正在取消：在途的分块结束后就停下。', 'Stopping: what is on its way comes to its end first.'),
      ),
    ];
  }
  switch (state.phase) {
    case 'queued':
      return state.queue
        ? queued(state.queue, timeZone)
        : [line(text('已收到，马上开始。', 'Got it, starting.'))];
    case 'reading':
      return [line(text('正在同时读取查询和表格。', 'Reading the query and the table.')), read(state, since)];
    case 'comparing':
      return [line(text('正在找出不同之处。', 'Working out what differs.')), read(state, since)];
    case 'uploading':
      return progress(state, now, since);
    case 'pausing':
      return [...progress(state, now, since), line(nextRound(state, now, timeZone))];
    case 'ended':
      return [line(text('正在收尾。', 'Finishing.'))];
  }
}

const goesOnLater = text(
  '程序被停止了，没有新的写入。下次启动时，或由另一个实例，会自动从这里继续。',
  'The program was stopped; nothing more is written. It goes on from here by itself at the next start, or at another instance.',
);

/** Its place, and who holds the table: which sync, since when, by whose wish, and how far it is. */
function queued({ place, holder, frozen }: Queue, timeZone: string): readonly Element[] {
  const turn = line(
    frozen
      ? text(
          `排队第 ${count(place)} 位。全部同步已被冻结，解冻后（/sync thaw）自动继续。`,
          `Number ${count(place)} in the queue. Everything is frozen; it goes on by itself after /sync thaw.`,
        )
      : text(
          `排队第 ${count(place)} 位，轮到时自动开始。`,
          `Number ${count(place)} in the queue; it starts by itself when its turn comes.`,
        ),
  );
  if (holder === null) return [turn];
  const name = `${plain(holder.title, 40)}（${plain(holder.definition, 40)}）`;
  const at = moment(holder.since, timeZone);
  const { settled, total } = holder.changes;
  const facts = [
    text(`${at} 开始`, `since ${at}`),
    ...(holder.by ? [text(`${who(holder.by).zh} 发起`, `started by ${who(holder.by).en}`)] : []),
    ...(total > 0 ? [same(`${percent(settled, total)} %`)] : []),
  ];
  return [
    turn,
    line(text(`正在使用这个表格的：${name}`, `The table is held by: ${name}`)),
    rich(joined(facts, ' · '), 'notation'),
  ];
}

function read(state: State, since: Text): Element {
  const { rows, records, total } = state.reading;
  const of = total === null ? '' : ` / ${count(total)}`;
  return line(
    joined(
      [
        text(`查询 ${count(rows)} 行`, some(rows, 'row')),
        text(`表格 ${count(records)}${of} 条`, `${count(records)}${of} records`),
        since,
      ],
      ' · ',
    ),
    { colour: 'grey' },
  );
}

function progress(state: State, now: number, since: Text): readonly Element[] {
  const { changes, chunks } = state;
  // What was settled before a retry or a restart would make it look quicker than it is.
  const speed =
    state.acts.length > 1
      ? undefined
      : rate(changes.settled, state.ms.upload > 0 ? state.ms.upload : elapsed(state, now));
  const parts = [
    text(
      `分块 ${count(chunks.settled)} / ${count(chunks.total)}`,
      `chunk ${count(chunks.settled)} of ${count(chunks.total)}`,
    ),
    text(
      `${count(changes.settled)} / ${count(changes.total)} 行`,
      `${count(changes.settled)} of ${count(changes.total)} rows`,
    ),
    since,
    ...(speed === undefined ? [] : [text(`每秒 ${count(speed)} 行`, `${count(speed)} rows a second`)]),
    ...timeLeft(state, speed),
    ...(state.rounds === 0
      ? []
      : [
          text(
            `第 ${state.rounds} 轮重试（共 ${state.roundsMax} 轮）`,
            `retry round ${state.rounds} of ${state.roundsMax}`,
          ),
        ]),
  ];
  return [
    rich(same(`\`${bar(changes.settled, changes.total)}\` **${percent(changes.settled, changes.total)} %**`)),
    line(joined(parts, ' · '), { colour: 'grey' }),
  ];
}

/** How long it takes at this speed; nothing while it waits or ends. */
function timeLeft({ phase, changes }: State, speed: number | undefined): readonly Text[] {
  const rows = changes.total - changes.settled;
  if (phase !== 'uploading' || !speed || rows <= 0) return [];
  const left = lasting((rows * 1000) / speed);
  return [text(`大约还要 ${left.zh}`, `about ${left.en} left`)];
}

function nextRound({ chunks, rounds, roundsMax, resumeAt }: State, now: number, timeZone: string): Text {
  const left = chunks.total - chunks.settled;
  const again = some(left, 'chunk');
  const round = rounds + 1;
  if (resumeAt === null)
    return text(
      `${count(left)} 个分块要再发一次，稍后进入第 ${round} 轮（共 ${roundsMax} 轮）。`,
      `${again} to be sent again; round ${round} of ${roundsMax} follows.`,
    );
  const at = moment(resumeAt, timeZone, true);
  const wait = lasting(resumeAt - now);
  return text(
    `${count(left)} 个分块要再发一次，${wait.zh}后（${at}）开始第 ${round} 轮（共 ${roundsMax} 轮）。`,
    `${again} to be sent again; round ${round} of ${roundsMax} starts in ${wait.en}, at ${at}.`,
  );
}
