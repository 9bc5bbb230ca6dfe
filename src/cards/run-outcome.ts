import { reasonOf } from '../sync/state/counts.ts';
import type { BadGroup, BadRow, ChunkKind, FailedChunk, Sample, State } from '../sync/state/state.ts';
import { count, type Text, text } from '../sync/words/text.ts';
import { type Element, head, type Room } from './parts/card.ts';
import { figures, heading, line, lines } from './parts/element.ts';
import { joined, plain, plainText, same, some } from './parts/words.ts';

const kinds: Readonly<Record<ChunkKind, Text>> = {
  create: text('新增', 'create'),
  update: text('更新', 'update'),
  delete: text('删除', 'delete'),
};
const signs: Readonly<Record<ChunkKind, string>> = { create: '+', update: '~', delete: '−' };

/** Whether the numbers say what would happen, not what has. */
export const isPlan = (state: State): boolean => state.status === 'waiting' || state.status === 'planned';

/** What people look for first: created, updated, deleted, unchanged. */
export const fourNumbers = (state: State): Element => figures(numbers(state));

function numbers(state: State): readonly { readonly name: Text; readonly value: string }[] {
  const { rows, deletes } = state;
  const plan = isPlan(state);
  const deleted = plan ? deletes.planned - deletes.kept : deletes.done;
  const [created, updated] = plan
    ? [state.planned.creates, state.planned.updates]
    : [rows.created, rows.updated];
  return [
    { name: plan ? text('将新增', 'to create') : text('新增', 'created'), value: count(created) },
    { name: plan ? text('将更新', 'to update') : text('更新', 'updated'), value: count(updated) },
    { name: plan ? text('将删除', 'to delete') : text('删除', 'deleted'), value: count(deleted) },
    { name: text('不变', 'unchanged'), value: count(rows.unchanged) },
  ];
}

/** How many of the updates set back what people changed; nothing when none does. */
export function setBack(state: State): readonly Element[] {
  const plan = isPlan(state);
  const rows = plan ? (state.planned.back ?? 0) : (state.setBack ?? 0);
  if (rows === 0) return [];
  const n = count(rows);
  return [
    line(
      plan
        ? text(
            `其中 ${n} 行是被人在表格里改过的，会恢复成数据库里的值。`,
            `${n} of the updates set back what people changed in the table.`,
          )
        : text(
            `其中 ${n} 行是被人在表格里改过的，已恢复成数据库里的值。`,
            `${n} of them had been changed in the table by people, and were set back.`,
          ),
      { size: 'notation', colour: 'grey' },
    ),
  ];
}

/** The numbers in one line, for summaries and the question before a plan is applied. */
export const numbersLine = (state: State): Text =>
  joined(
    numbers(state).map(({ name, value }) => text(`${name.zh} ${value}`, `${value} ${name.en}`)),
    ' · ',
  );

/** One line for each kind of trouble that rows or deletes met. */
export function troubles(state: State): readonly Text[] {
  const { rows, deletes } = state;
  // Before a plan is carried out nothing has been sent, and that is no trouble.
  const sent = isPlan(state) ? 0 : 1;
  const all: readonly (readonly [number, string, string, string])[] = [
    [rows.rejected, '行被拒绝：内容不合要求', 'row', 'rejected: their values do not fit'],
    [rows.invalid, '行无效：主键为空或重复，没有发送', 'row', 'invalid: key empty or doubled, not sent'],
    [rows.failed, '行失败：每一轮都没有成功', 'row', 'failed: refused in every round'],
    [
      rows.unknown,
      '行结果未知：没有应答，也无法核实',
      'row',
      'unknown: no answer, and not to be settled by reading',
    ],
    [rows.notSent * sent, '行没有发送', 'row', 'not sent'],
    [deletes.failed, '条删除失败', 'delete', 'failed'],
    [deletes.unknown, '条删除结果未知', 'delete', 'unknown'],
    [deletes.notSent * sent, '条删除没有发送', 'delete', 'not sent'],
    [deletes.kept, '条记录保留，没有删除', 'record', 'kept, not deleted'],
  ];
  return all
    .filter(([n]) => n > 0)
    .map(([n, zh, noun, en]) => text(`${count(n)} ${zh}`, `${some(n, noun)} ${en}`));
}

