import type { Definition } from '../definition/definition.ts';
import type { Field, FieldKind } from '../definition/field.ts';
import type { Problem } from '../words/problem.ts';
import { nearest, type Text, text, visible } from '../words/text.ts';
import type { Column, Homeless, KnownField, Pair } from './column.ts';
import { refusal } from './fits.ts';
import { canBeKey, filledKeyKinds, kinds } from './kinds/kinds.ts';

/** Says that a name belongs to another field than before. */
export const twoFields = (name: string, old: Field): Problem => ({
  code: 'two-fields',
  message: text(
    `「${name}」现在是另一个字段；以前写入的那个改名成了「${old.name}」`,
    `"${name}" is another field now; the one written before is called "${old.name}"`,
  ),
  cure: text(
    `在定义的 fields 里写清楚：{ to: ${old.name} } 或删掉、改回其中一个字段。`,
    `Say which one in the definition's fields ({ to: ${old.name} }), or delete or rename one of the two.`,
  ),
});

export const renamed = (name: string, field: Field): Text =>
  text(
    `字段「${name}」在表格里改名为「${field.name}」，照常写入；请更新定义。`,
    `The field "${name}" was renamed to "${field.name}" in the table and is written as before; please update the definition.`,
  );

export const retyped = (was: KnownField, field: Field): Text =>
  text(
    `字段「${field.name}」的类型从 ${was.kind} 变成了 ${field.kind}。`,
    `The type of the field "${field.name}" changed from ${was.kind} to ${field.kind}.`,
  );

export const vanished = ({ column, name }: KnownField): Text =>
  text(
    `查询不再有「${column}」这一列；字段「${name}」里的内容保持不变。`,
    `The query has no column "${column}" any more; the field "${name}" keeps what it holds.`,
  );

const quoted = (list: readonly Homeless[]): Text => {
  const names = [...new Set(list.map(({ to }) => visible(to)))];
  return text(names.map((name) => `「${name}」`).join(''), names.map((name) => `"${name}"`).join(', '));
};

/** Says which fields the table lacks, if any; `free`: its fields that no column goes to. */
export function missingFields(list: readonly Homeless[], free: readonly Field[]): Problem[] {
  if (list.length === 0) return [];
  const names = quoted(list);
  const meant = meantFields(list, free);
  const message = text(`表格里没有这些字段：${names.zh}`, `the table has no fields ${names.en}`);
  const cure = text(
    `${meant.zh}在定义里写 create: fields 让同步新建它们，或在多维表格里自己新建（名称完全一致），或在定义的 fields 里写 skip / to。`,
    `${meant.en}Say create: fields in the definition to have them created, create them in the table (exactly these names), or say skip or to in the definition’s fields.`,
  );
  return [{ code: lacksFields, message, cure }];
}

/** Fields of the table that may have been meant: written in another case, with other brackets, with a slip. */
function meantFields(list: readonly Homeless[], free: readonly Field[]): Text {
  const rules = list.flatMap(({ column, to }) => {
    const [near] = nearest(
      to,
      free.map(({ name }) => name),
    );
    return near === undefined ? [] : [`${JSON.stringify(column.name)}: { to: ${JSON.stringify(near)} }`];
  });
  if (rules.length === 0) return text('', '');
  const all = `fields: { ${[...new Set(rules)].join(', ')} }`;
  return text(
    `名字相近的字段可以这样对应：${all}。否则`,
    `Where fields of similar names are meant, write ${all}. Else: `,
  );
}

/** Says which fields were written before and are not there any more, as far as the app sees. */
export function goneFields(list: readonly Homeless[]): Problem[] {
  if (list.length === 0) return [];
  const { zh, en } = quoted(list);
  const message = text(
    `以前写入的字段不见了（被删除，或应用没有权限看到）：${zh}`,
    `fields that were written before are gone, deleted or hidden from the app: ${en}`,
  );
  const cure = text(
    '在多维表格里撤销删除或新建同名字段，或在定义的 fields 里写 skip；如果开启了高级权限，请给应用一个能查看全部字段的角色。',
    'Undo the deletion or create fields of these names in the table, or say skip in the definition’s fields. With advanced permissions on, give the app a role that sees all fields.',
  );
  return [{ code: lostFields, message, cure }];
}

/** The codes of problems that creating fields solves. */
export const lacksFields = 'no-such-field';
export const lostFields = 'field-gone';

/** Lists rules of the definition that are about no column of the query. */
export function unknownRules({ fields: rules }: Definition, columns: readonly Column[]): Problem[] {
  const names = columns.map(({ name }) => name);
  return Object.keys(rules).flatMap((name) => noColumn('fields', name, names));
}

/** Lists private columns that are neither a column nor a field: their values would be shown, and nobody told. */
export function unknownPrivate(
  definition: Definition,
  columns: readonly Column[],
  fields: readonly Field[],
): Problem[] {
  const names = columns.map(({ name }) => name);
  const aims = names.map((name) => fieldName(definition, name));
  const known = [...names, ...fields.map(({ name }) => name), ...aims];
  return definition.private.flatMap((name) => noColumn('private', name, known));
}

