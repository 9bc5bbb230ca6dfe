import { saidCard } from '../../cards/command-cards.ts';
import { commandButton, opsFor } from '../../cards/parts/button.ts';
import { plain, same } from '../../cards/parts/plain.ts';
import type { Definition } from '../../sync/definition.ts';
import type { State } from '../../sync/state.ts';
import { text } from '../../sync/text.ts';
import type { Asking } from '../asking.ts';
import type { Desk } from '../desk.ts';
import { ifPermitted, judge, permit, refusedCard } from '../permit.ts';
import type { CardJson } from '../ports.ts';
import { follow } from './sync.ts';

const title = text('重试', 'Retry');

/** Sends again what the newest run of a definition did not write; answers a card where there is nothing to show. */
export async function retry(
  definition: Definition,
  asking: Asking,
  desk: Desk,
): Promise<CardJson | undefined> {
  const { name } = definition;
  const [state] = await desk.runs.latest(name, 1);
  const about = { ...(state && { run: state.run }) };
  const permission = await permit(asking, { right: 'run', what: 'retry', definition, ...about }, desk);
  const refused = refusedCard(permission, desk);
  if (refused) return refused;
  if (!state || !canRetry(state)) {
    const again = commandButton('sync', name, 0, text('同步', 'Sync'));
    return saidCard(title, [nothing], desk.locale, { buttons: [again] });
  }
  const acted = await desk.runs.retry(state.run, asking.by, state.version);
  if (acted.kind === 'going') await follow(acted.run, definition, asking, desk);
  else return saidCard(title, [acted.kind === 'busy' ? busy : nothing], desk.locale);
  return undefined;
}

/** Retries the only sync that has something to retry; lets people choose where there are several. */
export async function retryOnly(asking: Asking, desk: Desk): Promise<CardJson | undefined> {
  const open = await retryable(asking, desk);
  const [only, ...others] = open;
  if (only !== undefined && others.length === 0) return retry(only, asking, desk);
  const deed = { right: 'ask', what: 'retry', definition: undefined } as const;
  return ifPermitted(deed, asking, desk, async () => whichCard(open, desk));
}

function whichCard(open: readonly Definition[], { locale }: Desk): CardJson {
  if (open.length === 0) return saidCard(title, [nothing], locale);
  const buttons = open
    .slice(0, 10)
    .map((one, at) => commandButton('retry', one.name, at, same(plain(one.title, 40))));
  return saidCard(title, [text('要重试哪一个？', 'Which one?')], locale, { buttons });
}

/** The syncs with something to retry that this person may run. */
async function retryable(asking: Asking, desk: Desk): Promise<readonly Definition[]> {
  const open: Definition[] = [];
  for (const one of await desk.definitions.list()) {
    if (!('definition' in one)) continue;
    const { definition } = one;
    const [state] = await desk.runs.latest(definition.name, 1);
    if (!state || !canRetry(state)) continue;
    // While all is frozen they stay in the list: what is chosen then says why not.
    if ((await judge(asking, { right: 'look', definition }, desk)).allowed) open.push(definition);
  }
  return open;
}

const canRetry = (state: State): boolean => opsFor(state).includes('retry');

const nothing = text('没有可以重试的，什么都没有做。', 'There is nothing to retry; nothing was done.');
const busy = text('这个表格正在同步，请等它结束。', 'This table is being synced; wait for it to end.');
