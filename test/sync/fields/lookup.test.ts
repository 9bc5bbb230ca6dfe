import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ColumnRule, Definition } from '../../../src/sync/definition/definition.ts';
import type { Field } from '../../../src/sync/definition/field.ts';
import type { Lookup, Target } from '../../../src/sync/fields/column.ts';
import { keyOf, linkKeyField, linkKeys } from '../../../src/sync/fields/key.ts';
import { cellOf, membersIn } from '../../../src/sync/fields/kinds/sets.ts';
import { type Directory, lookupWords, resolver, wordsMost } from '../../../src/sync/fields/lookup.ts';
import { isMismatch, mapColumns } from '../../../src/sync/fields/mapping.ts';
import { text } from '../../../src/sync/words/text.ts';
import { zoneOf } from '../../../src/sync/words/zone.ts';
import { sampleDefinition } from '../../support/samples.ts';

const zone = zoneOf('Asia/Shanghai');

const target = (lookup?: Lookup, hidden = false): Target => ({
  id: 'fld1',
  name: '负责人',
  kind: lookup?.kind ?? 'text',
  hidden,
  ...(lookup ? { lookup } : {}),
});

const byEmail = (missing: Lookup['missing'] = 'reject'): Lookup => ({ kind: 'person', by: 'email', missing });
const byKey = (missing: Lookup['missing'] = 'reject'): Lookup => ({
  kind: 'link',
  table: 'tblC',
  by: '客户编号',
  missing,
});

const found = (ids: Readonly<Record<string, string>>, more: Partial<Directory> = {}): Directory => ({
  find: (word) => (Object.hasOwn(ids, word) ? ids[word] : undefined),
  called: (id) => Object.keys(ids).find((word) => ids[word] === id),
  isDoubled: () => false,
  ...more,
});

/** What becomes of one cell. */
function resolved(lookup: Lookup, directory: Directory, words: readonly string[], hidden = false) {
  const one = resolver([target(), target(lookup, hidden)], () => directory);
  const row = one?.row(['k', cellOf(words)]);
  return { row, notes: one?.notes() ?? [] };
}

describe('words become IDs', () => {
  const word = fc.string({ minLength: 1, maxLength: 12 });

  it('whatever the words, as the canonical set of their IDs', () => {
    fc.assert(
      fc.property(fc.array(word), (words) => {
        const ids = Object.fromEntries(words.map((one) => [one, `ou_${one.length}`]));
        const { row } = resolved(byEmail(), found(ids), words);
        expect(row).toEqual(['k', cellOf(words.map((one) => `ou_${one.length}`))]);
        expect(resolved(byEmail(), found(ids), [...words].reverse()).row).toEqual(row);
      }),
    );
  });

  it('or the row is rejected exactly when one of them names nobody; with "empty" it never is', () => {
    fc.assert(
      fc.property(fc.array(word), fc.array(word), (known, words) => {
        const ids = Object.fromEntries(known.map((one) => [one, `ou_${one}`]));
        const all = words.every((one) => known.includes(one));
        const { row } = resolved(byEmail(), found(ids), words);
        expect(row !== undefined && !('bad' in row)).toBe(all);
        const kept = words.filter((one) => known.includes(one)).map((one) => `ou_${one}`);
        expect(resolved(byEmail('empty'), found(ids), words).row).toEqual(['k', cellOf(kept)]);
      }),
    );
  });

  it('and no resolver is made where nothing is looked up', () => {
    expect(resolver([target(), target()], () => found({}))).toBeUndefined();
  });
});

