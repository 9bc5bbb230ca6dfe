import type { Target } from '../../sync/fields/column.ts';
import { CallError } from '../../sync/words/failure.ts';
import { type Text, text } from '../../sync/words/text.ts';
import type { Table } from '../ports.ts';

/** Fields under their names of today, and what to tell about those that changed. */
export interface Renamed {
  readonly targets: readonly Target[];
  readonly notes: readonly Text[];
}

/**
 * Reads the fields once more and finds each target again by its ID. Undefined when no name has changed, when a
 * field is of another kind by now (its values are not what it takes), and when the fields cannot be read: what is
 * wrong then shows at the next write.
 */
export async function followRenames(
  table: Table,
  targets: readonly Target[],
  signal: AbortSignal,
): Promise<Renamed | undefined> {
  const list = await table.fields(signal).catch((error: unknown) => {
    if (error instanceof CallError) return undefined;
    throw error;
  });
  if (!list) return undefined;
  const fields = new Map(list.map((field) => [field.id, field]));
  const notes: Text[] = [];
  const now: Target[] = [];
  for (const target of targets) {
    const field = fields.get(target.id);
    if (field && field.kind !== target.kind) return undefined;
    const name = field?.name ?? target.name;
    if (name !== target.name) notes.push(renamed(target.name, name));
    now.push({ ...target, name });
  }
  return notes.length === 0 ? undefined : { targets: now, notes };
}

const renamed = (was: string, name: string): Text =>
  text(
    `字段「${was}」在同步期间改名为「${name}」，照常写入。`,
    `The field "${was}" was renamed to "${name}" during the run and is written as before.`,
  );