/** What went wrong, in groups: counts, failed chunks one a line, bad rows by reason. */
export function wentWrong(state: State, room: Room): readonly Element[] {
  const counts = troubles(state);
  const { failed } = state.chunks;
  return [
    ...(counts.length === 0 ? [] : [heading(text('没有写入的', 'Not written')), lines(counts)]),
    ...(failed.length === 0
      ? []
      : [
          heading(text(`失败分块 ${count(failed.length)} 个`, some(failed.length, 'failed chunk'))),
          list(failed, room.lines, (chunk) => chunkLine(chunk, room)),
        ]),
    ...(state.badRows.length === 0
      ? []
      : [heading(text('有问题的行', 'Rows to look at')), badRows(state.badRows, room)]),
  ];
}

/** `C003 · 新增 500 行 · 1255001 · reason` */
function chunkLine(chunk: FailedChunk, room: Room): Text {
  const kind = kinds[chunk.kind];
  const code =
    chunk.how === 'threw' || chunk.code === null ? text('无应答', 'no answer') : same(String(chunk.code));
  return joined(
    [
      same(plain(chunk.id, 20)),
      text(`${kind.zh} ${count(chunk.rows)} 行`, `${kind.en} ${some(chunk.rows, 'row')}`),
      code,
      same(plain(chunk.message, room.chars) || '—'),
    ],
    ' · ',
  );
}

/** Lines for the head of a list, and how many more there are. */
export function list<T>(all: readonly T[], most: number, draw: (one: T) => Text): Element {
  const { shown, more } = head(all, most);
  const rest = more === 0 ? [] : [text(`… 还有 ${count(more)} 个`, `… and ${count(more)} more`)];
  return lines([...shown.map(draw), ...rest], { size: 'notation' });
}

/** Rows by reason, the largest group first: `37 rows · city · no such option · A001, A002, …`. */
const badRows = (groups: readonly BadGroup[], room: Room): Element =>
  list(groups, Math.ceil(room.lines / 2), (group) => {
    const keys = group.samples.map(nameOf).join(', ') + (group.rows > group.samples.length ? ', …' : '');
    return joined(
      [
        text(`${count(group.rows)} 行`, some(group.rows, 'row')),
        ...(group.field === undefined ? [] : [same(plain(group.field, 40))]),
        plainText(reasonOf(group), Math.ceil(room.chars / 2)),
        same(keys),
      ],
      ' · ',
    );
  });

/** A row by its key; one without a key by its place in the query's answer. */
const nameOf = (row: BadRow): string => plain(row.key, 20) || (row.row === null ? '—' : `#${count(row.row)}`);

const cellsShown = 3;

/** What would change in a record: `~ A001 · city: 上海 → 北京`, `+ A002 · city: 北京`. @param size characters of a cell */
export function sampleLine(one: Sample, size: number): Text {
  const value = (words: string) => plain(words, size) || '∅';
  const cell = ({ field, from, to }: Sample['cells'][number]) => {
    const change =
      one.kind === 'update' ? `${value(from)} → ${value(to)}` : value(one.kind === 'create' ? to : from);
    return `${plain(field, size)}: ${change}`;
  };
  const more = one.cells.length > cellsShown ? ' · …' : '';
  const cells = one.cells.slice(0, cellsShown).map(cell);
  const words = [`${signs[one.kind]} ${plain(one.key, 40)}`, ...cells].join(' · ') + more;
  return one.back
    ? text(`${words}（被人改过，恢复）`, `${words} (changed by a person, set back)`)
    : same(words);
}

/** What would change, a record a line. */
export function samples(all: readonly Sample[], room: Room): readonly Element[] {
  if (all.length === 0) return [];
  const size = Math.ceil(room.chars / 8);
  return [
    heading(text('例如', 'For example')),
    list(all, Math.ceil(room.lines / 2), (one) => sampleLine(one, size)),
  ];
}

/** Sentences worth telling that stop nothing. */
export const notes = (all: readonly Text[], room: Room): readonly Element[] =>
  all.length === 0 ? [] : [list(all, Math.ceil(room.lines / 4), (note) => plainText(note, room.chars))];

/** A sentence of the run's own, cleaned and cut. */
export const sentence = (words: Text, room: Room): Element => line(plainText(words, room.chars * 2));
