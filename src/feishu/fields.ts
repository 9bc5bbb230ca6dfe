import { CallError } from '../sync/failure.ts';
import type { Field, FieldKind } from '../sync/field.ts';
import { oddAnswer } from './failure.ts';
import { list, shape, words } from './shape.ts';

/** Field types by number: https://open.feishu.cn/document/server-docs/docs/bitable-v1/app-table-field/guide */
const kinds: ReadonlyMap<number, FieldKind> = new Map([
  [1, 'text'],
  [2, 'number'],
  [3, 'select'],
  [4, 'multi'],
  [5, 'date'],
  [7, 'checkbox'],
  [11, 'person'],
  [13, 'phone'],
  [15, 'url'],
  [17, 'attachment'],
  [18, 'link'],
  [19, 'lookup'],
  [20, 'formula'],
  [21, 'link'],
  [22, 'location'],
  [23, 'group'],
  [24, 'stage'],
  [1001, 'created-time'],
  [1002, 'modified-time'],
  [1003, 'created-user'],
  [1004, 'modified-user'],
  [1005, 'auto-number'],
  [3001, 'button'],
]);

/** Reads one field of the field list. A type that is not known is `other`, and so cannot be written. */
export function fieldOf(item: unknown): Field {
  const one = shape(item);
  const id = words(one?.['field_id']);
  const name = one?.['field_name'];
  if (id === undefined || typeof name !== 'string') {
    throw new CallError(oddAnswer('a field without ID or name', 'unknown', false));
  }
  const property = shape(one?.['property']);
  const options = list(property?.['options'])
    ?.map((option) => shape(option)?.['name'])
    .filter((option) => typeof option === 'string');
  const kind = kinds.get(Number(one?.['type'])) ?? 'other';
  return {
    id,
    name,
    kind,
    look: words(one?.['ui_type']) ?? '',
    primary: one?.['is_primary'] === true,
    ...(options && (kind === 'select' || kind === 'multi') ? { options } : {}),
    ...limitsOf(property),
  };
}

/** What a field's property says of its values: how many a cell takes, of which table, within what range. */
function limitsOf(property: ReturnType<typeof shape>): Pick<Field, 'multiple' | 'linkTable' | 'min' | 'max'> {
  const { multiple, min, max } = property ?? {};
  const linkTable = words(property?.['table_id']);
  return {
    ...(typeof multiple === 'boolean' ? { multiple } : {}),
    ...(linkTable === undefined ? {} : { linkTable }),
    ...(typeof min === 'number' ? { min } : {}),
    ...(typeof max === 'number' ? { max } : {}),
  };
}
