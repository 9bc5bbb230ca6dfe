import type { Field } from '../definition/field.ts';
import type { Problem } from '../words/problem.ts';
import { listed, nearest, text } from '../words/text.ts';
import type { Zone } from '../words/zone.ts';
import type { Lookup } from './column.ts';
import { type Cell, isBad } from './kinds/kind.ts';
import { canBeKey, filledKeyKinds, kindOf, kinds } from './kinds/kinds.ts';

/** The text that names a row on both sides; `''` when any of its parts is empty. */
export type Key = string;

/**
 * Makes the key of a row from its canonical key cells, the same for query, table and ledger. Blanks at the ends do not
 * count, composed and decomposed characters are one (NFC), case counts. Lengths keep lists of parts apart.
 */
export function keyOf(parts: readonly Cell[]): Key {
  const [only] = parts;
  if (parts.length === 1 && only !== undefined) return normal(only);
  const normals = parts.map(normal);
  return normals.includes('') ? '' : normals.map((part) => `${part.length}:${part}`).join('');
}

const ascii = /^[!-~]*$/;

/** One part of a key as it is compared: without blanks at its ends, composed. */
export const normal = (part: Cell): string => (ascii.test(part) ? part : part.trim().normalize('NFC'));

/** Shows a key to people: its parts with a stroke between them, without the lengths; see {@link visible}. */
export const showKey = (key: Key, parts: number): string => showParts(partsOf(key, parts));

/** Shows the parts of a key as they are written, before they are made alike. */
export const showParts = (parts: readonly string[]): string => parts.map(visible).join(' / ');

function partsOf(key: Key, parts: number): readonly string[] {
  if (parts === 1) return [key];
  const found: string[] = [];
  for (let at = 0; at < key.length; ) {
    const colon = key.indexOf(':', at);
    const end = colon + 1 + Number(key.slice(at, colon));
    found.push(key.slice(colon + 1, end));
    at = end;
  }
  return found;
}

const blank = '␠';
/** What looks like a plain blank or like nothing; joiners and tags that make up emoji aside. */
const unseen =
  /[\p{Cc}\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u115f\u1160\u3164\uffa0]|(?![\u200d\u{e0020}-\u{e007f}])\p{Cf}|\u200d(?!\p{Extended_Pictographic})/gu;
/** A letter with its marks, or a run of letters that Hangul syllables are composed of. */
const letters = /[\u1100-\u11ff]+|\P{M}\p{M}*|\p{M}+/gu;

/**
 * Makes visible what nobody would see in a text: blanks at its ends as ␠, other blanks, controls, unseen marks and
 * letters that are not composed as ⟨U+00A0⟩.
 */
export function visible(part: string): string {
  if (ascii.test(part)) return part;
  const inner = part.trim();
  const from = part.indexOf(inner);
  const composed = inner.normalize('NFC') === inner ? inner : inner.replace(letters, uncomposed);
  return (
    blanks(part.slice(0, from)) + composed.replace(unseen, codesOf) + blanks(part.slice(from + inner.length))
  );
}

const blanks = (run: string): string =>
  Array.from(run, (one) => (one === ' ' ? blank : codesOf(one))).join('');

const uncomposed = (letter: string): string =>
  letter.normalize('NFC') === letter ? letter : codesOf(letter);

const codesOf = (letter: string): string =>
  `⟨${Array.from(letter, (one) => `U+${(one.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}`).join(' ')}⟩`;

const shownCodes = /⟨(U\+[0-9A-F]{4,5}(?: U\+[0-9A-F]{4,5})*)⟩/gu;

/** Undoes {@link visible}, for a key that somebody copied from a list. */
export const unveiled = (shown: string): string =>
  shown
    .replaceAll(blank, ' ')
    .replace(shownCodes, (_, codes: string) =>
      String.fromCodePoint(...codes.split(' ').map((code) => Number.parseInt(code.slice(2), 16))),
    );

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
    find(word: string): string | undefined {
      const key = keyOfWord(word);
      return doubled.has(key) ? undefined : records.get(key);
    },
    isDoubled: (word: string): boolean => doubled.has(keyOfWord(word)),
    /** The word of a record; searches. */
    called: (id: string): string | undefined => [...records].find(([, record]) => record === id)?.[0],
    has: (id: string): boolean => ids.has(id),
    get size(): number {
      return ids.size;
    },
    /** Different words that name records. */
    get words(): number {
      return records.size;
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
