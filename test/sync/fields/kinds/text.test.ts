import { describe, expect, it } from 'vitest';
import { bytes, held, wanted, written } from './place.ts';

describe('text fields', () => {
  it.each([
    ['text as it stands', ' 小明\n\t', ' 小明\n\t'],
    ['emoji and other 4-byte characters', '👩‍👩‍👧‍👦𠮷', '👩‍👩‍👧‍👦𠮷'],
    ['zero-width and full-width characters', 'a\u200bb\ufeff１２３，', 'a\u200bb\ufeff１２３，'],
    ['leading zeros', '007', '007'],
    ['20 digits', '12345678901234567890', '12345678901234567890'],
    ['line breaks of all kinds', 'a\r\nb\nc\rd', 'a\r\nb\nc\rd'],
    ['JSON', '{"a": 1.0, "b": [null]}', '{"a": 1.0, "b": [null]}'],
    ['nothing', '', ''],
    ['a number', 1.5, '1.5'],
    ['negative zero', -0, '0'],
    ['what is no number', Number.NaN, 'NaN'],
    ['infinity', Number.POSITIVE_INFINITY, 'Infinity'],
  ])('take %s', (_, value, cell) => {
    expect(wanted('text', value)).toBe(cell);
  });

  it.each([
    ['json', '{"id": 12345678901234567890, "a":null}'],
    ['json', 'null'],
    ['time', '-838:59:59.000001'],
    ['date', '0000-00-00'],
    ['datetime', '2026-00-00 00:00:00'],
    ['set', 'b,a'],
  ] as const)('keep a %s exactly as the server writes it: %s', (type, value) => {
    expect(wanted('text', value, { type })).toBe(value);
  });

  it('show a BIT as its whole number', () => {
    expect(wanted('text', 2051, { type: 'bit' })).toBe('2051');
    expect(wanted('text', '18446744073709551615', { type: 'bit' })).toBe('18446744073709551615');
  });

  it('refuse bytes and say what to write instead', () => {
    expect(wanted('text', bytes(1, 2), { type: 'any' })).toBe(
      'bad: `2 bytes` is bytes, not text, for f. Use HEX(column) in the query, or CONVERT(column USING utf8mb4) where the bytes are text (SQLite: CAST(column AS TEXT)).',
    );
  });

  it('hold 100,000 characters and not one more; a 4-byte character counts as two', () => {
    expect(wanted('text', 'x'.repeat(100_000))).toHaveLength(100_000);
    expect(wanted('text', '😀'.repeat(50_000))).toHaveLength(100_000);
    expect(wanted('text', 'x'.repeat(100_001))).toBe(
      `bad: \`${'x'.repeat(40)}…\` is longer than 100000 characters (an emoji is two), too long for f. Shorten it in the query, or say truncate: 100000 in the definition.`,
    );
    expect(wanted('text', '😀'.repeat(50_001))).toContain('is longer than');
  });

  it.each([
    [
      'segments',
      [
        { type: 'text', text: '见 ' },
        { type: 'url', text: 'x.cn', link: 'http://x.cn' },
      ],
      '见 x.cn',
    ],
    ['a mention', [{ type: 'mention', text: '@小明', token: 'ou_1' }], '@小明'],
    [
      'an e-mail address',
      [{ type: 'url', text: 'a@example.com', link: 'mailto:a@example.com' }],
      'a@example.com',
    ],
    ['a plain string', 'abc', 'abc'],
    ['strings in a list', ['a', 'b'], 'ab'],
    ['a number', 12, '12'],
    ['a flag', true, 'true'],
    ['a number in a list', [12], '12'],
    ['nothing', null, ''],
    ['nothing at all', undefined, ''],
    ['an empty list', [], ''],
    ['an empty object', {}, ''],
    ['a list of nothing', [null, undefined, {}], ''],
    ['an object with text', { text: 'a' }, 'a'],
  ])('are read from %s', (_, raw, cell) => {
    expect(held('text', raw)).toBe(cell);
  });

  it('are cleared with null', () => {
    expect(written('text', '')).toBeNull();
    expect(written('text', 'a')).toBe('a');
  });
});

