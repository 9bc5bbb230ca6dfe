import { readFileSync } from 'node:fs';
import { CompiledQuery, Kysely, sql } from 'kysely';
import { describe, expect, it, onTestFinished } from 'vitest';
import { readPlan } from '../../src/run/plan.ts';
import type { Scope } from '../../src/run/ports.ts';
import { backendOf } from '../../src/store/db/open.ts';
import type { Tables } from '../../src/store/db/schema.ts';
import { openStore } from '../../src/store/open.ts';
import { decodeChanges } from '../../src/sync/plan/change.ts';
import { printOf } from '../../src/sync/plan/known.ts';
import type { Place } from './contract.ts';
import { orders, parts } from './samples.ts';

const fixture = (name: string): string =>
  readFileSync(new URL(`../fixtures/store/${name}`, import.meta.url), 'utf8');

/** A store writes only to what it made itself, whatever else stands in its database. */
export function ownershipContract(name: 'SQLite' | 'MySQL', prepare: () => Promise<Place>): void {
  const old = fixture(`0.1.0.${name.toLowerCase()}.sql`).trimEnd().split('\n');

  /** An empty database, after these statements. */
  async function database(...statements: readonly string[]) {
    const { url, remove } = await prepare();
    onTestFinished(remove);
    const db = new Kysely<Tables>({ dialect: backendOf(url).dialect });
    onTestFinished(() => db.destroy());
    const run = async (statement: string) =>
      db.executeQuery<Record<string, unknown>>(CompiledQuery.raw(statement));
    for (const one of statements) await run(one);
    const open = async () => {
      const store = await openStore(url, parts);
      onTestFinished(() => store.stop());
      return store;
    };
    const rows = async (table: string) => (await run(`select * from ${table}`)).rows;
    return { url, db, run, open, rows };
  }

  const foreign = [
    'create table orders (id integer primary key, at bigint)',
    'insert into orders values (1, 5)',
    'create table audit (id varchar(22) primary key, at bigint, who varchar(20))',
    "insert into audit values ('a', 5, 'ada')",
    'create table versions (version integer primary key, at bigint)',
    'insert into versions values (20240101, 5)',
  ];
  const tidied = async (store: Awaited<ReturnType<typeof openStore>>) => {
    await store.orders.prune(1e15);
    await store.audit.prune(1e15);
    await store.occasions.prune(1e15);
    await store.seen.prune(1e15);
    await store.journal.prune(1e15);
  };

  describe(`what the store does not own on ${name}`, () => {
    it('stays as it is beside its own tables', async () => {
      const { open, rows } = await database(...foreign);
      const store = await open();
      await store.seen.first(['a'], 1);
      await tidied(store);
      expect(await rows('orders')).toHaveLength(1);
      expect(await rows('audit')).toHaveLength(1);
      expect(await rows('versions')).toHaveLength(1);
    });

    it.each([
      ['a table', 'create table bitable_sync_orders (id integer primary key, at bigint)'],
      ['a view', 'create view bitable_sync_orders as select 1 as id'],
      ['the table of versions', 'create table bitable_sync_versions (v integer primary key)'],
      [
        'even one with the columns of ours',
        'create table bitable_sync_seen (id_hash varchar(22) primary key, at bigint)',
      ],
    ])('and has one of its names is refused in one line: %s', async (_, statement) => {
      const { url, run, db } = await database(statement);
      const refused = await openStore(url, parts).catch((error: unknown) => error);
      expect(refused).toMatchObject({ problems: [{ code: 'store-foreign-tables', where: 'STORE_URL' }] });
      expect(String(refused)).not.toContain('\n');
      const left = await backendOf(url).words.relations(db, ['bitable_sync_runs', 'bitable_sync_audit']);
      expect([...left.keys()]).toEqual([]);
      await run('select 1');
    });
  });

  describe(`a store of 0.1.0 on ${name}`, () => {
    it('opens with its runs, plans, ledger and everything else', async () => {
      const { open, rows, db, url } = await database(...old);
      const store = await open();
      const listed = (await store.journal.openRuns()).map(({ id, state }) => [id, state.status]);
      expect(listed.sort()).toEqual(expect.arrayContaining([['openrun1', 'running']]));
      expect(listed.map(([, status]) => status).sort()).toEqual(['running', 'waiting']);
      const left = (await store.journal.chunks('openrun1')).map(({ id, status, token }) => [
        id,
        status,
        token,
      ]);
      expect(left).toEqual([
        ['C001', 'done', 'token-1'],
        ['C002', 'sent', 'token-2'],
        ['C003', 'pending', null],
      ]);
      expect(await store.journal.body('openrun1', 'C003')).toEqual(new Uint8Array([1, 2, 3]));
      const known = await store.known.load({ definition: 'orders', table: 'bascnOpen/tblOpen' });
      expect(['a', '键'].map((key) => known?.table.find(printOf(key)).length)).toEqual([1, 1]);
      expect([...(await store.kept.holds.paused())]).toEqual([
        ['orders', { by: undefined, at: 0, away: undefined }],
      ]);
      expect(await store.kept.reminders.all()).toHaveLength(1);
      const waiting = (await store.journal.openRuns()).find(({ id }) => id !== 'openrun1');
      const scope = waiting?.scope ?? { definition: '', table: '' };
      expect(waiting?.state.waiting?.reasons).not.toEqual([]);
      const plan = readPlan(waiting?.plan ?? '');
      expect(plan.targets.map(({ name }) => name)).toContain('用户ID');
      const [planned] = await store.journal.chunks(waiting?.id ?? '');
      const body = await store.journal.body(waiting?.id ?? '', planned?.id ?? '');
      expect(decodeChanges(body)).toHaveLength(planned?.rows ?? 0);
      expect(await store.facts.width.of(scope.table.split('/')[0] ?? '')).toBe('2 0 0');
      expect(await store.facts.fields.of(scope)).toContainEqual({
        ...{ column: '用户ID', id: expect.stringMatching(/^fld/), name: '用户ID', kind: 'number' },
      });
      expect(await store.facts.filled.of(scope)).toHaveLength(8);
      expect(await rows('bitable_sync_ledger')).toHaveLength(14);
      // Of a run whose chunks are whole, and of one whose chunks say nothing.
      const owned = async (one: Scope) => {
        const { note, table } = (await store.known.load(one)) ?? {};
        return [note, [...(table?.slots() ?? [])].map((slot) => table?.isOurs(slot))];
      };
      expect(await owned(scope)).toEqual([undefined, Array.from({ length: 12 }, () => true)]);
      const unsure = { definition: 'orders', table: 'bascnOpen/tblOpen' };
      expect(await owned(unsure)).toEqual([undefined, [false, false]]);
      const gone = await backendOf(url).words.relations(db, ['runs', 'versions', 'ledger']);
      expect([...gone.keys()]).toEqual([]);
      expect(await (await open()).journal.openRuns()).toHaveLength(2);
    });

    it('that shares its database with tables of others takes its own and leaves theirs', async () => {
      const own = old.filter(
        (line) =>
          !/^(?:CREATE (?:TABLE|INDEX)|INSERT INTO) \W?(?:if not exists )?\W?(?:orders|audit)/i.test(line),
      );
      const { open, rows } = await database(...own, ...foreign.slice(0, 4));
      const store = await open();
      await tidied(store);
      expect(await rows('orders')).toHaveLength(1);
      expect(await rows('audit')).toHaveLength(1);
      expect(await store.audit.list(undefined, 5)).toEqual([]);
      expect(await store.orders.of(['x'])).toEqual([]);
    });

    it('whose renaming was cut off is gone on with', async () => {
      const { open, run } = await database(...old);
      await run('alter table runs rename to bitable_sync_runs');
      await run('alter table marks rename to bitable_sync_marks');
      expect(await (await open()).journal.openRuns()).toHaveLength(2);
    });

    it('is renamed once when many open it at the same moment', async () => {
      const { open } = await database(...old);
      const stores = await Promise.all([open(), open(), open()]);
      for (const one of stores) expect(await one.journal.latestRuns(orders.definition, 9)).toHaveLength(3);
    });
  });

  it(`making a store on ${name} is gone on with where a kill has cut it off`, async () => {
    const whole = await database();
    const first = await whole.open();
    await first.stop();
    await sql`drop table bitable_sync_audit`.execute(whole.db);
    await sql`delete from bitable_sync_versions where version > 1`.execute(whole.db);
    const again = await whole.open();
    expect(await again.audit.list(undefined, 5)).toEqual([]);
  });
}
