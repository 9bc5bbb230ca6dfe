import { Refusal } from '../../gateway/reply.ts';
import { isObject } from '../values/kind.ts';

type Property = Readonly<Record<string, unknown>>;

/**
 * What is wrong with a field's property, by its type: 1254080 … 1254096
 * (https://open.feishu.cn/document/server-docs/docs/bitable-v1/app-table-field/create). Types without a code of their own
 * answer 1254001.
 */
const codes: Readonly<Record<number, number>> = {
  1: 1254080,
  2: 1254081,
  3: 1254082,
  4: 1254083,
  5: 1254084,
  7: 1254085,
  11: 1254086,
  15: 1254087,
  17: 1254088,
  18: 1254089,
  19: 1254090,
  20: 1254091,
  21: 1254092,
  1001: 1254093,
  1002: 1254094,
  1003: 1254095,
  1004: 1254096,
};

/** The refusal of a property that does not fit its type. */
export const wrongProperty = (type: number): Refusal => new Refusal(codes[type] ?? 1254001);

const wordsOf = (text: string): ReadonlySet<string> => new Set(text.split(' '));

const decimals = wordsOf('0 0.0 0.00 0.000 0.0000');
const numbers = wordsOf('0 0.0 0.00 0.000 0.0000 1,000 1,000.00 % 0.00% ¥ ¥0.00 $ $0.00');
const progresses = wordsOf('0 0.0 0.00 0% 0.0% 0.00%');
const symbols = wordsOf('star heart thumbsup fire smile lightning flower number');
const currencies = wordsOf(
  'CNY USD EUR GBP AED AUD BRL CAD CHF HKD INR IDR JPY KRW MOP MXN MYR PHP PLN RUB SGD THB TRY TWD VND',
);
/** The page lists five; its own samples show the other two. */
const dates = new Set([
  'yyyy/MM/dd',
  'yyyy-MM-dd HH:mm',
  'MM-dd',
  'MM/dd/yyyy',
  'dd/MM/yyyy',
  'yyyy/MM/dd HH:mm',
  'yyyy-MM-dd',
]);

type Check = (value: unknown) => boolean;

const among =
  (words: ReadonlySet<string>): Check =>
  (value) =>
    typeof value === 'string' && words.has(value);
const isBoolean: Check = (value) => typeof value === 'boolean';
const isText: Check = (value) => typeof value === 'string';
const isNumber: Check = (value) => typeof value === 'number' && Number.isFinite(value);

/** Members of a property with their checks; an absent member gets the value of `otherwise`, or is missing. */
interface Shape {
  readonly [member: string]: {
    readonly fits: Check;
    readonly otherwise?: unknown;
    readonly needed?: boolean;
  };
}

const numberShapes: Readonly<Record<string, Shape>> = {
  Number: { formatter: { fits: among(numbers), otherwise: '0.0' } },
  Currency: {
    currency_code: { fits: among(currencies), needed: true },
    formatter: { fits: among(decimals), needed: true },
  },
  Progress: {
    formatter: { fits: among(progresses), needed: true },
    max: { fits: isNumber, otherwise: 1 },
    min: { fits: isNumber, otherwise: 0 },
    range_customize: { fits: isBoolean, otherwise: false },
  },
  Rating: {
    formatter: { fits: among(new Set('0')), needed: true },
    max: { fits: (value) => Number.isInteger(value) && isBetween(value, 1, 10), needed: true },
    min: { fits: (value) => value === 0 || value === 1, needed: true },
    rating: {
      fits: (value) => isObject(value) && (value['symbol'] === undefined || among(symbols)(value['symbol'])),
      otherwise: { symbol: 'star' },
    },
  },
};

const isBetween = (value: unknown, from: number, to: number): boolean =>
  typeof value === 'number' && value >= from && value <= to;

const dateShape: Shape = { date_formatter: { fits: among(dates), otherwise: 'yyyy/MM/dd' } };
const multipleShape: Shape = { multiple: { fits: isBoolean, otherwise: true } };

const serialRules: Readonly<Record<string, Check>> = {
  system_number: (value) => /^[1-9]$/.test(String(value)),
  fixed_text: (value) => typeof value === 'string' && value.length <= 20,
  created_time: among(wordsOf('yyyyMMdd yyyyMM yyyy MMdd MM dd')),
};

function isSerial(value: unknown): boolean {
  if (!isObject(value)) return false;
  if (value['type'] === 'auto_increment_number') return true;
  const { type, options } = value;
  if (type !== 'custom' || !Array.isArray(options)) return false;
  return options.every(
    (rule: unknown) => isObject(rule) && serialRules[String(rule['type'])]?.(rule['value']),
  );
}

const shapes: Readonly<Record<number, Shape>> = {
  5: { ...dateShape, auto_fill: { fits: isBoolean, otherwise: false } },
  11: multipleShape,
  18: multipleShape,
  20: {
    formatter: { fits: isText, otherwise: '' },
    formula_expression: { fits: isText, otherwise: '' },
  },
  21: multipleShape,
  22: {
    location: {
      fits: (value) =>
        isObject(value) && (value['input_type'] === 'not_limit' || value['input_type'] === 'only_mobile'),
      otherwise: { input_type: 'not_limit' },
    },
  },
  23: multipleShape,
  1001: dateShape,
  1002: dateShape,
  1005: {
    auto_serial: { fits: isSerial, otherwise: { type: 'auto_increment_number', options: [] } },
  },
};

const barcode: Shape = {
  allowed_edit_modes: { fits: isObject, otherwise: { manual: true, scan: true } },
};

function shapeOf(type: number, uiType: string): Shape | undefined {
  if (uiType === 'Barcode') return barcode;
  return type === 2 ? numberShapes[uiType] : shapes[type];
}

/**
 * Reads the property of a field to be made or changed, without options and linked tables. Fields that have no property take
 * none: an empty object is refused for links to pages and checkboxes, a full one for all of them. Throws
 * 1254080 … 1254096 (https://open.feishu.cn/document/server-docs/docs/bitable-v1/app-table-field/guide).
 */
export function readProperty(type: number, uiType: string, raw: unknown): Property | null {
  const wrong = wrongProperty(type);
  if (raw !== undefined && raw !== null && !isObject(raw)) throw wrong;
  if (type === 3 || type === 4) return null;
  const shape = shapeOf(type, uiType);
  if (!shape) {
    const refused = type === 15 || type === 7 ? isObject(raw) : Object.keys(raw ?? {}).length > 0;
    if (refused) throw wrong;
    return null;
  }
  const given: Property = raw ?? {};
  const read: Record<string, unknown> = {};
  for (const member of Object.keys(shape)) {
    const rule = shape[member];
    const value = given[member];
    const absent = value === undefined || value === null;
    if (!rule || (absent ? rule.needed === true : !rule.fits(value))) throw wrong;
    read[member] = absent ? rule.otherwise : value;
  }
  const bounded = given['range_customize'] === true;
  if (bounded && (given['min'] === undefined || given['max'] === undefined)) throw wrong;
  return read;
}
