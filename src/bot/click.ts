import { some } from '../cards/amounts.ts';
import { noticeOps, opsFor, type Press } from '../cards/button.ts';
import { problemCard } from '../cards/noticeCard.ts';
import { plain } from '../cards/plain.ts';
import type { Journal, RunRecord } from '../run/ports.ts';
import type { Acted, RunRequest } from '../run/runs.ts';
import type { Unwritten } from '../run/unwritten.ts';
import type { Definition } from '../sync/definition.ts';
import { ProblemError, problem } from '../sync/problem.ts';
import { asksFirst } from '../sync/progress.ts';
import type { State } from '../sync/state.ts';
import { count, inLocale, type Text, text } from '../sync/text.ts';
import { approvers, type Right, starterOf } from './access.ts';
import { answer } from './answer.ts';
import { type Asking, askingOf, trustOf } from './asking.ts';
import type { Background } from './background.ts';
import { decode } from './button.ts';
import { commandOf, visible } from './command.ts';
import { cancelling } from './commands/cancel.ts';
import { showStarted } from './commands/sync.ts';
import type { Desk } from './desk.ts';
import { sendSheet, unwrittenSheet } from './files.ts';
import { definitionOf } from './find.ts';
import { problemsOf } from './known.ts';
import { refusedPress } from './permit.ts';
import type { ClickEvent, Toast } from './ports.ts';
import { pressNotice } from './schedule/press.ts';
import { isInThread, tellGroup } from './tell-group.ts';
import { factsOf } from './trouble.ts';
import { verifyFor } from './verify.ts';

/** What clicks need besides the desk. */
export interface ClickDesk extends Desk {
  readonly journal: Pick<Journal, 'findRun' | 'findRunByMessage'>;
  readonly background: Background;
  /** The rows that a run did not write, some at a time. */
  unwritten(record: RunRecord): AsyncIterable<readonly Unwritten[]>;
}

type Tell = (type: Toast['type'], words: Text) => Toast;

/** Characters of a toast, at most. */
const longest = 120;

/** Says something on the presser's screen. */
export const tell =
  (locale: Desk['locale']): Tell =>
  (type, words) => ({ type, content: plain(inLocale(words, locale), longest) });

/** Carries a click out and answers the toast. Rejects with nothing that it can put into words. */
export async function click(event: ClickEvent, desk: ClickDesk): Promise<Toast> {
  const say = tell(desk.locale);
  const press = decode(event.value);
  try {
    if (!press) return say('warning', text('这个按钮已经失效。', 'This button does not work any more.'));
    if (press.op === 'open') return say('info', text('正在打开表格。', 'Opening the table.'));
    if (isNoticeOp(press.op)) {
      const pressed = await pressNotice(event, press, desk);
      if (pressed.kind === 'said') return say(pressed.type, pressed.words);
      if (pressed.kind === 'sync') return await start(event, pressed.definition, desk, say);
      // Lists and hints have this button too.
      if (press.op !== 'sync' && press.op !== 'command') return say('warning', inert);
      // Such cards are no notices: what counts is that the bot has sent them.
      const known = await trustOf(event.message, desk);
      if (!known) return say('warning', inert);
      if (press.op === 'command') return commanded(event, press, known.thread, desk, say);
      return await startPressed(event, press.run, known.thread, desk, say);
    }
    return await runPressed(event, press, desk, say);
  } catch (error) {
    if (!(error instanceof ProblemError))
      desk.log.error('click-failed', { op: press?.op, ...factsOf(error) });
    const [{ message, cure }] = problemsOf(error);
    return say('error', text(`${message.zh}${cure.zh}`, `${message.en} ${cure.en}`));
  }
}

/** A button or a form that stands for a command: the same as typing it. */
function commanded(
  event: ClickEvent,
  { verb, run }: Press,
  group: boolean,
  desk: ClickDesk,
  say: Tell,
): Toast {
  const filled = (name: string): string => {
    const value = event.form[name];
    return typeof value === 'string' ? visible(value.slice(0, 300)).trim() : '';
  };
  const form = Object.keys(event.form).length > 0;
  const command = commandOf(verb ?? 'help', run === '' ? filled('name') : run, filled('more'));
  const asking = { ...askingOf(event, form ? 'form' : 'button'), group };
  desk.background.start('answer', () => answer(command, asking, desk));
  return say('success', text('好，结果见新卡片。', 'On it; a new card answers.'));
}

