import type { ColumnName, Scenario } from './scenario.ts';
import type { SourceRow } from './source.ts';

/** A record of the table, in the shape in which records are written; empty cells are left out. */
export interface Held {
  readonly id: string;
  readonly cells: Cells;
}

/** Cells by field name. */
export type Cells = Readonly<Record<string, unknown>>;

/** The field that names a record, and the one that only people fill. */
export const keyField = '编号';
export const notesField = '备注';

/** The field of each column. */
export const fieldOf: Readonly<Record<ColumnName, string>> = {
  name: '名称',
  amount: '金额',
  at: '时间',
  status: '状态',
  tags: '标签',
  active: '启用',
};

/** The key that a cell or a column stands for; `''` is none. */
export const keyOf = (value: unknown): string => {
  if (value === null || value === undefined) return '';
  return typeof value === 'number' ? String(value) : String(value).trim();
};

/** What the source says of one key. */
export type Wanted =
  | { readonly kind: 'absent' }
  /** Doubled, or with a value that no field can hold: never sent. */
  | { readonly kind: 'unfit' }
  | { readonly kind: 'row'; readonly cells: Cells };

/** What the query answers, by key. */
export function wantedBy(rows: readonly SourceRow[], scenario: Scenario): ReadonlyMap<string, Wanted> {
  const wanted = new Map<string, Wanted>();
  for (const row of rows) {
    const key = keyOf(row.id);
    if (key === '') continue;
    const fits = !scenario.columns.includes('amount') || significant(row.amount ?? '') <= 15;
    const once = !wanted.has(key);
    wanted.set(key, once && fits ? { kind: 'row', cells: cellsOf(row, scenario) } : { kind: 'unfit' });
  }
  return wanted;
}

/** Whether nobody can tell whose record a row is: while there is one, no record may go. */
export const isKeyless = (row: SourceRow): boolean => keyOf(row.id) === '';

const significant = (digits: string): number => digits.replace(/\.0*$|\D/g, '').length;

/** The cells that a row of the query asks for. */
function cellsOf(row: SourceRow, { columns, numericKey }: Scenario): Cells {
  const all: Readonly<Record<ColumnName, unknown>> = {
    name: row.name === '' ? null : row.name,
    amount: row.amount === null ? null : Number(row.amount),
    at: row.at,
    status: row.status,
    tags: row.tags === null ? null : row.tags.split(','),
    active: row.active === 1 ? true : null,
  };
  const id = row.id?.trim() ?? '';
  const cells: Record<string, unknown> = { [keyField]: numericKey ? Number(id) : id };
  for (const column of columns) if (all[column] !== null) cells[fieldOf[column]] = all[column];
  return cells;
}

/** Whether two cells show the same: an unticked box is an empty one, tags have no order. */
export function sameCell(a: unknown, b: unknown): boolean {
  return shown(a) === shown(b);
}

function shown(value: unknown): string {
  if (value === undefined || value === null || value === false || value === '') return '';
  return JSON.stringify(Array.isArray(value) ? [...value].sort() : value);
}

/** Records by key; records without a key are under `''`. */
export function byKey(records: readonly Held[]): Map<string, Held[]> {
  const found = new Map<string, Held[]>();
  for (const record of records) {
    const key = keyOf(record.cells[keyField]);
    found.set(key, [...(found.get(key) ?? []), record]);
  }
  return found;
}

/** What a run without trouble must make of a table. */
export interface Expected {
  /** Records that stay, with all their cells. */
  readonly stay: ReadonlyMap<string, Cells>;
  /** Records that must be gone. */
  readonly go: ReadonlySet<string>;
  /** Records that may be gone: whether they are the bot's own is not told from outside. */
  readonly mayGo: ReadonlySet<string>;
  /** Cells of new records, by key. */
  readonly come: ReadonlyMap<string, Cells>;
  /** Keys whose rows Feishu may have refused: as they were is right as well. */
  readonly refused: ReadonlySet<string>;
  /** Records as they were. */
  readonly before: ReadonlyMap<string, Cells>;
}

/** Whose a record is: never written by the bot, made by it, or made by somebody else and written by it. */
export type Owner = 'person' | 'bot' | 'both';

