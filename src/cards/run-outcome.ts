import { driftTold, reasonOf } from '../sync/state/counts.ts';
import { asksFirst, errorsOf } from '../sync/state/progress.ts';
import { type BadRow, type ChunkKind, type Sample, type State, statuses } from '../sync/state/state.ts';
import { count, listed, type Text, text } from '../sync/words/text.ts';
import type { Element, Elements, Room } from './parts/card.ts';
import {
  aside,
  type Figure,
  figures,
  heading,
  line,
  lines,
  list,
  people,
  problemElements,
  rich,
  say,
} from './parts/element.ts';
import { joined, type Maybe, moment, plain, plainText, present, same, some } from './parts/words.ts';

const kinds: Readonly<Record<ChunkKind, Text>> = {
  create: text('新增', 'create'),
  update: text('更新', 'update'),
  delete: text('删除', 'delete'),
};
const signs: Readonly<Record<ChunkKind, string>> = { create: '+', update: '~', delete: '−' };

/** How many changes of a kind a plan has. */
export const toDo = (kind: ChunkKind, n: number): Figure => ({
  name: text(`将${kinds[kind].zh}`, `to ${kinds[kind].en}`),
  value: count(n),
});

const did = (kind: ChunkKind, n: number): Figure => ({
  name: text(kinds[kind].zh, `${kinds[kind].en}d`),
  value: count(n),
});

/** Whether the numbers say what would happen, not what has. */
const isPlan = (state: State): boolean => statuses[state.status].plan;

/** What people look for first: created, updated, deleted, unchanged. */
function numbers(state: State): readonly Figure[] {
  const { rows, deletes, planned } = state;
  const written = isPlan(state)
    ? [
        toDo('create', planned.creates),
        toDo('update', planned.updates),
        toDo('delete', deletes.planned - deletes.kept),
      ]
    : [did('create', rows.created), did('update', rows.updated), did('delete', deletes.done)];
  return [...written, { name: text('不变', 'unchanged'), value: count(rows.unchanged) }];
}

/** The numbers side by side. */
export const fourNumbers = (state: State): Element => figures(numbers(state));

/** The numbers in one line, for summaries and the question before a plan is applied. */
export const numbersLine = (state: State): Text =>
  joined(
    numbers(state).map(({ name, value }) => text(`${name.zh} ${value}`, `${value} ${name.en}`)),
    ' · ',
  );

/** What a run that has ended, or waits, came to. @param approvers as for the run's card */
export function outcome(
  state: State,
  { approvers, timeZone }: { readonly approvers: readonly string[]; readonly timeZone: string },
  room: Room,
): readonly Elements[] {
  const { error, waiting, rows, deletes } = state;
  const until = waiting?.until == null ? undefined : moment(waiting.until, timeZone);
  return [
    error !== null && problemElements(errorsOf(state), room),
    (waiting?.reasons ?? []).slice(0, 8).map(({ message }) => line(plainText(message, room.chars * 2))),
    (rows.read > 0 || deletes.planned > 0) && fourNumbers(state),
    drifted(state, room),
    samples(others(waiting?.samples ?? [], state), room),
    asksFirst(state) && deciders(state, approvers),
    until !== undefined && say(`${until} 之前有效。`, `It expires at ${until}.`, aside),
    wentWrong(state, room),
  ];
}

/** Who can say yes. */
function deciders(state: State, approvers: readonly string[]): Element {
  const other = approvers.includes('other');
  const but = other ? text('，发起人除外。', ', but not the one who started it.') : undefined;
  const stop = but ?? text('。', '.');
  if (approvers.includes('everyone'))
    return say(`这里的人都可以确认${stop.zh}`, `Everyone here may apply${stop.en}`, aside);
  if (approvers.includes('runners'))
    return say(`可以运行它的人都可以确认${stop.zh}`, `Everyone who may run it may apply${stop.en}`, aside);
  const named = people(approvers);
  if (named !== '') {
    const words = text(`可确认的人：${named}${but?.zh ?? ''}`, `May apply: ${named}${but?.en ?? ''}`);
    return rich(words, 'notation');
  }
  const command = `bitable-sync run ${plain(state.definition, 40)} --approve ${plain(state.run, 40)}`;
  return say(
    `没有设置可确认的人，只能在服务器上运行：${command}`,
    `Nobody is named who may apply; only the command line can: ${command}`,
    aside,
  );
}

/** What people changed in the table, by field, and a few of the records. */
function drifted(state: State, room: Room): Elements {
  const told = driftTold(state);
  if (!told) return undefined;
  const some = (state.drift?.samples ?? []).map(({ back: _, ...one }) => one);
  return [
    line(plainText(told, room.chars)),
    some.length > 0 && list(some, some.length, (one) => sampleLine(one, Math.ceil(room.chars / 8))),
  ];
}

