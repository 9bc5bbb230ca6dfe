import type { ValueKind } from './kind.ts';
import { checkbox, date, location, number, phone, text, url } from './plain.ts';
import * as readonly from './readonly.ts';
import { attachment, duplexLink, group, singleLink, user } from './references.ts';
import { multiple, single } from './select.ts';

/** One field type: its number, its first `ui_type` and what is done with its values. */
interface TypeEntry {
  readonly type: number;
  readonly uiType: string;
  readonly kind: ValueKind;
}

/** https://open.feishu.cn/document/server-docs/docs/bitable-v1/app-table-field/guide */
const entries: readonly TypeEntry[] = [
  { type: 1, uiType: 'Text', kind: text },
  { type: 1, uiType: 'Barcode', kind: text },
  { type: 1, uiType: 'Email', kind: text },
  { type: 2, uiType: 'Number', kind: number },
  { type: 2, uiType: 'Currency', kind: number },
  { type: 2, uiType: 'Progress', kind: number },
  { type: 2, uiType: 'Rating', kind: number },
  { type: 3, uiType: 'SingleSelect', kind: single },
  { type: 4, uiType: 'MultiSelect', kind: multiple },
  { type: 5, uiType: 'DateTime', kind: date },
  { type: 7, uiType: 'Checkbox', kind: checkbox },
  { type: 11, uiType: 'User', kind: user },
  { type: 13, uiType: 'Phone', kind: phone },
  { type: 15, uiType: 'Url', kind: url },
  { type: 17, uiType: 'Attachment', kind: attachment },
  { type: 18, uiType: 'SingleLink', kind: singleLink },
  { type: 19, uiType: 'Lookup', kind: readonly.formula },
  { type: 20, uiType: 'Formula', kind: readonly.formula },
  { type: 21, uiType: 'DuplexLink', kind: duplexLink },
  { type: 22, uiType: 'Location', kind: location },
  { type: 23, uiType: 'GroupChat', kind: group },
  { type: 24, uiType: 'Stage', kind: readonly.stage },
  { type: 1001, uiType: 'CreatedTime', kind: readonly.createdTime },
  { type: 1002, uiType: 'ModifiedTime', kind: readonly.modifiedTime },
  { type: 1003, uiType: 'CreatedUser', kind: readonly.createdUser },
  { type: 1004, uiType: 'ModifiedUser', kind: readonly.modifiedUser },
  { type: 1005, uiType: 'AutoNumber', kind: readonly.autoNumber },
  { type: 3001, uiType: 'Button', kind: readonly.button },
];

const byType: ReadonlyMap<number, TypeEntry> = new Map(
  [...entries].reverse().map((entry): [number, TypeEntry] => [entry.type, entry]),
);

/** The values of a field type. Throws for a number that is no type. */
export function kindOf(type: number): ValueKind {
  const entry = byType.get(type);
  if (!entry) throw new Error(`${type} is no field type.`);
  return entry.kind;
}

/** Type number and `ui_type` from either of them. Throws for unknown ones. */
export function typeOf(type: number | string): { type: number; uiType: string } {
  const entry = typeof type === 'number' ? byType.get(type) : entries.find((one) => one.uiType === type);
  if (!entry)
    throw new Error(`${type} is no field type. Known: ${entries.map((one) => one.uiType).join(', ')}.`);
  return { type: entry.type, uiType: entry.uiType };
}
