import { createHash, randomUUID } from 'node:crypto';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { sql } from 'kysely';
import { z } from 'zod';
import type { Known, KnownNote, KnownTables, LedgerEntry, Log, Scope } from '../run/ports.ts';
import type { Key } from '../sync/fields/key.ts';
import { decodeChanges } from '../sync/plan/change.ts';
import { KnownTable, printOf, unknown } from '../sync/plan/known.ts';
import { object, readable } from '../sync/state/stored.ts';
import { Fenced } from '../sync/words/problem.ts';
import { type Backend, type Database, type Trx, transact } from './db/backend.ts';
import { asBuffer, asBytes, byKey, hash, scopeHash } from './db/encode.ts';
import { guard } from './tables.ts';

/**
 * Parts deleted by one statement, and written before the database is tidied: each has some hundred kilobytes, and what
 * SQLite leaves for later, it does in one go.
 */
const partsAtOnce = 8;
/** Rows of the ledger read or deleted by one statement: some milliseconds' work. */
const ledgerRowsAtOnce = 1_000;

/** The newest way of keeping a known table that this program knows. */
const format = 1;

const amount = z.int().nonnegative();
const noteSchema = object<KnownNote>({
  ...{ revision: z.int(), total: amount, fields: z.string(), mapping: z.string() },
  ...{ filled: z.array(z.string()), readAt: z.number(), run: z.string() },
  writes: z.object({ calls: amount, records: amount, step: z.int() }),
});
/** What says which parts count. `said` is text: the sum is a SHA-256 of all parts and then of it, byte by byte. */
const keptSchema = z.object({ format: z.int(), sum: z.string(), said: z.string() });
const saidSchema = z.object({ generation: z.string(), parts: amount, records: amount, note: noteSchema });

/** The known tables of all scopes; of a scope without one, what programs before them confirmed. */
export const knownTables = (db: Database, backend: Backend, log: Log): KnownTables => ({
  async load(scope) {
    for (;;) {
      const kept = await keptOf(db, scope);
      if (kept === undefined) return fromLedger(db, scope);
      const known = await read(db, scope, kept);
      if (typeof known !== 'string') return known;
      // Another one may have been put in its place meanwhile.
      if ((await keptOf(db, scope)) !== kept) continue;
      log.warn('store.known-discarded', { ...scope, reason: known });
      return undefined;
    }
  },
  async keep(scope, known, fence) {
    const written = await writeParts(db, backend, scope, known);
    const others = await transact(db, backend, async (trx) => {
      if (fence !== undefined) await guard(trx, backend, scope.table, fence);
      return putInPlace(trx, scope, written);
    });
    for (const { generation, last } of others) await dropParts(db, scope, generation, last);
    await dropLedger(db, scope);
  },
});

const nameOf = ({ definition, table }: Scope): string => `known:${definition}@${table}`;

async function keptOf(db: Database, scope: Scope): Promise<string | undefined> {
  const one = db
    .selectFrom('bitable_sync_memory')
    .select('value')
    .where('name_hash', '=', hash(nameOf(scope)));
  return (await one.executeTakeFirst())?.value;
}

/** Reads a known table, or tells why it cannot be trusted. */
async function read(db: Database, scope: Scope, value: string): Promise<Known | string> {
  const kept = readable(value, keptSchema);
  if (!kept) return 'its note cannot be read';
  if (kept.format > format) return 'it was written by a newer program';
  const said = readable(kept.said, saidSchema);
  if (!said) return 'its note cannot be read';
  const { generation, parts, records, note } = said;
  const all = db
    .selectFrom('bitable_sync_known_parts')
    .where('scope', '=', scopeHash(scope))
    .where('generation', '=', generation);
  const { count, bytes } = await all
    .select([sql<number>`count(*)`.as('count'), sql<number | null>`sum(length(body))`.as('bytes')])
    .executeTakeFirstOrThrow();
  // Memory is taken for so many records, each of which has some bytes.
  if (Number(count) !== parts || Number(bytes) < records) return 'parts are missing';
  const table = new KnownTable(records);
  const sum = createHash('sha256');
  for (let part = 1; part <= parts; part++) {
    const row = await all.select('body').where('part', '=', part).executeTakeFirst();
    // SQLite gives back whatever somebody put there.
    if (!(row?.body instanceof Uint8Array) || !table.take(asBytes(row.body))) return 'a part is torn';
    sum.update(row.body);
    await nextTurn();
  }
  if (sum.update(kept.said).digest('hex') !== kept.sum || table.size !== records) return 'its sum is wrong';
  table.arrange();
  return { note, table };
}

/** A known table whose parts are all stored, and nothing yet says that they count. */
interface Written {
  readonly generation: string;
  readonly parts: number;
  /** What makes them count. */
  readonly kept: string;
}

async function writeParts(
  db: Database,
  backend: Backend,
  scope: Scope,
  { note, table }: Required<Known>,
): Promise<Written> {
  const generation = randomUUID();
  const sum = createHash('sha256');
  let parts = 0;
  for (const body of table.parts()) {
    sum.update(body);
    const row = { scope: scopeHash(scope), generation, part: ++parts, body: asBuffer(body) };
    await db.insertInto('bitable_sync_known_parts').values(row).execute();
    await nextTurn();
    if (parts % partsAtOnce > 0) continue;
    await backend.tidy(db);
    await nextTurn();
  }
  const said = JSON.stringify({ generation, parts, records: table.size, note });
  const kept = JSON.stringify({ format, sum: sum.update(said).digest('hex'), said });
  return { generation, parts, kept };
}

