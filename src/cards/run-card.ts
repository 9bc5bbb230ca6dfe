import { asksFirst, errorsOf } from '../sync/state/progress.ts';
import type { Act, State } from '../sync/state/state.ts';
import { count, type Locale, type Text, text } from '../sync/words/text.ts';
import { type Card, type Element, fitted, makeCard, type Room } from './parts/card.ts';
import { line, mention, person, problemElements, rich, rule, who } from './parts/element.ts';
import { lookOf, stoppedLook } from './parts/look.ts';
import { joined, lasting, moment, percent, plain, plainText, same } from './parts/words.ts';
import { runButtonRow } from './run-buttons.ts';
import { fourNumbers, notes, numbersLine, samples, sentence, setBack, wentWrong } from './run-outcome.ts';
import { elapsed, type Now, stage } from './run-progress.ts';

/** What a run's card depends on besides the run. */
export interface RunView extends Now {
  readonly locale: Locale;
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
  const { label, colour } = view.stopped ? stoppedLook : lookOf(state);
  const title = plain(state.title, 60);
  const short = summary(state, label);
  return fitted((room) =>
    makeCard(
      {
        colour,
        title: same(title),
        subtitle: same(`${plain(state.definition, 40)} · ${plain(state.run, 40)}`),
        tag: label,
        summary: text(`${title}：${short.zh}`, `${title}: ${short.en}`),
        elements: [
          ...mention(view.lead?.people ?? []),
          ...(view.lead?.words ?? []).map((words) => line(words)),
          ...body(state, view, room),
          ...notes(state.notes, room),
          rule,
          ...footer(state, view),
          ...runButtonRow(state, { copy: view.copy, canApprove: view.approvers.length > 0 }),
        ],
      },
      view.locale,
    ),
  );
}

function summary(state: State, label: Text): Text {
  const { settled, total } = state.changes;
  if (state.status === 'running')
    return total > 0 ? joined([label, same(`${percent(settled, total)} %`)], ' ') : label;
  return state.error === null ? joined([label, numbersLine(state)], ' · ') : label;
}

function body(state: State, view: RunView, room: Room): readonly Element[] {
  const again = view.copy
    ? [
        line(
          state.status === 'running'
            ? text(
                '这个表格已有一次同步在进行，就是下面这次。',
                'A sync of this table is already going on: this one.',
              )
            : text(
                '当时这个表格已有一次同步在进行，就是下面这次。',
                'A sync of this table was going on already: this one.',
              ),
        ),
      ]
    : [];
  if (state.status === 'running') {
    const begun = state.changes.total > 0;
    return [...again, ...stage(state, view), ...(begun ? [fourNumbers(state)] : [])];
  }
  return [
    ...again,
    ...(state.error === null ? [] : problemElements(errorsOf(state), room)),
    ...(state.waiting?.reasons ?? []).slice(0, 8).map((reason) => sentence(reason.message, room)),
    ...(state.rows.read > 0 || state.deletes.planned > 0 ? [fourNumbers(state)] : []),
    ...setBack(state),
    ...(state.waiting === null ? [] : samples(state.waiting.samples, room)),
    ...(asksFirst(state) ? [deciders(state, view.approvers)] : []),
    ...(state.waiting?.until == null ? [] : [expiry(state.waiting.until, view.timeZone)]),
    ...wentWrong(state, room),
  ];
}

/** Until when somebody can. */
const expiry = (until: number, timeZone: string): Element =>
  line(text(`${moment(until, timeZone)} 之前有效。`, `It expires at ${moment(until, timeZone)}.`), {
    size: 'notation',
    colour: 'grey',
  });

