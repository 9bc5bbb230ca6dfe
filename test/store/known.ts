import { Kysely, sql } from 'kysely';
import { describe, expect, it } from 'vitest';
import type { LedgerEntry, NewChunk, Scope } from '../../src/run/ports.ts';
import { keyId, scopeHash } from '../../src/store/db/encode.ts';
import { backendOf } from '../../src/store/db/open.ts';
import type { Tables } from '../../src/store/db/schema.ts';
import { type OpenedStore, openStore } from '../../src/store/open.ts';
import { createOf, encodeChanges } from '../../src/sync/plan/change.ts';
import { KnownTable, printOf, unknown } from '../../src/sync/plan/known.ts';
import { Fenced } from '../../src/sync/words/problem.ts';
import { chunkOf, noteOf, outcomeOf, parts, quiet, runOf, tableOf } from './samples.ts';

const entriesIn = (table: KnownTable | undefined) =>
  table &&
  [...table.slots()].map((slot) => [
    ...[table.record(slot), table.key(slot), table.held(slot), table.agreed(slot), table.isOurs(slot)],
  ]);

/** A table that is cut off while its parts are written. */
class Cut extends KnownTable {
  override *parts() {
    for (const part of super.parts()) {
      yield part;
      throw new Error('cut off');
    }
  }
}

/** More than the records of two parts. */
const many = 20_001;

