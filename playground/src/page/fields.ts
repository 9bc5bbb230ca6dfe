import type { CardContext } from './context.ts';
import { h } from './dom.ts';
import { contentOf, part, parts, textIn } from './json.ts';
import { say } from './view.ts';
import type { Json } from './wire.ts';
import { words } from './words.ts';

/** A field on the page with what is in it. */
interface Filled {
  readonly element: HTMLElement;
  /** What it sends; empty text or list for nothing. */
  value(): string | readonly string[] | boolean;
}

const builders: Readonly<Record<string, (element: Json, context: CardContext) => Filled>> = {
  input: buildInput,
  select_static: buildSelect,
  select_person: buildSelect,
  multi_select_static: buildChoices,
  multi_select_person: buildChoices,
  date_picker: (element, context) => buildMoment(element, context, 'date', 'initial_date'),
  picker_time: (element, context) => buildMoment(element, context, 'time', 'initial_time'),
  picker_datetime: (element, context) => buildMoment(element, context, 'datetime-local', 'initial_datetime'),
  checker: buildChecker,
  overflow: buildSelect,
};

/** Whether an element is one that people fill in or choose from. */
export const isField = (tag: string): boolean => tag in builders;

/** Remembers what is in a field, for the form around it. */
const valueKey = 'fieldvalue';

/** Draws a field. Outside a form it sends what is chosen at once. */
export function drawField(element: Json, context: CardContext): HTMLElement {
  const build = builders[textIn(element, 'tag')] ?? buildInput;
  const { element: control, value } = build(element, context);
  const name = textIn(element, 'name');
  control.dataset['field'] = name;
  const label = contentOf(part(element, 'label'), context.view.language);
  const required = element['required'] === true;
  const row = h(
    'div',
    { class: `field label-${textIn(element, 'label_position') || 'top'}` },
    label !== '' &&
      h('span', { class: 'field-label' }, label, required && h('span', { class: 'star' }, ' *')),
    control,
  );
  const holder = control.matches('input, select, textarea') ? control : undefined;
  const placeholder = contentOf(part(element, 'placeholder'), context.view.language);
  (holder ?? control).setAttribute('aria-label', label || placeholder || name);
  if (required) holder?.setAttribute('aria-required', 'true');
  row.addEventListener(valueKey, (event) => {
    (event as CustomEvent<Record<string, unknown>>).detail[name] = value();
  });
  if (!context.form) sendAlone(element, context, control, value);
  return row;
}

/** A lone field fires by itself: an input when it is confirmed, everything else when it changes. */
function sendAlone(element: Json, context: CardContext, control: HTMLElement, value: Filled['value']): void {
  const name = textIn(element, 'name') || contentOf(part(element, 'text'), context.view.language);
  if (!parts(element, 'behaviors').some((one) => one['type'] === 'callback')) return;
  const send = (): void => {
    const now = value();
    if (textIn(element, 'tag') === 'input') void context.act({ name, input: String(now) });
    else if (typeof now === 'boolean') void context.act({ name, checked: now });
    else if (typeof now === 'string') void context.act({ name, option: now });
    else void context.act({ name, options: now });
  };
  if (textIn(element, 'tag') !== 'input') control.addEventListener('change', send);
  else
    control.addEventListener('keydown', (event) => {
      if (event.key === 'Enter' && !event.isComposing) send();
    });
}

/**
 * Draws a form: its submit button sends one callback with everything in it.
 * https://open.feishu.cn/document/uAjLw4CM/ukzMukzMukzM/feishu-cards/card-json-v2-components/containers/form-container
 */
export function drawForm(element: Json, context: CardContext): HTMLElement {
  const needed = new Set(requiredIn(element));
  const form = (): Json | undefined => {
    const filled: Record<string, unknown> = {};
    for (const row of box.querySelectorAll('.field'))
      row.dispatchEvent(new CustomEvent(valueKey, { detail: filled }));
    const empty = (value: unknown): boolean => value === '' || (Array.isArray(value) && value.length === 0);
    const missing = [...needed].find((name) => empty(filled[name] ?? ''));
    if (missing !== undefined) {
      context.toast('warning', say(context.view, words.notFilled));
      const [control] = [...box.querySelectorAll<HTMLElement>('[data-field]')].filter(
        (one) => one.dataset['field'] === missing,
      );
      control?.setAttribute('aria-invalid', 'true');
      control?.focus();
      return undefined;
    }
    return Object.fromEntries(Object.entries(filled).filter(([, value]) => !empty(value)));
  };
  const draw = (): HTMLElement[] =>
    parts(element, 'elements').map((one) => context.draw(one, { ...context, form, resetForm }));
  const resetForm = (): void => box.replaceChildren(...draw());
  const box: HTMLElement = h('div', { class: 'form', role: 'form', 'aria-label': textIn(element, 'name') });
  resetForm();
  return box;
}

