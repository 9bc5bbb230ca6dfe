import { invalid, Refusal } from '../gateway/reply.ts';
import type { Cell, RowState } from '../world.ts';
import { type Column, cellOf } from './records.ts';
import { namedSpan } from './values/days.ts';
import { isObject, isStrings } from './values/kind.ts';
import { personById } from './values/references.ts';

/** Whether a record is wanted. */
export type Test = (row: RowState) => boolean;

const bad = (why: string): Refusal =>
  new Refusal(1254018, { msg: `InvalidFilter: ${why}`, error: { message: why } });

interface Condition {
  readonly column: Column;
  readonly operator: string;
  readonly values: readonly string[];
}

/** Types of fields whose cells are told apart as texts. */
const textTypes: ReadonlySet<number> = new Set([1, 13, 22, 1005]);

const orders = new Set(['isGreater', 'isGreaterEqual', 'isLess', 'isLessEqual']);

const isEmptyCell = (cell: Cell): boolean => cell === undefined || (Array.isArray(cell) && cell.length === 0);

function only(condition: Condition, operators: readonly string[]): void {
  const { operator, column } = condition;
  if (!operators.includes(operator)) throw bad(`fieldType '${column.field.type}' not support ${operator}`);
}

function oneValue({ values, operator }: Condition): string {
  if (values.length > 1) throw bad(`${operator} takes one value`);
  return values[0] ?? '';
}

function compareNumber(condition: Condition): (cell: Cell) => boolean {
  const { operator } = condition;
  only(condition, ['is', 'isNot', ...orders]);
  const text = oneValue(condition);
  const wanted = Number(text);
  if (text.trim() === '' || !Number.isFinite(wanted)) throw bad(`'${text}' is not a number`);
  if (operator === 'isNot') return (cell) => cell !== wanted;
  return (cell) => {
    if (typeof cell !== 'number') return false;
    if (operator === 'is') return cell === wanted;
    if (operator === 'isGreater') return cell > wanted;
    if (operator === 'isGreaterEqual') return cell >= wanted;
    return operator === 'isLess' ? cell < wanted : cell <= wanted;
  };
}

function compareText(
  condition: Condition,
  textOf: (cell: NonNullable<Cell>) => string,
): (cell: Cell) => boolean {
  const { operator } = condition;
  only(condition, ['is', 'isNot', 'contains', 'doesNotContain']);
  const wanted = oneValue(condition);
  const part = wanted.toLowerCase();
  const positive = operator === 'is' || operator === 'contains';
  const hit = (text: string): boolean =>
    operator === 'is' || operator === 'isNot' ? text === wanted : text.toLowerCase().includes(part);
  return (cell) => (cell === undefined ? !positive : hit(textOf(cell)) === positive);
}

function compareDate(condition: Condition): (cell: Cell) => boolean {
  const { operator, values, column } = condition;
  only(condition, ['is', 'isGreater', 'isLess']);
  const span = namedSpan(values, column.at.world.now(), column.at.base.timeZone);
  if (!span) throw bad(`not support this keyword ${values.join(',')}`);
  return (cell) => {
    if (typeof cell !== 'number') return false;
    if (operator === 'is') return cell >= span.start && cell < span.end;
    return operator === 'isGreater' ? cell >= span.end : cell < span.start;
  };
}

function compareSet(condition: Condition, namesOf: (cell: NonNullable<Cell>) => readonly string[]) {
  const { operator, values } = condition;
  only(condition, ['is', 'isNot', 'contains', 'doesNotContain']);
  if (operator === 'is' || operator === 'isNot') oneValue(condition);
  const positive = operator === 'is' || operator === 'contains';
  const hit = (names: readonly string[]): boolean =>
    operator === 'is' || operator === 'isNot'
      ? names.length === values.length && values.every((value) => names.includes(value))
      : values.some((value) => names.includes(value));
  return (cell: Cell): boolean => (cell === undefined ? !positive : hit(namesOf(cell)) === positive);
}

function comparePersons(condition: Condition): (cell: Cell) => boolean {
  const { at } = condition.column;
  const values = condition.values.map((id) => personById(at.world, id, at.idType)?.openId ?? id);
  const list = (cell: NonNullable<Cell>): readonly string[] => (isStrings(cell) ? cell : [String(cell)]);
  return compareSet({ ...condition, values }, list);
}

function compareCheckbox(condition: Condition): (cell: Cell) => boolean {
  only(condition, ['is']);
  const wanted = oneValue(condition);
  if (wanted !== 'true' && wanted !== 'false') throw bad(`'${wanted}' is neither true nor false`);
  return (cell) => (cell === true) === (wanted === 'true');
}

