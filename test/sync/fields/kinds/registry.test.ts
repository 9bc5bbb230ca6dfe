import { describe, expect, it } from 'vitest';
import { fieldOf, newField } from '../../../../src/feishu/table/fields.ts';
import { typesTable } from '../../../../src/sync/fields/fits.ts';
import type { Kind } from '../../../../src/sync/fields/kinds/kind.ts';
import { type Kinds, kinds, writable } from '../../../../src/sync/fields/kinds/kinds.ts';
import { textKind } from '../../../../src/sync/fields/kinds/text.ts';
import { text } from '../../../../src/sync/words/text.ts';

const colour: Kind = {
  title: text('颜色', 'colour'),
  fields: text('颜色板', 'Palette'),
  values: text('十六进制', 'hex digits'),
  takes: ['bit'],
  feishu: { types: [99], look: 'Text' },
  ...{ wanted: textKind.wanted, held: textKind.held, written: textKind.written },
};

describe('a kind of field', () => {
  it('that is new stands in the tables of the READMEs, with the columns that it takes', () => {
    const more = { ...writable, colour } as Kinds;
    const table = typesTable('en-US', more);
    expect(table).toContain('| `colour` | Palette | hex digits |');
    expect(table).toMatch(/\| BIT \| [^|]*`colour`/);
    expect(table).not.toMatch(/\| JSON \| [^|]*`colour`/);
    expect(typesTable('zh-CN', more)).toContain('| `colour` | 颜色板 | 十六进制 |');
  });

  it.each([...kinds])('%s is read by each of its numbers, and made with the first', (word, { feishu }) => {
    for (const type of feishu.types)
      expect(fieldOf({ field_id: 'fld1', field_name: 'a', type })).toMatchObject({ kind: word });
    if (word === 'number' || word === 'date' || word === 'select' || word === 'multi' || word === 'link')
      return;
    expect(newField({ kind: word as 'text', name: 'a' })).toMatchObject({
      ...{ field_name: 'a', type: feishu.types[0], ui_type: feishu.look },
      ...(feishu.property && { property: feishu.property }),
    });
  });

  it('is refused by the type checker when something is not told, or when the registry lacks it', () => {
    const { takes: _, ...halfTold } = colour;
    // @ts-expect-error: nothing says what it takes
    const half: Kind = halfTold;
    const { text: _text, ...rest } = writable;
    // @ts-expect-error: text is missing
    const lacking: Kinds = rest;
    expect([half.title, lacking.number]).toEqual([colour.title, writable.number]);
  });
});
