import { describe, expect, it } from 'vitest';
import { secondsWatch } from '../../../src/sync/fields/kinds/date.ts';

/** What is told after rows with these cells in the one watched column. */
function told(...cells: readonly string[]): readonly string[] {
  const watch = secondsWatch([{ column: 'paid_at', field: '付款时间', at: 1 }]);
  for (const cell of cells) watch.take(['k', cell]);
  return watch.notes().map(({ en }) => en);
}

describe('numbers that go to a date field without a unit', () => {
  it('are told with the cure where all of them look like seconds', () => {
    expect(told('1769817600', '', '1000000000', '4000000000')).toEqual([
      'All numbers for 付款时间 look like seconds (10 digits); read as milliseconds they are days of early 1970. For seconds say fields: { paid_at: { unit: s } } in the definition; unit: ms says that they are right and ends this note.',
    ]);
  });

  it.each([
    ['milliseconds', ['1769817600000']],
    ['seconds and milliseconds', ['1769817600', '1769817600000']],
    ['one value just outside', ['1769817600', '4000000001']],
    ['days of early January 1970', ['999999999']],
    ['a time before 1970', ['-1769817600']],
    ['nothing at all', ['', '']],
    ['no rows', []],
  ])('are taken as they are: %s', (_, cells) => {
    expect(told(...cells)).toEqual([]);
  });
});
