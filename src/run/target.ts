import { parseBaseAddress, withTable } from '../sync/definition/address.ts';
import type { Definition } from '../sync/definition/definition.ts';
import { type Problem, ProblemError, problem } from '../sync/words/problem.ts';
import { type Text, text } from '../sync/words/text.ts';
import type { MadeTable, Table, TableFacts } from './ports.ts';

/** Where a definition writes to. */
export type FoundTarget =
  /** Its own address names a table: that always counts. */
  | { readonly kind: 'own'; readonly address: string }
  /** The table that was created for it in the base of its address. */
  | { readonly kind: 'made'; readonly address: string }
  /** Its address names a base only, and no table was created there yet. */
  | { readonly kind: 'none' };

type Named = Pick<Definition, 'name' | 'target'>;
type Made = Pick<TableFacts, 'made'>;

/** The table that was created, or begun, for a definition in the base `of`. */
export async function madeTable(facts: Made, definition: string, of: string): Promise<MadeTable | undefined> {
  const made = await facts.made.of(definition);
  return made?.of === of ? made : undefined;
}

/** Finds where a definition writes to: the one place where that is decided. */
export async function findTarget({ name, target }: Named, facts: Made): Promise<FoundTarget> {
  const parsed = parseBaseAddress(target);
  // What is wrong with an address is told when it is opened.
  if (parsed.kind === 'problem' || parsed.address.table !== undefined)
    return { kind: 'own', address: target };
  const made = await madeTable(facts, name, parsed.address.token);
  return made?.table ? { kind: 'made', address: withTable(target, made.table) } : { kind: 'none' };
}

/** A definition with the address of the table that counts; as it is where there is none yet. */
export async function resolved<D extends Named>(definition: D, facts: Made): Promise<D> {
  const found = await findTarget(definition, facts);
  return found.kind === 'none' ? definition : { ...definition, target: found.address };
}

/**
 * Opens the table that counts, and answers it with the definition that names it. Rejects with a `ProblemError` when
 * there is none yet.
 */
export async function openFound<D extends Named>(
  definition: D,
  facts: Made,
  open: (address: string) => Promise<Table>,
): Promise<{ readonly definition: D; readonly table: Table }> {
  const found = await findTarget(definition, facts);
  if (found.kind === 'none') throw problem(noTableYet(definition.name));
  const { kind, address } = found;
  const table = await open(address);
  return {
    definition: { ...definition, target: address },
    table: kind === 'made' ? made(table, definition.name) : table,
  };
}

/** A table that says what to do when it is gone. */
const made = (table: Table, name: string): Table => ({
  ...table,
  revision: (signal) => table.revision(signal).catch(madeIsGone(name)),
});

/** Nobody has copied the address of a table that was created here: what helps is to create it again. */
const madeIsGone =
  (name: string) =>
  (error: unknown): never => {
    if (!(error instanceof ProblemError) || error.problems[0].code !== 'no-such-table') throw error;
    throw problem(madeTableGone(name, error.problems[0].message), { cause: error });
  };

const madeTableGone = (name: string, what: Text): Problem => ({
  code: 'made-table-gone',
  where: 'target',
  message: text(
    `${what.zh}它是为定义 ${name} 新建的，已被删除，或应用看不到它了。`,
    `${what.en} It was created for the definition ${name}, and has been deleted or hidden from the app since.`,
  ),
  cure: text(
    `在多维表格里恢复它；或运行 bitable-sync init ${name} 再建一张，然后同步。`,
    `Restore it in the Base; or type bitable-sync init ${name} to create it again, then run the sync.`,
  ),
});

const noTableYet = (name: string) => ({
  code: 'no-table-yet',
  where: 'target',
  message: text(
    `定义 ${name} 只写了多维表格的地址，还没有数据表。`,
    `The definition ${name} names a base only; there is no table for it yet.`,
  ),
  cure: text(
    `运行 bitable-sync init ${name} 新建数据表，或在 target 里写带 table= 的地址。`,
    `Type bitable-sync init ${name} to create the table, or give an address with table= as the target.`,
  ),
});
