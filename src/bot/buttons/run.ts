import { problemCard } from '../../cards/answer-cards.ts';
import { some } from '../../cards/parts/words.ts';
import type { Acted } from '../../run/runs/runs.ts';
import { asksFirst } from '../../sync/state/progress.ts';
import type { State } from '../../sync/state/state.ts';
import { ProblemError, problem } from '../../sync/words/problem.ts';
import { count, type Text, text } from '../../sync/words/text.ts';
import type { Bot, ChatRequest } from '../bot.ts';
import { busy, cancelling } from '../commands/runs.ts';
import { sendUnwritten, verifyFor } from '../commands/table.ts';
import { factsOf, problemsOf } from '../failures.ts';
import { requestOf, speak, tellGroup } from '../post.ts';
import { type RunButton, type RunPress, type Said, say, start } from './button.ts';

/** Asks for a change of the run, in the version that was shown. */
type Act = (runs: Bot['runs'], run: string, by: ChatRequest['by'], version: number) => Promise<Acted>;

interface Words {
  /** Said when the run goes on; by its state when the button was pressed. */
  readonly going: Text | ((before: State) => Text);
  /** Said when it has ended. */
  readonly settled?: Text;
}

/** A button that changes a run, which is shown on its card from then on. */
const acting = (right: RunButton['right'], act: Act, { going, settled }: Words): RunButton => ({
  on: 'run',
  right,
  async press(pressed, bot) {
    const { event, state, people, definition } = pressed;
    const by = { kind: 'button', openId: event.from } as const;
    const acted = await act(bot.runs, state.run, by, state.version);
    const goesOn = (): Said => say('success', typeof going === 'function' ? going(state) : going);
    switch (acted.kind) {
      case 'asked':
        return goesOn();
      case 'going': {
        const place = { kind: 'card', message: event.message, chat: event.chat } as const;
        bot.background.start('show', async () => {
          await bot.live.follow(acted.run, place, people);
          // Whoever shows what is being cancelled tells of its end.
          if (act === stop || !(await bot.kept.cards.inThread(state.run))) return;
          await tellGroup(acted.run.state(), definition, { by, chat: event.chat }, bot);
        });
        return goesOn();
      }
      case 'settled':
        redraw(pressed, acted.state, bot);
        return say('success', settled ?? thrownAway);
      case 'stale':
        redraw(pressed, acted.state, bot);
        return say('warning', stale);
      case 'busy':
        return say('warning', busy);
      case 'no-such-run':
        return say('warning', gone);
    }
  },
});

/** Draws the card that was pressed anew. */
export const redraw = ({ event, people }: Pick<RunPress, 'event' | 'people'>, state: State, bot: Bot): void =>
  bot.background.start('show', () => bot.live.refresh(event.message, state, people));

const stop: Act = (runs, run, by, version) => runs.cancel(run, by, version);

const thrownAway = text('已放弃，什么都没有写入。', 'Discarded; nothing was written.');

export const cancel = acting('stop', stop, {
  going: cancelling,
  settled: text('已取消，什么都没有写入。', 'Cancelled; nothing was written.'),
});

export const resume = acting('run', (runs, ...about) => runs.resumeCancelled(...about), {
  going: text('接着上次继续。', 'Continuing where it stopped.'),
});

export const retry = acting('run', (runs, ...about) => runs.retry(...about), {
  going: ({ chunks: { failed, refused = 0 } }) => retrying(failed.length, refused),
});

/** A plan that would not have waited is for everybody who may run the sync. */
export const apply = acting(
  (state) => (asksFirst(state) ? 'approve' : 'run'),
  (runs, ...about) => runs.apply(...about),
  {
    going: text('正在核对并执行这个计划。', 'Checking that the plan is still valid, then applying it.'),
  },
);

export const applyNoDeletes = acting(
  'approve',
  (runs, ...about) => runs.apply(...about, { withoutDeletes: true }),
  {
    going: text(
      '正在核对并执行这个计划，不删除任何记录。',
      'Looking whether it still holds, then applying the plan; nothing is deleted.',
    ),
  },
);

export const discard = acting('discard', (runs, ...about) => runs.discard(...about), { going: thrownAway });

/** To look at a plan anew changes nothing. */
export const rerun: RunButton = {
  on: 'run',
  right: ({ planOnly }) => (planOnly ? 'look' : 'run'),
  press: (pressed, bot) => startAgain(pressed, false, bot),
};

export const create: RunButton = {
  on: 'run',
  right: 'approve',
  async press(pressed, bot) {
    const { run, definition } = pressed.state;
    // Another run of the definition may have been started since: what is missing may be there by now.
    const [latest] = await bot.runs.latest(definition, 1);
    return latest?.run === run ? startAgain(pressed, true, bot) : say('warning', stale);
  },
};

async function startAgain({ event, state }: RunPress, createFields: boolean, bot: Bot): Promise<Said> {
  const saved = await bot.definitions.get(state.definition);
  const group = await bot.kept.cards.inThread(state.run);
  return start(event, saved, { createFields, planOnly: state.planOnly, group }, bot);
}

export const verify: RunButton = {
  on: 'run',
  right: 'look',
  async press({ event, state }, bot) {
    const saved = await bot.definitions.get(state.definition);
    bot.background.start('verify', () => verifyFor(saved, requestOf(event), bot));
    return say('success', text('正在核对，结果见新卡片。', 'Verifying; a new card will show what differs.'));
  },
};

export const csv: RunButton = {
  on: 'run',
  right: 'look',
  async press(pressed, bot) {
    bot.background.start('csv', () => download(pressed, bot));
    return say('success', text('正在准备文件，会私聊发给你。', 'Preparing the file; it comes to you alone.'));
  },
};

/** Sends the rows that a run did not write to the presser alone, and says so on the card's thread when that fails. */
async function download({ event, record, state }: RunPress, bot: Bot): Promise<void> {
  try {
    const rows = await sendUnwritten({ ...record, state }, event.from, `csv:${event.id}`, bot);
    if (rows === 0) throw problem(nothingKept);
  } catch (error) {
    if (!(error instanceof ProblemError)) bot.log.error('file.not-sent', factsOf(error));
    const card = problemCard(state.title, problemsOf(error), bot.locale);
    await speak(card, requestOf(event), bot, ':problem');
  }
}

const nothingKept = {
  code: 'no-rows',
  message: text('这次运行的行已经清理。', 'The rows of this run are gone.'),
  cure: text('请再次同步。', 'Run the sync again.'),
};

export const stale = text(
  '这个按钮已经过期，什么都没有做。',
  'This button is out of date; nothing was done.',
);
export const gone = text('这次运行已清理，请再次同步。', 'The records of this run are gone; run it again.');

function retrying(failed: number, refused: number): Text {
  const chunks = text(`${count(failed)} 个失败分块`, some(failed, 'failed chunk'));
  const rows = text(`${count(refused)} 个被拒绝的行`, some(refused, 'rejected row'));
  if (refused === 0) return text(`正在重试 ${chunks.zh}。`, `Retrying ${chunks.en}.`);
  if (failed === 0) return text(`正在重试 ${rows.zh}。`, `Retrying ${rows.en}.`);
  return text(`正在重试 ${chunks.zh}和 ${rows.zh}。`, `Retrying ${chunks.en} and ${rows.en}.`);
}