/** One line for each kind of trouble that rows or deletes met. */
function troubles(state: State): readonly Text[] {
  const { rows, deletes, handMade = 0 } = state;
  // Before a plan is carried out nothing has been sent, and that is no trouble.
  const sent = isPlan(state) ? 0 : 1;
  const told = (n: number, zh: string, noun: string, en: string): Maybe<Text> =>
    n > 0 && text(`${count(n)} ${zh}`, `${some(n, noun)} ${en}`);
  return present([
    told(rows.rejected, '行被拒绝：内容不合要求', 'row', 'rejected: their values do not fit'),
    told(rows.invalid, '行无效：主键为空或重复，没有发送', 'row', 'invalid: key empty or doubled, not sent'),
    told(rows.failed, '行失败：每一轮都没有成功', 'row', 'failed: refused in every round'),
    told(
      rows.unknown,
      '行结果未知：没有应答，也无法核实',
      'row',
      'unknown: no answer, and not to be settled by reading',
    ),
    told(rows.notSent * sent, '行没有发送', 'row', 'not sent'),
    told(deletes.failed, '条删除失败', 'delete', 'failed'),
    told(deletes.unknown, '条删除结果未知', 'delete', 'unknown'),
    told(deletes.notSent * sent, '条删除没有发送', 'delete', 'not sent'),
    told(handMade, '条记录保留，没有删除：不是机器人新建的', 'record', 'kept: made by hand, not by the bot'),
    told(deletes.kept - handMade, '条记录保留，没有删除', 'record', 'kept, not deleted'),
  ]);
}

/** What went wrong, in groups: counts, failed chunks one a line, bad rows by reason. */
function wentWrong(state: State, room: Room): readonly Elements[] {
  const counts = troubles(state);
  const { failed } = state.chunks;
  const chunks = text(`失败分块 ${count(failed.length)} 个`, some(failed.length, 'failed chunk'));
  return [
    counts.length > 0 && [heading(text('没有写入的', 'Not written')), lines(counts)],
    failed.length > 0 && [heading(chunks), list(failed, room.lines, (chunk) => chunkLine(chunk, room))],
    state.badRows.length > 0 && [
      heading(text('有问题的行', 'Rows to look at')),
      list(state.badRows, Math.ceil(room.lines / 2), (group) => badLine(group, room)),
    ],
  ];
}

/** `C003 · 新增 500 行 · 1255001 · reason` */
function chunkLine(
  { id, kind, rows, how, code, message }: State['chunks']['failed'][number],
  { chars }: Room,
): Text {
  return joined(
    [
      same(plain(id, 20)),
      text(`${kinds[kind].zh} ${count(rows)} 行`, `${kinds[kind].en} ${some(rows, 'row')}`),
      how === 'threw' || code === null ? text('无应答', 'no answer') : same(String(code)),
      same(plain(message, chars) || '—'),
    ],
    ' · ',
  );
}

/** A group of rows by reason: `37 rows · city · no such option · A001, A002, …`. */
function badLine(group: State['badRows'][number], { chars }: Room): Text {
  const { rows, field, samples } = group;
  return joined(
    [
      text(`${count(rows)} 行`, some(rows, 'row')),
      field !== undefined && same(plain(field, 40)),
      plainText(reasonOf(group), Math.ceil(chars / 2)),
      listed([...samples.map(nameOf), ...(rows > samples.length ? ['…'] : [])]),
    ],
    ' · ',
  );
}

/** A row by its key; one without a key by its place in the query's answer. */
const nameOf = ({ key, row }: BadRow): string => plain(key, 20) || (row === null ? '—' : `#${count(row)}`);

const cellsShown = 3;

/** What would change in a record: `~ A001 · city: 上海 → 北京`, `+ A002 · city: 北京`. @param size characters of a cell */
export function sampleLine({ kind, key, cells, back }: Sample, size: number): Text {
  const value = (words: string) => plain(words, size) || '∅';
  const words = (colon: string): string => {
    const shown = cells.slice(0, cellsShown).map(({ field, from, to }) => {
      const change =
        kind === 'update' ? `${value(from)} → ${value(to)}` : value(kind === 'create' ? to : from);
      return `${plain(field, size)}${colon}${change}`;
    });
    const more = cells.length > cellsShown ? ['…'] : [];
    return [`${signs[kind]} ${plain(key, 40)}`, ...shown, ...more].join(' · ');
  };
  const [zh, en] = [words('：'), words(': ')];
  return back ? text(`${zh}（被人改过，恢复）`, `${en} (changed by a person, set back)`) : text(zh, en);
}

/** Samples that do not stand among those of what people changed. */
const others = (all: readonly Sample[], { drift }: State): readonly Sample[] =>
  all.filter(({ key, back }) => !back || drift?.samples.every((one) => one.key !== key) !== false);

/** What would change, a record a line. */
const samples = (all: readonly Sample[], room: Room): Elements =>
  all.length > 0 && [
    heading(text('例如', 'For example')),
    list(all, Math.ceil(room.lines / 2), (one) => sampleLine(one, Math.ceil(room.chars / 8))),
  ];
