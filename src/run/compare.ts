import { createHash } from 'node:crypto';
import { whyBadKey } from '../sync/bad-keys.ts';
import { type Change, decodeChanges, type Written } from '../sync/change.ts';
import { chunker, type PackedChunk } from '../sync/chunk.ts';
import type { Definition } from '../sync/definition.ts';
import { type Compared, diff } from '../sync/diff.ts';
import type { Failure } from '../sync/failure.ts';
import type { FieldKind } from '../sync/field.ts';
import type { Key } from '../sync/key.ts';
import type { Cell } from '../sync/kinds/kind.ts';
import type { Resolver } from '../sync/lookup.ts';
import { keyIn, type Mapping } from '../sync/mapping.ts';
import { type NewOptions, newOptions } from '../sync/new-options.ts';
import { holdsDeletes } from '../sync/policy.ts';
import { hashOfRow, seedOf } from '../sync/row.ts';
import type { BadGroup, BadRow, Sample } from '../sync/state.ts';
import type { Text } from '../sync/text.ts';
import { badRowsOf, listedKey, listedParts, listedValue } from './bad-rows.ts';
import { type Left, type Sorter, type Succession, sorter } from './left.ts';
import { heldBack, type LeftOver, owned } from './left-over.ts';
import { meetingsOf } from './meetings.ts';
import type { LedgerEntry, NewChunk, RefusedRow, Scope, Store } from './ports.ts';
import type { SourceRead, SourceRow } from './read-source.ts';
import type { TableRead } from './read-table.ts';
import type { Refused } from './refused.ts';
import { sampler } from './sample.ts';
import type { Spool } from './spool.ts';
import { type Witness, witness } from './witness.ts';

/** The outcome of comparing both sides; the changes themselves are in the journal as chunks. */
export interface Comparison extends LeftOver {
  readonly creates: number;
  readonly updates: number;
  readonly deletes: number;
  readonly unchanged: number;
  /** Of these, rows that differ from records outside of the view, which are left alone. */
  readonly outside: number;
  readonly invalid: number;
  /** Rows with a word that names nobody. */
  readonly rejected: number;
  /** Updates that set back what somebody changed. */
  readonly back: number;
  /** Rows to be created that the ledger knows as records. */
  readonly missing: ReturnType<Witness['missing']>;
  /** Select options that the plan would create. */
  readonly newOptions: NewOptions;
  readonly hash: string;
  /** The highest chunk numbers, by the letters before them. */
  readonly numbers: ReadonlyMap<string, number>;
  /** Of a run that goes on: what becomes of its chunks, and the rows found as it has written them. */
  readonly succession: Succession | undefined;
  readonly writtenBefore: number;
  /** Bad rows by reason, those included that Feishu refused before. */
  readonly badRows: readonly BadGroup[];
  readonly samples: readonly Sample[];
  /** Said when not one row found its record, though both sides have some. */
  readonly strangers: readonly Text[];
}

/** What the comparison works with. */
export interface Sides {
  readonly definition: Definition;
  readonly mapping: Mapping;
  readonly spool: Spool<SourceRow>;
  /** Rows that were refused while they were read. */
  readonly bad: Spool<BadRow>;
  readonly source: SourceRead;
  readonly table: TableRead;
  readonly chunkSize: number;
  /** IDs of records outside of which nothing is updated or deleted. */
  readonly within: ReadonlySet<string> | undefined;
  /** Turns words into IDs, where the mapping asks for it. */
  readonly resolver: Resolver | undefined;
  /** Rows that Feishu refused in earlier runs. */
  readonly refused: Refused | undefined;
  /** What a run that goes on has behind it. */
  readonly left: Left | undefined;
}

/** Bytes of chunks that are stored in one go. */
const storedTogether = 2 * 1024 * 1024;
const bytesIn = (chunks: readonly NewChunk[]): number =>
  chunks.reduce((sum, { body }) => sum + body.length, 0);

/** Changes that are looked up at once among those that Feishu refused. */
const lookUp = 500;

/**
 * Walks through both sides once and lets the changes flow into the journal, chunk by chunk.
 * @param known records that the ledger knows in this scope
 */
