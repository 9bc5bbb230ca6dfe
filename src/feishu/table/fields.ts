import type { Client } from '@larksuiteoapi/node-sdk';
import type { Field, FieldKind } from '../../sync/definition/field.ts';
import { digitsShown, type NewField } from '../../sync/fields/schema.ts';
import { odd } from '../calls/failure.ts';
import { list, shape, words } from '../calls/shape.ts';

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
    throw odd('a field without ID or name');
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

type FieldBody = NonNullable<Parameters<Client['bitable']['appTableField']['create']>[0]>['data'];
type Property = NonNullable<FieldBody['property']>;
type UiType = 'Text' | 'Number' | 'SingleSelect' | 'MultiSelect' | 'DateTime' | 'Checkbox' | 'User';

/** A field as the calls take it that create fields and tables. */
export interface FieldSent {
  readonly field_name: string;
  readonly type: number;
  readonly ui_type: UiType | 'GroupChat' | 'Phone' | 'Url' | 'Attachment' | 'Location';
  readonly property?: Property;
}

type Kind = NewField['kind'];

/** Types by kind: https://open.feishu.cn/document/server-docs/docs/bitable-v1/app-table-field/guide */
const types: Readonly<Record<Kind, readonly [type: number, uiType: FieldSent['ui_type']]>> = {
  text: [1, 'Text'],
  number: [2, 'Number'],
  select: [3, 'SingleSelect'],
  multi: [4, 'MultiSelect'],
  date: [5, 'DateTime'],
  checkbox: [7, 'Checkbox'],
  person: [11, 'User'],
  phone: [13, 'Phone'],
  url: [15, 'Url'],
  attachment: [17, 'Attachment'],
  location: [22, 'Location'],
  group: [23, 'GroupChat'],
};

/** Writes a field that is to be created. */
export function newField(field: NewField): FieldSent {
  const [type, uiType] = types[field.kind];
  const property = propertyOf(field);
  return { field_name: field.name, type, ui_type: uiType, ...(property && { property }) };
}

/** Fields without a property must be sent without one: an empty object is refused for some of them. */
function propertyOf(field: NewField): Property | undefined {
  switch (field.kind) {
    case 'number':
      return { formatter: field.digits === 0 ? '0' : `0.${'0'.repeat(Math.min(field.digits, digitsShown))}` };
    case 'date':
      return { date_formatter: field.time ? 'yyyy-MM-dd HH:mm' : 'yyyy-MM-dd', auto_fill: false };
    case 'select':
    case 'multi':
      return { options: field.options.map((name) => ({ name })) };
    case 'person':
    case 'group':
      return { multiple: true };
    case 'location':
      return { location: { input_type: 'not_limit' } };
    case 'text':
    case 'checkbox':
    case 'phone':
    case 'url':
    case 'attachment':
      return undefined;
  }
}
