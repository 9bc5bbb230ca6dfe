import type { Client } from '@larksuiteoapi/node-sdk';
import type { Field, FieldKind } from '../../sync/definition/field.ts';
import type { Look } from '../../sync/fields/kinds/kind.ts';
import { kinds, writable } from '../../sync/fields/kinds/kinds.ts';
import { digitsShown, type NewField } from '../../sync/fields/schema.ts';
import { odd } from '../calls/failure.ts';
import { list, shape, words } from '../calls/http.ts';

/** Fields that only Feishu fills, by number: https://open.feishu.cn/document/server-docs/docs/bitable-v1/app-table-field/guide */
const readOnly: readonly (readonly [number, FieldKind])[] = [
  [19, 'lookup'],
  [20, 'formula'],
  [24, 'stage'],
  [1001, 'created-time'],
  [1002, 'modified-time'],
  [1003, 'created-user'],
  [1004, 'modified-user'],
  [1005, 'auto-number'],
  [3001, 'button'],
];

const byNumber: ReadonlyMap<number, FieldKind> = new Map([
  ...readOnly,
  ...[...kinds].flatMap(([word, { feishu }]) => feishu.types.map((type) => [type, word] as const)),
]);

/** Reads one field of the field list. A type that is not known is `other`, and so cannot be written. */
export function fieldOf(item: unknown): Field {
  const one = shape(item);
  const id = words(one?.['field_id']);
  const name = one?.['field_name'];
  if (id === undefined || typeof name !== 'string') {
    throw odd('a field without ID or name');
  }
  const property = shape(one?.['property']);
  const options = list(property?.['options'])
    ?.map((option) => shape(option)?.['name'])
    .filter((option) => typeof option === 'string');
  const kind = byNumber.get(Number(one?.['type'])) ?? 'other';
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

type FieldBody = NonNullable<Parameters<Client['bitable']['appTableField']['create']>[0]>['data'];
type Property = NonNullable<FieldBody['property']>;

/** A field as the calls take it that create fields and tables. */
export interface FieldSent extends Pick<FieldBody, 'field_name' | 'type'> {
  readonly ui_type: Look;
  readonly property?: Property;
}

/** Writes a field that is to be created. */
export function newField(field: NewField): FieldSent {
  const { types, look } = writable[field.kind].feishu;
  const property = propertyOf(field);
  return { field_name: field.name, type: types[0], ui_type: look, ...(property && { property }) };
}

/** Fields without a property must be sent without one: an empty object is refused for some of them. */
function propertyOf(field: NewField): Property | undefined {
  if (field.kind === 'number')
    return { formatter: field.digits === 0 ? '0' : `0.${'0'.repeat(Math.min(field.digits, digitsShown))}` };
  if (field.kind === 'date')
    return { date_formatter: field.time ? 'yyyy-MM-dd HH:mm' : 'yyyy-MM-dd', auto_fill: false };
  if (field.kind === 'select' || field.kind === 'multi')
    return { options: field.options.map((name) => ({ name })) };
  return writable[field.kind].feishu.property;
}
