import { z } from 'zod';
import { definitionJsonSchema } from '../../src/sync/definition/definition.ts';
import { inLocale, type Locale, text } from '../../src/sync/words/text.ts';
import { code, tableOf } from './table.ts';

const schema = z.object({
  description: z.string().default(''),
  default: z.unknown().optional(),
  required: z.array(z.string()).default([]),
  get properties() {
    return z.record(z.string(), schema).default({});
  },
  get anyOf() {
    return z.array(schema).default([]);
  },
  get items() {
    return schema.optional();
  },
  get additionalProperties() {
    return z.union([z.boolean(), schema]).optional();
  },
});
type Schema = z.output<typeof schema>;

const heads = {
  key: text('键', 'Key'),
  default: text('默认', 'Default'),
  meaning: text('含义', 'Meaning'),
};
const required = text('必填', 'required');

const read = (locale: Locale): Schema => schema.parse(definitionJsonSchema(locale));

/** The cell of a default; empty for what has none, and for a list or an object that is empty. */
function defaultOf(value: unknown): string {
  if (value === undefined) return '';
  const written = typeof value === 'object' ? JSON.stringify(value) : String(value);
  return code(written.replaceAll('"', '').replaceAll(':', ': '));
}

/** The rows of an object's keys; of an object in it, those of its keys. */
function rowsOf(object: Schema, locale: Locale, before = ''): readonly (readonly string[])[] {
  return Object.entries(object.properties).flatMap(([key, one]) => {
    const isNeeded = object.required.includes(key) && one.default === undefined;
    const given = isNeeded ? inLocale(required, locale) : defaultOf(one.default);
    const own = [code(`${before}${key}`), given, one.description];
    const inner = rowsOf(one, locale, `${before}${key}.`);
    return inner.length === 0 ? [own] : inner;
  });
}

function keysOf(object: Schema | undefined, locale: Locale): string {
  if (object === undefined || Object.keys(object.properties).length === 0)
    throw new Error('The schema has no such keys any more.');
  const titles = [heads.key, heads.default, heads.meaning].map((one) => inLocale(one, locale));
  return tableOf(titles, rowsOf(object, locale));
}

/** Returns the table of a definition's keys. */
export const definitionTable = (locale: Locale): string => keysOf(read(locale), locale);

/** Returns the table of what a rule of `fields` may say. */
export function rulesTable(locale: Locale): string {
  const rules = read(locale).properties['fields']?.additionalProperties;
  return keysOf(typeof rules === 'object' ? rules.anyOf.at(-1) : undefined, locale);
}

/** Returns the table of the keys of an entry of `schedule`. */
export const scheduleTable = (locale: Locale): string =>
  keysOf(read(locale).properties['schedule']?.items, locale);