describe('a word without a match', () => {
  it('is shown with the advice about the contact range', () => {
    const { row, notes } = resolved(byEmail(), found({}), ['a@x', 'b@x', 'c@x', 'd@x', 'y'.repeat(80)]);
    expect(row).toMatchObject({ field: '负责人' });
    const bad = row && 'bad' in row ? row.bad.bad : text('', '');
    expect(bad.en).toContain("`a@x` `b@x` `c@x` … is nobody's e-mail address for 负责人");
    expect(bad.zh).toContain('通讯录权限范围');
    expect(bad.en).not.toContain('yyy');
    expect(notes.map(({ zh }) => zh).join()).toContain('通讯录权限范围');
  });

  it('is masked in a private column', () => {
    for (const missing of ['reject', 'empty'] as const) {
      const said = JSON.stringify(resolved(byEmail(missing), found({}), ['secret@x'], true));
      expect(said).toContain('•••');
      expect(said).not.toContain('secret');
    }
  });

  it('is counted when it is left out', () => {
    const one = resolver([target(byKey('empty'))], () => found({ a: 'rec1' }));
    for (const words of [['a', 'b'], ['b'], ['a']]) one?.row([cellOf(words)]);
    expect(one?.notes().map(({ en }) => en)).toEqual([
      '2 values for 负责人 name no linked record and were left out: `b`',
    ]);
  });

  it('is not left out while there is doubt', () => {
    const doubt = text('（不确定）', ' (in doubt)');
    const { row } = resolved(byKey('empty'), found({}, { doubt }), ['b']);
    expect(row).toMatchObject({ bad: { bad: { en: expect.stringContaining('(in doubt)') } } });
  });

  it('has words of its own when it stands twice in the linked table', () => {
    const { row } = resolved(byKey(), found({}, { isDoubled: () => true }), ['b']);
    expect(row).toMatchObject({ bad: { bad: { en: expect.stringContaining('`b` stands twice') } } });
  });
});

describe('the records of a linked table', () => {
  const field = (kind: Field['kind'], name = '客户编号'): Field => ({
    id: 'fldK',
    name,
    kind,
    look: kind,
    primary: true,
  });

  it('are found by exactly the keys that one record has', () => {
    const key = fc.oneof(fc.string({ maxLength: 3 }), fc.constantFrom('é', 'e\u0301', ' a', 'a ', 'A'));
    fc.assert(
      fc.property(fc.array(key), key, (keys, word) => {
        const list = linkKeys(field('text'), zone);
        for (const [at, one] of keys.entries()) list.add(`rec${at}`, [{ type: 'text', text: one }]);
        const same = keys.flatMap((one, at) => (keyOf([one]) === keyOf([word]) ? [`rec${at}`] : []));
        const isEmpty = keyOf([word]) === '';
        expect(list.find(word)).toBe(same.length === 1 && !isEmpty ? same[0] : undefined);
        expect(list.isDoubled(word)).toBe(same.length > 1 && !isEmpty);
        expect(list.size).toBe(keys.length);
      }),
    );
  });

  it.each([
    ['number', 7, '7.00'],
    ['number', 0.5, '.5'],
    ['phone', '13800001111', ' 13800001111 '],
    ['select', '甲', '甲'],
    ['date', 1_767_196_800_000, '2026-01-01'],
    ['auto-number', 'NO.0007', 'NO.0007'],
    ['formula', [{ type: 'text', text: 'A-1' }], 'A-1'],
  ] as const)('by a %s field', (kind, raw, word) => {
    const list = linkKeys(field(kind), zone);
    list.add('rec1', raw);
    expect(list.find(word)).toBe('rec1');
    expect(list.find('something else')).toBeUndefined();
  });

  it('a record on two pages is one', () => {
    const list = linkKeys(field('text'), zone);
    list.add('rec1', 'a');
    list.add('rec1', 'a');
    expect([list.find('a'), list.size]).toEqual(['rec1', 1]);
    // Each read begins with a list of its own.
    const another = linkKeys(field('text'), zone);
    expect([another.find('a'), another.size]).toEqual([undefined, 0]);
  });

  it('need a field that can name them', () => {
    const lookup = byKey() as Extract<Lookup, { kind: 'link' }>;
    expect(linkKeyField([field('text')], lookup)).toMatchObject({ name: '客户编号' });
    expect(linkKeyField([field('text', '客户号')], lookup)).toMatchObject({ code: 'no-link-field' });
    expect(linkKeyField([field('attachment')], lookup)).toMatchObject({ code: 'no-link-kind' });
  });
});