function comparison(condition: Condition): (cell: Cell) => boolean {
  const { field, kind, at } = condition.column;
  switch (field.type) {
    case 2:
      return compareNumber(condition);
    case 5:
    case 1001:
    case 1002:
      return compareDate(condition);
    case 7:
      return compareCheckbox(condition);
    case 3:
    case 4:
      return compareSet(condition, (cell) => [kind.read(cell, at)].flat() as string[]);
    case 11:
    case 1003:
    case 1004:
      return comparePersons(condition);
    case 18:
    case 21:
    case 23:
      return compareSet(condition, (cell) => cell as readonly string[]);
    case 15:
      return compareText(condition, (cell) => (isObject(cell) ? String(cell['text']) : ''));
    case 1:
    case 13:
    case 22:
    case 1005:
      return compareText(condition, String);
    default:
      throw bad(`fieldType '${field.type}' not support ${condition.operator}`);
  }
}

function readCondition(raw: unknown, columns: ReadonlyMap<string, Column>): Condition {
  if (!isObject(raw)) throw invalid('filter.conditions', 'conditions must be objects');
  const { field_name: name, operator, value } = raw;
  if (typeof name !== 'string') throw invalid('filter.conditions.field_name', 'field_name is required');
  if (typeof operator !== 'string') throw invalid('filter.conditions.operator', 'operator is required');
  if (!isStrings(value)) throw invalid('filter.conditions.value', 'value is required and holds strings');
  if (value.length > 10) throw bad('a condition takes at most 10 values');
  const column = columns.get(name);
  if (!column) throw new Refusal(1254045, { error: { message: `Invalid request parameter: '${name}'` } });
  return { column, operator, values: value };
}

function conditionTest(condition: Condition): Test {
  const { column, operator } = condition;
  if (column.field.type === 19 || column.field.type === 20)
    throw bad('formula and lookup fields cannot be filtered');
  if (operator === 'isEmpty') return (row) => isEmptyCell(cellOf(row, column));
  if (operator === 'isNotEmpty') return (row) => !isEmptyCell(cellOf(row, column));
  const fits = comparison(condition);
  return (row) => fits(cellOf(row, column));
}

/**
 * The conditions of an `or`. Look-ups by key ask for dozens of texts of one column at once: those become one question,
 * for with each of them apart a large table would be searched longer than Feishu takes.
 */
function alternatives(conditions: readonly Condition[]): Test[] {
  const texts = new Map<Column, Set<string>>();
  const tests: Test[] = [];
  for (const condition of conditions) {
    const test = conditionTest(condition);
    const { column, operator } = condition;
    if (operator !== 'is' || !textTypes.has(column.field.type)) {
      tests.push(test);
      continue;
    }
    const wanted = texts.get(column) ?? new Set();
    texts.set(column, wanted.add(oneValue(condition)));
  }
  for (const [column, wanted] of texts) {
    tests.push((row) => {
      const cell = cellOf(row, column);
      return cell !== undefined && wanted.has(String(cell));
    });
  }
  return tests;
}

const listOf = (value: unknown, name: string): readonly unknown[] => {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) throw invalid(`filter.${name}`, 'must be a list');
  return value;
};

function groupTest(raw: unknown, columns: ReadonlyMap<string, Column>, depth: number): Test | undefined {
  if (!isObject(raw)) throw invalid('filter', 'must be an object');
  const { conjunction } = raw;
  if (conjunction !== 'and' && conjunction !== 'or') throw bad('conjunction must be and or or');
  const children = listOf(raw['children'], 'children');
  if (depth > 0 && children.length > 0) throw bad('children may not have children');
  const conditions = listOf(raw['conditions'], 'conditions').map((one) => readCondition(one, columns));
  const tests = conjunction === 'or' ? alternatives(conditions) : conditions.map(conditionTest);
  for (const child of children) {
    const test = groupTest(child, columns, depth + 1);
    if (test) tests.push(test);
  }
  if (tests.length === 0) return undefined;
  return conjunction === 'and'
    ? (row) => tests.every((test) => test(row))
    : (row) => tests.some((test) => test(row));
}

const countConditions = (raw: unknown): number => {
  if (!isObject(raw)) return 0;
  const own = Array.isArray(raw['conditions']) ? raw['conditions'].length : 0;
  const children: unknown[] = Array.isArray(raw['children']) ? raw['children'] : [];
  return children.reduce((sum: number, child) => sum + countConditions(child), own);
};

/**
 * Reads the `filter` of a search; `undefined` when it lets everything through. Throws 1254018, 1254045, 1254107, 99992402.
 * https://open.feishu.cn/document/uAjLw4CM/ukTMukTMukTM/reference/bitable-v1/app-table-record/record-filter-guide
 */
export function readFilter(raw: unknown, columns: ReadonlyMap<string, Column>): Test | undefined {
  if (raw === undefined || raw === null) return undefined;
  if (JSON.stringify(raw).length > 2000) throw new Refusal(1254107);
  if (countConditions(raw) > 50) throw bad('a filter takes at most 50 conditions');
  return groupTest(raw, columns, 0);
}