/** Who can say yes. */
function deciders(state: State, approvers: readonly string[]): Element {
  const other = approvers.includes('other');
  const many = ['everyone', 'runners'].find((one) => approvers.includes(one));
  if (many !== undefined) {
    const all =
      many === 'everyone'
        ? text('这里的人都可以应用', 'Everybody here may apply')
        : text('可以运行它的人都可以应用', 'Everybody who may run it may apply');
    const words = text(`${all.zh}${other ? notStarter.zh : '。'}`, `${all.en}${other ? notStarter.en : '.'}`);
    return line(words, { size: 'notation', colour: 'grey' });
  }
  const people = approvers.flatMap((id) => person(id) ?? []).slice(0, 5);
  if (people.length > 0) {
    const rest = other ? notStarter : same('');
    const names = people.join(' ');
    return rich(text(`可以应用的人：${names}${rest.zh}`, `May apply: ${names}${rest.en}`), 'notation');
  }
  const command = `bitable-sync run ${plain(state.definition, 40)} --approve ${plain(state.run, 40)}`;
  return line(
    text(
      `没有设置可以应用的人，只能在服务器上运行：${command}`,
      `Nobody is named who may apply; only the command line can: ${command}`,
    ),
    { size: 'notation', colour: 'grey' },
  );
}

const notStarter = text('，发起人除外。', ', but not the one who started it.');

/** Who started it and when, how long, calls used, and what people did since. */
function footer(state: State, { now, timeZone }: Now): readonly Element[] {
  const started = state.acts.find((act) => act.op === 'start');
  const by = started && text(`${who(started.by).zh} 发起`, `started by ${who(started.by).en}`);
  const took = lasting(elapsed(state, now));
  const { read, write, refused, chat } = state.calls;
  const ended = state.status !== 'running';
  const parts = [
    ...(by ? [by] : []),
    same(moment(state.startedAt, timeZone)),
    ...(ended ? [text(`用时 ${took.zh}`, `took ${took.en}`)] : []),
    ...(ended
      ? [
          text(
            `调用 ${count(read + write + chat)} 次${refused > 0 ? `，另有 ${count(refused)} 次被退回` : ''}`,
            `${count(read + write + chat)} calls${refused > 0 ? `, ${count(refused)} refused` : ''}`,
          ),
        ]
      : []),
  ];
  const later = state.acts.filter((act) => act.op !== 'start').slice(-3);
  return [
    rich(joined(parts, ' · '), 'notation'),
    ...later.map((act) => rich(actLine(act, timeZone), 'notation')),
  ];
}

const deeds: Readonly<Record<Act['op'], Text>> = {
  start: text('发起', 'started it'),
  retry: text('重试', 'pressed retry'),
  apply: text('应用', 'applied the plan'),
  discard: text('放弃', 'discarded the plan'),
  cancel: text('取消', 'cancelled it'),
  resume: text('继续', 'let it go on'),
  restart: text('程序重启后继续', 'went on after a restart'),
  'apply-no-deletes': text('应用，但不删除', 'applied the plan without its deletes'),
  create: text('要求新建缺少的字段', 'had the missing fields created'),
};

function actLine(act: Act, timeZone: string): Text {
  const parts = [...(act.op === 'restart' ? [] : [who(act.by)]), deeds[act.op]];
  return joined([joined(parts, ' '), same(moment(act.at, timeZone))], ' · ');
}

/** One line for a group about a run whose card stands in a thread; `people` are notified. */
export function endCard(state: State, people: readonly string[], locale: Locale): Card {
  const { label, colour } = lookOf(state);
  const title = plain(state.title, 60);
  const words = joined([label, numbersLine(state)], ' · ');
  const thread = text(
    '详情和按钮在话题里的卡片上。',
    'The card in the thread tells more and has the buttons.',
  );
  return makeCard(
    {
      colour,
      title: same(title),
      tag: label,
      summary: text(`${title}：${label.zh}`, `${title}: ${label.en}`),
      elements: [
        ...mention(people),
        rich(words),
        ...(state.error ? [line(plainText(state.error.message, 200))] : []),
        line(thread, { size: 'notation', colour: 'grey' }),
      ],
    },
    locale,
  );
}
