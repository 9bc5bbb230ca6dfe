import fc from 'fast-check';
import { expect, it } from 'vitest';
import { joined, plain, plainText, same } from '../../src/cards/parts/words.ts';
import { text } from '../../src/sync/words/text.ts';

it.each([
  ['words as they are', '订单 12 · ok_*~`', 40, '订单 12 · ok_*~`'],
  ['line breaks as blanks', ' a\r\nb\u2028c\t\td ', 40, 'a b c d'],
  ['tags without their brackets', '<at id=all></at>', 40, '＜at id=all＞＜/at＞'],
  ['no unseen marks', 'a\u200bb\u202ec\u2066d\ufeffe\u0000f\u00adg\u3164h', 40, 'abcdefgh'],
  ['one blank where a control character stood between two', 'a\t\u0000\tb', 40, 'a b'],
  ['a replacement for half a character', 'a\ud800b', 40, 'a\ufffdb'],
  ['whole characters at the cut', '😀😀😀😀', 3, '😀😀…'],
  ['exactly what fits', '😀😀😀', 3, '😀😀😀'],
  ['the sign of a cut when only unseen marks were left', '\u200b'.repeat(1000), 5, '…'],
  ['nothing as nothing', '', 5, ''],
])('shows %s', (_, words, max, shown) => {
  expect(plain(words, max)).toBe(shown);
});

it('is one short line without brackets, whatever goes in, and changes nothing the second time', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: 'binary', maxLength: 300 }),
      fc.integer({ min: 1, max: 80 }),
      (words, max) => {
        const once = plain(words, max);
        expect(Array.from(once).length).toBeLessThanOrEqual(max);
        expect(once).not.toMatch(/[\n\r<>\p{Cc}\p{Cf}\p{Cs}]/u);
        expect(plain(once, max)).toBe(once);
      },
    ),
  );
});

it('keeps both languages', () => {
  expect(plainText(text('一二三', 'one'), 2)).toEqual({ zh: '一…', en: 'o…' });
  expect(joined([same('A'), text('一', 'one')], ' · ')).toEqual({ zh: 'A · 一', en: 'A · one' });
});