export async function compare(
  sides: Sides,
  run: string,
  scope: Scope,
  { journal, ledger, rejects }: Pick<Store, 'journal' | 'ledger' | 'rejects'>,
  fence: number,
  known: number,
): Promise<Comparison> {
  const { definition, mapping, spool, source, table } = sides;
  const counts = {
    create: 0,
    update: 0,
    delete: 0,
    same: 0,
    left: 0,
    outside: 0,
    invalid: 0,
    rejected: 0,
    written: 0,
  };
  const bad = badRowsOf(run, rejects, fence);
  const samples = sampler(mapping, (at, id) => table.names.get(id) ?? sides.resolver?.called(at, id));
  const { left } = sides;
  const chunks = chunker(sides.chunkSize, mapping.targets, '', left?.numbers);
  const refusedChunks = chunker(sides.chunkSize, mapping.targets, refusedMark, left?.numbers);
  const before: Sorter | undefined = left && sorter(left);
  const options = newOptions(mapping.targets);
  const hash = createHash('sha256');
  let storing: Promise<void> = Promise.resolve();

  let unstored: NewChunk[] = [];

  /** Takes a chunk for the journal. Some go there together: each going is a transaction that waits for the disk. */
  async function store(chunk: PackedChunk): Promise<void> {
    hash.update(chunk.kind).update(chunk.body);
    unstored.push(chunk);
    if (bytesIn(unstored) >= storedTogether) await storeTogether();
  }

  /** Hands over what has come together; it is stored while the next ones are put together. */
  async function storeTogether(): Promise<void> {
    await storing;
    storing = journal.addChunks(run, unstored, fence);
    unstored = [];
    // Its failure is thrown by the next one that waits for it.
    storing.catch(() => undefined);
  }

  /** Answers a promise only where something must be waited for: one for each row would cost more than the row. */
  function take(change: Change): Promise<void> | undefined {
    counts[change.kind]++;
    samples.take(change);
    options.see(change);
    if (before?.take(change)) return undefined;
    const closed = chunks.add(change);
    return closed && store(closed);
  }

  /** Changes that wait until the store has told which of them Feishu refused before. */
  let unsifted: Written[] = [];
  const why = new Map<string, Failure>();
  async function storeRefused(chunk: PackedChunk | undefined): Promise<void> {
    if (!chunk) return;
    const changes = decodeChanges(chunk.body);
    const failure = why.get(changes[0]?.key ?? '');
    if (failure) await journal.addChunks(run, [{ ...chunk, refused: failure }], fence);
    for (const { key } of changes) why.delete(key);
  }
  async function sift(refusedRows: Refused): Promise<void> {
    const { send, refused } = await refusedRows.sift(unsifted);
    unsifted = [];
    for (const { change, row } of refused) {
      bad.count(row.told);
      why.set(change.key, refusedBefore(row));
      await storeRefused(refusedChunks.add(change));
    }
    for (const change of send) await ask(change);
  }
  const seen = witness(ledger, scope, known);
  function ask(change: Written): Promise<void> | undefined {
    const answered = seen.take(change);
    return answered && takeAll(answered);
  }
  async function takeAll(answered: Promise<readonly Change[]>): Promise<void> {
    for (const one of await answered) await take(one);
  }
  function consider(change: Written): Promise<void> | undefined {
    if (!sides.refused) return known === 0 ? take(change) : ask(change);
    unsifted.push(change);
    return unsifted.length === lookUp ? sift(sides.refused) : undefined;
  }

  for await (const group of sides.bad.groups()) for (const row of group) await bad.take(row);

  const seed = seedOf(mapping.targets);
  const entryOf = (key: Key, cells: readonly Cell[]): LedgerEntry => ({
    ...{ key, hash: hashOfRow(cells, seed) },
    record: table.index.find(key)?.id ?? '',
  });
  const judge = diff(mapping, table.index, source.times, definition.mode, sides.within);
  const ready = sides.resolver && resolving(mapping, sides.resolver);
  const meetings = meetingsOf(sides);
  for await (const group of spool.groups()) {
    for (const { row, cells: words } of group) {
      const cells = ready ? ready(words) : words;
      if ('bad' in cells) {
        counts.rejected++;
        await bad.take({ kind: 'rejected', row, ...cells.bad });
        continue;
      }
      const found = judge.row(cells);
      meetings.see(found, () => keyIn(mapping, cells));
      if (found.kind === 'create' || found.kind === 'update') {
        const waiting = consider(found);
        if (waiting) await waiting;
      } else {
        counts[found.kind === 'delete' ? 'left' : found.kind]++;
        if (before && (found.kind === 'same' || found.kind === 'left')) {
          const key = keyIn(mapping, cells);
          if (before.same(key, () => entryOf(key, cells))) counts.written++;
        }
        if (found.kind === 'invalid') await bad.take(invalidRow(row, found, sides));
      }
    }
  }
  if (sides.refused) await sift(sides.refused);
  for (const chunk of refusedChunks.rest()) await storeRefused(chunk);
  for (const row of untouchable(sides)) await bad.list(row);
  for (const change of await seen.rest()) await take(change);
  const deletes = holdsDeletes(source)
    ? heldBack(judge.leftOver())
    : await owned(judge.leftOver(), definition.deletes, scope, ledger, take);
  for (const chunk of chunks.rest()) await store(chunk);
  await storeTogether();
  await storing;
  const succession = await before?.end(table.index.has, (chunk) => journal.body(run, chunk));
  for (const chunk of succession?.add ?? []) hash.update(chunk.kind).update(chunk.body);
  return {
    creates: counts.create,
    updates: counts.update,
    deletes: counts.delete,
    unchanged: counts.same + counts.left + counts.outside,
    outside: counts.outside,
    invalid: counts.invalid,
    rejected: counts.rejected,
    ...deletes,
    back: seen.back(),
    missing: seen.missing(),
    newOptions: options,
    hash: hash.digest('hex'),
    numbers: new Map([...chunks.numbers(), ...refusedChunks.numbers()]),
    succession,
    writtenBefore: counts.written,
    badRows: await bad.end(),
    samples: samples.all(),
    strangers: meetings.notes(),
  };
}