function requiredIn(node: Json): readonly string[] {
  const own = node['required'] === true && textIn(node, 'tag') !== 'button' ? [textIn(node, 'name')] : [];
  return [...own, ...[...parts(node, 'elements'), ...parts(node, 'columns')].flatMap(requiredIn)];
}

function buildInput(element: Json, { view }: CardContext): Filled {
  const kind = textIn(element, 'input_type');
  const common = {
    class: 'control',
    placeholder: contentOf(part(element, 'placeholder'), view.language),
    maxlength: Number(element['max_length'] ?? 1000),
    disabled: element['disabled'] === true,
  };
  const input =
    kind === 'multiline_text'
      ? h('textarea', { ...common, rows: Number(element['rows'] ?? 3) })
      : h('input', { ...common, type: kind === 'password' ? 'password' : 'text' });
  input.value = textIn(element, 'default_value');
  return { element: input, value: () => input.value };
}

interface Choice {
  readonly value: string;
  readonly text: string;
}

function choicesOf(element: Json, { view }: CardContext): readonly Choice[] {
  const options = parts(element, 'options');
  if (options.length === 0 && textIn(element, 'tag').includes('person'))
    return view.people.map(({ openId, name }) => ({ value: openId, text: name }));
  return options.map((one) => ({
    value: textIn(one, 'value'),
    text: contentOf(part(one, 'text'), view.language) || textIn(one, 'value'),
  }));
}

function buildSelect(element: Json, context: CardContext): Filled {
  const { view } = context;
  const choices = choicesOf(element, context);
  const holder = contentOf(part(element, 'placeholder'), view.language);
  const none = textIn(element, 'tag') === 'overflow' ? say(view, words.more) : say(view, words.choose);
  const select = h(
    'select',
    { class: 'control', disabled: element['disabled'] === true },
    h('option', { value: '' }, holder || none),
    ...choices.map(({ value, text }) => h('option', { value }, text)),
  );
  const index = Number(element['initial_index'] ?? 0);
  select.value = textIn(element, 'initial_option') || (choices[index - 1]?.value ?? '');
  return { element: select, value: () => select.value };
}

function buildChoices(element: Json, context: CardContext): Filled {
  const chosen: unknown = element['selected_values'];
  const first = new Set(Array.isArray(chosen) ? (chosen as unknown[]) : []);
  const boxes = choicesOf(element, context).map(({ value, text }) => {
    const box = h('input', { type: 'checkbox', value, checked: first.has(value) });
    return { box, label: h('label', { class: 'choice' }, box, text) };
  });
  const group = h(
    'div',
    { class: 'control choices', role: 'group', tabindex: -1 },
    ...boxes.map(({ label }) => label),
  );
  return { element: group, value: () => boxes.filter(({ box }) => box.checked).map(({ box }) => box.value) };
}

/** The browser's distance from UTC at a time, as in `+0800`; now where a value names no day. */
function ownOffset(value: string): string {
  const at = new Date(value.includes('-') ? (value.includes('T') ? value : `${value}T00:00`) : Date.now());
  const minutes = -at.getTimezoneOffset();
  const two = (n: number): string => String(Math.floor(Math.abs(n))).padStart(2, '0');
  return `${minutes < 0 ? '-' : '+'}${two(minutes / 60)}${two(minutes % 60)}`;
}

/** Date and time fields send their zone as well. */
function buildMoment(
  element: Json,
  _: CardContext,
  type: 'date' | 'time' | 'datetime-local',
  initial: string,
): Filled {
  const input = h('input', { class: 'control', type, disabled: element['disabled'] === true });
  input.value = textIn(element, initial).replace(/ [+-]\d{4}$/u, '');
  return {
    element: input,
    value: () => (input.value === '' ? '' : `${input.value.replace('T', ' ')} ${ownOffset(input.value)}`),
  };
}

function buildChecker(element: Json, { view }: CardContext): Filled {
  const box = h('input', {
    type: 'checkbox',
    checked: element['checked'] === true,
    disabled: element['disabled'] === true,
  });
  const label = h('label', { class: 'choice' }, box, contentOf(part(element, 'text'), view.language));
  return { element: label, value: () => box.checked };
}
