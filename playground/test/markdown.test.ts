import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Block, type Inline, readInline, readMarkdown } from '../src/page/markdown.ts';

const wordsOf = (pieces: readonly Inline[]): string =>
  pieces
    .map((piece) => ('text' in piece ? piece.text : 'inside' in piece ? wordsOf(piece.inside) : ''))
    .join('');

describe('Markdown of cards', () => {
  it.each<[string, readonly Inline[]]>([
    [
      'a **b** c',
      [
        { kind: 'text', text: 'a ' },
        { kind: 'strong', inside: [{ kind: 'text', text: 'b' }] },
        { kind: 'text', text: ' c' },
      ],
    ],
    ['`**x**`', [{ kind: 'code', text: '**x**' }]],
    ['a &#42;&#42;b&#42;&#42; &lt;at id=all&gt;', [{ kind: 'text', text: 'a **b** <at id=all>' }]],
    [
      '\\*a\\*',
      [
        { kind: 'text', text: '*' },
        { kind: 'text', text: 'a' },
        { kind: 'text', text: '*' },
      ],
    ],
    ["<font color='red'>no</font>", [{ kind: 'font', color: 'red', inside: [{ kind: 'text', text: 'no' }] }]],
    ['<at id=ou_1></at>', [{ kind: 'at', id: 'ou_1' }]],
    [
      "<person id='ou_1' show_name=true show_avatar=false style='normal'></person>",
      [{ kind: 'person', id: 'ou_1' }],
    ],
    [
      '[a](https://example.com)',
      [{ kind: 'link', href: 'https://example.com', inside: [{ kind: 'text', text: 'a' }] }],
    ],
    ['1 * 2 * 3', [{ kind: 'text', text: '1 * 2 * 3' }]],
    ['a\nb', [{ kind: 'text', text: 'a' }, { kind: 'break' }, { kind: 'text', text: 'b' }]],
  ])('%s', (source, pieces) => expect(readInline(source)).toEqual(pieces));

  it.each(['[a](javascript:alert(1))', '<b>x</b>', '<script>', '<img src=x>', '[a](data:text/html,x)'])(
    'leaves %s as it is',
    (source) => expect(readInline(source)).toEqual([{ kind: 'text', text: source }]),
  );

  it('knows lists, code, rules, headings, quotes and tables', () => {
    const source = '# T\n- a\n- b\n1. c\n```\n<b>**\n```\n---\n> q\n| x | y |\n|---|---|\n| 1 | 2 |';
    expect(readMarkdown(source).map(({ kind }: Block) => kind)).toEqual(
      ['heading', 'list', 'list', 'code', 'rule', 'quote', 'table'].flatMap((kind, at) =>
        at === 2 ? [] : [kind],
      ),
    );
  });

  it('loses no letter of what is no mark', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom('a', ' ', '中', '<', '>', '(', ')', '!', '"') }),
        (source) => {
          expect(wordsOf(readInline(source))).toBe(source);
        },
      ),
    );
  });

  it('reads long hostile text in time', () => {
    for (const one of ['**', '<font color=red>', '[a](', '`', '*a', '~~'])
      expect(readMarkdown(one.repeat(2000))).toHaveLength(1);
  });
});
