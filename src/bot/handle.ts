import { setMaxListeners } from 'node:events';
import { problemCard } from '../cards/answer-cards.ts';
import type { RunRecord, Seen } from '../run/ports.ts';
import type { Run } from '../run/runs/runs.ts';
import type { Definition } from '../sync/definition/definition.ts';
import type { Problem } from '../sync/words/problem.ts';
import { text } from '../sync/words/text.ts';
import { approvers, starterOf } from './access.ts';
import { answer, greet } from './answer.ts';
import { type Activity, type Bot, type ChatRequest, createBackground, within } from './bot.ts';
import { toast } from './buttons/button.ts';
import { click } from './buttons/registry.ts';
import { commands } from './commands/registry.ts';
import { factsOf } from './failures.ts';
import { Live } from './live.ts';
import type { ChatEvent, ClickEvent, HandleEvent, MessageEvent, Toast } from './ports.ts';
import { tellGroup } from './post.ts';

/** What the bot is made of; what goes on at a moment is its own. */
export type BotParts = Omit<Bot, keyof Activity | 'commands'> & Partial<Pick<Bot, 'commands'>>;

/** What an event is judged by when it arrives. */
export interface Arrivals {
  readonly seen: Pick<Seen, 'first'>;
  readonly botOpenId: string;
  /** Whether the store is in trouble, so that work has to wait. */
  readonly storeWaits: () => boolean;
  /** What Feishu's clocks show. */
  readonly time: FeishuTime;
  /** The tenant whose events count; the first one seen when not given. */
  readonly tenantKey?: string;
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
    'The bot cannot use its store at the moment; this is handled as soon as it can.',
  ),
  cure: text('不用重发；一直不好请联系管理员。', 'No need to send it again; if this lasts, tell an admin.'),
};

const tooLate = text(
  '这次点击到得太晚，什么都没有做。还需要的话，请再点一次。',
  'That click arrived too late; nothing was done. Press again if you still want it.',
);

const workingOnIt = text('正在处理，请看卡片。', 'Working on it; watch the card.');
const repeated = text('这次点击已经处理过了。', 'That click has already been handled.');
const restarting = text('机器人正在重启，请稍后再点。', 'The bot is restarting; press again in a moment.');

/** The conversation: events in, cards and toasts out. */
export class ChatBot {
  readonly #arrivals: Arrivals;
  readonly #bot: Bot;
  readonly #quit = new AbortController();
  readonly #leave = new AbortController();
  #tenant: string | undefined;
  #stopped = false;

