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
  faultList,
  faultMet,
  foundShop,
  hint,
  leaving,
  mended,
  noBrowser,
  opening,
  pageAt,
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
    if (faults) tell(...faultList());
    if (!once) {
      const { url } = scene.playground.openPage({ ...scene, dates: zone === undefined ? 'browser' : 'base' });
      tell(...pageAt(url), hint);
      if (options.open && !(await openBrowser(url, stage.env))) tell(noBrowser);
    }
    return await perform(options, stage, { scene, screen, conversation, locale });
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
}

const opener = '/sync orders';

async function perform({ once, faults }: DemoOptions, stage: DemoStage, cast: Cast): Promise<State | null> {
  const { scene, screen, conversation, locale } = cast;
  const left = abortOf(stage.signal);
  if (faults) startFaults(cast);
  screen.spoken(opener);
  conversation.say(opener);
  const work = once ? conversation.firstRun : listen(stage, conversation, left);
  await Promise.race([work, left]);
  if (stage.signal.aborted) screen.say(inLocale(leaving, locale));
  const [state = null] = await scene.program.runs.latest('orders', 1);
  return state;
}

/** Passes on what is typed, until the lines end and the bot has come to rest. */
async function listen(
  { lines }: DemoStage,
  { type, firstRun, quiet }: Conversation,
  left: Promise<void>,
): Promise<void> {
  const typed = lines[Symbol.asyncIterator]();
  const over = left.then(() => ({ done: true, value: undefined }) as const);
  for (;;) {
    const next = await Promise.race([typed.next(), over]);
    if (next.done) break;
    type(next.value);
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
