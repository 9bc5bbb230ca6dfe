import type { Client } from '@larksuiteoapi/node-sdk';
import { digitsShown, type NewField } from '../sync/schema.ts';

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
