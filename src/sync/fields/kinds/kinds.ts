import type { FieldKind, WritableKind } from '../../definition/field.ts';
import type { Filled } from '../column.ts';
import { checkboxKind, multiKind, selectKind } from './choices.ts';
import { dateKind } from './date.ts';
import { filledKind } from './formula.ts';
import type { CellRules, Kind } from './kind.ts';
import { locationKind } from './location.ts';
import { numberKind } from './number.ts';
import { attachmentKind, groupKind, linkKind, personKind } from './sets.ts';
import { phoneKind, textKind, urlKind } from './text.ts';

/** Kinds by the word that definitions use. A new one is its object, its word in `field.ts` and its line here. */
export type Kinds = Readonly<Record<WritableKind, Kind>>;

/** The kinds of field that a sync writes. */
export const writable: Kinds = {
  text: textKind,
  number: numberKind,
  date: dateKind,
  checkbox: checkboxKind,
  select: selectKind,
  multi: multiKind,
  phone: phoneKind,
  url: urlKind,
  person: personKind,
  group: groupKind,
  location: locationKind,
  link: linkKind,
  attachment: attachmentKind,
};

/** The same, to be asked for any field. */
export const kinds: ReadonlyMap<FieldKind, Kind> = new Map(
  Object.entries(writable) as [WritableKind, Kind][],
);

/** Kinds that only Feishu fills, and whose values can name a row where no row is created: in mode `update`. */
export const filledKeyKinds: ReadonlySet<FieldKind> = new Set<FieldKind>(['auto-number', 'formula']);

/** Whether values of a kind of field can name a row. */
export const canBeKey = (kind: FieldKind): boolean => kinds.get(kind)?.canBeKey === true;

/** Whether a cell of such a field holds several values. */
export const holdsSeveral = (kind: FieldKind): boolean => kinds.get(kind)?.heeds?.includes('split') === true;

/** How a field's cells are read and compared, whether or not a sync may write them. */
export const kindOf = (kind: FieldKind, filled?: Filled): CellRules | undefined =>
  kinds.get(kind) ?? (filledKeyKinds.has(kind) ? filledKind(filled) : undefined);
