import { count, listed, type Text, text } from '../words/text.ts';
import {
  type BadGroup,
  type BadRow,
  type ChunkKind,
  type ChunkStatus,
  chunkFacts,
  type DeleteCounts,
  type RowCounts,
  type State,
  statuses,
} from './state.ts';

/** What one chunk adds to the counts. */
export interface Counted {
  /** Parts of a split chunk have a point in it. */
  readonly id: string;
  readonly kind: ChunkKind;
  readonly rows: number;
  readonly written: number;
  /** Updates among its rows that set back what somebody changed. */
  readonly back: number;
  readonly status: ChunkStatus;
}

/**
 * Rows and deletes that chunks account for, without what the comparison alone decides (unchanged, invalid). `kept`: the
 * deletes that a person took out of the plan.
 */
export interface Tally {
  readonly rows: Omit<RowCounts, 'read' | 'unchanged' | 'invalid'>;
  readonly deletes: Omit<DeleteCounts, 'planned'>;
  /** Of the updated rows, those that surely set back what somebody changed. */
  readonly back: number;
}

const nothing: Tally = {
  rows: { created: 0, updated: 0, rejected: 0, failed: 0, unknown: 0, notSent: 0 },
  deletes: { done: 0, failed: 0, unknown: 0, notSent: 0, kept: 0 },
  back: 0,
};

/**
 * Adds up chunks; every row is counted exactly once: a split chunk stands for the rows that were confirmed before it
 * was split, its parts for the rest.
 */
export function tally(chunks: Iterable<Counted>): Tally {
  const rows = { ...nothing.rows };
  const deletes = { ...nothing.deletes };
  let back = 0;
  for (const chunk of chunks) {
    back += backOf(chunk);
    const rest = chunkFacts[chunk.status].divided ? 0 : chunk.rows - chunk.written;
    if (chunk.kind === 'delete') {
      deletes.done += chunk.written;
      deletes[placeOfDeletes(chunk.status)] += rest;
    } else {
      rows[chunk.kind === 'create' ? 'created' : 'updated'] += chunk.written;
      rows[chunkFacts[chunk.status].rest] += rest;
    }
  }
  return { rows, deletes, back };
}

/**
 * What a chunk adds to the rows that were set back: a split one those confirmed before, which its parts do not hold. A
 * part that is created is of rows whose records are gone: nothing of it is set back.
 */
function backOf({ id, kind, rows, written, back, status }: Counted): number {
  const inParent = id.includes('.') ? -back : 0;
  if (kind === 'create') return inParent;
  return inParent + (chunkFacts[status].divided ? back : Math.max(0, back - (rows - written)));
}

/** Where the deletes of a chunk belong that are not confirmed. */
function placeOfDeletes(status: ChunkStatus): 'failed' | 'unknown' | 'notSent' | 'kept' {
  if (status === 'dropped') return 'kept';
  const { rest } = chunkFacts[status];
  return rest === 'rejected' ? 'failed' : rest;
}

/** Says beside the calls how the table was read. */
export const howRead: Readonly<Record<NonNullable<State['read']>, Text>> = {
  whole: text('读取了整个表格', 'whole table read'),
  shortcut: text('表格没有变，不用重读', 'table unchanged, not read again'),
};

/** Fields that are named where people changed records. */
const fieldsTold = 5;

/** Says which records people changed since the last run, by field, and what became of them; nothing where there are none. */
export function driftTold({ drift, setBack = 0, status }: State): Text | undefined {
  const isPlan = statuses[status].plan;
  const records = Math.max(drift?.records ?? 0, isPlan ? 0 : setBack);
  if (records === 0) return undefined;
  const fields = (drift?.fields ?? []).map(({ field, records }) => `${field} ${count(records)}`);
  const named = listed([...fields.slice(0, fieldsTold), ...(fields.length > fieldsTold ? ['…'] : [])]);
  const of = fields.length === 0 ? text('', '') : text(`（${named.zh}）`, ` (${named.en})`);
  const n = count(records);
  const [zh, en] = isPlan
    ? ['会恢复成数据库里的值', records === 1 ? 'it is to be set back' : 'they are to be set back']
    : becameOf(records, setBack);
  return text(
    `上次同步之后，有 ${n} 条记录在表格里被人改过${of.zh}，${zh}。`,
    `People changed ${n} ${records === 1 ? 'record' : 'records'} in the table since the last run${of.en}; ${en}.`,
  );
}

