import { Kysely } from 'kysely';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { NewChunk, Outcome, RefusedRow, Scope } from '../../src/run/ports.ts';
import { backendOf } from '../../src/store/db/open.ts';
import type { Tables } from '../../src/store/db/schema.ts';
import { openStore } from '../../src/store/open.ts';
import { type Change, decodeChanges, encodeChanges } from '../../src/sync/plan/change.ts';
import type { BadRow, State } from '../../src/sync/state/state.ts';
import type { Failure } from '../../src/sync/words/failure.ts';
import { Fenced } from '../../src/sync/words/problem.ts';
import { keptContract } from './kept.ts';
import { knownContract } from './known.ts';
import { chunkOf, outcomeOf, parts, runOf, stateOf } from './samples.ts';

type Opened = Awaited<ReturnType<typeof openStore>>;

/** An empty database for one test file. */
export interface Place {
  readonly url: string;
  remove(): Promise<void>;
}

/** What every database must do for the program. Each test takes run IDs and names of its own. */
export function storeContract(name: string, prepare: () => Promise<Place>): void {
  describe(`the store on ${name}`, () => {
    let place: Place;
    let store: Opened;
    const others: Opened[] = [];
    const another = async (): Promise<Opened> => {
      const other = await openStore(place.url, parts);
      others.push(other);
      return other;
    };

    beforeAll(async () => {
      place = await prepare();
      store = await openStore(place.url, parts);
    });
    afterEach(async () => {
      for (const other of others.splice(0)) await other.stop();
    });
    afterAll(async () => {
      await store.stop();
      await place.remove();
    });

    /** A run that holds its table, with chunks. */
    async function begun(
      id: string,
      chunks = [chunkOf('C001', 1)],
    ): Promise<{ scope: Scope; fence: number }> {
      const scope = { definition: 'orders', table: `bascnA/${id}` };
      const claim = await store.leases.claim(scope.table, id, 'p1');
      if (claim.kind !== 'claimed') throw new Error('the table of a new run is free');
      await store.journal.createRun(runOf(id, {}, scope));
      await store.journal.addChunks(id, chunks);
      return { scope, fence: claim.lease.fence };
    }

    it('answers a ping', async () => {
      await expect(store.ping()).resolves.toBeUndefined();
    });

    describe('runs', () => {
      it('come back as they were stored, also after a restart', async () => {
        const run = {
          ...runOf('r-same', { notes: [{ zh: '注意 😀\0', en: 'note \ud800' }] }),
          plan: '{"a":"\0😀"}',
        };
        await store.journal.createRun(run);
        const other = await another();
        expect(await other.journal.findRun('r-same')).toEqual(run);
        expect(await store.journal.findRun('r-none')).toBeUndefined();
      });

      it('keep the last state, card and plan', async () => {
        await store.journal.createRun(runOf('r-last'));
        await store.journal.saveState('r-last', stateOf('r-last', { status: 'done', endedAt: 2_000 }));
        await store.journal.saveCard('r-last', { chat: 'oc_1', message: 'om_last' });
        await store.journal.savePlan('r-last', { text: '{"revision":7}', fingerprint: 'f2' });
        const found = await store.journal.findRunByMessage('om_last');
        expect(found).toEqual({
          ...runOf('r-last', { status: 'done', endedAt: 2_000 }),
          plan: '{"revision":7}',
          fingerprint: 'f2',
          card: { chat: 'oc_1', message: 'om_last' },
        });
        expect(await store.journal.findRunByMessage('om_LAST')).toBeUndefined();
      });

      it('are listed by definition, newest first, up to the limit', async () => {
        const scope = { definition: 'listed', table: 'b/t' };
        for (const [id, startedAt] of [
          ['l1', 10],
          ['l3', 30],
          ['l2', 20],
        ] as const) {
          await store.journal.createRun(runOf(id, { startedAt }, scope));
        }
        const latest = await store.journal.latestRuns('listed', 2);
        expect(latest.map((run) => run.id)).toEqual(['l3', 'l2']);
        expect(await store.journal.latestRuns('unheard', 5)).toEqual([]);
      });

      it('are open while running or waiting, oldest first', async () => {
        for (const [id, status, startedAt] of [
          ['o-waiting', 'waiting', 60],
          ['o-running', 'running', 50],
          ['o-done', 'done', 40],
          ['o-failed', 'failed', 45],
        ] as const) {
          await store.journal.createRun(
            runOf(id, { status, startedAt }, { definition: 'open', table: 'b/t' }),
          );
        }
        const open = (await store.journal.openRuns())
          .map((run) => run.id)
          .filter((id) => id.startsWith('o-'));
        expect(open).toEqual(['o-running', 'o-waiting']);
      });

      it.each([
        ['torn', '{"run":"b-torn","defin'],
        ['short of something', JSON.stringify({ ...stateOf('b-torn'), rows: { read: 1 } })],
        ['of a newer program', JSON.stringify({ ...stateOf('b-torn'), format: 99 })],
      ])('that are %s are told in words and take no others down', async (_, state) => {
        const scope = { definition: 'broken', table: `b/${state.length}` };
        const [torn, whole] = [`b-torn-${state.length}`, `b-whole-${state.length}`];
        await store.journal.createRun(runOf(torn, { status: 'running' }, scope));
        await store.journal.createRun(runOf(whole, { status: 'waiting' }, scope));
        const db = new Kysely<Tables>({ dialect: backendOf(place.url).dialect });
        await db.updateTable('bitable_sync_runs').set({ state }).where('id', '=', torn).execute();
        await db.destroy();
        await expect(store.journal.findRun(torn)).rejects.toMatchObject({
          problems: [{ code: 'stored-unreadable', message: { en: expect.stringContaining(torn) } }],
        });
        const ids = [...(await store.journal.openRuns()), ...(await store.journal.latestRuns('broken', 9))];
        expect(ids.filter(({ id }) => id === torn)).toEqual([]);
        expect(ids.filter(({ id }) => id === whole)).toHaveLength(2);
        await store.journal.saveState(torn, stateOf(torn, { status: 'failed' }));
        await store.journal.saveState(whole, stateOf(whole, { status: 'failed' }));
      });

      it('keep all that a state may hold', async () => {
        const words = { zh: '错', en: 'bad' };
        const error = { code: 'x', message: words, cure: words, where: 'w', logId: 'l' };
        const by = { kind: 'cli', user: 'ada' } as const;
        const row = {
          kind: 'rejected',
          key: 'k',
          row: null,
          field: 'f',
          code: 5,
          reason: words,
          value: 'v',
        } as const;
        const full: State = {
          ...stateOf('r-full', {
            status: 'waiting',
            phase: 'ended',
            setBack: 3,
            error,
            otherErrors: [error],
          }),
          queue: {
            place: 1,
            holder: { definition: 'd', title: 't', since: 5, by, changes: { total: 2, settled: 1 } },
            frozen: true,
          },
          chunks: {
            ...{ total: 3, settled: 2, refused: 1 },
            failed: [{ id: 'C001', kind: 'create', rows: 3, how: 'answered', code: null, message: 'm' }],
          },
          planned: { creates: 1, updates: 2, back: 1, deletes: 3 },
          waiting: {
            reasons: [{ code: 'deletes', message: words }],
            samples: [{ key: 'k', kind: 'update', back: true, cells: [{ field: 'f', from: 'a', to: 'b' }] }],
            until: 9,
          },
          notes: [words],
          badRows: [{ kind: 'rejected', field: 'f', code: 5, reason: words, rows: 2, samples: [row] }],
          acts: [{ op: 'start', by: { kind: 'button', openId: 'ou_a' }, at: 1 }],
        };
        await store.journal.createRun({ ...runOf('r-full'), state: full });
        expect((await store.journal.findRun('r-full'))?.state).toEqual(full);
      });

      it('tell which one of a scope succeeded last', async () => {
        const scope = { definition: 'success', table: 'b/t1' };
        for (const [id, status, startedAt] of [
          ['s-old', 'done', 1],
          ['s-new', 'done', 2],
          ['s-partial', 'partial', 3],
        ] as const) {
          await store.journal.createRun(runOf(id, { status, startedAt }, scope));
        }
        await store.journal.createRun(
          runOf('s-other', { status: 'done', startedAt: 9 }, { ...scope, table: 'b/t2' }),
        );
        expect((await store.journal.lastDone(scope))?.id).toBe('s-new');
        expect(await store.journal.lastDone({ ...scope, table: 'b/t3' })).toBeUndefined();
      });
    });

    describe('chunks', () => {
      it('come back in the order of sending, their rows apart', async () => {
        const big = Uint8Array.from({ length: 2_000_000 }, (_, at) => at % 251);
        await begun('c-order', [
          chunkOf('U001', 3),
          chunkOf('C002', 2, big),
          chunkOf('C001', 1, new Uint8Array()),
        ]);
        const chunks = await store.journal.chunks('c-order');
        expect(chunks.map((chunk) => chunk.id)).toEqual(['C001', 'C002', 'U001']);
        expect(chunks[0]).toEqual({
          id: 'C001',
          back: 0,
          kind: 'create',
          seq: 1,
          rows: 3,
          status: 'pending',
          token: null,
          sentAt: null,
          attempts: 0,
          written: 0,
          failure: null,
        });
        expect(Buffer.compare(await store.journal.body('c-order', 'C002'), big)).toBe(0);
        expect(await store.journal.body('c-order', 'C001')).toEqual(new Uint8Array());
        expect(await store.journal.body('c-order', 'U001')).toEqual(new Uint8Array([1, 2, 3]));
        await expect(store.journal.body('c-order', 'C009')).rejects.toThrow('has no chunk C009');
      });

      it('are stored in hundreds at once, all or none', async () => {
        const many = Array.from({ length: 450 }, (_, at) => chunkOf(`C${at + 1}`, at + 1));
        await begun('c-many', many);
        await expect(
          store.journal.addChunks('c-many', [chunkOf('C900', 900), chunkOf('C1', 1)]),
        ).rejects.toThrow();
        expect(await store.journal.chunks('c-many')).toHaveLength(450);
      });

      it('give each its own rows back, whatever their sizes', async () => {
        const sizes = [3, 200_000, 0, 300_000, 30_000, 600_000, 1, 524_288, 2, 524_287];
        const bodies = sizes.map((size, at) => new Uint8Array(size).fill(at + 1));
        await begun(
          'c-sizes',
          bodies.map((body, at) => chunkOf(`C${at + 1}`, at + 1, body)),
        );
        for (const [at, body] of bodies.entries())
          expect(Buffer.compare(await store.journal.body('c-sizes', `C${at + 1}`), body)).toBe(0);
      });

      it('take bytes from the middle of a larger buffer', async () => {
        const pool = new Uint8Array([9, 9, 1, 2, 9]);
        await begun('c-view', [chunkOf('C001', 1, pool.subarray(2, 4))]);
        expect(await store.journal.body('c-view', 'C001')).toEqual(new Uint8Array([1, 2]));
        expect(pool).toEqual(new Uint8Array([9, 9, 1, 2, 9]));
      });

      it('note each send, with the time when the token was first used', async () => {
        const { fence } = await begun('c-send');
        const sent = async () => {
          const [chunk] = await store.journal.chunks('c-send');
          return chunk && [chunk.status, chunk.token, chunk.sentAt, chunk.attempts];
        };
        await store.journal.sending({ run: 'c-send', chunk: 'C001', token: 'token-1', at: 100, fence });
        expect(await sent()).toEqual(['sent', 'token-1', 100, 1]);
        await store.journal.sending({ run: 'c-send', chunk: 'C001', token: 'token-1', at: 200, fence });
        expect(await sent()).toEqual(['sent', 'token-1', 100, 2]);
        await store.journal.sending({ run: 'c-send', chunk: 'C001', token: 'token-2', at: 300, fence });
        expect(await sent()).toEqual(['sent', 'token-2', 300, 3]);
        await expect(
          store.journal.sending({ run: 'c-send', chunk: 'C009', token: null, at: 1, fence }),
        ).rejects.toThrow('has no chunk C009');
      });

      it('keep how they failed', async () => {
        const { scope, fence } = await begun('c-fail');
        const words = { zh: '错', en: 'bad' };
        const failure: Failure = {
          ...({ how: 'answered', code: 1254015, message: 'Field types do not match. “名”' } as const),
          ...({ verdict: 'values', silence: 'unanswered', mayHaveHappened: false, heavy: true } as const),
          ...{ retryAfter: 5, status: 400, logId: 'l', what: words, cure: words, pointer: 'records[3]' },
        };
        await store.journal.settle({
          run: 'c-fail',
          scope,
          chunk: 'C001',
          outcome: outcomeOf({ status: 'failed', written: 1, failure }),
          fence,
        });
        const [chunk] = await store.journal.chunks('c-fail');
        expect(chunk).toMatchObject({ status: 'failed', written: 1, failure });
      });

      it('give way to their parts', async () => {
        const { scope, fence } = await begun('c-split');
        const parts = [chunkOf('C001.1', 2), chunkOf('C001.2', 3, new Uint8Array([7]))];
        await store.journal.settle({
          run: 'c-split',
          scope,
          chunk: 'C001',
          outcome: outcomeOf({ status: 'split', written: 0, parts }),
          fence,
        });
        const chunks = await store.journal.chunks('c-split');
        expect(chunks.map(({ id, status }) => [id, status])).toEqual([
          ['C001', 'split'],
          ['C001.1', 'pending'],
          ['C001.2', 'pending'],
        ]);
        expect(await store.journal.body('c-split', 'C001.2')).toEqual(new Uint8Array([7]));
      });

      it('keep what was there before: the old cells of updates, and deleted records in whole', async () => {
        const update: Change = {
          kind: 'update',
          key: 'k1',
          record: 'rec1',
          differences: [
            [1, '2.50', '1'],
            [2, '', '旧😀\n"note"'],
          ],
          hash: 'h1',
          back: true,
        };
        const gone: Change = { kind: 'delete', key: 'k2', record: 'rec2', cells: ['k2', '7', '', '["a"]'] };
        const planned = (id: string, change: Change): NewChunk => ({
          ...chunkOf(id, 1, encodeChanges([change])),
          kind: change.kind,
          rows: 1,
        });
        const { scope, fence } = await begun('c-before', [planned('U001', update), planned('D001', gone)]);
        for (const id of ['U001', 'D001']) {
          await store.journal.sending({ run: 'c-before', chunk: id, token: null, at: 7, fence });
          const outcome = outcomeOf({ written: 1, removed: id === 'D001' ? ['rec2'] : [] });
          await store.journal.settle({ run: 'c-before', scope, chunk: id, outcome, fence });
        }
        // Once all is written, and in another process.
        const { journal } = await another();
        expect((await journal.chunks('c-before')).map(({ status }) => status)).toEqual(['done', 'done']);
        expect(decodeChanges(await journal.body('c-before', 'U001'))).toEqual([update]);
        expect(decodeChanges(await journal.body('c-before', 'D001'))).toEqual([gone]);
      });

      it('go when their plan is dropped, and only those', async () => {
        await begun('c-drop');
        await begun('c-stay');
        await store.journal.savePlan('c-drop', { text: '{"revision":1}', fingerprint: 'f9' });
        await store.journal.dropPlan('c-drop');
        expect(await store.journal.chunks('c-drop')).toEqual([]);
        expect(await store.journal.findRun('c-drop')).toMatchObject({ plan: '' });
        await expect(store.journal.body('c-drop', 'C001')).rejects.toThrow('has no chunk');
        expect(await store.journal.chunks('c-stay')).toHaveLength(1);
      });
    });

    it('what a chunk confirmed is told of it: long keys, cases and odd characters apart', async () => {
      const { scope, fence } = await begun('g-keys', [chunkOf('C001', 1), chunkOf('D001', 2)]);
      const [one, other] = [`${'长'.repeat(999)}1`, `${'长'.repeat(999)}2`];
      const keys = [one, other, 'a', 'A', 'a ', 'a\0', '\ud800', '\ud801', '😀', ''];
      const wrote = keys.map((key, at) => ({ key, record: at % 2 ? `recX${at}` : `recx${at}`, hash: 'h' }));
      const settle = (chunk: string, change: Partial<Outcome>) =>
        store.journal.settle({ run: 'g-keys', scope, chunk, outcome: outcomeOf(change), fence });
      await settle('C001', { wrote: wrote.slice(0, 3), status: 'pending', written: 3 });
      const made = wrote.slice(3).map((entry) => ({ ...entry, made: true as const }));
      await settle('C001', { wrote: made, written: 10 });
      await settle('D001', { removed: ['recx0', 'recX1'], written: 2 });
      expect(await store.journal.confirmed('g-keys', 'C001')).toEqual({
        wrote: wrote.map((entry, at) => (at < 3 ? entry : { ...entry, made: true })),
        removed: [],
      });
      expect(await store.journal.confirmed('g-keys', 'D001')).toEqual({
        wrote: [],
        removed: ['recx0', 'recX1'],
      });
    });

    describe('leases', () => {
      it('are given once until they end, with a number that only grows', async () => {
        const { leases } = store;
        const claim = (run: string, gone?: string) => leases.claim('b/lease', run, 'p1', gone);
        expect(await leases.holder('b/lease')).toBeUndefined();
        expect(await claim('r1')).toMatchObject({ kind: 'claimed', lease: { fence: 1 } });
        const first = await leases.holder('b/lease');
        expect(first).toMatchObject({ run: 'r1', owner: 'p1' });
        expect(await claim('r2')).toEqual({ kind: 'held', by: first });
        expect(await claim('r1')).toMatchObject({ kind: 'held' });
        expect(await claim('r2', first?.mark)).toEqual({ kind: 'claimed', lease: { fence: 2, idle: 0 } });
        expect(await leases.renew('b/lease', 1)).toBe(false);
        const second = await leases.holder('b/lease');
        await new Promise((resolve) => setTimeout(resolve, 5));
        expect(await leases.renew('b/lease', 2)).toBe(true);
        expect(await leases.renew('b/lease', 2)).toBe(true);
        // Who saw it before it was renewed does not get it.
        expect(await claim('r3', second?.mark)).toMatchObject({ kind: 'held', by: { run: 'r2' } });
        await leases.release('b/lease', 1);
        expect(await claim('r3')).toMatchObject({ kind: 'held' });
        await leases.release('b/lease', 2);
        expect(await leases.holder('b/lease')).toBeUndefined();
        expect(await leases.renew('b/lease', 2)).toBe(false);
        expect(await claim('r3')).toMatchObject({ kind: 'claimed', lease: { fence: 3 } });
      });

      it('go to exactly one of many who ask at once', async () => {
        const stores = [store, await another(), await another()];
        const claims = await Promise.all(
          Array.from({ length: 10 }, (_, at) =>
            stores.map((one, of) => one.leases.claim('b/crowd', `r${at}`, `p${of}`)),
          ).flat(),
        );
        const won = claims.filter((claim) => claim.kind === 'claimed');
        expect(won).toMatchObject([{ kind: 'claimed', lease: { fence: 1 } }]);
      });

      it('keep a run from writing whose table was taken over, and nothing of the write stays', async () => {
        const { scope, fence } = await begun('f-late');
        const held = await store.leases.holder(scope.table);
        await store.leases.claim(scope.table, 'f-next', 'p2', held?.mark);
        const wrote = [{ key: 'k', record: 'rec1', hash: 'h' }];
        const settle = store.journal.settle({
          run: 'f-late',
          scope,
          chunk: 'C001',
          outcome: outcomeOf({ wrote }),
          fence,
        });
        await expect(settle).rejects.toBeInstanceOf(Fenced);
        await expect(
          store.journal.sending({ run: 'f-late', chunk: 'C001', token: null, at: 1, fence }),
        ).rejects.toBeInstanceOf(Fenced);
        const added = store.journal.addChunks('f-late', [chunkOf('C002', 2)], fence);
        await expect(added).rejects.toBeInstanceOf(Fenced);
        const late = store.journal.saveState('f-late', stateOf('f-late'), fence);
        await expect(late).rejects.toBeInstanceOf(Fenced);
        await expect(
          store.journal.savePlan('f-late', { text: '{}', fingerprint: 'f2' }, fence),
        ).rejects.toBeInstanceOf(Fenced);
        await expect(store.journal.dropPlan('f-late', fence)).rejects.toBeInstanceOf(Fenced);
        expect(await store.journal.chunks('f-late')).toMatchObject([{ status: 'pending', attempts: 0 }]);
        expect((await store.journal.confirmed('f-late', 'C001')).wrote).toEqual([]);
      });
    });

    describe('settling', () => {
      it('stores all or nothing', async () => {
        const { scope, fence } = await begun('t-all', [chunkOf('C001', 1), chunkOf('C002', 2)]);
        const wrote = [{ key: 'k', record: 'rec1', hash: 'h' }];
        const twice = outcomeOf({ status: 'split', wrote, parts: [chunkOf('C002', 3)] });
        await expect(
          store.journal.settle({ run: 't-all', scope, chunk: 'C001', outcome: twice, fence }),
        ).rejects.toThrow();
        expect(await store.journal.chunks('t-all')).toMatchObject([
          { status: 'pending' },
          { status: 'pending' },
        ]);
        expect((await store.journal.confirmed('t-all', 'C001')).wrote).toEqual([]);
        const none = store.journal.settle({
          run: 't-all',
          scope,
          chunk: 'C003',
          outcome: outcomeOf({ wrote }),
          fence,
        });
        await expect(none).rejects.toThrow('has no chunk C003');
      });

      it('goes on side by side for many chunks', async () => {
        const chunks = Array.from({ length: 20 }, (_, at) => chunkOf(`C${at}`, at));
        const { scope, fence } = await begun('t-many', chunks);
        const other = await another();
        await Promise.all(
          chunks.map(({ id }, at) => {
            const wrote = Array.from({ length: 50 }, (_, n) => ({
              key: `${id}/${n}`,
              record: `${id}-${n}`,
              hash: 'h',
            }));
            const { journal } = at % 2 ? store : other;
            return journal.settle({ run: 't-many', scope, chunk: id, outcome: outcomeOf({ wrote }), fence });
          }),
        );
        const confirmed = await Promise.all(chunks.map(({ id }) => store.journal.confirmed('t-many', id)));
        expect(confirmed.map(({ wrote }) => wrote.length)).toEqual(chunks.map(() => 50));
        const settled = await store.journal.chunks('t-many');
        expect(settled.filter((chunk) => chunk.status === 'done')).toHaveLength(20);
      });
    });

    describe('orders', () => {
      it('lie for the runs that they are meant for, once each, until they are taken', async () => {
        const by = { kind: 'button', openId: 'ou_a' } as const;
        const order = { id: 'o-1', run: 'o-run', op: 'cancel', by, version: 3, at: 10 } as const;
        const other = await another();
        await Promise.all([store.orders.post(order), other.orders.post(order)]);
        await store.orders.post({ ...order, id: 'o-2', run: 'o-else', at: 20 });
        await store.orders.post({ ...order, id: 'o-3', at: 5 });
        expect((await other.orders.of(['o-run', 'o-none'])).map(({ id }) => id)).toEqual(['o-3', 'o-1']);
        expect(await other.orders.of(['o-else'])).toEqual([{ ...order, id: 'o-2', run: 'o-else', at: 20 }]);
        expect(await other.orders.of([])).toEqual([]);
        await other.orders.take('o-3');
        expect(await store.orders.of(['o-run'])).toEqual([order]);
        await store.orders.prune(20);
        expect((await store.orders.of(['o-run', 'o-else'])).map(({ id }) => id)).toEqual(['o-2']);
      });
    });

    describe('the audit log', () => {
      it('tells who asked for what, newest first and once each, until it is pruned', async () => {
        const other = await another();
        const first = {
          ...{ id: 'a-1', at: 10, by: 'ou_a', chat: 'oc_1', via: 'text' as const, what: 'sync' },
          ...{ definition: 'audited', run: '', allowed: true },
        };
        const second = { ...first, id: 'a-2', at: 20, via: 'button' as const, run: 'r1', allowed: false };
        await store.audit.note(first);
        await other.audit.note(first);
        await store.audit.note(second);
        await store.audit.note({ ...first, id: 'a-3', at: 15, definition: 'audited-else' });
        const listed = await other.audit.list('audited', 10);
        expect(listed.map(({ id: _, ...entry }) => ({ ...entry, id: '' }))).toEqual([
          { ...second, id: '' },
          { ...first, id: '' },
        ]);
        expect((await store.audit.list(undefined, 2)).map(({ at }) => at)).toEqual([20, 15]);
        await store.audit.prune(20);
        expect(await store.audit.list('audited', 10)).toHaveLength(1);
      });
    });

    describe('replacing a state', () => {
      it('takes effect only while nobody else has changed it', async () => {
        const scope = { definition: 'replaced', table: 'b/replaced' };
        const { state } = runOf('x-1', { status: 'waiting', version: 4, startedAt: 1 }, scope);
        await store.journal.createRun(runOf('x-1', { status: 'waiting', version: 4, startedAt: 1 }, scope));
        const over = { ...state, status: 'expired', version: 5 } as const;
        expect(await store.journal.replaceState('x-1', { status: 'waiting', version: 3 }, over)).toBe(false);
        expect(await store.journal.replaceState('x-1', { status: 'running', version: 4 }, over)).toBe(false);
        const other = await another();
        const both = await Promise.all(
          [store, other].map(({ journal }) => journal.replaceState('x-1', state, over)),
        );
        expect(both.sort()).toEqual([false, true]);
        expect((await store.journal.findRun('x-1'))?.state).toEqual(over);
        expect(await store.journal.openRuns()).not.toContainEqual(expect.objectContaining({ id: 'x-1' }));
      });
    });

    describe('pruning', () => {
      it('deletes ended runs of before, never open ones', async () => {
        const scope = { definition: 'pruned', table: 'b/t' };
        for (const [id, status, startedAt, endedAt] of [
          ['p-old', 'failed', 1, 10],
          ['p-late', 'failed', 1, 20],
          ['p-open', 'running', 1, null],
          ['p-waits', 'waiting', 1, null],
          ['p-never-ended', 'failed', 5, null],
        ] as const) {
          await store.journal.createRun(runOf(id, { status, startedAt, endedAt }, scope));
          await store.journal.addChunks(id, [chunkOf('C001', 1)]);
        }
        await store.journal.prune(20);
        const left = (await store.journal.latestRuns('pruned', 10)).map((run) => run.id);
        expect(left.sort()).toEqual(['p-late', 'p-open', 'p-waits']);
        expect(await store.journal.chunks('p-old')).toEqual([]);
        await expect(store.journal.body('p-old', 'C001')).rejects.toThrow('has no chunk');
        expect(await store.journal.chunks('p-open')).toHaveLength(1);
      });

      it('throws plans away until they fit: ended ones first, then those that could go on, open ones never', async () => {
        const scope = { definition: 'shrunk', table: 'b/shrunk' };
        // What other runs of this store hold is out of the way.
        for (const { id, state } of await store.journal.openRuns())
          await store.journal.saveState(id, { ...state, status: 'failed' });
        await store.journal.shrink(0);
        for (const [id, status, endedAt] of [
          ['s-late', 'done', 40],
          ['s-cut', 'cancelled', 10],
          ['s-old', 'done', 20],
          ['s-part', 'partial', 30],
          ['s-runs', 'running', null],
          ['s-waits', 'waiting', 5],
        ] as const) {
          await store.journal.createRun(runOf(id, { status, startedAt: 1, endedAt }, scope));
          await store.journal.addChunks(id, [{ ...chunkOf('C001', 1), body: new Uint8Array(100_000) }]);
          await store.journal.savePlan(id, { text: '{"revision":5}', fingerprint: 'f5' });
        }
        const left = async (): Promise<string[]> => {
          const runs = await store.journal.latestRuns('shrunk', 10);
          return runs
            .filter(({ plan }) => plan !== '')
            .map(({ id }) => id)
            .sort();
        };
        const steps: string[][] = [];
        for (const most of [650_000, 550_000, 450_000, 350_000, 250_000, 1]) {
          await store.journal.shrink(most);
          steps.push(await left());
        }
        expect(steps).toEqual([
          ['s-cut', 's-late', 's-old', 's-part', 's-runs', 's-waits'],
          ['s-cut', 's-late', 's-part', 's-runs', 's-waits'],
          ['s-cut', 's-part', 's-runs', 's-waits'],
          ['s-part', 's-runs', 's-waits'],
          ['s-runs', 's-waits'],
          ['s-runs', 's-waits'],
        ]);
        expect(await store.journal.chunks('s-old')).toEqual([]);
        expect((await store.journal.findRun('s-old'))?.state.status).toBe('done');
        expect(await store.journal.chunks('s-runs')).toHaveLength(1);
      });

      it('keeps the last success of a scope, without any row', async () => {
        const scope = { definition: 'kept', table: 'b/t' };
        const badRows: State['badRows'] = [
          { kind: 'invalid', rows: 1, reason: { zh: '错', en: 'bad' }, samples: [] },
        ];
        const ended: Partial<State> = { status: 'done', endedAt: 9, badRows };
        await store.journal.createRun(runOf('k-older', { ...ended, startedAt: 1 }, scope));
        await store.journal.createRun(runOf('k-newest', { ...ended, startedAt: 2 }, scope));
        await store.journal.addChunks('k-newest', [chunkOf('C001', 1)]);
        await store.journal.savePlan('k-newest', { text: '{"revision":5}', fingerprint: 'f5' });
        await store.journal.prune(100);
        expect(await store.journal.findRun('k-older')).toBeUndefined();
        expect(await store.journal.lastDone(scope)).toMatchObject({
          id: 'k-newest',
          fingerprint: 'f5',
          plan: '{"revision":5}',
          state: { badRows: [] },
        });
        expect(await store.journal.chunks('k-newest')).toEqual([]);
      });
    });

    describe('rows that are not written', () => {
      const told = (key: string, row: number | null = null): BadRow => ({
        ...{ kind: 'rejected', key, row, field: '金额 \0', code: 1254015, value: '=1\ud800😀' },
        reason: { zh: '错', en: 'bad' },
      });
      const refusedOf = (key: string, hash = 'h1', fields = 'f1') => ({ key, hash, fields, told: told(key) });
      const listed = async (run: string): Promise<string[]> => {
        const keys: string[] = [];
        for await (const rows of store.rejects.rows(run)) keys.push(...rows.map(({ key }) => key));
        return keys;
      };

      it('come back in order, group by group, and go with their run or plan', async () => {
        const { scope } = await begun('bad-1');
        await store.rejects.addRows('bad-1', []);
        expect(await listed('bad-1')).toEqual([]);
        await store.rejects.addRows('bad-1', [told('b'), told('a')]);
        await store.rejects.addRows('bad-1', [told('c')]);
        await store.rejects.addRows('bad-2', [told('other')]);
        const first = await store.rejects.rows('bad-1')[Symbol.asyncIterator]().next();
        expect(first.value).toEqual([told('b'), told('a')]);
        expect(await listed('bad-1')).toEqual(['b', 'a', 'c']);
        await store.journal.dropPlan('bad-1');
        expect(await listed('bad-1')).toEqual([]);
        await store.rejects.addRows('bad-1', [told('d')]);
        await store.journal.saveState('bad-1', stateOf('bad-1', { status: 'failed', endedAt: 5 }));
        await store.journal.prune(6);
        expect([await listed('bad-1'), await listed('bad-2')]).toEqual([[], ['other']]);
        expect(await store.rejects.size(scope)).toBe(0);
      });

      it('are known once Feishu has refused them, by scope and whole key', async () => {
        const { scope, fence } = await begun('ref-1', [chunkOf('C001', 1), chunkOf('C002', 2)]);
        const long = 'x'.repeat(300);
        const settle = (chunk: string, refused: RefusedRow) =>
          store.journal.settle({
            run: 'ref-1',
            scope,
            chunk,
            outcome: outcomeOf({ status: 'rejected', refused }),
            fence,
          });
        await settle('C001', refusedOf(long));
        await settle('C002', refusedOf('k', 'h1'));
        await settle('C002', refusedOf('k', 'h2'));
        expect(await store.rejects.size(scope)).toBe(2);
        const known = await store.rejects.known(scope, [long, 'k', `${long}y`, 'K']);
        expect([...known.entries()]).toEqual(
          expect.arrayContaining([
            [long, refusedOf(long)],
            ['k', refusedOf('k', 'h2')],
          ]),
        );
        expect(known.size).toBe(2);
        expect(await store.rejects.known({ ...scope, definition: 'customers' }, ['k'])).toEqual(new Map());
      });

      it('stay known when a run met them again, and are forgotten otherwise', async () => {
        const { scope, fence } = await begun('ref-2');
        for (const key of ['a', 'b', 'c'])
          await store.journal.settle({
            run: 'ref-2',
            scope,
            chunk: 'C001',
            outcome: outcomeOf({ refused: refusedOf(key) }),
            fence,
          });
        await store.rejects.keep(scope, 'ref-3', ['a', 'c']);
        await store.rejects.forget(scope, 'ref-3');
        expect([...(await store.rejects.known(scope, ['a', 'b', 'c'])).keys()].sort()).toEqual(['a', 'c']);
        await store.rejects.forget(scope);
        expect(await store.rejects.size(scope)).toBe(0);
      });

      it('begin a run as a rejected chunk with the reason that stands', async () => {
        const refused = {
          how: 'answered',
          code: 1254015,
          message: 'Field types do not match.',
          verdict: 'values',
          mayHaveHappened: false,
        } as const;
        await begun('ref-4', [{ ...chunkOf('RC001', 1), refused }, chunkOf('C001', 2)]);
        expect(await store.journal.chunks('ref-4')).toMatchObject([
          { id: 'RC001', status: 'rejected', attempts: 0, failure: refused },
          { id: 'C001', status: 'pending', failure: null },
        ]);
      });
    });

    describe('what was learned of bases and tables', () => {
      it('is the last word, whatever characters it holds', async () => {
        const odd = '宽\0度 \ud800 😀 "x"';
        expect(await store.facts.width.of(odd)).toBeUndefined();
        await store.facts.width.keep(odd, '1');
        await store.facts.width.keep(odd, odd);
        await store.facts.width.keep(odd.toUpperCase(), 'another');
        expect(await (await another()).facts.width.of(odd)).toBe(odd);
      });

      it('comes back as it was kept, one for each base, table, definition or scope', async () => {
        const { facts } = store;
        const scope = { definition: 'learned', table: 'b/learned' };
        const elsewhere = { ...scope, table: 'b/else' };
        const field = { column: '列\0', id: 'fld1', name: '名', kind: 'number' } as const;
        const shortCut = { agreed: 3, distrusted: null, byCall: 1, byRecord: 0, alike: 2, told: 'run1' };
        const made = { of: 'bascn1', name: '订单', table: null };
        await facts.chunkSize.keep('b/learned', 250);
        await facts.made.keep('learned', made);
        await facts.handMade.keep(scope, 'delete');
        await facts.handMade.keep(elsewhere, 'keep');
        await facts.agreed.keep(scope, 'f1');
        await facts.filled.keep(scope, ['fld1', 'fld2']);
        await facts.fields.keep(scope, [field]);
        await facts.shortCut.keep(scope, shortCut);
        const again = (await another()).facts;
        expect([await again.chunkSize.of('b/learned'), await again.chunkSize.of('b/else')]).toEqual([
          250,
          undefined,
        ]);
        expect([await again.made.of('learned'), await again.made.of('else')]).toEqual([made, undefined]);
        expect([await again.handMade.of(scope), await again.handMade.of(elsewhere)]).toEqual([
          'delete',
          'keep',
        ]);
        expect([await again.agreed.of(scope), await again.agreed.of(elsewhere)]).toEqual(['f1', undefined]);
        expect([await again.shortCut.of(scope), await again.shortCut.of(elsewhere)]).toEqual([
          shortCut,
          undefined,
        ]);
        expect([await again.filled.of(scope), await again.fields.of(scope)]).toEqual([
          ['fld1', 'fld2'],
          [field],
        ]);
      });

      it.each([
        ['torn', '"[\\"fld1'],
        ['of another shape', '"{\\"of\\":1}"'],
      ])('is told in words where it is %s', async (_, value) => {
        await store.facts.made.keep('broken', { of: 'bascn1', name: 'x', table: 'tbl1' });
        const db = new Kysely<Tables>({ dialect: backendOf(place.url).dialect });
        const mine = db.updateTable('bitable_sync_memory').where('name', '=', '"target:broken"');
        await mine.set({ value }).execute();
        await db.destroy();
        await expect(store.facts.made.of('broken')).rejects.toMatchObject({
          problems: [
            { code: 'stored-unreadable', message: { en: expect.stringContaining('target:broken') } },
          ],
        });
      });
    });

    it('knows when the newest run of a definition that succeeded ended', async () => {
      const scope = (table: string) => ({ definition: 'timed', table });
      const run = (id: string, change: Partial<State>) =>
        store.journal.createRun(runOf(id, { ...change }, scope(`bascnT/${id}`)));
      expect(await store.journal.lastSuccess('timed')).toBeUndefined();
      await run('t1', { status: 'done', startedAt: 10, endedAt: 20 });
      await run('t2', { status: 'done', startedAt: 30, endedAt: 40 });
      await run('t3', { status: 'failed', startedAt: 50, endedAt: 60 });
      expect(await store.journal.lastSuccess('timed')).toBe(40);
    });

    it('calls an event the first one exactly once, also across processes and after a restart', async () => {
      const stores = [store, await another()];
      const answers = await Promise.all(
        Array.from({ length: 10 }, () =>
          stores.map((one) => one.seen.first(['event-1', 'nonce-1'], 5)),
        ).flat(),
      );
      expect(answers.filter(Boolean)).toHaveLength(1);
      expect(await store.seen.first(['EVENT-1'], 5)).toBe(true);
      await store.seen.prune(5);
      expect(await (await another()).seen.first(['event-2', 'nonce-1'], 6)).toBe(false);
      // What came with it is known all the same.
      expect(await store.seen.first(['event-2'], 6)).toBe(false);
      await store.seen.prune(6);
      expect(await store.seen.first(['event-1', 'event-1'], 7)).toBe(true);
    });

    keptContract(() => store, another);
    knownContract(
      () => store,
      another,
      () => place.url,
    );

    it('refuses to work on a schema that a newer program has changed', async () => {
      const own = await prepare();
      try {
        const opened = await openStore(own.url, parts);
        await opened.stop();
        const db = new Kysely<Tables>({ dialect: backendOf(own.url).dialect });
        await db.insertInto('bitable_sync_versions').values({ version: 99, at: 0 }).execute();
        await db.destroy();
        await expect(openStore(own.url, parts)).rejects.toMatchObject({
          problems: [{ code: 'store-too-new', where: 'STORE_URL' }],
        });
      } finally {
        await own.remove();
      }
    });

    it('is set up once when many open it at the same moment', async () => {
      const own = await prepare();
      const opened = await Promise.all(Array.from({ length: 5 }, () => openStore(own.url, parts)));
      for (const one of opened) await one.ping();
      for (const one of opened) await one.stop();
      await own.remove();
      expect(opened).toHaveLength(5);
    });
  });
}
