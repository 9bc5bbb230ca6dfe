import { text } from '../../words/text.ts';
import type { Value } from '../column.ts';
import { type Bad, type Cell, isBad, isJsonNull, type Kind, type Place, unfit } from './kind.ts';
import { membersIn, setRules } from './sets.ts';
import { heldText, textKind } from './text.ts';

/** Options that one cell of a multiple select holds. https://open.feishu.cn/document/platform-notices/breaking-change/base-add-record-limit-checking-rules */
export const optionsPerCell = 1_000;

export const selectKind: Kind = {
  title: text('单选', 'select'),
  fields: text('单选', 'Single select'),
  values: text(
    '选项名；没有的选项会新建，除非 `options: reject`',
    'the option’s name; new ones are created unless `options: reject`',
  ),
  takes: ['integer', 'decimal', 'float', 'bit', 'date', 'datetime', 'timestamp', 'time', 'year'],
  heeds: ['options'],
  canBeKey: true,
  feishu: { types: [3], look: 'SingleSelect' },
  wanted: (place) => {
    const known = knownOptions(place);
    const read = textKind.wanted(place);
    return (value) => {
      const name = read(value);
      return known && !isBad(name) && name !== '' && !known.has(name) ? noOption(place, name) : name;
    };
  },
  held: heldText,
  written: (cell) => (cell === '' ? null : cell),
};

/** A multiple select: a set of option names. */
export const multiKind: Kind = {
  title: text('多选', 'multiple select'),
  fields: text('多选', 'Multiple select'),
  values: text(
    '一个选项名、JSON 数组、SET，或用 `split` 拆开；不计顺序；最多 1,000 个',
    'one name, a JSON array, a SET, or several with `split`; order does not count; at most 1,000',
  ),
  takes: [
    'integer',
    'decimal',
    'float',
    'bit',
    'set',
    'json',
    'date',
    'datetime',
    'timestamp',
    'time',
    'year',
  ],
  heeds: ['split', 'options'],
  feishu: { types: [4], look: 'MultiSelect' },
  ...setRules({
    most: optionsPerCell,
    noun: text('选项', 'options'),
    member(place) {
      const known = knownOptions(place);
      return (name) => (known && name !== '' && !known.has(name) ? noOption(place, name) : name);
    },
    held: heldText,
    written: (name) => name,
  }),
};

/** The options that there are, where the column's rule forbids new ones. */
const knownOptions = ({ rule, field }: Place): ReadonlySet<string> | undefined =>
  rule.options === 'reject' ? new Set(field.options ?? []) : undefined;

const noOption = (place: Place, name: string): Bad =>
  unfit(place, name, {
    zh: '没有这个选项（定义不允许新建选项）',
    en: 'is no option (the definition allows no new ones)',
  });

/** The option names in a canonical cell of a select field. */
export const optionsIn = (kind: 'select' | 'multi', cell: Cell): readonly string[] =>
  kind === 'multi' ? membersIn(cell) : cell === '' ? [] : [cell];

const words: ReadonlyMap<string, Cell> = new Map([
  ['1', 'true'],
  ['0', ''],
  ['true', 'true'],
  ['false', ''],
  ['', ''],
]);

/** Checkboxes. One that was never touched is false, so false and empty are one: `''`. */
export const checkboxKind: Kind = {
  title: text('复选框', 'checkbox'),
  fields: text('复选框', 'Checkbox'),
  values: text(
    '0、1、true、false；空即 false；其他写法用 `map`',
    '0, 1, true, false; empty is false; `map` other words',
  ),
  takes: ['integer', 'decimal', 'float', 'bit', 'json'],
  feishu: { types: [7], look: 'Checkbox' },
  wanted: (place) => (value) => flagOf(place, value),
  held: (raw) => (raw === true || raw === 'true' ? 'true' : ''),
  written: (cell) => cell === 'true',
};

function flagOf(place: Place, value: Exclude<Value, null>): Cell | Bad {
  const written = String(value).trim();
  if (isJsonNull(place, written)) return '';
  // A DECIMAL writes its places out: 1.00.
  const word = words.get(written.toLowerCase().replace(/\.0+$/, ''));
  return word ?? unfit(place, value instanceof Uint8Array ? value : written, noFlag);
}

const noFlag = {
  zh: '只接受 0、1、true、false',
  en: 'is not 0, 1, true or false',
  advice: text(
    '其他写法请在定义里用 map，如 map: { 是: true, 否: false }；是数字就用数字字段（as: number）。',
    'Say map in the definition for other words, such as map: { yes: true, no: false }; for numbers use a number field (as: number).',
  ),
};
