import type { Press } from '../../cards/parts/element.ts';
import { plain } from '../../cards/parts/words.ts';
import type { RunRecord } from '../../run/ports.ts';
import type { RunRequest } from '../../run/runs/runs.ts';
import type { Definition } from '../../sync/definition/definition.ts';
import type { State } from '../../sync/state/state.ts';
import { inLocale, type Locale, type Text, text } from '../../sync/words/text.ts';
import type { Right } from '../access.ts';
import type { Bot } from '../bot.ts';
import { busy } from '../commands/runs.ts';
import type { ClickEvent, Toast } from '../ports.ts';
import { requestOf, showStarted } from '../post.ts';

/** What the presser is told. */
export interface Said {
  readonly type: Toast['type'];
  readonly words: Text;
}

/** A press on the card of a run, once it is known that it counts. */
export interface RunPress {
  readonly event: ClickEvent;
  readonly record: RunRecord;
  readonly state: State;
  /** Nothing where it cannot be read. */
  readonly definition: Definition | undefined;
  /** Who may approve. */
  readonly people: readonly string[];
}

/** A button of a run: counts on the run's own card, in its version, while it fits the state. */
export interface RunButton {
  readonly on: 'run';
  readonly right: Right | ((state: State) => Right);
  press(pressed: RunPress, bot: Bot): Promise<Said>;
}

/** A button of any other card: tells itself where it counts and who may press it. */
export interface FreeButton {
  readonly on: 'card';
  press(event: ClickEvent, press: Press, bot: Bot): Promise<Said>;
}

/** What a press does. How the button looks, and in which states, stands in `cards/parts/element.ts`. */
export type CardButton = RunButton | FreeButton;

export const say = (type: Said['type'], words: Text): Said => ({ type, words });

/** Characters of a toast, at most. */
const longest = 120;

/** What the presser reads for a moment. */
export const toast = ({ type, words }: Said, locale: Locale): Toast => ({
  type,
  content: plain(inLocale(words, locale), longest),
});

/** Starts a run for who has pressed a button, or queues it, and shows it as a new card. */
export async function start(
  event: ClickEvent,
  definition: Definition,
  {
    group = false,
    ...how
  }: Pick<RunRequest, 'createFields' | 'planOnly'> & { readonly group?: boolean | undefined },
  bot: Bot,
): Promise<Said> {
  const request = { ...requestOf(event), group };
  const started = await bot.runs.start({ definition, by: request.by, queue: true, ...how });
  bot.background.start('show', () => showStarted(started, { definition, request }, bot));
  if (started.kind !== 'started') return say('warning', busy);
  return say('success', started.run.state().queue ? inLine : begun);
}

const begun = text('已开始同步，进度见新卡片。', 'Started; a new card shows it.');
const inLine = text(
  '另一个同步正在使用这个表格，已排队，见新卡片。',
  'Another sync is using this table. Queued – see the new card.',
);

export const inert = text('这张卡片上的按钮无效，请用原卡片。', 'Buttons work on the original card only.');
