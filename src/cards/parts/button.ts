import type { Text } from '../../sync/words/text.ts';
import type { Element } from './card.ts';
import { plain } from './words.ts';

/** Until when a reminder is put off. */
export const snoozes = ['hour', 'tomorrow'] as const;

export type Snooze = (typeof snoozes)[number];

/** What a button sends when it is pressed: never to be trusted, only to be compared with what is stored. */
export interface Press {
  /** What it asks for: a button of the bot's. */
  readonly op: string;
  /** The run that the button belongs to; on notices and in lists the definition's name, on commands it may be empty. */
  readonly run: string;
  /** The run's version when the button was drawn; a button of an older version has no effect. */
  readonly v: number;
  /** For `snooze`. */
  readonly until?: Snooze;
  /** For `command`: what people type after /sync. */
  readonly verb?: string;
  /** For `command`: what it takes besides a name. */
  readonly more?: string;
}

/** Characters of what a command takes besides a name. */
export const longestMore = 200;

/** Characters of a run's ID or a definition's name in a button's value, at most. */
export const longestRun = 100;

/** The button's value as it travels. */
export const encode = (press: Press): Readonly<Record<string, unknown>> => ({
  op: press.op,
  run: plain(press.run, longestRun),
  v: press.v,
  ...(press.until !== undefined && { until: press.until }),
  ...(press.verb !== undefined && { verb: press.verb }),
  ...(press.more !== undefined && { more: plain(press.more, longestMore) }),
});

export interface ButtonLook {
  readonly label: Text;
  readonly type?: 'default' | 'primary' | 'primary_filled' | 'danger' | 'danger_filled';
  /** Unique in its card; the op when not given. */
  readonly name?: string;
  /** Opens this address as well. */
  readonly url?: string | undefined;
  /** Sends the form that it stands in. */
  readonly submit?: true;
  /** Asks first. */
  readonly confirm?: { readonly title: Text; readonly text: Text };
}

/**
 * One button. Its first behaviour is always the callback, a link may follow.
 * https://open.feishu.cn/document/uAjLw4CM/ukzMukzMukzM/feishu-cards/card-json-v2-components/interactive-components/button
 */
export function button(press: Press, look: ButtonLook): Element {
  const { label, type = 'default', name = press.op, url, confirm, submit } = look;
  const callback = { type: 'callback', value: encode(press) };
  return {
    tag: 'button',
    name,
    type,
    text: { tag: 'plain_text', content: label },
    ...(submit && { form_action_type: 'submit' }),
    ...(confirm && {
      confirm: {
        title: { tag: 'plain_text', content: confirm.title },
        text: { tag: 'plain_text', content: confirm.text },
      },
    }),
    behaviors: url === undefined ? [callback] : [callback, { type: 'open_url', default_url: url }],
  };
}

/** A button that does what a command does; `at`: its place among those of the card, for a name of its own. */
export const commandButton = (verb: string, definition: string, at: number, label: Text): Element =>
  button({ op: 'command', verb, run: definition, v: 0 }, { label, name: `${verb}_${at + 1}` });

/** Buttons that start a sync each. Names must differ within a card, so all but the first carry a number. */
export const syncButton = (definition: string, at: number, label: Text): Element =>
  button(
    { op: 'sync', run: definition, v: 0 },
    { label, name: at === 0 ? 'sync' : `sync_${at + 1}`, type: at === 0 ? 'primary' : 'default' },
  );