describe('phone fields', () => {
  it.each([
    ['13800000000', '13800000000'],
    ['+8613800000000', '+8613800000000'],
    [' 0571 '.trim(), '0571'],
    [' 110 ', '110'],
    [13800000000, '13800000000'],
    ['', ''],
    ['+', '+'],
    ['1'.repeat(64), '1'.repeat(64)],
    [`+${'1'.repeat(63)}`, `+${'1'.repeat(63)}`],
  ])('take %s', (value, cell) => {
    expect(wanted('phone', value)).toBe(cell);
  });

  it.each([
    '138-0000-0000',
    '138 0000 0000',
    '+86 13800000000',
    '(0571) 88880000',
    '1３８００００００００',
    '86+138',
    '++86',
    'none',
    '1'.repeat(65),
    `+${'1'.repeat(64)}`,
    '138\u200b00000000',
  ])('refuse %s', (value) => {
    expect(wanted('phone', value)).toContain('is not a phone number');
  });

  it('say how to bring a number into form', () => {
    expect(wanted('phone', '138-0000-0000')).toBe(
      "bad: `138-0000-0000` is not a phone number (at most 64 digits, a plus before them) for f. Use REPLACE(REPLACE(c, ' ', ''), '-', '') in the query, or a text field.",
    );
    expect(wanted('phone', 1.38e25)).toContain('is not a phone number');
    expect(wanted('phone', bytes(1))).toContain('is bytes');
  });

  it('are read and cleared as text', () => {
    expect(held('phone', '+86138')).toBe('+86138');
    expect(written('phone', '+86138')).toBe('+86138');
    expect(written('phone', '')).toBeNull();
  });
});

describe('URL fields', () => {
  it.each([
    ['an address', 'https://example.com/a?b=c#d', 'https://example.com/a?b=c#d'],
    ['blanks around it', '  https://example.com \n', 'https://example.com'],
    ['words on the second line', 'https://example.com\n看这里', 'https://example.com\n看这里'],
    ['words that say nothing new', 'https://example.com\nhttps://example.com', 'https://example.com'],
    ['several lines of words', 'https://example.com\r\na\nb', 'https://example.com\na\nb'],
    ['an address without words', 'https://example.com\n \r\n', 'https://example.com'],
    ['an address without a scheme', 'example.com:8080/javascript:', 'example.com:8080/javascript:'],
    ['other schemes', 'mailto:a@example.com', 'mailto:a@example.com'],
    ['nothing', '', ''],
    ['nothing but blanks and lines', ' \r\n \n\t', ''],
  ])('take %s', (_, value, cell) => {
    expect(wanted('url', value)).toBe(cell);
  });

  it.each(['\n看这里', ' \n看这里', '\r\nhttps://example.com', '\n\n看这里', '\u00a0\n看'])(
    'refuse words without an address: %j',
    (value) => {
      expect(wanted('url', value)).toContain('has no address on its first line');
      expect(wanted('url', value)).toContain('NULLIF');
    },
  );

  it.each([
    'javascript:alert(1)',
    ' JavaScript:alert(1)\nwords',
    'java\tscript:alert(1)',
    '\u0001javascript:alert(1)',
    'vbscript:x',
    'data:text/html,<script>',
  ])('refuse what runs instead of leading somewhere: %j', (value) => {
    expect(wanted('url', value)).toContain('runs or shows what it holds');
  });

  it('refuse bytes, and what is too long, without advice to cut an address', () => {
    expect(wanted('url', bytes(1))).toContain('is bytes');
    const long = wanted('url', `https://example.com/${'x'.repeat(100_000)}`);
    expect(long).toContain('is longer than 100000 characters');
    expect(long).not.toContain('truncate');
  });

  it('always send both parts', () => {
    expect(written('url', 'https://example.com')).toEqual({
      link: 'https://example.com',
      text: 'https://example.com',
    });
    expect(written('url', 'https://example.com\na\nb')).toEqual({
      link: 'https://example.com',
      text: 'a\nb',
    });
    expect(written('url', '')).toBeNull();
  });

  it.each([
    ['both parts', { link: 'https://x.cn', text: '看' }, 'https://x.cn\n看'],
    ['the same twice', { link: 'https://x.cn', text: 'https://x.cn' }, 'https://x.cn'],
    ['a link without words', { link: 'https://x.cn' }, 'https://x.cn'],
    ['no words', { link: 'https://x.cn', text: '' }, 'https://x.cn'],
    ['words without a link', { text: '看' }, '\n看'],
    ['a plain string', 'https://x.cn', 'https://x.cn'],
    ['a list', [{ text: 'https://x.cn' }], 'https://x.cn'],
    ['nothing', null, ''],
    ['an empty object', {}, ''],
  ])('are read from %s', (_, raw, cell) => {
    expect(held('url', raw)).toBe(cell);
  });
});

describe('values of a private column', () => {
  it('are not shown in a reason', () => {
    expect(wanted('phone', '138-0000', { hidden: true })).toContain('`•••` is not a phone number');
    expect(wanted('text', 'secret'.repeat(20_000), { hidden: true })).not.toContain('secret');
  });
});
