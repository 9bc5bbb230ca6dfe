import { type Document, isPair, isScalar, type Pair, type Scalar, visit } from 'yaml';
import type { Problem } from '../sync/words/problem.ts';
import { text } from '../sync/words/text.ts';

/** Sets keys and the values of `map` and `default` back to how they are written: 007 and 1.50 are no numbers here. */
export function takeAsWritten(document: Document): void {
  visit(document, {
    Scalar(key, node, above) {
      const isKey = key === 'key';
      if (!isKey && !isData(above.filter(isPair))) return;
      // Programs read 7, true and null as they are meant; other spellings count by their letters.
      if (isKey || (node.value !== null && String(node.value) !== node.source)) node.value = asWritten(node);
    },
  });
}

/** Whether a place, given by the pairs above it, is `fields.….default` or `fields.….map.…`. */
function isData(above: readonly Pair[]): boolean {
  const [first, , third] = above.map(({ key }) => asWritten(key));
  return (
    first === 'fields' &&
    above.length === (third === 'map' ? 4 : 3) &&
    (third === 'map' || third === 'default')
  );
}

/** Returns a scalar's letters without its quotes; anything else as it is. */
export function asWritten(node: unknown): unknown {
  if (!isScalar(node)) return node;
  const { value, source }: Scalar = node;
  return typeof value === 'string' ? value : (source ?? String(value));
}

/** A key that would be lost without a word. */
interface LostKey {
  /** Its node. */
  readonly key: unknown;
  readonly problem: Problem;
}

/** Finds keys that no value or column can ever meet: `__proto__`, and nothing at all in a `map`. */
export function lostKeys(document: Document): readonly LostKey[] {
  const found: LostKey[] = [];
  visit(document, {
    Pair(_, { key }, above) {
      if (!isScalar(key)) return;
      const [first, , third, ...more] = above.filter(isPair).map((pair) => asWritten(pair.key));
      const inMap = first === 'fields' && third === 'map' && more.length === 0;
      if (key.value === '__proto__') found.push({ key, problem: reserved });
      else if (key.value === null && inMap) found.push({ key, problem: nothing });
    },
  });
  return found;
}

const reserved = {
  code: 'reserved-name',
  message: text('`__proto__` 不能用作名字', '`__proto__` cannot be used as a name'),
  cure: text(
    '在查询里用 AS 给列换个名字，或用 CASE 替换这个值。',
    'Give the column another name with AS in the query, or replace the value there with CASE.',
  ),
};

const nothing = {
  code: 'empty-map-key',
  message: text('map 里不能写空值（~ 或 null）', 'a map cannot replace empty values (~ or null)'),
  cure: text(
    '空值用 default: 替换；如果指文字本身，请加引号，如 "null"。',
    'Use default: for empty values; where the text itself is meant, put it in quotes, such as "null".',
  ),
};
