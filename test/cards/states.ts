import { badGroups } from '../../src/sync/state/counts.ts';
import type { BadGroup, BadRow, FailedChunk, State, Status } from '../../src/sync/state/state.ts';
import { text } from '../../src/sync/words/text.ts';
import { sampleState } from '../support/samples.ts';

/** Bad rows by reason, as a state holds them. */
export function grouped(rows: readonly BadRow[]): readonly BadGroup[] {
  const groups = badGroups();
  for (const row of rows) groups.take(row);
  return groups.all();
}

/** 2026-11-23 14:00 in Shanghai. */
export const at = Date.UTC(2026, 10, 23, 6, 0, 0);

const { rows, deletes } = sampleState;

const fresh: State = {
  ...sampleState,
  run: 'r8421',
  version: 3,
  startedAt: at,
  acts: [{ op: 'start', by: { kind: 'chat', openId: 'ou_anna' }, at }],
};

type Change = Partial<Omit<State, 'rows' | 'deletes'>> & {
  readonly rows?: Partial<State['rows']>;
  readonly deletes?: Partial<State['deletes']>;
};

/** A run that was just asked for, but for what is given. */
export const stateWith = (change: Change = {}): State => ({
  ...fresh,
  ...change,
  rows: { ...rows, ...change.rows },
  deletes: { ...deletes, ...change.deletes },
});

/** A run that ended a minute and twelve seconds after its start. */
export const endedWith = (status: Exclude<Status, 'running'>, change: Change = {}): State =>
  stateWith({ status, phase: 'ended', endedAt: at + 72_000, ...change });

export const failedChunk = (change: Partial<FailedChunk> = {}): FailedChunk => ({
  id: 'C003',
  kind: 'create',
  rows: 500,
  how: 'answered',
  code: 1255001,
  message: 'InternalError',
  ...change,
});

const uploading = {
  rows: { read: 20_000, created: 5_200, updated: 300, unchanged: 7_000 },
  chunks: { total: 30, settled: 12, failed: [failedChunk()] },
  changes: { total: 12_345, settled: 5_500 },
} as const;

const stopped = { op: 'cancel', by: { kind: 'button', openId: 'ou_bob' }, at: at + 60_000 } as const;

/** One state of each kind that a card can show. */
export const everyState: Readonly<Record<string, State>> = {
  queued: stateWith(),
  'queued behind another run': stateWith({
    queue: {
      place: 2,
      holder: {
        ...{ definition: 'users', title: '用户', since: at - 600_000 },
        ...{ by: { kind: 'chat', openId: 'ou_bob' }, changes: { total: 400, settled: 148 } },
      },
    },
  }),
  'queued while everything is frozen': stateWith({ queue: { place: 1, holder: null, frozen: true } }),
  reading: stateWith({ phase: 'reading', reading: { rows: 12_000, records: 3_500, total: 20_000 } }),
  comparing: stateWith({ phase: 'comparing', reading: { rows: 20_000, records: 19_800, total: null } }),
  uploading: stateWith({ phase: 'uploading', ...uploading }),
  'second round': stateWith({ phase: 'uploading', ...uploading, rounds: 1 }),
  pausing: stateWith({ phase: 'pausing', ...uploading, resumeAt: at + 80_000 }),
  finishing: stateWith({ phase: 'ended', ...uploading }),
  waiting: endedWith('waiting', {
    planned: { creates: 20, updates: 5, deletes: 400 },
    rows: { read: 200, unchanged: 175, notSent: 25 },
    deletes: { planned: 420, notSent: 400, kept: 20 },
    chunks: { total: 3, settled: 0, failed: [] },
    waiting: {
      reasons: [
        { code: 'deletes', message: text('要删除 400 条，超过 20%。', '400 deletes are above 20%.') },
      ],
      samples: [
        { key: 'A1', kind: 'update', cells: [{ field: '城市', from: '上海', to: '北京' }] },
        { key: 'A2', kind: 'delete', cells: [] },
      ],
      until: at + 86_400_000,
    },
  }),
  planned: endedWith('planned', {
    planOnly: true,
    planned: { creates: 3, updates: 2, deletes: 0 },
    rows: { read: 10, created: 3, updated: 2, unchanged: 5 },
  }),
  'planned with a question': endedWith('planned', {
    planOnly: true,
    planned: { creates: 0, updates: 0, deletes: 9 },
    deletes: { planned: 9, done: 9 },
    waiting: {
      reasons: [{ code: 'deletes', message: text('要删除 9 条，超过 20%。', '9 deletes are above 20%.') }],
      samples: [{ key: 'A2', kind: 'delete', cells: [] }],
      until: null,
    },
  }),
  'planned in part': endedWith('planned', {
    planOnly: true,
    planned: { creates: 3, updates: 0, deletes: 0 },
    rows: { read: 10, created: 3, rejected: 7 },
  }),
  'planned in vain': endedWith('planned', { planOnly: true, rows: { read: 10, rejected: 9, invalid: 1 } }),
  done: endedWith('done', {
    rows: { read: 1_234, created: 1_000, updated: 200, unchanged: 34 },
    deletes: { planned: 7, done: 7 },
  }),
  partial: endedWith('partial', {
    rows: { read: 1_000, created: 400, rejected: 37, invalid: 3, failed: 500, unknown: 10, notSent: 50 },
    chunks: {
      total: 3,
      settled: 3,
      failed: [
        failedChunk(),
        failedChunk({ id: 'U012', kind: 'update', how: 'threw', code: null, message: 'socket hang up' }),
      ],
    },
    badRows: grouped([
      { kind: 'rejected', key: 'A7', row: 7, field: '城市', reason: text('没有这个选项', 'no such option') },
      { kind: 'invalid', key: '', row: 9, reason: text('主键为空', 'empty key') },
    ]),
    notes: [text('表格里有 2 个重复的主键。', '2 keys are doubled in the table.')],
    calls: { read: 10, write: 5, refused: 2, chat: 4 },
  }),
  failed: endedWith('failed', {
    error: {
      code: 'no-permission',
      message: text('应用不能编辑这个多维表格。', 'The app may not edit this base.'),
      cure: text('把应用加为协作者。', 'Add the app as a collaborator.'),
      where: 'syncs/orders.yaml:7',
      logId: '20261123ABC',
    },
  }),
  cancelling: stateWith({ phase: 'uploading', ...uploading, acts: [...fresh.acts, stopped] }),
  'cancelled early': endedWith('cancelled', { acts: [...fresh.acts, stopped] }),
  discarded: endedWith('cancelled', {
    rows: { read: 20, unchanged: 10, notSent: 10 },
    acts: [...fresh.acts, { ...stopped, op: 'discard' }],
  }),
  cancelled: endedWith('cancelled', {
    rows: { read: 1_000, created: 400, notSent: 600 },
    acts: [...fresh.acts, { op: 'cancel', by: { kind: 'button', openId: 'ou_bob' }, at: at + 60_000 }],
  }),
  interrupted: endedWith('interrupted', { chunks: { total: 3, settled: 1, failed: [failedChunk()] } }),
  expired: endedWith('expired'),
};
