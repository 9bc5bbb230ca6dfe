import type { DemoOptions, DemoStage, RunDemo } from '../cli/command.ts';
import { localeOf } from '../config.ts';
import type { Log } from '../run/ports.ts';
import type { State } from '../sync/state/state.ts';
import { inLocale, type Locale, type Text } from '../sync/words/text.ts';
import { openBrowser } from './browser.ts';
import { type Conversation, openConversation } from './conversation.ts';
import { shopWords } from './definition.ts';
import { playFaults } from './faults.ts';
import { names, openScene, type Scene } from './scene.ts';
import { openScreen, type Screen } from './screen.ts';
import {
  beginning,
  faultList,
  faultMet,
  foundShop,
  hint,
  leaving,
  mended,
  newOrders,
  noBrowser,
  opening,
  pageAt,
  shopChanged,
} from './words.ts';

/** Orders in the sample shop when nothing is said. */
const usualRows = 5000;
/** With faults there must be a chunk for each of them. */
const fewestRows = 8;

/**
 * Plays the demo: a local Feishu, a sample shop and the real program; a person writes `/sync orders`, and the
 * conversation is drawn on the stage. Leaves nothing behind. Rejects with `ProblemError` when `--source` cannot be used.
 */
export const runDemo: RunDemo = async (options, stage) => {
  const { once, source, faults } = options;
  const locale = localeOf(stage.env);
  const tell = (...lines: readonly Text[]): void =>
    stage.out.write(`${lines.map((line) => inLocale(line, locale)).join('\n')}\n`);
  const rows = Math.max(options.rows ?? usualRows, faults ? fewestRows : 1);
  tell(...opening(options, rows));
  const screen = openScreen(stage.out, {
    color: stage.out.isTTY && !stage.env['NO_COLOR'],
    person: names[locale],
    listens: !once,
  });
  const zone = stage.env['TIME_ZONE']?.trim() || undefined;
  const timeZone = zone ?? Intl.DateTimeFormat().resolvedOptions().timeZone;
  const found = (shop: Found): void => tell(foundShop(shop));
  const setting = { source, faults, rows, locale, timeZone, port: options.port, found };
  const scene = await openScene(setting, { clock: stage.clock, log: logAside(stage, screen) });
  const conversation = openConversation(scene, screen, locale);
  try {
    let pageSeen: Promise<void> | undefined;
    if (faults) tell(...faultList());
    if (!once) {
      const { change } = scene;
      const extras = change ? [{ ...newOrders, run: async () => shopChanged(change()) }] : [];
      const dates = zone === undefined ? 'browser' : 'base';
      const { url, seen } = scene.playground.openPage({ ...scene, dates, extras });
      pageSeen = seen;
      tell(...pageAt(url), hint, beginning);
      if (options.open && !(await openBrowser(url, stage.env))) tell(noBrowser);
    }
    return await perform(options, stage, { scene, screen, conversation, locale, pageSeen });
  } finally {
    // The bot still shows the last states while it stops, so the curtain falls after it.
    await scene.stop();
    conversation.stop();
    screen.close();
  }
};

type Found = Parameters<typeof foundShop>[0];

interface Cast {
  readonly scene: Scene;
  readonly screen: Screen;
  readonly conversation: Conversation;
  readonly locale: Locale;
  /** Undefined where no page is open. */
  readonly pageSeen: Promise<void> | undefined;
}

const opener = '/sync orders';

async function perform(
  { once, faults, live }: DemoOptions,
  stage: DemoStage,
  cast: Cast,
): Promise<State | null> {
  const { scene, screen, conversation, locale, pageSeen } = cast;
  const left = abortOf(stage.signal);
  const lines = stage.lines[Symbol.asyncIterator]();
  const first = once ? undefined : lines.next();
  const over = new AbortController();
  if (first && pageSeen) await Promise.race([pageSeen, first, left, patience(stage, over.signal)]);
  over.abort();
  if (faults) startFaults(cast);
  screen.spoken(opener);
  conversation.say(opener);
  const work = first ? listen({ first, lines }, conversation, left) : conversation.firstRun;
  const life = live && first ? [liveOn(stage, cast).then(() => left)] : [];
  await Promise.race([work, left, ...life]);
  if (stage.signal.aborted) screen.say(inLocale(leaving, locale));
  const [state = null] = await scene.program.runs.latest('orders', 1);
  return state;
}

/** How long the first run waits for the page, in ms. */
const longestWait = 15_000;

/** Resolves after {@link longestWait}, or as soon as nobody waits any more. */
const patience = ({ clock }: DemoStage, over: AbortSignal): Promise<void> =>
  clock.sleep(longestWait, over).catch(() => undefined);

/** Between two changes of a shop that lives by itself, in ms. */
const lifeBeat = 20_000;

/** Lets the shop change and syncs it, again and again, until the person leaves. */
async function liveOn(
  { clock, signal }: DemoStage,
  { scene, screen, conversation, locale }: Cast,
): Promise<void> {
  const { change } = scene;
  await conversation.firstRun;
  const beat = (): Promise<boolean> =>
    clock.sleep(lifeBeat, signal).then(
      () => true,
      () => false,
    );
  while (change && (await beat())) {
    await conversation.quiet();
    screen.say(inLocale(shopChanged(change()), locale));
    screen.spoken(opener);
    conversation.say(opener);
  }
}

/** What is typed, of which the first line is asked for already. */
interface Typing {
  readonly first: Promise<IteratorResult<string>>;
  readonly lines: AsyncIterator<string>;
}

/** Passes on what is typed, until the lines end and the bot has come to rest. */
async function listen(
  { first, lines }: Typing,
  { type, firstRun, quiet }: Conversation,
  left: Promise<void>,
): Promise<void> {
  let coming = first;
  const over = left.then(() => ({ done: true, value: undefined }) as const);
  for (;;) {
    const next = await Promise.race([coming, over]);
    if (next.done) break;
    type(next.value);
    coming = lines.next();
  }
  await firstRun;
  await quiet();
}

/** The faults begin with the first run; those that last end when the person presses the retry button. */
function startFaults({ scene, screen, locale }: Cast): void {
  const { playground } = scene;
  const play = playFaults(playground.faults, shopWords[locale].key, (fault, row) =>
    screen.note(inLocale(faultMet(fault, row), locale)),
  );
  const unwatch = playground.watch((happening) => {
    if (happening.kind !== 'click' || happening.name !== 'retry') return;
    unwatch();
    play.mend();
    screen.say(inLocale(mended, locale));
  });
}

/** The program's log, so written that it does not tear the newest card. */
function logAside({ log, env }: DemoStage, screen: Screen): Log {
  const aside =
    (level: keyof Log): Log[keyof Log] =>
    (event, facts) =>
      screen.aside(() => log[level](event, facts));
  const quiet = env['LOG_LEVEL'] === 'debug' ? { debug: aside('debug'), info: aside('info') } : silent;
  return { ...quiet, warn: aside('warn'), error: aside('error') };
}

const silent = { debug: () => undefined, info: () => undefined };

const abortOf = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
