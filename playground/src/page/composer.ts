import { h } from './dom.ts';
import { say, type View } from './view.ts';
import type { ChatWire } from './wire.ts';
import { words } from './words.ts';

/** Where a person writes. Enter sends, Shift+Enter breaks the line, arrow up brings back what was sent before. */
export function openComposer(
  chat: ChatWire,
  view: View,
  history: string[],
  send: (text: string, mention: boolean) => void,
): HTMLElement {
  const mention = h('input', { type: 'checkbox', id: 'mention', checked: true });
  const input = h('textarea', {
    id: 'write',
    rows: 1,
    'aria-label': say(view, words.write),
    placeholder: say(view, words.placeholder),
    autocomplete: 'off',
    spellcheck: 'false',
  });
  let back = 0;
  const submit = (): void => {
    const text = input.value.trim();
    if (text === '') return;
    history.push(text);
    back = 0;
    input.value = '';
    // A mention that was typed is one: the ticked box does not add another.
    const at = `@${view.bot}`;
    const typed = text.startsWith(at);
    send(typed ? text.slice(at.length).trim() : text, typed || (chat.kind === 'group' && mention.checked));
  };
  input.addEventListener('keydown', (event) => {
    if (event.isComposing) return;
    if (event.key === 'Enter' && !event.shiftKey) {
      event.preventDefault();
      submit();
    } else if (event.key === 'ArrowUp' && (input.value === '' || back > 0)) {
      back = Math.min(history.length, back + 1);
      input.value = history.at(-back) ?? '';
      event.preventDefault();
    }
  });
  const form = h(
    'div',
    { class: 'composer' },
    chat.kind === 'group' &&
      h('label', { class: 'choice mention', for: 'mention' }, mention, say(view, words.mention)),
    input,
    h(
      'button',
      { type: 'button', class: 'cbtn b-primary_filled s-medium', id: 'send', onclick: submit },
      say(view, words.send),
    ),
  );
  return form;
}
