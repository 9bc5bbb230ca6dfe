import { setMaxListeners } from 'node:events';
import { problemCard } from '../cards/answer-cards.ts';
import type { Journal, RunRecord, Seen } from '../run/ports.ts';
import type { Run } from '../run/runs/runs.ts';
import type { Unwritten } from '../run/unwritten.ts';
import type { Definition } from '../sync/definition.ts';
import type { Problem } from '../sync/problem.ts';
import { text } from '../sync/text.ts';
import { approvers, starterOf } from './access.ts';
import { answer } from './answer.ts';
import type { Asking } from './asking.ts';
import { createBackground } from './background.ts';
import { click } from './click.ts';
import { parseCommand } from './command.ts';
import type { Desk } from './desk.ts';
import { greet } from './greet.ts';
import { type FeishuTime, isLate } from './late.ts';
import { createLive } from './live.ts';
import type { ChatEvent, ClickEvent, HandleEvent, MessageEvent, Toast } from './ports.ts';
import { isInThread, tellGroup } from './tell-group.ts';
import { tell } from './toast.ts';
import { factsOf } from './trouble.ts';

/** What the bot is made of. */
export interface BotParts extends Omit<Desk, 'live' | 'leaving' | 'verifying' | 'underWay'> {
  readonly seen: Pick<Seen, 'first'>;
  readonly journal: Pick<Journal, 'saveCard' | 'findRun' | 'findRunByMessage'>;
  /** The rows that a run did not write, some at a time. */
  readonly unwritten: (record: RunRecord) => AsyncIterable<readonly Unwritten[]>;
  readonly botOpenId: string;
  /** Whether the store is in trouble, so that work has to wait. */
  readonly storeWaits: () => boolean;
  /** What Feishu's clocks show. */
  readonly time: FeishuTime;
  /** The tenant whose events count; the first one seen when not given. */
  readonly tenantKey?: string;
}

export interface Bot {
  readonly handle: HandleEvent;
  /**
   * Shows a run on its card until it ends, as after a restart; a group hears of that end as of any other. Returns at once.
   * @param definition nothing where it cannot be read
   */
  show(
    run: Run,
    card: NonNullable<RunRecord['card']>,
    definition: Pick<Definition, 'access'> | undefined,
  ): void;
  /** Takes no more events, and gives last states a few seconds to be shown. */
  stop(): Promise<void>;
}

/** A click is answered within this time (ms), done or not: after 3 s Feishu shows an error. */
const answerWithin = 2000;
/** Patches stay away this long (ms) after a click was answered, so that the answer is there first. */
const afterAnswer = 300;
/** Milliseconds that last states get when the program stops. */
const farewell = 5000;
/** Milliseconds that work gets to notice that it is over; a call that hangs must not hold the program up. */
const lastMoment = 1000;

/** Milliseconds that a command may wait for the store before it is told so. */
const storeWait = 10_000;

const storeBusy: Problem = {
  code: 'store-busy',
  message: text(
    '机器人的存储暂时不可用，恢复后会自动处理。',
    'The bot cannot use its store right now; this is handled as soon as it can.',
  ),
  cure: text('不用重发；一直不好请联系管理员。', 'No need to send it again; if this lasts, tell an admin.'),
};

const tooLate = text(
  '这次点击到得太晚，什么都没有做。还需要的话，请再点一次。',
  'That click arrived too late; nothing was done. Press again if you still want it.',
);

