import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Happening } from 'bitable-playground';
import type { DrawnButton } from '../cards/terminal.ts';
import type { State } from '../sync/state/state.ts';
import { inLocale, type Locale, type Text } from '../sync/words/text.ts';
import { shopWords } from './definition.ts';
import type { Scene } from './scene.ts';
import type { Screen } from './screen.ts';
import {
  asksForOrders,
  confirmFirst,
  fileCame,
  noButton,
  pressed,
  shopChanged,
  shopIsRead,
  tableNow,
} from './words.ts';

/** One person's chat with the bot. */
export interface Conversation {
  /** Sends a message, as the person. */
  say(line: string): void;
  /** Does what was typed: a number presses that button of the newest card, all else is sent. */
  type(line: string): void;
  /** Resolves with the first run's last state; null when no run came about. */
  readonly firstRun: Promise<State | null>;
  /** Resolves when the bot has answered everything and no run goes on. */
  quiet(): Promise<void>;
  stop(): void;
}

/** Begins to show what the bot says. */
export function openConversation(scene: Scene, screen: Screen, locale: Locale): Conversation {
  const { playground, chat, person, program, table } = scene;
  const unanswered = new Set<string>();
  const presses = new Set<Promise<void>>();
  const waiting: (() => void)[] = [];
  let saying = false;
  let asked: string | undefined;
  let known: string | undefined;
  let settle: (state: State | null) => void = () => undefined;
  const firstRun = new Promise<State | null>((resolve) => {
    settle = resolve;
  });
  const words = (one: Text): string => inLocale(one, locale);
  const wake = (): void => {
    for (const resolve of waiting.splice(0)) resolve();
  };

  const hear = (happening: Happening): void => {
    if (happening.kind !== 'message' || happening.message.chatId !== chat.id) return;
    const { message, version } = happening;
    // What is said on the page belongs to the same conversation.
    if (message.sender.kind === 'user' && !saying) screen.spoken(said(version.content));
    const file = playground.file(message.id);
    if (file) screen.say(words(fileCame(file)));
    if (message.sender.kind === 'user' || !version.card) return;
    screen.card(message.id, version.card);
    const run = runOn(screen.buttons()?.buttons ?? []);
    if (known === undefined && run !== undefined) {
      known = run;
      lastState(run).then(settle, () => settle(null));
    }
    if (run === undefined && isRefusal(version.card)) settle(null);
    unanswered.delete(message.parentId ?? '');
    wake();
  };
  const unwatch = playground.watch(hear);

  const runs = () => program.runs.active();
  const lastState = async (id: string): Promise<State | null> =>
    (await runs().find((run) => run.id === id)?.ended) ?? (await program.runs.find(id)) ?? null;

  const press = async (message: string, button: DrawnButton): Promise<void> => {
    const { toast, error } = await playground.click(message, button.name, { from: person });
    const said = toast ? ` → ${toast.content}` : error === undefined ? '' : ` → (${error})`;
    screen.say(`${words(pressed(button.label))}${said}`);
    if (button.url !== undefined)
      screen.say(
        [words(tableNow(shopWords[locale].table, table.size())), ...glance(table, locale)].join('\n'),
      );
  };

  const number = (typed: string): void => {
    const newest = screen.buttons();
    const button = newest?.buttons.find((one) => String(one.number) === typed);
    if (!newest || !button) {
      screen.say(words(noButton(typed)));
      return;
    }
    const question = `${newest.message} ${button.name}`;
    if (button.confirm !== undefined && asked !== question) {
      asked = question;
      screen.say(words(confirmFirst(button.confirm, typed)));
      return;
    }
    asked = undefined;
    const pressing = press(newest.message, button)
      .catch((error: unknown) => screen.say(`  ${error instanceof Error ? error.message : String(error)}`))
      .finally(() => presses.delete(pressing));
    presses.add(pressing);
  };

  const say = (line: string): void => {
    saying = true;
    const { messageId, delivered } = chat.say(line);
    saying = false;
    unanswered.add(messageId);
    // Nobody will answer what the bot did not hear.
    const unheard = (): void => {
      unanswered.delete(messageId);
      settle(null);
      wake();
    };
    delivered.then(({ acknowledged }) => (acknowledged ? undefined : unheard()), unheard);
  };

  return {
    say,
    type: (typed) => {
      const line = typed.trim();
      screen.typed(line);
      if (asksForOrders(line)) {
        screen.say(words(scene.change ? shopChanged(scene.change()) : shopIsRead));
      } else if (/^\d+$/.test(line)) number(line);
      else if (line !== '') say(line);
    },
    firstRun,
    quiet: async () => {
      for (;;) {
        await nextTurn();
        await Promise.all(presses);
        if (unanswered.size > 0) await new Promise<void>((resolve) => waiting.push(resolve));
        else if (runs().length > 0) await Promise.all(runs().map((run) => run.ended));
        else if (presses.size === 0) return;
      }
    },
    stop: () => void unwatch(),
  };
}

/** The words of a text message. */
function said(content: string): string {
  const { text = '' } = JSON.parse(content) as { readonly text?: string };
  return text;
}

/** The run that a card's buttons belong to. */
function runOn(buttons: readonly DrawnButton[]): string | undefined {
  for (const { value, name } of buttons) {
    if (typeof value !== 'object' || value === null || name.startsWith('sync')) continue;
    if ('run' in value && typeof value.run === 'string') return value.run;
  }
  return undefined;
}

/** Whether the card says that nothing was started. */
const isRefusal = (card: Readonly<Record<string, unknown>>): boolean =>
  JSON.stringify(card['header'] ?? {}).includes('"template":"red"');

/** The last records, so that the table can be seen too. */
function glance(table: Scene['table'], locale: Locale): readonly string[] {
  const { key, name, sex, city, amount } = shopWords[locale];
  return table
    .records()
    .slice(-3)
    .map(
      ({ fields }) =>
        `    ${[key, name, sex, city, amount].map((one) => String(fields[one] ?? '')).join(' · ')}`,
    );
}
