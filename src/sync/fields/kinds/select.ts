import { text } from '../../words/text.ts';
import { membersIn, setKind } from '../set.ts';
import { type Bad, type Cell, isBad, type Kind, type Place, unfit } from './kind.ts';
import { heldText, textKind } from './text.ts';

/** Options that one cell of a multiple select holds. https://open.feishu.cn/document/platform-notices/breaking-change/base-add-record-limit-checking-rules */
export const optionsPerCell = 1_000;

/** A single select: the option's name. */
export const selectKind: Kind = {
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
export const multiKind: Kind = setKind({
  most: optionsPerCell,
  noun: text('选项', 'options'),
  member(place) {
    const known = knownOptions(place);
    return (name) => (known && name !== '' && !known.has(name) ? noOption(place, name) : name);
  },
  held: heldText,
  written: (name) => name,
});

/** The options that there are, where the column's rule forbids new ones. */
const knownOptions = ({ rule, field }: Place): ReadonlySet<string> | undefined =>
  rule.options === 'reject' ? new Set(field.options ?? []) : undefined;

const noOption = (place: Place, name: string): Bad =>
  unfit(
    place,
    name,
    '没有这个选项（定义不允许新建选项）',
    'is no option (the definition allows no new ones)',
  );

/** The option names in a canonical cell of a select field. */
export const optionsIn = (kind: 'select' | 'multi', cell: Cell): readonly string[] =>
  kind === 'multi' ? membersIn(cell) : cell === '' ? [] : [cell];
