import { problemCard } from '../cards/answer-cards.ts';
import { some } from '../cards/parts/amounts.ts';
import { opsFor, type Press } from '../cards/parts/button.ts';
import type { RunRecord } from '../run/ports.ts';
import type { Acted } from '../run/runs/runs.ts';
import { ProblemError, problem } from '../sync/problem.ts';
import { asksFirst } from '../sync/progress.ts';
import type { State } from '../sync/state.ts';
import { count, type Text, text } from '../sync/text.ts';
import { approvers, type Right, starterOf } from './access.ts';
import { type Asking, askingOf, speak } from './asking.ts';
import { cancelling } from './commands/cancel.ts';
import type { PressDesk } from './desk.ts';
import { sendSheet, unwrittenSheet } from './files.ts';
import { definitionOf } from './find.ts';
import { problemsOf } from './known.ts';
import { refusedPress } from './permit.ts';
import type { ClickEvent, Toast } from './ports.ts';
import { start } from './press-start.ts';
import { isInThread, tellGroup } from './tell-group.ts';
import { busy, inert, type Tell } from './toast.ts';
import { factsOf } from './trouble.ts';
import { verifyFor } from './verify.ts';

/** A button of a run: counts on the card that the store knows for that run, and in its version only. */
export async function runPressed(
  event: ClickEvent,
  { op, run, v }: Press,
  desk: PressDesk,
  say: Tell,
): Promise<Toast> {
  const record = await noted(run, desk);
  const shown = await desk.journal.findRunByMessage(event.message);
  if (record?.card?.message !== event.message || shown?.id !== run)
    return say('warning', await whyNot(record, run, desk));
  const state = (await desk.runs.find(run)) ?? record.state;
  const definition = await definitionOf(state.definition, desk);
  const people = approvers(definition?.access, desk.admins);
  const redraw = (now: State) =>
    desk.background.start('show', () => desk.live.refresh(event.message, now, people));
  const fits = opsFor(state).some((one) => one === op);
  if (state.version !== v || !fits) {
    if (state.status !== 'running') redraw(state);
    return say('warning', stale);
  }
  const about = { definition, name: state.definition, run, starter: starterOf(state) };
  const deed = { right: rightFor(op, state), what: op, ...about };
  const refusal = await refusedPress(event, deed, desk);
  if (refusal) return say('warning', refusal);
  if (op === 'csv') {
    desk.background.start('csv', () => download(event, { ...record, state }, desk));
    return say('success', text('正在准备文件，会私聊发给你。', 'Preparing the file; it comes to you alone.'));
  }
  if (op === 'verify') {
    const saved = await desk.definitions.get(state.definition);
    desk.background.start('verify', () => verifyFor(saved, askingOf(event), desk));
    return say('success', text('正在核对，结果见新卡片。', 'Verifying; a new card tells what differs.'));
  }
  if (op === 'create' && !(await isLatest(state, desk))) return say('warning', stale);
  if (op === 'rerun' || op === 'create') {
    const saved = await desk.definitions.get(state.definition);
    const { planOnly } = state;
    const group = await isInThread(run, desk);
    return start(event, saved, desk, say, { createFields: op === 'create', planOnly, group });
  }

  const by = { kind: 'button', openId: event.from } as const;
  const acted = await act(op, run, v, by, desk);
  if (acted.kind === 'going') {
    const place = { kind: 'card', message: event.message, chat: event.chat } as const;
    const { run: going } = acted;
    desk.background.start('show', async () => {
      await desk.live.follow(going, place, people);
      // Whoever shows what is being cancelled tells of its end.
      if (op === 'cancel' || !(await isInThread(run, desk))) return;
      await tellGroup(going.state(), definition, { by, chat: event.chat }, desk);
    });
  }
  if (acted.kind === 'settled' || acted.kind === 'stale') redraw(acted.state);
  return said(acted, op, state, say);
}

/** Whether no other run of the definition was started since: what is missing may be there by now. */
async function isLatest({ run, definition }: State, { runs }: PressDesk): Promise<boolean> {
  const [latest] = await runs.latest(definition, 1);
  return latest?.run === run;
}

const notYet = text(
  '这张卡片还没准备好，请稍后再点。',
  'This card is not ready yet; press again in a moment.',
);

/** A run with the message that shows it: a card that is being sent right now is waited for. */
async function noted(run: string, { journal, underWay }: PressDesk): Promise<RunRecord | undefined> {
  const record = await journal.findRun(run);
  if (record?.card !== null || underWay.size === 0) return record;
  await Promise.allSettled(underWay);
  return journal.findRun(run);
}