/** Puts the conversation together: events in, cards and toasts out. */
export function createBot(parts: BotParts): Bot {
  const { seen, clock, log, locale, botOpenId } = parts;
  const quit = new AbortController();
  const leave = new AbortController();
  // Each card that is followed waits on them.
  setMaxListeners(0, quit.signal, leave.signal);
  const underWay = new Set<Promise<unknown>>();
  const live = createLive({ ...parts, underWay, leaving: leave.signal, signal: quit.signal });
  const background = createBackground(log);
  const desk = {
    ...parts,
    live,
    background,
    verifying: new Map(),
    underWay,
    leaving: leave.signal,
  };
  const say = tell(locale);
  let tenant = parts.tenantKey;
  let stopped = false;

  const ours = (event: ChatEvent): boolean => {
    tenant ??= event.tenant;
    return event.tenant === tenant;
  };

  /** False when one of the IDs was seen before; all are noted. A store that fails stops nobody. */
  const isNew = async ({ id, nonce }: ChatEvent, ...others: readonly string[]): Promise<boolean> => {
    const ids = [`event:${id}`, ...(nonce === undefined ? [] : [`nonce:${nonce}`]), ...others];
    try {
      return await seen.first(ids, clock.now());
    } catch (error) {
      log.error('event.not-noted', factsOf(error));
      return true;
    }
  };

  const dated = async (asking: Asking, { at }: ChatEvent): Promise<Asking> =>
    at !== undefined && (await isLate(at, parts.time)) ? { ...asking, late: at } : asking;

  const onMessage = (event: MessageEvent): void => {
    if (event.fromBot || event.from === botOpenId) return;
    if (event.chatKind === 'group' && !event.mentioned) return;
    const command = event.text === undefined ? undefined : parseCommand(event.text);
    const asking: Asking = {
      by: { kind: 'chat', openId: event.from },
      ...{ chat: event.chat, message: event.message, group: event.chatKind === 'group' },
      ...{ via: 'text', once: `answer:${event.message}` },
    };
    background.start('message', async () => {
      // Judged when it arrives: how long the store lets it wait does not make it old.
      const [noted, judged] = [isNew(event, `message:${event.message}`), dated(asking, event)];
      background.start('store-wait', () => tellWaiting(asking, noted));
      if (await noted) await answer(command, await judged, desk);
    });
  };

  /**
   * Acknowledges before the store is asked: under load it may take longer than Feishu waits. Nothing is lost by that
   * which would not be lost anyway, for the work itself comes after the acknowledgement.
   */
  const afterNew = (event: ChatEvent, work: () => Promise<void>): void =>
    background.start(event.kind, async () => {
      if (await isNew(event)) await work();
    });

  /** Answers a command that still waits for the store after some seconds; it is carried out all the same. */
  const tellWaiting = async (asking: Asking, noted: Promise<boolean>): Promise<void> => {
    const over = new AbortController();
    const late = clock.sleep(storeWait, AbortSignal.any([over.signal, quit.signal])).then(
      () => parts.storeWaits(),
      () => false,
    );
    const waiting = await Promise.race([noted.then(() => false), late]);
    over.abort();
    if (!waiting || asking.message === undefined) return;
    const card = problemCard('', [storeBusy], locale);
    await parts.chat.reply(asking.message, card, `waits:${asking.message}`, undefined, asking.group);
  };

  /** A press counts when it comes in time; what came too late is pressed again by whoever still wants it. */
  const pressed = async (event: ClickEvent): Promise<Toast> => {
    if (!(await isLate(event.at, parts.time))) return click(event, desk);
    log.warn('click.arrived-late', { id: event.id, at: event.at });
    return say('warning', tooLate);
  };

  const onClick = async (event: ClickEvent): Promise<Toast> => {
    const letGo = live.hold(event.message);
    const answered = new AbortController();
    const late = async (): Promise<Toast> => {
      await clock.sleep(answerWithin, answered.signal);
      return parts.storeWaits()
        ? say('warning', storeBusy.message)
        : say('info', text('正在处理，请看卡片。', 'Working on it; watch the card.'));
    };
    const repeated = say('info', text('这次点击已经处理过了。', 'This click was dealt with already.'));
    const working = isNew(event).then((fresh) => (fresh ? pressed(event) : repeated));
    background.start('click', () => working.then(() => undefined));
    try {
      return await Promise.race([working, late()]);
    } finally {
      answered.abort();
      background.start('let-go', async () => {
        await clock.sleep(afterAnswer, quit.signal).catch(() => undefined);
        letGo();
      });
    }
  };

  return {
    async handle(event) {
      if (!ours(event)) return undefined;
      if (stopped)
        return event.kind === 'click'
          ? say(
              'warning',
              text('机器人正在重启，请稍后再点。', 'The bot is restarting; press again in a moment.'),
            )
          : undefined;
      try {
        if (event.kind === 'click') return await onClick(event);
        if (event.kind === 'message') onMessage(event);
        else afterNew(event, async () => greet(event, desk, await isLate(event.at, parts.time)));
        return undefined;
      } catch (error) {
        log.error('event.failed', { id: event.id, ...factsOf(error) });
        return undefined;
      }
    },
    show: (run, { chat, message }, definition) =>
      background.start('show', async () => {
        await live.follow(run, { kind: 'card', message, chat }, approvers(definition?.access, desk.admins));
        const starter = starterOf(run.state());
        if (starter === undefined || !(await isInThread(run.id, desk))) return;
        await tellGroup(run.state(), definition, { by: { kind: 'chat', openId: starter }, chat }, desk);
      }),
    async stop() {
      stopped = true;
      leave.abort();
      const settled = background.settled();
      await within(settled, farewell, clock);
      quit.abort();
      await within(settled, lastMoment, clock);
    },
  };
}

/** Waits for work, but not longer than that. */
async function within(work: Promise<void>, ms: number, clock: BotParts['clock']): Promise<void> {
  const done = new AbortController();
  await Promise.race([work, clock.sleep(ms, done.signal).catch(() => undefined)]);
  done.abort();
}
