import type { FieldKind, WritableKind } from '../../definition/field.ts';
import { attachmentKind } from './attachment.ts';
import { checkboxKind } from './checkbox.ts';
import { dateKind } from './date.ts';
import { type Filled, filledKind } from './formula.ts';
import { groupKind } from './group.ts';
import type { Kind } from './kind.ts';
import { linkKind } from './link.ts';
import { locationKind } from './location.ts';
import { numberKind } from './number.ts';
import { personKind } from './person.ts';
import { phoneKind } from './phone.ts';
import { multiKind, selectKind } from './select.ts';
import { textKind } from './text.ts';
import { urlKind } from './url.ts';

/** The kinds of field that a sync writes, each with its reading and writing. */
export const kinds: ReadonlyMap<FieldKind, Kind> = new Map<WritableKind, Kind>([
  ['text', textKind],
  ['number', numberKind],
  ['select', selectKind],
  ['multi', multiKind],
  ['date', dateKind],
  ['checkbox', checkboxKind],
  ['phone', phoneKind],
  ['url', urlKind],
  ['person', personKind],
  ['group', groupKind],
  ['location', locationKind],
  ['link', linkKind],
  ['attachment', attachmentKind],
]);

/** The kinds whose values can name a row. */
export const keyKinds: ReadonlySet<FieldKind> = new Set<FieldKind>([
  'text',
  'number',
  'phone',
  'date',
  'select',
]);

/** Kinds that only Feishu fills, and whose values can name a row where no row is created: in mode `update`. */
export const filledKeyKinds: ReadonlySet<FieldKind> = new Set<FieldKind>(['auto-number', 'formula']);

/** How a field's cells are read and compared, whether or not a sync may write them. */
export const kindOf = (kind: FieldKind, filled?: Filled): Kind | undefined =>
  kinds.get(kind) ?? (filledKeyKinds.has(kind) ? filledKind(filled) : undefined);