/** Returns what turns a row's words into IDs, or says why the row cannot be sent. */
export function resolving(
  mapping: Mapping,
  resolver: Resolver,
): (words: readonly Cell[]) => readonly Cell[] | { readonly bad: Omit<BadRow, 'kind' | 'row'> } {
  return (words) => {
    const cells = resolver.row(words);
    if (!('bad' in cells)) return cells;
    const key = listedKey(mapping, keyIn(mapping, words));
    const at = mapping.targets.findIndex(({ name }) => name === cells.field);
    const value = listedValue(mapping.targets[at], words[at] ?? '');
    return { bad: { key, field: cells.field, reason: cells.bad.bad, value } };
  };
}

type Invalid = Extract<Compared, { kind: 'invalid' }>;

/** Where a bad key is looked at. */
type Place = Pick<Sides, 'mapping' | 'table' | 'source'>;

/** A row whose key is empty or doubled, as it is listed. */
export function invalidRow(
  row: number,
  { key, parts, why }: Invalid,
  { mapping, table, source }: Place,
): BadRow {
  const records = why === 'doubled-table' ? { value: idsOf(table.index.doubled.get(key) ?? []) } : {};
  const loose = why === 'empty' ? parts.some(isBlank) : why === 'doubled-table' || source.loose.has(key);
  const reason = whyBadKey(why, kindsOf(mapping), loose);
  return { kind: 'invalid', key: listedParts(mapping, key === '' ? [''] : parts), row, reason, ...records };
}

const isBlank = (part: string): boolean => part !== '' && part.trim() === '';

const kindsOf = ({ key, targets }: Mapping): readonly FieldKind[] =>
  key.flatMap((at) => targets[at]?.kind ?? []);

/** The table's own records that no run can touch, where no row of the query tells of them. */
export function* untouchable({ mapping, table, source }: Place): Generator<BadRow> {
  const { index } = table;
  for (const [key, records] of index.doubled) {
    if (source.times.has(key)) continue;
    const value = idsOf(records);
    const reason = whyBadKey('doubled-table', kindsOf(mapping), true);
    yield { kind: 'table', key: listedKey(mapping, key), row: null, reason, value };
  }
  const reason = whyBadKey('empty', [], false);
  for (const value of index.withoutKey) yield { kind: 'table', key: '', row: null, reason, value };
}

/** Record IDs as they are listed. */
export const idsOf = (records: readonly string[]): string =>
  records.slice(0, recordsShown).join(' ') + (records.length > recordsShown ? ' …' : '');

const recordsShown = 20;

/** What stands between `R` and the chunk's usual ID: rows that Feishu refused in an earlier run. */
const refusedMark = 'R';

/** Why rows that were refused before are not sent. */
const refusedBefore = ({ told }: RefusedRow): Failure => ({
  how: 'answered',
  code: told.code ?? null,
  message: told.reason.en,
  verdict: 'values',
  mayHaveHappened: false,
});