/** What the store knows of tables. @param another opens the same store once more */
export function knownContract(
  opened: () => OpenedStore,
  another: () => Promise<OpenedStore>,
  urlOf: () => string,
): void {
  async function raw<R>(work: (db: Kysely<Tables>) => Promise<R>): Promise<R> {
    const db = new Kysely<Tables>({ dialect: backendOf(urlOf()).dialect });
    try {
      return await work(db);
    } finally {
      await db.destroy();
    }
  }
  const generations = async (): Promise<number> => {
    const rows = await raw((db) =>
      db.selectFrom('bitable_sync_known_parts').select(['scope', 'generation']).distinct().execute(),
    );
    return rows.length;
  };
  const scopeOf = (name: string): Scope => ({ definition: 'orders', table: `bascnK/${name}` });
  const kept = async (scope: Scope, store = opened()) => {
    const known = await store.known.load(scope);
    return known && { run: known.note?.run, entries: entriesIn(known.table) };
  };

  describe('a known table', () => {
    it.each([0, 1, many])(
      'of %i records comes back as it was kept, also after a restart',
      async (records) => {
        const scope = scopeOf(`same-${records}`);
        const table = tableOf(records, 's');
        if (records > 5) table.drop(5);
        await opened().known.keep(scope, { note: noteOf('r1'), table });
        const known = await (await another()).known.load(scope);
        expect(known?.note).toEqual(noteOf('r1'));
        expect(entriesIn(known?.table)).toEqual(entriesIn(table));
        if (records > 0) expect(known?.table.find(printOf('s/0'))).toHaveLength(1);
      },
    );

    it('is one for each definition and table, and takes no more room when it is kept again', async () => {
      const scope = scopeOf('one');
      const others = [{ ...scope, definition: 'users' }, scopeOf('One')];
      for (const one of [scope, ...others])
        await opened().known.keep(one, { note: noteOf('before'), table: tableOf(2, one.definition) });
      const before = await generations();
      await opened().known.keep(scope, { note: noteOf('after'), table: tableOf(many, 'x') });
      expect(await generations()).toBe(before);
      expect(await kept(scope)).toEqual({ run: 'after', entries: entriesIn(tableOf(many, 'x')) });
      for (const one of others)
        expect(await kept(one)).toEqual({ run: 'before', entries: entriesIn(tableOf(2, one.definition)) });
      expect(await opened().known.load(scopeOf('none'))).toBeUndefined();
    });

    it.each<readonly [string, (db: Kysely<Tables>, mine: { generation: string }) => Promise<unknown>]>([
      [
        'a part is short',
        (db, mine) =>
          ofPart(db, mine, 2).set({ body: sql<Buffer>`substr(body, 1, length(body) - 1)` }).execute(),
      ],
      [
        'a part is of something else',
        (db, mine) =>
          ofPart(db, mine, 1)
            .set({ body: Buffer.alloc(700_000, 1) })
            .execute(),
      ],
      [
        'a part is empty',
        (db, mine) =>
          ofPart(db, mine, 3)
            .set({ body: Buffer.alloc(0) })
            .execute(),
      ],
      ['a part is text', (db, mine) => ofPart(db, mine, 3).set({ body: sql`'abc'` }).execute()],
      ['a byte is another one', (db, mine) => changePart(db, mine)],
      [
        'a part is missing',
        async (db, { generation }) =>
          db
            .deleteFrom('bitable_sync_known_parts')
            .where('generation', '=', generation)
            .where('part', '=', 2)
            .execute(),
      ],
      [
        'a part is there twice',
        async (db, { generation }) =>
          sql`insert into bitable_sync_known_parts (scope, generation, part, body) select scope, generation, 4, body
            from bitable_sync_known_parts where generation = ${generation} and part = 3`.execute(db),
      ],
      [
        'two parts changed places',
        async (db, mine) => {
          await ofPart(db, mine, 1).set({ part: 9 }).execute();
          await ofPart(db, mine, 2).set({ part: 1 }).execute();
          await ofPart(db, mine, 9).set({ part: 2 }).execute();
        },
      ],
      ['it is of a newer program', (db) => changeNote(db, '"format":1', '"format":2')],
      ['the note says something else', (db) => changeNote(db, '\\"revision\\":7', '\\"revision\\":8')],
      ['the note says that there are more', (db) => changeNote(db, '"records\\":', '"records\\":9999999')],
      ['the note is torn', (db) => changeNote(db, '{"format":1,', '')],
    ])('is discarded, told and can be kept anew where %s', async (name, harm) => {
      const scope = { definition: 'harmed', table: `bascnK/${name}` };
      await opened().known.keep(scope, { note: noteOf('r1'), table: tableOf(many, 'h') });
      await raw(async (db) => {
        const mine = await db
          .selectFrom('bitable_sync_memory')
          .select('value')
          .where('name', '=', nameIn(scope))
          .executeTakeFirstOrThrow();
        await harm(db, { generation: JSON.parse(JSON.parse(mine.value).said).generation });
      });
      const told: unknown[] = [];
      const log = {
        ...quiet,
        warn: (event: string, facts: object = {}) => void told.push({ event, ...facts }),
      };
      const store = await openStore(urlOf(), { ...parts, log });
      expect(await store.known.load(scope)).toBeUndefined();
      expect(told).toEqual([{ event: 'store.known-discarded', ...scope, reason: expect.any(String) }]);
      expect(JSON.stringify(told)).not.toContain('rech');
      await store.known.keep(scope, { note: noteOf('r2'), table: tableOf(3, 'n') });
      expect(await kept(scope, store)).toMatchObject({ run: 'r2', entries: { length: 3 } });
      await store.stop();
      await raw((db) => db.deleteFrom('bitable_sync_memory').where('name', '=', nameIn(scope)).execute());
    });

    it('stays as it was when the new one is cut off, and what that left is cleared by the next one', async () => {
      const scope = scopeOf('cut');
      await opened().known.keep(scope, { note: noteOf('old'), table: tableOf(5, 'o') });
      const before = await generations();
      const table = tableOf(many, 'c', new Cut());
      await expect(opened().known.keep(scope, { note: noteOf('new'), table })).rejects.toThrow('cut off');
      expect(await generations()).toBe(before + 1);
      expect(await kept(scope)).toEqual({ run: 'old', entries: entriesIn(tableOf(5, 'o')) });
      await opened().known.keep(scope, { note: noteOf('next'), table: tableOf(many, 'n') });
      expect(await generations()).toBe(before);
      expect(await kept(scope)).toMatchObject({ run: 'next', entries: { length: many } });
    });

    it('stays as it was when the table was claimed anew', async () => {
      const scope = scopeOf('fenced');
      const { leases, known } = opened();
      const claim = async (gone?: string) => {
        const answer = await leases.claim(scope.table, 'r', 'p', gone);
        return answer.kind === 'claimed' ? answer.lease.fence : 0;
      };
      const fence = await claim();
      await known.keep(scope, { note: noteOf('mine'), table: tableOf(5, 'm') }, fence);
      const next = await claim((await leases.holder(scope.table))?.mark);
      const late = known.keep(scope, { note: noteOf('late'), table: tableOf(many, 'l') }, fence);
      await expect(late).rejects.toBeInstanceOf(Fenced);
      expect(await kept(scope)).toEqual({ run: 'mine', entries: entriesIn(tableOf(5, 'm')) });
      const before = await generations();
      await known.keep(scope, { note: noteOf('next'), table: tableOf(5, 'n') }, next);
      expect(await generations()).toBe(before - 1);
      expect(await kept(scope)).toMatchObject({ run: 'next' });
    });

    it('is that of one where several instances keep and read it at once', async () => {
      const scope = scopeOf('crowd');
      const stores = [opened(), await another(), await another()];
      await opened().known.keep(scope, { note: noteOf('r9'), table: tableOf(many, 'r9') });
      const keeping = stores.map(({ known }, at) =>
        known.keep(scope, { note: noteOf(`r${at}`), table: tableOf(many, `r${at}`) }),
      );
      const reading = stores.map((store) => kept(scope, store));
      const outcomes = await Promise.allSettled(keeping);
      expect(outcomes.some(({ status }) => status === 'fulfilled')).toBe(true);
      for (const one of outcomes) if (one.status === 'rejected') expect(one.reason).toBeInstanceOf(Fenced);
      for (const one of [...(await Promise.all(reading)), await kept(scope)]) {
        expect(one?.entries).toHaveLength(many);
        expect(new Set(one?.entries?.map(([record]) => String(record).slice(3, 5)))).toEqual(
          new Set([one?.run]),
        );
      }
    });

    it('outlives runs and their plans', async () => {
      const scope = scopeOf('outlives');
      await opened().known.keep(scope, { note: noteOf('r1'), table: tableOf(5, 'p') });
      await opened().journal.prune(1e15);
      await opened().journal.shrink(0);
      expect(await kept(scope)).toMatchObject({ run: 'r1', entries: { length: 5 } });
    });

    it('is not said to be unknown where the database does not answer', async () => {
      const store = await openStore(urlOf(), parts);
      await store.stop();
      await expect(store.known.load(scopeOf('stopped'))).rejects.toThrow();
    });
  });

  const entry = (key: string, record = `rec${key}`): LedgerEntry => ({ key, record, hash: 'h' });
  const chunk = (kind: NewChunk['kind'], id: string, keys: readonly string[]): NewChunk => ({
    ...chunkOf(id, 1, bodyOf(kind, keys)),
    ...{ kind, rows: keys.length },
  });
  async function begun(name: string, chunks: readonly NewChunk[]) {
    const { leases, journal } = opened();
    const scope = scopeOf(name);
    const claim = await leases.claim(scope.table, name, 'p');
    if (claim.kind !== 'claimed') throw new Error('the table of a new run is free');
    await journal.createRun(runOf(name, {}, scope));
    await journal.addChunks(name, chunks);
    const settle = (id: string, wrote: readonly LedgerEntry[], change: object = {}) => {
      const outcome = outcomeOf({ written: wrote.length, wrote, ...change });
      return journal.settle({ run: name, scope, chunk: id, outcome, fence: claim.lease.fence });
    };
    /** Notes what an older program confirmed, as those did. */
    const older = async (wrote: readonly LedgerEntry[]): Promise<void> => {
      const rows = wrote.map(({ key, record, hash }) => {
        const key_id = keyId(key);
        const key_text = key_id === key ? null : JSON.stringify(key);
        return { scope: scopeHash(scope), key_id, key_text, record, hash, run: name };
      });
      await raw(async (db) => {
        for (let from = 0; from < rows.length; from += 500)
          await db
            .replaceInto('bitable_sync_ledger')
            .values(rows.slice(from, from + 500))
            .execute();
      });
    };
    const settleAsOlder = async (id: string, wrote: readonly LedgerEntry[], change: object = {}) => {
      await older(wrote);
      await settle(id, [], { written: wrote.length, ...change });
    };
    return { scope, settle, settleAsOlder };
  }

  describe('what older programs confirmed', () => {
    it('is known without a note, as ours where a create of a stored run made it', async () => {
      const [long, odd] = ['长'.repeat(200), 'a\0 \ud800'];
      const { scope, settleAsOlder: settle } = await begun('older', [
        chunk('create', 'C001', ['c1', long, odd, 'never']),
        chunk('update', 'U001', ['u1', '']),
        chunk('create', 'C002', ['open']),
        { ...chunk('create', 'C003', ['torn']), body: new Uint8Array([1, 2, 3]) },
      ]);
      const elsewhere = await begun('older-else', [chunk('create', 'C001', ['u1'])]);
      await settle('C001', [entry('c1'), entry(long, 'recL'), entry(odd, 'recO')]);
      await settle('U001', [entry('u1'), entry('', 'recE')]);
      await settle('C002', [entry('open')], { status: 'failed' });
      await settle('C003', [entry('torn')]);
      await elsewhere.settleAsOlder('C001', [entry('u1')]);
      const known = await (await another()).known.load(scope);
      expect(known?.note).toBeUndefined();
      const row = (key: string, record: string, ours: boolean) => [
        ...[record, printOf(key), unknown, unknown, ours],
      ];
      expect(entriesIn(known?.table)).toHaveLength(7);
      expect(entriesIn(known?.table)).toEqual(
        expect.arrayContaining([
          ...[row('c1', 'recc1', true), row(long, 'recL', true), row(odd, 'recO', true)],
          ...[row('u1', 'recu1', false), row('', 'recE', false)],
          ...[row('open', 'recopen', false), row('torn', 'rectorn', false)],
        ]),
      );
      expect(known?.table.find(printOf(long))).toHaveLength(1);
    });

    it('gives way to the known table of its scope, and of no other', async () => {
      const keys = Array.from({ length: 2_500 }, (_, at) => `k${at}`);
      const one = await begun('gives-way', [chunk('create', 'C001', keys)]);
      const other = await begun('gives-way-not', [chunk('create', 'C001', ['a'])]);
      await one.settleAsOlder(
        'C001',
        keys.map((key) => entry(key)),
      );
      await other.settleAsOlder('C001', [entry('a')]);
      expect(entriesIn((await opened().known.load(one.scope))?.table)).toHaveLength(2_500);
      await opened().known.keep(one.scope, { note: noteOf('r'), table: tableOf(1, 'x') });
      const left = await raw((db) =>
        db
          .selectFrom('bitable_sync_ledger')
          .select('scope')
          .where('scope', 'in', [scopeHash(one.scope), scopeHash(other.scope)])
          .execute(),
      );
      expect(left).toEqual([{ scope: scopeHash(other.scope) }]);
      expect(await kept(one.scope)).toMatchObject({ run: 'r', entries: { length: 1 } });
    });
  });

  describe('what a chunk confirmed', () => {
    const confirmed = async (run: string, id: string) => (await another()).journal.confirmed(run, id);

    it('is told of all its settlings, and of its parts apart', async () => {
      const { settle } = await begun('conf-1', [chunk('create', 'C001', ['a', 'b', '\ud800', 'd'])]);
      expect(await confirmed('conf-1', 'C001')).toEqual({ wrote: [], removed: [] });
      await settle('C001', [entry('a', 'recBefore'), entry('b')], { status: 'pending' });
      const part = chunk('create', 'C001.1', ['\ud800', 'd']);
      await settle('C001', [entry('a')], { status: 'split', written: 2, parts: [part] });
      await settle('C001.1', [entry('\ud800'), entry('d')]);
      expect(await confirmed('conf-1', 'C001')).toEqual({ wrote: [entry('a'), entry('b')], removed: [] });
      expect(await confirmed('conf-1', 'C001.1')).toEqual({
        wrote: [entry('\ud800'), entry('d')],
        removed: [],
      });
    });

    it('is told of deletes, and goes with the plan', async () => {
      const { settle } = await begun('conf-2', [chunk('delete', 'D001', ['a', 'b', 'c'])]);
      await settle('D001', [], { status: 'pending', written: 1, removed: ['reca'] });
      await settle('D001', [], { status: 'failed', written: 2, removed: ['recb'] });
      expect(await confirmed('conf-2', 'D001')).toEqual({ wrote: [], removed: ['reca', 'recb'] });
      await opened().journal.dropPlan('conf-2');
      await expect(confirmed('conf-2', 'D001')).rejects.toThrow('has no chunk D001');
      const left = await raw((db) =>
        db.selectFrom('bitable_sync_confirmed').select('part').where('run', '=', 'conf-2').execute(),
      );
      expect(left).toEqual([]);
    });

    it('is found in the ledger where an older program settled it, wholly or in part', async () => {
      const keys = ['a', 'b', 'c', 'd'];
      const { settle, settleAsOlder } = await begun('conf-3', [
        chunk('create', 'C001', keys),
        chunk('create', 'C002', ['e']),
      ]);
      await settleAsOlder('C001', [entry('a'), entry('b')], { status: 'pending' });
      await settleAsOlder('C002', [entry('e')]);
      expect(await confirmed('conf-3', 'C001')).toEqual({ wrote: [entry('a'), entry('b')], removed: [] });
      await settle('C001', [entry('c')], { status: 'failed', written: 3 });
      const { wrote } = await confirmed('conf-3', 'C001');
      expect(wrote.map(({ key }) => key).sort()).toEqual(['a', 'b', 'c']);
    });
  });
}

