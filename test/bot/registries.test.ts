import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { Bot, ChatCommand, ChatRequest } from '../../src/bot/bot.ts';
import type { FreeButton, RunButton } from '../../src/bot/buttons/button.ts';
import { buttons, decode } from '../../src/bot/buttons/registry.ts';
import { CommandList } from '../../src/bot/commands/grammar.ts';
import { chatCommands } from '../../src/bot/commands/registry.ts';
import { saidCard } from '../../src/cards/answer-cards.ts';
import { commandButton } from '../../src/cards/parts/element.ts';
import { opsFor, type RunButtonLook, runButtonRow, runButtons } from '../../src/cards/run-buttons.ts';
import type { Definition } from '../../src/sync/definition/definition.ts';
import { text } from '../../src/sync/words/text.ts';
import { wordsOf } from '../cards/read.ts';
import { stateWith } from '../cards/states.ts';
import { newStage } from './stage.ts';

/** The commands that a page lists, as a line and what it does. */
function manual(file: string): readonly (readonly [line: string, does: string])[] {
  const page = readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8');
  return [...page.matchAll(/^\| (`\/[^|]*?) +\| (.*?) +\|$/gmu)].map(([, line = '', does = '']) => [
    line,
    does,
  ]);
}

/** The rows that the page must have for these commands. */
const rows = (all: readonly ChatCommand[], language: 'zh' | 'en') =>
  all.flatMap(({ usages }) =>
    usages.map(({ line, does, manual = does, written }) => [
      written?.[language] ?? `\`${line}\``,
      manual[language],
    ]),
  );

const greet: ChatCommand = {
  ...{ verb: 'greet', spellings: ['问候'] },
  needs: 'name',
  right: 'look',
  usages: [
    {
      line: '/sync greet orders',
      does: text('问好', 'says hello'),
      manual: text('问好', 'says hello to a sync'),
    },
  ],
  run: async ({ title }: Definition, _: ChatRequest, { locale }: Bot) =>
    saidCard(text('问候', 'Greeting'), [text(`你好，${title}`, `Hello, ${title}`)], locale),
};

describe('a chat command', () => {
  it.each([
    ['docs/commands.md', 'en'],
    ['docs/zh-CN/commands.md', 'zh'],
  ] as const)('stands in %s as the registry tells it', (file, language) => {
    expect(manual(file)).toEqual(rows(chatCommands, language));
  });

  it('is named by a line of the help, and by no two words alike', () => {
    const lines = chatCommands.flatMap(({ usages }) => usages.map(({ line }) => line)).join('\n');
    for (const { verb } of chatCommands)
      expect(lines).toMatch(new RegExp(verb === 'plan' ? '--plan' : `[/ |]${verb}\\b`, 'u'));
    const words = chatCommands.flatMap(({ verb, spellings }) => [verb, ...spellings]);
    expect(new Set(words).size).toBe(words.length);
  });

  it('that is new is read, offered, pressed, in the menu, in the help and missed on the page of the commands', async () => {
    const [named = greet] = chatCommands;
    const help = chatCommands.at(-1) ?? greet;
    const shortcuts = { named, flagged: named, bare: named, help };
    const more = new CommandList([...chatCommands, greet], shortcuts);
    const given = { kind: 'command', command: greet, name: 'orders', more: '' };
    expect(more.parse('/同步 问候 orders')).toEqual(given);
    expect(more.ofKey('greet:orders')).toEqual(given);
    expect(more.parse('/gret orders')).toMatchObject({ near: [{ verb: 'greet', name: 'orders' }] });
    const value = { op: 'command', verb: 'greet', run: 'orders', v: 0 };
    expect(commandButton('greet', 'orders', 0, text('好', 'hi'))).toMatchObject({ behaviors: [{ value }] });
    expect(decode(value)).toBeUndefined();
    expect(decode(value, buttons, more.all)).toEqual(value);
    expect(rows(more.all, 'en')).toContainEqual(['`/sync greet orders`', 'says hello to a sync']);
    expect(manual('docs/commands.md')).not.toEqual(rows(more.all, 'en'));

    const { ask } = newStage({ commands: more });
    expect(wordsOf(await ask('/sync greet orders'))).toContain('Hello, ');
    const { ask: askHelp } = newStage({ commands: more });
    expect(wordsOf(await askHelp('/help'))).toContain('/sync greet orders – says hello');
  });

  it('that is incomplete is refused by the type checker', () => {
    // @ts-expect-error A command without a right.
    const noRight: ChatCommand = {
      verb: 'x',
      spellings: [],
      needs: 'nothing',
      usages: [],
      run: async () => undefined,
    };
    // @ts-expect-error A command that nobody could learn of.
    const noHelp: ChatCommand = {
      verb: 'x',
      spellings: [],
      needs: 'nothing',
      right: 'ask',
      run: async () => undefined,
    };
    expect([noRight.verb, noHelp.verb]).toEqual(['x', 'x']);
  });
});

describe('a button', () => {
  const wave: RunButtonLook = {
    label: text('挥手', 'Wave'),
    on: ['done'],
    fits: ({ rows }) => rows.created > 0,
  };
  const waved: FreeButton = { on: 'card', press: async () => ({ type: 'info', words: text('好', 'ok') }) };

  it('of a run is drawn and pressed: each look has its act', () => {
    for (const op of Object.keys(runButtons)) expect(buttons.has(op)).toBe(true);
  });

  it('that is new is drawn in its states only, and read', () => {
    const all = { ...runButtons, wave };
    const done = stateWith({ status: 'done', rows: { ...stateWith().rows, created: 1 } });
    expect(opsFor(done, all)).toContain('wave');
    expect(opsFor(stateWith(), all)).not.toContain('wave');
    expect(JSON.stringify(runButtonRow(done, { canApprove: true }, all))).toContain('Wave');
    const value = { op: 'wave', run: done.run, v: done.version };
    expect(decode(value)).toBeUndefined();
    expect(decode(value, new Map([...buttons, ['wave', waved]]))).toEqual(value);
  });

  it('that is incomplete is refused by the type checker', () => {
    // @ts-expect-error A look that stands in no state.
    const nowhere: RunButtonLook = { label: text('挥手', 'Wave') };
    // @ts-expect-error A button of a run that everybody could press.
    const open: RunButton = { on: 'run', press: waved.press };
    expect([nowhere.label, open.on]).toBeDefined();
  });
});
