import { describe, expect, it } from 'vitest';
import { parseArguments } from '../../src/cli/arguments.ts';
import { commands } from '../../src/cli/cli.ts';
import { type CommandSpec, command, definitionName, flag, wholeOption } from '../../src/cli/command.ts';
import { type Locale, text } from '../../src/sync/words/text.ts';

const words = {
  name: definitionName,
  tanks: wholeOption('--tanks <n>', text('鱼缸的数量', 'how many tanks'), [1, 9], 3),
  salty: flag('--salty', text('海水', 'with salt')),
};
const spec: CommandSpec<typeof words> = {
  words,
  name: 'fish',
  help: text('喂鱼', 'feed the fish'),
  failed: ({ name }, error) => ({ status: 'failed', definition: name, error }),
  run: async ({ name, tanks, salty }) => ({ exit: 0, json: { name, tanks, salty }, lines: [] }),
};
const read = (line: string, locale: Locale = 'en-US') =>
  parseArguments(line.split(' '), locale, [...commands, command(spec)]);
const unused = {} as Parameters<ReturnType<ReturnType<typeof command>['bind']>['run']>[0];

describe('a command is one object in the registry', () => {
  it('and stands in the help, in both languages', () => {
    expect(read('--help')).toMatchObject({ text: expect.stringMatching(/^ {2}fish NAME +feed the fish$/m) });
    expect(read('--help', 'zh-CN')).toMatchObject({ text: expect.stringMatching(/^ {2}fish NAME +喂鱼$/m) });
    const { text: help } = read('fish --help') as { text: string };
    expect(help).toMatch(/^Usage: bitable-sync fish NAME \[options\]$/m);
    expect(help).toMatch(/^ {2}--tanks <n> +how many tanks$/m);
  });

  it('and gets the words that were typed, as what they mean', async () => {
    const typed = read('fish orders --tanks 7 --salty');
    if (typed.kind !== 'command') throw new Error(typed.kind);
    expect(await typed.command.run(unused)).toMatchObject({
      json: { name: 'orders', tanks: 7, salty: true },
    });
    const bare = read('fish orders');
    if (bare.kind !== 'command') throw new Error(bare.kind);
    expect(await bare.command.run(unused)).toMatchObject({
      json: { name: 'orders', tanks: 3, salty: false },
    });
  });

  it('and refuses words that it does not take', () => {
    expect(read('fish orders --tanks 10')).toMatchObject({ kind: 'wrong' });
    expect(read('fihs orders')).toMatchObject({
      kind: 'wrong',
      cure: { en: expect.stringContaining('fish') },
    });
  });

  it('and is refused by the type checker while something is missing', () => {
    const { failed: _, ...rest } = spec;
    // @ts-expect-error it does not say what its JSON is when it fails
    expect(command(rest)).not.toHaveProperty('failed');
  });
});

it('every command has a name of its own', () => {
  const names = commands.map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
});