const bodyOf = (kind: NewChunk['kind'], keys: readonly string[]): Uint8Array =>
  encodeChanges(
    keys.map((key) => {
      const record = `rec${key}`;
      if (kind === 'create') return createOf(key, [key]);
      if (kind === 'delete') return { kind, key, record, cells: [key] };
      return { kind, key, record, differences: [], hash: 'h' };
    }),
  );

const nameIn = ({ definition, table }: Scope): string => JSON.stringify(`known:${definition}@${table}`);

const ofPart = (db: Kysely<Tables>, { generation }: { generation: string }, part: number) =>
  db.updateTable('bitable_sync_known_parts').where('generation', '=', generation).where('part', '=', part);

async function changePart(db: Kysely<Tables>, mine: { generation: string }): Promise<void> {
  const { body } = await db
    .selectFrom('bitable_sync_known_parts')
    .select('body')
    .where('generation', '=', mine.generation)
    .where('part', '=', 2)
    .executeTakeFirstOrThrow();
  const bytes = Buffer.from(body);
  bytes[300_000] = (bytes[300_000] ?? 0) ^ 1;
  await ofPart(db, mine, 2).set({ body: bytes }).execute();
}

const changeNote = (db: Kysely<Tables>, from: string, to: string): Promise<unknown> =>
  db
    .updateTable('bitable_sync_memory')
    .set({ value: sql<string>`replace(value, ${from}, ${to})` })
    .where('name', 'like', '"known:harmed@%')
    .execute();