const isNoticeOp = (op: Press['op']): boolean => noticeOps.some((one) => one === op);

/** A button of the list: the same as the command, under the same rules. */
async function startPressed(
  event: ClickEvent,
  name: string,
  group: boolean,
  desk: ClickDesk,
  say: Tell,
): Promise<Toast> {
  const definition = await desk.definitions.get(name);
  const refusal = await refusedPress(event, { right: 'run', what: 'sync', definition }, desk);
  return refusal ? say('warning', refusal) : start(event, definition, desk, say, { group });
}

/** Whether no other run of the definition was started since: what is missing may be there by now. */
async function isLatest({ run, definition }: State, { runs }: ClickDesk): Promise<boolean> {
  const [latest] = await runs.latest(definition, 1);
  return latest?.run === run;
}

async function start(
  event: ClickEvent,
  definition: Definition,
  desk: ClickDesk,
  say: Tell,
  {
    group = false,
    ...how
  }: Pick<RunRequest, 'createFields' | 'planOnly'> & { readonly group?: boolean } = {},
): Promise<Toast> {
  const asking = { ...askingOf(event), group };
  const { by } = asking;
  const started = await desk.runs.start({ definition, by, queue: true, ...how });
  desk.background.start('show', () => showStarted(started, definition, asking, desk));
  if (started.kind !== 'started') return say('warning', busy);
  return say('success', started.run.state().queue ? inLine : begun);
}

const begun = text('已开始同步，进度见新卡片。', 'Started; a new card shows it.');
const inLine = text(
  '另一个同步正在使用这个表格，已排队，见新卡片。',
  'Another sync holds the table; queued, a new card shows it.',
);

const busy = text('这个表格正在同步，请等它结束。', 'This table is being synced; wait for it to end.');
const stale = text('这个按钮已经过期，什么都没有做。', 'This button is out of date; nothing was done.');
const gone = text('这次运行的记录已经清理，请再次同步。', 'The records of this run are gone; run it again.');
const applying = text('正在核对并应用这个计划。', 'Looking whether it still holds, then applying the plan.');
const keeping = text(
  '正在核对并应用这个计划，不删除任何记录。',
  'Looking whether it still holds, then applying the plan; nothing is deleted.',
);
const inert = text('这张卡片上的按钮不起作用，请用原来的卡片。', 'Buttons work on the original card only.');

const notYet = text(
  '这张卡片还没准备好，请稍后再点。',
  'This card is not ready yet; press again in a moment.',
);

/** Why a press does not count on a message that is not known as the run's card. */
async function whyNot(run: string, { runs, journal }: ClickDesk): Promise<Text> {
  if (!(await runs.find(run))) return gone;
  // Feishu may show a card before it answers that it does.
  return (await journal.findRun(run))?.card === null ? notYet : inert;
}

/** A button of a run: counts on the card that the store knows for that run, and in its version only. */
async function runPressed(
  event: ClickEvent,
  { op, run, v }: Press,
  desk: ClickDesk,
  say: Tell,
): Promise<Toast> {
  const record = await desk.journal.findRunByMessage(event.message);
  if (record?.id !== run) return say('warning', await whyNot(run, desk));
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
    const place = { kind: 'card', message: event.message } as const;
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

/** Sends the rows that a run did not write to the presser alone, and says so on the card's thread when that fails. */
async function download(event: ClickEvent, record: RunRecord, desk: ClickDesk): Promise<void> {
  const once = `csv:${event.id}`;
  try {
    const sheet = unwrittenSheet(record.state.definition, record.id, desk.unwritten(record), desk.locale);
    const rows = await sendSheet(desk.chat, event.from, sheet, once);
    if (rows === 0) throw problem(nothingKept);
  } catch (error) {
    if (!(error instanceof ProblemError)) desk.log.error('file-not-sent', factsOf(error));
    const card = problemCard(record.state.title, problemsOf(error), desk.locale);
    await desk.chat.reply(event.message, card, `${once}:problem`);
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

function act(op: Press['op'], run: string, v: number, by: Asking['by'], { runs }: ClickDesk): Promise<Acted> {
  if (op === 'retry') return runs.retry(run, by, v);
  if (op === 'apply') return runs.apply(run, by, v);
  if (op === 'apply-no-deletes') return runs.apply(run, by, v, true);
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