function becameOf(records: number, setBack: number): readonly [zh: string, en: string] {
  if (setBack >= records)
    return ['已恢复成数据库里的值', records === 1 ? 'it was set back' : 'all were set back'];
  if (setBack === 0) return ['还没有恢复', records === 1 ? 'it was not set back' : 'none was set back'];
  return [
    `其中 ${count(setBack)} 条已恢复成数据库里的值`,
    `${count(setBack)} ${setBack === 1 ? 'was' : 'were'} set back`,
  ];
}

/** Reasons that are told apart; the rows of all others are counted together. */
const mostGroups = 30;
/** Rows of each reason that are kept to be shown. */
const samplesPerGroup = 5;
/** Characters of a sample's key. */
const keyShown = 40;

/** Counts bad rows by reason in bounded room; goes on from the groups that were counted before. */
export function badGroups(before: readonly BadGroup[] = []) {
  const groups = new Map(before.map((group) => [nameOf(group), group]));
  return {
    take(row: BadRow): void {
      const gist = gistOf(row.reason);
      const known = groups.get(nameOf({ ...row, reason: gist }));
      const group =
        known ?? (groups.size < mostGroups ? groupOf(row, gist) : (groups.get(nameOf(others)) ?? others));
      groups.set(nameOf(group), {
        ...group,
        rows: group.rows + 1,
        samples: group.samples.length < samplesPerGroup ? [...group.samples, sampleOf(row)] : group.samples,
      });
    },
    /** The largest group first. */
    all: (): readonly BadGroup[] => [...groups.values()].sort((a, b) => b.rows - a.rows),
  };
}

/** The groups with one more row. */
export function withBad(groups: readonly BadGroup[], row: BadRow): readonly BadGroup[] {
  const counted = badGroups(groups);
  counted.take(row);
  return counted.all();
}

/** What is wrong with the rows of a group: of a single one with the value itself, for it is the one to look for. */
export const reasonOf = ({ reason, rows, samples }: BadGroup): Text =>
  rows === 1 ? (samples[0]?.reason ?? reason) : reason;

/** Short enough to be kept with the state, which is stored again and again. */
const sampleOf = ({ value: _, ...row }: BadRow): BadRow => ({
  ...row,
  key:
    row.key.length > keyShown
      ? `${[...row.key.slice(0, keyShown * 2)].slice(0, keyShown).join('')}…`
      : row.key,
});

const groupOf = ({ kind, field, code }: BadRow, reason: Text): BadGroup => ({
  kind,
  ...(field === undefined ? {} : { field }),
  ...(code === undefined ? {} : { code }),
  reason,
  rows: 0,
  samples: [],
});

const others: BadGroup = {
  kind: 'rejected',
  reason: text('其他原因', 'other reasons'),
  rows: 0,
  samples: [],
};

const nameOf = ({ kind, field, code, reason }: Omit<BadGroup, 'rows' | 'samples'>): string =>
  JSON.stringify([kind, field?.slice(0, 100), code, reason.zh.slice(0, 200)]);

/** A reason without the value that it quotes: rows are grouped by what is wrong, not by what was written. */
const gistOf = ({ zh, en }: Text): Text => text(gist(zh), gist(en));

const gist = (words: string): string => words.slice(0, 1000).replace(/`.*`/su, '…');

/** What became of a chunk, in words. */
export const chunkOutcomes: Readonly<Record<ChunkStatus, Text>> = {
  pending: text('还没有发送', 'not sent yet'),
  sent: text('已发送，等待应答', 'sent, no answer yet'),
  done: text('已写入', 'written'),
  failed: text('写入失败', 'failed'),
  unknown: text('结果未知', 'outcome unknown'),
  rejected: text('飞书拒绝', 'refused by Feishu'),
  split: text('已拆分', 'split'),
  dropped: text('不再发送', 'not sent any more'),
};
