import { text } from '../../words/text.ts';
import type { Value } from '../column.ts';
import { type Bad, type Cell, isBad, type Kind, type Place, unfit } from './kind.ts';
import { heldText, plainText } from './text.ts';

/**
 * Places after the point that are sent and compared: 11 cm. Feishu does not say how many it keeps; its samples have
 * six.
 * https://open.feishu.cn/document/server-docs/docs/bitable-v1/app-table-record/bitable-record-data-structure-overview
 */
const places = 6;

const number = String.raw`[+-]?(?:\d+(?:\.\d*)?|\.\d+)`;
const coordinates = new RegExp(String.raw`^\s*(${number})\s*,\s*(${number})\s*$`);
const finer = /\.\d{6}\d*[1-9]/;

/** Location fields. Canonical: `longitude,latitude`, each in its shortest form with at most six places. */
export const locationKind: Kind = {
  title: text('地理位置', 'location'),
  fields: text('地理位置', 'Location'),
  values: text(
    '“经度,纬度”，6 位小数（11 厘米）；更多时拒绝，写 `round: true` 则舍入',
    '`longitude,latitude` at 6 decimal places (11 cm); more are refused, or rounded with `round: true`',
  ),
  takes: [],
  heeds: ['round'],
  canBeIndex: true,
  feishu: { types: [22], look: 'Location', property: { location: { input_type: 'not_limit' } } },
  wanted: (place) => (value) => locationOf(place, value),
  held(raw) {
    const written =
      typeof raw === 'object' && raw !== null && 'location' in raw ? heldText(raw.location) : heldText(raw);
    const match = coordinates.exec(written);
    return match ? canonical(match) : written;
  },
  written: (cell) => (cell === '' ? null : cell),
};

function locationOf(place: Place, value: Exclude<Value, null>): Cell | Bad {
  const whole = plainText(place, value);
  if (isBad(whole)) return whole;
  if (whole.trim() === '') return '';
  const match = coordinates.exec(whole);
  if (!match) return unfit(place, whole, noPair);
  const [, longitude = '', latitude = ''] = match;
  if (Math.abs(Number(longitude)) > 180 || Math.abs(Number(latitude)) > 90) {
    return unfit(place, whole, outOfRange);
  }
  const isFiner = !place.rule.round && (finer.test(longitude) || finer.test(latitude));
  return isFiner ? unfit(place, whole, tooFine) : canonical(match);
}

const noPair = {
  zh: '不是“经度,纬度”',
  en: 'is not "longitude,latitude"',
  advice: text(
    "请在查询里写 CONCAT(经度, ',', 纬度)。",
    "Use CONCAT(longitude, ',', latitude) in the query.",
  ),
};
const outOfRange = {
  zh: '超出范围：经度 -180 到 180 在前，纬度 -90 到 90 在后',
  en: 'is out of range (longitude from -180 to 180 first, then latitude from -90 to 90)',
};
const tooFine = {
  zh: `的坐标只保留 ${places} 位小数`,
  en: `has more than ${places} places after the point`,
  advice: text(
    '请在查询里 ROUND，或在定义里写 round: true。',
    'Use ROUND in the query, or say round: true in the definition.',
  ),
};

const canonical = ([, longitude, latitude]: RegExpExecArray): Cell =>
  `${shortest(longitude)},${shortest(latitude)}`;

/** Zero has no sign. */
const shortest = (written: string | undefined): string => String(Number(Number(written).toFixed(places)) + 0);
