import { h } from './dom.ts';

/** Asks in a window of the page's own; resolves with whether it was confirmed. Escape is no. */
export function ask(title: string, text: string, yes: string, no: string): Promise<boolean> {
  return new Promise((resolve) => {
    const dialog = h(
      'dialog',
      { class: 'ask', 'aria-labelledby': 'ask-title', 'aria-describedby': 'ask-text' },
      h('h2', { id: 'ask-title' }, title),
      h('p', { id: 'ask-text' }, text),
      h(
        'form',
        { method: 'dialog', class: 'ask-buttons' },
        h('button', { class: 'cbtn b-default s-medium', value: 'no' }, no),
        h('button', { class: 'cbtn b-primary_filled s-medium', value: 'yes', autofocus: true }, yes),
      ),
    );
    dialog.addEventListener('close', () => {
      dialog.remove();
      resolve(dialog.returnValue === 'yes');
    });
    document.body.append(dialog);
    dialog.showModal();
  });
}

const signs: Readonly<Record<string, string>> = { success: '✓', error: '✕', warning: '!', info: 'i' };

/** Shows a toast for a while; it is read out, too. */
export function showToast(place: HTMLElement, kind: string, content: string): void {
  const toast = h(
    'div',
    { class: `toast toast-${kind}` },
    h('span', { class: 'toast-sign', 'aria-hidden': 'true' }, signs[kind] ?? signs['info'] ?? ''),
    content,
  );
  place.append(toast);
  toast.addEventListener('animationend', () => toast.remove());
}
