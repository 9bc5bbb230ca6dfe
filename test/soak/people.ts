import type { TableHandle } from 'bitable-playground';
import type { Chance } from './chance.ts';
import { type Cells, fieldOf, keyField, keyOf, notesField, wantedBy } from './model.ts';
import { names, type Scenario } from './scenario.ts';
import { type SourceRow, someKey } from './source.ts';
import type { Witness } from './witness.ts';

/** Records that people had made before the first run: some of the source's keys, some of their own, doubled, without a key. */
export function firstRecords(luck: Chance, scenario: Scenario, rows: readonly SourceRow[]): Cells[] {
  const records: Record<string, unknown>[] = [];
  const adopted = luck.pick([0, 0, 0.3, 0.9]);
  for (const [key, want] of wantedBy(rows, scenario))
    if (want.kind === 'row' && luck.yes(adopted))
      records.push(luck.yes(0.7) ? { ...want.cells } : { ...someCells(luck), ...keyCell(key, scenario) });
  for (let n = luck.pick([0, 0, 3, 12]); n > 0; n--)
    records.push({ ...someCells(luck), ...keyCell(someKey(luck, scenario), scenario) });
  for (let n = luck.pick([0, 0, 2]); n > 0; n--) records.push(someCells(luck));
  const twin = luck.some(records);
  if (twin && luck.yes(0.4)) records.push({ ...twin });
  return records;
}

const keyCell = (key: string, { numericKey }: Scenario): Cells => ({
  [keyField]: numericKey ? Number(key) : key,
});

const someCells = (luck: Chance): Cells => ({
  [notesField]: `by hand ${luck.int(1, 999)}`,
  ...(luck.yes(0.7) ? { [fieldOf.name]: luck.some(names) || 'somebody' } : {}),
  ...(luck.yes(0.4) ? { [fieldOf.amount]: luck.int(0, 900) } : {}),
  ...(luck.yes(0.3) ? { [fieldOf.status]: luck.pick(['新建', '人工']) } : {}),
});

/** Does one thing that people do in a table. */
export function meddle(luck: Chance, scenario: Scenario, table: TableHandle): void {
  const records = table.records();
  const one = luck.some(records);
  const what = luck.pick(['add', 'add', 'edit', 'edit', 'notes', 'remove', 'key', 'empty', 'twin']);
  if (what === 'add' || !one)
    table.add({ ...someCells(luck), ...keyCell(someKey(luck, scenario), scenario) });
  else if (what === 'edit') table.edit(one.record_id, someCells(luck));
  else if (what === 'notes') table.edit(one.record_id, { [notesField]: `seen ${luck.int(1, 99)}` });
  else if (what === 'remove') table.remove(one.record_id);
  else if (what === 'key') table.edit(one.record_id, keyCell(someKey(luck, scenario), scenario));
  else if (what === 'empty') table.edit(one.record_id, { [keyField]: null });
  else if (keyOf(one.fields[keyField]) !== '') table.add({ [keyField]: one.fields[keyField] });
}

/** Hides some records from the app: of those that it has written under a key that still stands. */
export function hide(
  luck: Chance,
  table: TableHandle,
  { ownerOf }: Pick<Witness, 'ownerOf'>,
  confirmed: ReadonlySet<string>,
): void {
  const own = table.records().filter(({ record_id: id }) => confirmed.has(id) && ownerOf(id) === 'bot');
  const share = luck.pick([0.1, 0.5, 1]);
  table.hideRecords(...own.filter(() => luck.yes(share)).map(({ record_id: id }) => id));
}