/** Why a press does not count on a message that is not the run's card. */
async function whyNot(record: RunRecord | undefined, run: string, { runs }: PressDesk): Promise<Text> {
  if (!(await runs.find(run))) return gone;
  // Feishu may show a card before it answers that it does.
  return record?.card === null ? notYet : inert;
}

const stale = text('这个按钮已经过期，什么都没有做。', 'This button is out of date; nothing was done.');
const gone = text('这次运行的记录已经清理，请再次同步。', 'The records of this run are gone; run it again.');
const applying = text('正在核对并应用这个计划。', 'Looking whether it still holds, then applying the plan.');
const keeping = text(
  '正在核对并应用这个计划，不删除任何记录。',
  'Looking whether it still holds, then applying the plan; nothing is deleted.',
);

/** Sends the rows that a run did not write to the presser alone, and says so on the card's thread when that fails. */
async function download(event: ClickEvent, record: RunRecord, desk: PressDesk): Promise<void> {
  const once = `csv:${event.id}`;
  try {
    const sheet = unwrittenSheet(record.state.definition, record.id, desk.unwritten(record), desk.locale);
    const rows = await sendSheet(desk.chat, event.from, sheet, once);
    if (rows === 0) throw problem(nothingKept);
  } catch (error) {
    if (!(error instanceof ProblemError)) desk.log.error('file.not-sent', factsOf(error));
    const card = problemCard(record.state.title, problemsOf(error), desk.locale);
    await speak(card, askingOf(event), desk, ':problem');
  }
}

const nothingKept = {
  code: 'no-rows',
  message: text('这次运行的行已经清理。', 'The rows of this run are gone.'),
  cure: text('请再次同步。', 'Run the sync again.'),
};

/** What writes by somebody's yes is for those who may approve it. */
const approving: ReadonlySet<Press['op']> = new Set<Press['op']>(['apply', 'apply-no-deletes', 'create']);

/** What changes nothing in the table. */
const looking: ReadonlySet<Press['op']> = new Set<Press['op']>(['csv', 'verify']);

/** A plan that would not have waited is for everybody who may run the sync; to look at one anew changes nothing. */
function rightFor(op: Press['op'], state: State): Right {
  if (op === 'cancel') return 'stop';
  if (op === 'discard') return 'discard';
  if (looking.has(op) || (op === 'rerun' && state.planOnly)) return 'look';
  if (op === 'apply' && !asksFirst(state)) return 'run';
  return approving.has(op) ? 'approve' : 'run';
}

function act(op: Press['op'], run: string, v: number, by: Asking['by'], { runs }: PressDesk): Promise<Acted> {
  if (op === 'retry') return runs.retry(run, by, v);
  if (op === 'apply') return runs.apply(run, by, v);
  if (op === 'apply-no-deletes') return runs.apply(run, by, v, { withoutDeletes: true });
  if (op === 'cancel') return runs.cancel(run, by, v);
  if (op === 'resume') return runs.resumeCancelled(run, by, v);
  return runs.discard(run, by, v);
}

function said(acted: Acted, op: Press['op'], before: State, say: Tell): Toast {
  const { failed, refused = 0 } = before.chunks;
  switch (acted.kind) {
    case 'asked':
      return say('success', cancelling);
    case 'going':
      if (op === 'cancel') return say('success', cancelling);
      if (op === 'resume') return say('success', text('接着上次继续。', 'Going on where it was.'));
      return op === 'retry'
        ? say('success', retrying(failed.length, refused))
        : say('success', op === 'apply-no-deletes' ? keeping : applying);
    case 'settled':
      return say(
        'success',
        op === 'cancel'
          ? text('已取消，什么都没有写入。', 'Cancelled; nothing was written.')
          : text('已放弃，什么都没有写入。', 'Discarded; nothing was written.'),
      );
    case 'stale':
      return say('warning', stale);
    case 'busy':
      return say('warning', busy);
    case 'no-such-run':
      return say('warning', gone);
  }
}

function retrying(failed: number, refused: number): Text {
  const chunks = text(`${count(failed)} 个失败分块`, some(failed, 'failed chunk'));
  const rows = text(`${count(refused)} 个被拒绝的行`, some(refused, 'rejected row'));
  if (refused === 0) return text(`正在重试 ${chunks.zh}。`, `Retrying ${chunks.en}.`);
  if (failed === 0) return text(`正在重试 ${rows.zh}。`, `Retrying ${rows.en}.`);
  return text(`正在重试 ${chunks.zh}和 ${rows.zh}。`, `Retrying ${chunks.en} and ${rows.en}.`);
}
