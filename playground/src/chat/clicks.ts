import { isObject } from '../bitable/values/kind.ts';
import type { Ack } from '../events/connection.ts';
import type { Events } from '../events/events.ts';
import { type MessageState, type Person, tell, type World } from '../world.ts';
import { cardFault } from './card-check.ts';
import { type CardControl, cardControls } from './cards.ts';
import { addVersion } from './messages.ts';

type Json = Readonly<Record<string, unknown>>;

/** What is clicked. */
export interface ClickTarget {
  /** The `name` of the element; buttons are also found by the text on them. */
  readonly name: string;
  /** What was filled into the form around a submit button, by name. */
  readonly formValue?: Json;
  /** What was chosen or typed, for elements that are no buttons. */
  readonly option?: string;
  readonly options?: readonly string[];
  readonly input?: string;
  readonly checked?: boolean;
}

/** What the person who clicked sees. */
export interface ClickResult {
  readonly toast?: { readonly type: string; readonly content: string; readonly i18n?: Json };
  /** The card that the answer brought. */
  readonly card?: Json;
  /** The code the client shows when the answer is missing or wrong. */
  readonly error?: number;
}

/** Presses buttons. */
export type Click = (messageId: string, target: ClickTarget, from: Person) => Promise<ClickResult>;

const toastTypes = new Set(['info', 'success', 'error', 'warning']);

function findControl(message: MessageState, name: string): CardControl {
  const controls = cardControls(message.versions.at(-1)?.card);
  const found = controls.find((one) => one.name === name) ?? controls.find((one) => one.text === name);
  if (!found) {
    const names = controls.map((one) => one.name || one.text).join(', ');
    throw new Error(`The card has nothing named ${name} to click. It has: ${names || 'nothing'}.`);
  }
  if (found.disabled) throw new Error(`${name} is disabled.`);
  return found;
}

/** What a form sends: what was filled in, else what the card put there first. */
function formValue(form: Json, filled: Json): Json {
  const sent: Record<string, unknown> = {};
  for (const { tag, name, element } of cardControls({ body: form['elements'] })) {
    if (tag === 'button' || name === '') continue;
    const first = element['default_value'] ?? element['initial_option'] ?? element['initial_date'];
    const value =
      filled[name] ?? first ?? (tag === 'multi_select_static' ? element['selected_values'] : undefined);
    const empty = value === undefined || value === '';
    if (element['required'] === true && empty) throw new Error(`The form needs a value for ${name}.`);
    if (!empty) sent[name] = value;
  }
  for (const name of Object.keys(filled)) if (!(name in sent)) throw new Error(`The form has no ${name}.`);
  return sent;
}

function actionOf({ element, tag, name, form }: CardControl, target: ClickTarget): Json {
  const behaviors: unknown[] = Array.isArray(element['behaviors']) ? element['behaviors'] : [];
  const callback = behaviors.find((one) => isObject(one) && one['type'] === 'callback');
  const submits = form !== undefined && element['form_action_type'] === 'submit';
  if (!callback && !submits) throw new Error(`${target.name} sends nothing to the app.`);
  return {
    ...(isObject(callback) ? { value: callback['value'] } : {}),
    tag,
    timezone: 'Asia/Shanghai',
    ...(name === '' ? {} : { name }),
    ...(submits ? { form_value: formValue(form, target.formValue ?? {}) } : {}),
    ...(target.option === undefined ? {} : { option: target.option }),
    ...(target.options === undefined ? {} : { options: target.options }),
    ...(target.input === undefined ? {} : { input_value: target.input }),
    ...(target.checked === undefined ? {} : { checked: target.checked }),
  };
}

function readToast(toast: unknown): ClickResult | undefined {
  if (toast === undefined) return {};
  if (!isObject(toast) || !toastTypes.has(String(toast['type'])) || typeof toast['content'] !== 'string') {
    return undefined;
  }
  const { type, content, i18n } = toast;
  return { toast: { type: String(type), content, ...(isObject(i18n) && { i18n }) } };
}

/** Judges an answer as the client does. */
function readAnswer(ack: Ack): ClickResult {
  if (ack.kind === 'nobody') return { error: 200340 };
  if (ack.kind === 'silent') return { error: 200341 };
  if (ack.kind === 'failed') return { error: 200671 };
  if (!isObject(ack.data)) return { error: 200672 };
  const { toast: rawToast, card } = ack.data;
  const toast = readToast(rawToast);
  if (!toast) return { error: 200672 };
  if (card === undefined) return toast;
  const data = isObject(card) && card['type'] === 'raw' ? card['data'] : undefined;
  if (!isObject(data)) return { error: 200673 };
  if (data['schema'] !== '2.0') return { error: 200830 };
  return cardFault(data) ? { error: 200673 } : { ...toast, card: data };
}

/**
 * Makes the clicker. A click sends one `card.action.trigger`, locks the card until it is answered, and is never repeated.
 * https://open.feishu.cn/document/uAjLw4CM/ukzMukzMukzM/feishu-cards/card-callback-communication
 */
export function newClick(world: World, events: Events): Click {
  return async (messageId, target, from) => {
    const message = world.messages.get(messageId);
    if (!message || message.recalled) throw new Error('That message is not there to click on.');
    const action = actionOf(findControl(message, target.name), target);
    const { openId: open_id, unionId: union_id, userId: user_id } = from;
    tell(world, { kind: 'click', messageId, name: target.name, openId: open_id });
    message.openClicks += 1;
    try {
      const ack = await events.callback('card.action.trigger', {
        operator: { tenant_key: world.tenantKey, user_id, open_id, union_id },
        token: `c-${world.random.hex(40)}`,
        action,
        host: 'im_message',
        delivery_type: '',
        context: { open_message_id: messageId, open_chat_id: message.chatId },
      });
      const result = readAnswer(ack);
      if (result.card) addVersion(world, message, JSON.stringify(result.card), 'click');
      return result;
    } finally {
      message.openClicks -= 1;
    }
  };
}
