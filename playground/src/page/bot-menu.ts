import { h } from './dom.ts';
import { say, type View } from './view.ts';
import type { MenuWire } from './wire.ts';
import { words } from './words.ts';

/**
 * The bot's menu as it floats above the line in which a person writes. An entry that holds others opens them upwards:
 * arrow keys go through them, Escape goes back.
 */
export const openMenu = (
  entries: readonly MenuWire[],
  view: View,
  press: (key: string) => void,
): HTMLElement =>
  h(
    'div',
    { class: 'bot-menu', role: 'group', 'aria-label': say(view, words.menu) },
    ...entries.map((entry) =>
      entry.entries === undefined
        ? h(
            'button',
            { type: 'button', class: 'menu-entry', onclick: () => press(entry.key) },
            say(view, entry.name),
          )
        : opener(entry.name, entry.entries, view, press),
    ),
  );

function opener(
  name: MenuWire['name'],
  entries: readonly MenuWire[],
  view: View,
  press: (key: string) => void,
): HTMLElement {
  const button = h(
    'button',
    { type: 'button', class: 'menu-entry opens', 'aria-haspopup': 'menu', 'aria-expanded': 'false' },
    say(view, name),
  );
  const items = entries.map((entry) =>
    h(
      'button',
      {
        ...{ type: 'button', role: 'menuitem', class: 'menu-item', tabindex: -1 },
        onclick: () => {
          close();
          press(entry.key);
        },
      },
      say(view, entry.name),
    ),
  );
  const list = h(
    'div',
    { class: 'menu-list', role: 'menu', 'aria-label': say(view, name), hidden: true },
    ...items,
  );
  const show = (open: boolean): void => {
    list.hidden = !open;
    button.setAttribute('aria-expanded', String(open));
  };
  const close = (): void => {
    const inside = list.contains(document.activeElement);
    show(false);
    if (inside) button.focus();
  };
  const open = (at: number): void => {
    show(true);
    items.at(at)?.focus();
  };
  button.addEventListener('click', () => (list.hidden ? open(0) : close()));
  button.addEventListener('keydown', (event) => {
    if (event.key !== 'ArrowUp' && event.key !== 'ArrowDown') return;
    event.preventDefault();
    open(event.key === 'ArrowUp' ? -1 : 0);
  });
  list.addEventListener('keydown', (event) => {
    const { activeElement } = document;
    const now = items.findIndex((item) => item.contains(activeElement));
    const to = places(now, items.length)[event.key];
    if (event.key === 'Escape') close();
    if (to !== undefined) items.at(to)?.focus();
    if (event.key === 'Escape' || to !== undefined) event.preventDefault();
  });
  const box = h('div', { class: 'menu-box' }, list, button);
  box.addEventListener('focusout', ({ relatedTarget }) => {
    if (!(relatedTarget instanceof Node && box.contains(relatedTarget))) show(false);
  });
  return box;
}

/** Where a key leads among so many entries. */
const places = (now: number, count: number): Readonly<Record<string, number>> => ({
  ArrowDown: (now + 1) % count,
  ArrowUp: (now + count - 1) % count,
  Home: 0,
  End: count - 1,
});
