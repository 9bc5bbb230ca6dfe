import type { Field } from '../definition/field.ts';
import type { Problem } from '../words/problem.ts';
import { listed, nearest, text } from '../words/text.ts';
import type { Zone } from '../words/zone.ts';
import type { Lookup } from './column.ts';
import { type Key, keyOf } from './key.ts';
import { isBad } from './kinds/kind.ts';
import { canBeKey, filledKeyKinds, kindOf, kinds } from './kinds/kinds.ts';

/** Makes an empty list of a linked table's records; a word is compared as the naming field's kind reads it. */
export function linkKeys(field: Field, zone: Zone) {
  const kind = kindOf(field.kind);
  const column = { name: field.name, type: 'any' as const };
  const read = kinds.get(field.kind)?.wanted({ column, field, rule: {}, zone, hidden: true });
  const records = new Map<Key, string>();
  const doubled = new Set<Key>();
  const ids = new Set<string>();

  function keyOfWord(word: string): Key {
    const cell = read ? read(word) : word;
    return isBad(cell) ? '' : keyOf([cell]);
  }

  return {
    /** Adds a record; one that was read before changes nothing. @param raw the naming field's cell as read */
    add(id: string, raw: unknown): void {
      if (ids.has(id)) return;
      ids.add(id);
      const key = raw === undefined || raw === null ? '' : keyOf([kind?.held(raw) ?? '']);
      if (key === '') return;
      if (records.has(key)) doubled.add(key);
      else records.set(key, id);
    },
    clear(): void {
      records.clear();
      doubled.clear();
      ids.clear();
    },
    find(word: string): string | undefined {
      const key = keyOfWord(word);
      return doubled.has(key) ? undefined : records.get(key);
    },
    isDoubled: (word: string): boolean => doubled.has(keyOfWord(word)),
    /** The word of a record; searches. */
    called: (id: string): string | undefined => [...records].find(([, record]) => record === id)?.[0],
    get size(): number {
      return ids.size;
    },
  };
}

/** Finds the field of a linked table that names its records, or says why it cannot. */
export function linkKeyField(
  fields: readonly Field[],
  { by }: Extract<Lookup, { kind: 'link' }>,
): Field | Problem {
  const field = fields.find(({ name }) => name === by);
  if (!field) {
    const near = nearest(
      by,
      fields.map(({ name }) => name),
    );
    const names = listed(near.length > 0 ? near : fields.slice(0, 20).map(({ name }) => name));
    return {
      code: 'no-link-field',
      where: 'by',
      message: text(`关联的数据表里没有字段「${by}」`, `the linked table has no field "${by}"`),
      cure: text(
        `by 要写关联表里的字段名：${names.zh}`,
        `Let by name a field of the linked table: ${names.en}.`,
      ),
    };
  }
  if (canBeKey(field.kind) || filledKeyKinds.has(field.kind)) return field;
  return {
    code: 'no-link-kind',
    where: 'by',
    message: text(
      `关联表的字段「${by}」（${field.look}）不能用来找记录`,
      `the linked table's field "${by}" (${field.look}) cannot be used to find records`,
    ),
    cure: text(
      '用文本、数字、电话、日期、单选、自动编号或公式字段。',
      'Use a text, number, phone, date, single-select, auto-number or formula field.',
    ),
  };
}
