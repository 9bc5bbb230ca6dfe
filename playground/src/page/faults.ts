import { h } from './dom.ts';
import { say, type View } from './view.ts';
import type { FaultName, FaultWire } from './wire.ts';
import { faultWaits, faultWords, words } from './words.ts';

/** Draws the fault panel: one button each, which shows whether the fault is armed and how often it has hit. */
export function drawFaults(
  faults: readonly FaultWire[],
  view: View,
  set: (name: FaultName, on: boolean) => void,
): readonly HTMLElement[] {
  return faults.map((fault) => drawFault(fault, view, set));
}

function drawFault(fault: FaultWire, view: View, set: (name: FaultName, on: boolean) => void): HTMLElement {
  const { name, how, armed, used, detail } = fault;
  const { name: called, does } = faultWords[name];
  const lit = armed > 0;
  // A fault that holds on to a row has met a call already.
  const waits = lit && detail === undefined ? faultWaits[name] : undefined;
  const state = !lit
    ? ''
    : how === 'once'
      ? `${say(view, words.armed)}${armed > 1 ? ` ×${armed}` : ''}`
      : say(view, words.on);
  return h(
    'button',
    {
      type: 'button',
      class: `fault ${lit ? 'armed' : ''}`,
      'data-fault': name,
      ...(how !== 'now' && { 'aria-pressed': String(lit) }),
      title: say(view, waits ?? does),
      onclick: () => set(name, how === 'now' || !lit),
    },
    h('span', { class: 'lamp', 'aria-hidden': 'true' }),
    h('span', { class: 'fault-name' }, say(view, called)),
    h(
      'span',
      { class: 'fault-does' },
      detail === undefined ? say(view, waits ?? does) : `${say(view, does)}: ${detail}`,
    ),
    h(
      'span',
      { class: 'fault-state' },
      state !== '' && h('span', { class: 'tag t-orange small' }, state),
      used > 0 && h('span', { class: 'tag t-red small' }, `${say(view, words.used)} ${used}`),
    ),
  );
}
