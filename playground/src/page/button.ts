import type { CardContext } from './context.ts';
import { h } from './dom.ts';
import { contentOf, part, parts, textIn } from './json.ts';
import type { Json } from './wire.ts';

/**
 * Draws a button: asks first where it should, sends its form or its value, opens its link.
 * https://open.feishu.cn/document/uAjLw4CM/ukzMukzMukzM/feishu-cards/card-json-v2-components/interactive-components/button
 */
export function drawButton(element: Json, context: CardContext): HTMLElement {
  const { language } = context.view;
  const label = contentOf(part(element, 'text'), language);
  const off = element['disabled'] === true;
  const tips = contentOf(part(element, off ? 'disabled_tips' : 'hover_tips'), language);
  const button = h(
    'button',
    {
      type: 'button',
      class: `cbtn b-${textIn(element, 'type') || 'default'} s-${textIn(element, 'size') || 'medium'}`,
      'data-name': textIn(element, 'name') || textIn(part(element, 'text'), 'content'),
      disabled: off,
      title: tips || undefined,
      onclick: () => void press(element, context, button),
    },
    label,
  );
  if (textIn(element, 'width') === 'fill') button.classList.add('fill');
  return button;
}

async function press(element: Json, context: CardContext, button: HTMLButtonElement): Promise<void> {
  const { view, form, resetForm } = context;
  const kind = textIn(element, 'form_action_type');
  if (kind === 'reset') return resetForm?.();
  const formValue = kind === 'submit' ? form?.() : undefined;
  if (kind === 'submit' && !formValue) return;
  const confirm = part(element, 'confirm');
  const title = contentOf(part(confirm, 'title'), view.language);
  const text = contentOf(part(confirm, 'text'), view.language);
  if (title !== '' && !(await context.ask(title, text))) return;
  const behaviours = parts(element, 'behaviors');
  const link = behaviours.find((one) => one['type'] === 'open_url');
  const name = button.dataset['name'] ?? '';
  if (formValue || behaviours.some((one) => one['type'] === 'callback')) {
    button.setAttribute('aria-busy', 'true');
    try {
      await context.act({ name, ...(formValue && { formValue }) });
    } finally {
      button.removeAttribute('aria-busy');
    }
  }
  if (link) follow(textIn(link, 'default_url') || textIn(link, 'pc_url'));
}

/** Opens an address: the simulated table is on this page already, so it is shown there. */
function follow(address: string): void {
  document.dispatchEvent(new CustomEvent('follow', { detail: address }));
}
