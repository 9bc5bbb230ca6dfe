import type { Definition } from '../sync/definition.ts';
import type { Problem } from '../sync/problem.ts';
import { type Text, text } from '../sync/text.ts';

/** Where a definition writes. */
export interface Writes {
  readonly definition: Pick<Definition, 'name' | 'mode' | 'deletes'>;
  /** `base/table`. */
  readonly table: string;
  /** Names of the fields besides the key; undefined when they are not known. */
  readonly fields: readonly string[] | undefined;
}

/**
 * Finds definitions that write to the same table and get in each other's way: one that deletes what it does not know
 * (a mirror) deletes the other's records; two that write the same fields overwrite each other where their keys meet,
 * which is only advice, because their keys may be apart. Fields apart are no finding.
 * @returns problems by the names of both definitions
 */
export function sharingProblems(all: readonly Writes[]): ReadonlyMap<string, readonly Problem[]> {
  const found = new Map<string, Problem[]>();
  all.forEach((one, at) => {
    for (const other of all.slice(at + 1)) {
      const problem = one.table === other.table ? between(one, other) : undefined;
      for (const { name } of problem ? [one.definition, other.definition] : []) {
        found.set(name, [...(found.get(name) ?? []), ...(problem ? [problem] : [])]);
      }
    }
  });
  return found;
}

function between(one: Writes, other: Writes): Problem | undefined {
  const mirror = [one, other].find(({ definition }) => deletesOthers(definition));
  const names = both(one.definition.name, other.definition.name);
  if (mirror) return deleted(names, mirror.definition.name);
  const same = one.fields?.filter((field) => other.fields?.includes(field)) ?? [];
  return same.length === 0 ? undefined : overwritten(names, same);
}

const deletesOthers = ({ mode, deletes }: Writes['definition']): boolean =>
  mode === 'mirror' && deletes !== 'ours';

const both = (one: string, other: string): Text => text(`${one} 和 ${other}`, `${one} and ${other}`);

const deleted = (names: Text, mirror: string): Problem => ({
  code: 'table-shared',
  where: 'target',
  message: text(
    `${names.zh} 写入同一张数据表，而 ${mirror} 是 mirror，会删除另一个写入的记录`,
    `${names.en} write to the same table, and ${mirror} is a mirror: it deletes the records of the other`,
  ),
  cure: text(
    `让它们各写一张表；或把 ${mirror} 改成 mode: upsert，或在其中写 deletes: ours。`,
    `Give each a table of its own, or change ${mirror} to mode: upsert, or say deletes: ours in it.`,
  ),
});

const overwritten = (names: Text, fields: readonly string[]): Problem => {
  const some = fields.slice(0, 5);
  const more = fields.length > some.length;
  return {
    code: 'warn-table-shared',
    where: 'target',
    message: text(
      `${names.zh} 写入同一张数据表的相同字段（${some.join('、')}${more ? '……' : ''}），主键相同的记录会互相覆盖`,
      `${names.en} write the same fields of the same table (${some.join(', ')}${more ? ' …' : ''}): where their keys meet they overwrite each other`,
    ),
    cure: text(
      '若两个查询的主键从不相同，可以不管；否则让它们各写一张表，或在其中一个的 fields 里对这些列写 skip。',
      'Ignore this where the two queries never have the same key; else give each a table of its own, or say skip for these columns in the fields of one.',
    ),
  };
};
