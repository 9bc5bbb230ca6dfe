import fc from 'fast-check';
import { expect, it } from 'vitest';
import { buttons, decode } from '../../src/bot/buttons/registry.ts';
import { chatCommands } from '../../src/bot/commands/registry.ts';
import { encode } from '../../src/cards/parts/element.ts';

it('reads back what buttons send', () => {
  const presses = fc.record({
    op: fc.constantFrom(...[...buttons.keys()].filter((op) => op !== 'command')),
    run: fc.stringMatching(/^[A-Za-z0-9_.-]{1,100}$/u),
    v: fc.maxSafeNat(),
  });
  fc.assert(
    fc.property(presses, (press) => {
      expect(decode(encode(press))).toEqual(press);
    }),
  );
});

it('reads back commands, with a name or without', () => {
  for (const { verb } of chatCommands)
    for (const run of ['', 'orders']) {
      const press = { op: 'command', verb, run, v: 0 } as const;
      expect(decode(encode(press))).toEqual(press);
    }
});

it.each([
  [{ op: 'command', run: '', v: 0 }],
  [{ op: 'command', run: '', v: 0, verb: 'drop' }],
  [undefined],
  [null],
  ['retry'],
  [[]],
  [{}],
  [{ op: 'stop', run: 'r1', v: 1 }],
  [{ op: 'retry', run: 1, v: 1 }],
  [{ op: 'retry', run: '', v: 1 }],
  [{ op: 'retry', run: 'x'.repeat(101), v: 1 }],
  [{ op: 'retry', run: 'r1' }],
  [{ op: 'retry', run: 'r1', v: '1' }],
  [{ op: 'retry', run: 'r1', v: 1.5 }],
  [{ op: 'retry', run: 'r1', v: -1 }],
])('takes %j for no button of ours', (value) => {
  expect(decode(value)).toBeUndefined();
});

it('never throws, whatever comes', () => {
  fc.assert(fc.property(fc.anything(), (value) => void decode(value)));
});
