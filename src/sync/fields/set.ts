import type { Text } from '../words/text.ts';
import { type Bad, type Cell, isBad, isJsonNull, type Kind, type Place, unfit } from './kinds/kind.ts';
import { plainText } from './kinds/text.ts';
import type { Value } from './value.ts';

/** What sets one kind of field apart from the others whose cells hold several values without order. */
export interface SetRules {
  /** Members that one cell takes. */
  readonly most: number;
  /** What the members are called. */
  readonly noun: Text;
  /** Makes the check of one word of the source: the member that it means (`''` for none), or why not. */
  member(place: Place): (word: string) => string | Bad;
  /** The list in a cell as read, where it is not the cell itself. */
  items?(raw: unknown): unknown;
  /** The member in one item of a cell as read; `''` for none. */
  held(item: unknown): string;
  /** What people call the member in one item of a cell as read; `''` where Feishu does not say. */
  name?(item: unknown): string;
  /** A member as a write call takes it. */
  written(member: string): unknown;
}

/** Makes a kind whose cells are sets, compared without order or doubles. Canonical: the sorted JSON array. */
export const setKind = (rules: SetRules): Kind => ({
  ...namesBy(rules),
  wanted: (place) => {
    const most = place.field.multiple === false ? 1 : rules.most;
    const member = rules.member(place);
    return (value) => {
      const words = wordsIn(place, value);
      if (isNo(words)) return words;
      const members: string[] = [];
      for (const word of words) {
        const one = member(word);
        if (isBad(one)) return one;
        members.push(one);
      }
      const size = new Set(members.filter((one) => one !== '')).size;
      return size > most ? tooMany(place, value, rules.noun, size, most) : cellOf(members);
    };
  },
  held(raw) {
    const items = rules.items ? rules.items(raw) : raw;
    return cellOf((Array.isArray(items) ? items : [items]).map(rules.held));
  },
  written: (cell) => (cell === '' ? null : membersIn(cell).map(rules.written)),
});

function namesBy({ held, name }: SetRules): Pick<Kind, 'names'> {
  if (!name) return {};
  return {
    *names(raw) {
      for (const item of Array.isArray(raw) ? raw : []) {
        const words = name(item);
        if (words !== '') yield [held(item), words];
      }
    },
  };
}

/** The canonical cell of a set: doubles and empty members count for nothing. */
export function cellOf(members: Iterable<string>): Cell {
  const set = [...new Set(members)].filter((member) => member !== '').sort();
  return set.length === 0 ? '' : JSON.stringify(set);
}

/** The members in a canonical cell of a set. */
export const membersIn = (cell: Cell): readonly string[] =>
  cell === '' ? [] : (JSON.parse(cell) as readonly string[]);

/** A member of an object as text, for items such as `{id}`. */
export function idIn(item: unknown, name: string): string {
  if (typeof item !== 'object' || item === null) return '';
  const id = (item as Readonly<Record<string, unknown>>)[name];
  return typeof id === 'string' ? id : '';
}

/** Checks that every word has the look of an ID; blanks around it go. */
export const looking =
  (pattern: RegExp, zh: string, en: string, advice?: Text) =>
  (place: Place) =>
  (word: string): string | Bad => {
    const trimmed = word.trim();
    return trimmed === '' || pattern.test(trimmed) ? trimmed : unfit(place, trimmed, zh, en, advice);
  };

const isNo = (words: readonly string[] | Bad): words is Bad => 'bad' in words;

const tooMany = (place: Place, value: unknown, noun: Text, size: number, most: number): Bad =>
  unfit(
    place,
    value,
    `最多 ${most} 个${noun.zh}，现有 ${size} 个`,
    `has ${size} ${noun.en}, too many (at most ${most})`,
  );

/** A SET column is split at commas, another where its rule says so; a JSON array gives its members. */
function wordsIn(place: Place, value: Exclude<Value, null>): readonly string[] | Bad {
  const whole = plainText(place, value);
  if (isBad(whole)) return whole;
  const separator = place.rule.split ?? (place.column.type === 'set' ? ',' : undefined);
  if (separator !== undefined) return whole.split(separator).map((word) => word.trim());
  const isJson = place.column.type === 'json';
  if (!isJson && !whole.startsWith('[')) return [whole];
  const parsed = parse(whole);
  if (parsed === undefined) return [whole];
  if (isJsonNull(place, whole)) return [];
  const members: readonly unknown[] = Array.isArray(parsed) ? parsed : [parsed];
  if (members.some((member) => typeof member === 'object' && member !== null)) {
    return unfit(place, value, '只接受一层的 JSON 数组', 'is not a flat JSON array', nested);
  }
  return members.map((member) => (member === null ? '' : String(member)));
}

const nested: Text = {
  zh: "请在查询里取出值，如 JSON_EXTRACT(列, '$[*].name')，或用 GROUP_CONCAT(列) 并在定义里写 split: ','。",
  en: "Take the values out in the query, such as JSON_EXTRACT(column, '$[*].name'), or use GROUP_CONCAT(column) and say split: ',' in the definition.",
};

/** A string of JSON, or a number outside of one. */
const token = /"(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*/g;

/** Reads JSON with its numbers as the digits that they are: an ID of 20 digits keeps them all. */
function parse(source: string): unknown {
  try {
    JSON.parse(source);
    return JSON.parse(source.replace(token, (found) => (found.startsWith('"') ? found : `"${found}"`)));
  } catch {
    return undefined;
  }
}
