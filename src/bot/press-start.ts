import type { RunRequest } from '../run/runs/runs.ts';
import type { Definition } from '../sync/definition.ts';
import { text } from '../sync/text.ts';
import { askingOf } from './asking.ts';
import { showStarted } from './commands/sync.ts';
import type { PressDesk } from './desk.ts';
import type { ClickEvent, Toast } from './ports.ts';
import { busy, type Tell } from './toast.ts';

/** Starts a run for who has pressed a button, or queues it, and shows it as a new card. */
export async function start(
  event: ClickEvent,
  definition: Definition,
  desk: PressDesk,
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