/** Says that an entry of the definition names no column. */
function noColumn(entry: string, name: string, known: readonly string[]): Problem[] {
  if (known.includes(name)) return [];
  const message = text(
    `${entry} 里的「${name}」不是查询的列`,
    `${entry} names "${name}", which is not a column of the query`,
  );
  return [{ code: 'no-such-column', message, cure: columnsCure(name, [...new Set(known)]) }];
}

/** The name of the field that the definition gives a column. */
export function fieldName({ key, fields }: Definition, column: string): string {
  const rule = Object.hasOwn(fields, column) ? fields[column] : undefined;
  return key.find((part) => part.column === column)?.field ?? rule?.to ?? column;
}

/** The columns that there are, or those that were probably meant. */
function columnsCure(name: string, columns: readonly string[]): Text {
  const near = nearest(name, columns);
  if (near.length > 0) {
    const list = near.map((one) => JSON.stringify(one)).join(', ');
    return text(
      `是不是 ${list}？请改定义或查询。`,
      `Did you mean ${list}? Change the definition or the query.`,
    );
  }
  return text(
    `查询的列：${columns.join('、')}。请改定义或查询。`,
    `The query’s columns are: ${columns.join(', ')}. Change the definition or the query.`,
  );
}

export const isKey = ({ key }: Pick<Definition, 'key'>, { column }: Pair): boolean =>
  key.some((part) => part.column === column.name);

/** Whether a pair is a key that Feishu itself fills, where that is all right: no row is ever created. */
export const isFilledKey = (definition: Definition, pair: Pair): boolean =>
  definition.mode === 'update' && filledKeyKinds.has(pair.field.kind) && isKey(definition, pair);

/** Says why a column cannot fill its field. */
export function kindProblems({ column, field, rule }: Pair, key: boolean): Problem[] {
  const { name, kind, look } = field;
  if (!kinds.has(kind)) {
    const message = text(
      `字段「${name}」（${look}）不能由同步写入`,
      `the field "${name}" (${look}) cannot be written by a sync`,
    );
    return [{ code: 'read-only-field', message, cure: key ? keyCure(kind) : skipCure(column.name) }];
  }
  if (rule.as === undefined || rule.as === kind) return [refusal(column, field, rule) ?? []].flat();
  const message = text(
    `定义说「${name}」是 ${rule.as}，表格里它是 ${kind}（${look}）`,
    `the definition says "${name}" is ${rule.as}, in the table it is ${kind} (${look})`,
  );
  const cure = text(
    '改定义里的 as，或改表格里的字段类型。',
    'Change as in the definition, or the field’s type in the table.',
  );
  return [{ code: 'other-kind', message, cure }];
}

const skipCure = (column: string): Text =>
  text(
    `在定义里写 fields: { ${JSON.stringify(column)}: skip }，或换一个可写的字段。`,
    `Say fields: { ${JSON.stringify(column)}: skip } in the definition, or use a field that can be written.`,
  );

/** A key cannot be skipped. */
const keyCure = (kind: FieldKind): Text =>
  filledKeyKinds.has(kind)
    ? text(
        '它是主键：只更新已有记录时写 mode: update；要新增记录，请用一个可写的字段做主键（key: { source: 列, table: 字段 }）。',
        'It is the key: say mode: update to change existing records only, or use a field that can be written as the key (key: { source: column, table: field }).',
      )
    : text(
        '它是主键：请用一个可写的字段做主键（key: { source: 列, table: 字段 }）。',
        'It is the key: use a field that can be written as the key (key: { source: column, table: field }).',
      );

export function doubledFields(pairs: readonly Pair[]): Problem[] {
  const names = pairs.map(({ field }) => field.name);
  const twice = new Set(names.filter((name, at) => names.indexOf(name) < at));
  const cure = text(
    '改查询里的列名，或在 fields 里用 skip / to。',
    'Rename a column in the query, or say skip or to in fields.',
  );
  return [...twice].map((name) => ({
    ...{ code: 'doubled-field', cure },
    message: text(`有两列写入同一个字段「${name}」`, `two columns go to the field "${name}"`),
  }));
}

/** Says why a key is none: its column is missing, or its field cannot name rows. */
export function keyProblems(
  definition: Definition,
  columns: readonly Column[],
  pairs: readonly Pair[],
): Problem[] {
  const names = columns.map(({ name }) => name);
  return definition.key.flatMap((part): Problem[] => {
    if (!names.includes(part.column)) {
      const message = text(
        `查询里没有主键列「${part.column}」`,
        `the query has no key column "${part.column}"`,
      );
      return [{ code: 'no-key-column', message, cure: columnsCure(part.column, names) }];
    }
    const field = pairs.find(({ column }) => column.name === part.column)?.field;
    if (!field || !kinds.has(field.kind) || canBeKey(field.kind)) return [];
    const message = text(
      `字段「${field.name}」（${field.look}）不能做主键`,
      `the field "${field.name}" (${field.look}) cannot be a key`,
    );
    const cure = text(
      '主键可以是文本、数字、电话、日期或单选字段。',
      'A key is a text, number, phone, date or single-select field.',
    );
    return [{ code: 'no-key-kind', message, cure }];
  });
}