  constructor(parts: BotParts, arrivals: Arrivals) {
    this.#arrivals = arrivals;
    this.#tenant = arrivals.tenantKey;
    const [leaving, signal] = [this.#leave.signal, this.#quit.signal];
    // Each card that is followed waits on them.
    setMaxListeners(0, signal, leaving);
    const underWay = new Set<Promise<unknown>>();
    const { clock, log, chat, journal, locale, timeZone } = parts;
    const view = { locale, timeZone };
    const live = new Live({ clock, log, chat, journal, view, underWay, leaving, signal });
    const background = createBackground(log);
    this.#bot = { commands, ...parts, live, background, verifying: new Map(), underWay, leaving };
  }

  readonly handle: HandleEvent = async (event) => {
    this.#tenant ||= event.tenant;
    if (event.tenant !== this.#tenant) return undefined;
    if (this.#stopped) return event.kind === 'click' ? this.#say('warning', restarting) : undefined;
    try {
      if (event.kind === 'click') return await this.#onClick(event);
      if (event.kind === 'message') this.#onMessage(event);
      // Acknowledged before the store is asked: under load it may take longer than Feishu waits. Nothing is lost by
      // that which would not be lost anyway, for the work itself comes after the acknowledgement.
      else
        this.#bot.background.start(event.kind, async () => {
          if (await this.#isNew(event))
            await greet(event, this.#bot, await isLate(event.at, this.#arrivals.time));
        });
    } catch (error) {
      this.#bot.log.error('event.failed', { id: event.id, ...factsOf(error) });
    }
    return undefined;
  };

  /**
   * Shows a run on its card until it ends, as after a restart; a group hears of that end as of any other. Returns at once.
   * @param definition nothing where it cannot be read
   */
  show(
    run: Run,
    { chat, message }: NonNullable<RunRecord['card']>,
    definition: Pick<Definition, 'access'> | undefined,
  ): void {
    const people = approvers(definition?.access, this.#bot.admins);
    this.#bot.background.start('show', async () => {
      await this.#bot.live.follow(run, { kind: 'card', message, chat }, people);
      const starter = starterOf(run.state());
      if (starter === undefined || !(await this.#bot.kept.cards.inThread(run.id))) return;
      await tellGroup(run.state(), definition, { by: { kind: 'chat', openId: starter }, chat }, this.#bot);
    });
  }

  /** Takes no more events, and gives last states a few seconds to be shown. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#leave.abort();
    const settled = this.#bot.background.settled();
    await within(settled, farewell, this.#bot.clock);
    this.#quit.abort();
    await within(settled, lastMoment, this.#bot.clock);
  }

  #say(type: Toast['type'], words: Problem['message']): Toast {
    return toast({ type, words }, this.#bot.locale);
  }

  /** False when one of the IDs was seen before; all are noted. A store that fails stops nobody. */
  async #isNew({ id, nonce }: ChatEvent, ...others: readonly string[]): Promise<boolean> {
    const { clock, log } = this.#bot;
    const ids = [`event:${id}`, ...(nonce === undefined ? [] : [`nonce:${nonce}`]), ...others];
    try {
      return await this.#arrivals.seen.first(ids, clock.now());
    } catch (error) {
      log.error('event.not-noted', factsOf(error));
      return true;
    }
  }

  #onMessage(event: MessageEvent): void {
    if (event.fromBot || event.from === this.#arrivals.botOpenId) return;
    if (event.chatKind === 'group' && !event.mentioned) return;
    const { text, from, chat, message, chatKind, at } = event;
    const command = text === undefined ? undefined : this.#bot.commands.parse(text);
    const request: ChatRequest = {
      by: { kind: 'chat', openId: from },
      ...{ chat, message, group: chatKind === 'group', via: 'text', once: `answer:${message}` },
    };
    this.#bot.background.start('message', async () => {
      // Judged when it arrives: how long the store lets it wait does not make it old.
      const [noted, judged] = [this.#isNew(event, `message:${message}`), isLate(at, this.#arrivals.time)];
      this.#bot.background.start('store-wait', () => this.#tellWaiting(request, noted));
      if (!(await noted)) return;
      const late = (await judged) && at !== undefined ? { late: at } : {};
      await answer(command, { ...request, ...late }, this.#bot);
    });
  }

  /** Answers a command that still waits for the store after some seconds; it is carried out all the same. */
  async #tellWaiting({ message, group }: ChatRequest, noted: Promise<boolean>): Promise<void> {
    const { clock, chat, locale } = this.#bot;
    const done = await within(noted, storeWait, clock, this.#quit.signal);
    if (done || this.#quit.signal.aborted || !this.#arrivals.storeWaits() || message === undefined) return;
    await chat.reply(message, problemCard('', [storeBusy], locale), `waits:${message}`, { thread: group });
  }

  async #onClick(event: ClickEvent): Promise<Toast> {
    const { clock } = this.#bot;
    const letGo = this.#bot.live.hold(event.message);
    const working = this.#isNew(event).then((fresh) =>
      fresh ? this.#pressed(event) : this.#say('info', repeated),
    );
    this.#bot.background.start('click', () => working.then(() => undefined));
    try {
      if (await within(working, answerWithin, clock)) return await working;
      return this.#arrivals.storeWaits()
        ? this.#say('warning', storeBusy.message)
        : this.#say('info', workingOnIt);
    } finally {
      this.#bot.background.start('let-go', async () => {
        await clock.sleep(afterAnswer, this.#quit.signal).catch(() => undefined);
        letGo();
      });
    }
  }

  /** A press counts when it comes in time; what came too late is pressed again by whoever still wants it. */
  async #pressed(event: ClickEvent): Promise<Toast> {
    if (!(await isLate(event.at, this.#arrivals.time))) return click(event, this.#bot);
    this.#bot.log.warn('click.arrived-late', { id: event.id, at: event.at });
    return this.#say('warning', tooLate);
  }
}

/** Feishu's clocks: those of this machine may be wrong. */
export interface FeishuTime {
  /** As far as it is known, in ms. */
  now(): number;
  /** Asks Feishu. */
  ask(): Promise<number>;
}

/**
 * How long (ms) something may be on its way and still be meant: Feishu delivers again after 15 s, 5 min, 1 h and 6 h.
 * https://open.feishu.cn/document/server-docs/event-subscription-guide/overview
 */
const fresh = 5 * 60_000;

/**
 * Tells whether something that somebody did has reached the bot too late to be carried out unasked. Both times are
 * Feishu's. Before anything counts as late Feishu is asked what time it is, so that a clock of this machine that is
 * wrong, or was set, harms nothing that is fresh; where it does not answer, what is known decides.
 * @param at when it was done, in ms; what has no time is never late
 */
export async function isLate(at: number | undefined, time: FeishuTime): Promise<boolean> {
  if (at === undefined || time.now() - at <= fresh) return false;
  const now = await time.ask().catch(() => time.now());
  return now - at > fresh;
}