interface Generation {
  readonly generation: string;
  /** Number of its last part. */
  readonly last: number;
}

/** Makes a known table the one that counts, and answers what else is there: what was before, and what a kill left. */
async function putInPlace(
  trx: Trx,
  scope: Scope,
  { generation, parts, kept }: Written,
): Promise<Generation[]> {
  const name = nameOf(scope);
  const row = { name_hash: hash(name), name: JSON.stringify(name), value: kept };
  await trx.replaceInto('bitable_sync_memory').values(row).execute();
  const there = await trx
    .selectFrom('bitable_sync_known_parts')
    .select(({ fn }) => ['generation', fn.countAll().as('count'), fn.max('part').as('last')])
    .where('scope', '=', scopeHash(scope))
    .groupBy('generation')
    .execute();
  const mine = there.find((one) => one.generation === generation);
  if (Number(mine?.count ?? 0) !== parts) throw new Fenced(scope.table);
  // Whoever keeps one at the same time, without a fence, finds it incomplete at this point.
  const firsts = trx.deleteFrom('bitable_sync_known_parts').where('scope', '=', scopeHash(scope));
  await firsts.where('generation', '!=', generation).where('part', '=', 1).execute();
  return there.filter((one) => one !== mine);
}

async function dropParts(db: Database, scope: Scope, generation: string, last: number): Promise<void> {
  for (let from = 0; from < last; from += partsAtOnce) {
    const all = db.deleteFrom('bitable_sync_known_parts').where('scope', '=', scopeHash(scope));
    const some = all.where('generation', '=', generation).where('part', '>', from);
    await some.where('part', '<=', from + partsAtOnce).execute();
    await nextTurn();
  }
}

const entries = (db: Database, scope: Scope) =>
  db.selectFrom('bitable_sync_ledger').where('scope', '=', scopeHash(scope));

/** What the ledger knows of these keys, where a run confirmed it and none has since. */
export async function confirmedBy(
  db: Database,
  scope: Scope,
  run: string,
  keys: readonly Key[],
): Promise<readonly LedgerEntry[]> {
  const mine = entries(db, scope).select(['key_id', 'record', 'hash']).where('run', '=', run);
  const found = await byKey(keys, (ids) => mine.where('key_id', 'in', ids).execute());
  return [...found].map(([key, one]) => ({ key, ...one }));
}

/** What programs before the known table confirmed, as a table of which nothing else is known. */
async function fromLedger(db: Database, scope: Scope): Promise<Known | undefined> {
  const all = entries(db, scope).select(({ fn }) => fn.countAll().as('records'));
  const records = Number((await all.executeTakeFirstOrThrow()).records);
  if (records === 0) return undefined;
  const table = new KnownTable(records);
  const rows = entries(db, scope).select(['key_id', 'key_text', 'record']).orderBy('key_id');
  for (let last = ''; ; ) {
    const some = await rows.where('key_id', '>', last).limit(ledgerRowsAtOnce).execute();
    for (const { key_id, key_text, record } of some) {
      const key = key_text === null ? key_id : (readable(key_text, z.string()) ?? '');
      table.add(record, printOf(key), unknown);
      last = key_id;
    }
    if (some.length === 0) break;
    await nextTurn();
  }
  table.arrange();
  await ownCreated(db, scope, table);
  return { table };
}

/** Notes as ours what the creates of stored runs made. An update made nothing, and of other creates that is not sure. */
async function ownCreated(db: Database, scope: Scope, table: KnownTable): Promise<void> {
  const created = await db
    .selectFrom('bitable_sync_chunks as chunk')
    .innerJoin('bitable_sync_runs as run', 'run.id', 'chunk.run')
    .select(['chunk.run', 'chunk.id'])
    .where('run.definition', '=', scope.definition)
    .where('run.table_id', '=', scope.table)
    .where('chunk.kind', '=', 'create')
    .where('chunk.status', '=', 'done')
    .execute();
  for (const { run, id } of created) {
    const bodies = db.selectFrom('bitable_sync_bodies').select('body').where('run', '=', run);
    const row = await bodies.where('chunk', '=', id).executeTakeFirst();
    for (const key of row ? keysIn(row.body) : [])
      if (key !== '') for (const slot of table.find(printOf(key))) table.own(slot);
    await nextTurn();
  }
}

/** The keys of a stored chunk; none where it is torn. */
function keysIn(body: Uint8Array): readonly Key[] {
  try {
    return decodeChanges(body).map(({ key }) => key);
  } catch {
    return [];
  }
}

async function dropLedger(db: Database, scope: Scope): Promise<void> {
  const first = entries(db, scope).select('key_id').orderBy('key_id').limit(ledgerRowsAtOnce);
  for (;;) {
    const last = (await first.execute()).at(-1);
    if (!last) return;
    const all = db.deleteFrom('bitable_sync_ledger').where('scope', '=', scopeHash(scope));
    await all.where('key_id', '<=', last.key_id).execute();
    await nextTurn();
  }
}