describe('the words that a run looks up', () => {
  it('are each taken once, of people only', () => {
    const words = lookupWords([target(byEmail()), target(byKey()), target(byEmail('empty')), target()]);
    words.take([cellOf(['a', 'b']), cellOf(['c']), cellOf(['b', 'd']), 'text']);
    words.take(['', '', cellOf(['a', 'x'.repeat(400)]), '']);
    expect(words.all()).toEqual(new Map([['email', new Set(['a', 'b', 'd'])]]));
  });

  it('are too many at some point', () => {
    const words = lookupWords([target(byEmail())]);
    const many = Array.from({ length: wordsMost }, (_, at) => `${at}`);
    expect(words.take([cellOf(many)])).toBe(true);
    expect(words.take([cellOf(['one more'])])).toBe(false);
  });
});

describe('by in a definition', () => {
  const fields: Field[] = [
    { id: 'f1', name: '编号', kind: 'text', look: 'Text', primary: true },
    { id: 'f2', name: '人', kind: 'person', look: 'User', primary: false },
    { id: 'f3', name: '客户', kind: 'link', look: 'SingleLink', primary: false, linkTable: 'tblC' },
    { id: 'f4', name: '哪里', kind: 'link', look: 'SingleLink', primary: false },
  ];
  const map = (rules: Readonly<Record<string, ColumnRule>>, key = '编号') =>
    mapColumns(
      {
        key: [{ column: key, field: key }],
        mode: 'upsert',
        fields: rules,
        private: [],
        source: sampleDefinition.source,
      } as unknown as Definition,
      { columns: ['编号', ...Object.keys(rules)].map((name) => ({ name, type: 'text' })), fields },
      zone,
    );
  const codes = (rules: Readonly<Record<string, ColumnRule>>, key?: string) => {
    const mapping = map(rules, key);
    return isMismatch(mapping)
      ? mapping.map(({ code }) => code)
      : mapping.targets.map(({ lookup }) => lookup);
  };

  it('says what is looked up', () => {
    expect(codes({ 人: { by: 'mobile' }, 客户: { by: '客户编号', missing: 'empty' } })).toEqual([
      undefined,
      { kind: 'person', by: 'mobile', missing: 'reject' },
      { kind: 'link', table: 'tblC', by: '客户编号', missing: 'empty' },
    ]);
    expect(codes({ 人: { by: 'open_id' }, 客户: {} })).toEqual([undefined, undefined, undefined]);
  });

  it('is refused where it means nothing', () => {
    expect(codes({ 人: { by: 'e-mail' } })).toEqual(['no-look-up']);
    expect(codes({ 哪里: { by: '客户编号' } })).toEqual(['no-linked-table']);
    const onText = mapColumns(
      {
        key: [{ column: '编号', field: '编号' }],
        mode: 'upsert',
        fields: { 编号: { by: 'email' } },
        private: [],
        source: sampleDefinition.source,
      } as unknown as Definition,
      { columns: [{ name: '编号', type: 'text' }], fields },
      zone,
    );
    expect(onText).toMatchObject([{ code: 'no-look-up' }]);
  });

  it('cannot be said of a key', () => {
    expect(codes({ 人: { by: 'email' } }, '人')).toContain('no-key-kind');
  });

  it('reads words into the canonical set', () => {
    const mapping = map({ 人: { by: 'email', split: ';' } });
    if (isMismatch(mapping)) throw new Error('mismatch');
    const cells = mapping.wanted(['1', 'Eve@x.example; ada@x.example ;eve@x.example']);
    expect('bad' in cells ? cells : membersIn(cells[1] ?? '')).toEqual(['ada@x.example', 'eve@x.example']);
  });
});