/** Works out what a run must make of a table, when it is allowed to do all that its mode asks for. */
export function expected(
  records: readonly Held[],
  rows: readonly SourceRow[],
  scenario: Scenario,
  ownerOf: (record: string) => Owner,
  handMadeKept: boolean,
): Expected {
  const { mode } = scenario;
  // Somebody said that hand-made records are to stay, if that was asked for.
  const deletes = handMadeKept && scenario.deletes === 'ask' ? 'perhaps ours' : scenario.deletes;
  const mayDelete = mode === 'mirror' && !rows.some(isKeyless);
  const wanted = wantedBy(rows, scenario);
  const groups = byKey(records);
  const stay = new Map<string, Cells>();
  const go = new Set<string>();
  const mayGo = new Set<string>();
  const come = new Map<string, Cells>();
  for (const [key, group] of groups) {
    const want = wanted.get(key) ?? { kind: 'absent' };
    for (const { id, cells } of group) {
      const alone = key !== '' && group.length === 1;
      const owner = ownerOf(id);
      if (alone && want.kind === 'row' && mode !== 'append')
        stay.set(id, written(cells, want.cells, scenario));
      else if (alone && want.kind === 'absent' && mayDelete && !(deletes === 'ours' && owner === 'person')) {
        if ((deletes === 'ours' && owner === 'both') || (deletes === 'perhaps ours' && owner !== 'bot')) {
          mayGo.add(id);
          stay.set(id, cells);
        } else go.add(id);
      } else stay.set(id, cells);
    }
  }
  if (mode !== 'update')
    for (const [key, want] of wanted) if (want.kind === 'row' && !groups.has(key)) come.set(key, want.cells);
  const refused = new Set<string>();
  for (const [key, want] of wanted)
    if (want.kind === 'row' && scenario.weather.refused.includes(String(want.cells[fieldOf.name])))
      refused.add(key);
  const before = new Map(records.map(({ id, cells }) => [id, cells]));
  return { stay, go, mayGo, come, refused, before };
}

/** A record's cells after an update; the key stays as somebody wrote it, when it is the same key. */
function written(before: Cells, want: Cells, { columns, keepNames }: Scenario): Cells {
  const after: Record<string, unknown> = { ...before, [keyField]: want[keyField] };
  for (const column of columns) {
    const field = fieldOf[column];
    if (column === 'name' && keepNames && want[field] === undefined) continue;
    after[field] = want[field];
  }
  return after;
}

/** The same when deletes were taken out of the plan: what was to go may stay. */
export const withoutDeletes = (must: Expected): Expected => ({
  ...must,
  stay: new Map([...must.stay, ...[...must.go].map((id) => [id, must.before.get(id) ?? {}] as const)]),
  go: new Set(),
  mayGo: new Set([...must.mayGo, ...must.go]),
});

/** Says where a table is not what it must be; nothing when it is. */
export function differences(records: readonly Held[], must: Expected): string[] {
  const wrong: string[] = [];
  const come = new Map(must.come);
  const seen = new Set<string>();
  for (const { id, cells } of records) {
    seen.add(id);
    const key = keyOf(cells[keyField]);
    const stays = must.stay.get(id);
    const comes = stays === undefined && !must.go.has(id) ? come.get(key) : undefined;
    if (must.go.has(id)) wrong.push(`record ${id} (${key}) is still there`);
    else if (must.refused.has(key) && cellsThatDiffer('', cells, must.before.get(id) ?? {}).length === 0)
      continue;
    else if (stays) wrong.push(...cellsThatDiffer(`record ${id} (${key})`, cells, stays));
    else if (comes) {
      wrong.push(...cellsThatDiffer(`new record ${id} (${key})`, cells, comes));
      come.delete(key);
    } else wrong.push(`record ${id} (${key}) should not be there`);
  }
  for (const id of must.stay.keys())
    if (!seen.has(id) && !must.mayGo.has(id))
      wrong.push(`record ${id} (${keyOf(must.stay.get(id)?.[keyField])}) is gone`);
  for (const key of come.keys()) if (!must.refused.has(key)) wrong.push(`no record has the key ${key}`);
  return wrong;
}

function cellsThatDiffer(what: string, is: Cells, must: Cells): string[] {
  const names = new Set([...Object.keys(is), ...Object.keys(must)]);
  return [...names]
    .filter((name) => !sameCell(is[name], must[name]))
    .map((name) => `${what}: ${name} is ${JSON.stringify(is[name])}, must be ${JSON.stringify(must[name])}`);
}
