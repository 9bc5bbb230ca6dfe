import { Refusal } from '../../gateway/reply.ts';
import type { Cell, Limits } from '../../world.ts';
import { isObject, type ValueKind } from './kind.ts';

const same = (cell: NonNullable<Cell>): unknown => cell;

/** Text, barcode and e-mail (type 1): written as a string, read as a list of segments. */
export const text: ValueKind = {
  writable: true,
  check: (value, { world }) => {
    if (typeof value !== 'string') throw new Refusal(1254060);
    if (value.length > world.limits.cellChars) throw new Refusal(1254130);
  },
  store: (value) => (value === '' ? undefined : (value as string)),
  read: (cell, { field }) =>
    field.uiType === 'Email'
      ? [{ link: `mailto:${String(cell)}`, text: cell, type: 'url' }]
      : [{ text: cell, type: 'text' }],
  json: (cell, at) =>
    at.field.uiType === 'Email'
      ? JSON.stringify(text.read(cell, at))
      : `[{"text":${JSON.stringify(cell)},"type":"text"}]`,
  plain: same,
};

/**
 * Cuts a number to 15 significant digits, as the service is seen to do
 * (https://www.larksuite.com/hc/en-US/articles/890398616778 names the 15 digits).
 */
export function cutDigits(value: number, digits: Limits['digits']): number {
  if (digits === 'none') return value;
  if (Number.isInteger(value) && Math.abs(value) < 1e15) return value;
  if (digits === 'round') return Number(value.toPrecision(15));
  const written = String(value);
  if (written.length <= 15) return value;
  const [mantissa = '', exponent] = Math.abs(value).toExponential().split('e');
  const kept = mantissa.replace('.', '').slice(0, 15);
  const cut = Number(`${kept.slice(0, 1)}.${kept.slice(1) || '0'}e${exponent ?? '0'}`);
  return value < 0 ? -cut : cut;
}

/** Number, currency, progress and rating (type 2). */
export const number: ValueKind = {
  writable: true,
  check: (value) => {
    if (typeof value !== 'number' || !Number.isFinite(value)) throw new Refusal(1254061);
  },
  store: (value, { world }) => cutDigits(value as number, world.limits.digits),
  read: same,
  json: (cell) => (Object.is(cell, -0) ? '0' : String(cell)),
  plain: same,
};

/** Date and time (type 5): whole milliseconds since epoch both ways. */
export const date: ValueKind = {
  writable: true,
  check: (value) => {
    if (!Number.isInteger(value) || Math.abs(value as number) > 8.64e15) throw new Refusal(1254064);
  },
  store: (value) => value as number,
  read: same,
  json: (cell) => String(cell),
  plain: same,
};

/** Checkbox (type 7). A box never touched is an empty cell. */
export const checkbox: ValueKind = {
  writable: true,
  check: (value) => {
    if (typeof value !== 'boolean') throw new Refusal(1254065);
  },
  store: (value) => value as boolean,
  read: same,
  json: (cell) => (cell === true ? 'true' : 'false'),
  plain: same,
};

/** Phone number (type 13): digits with an optional plus sign, at most 64 characters. */
export const phone: ValueKind = {
  writable: true,
  check: (value) => {
    if (typeof value !== 'string' || value.length > 64 || !/^\+?\d*$/.test(value)) throw new Refusal(1254072);
  },
  store: (value) => (value === '' ? undefined : (value as string)),
  read: same,
  json: (cell) => JSON.stringify(cell),
  plain: same,
};

/** Link to a page (type 15): written and read as `{text, link}`. */
export const url: ValueKind = {
  writable: true,
  check: (value) => {
    const fits =
      isObject(value) &&
      typeof value['link'] === 'string' &&
      (value['text'] === undefined || typeof value['text'] === 'string');
    if (!fits) throw new Refusal(1254068);
  },
  store: (value) => {
    const { link, text: shown } = value as { link: string; text?: string };
    return link === '' && !shown ? undefined : { link, text: shown ?? link };
  },
  read: same,
  plain: same,
};

const coordinates = /^-?\d+(\.\d+)?,-?\d+(\.\d+)?$/;

/** Place (type 22): written as `"longitude,latitude"`, read as an address. */
export const location: ValueKind = {
  writable: true,
  check: (value) => {
    if (typeof value !== 'string' || !coordinates.test(value)) throw new Refusal(1254015);
    const [longitude = 0, latitude = 0] = value.split(',').map(Number);
    if (Math.abs(longitude) > 180 || Math.abs(latitude) > 90) throw new Refusal(1254015);
  },
  store: (value) => value as string,
  read: (cell) => ({
    address: 'Example Road 1',
    adname: 'Example District',
    cityname: 'Example City',
    full_address: 'Example Tower, Example Road 1, Example District, Example City',
    location: cell,
    name: 'Example Tower',
    pname: 'Example Province',
  }),
  plain: same,
};
