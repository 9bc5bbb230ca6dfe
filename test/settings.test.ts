import { expect, it } from 'vitest';
import { afterHelp, envExample, settingCells } from '../src/cli/arguments.ts';
import { readTable } from '../src/config.ts';
import { whole } from '../src/setting-values.ts';
import { type Setting, settings } from '../src/settings.ts';
import { text } from '../src/sync/words/text.ts';

const row: Setting<'fishTanks', number> = {
  as: 'fishTanks',
  read: whole(1, 9),
  default: '3',
  meaning: text('鱼缸的数量', 'how many fish tanks there are'),
};
const table = { ...settings, FISH_TANKS: row };

it('a setting is one row: read, shown in the help and in the documents', () => {
  const [values] = readTable(table, { env: { FISH_TANKS: ' 7 ' }, cwd: '/' }, []);
  expect(values.fishTanks satisfies number).toBe(7);
  expect(readTable({ FISH_TANKS: row }, { env: {}, cwd: '/' }, [])).toEqual([{ fishTanks: 3 }, []]);
  const [, problems] = readTable({ FISH_TANKS: row }, { env: { FISH_TANKS: '10' }, cwd: '/' }, []);
  expect(problems).toMatchObject([{ code: 'wrong-setting', where: 'FISH_TANKS' }]);
  expect(afterHelp('en-US', table)).toMatch(/^ {2}FISH_TANKS +how many fish tanks there are \(default 3\)$/m);
  expect(settingCells('zh-CN', table)).toContainEqual(['`FISH_TANKS`', '`3`', '鱼缸的数量']);
  expect(envExample(table)).toContain('# how many fish tanks there are\n# 鱼缸的数量\n#FISH_TANKS=3\n');
});

it('a setting that is not told of is refused by the type checker', () => {
  const { meaning: _, ...rest } = row;
  // @ts-expect-error it has no meaning
  const incomplete: Setting = rest;
  expect(incomplete).not.toHaveProperty('meaning');
});
