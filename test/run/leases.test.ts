import { describe, expect, it } from 'vitest';
import { keeper } from '../../src/run/keeper.ts';
import { leaseLife, tokenLife } from '../../src/sync/words/limits.ts';
import {
  counts,
  forever,
  hooked,
  keyField,
  lost,
  movableClock,
  quiet,
  rowsOf,
  seize,
  turns,
  until,
  type World,
} from './fakes.ts';
import { begun, keys, killedAt, made, newGate } from './stage.ts';

const tableOf = (one: World): string => `${one.table.base}/tbl1`;
const hour = 3_600_000;

describe('a process that was stopped between its note and its call', () => {
  /** It stands still for a while when it has noted the second send, as a process does that is stopped and continued. */
  async function stopped(ms: number, meanwhile: (one: World) => Promise<void>) {
    const one = await made();
    one.source.rowsNow = rowsOf(1, 30);
    let notes = 0;
    const leases = { ...one.store.leases };
    const store = hooked({ ...one.store, leases }, () => undefined);
    const { sending } = store.journal;
    const journal = {
      ...store.journal,
      sending: async (...args: Parameters<typeof sending>) => {
        await sending(...args);
        if (++notes !== 2) return;
        // Its heart stood still, too.
        const wakes = newGate();
        leases.renew = (...all) => wakes.passed.then(() => one.store.leases.renew(...all));
        one.clock.jump(ms);
        await meanwhile(one);
        wakes.open();
      },
    };
    const runs = one.process('one', { store: { ...store, leases, journal } });
    const run = await begun(one, runs);
    return { one, run, state: await run.ended };
  }

  it('sends nothing once another one has taken the table', async () => {
    const { one, state } = await stopped(16_000, (world) => seize(world.store, tableOf(world), 'other'));
    expect([state.status, state.error?.code]).toEqual(['interrupted', 'taken-over']);
    expect(one.table.writes()).toHaveLength(1);
  });

  it('goes on when nobody has', async () => {
    const { one, state } = await stopped(hour, async () => undefined);
    expect([state.status, counts(state)]).toEqual(['done', { read: 30, created: 30 }]);
    expect(one.table.writes()).toHaveLength(3);
  });
});

describe('rows that may be on their way', () => {
  /** Killed with its second call on the way, which arrives when it is let go; a person has made one of its rows meanwhile. */
  async function partly(): Promise<{ one: World; land: () => void }> {
    const one = await made();
    one.source.rowsNow = rowsOf(1, 30);
    const gate = newGate();
    one.table.fault = ({ keys: sent }) => (sent.includes('k011') ? { wait: gate.passed } : undefined);
    const { store, reached } = killedAt(one.store, 'settle', 1);
    // Of a process that is gone nothing is left but the call.
    const dead = { ...store, leases: { ...store.leases, renew: forever } };
    void begun(one, one.process('one', { store: dead }));
    await reached;
    await until(() => one.table.inFlight === 1);
    one.dead.add('one');
    one.table.fault = () => undefined;
    one.table.put({ [keyField]: 'k015', 金额: 15 });
    return { one, land: gate.open };
  }

  it('go under another token only when they cannot arrive any more', async () => {
    const { one, land } = await partly();
    const began = one.clock.monotonic();
    // Feishu carries it out after a minute and a half.
    void one.clock.sleep(90_000).then(land);
    const state = await one.run(one.process('two'));
    expect(state.status).toBe('done');
    expect(one.clock.monotonic() - began).toBeGreaterThanOrEqual(90_000);
    // The person's and that of the late call: nobody could have kept those apart. No other row is there twice.
    expect(one.table.keys().filter((key) => key !== 'k015')).toEqual(
      keys(1, 30).filter((key) => key !== 'k015'),
    );
  });

  it.each([
    ['an hour behind', -hour],
    ['an hour ahead', hour],
    ['200 seconds ahead', 200_000],
  ])('are as safe when the clock of who takes over is %s', async (_, shift) => {
    const { one, land } = await partly();
    one.clock.set(shift);
    void one.clock.sleep(60_000).then(land);
    await one.run(one.process('two'));
    expect(new Set(one.table.keys())).toEqual(new Set(keys(1, 30)));
    expect(one.table.held.size).toBe(31);
  });

  it('that got no answer are not sent under another token at once', async () => {
    const one = await made({ rounds: 2 });
    one.source.rowsNow = rowsOf(1, 10);
    let sends = 0;
    const tokens: { readonly token: string; readonly at: number }[] = [];
    one.table.fault = ({ op, token = '' }) => {
      if (op !== 'create') return undefined;
      if (++sends > 1) {
        tokens.push({ token, at: one.clock.monotonic() });
        return undefined;
      }
      one.table.put({ [keyField]: 'k005' });
      one.clock.jump(tokenLife);
      tokens.push({ token, at: one.clock.monotonic() });
      return { failure: { ...lost, verdict: 'round' } };
    };
    const state = await one.run();
    expect(state.status).toBe('done');
    expect(new Set(one.table.keys()).size).toBe(one.table.held.size);
    const [first, ...others] = tokens;
    for (const other of others)
      if (other.token !== first?.token) expect(other.at - (first?.at ?? 0)).toBeGreaterThanOrEqual(tokenLife);
  });
});

describe('a lease', () => {
  const nobody = (): undefined => undefined;

  it.each([
    ['an hour ahead', hour],
    ['an hour behind', -hour],
  ])('of a machine that is gone, whose clock was %s, runs out after its life', async (_, shift) => {
    const one = await made();
    const far = movableClock();
    far.set(shift);
    far.auto = false;
    const silent = { ...one.store.leases, renew: forever };
    await keeper(silent, 'far', nobody, { clock: far, log: quiet }).take('t', 'r1', nobody);
    const began = one.clock.monotonic();
    const taken = await keeper(one.store.leases, 'near', nobody, { clock: one.clock, log: quiet }).take(
      't',
      'r2',
      nobody,
    );
    expect(taken).toMatchObject({ fence: 2 });
    expect(one.clock.monotonic() - began).toBeGreaterThanOrEqual(leaseLife);
    expect(one.clock.monotonic() - began).toBeLessThan(leaseLife + 2_000);
  });

  it('that is renewed is not taken, however far ahead the clock of who wants it is', async () => {
    const one = await made();
    const holder = keeper(one.store.leases, 'far', nobody, { clock: one.clock, log: quiet });
    const held = await holder.take('t', 'r1', nobody);
    one.clock.set(200_000);
    const other = keeper(one.store.leases, 'near', nobody, { clock: one.clock, log: quiet });
    expect(await other.isFree('t')).toBe(false);
    expect(await other.take('t', 'r2', nobody)).toEqual({ heldBy: 'r1' });
    expect(await other.isFree('t')).toBe(false);
    if ('release' in held) await held.release();
  });

  it('is watched for no longer than anybody wants to wait', async () => {
    const one = await made();
    await one.store.leases.claim('t', 'r1', 'far');
    const patience = new AbortController();
    const near = keeper(one.store.leases, 'near', nobody, { clock: one.clock, log: quiet });
    one.clock.auto = false;
    const taking = near.take('t', 'r2', nobody, patience.signal);
    await turns();
    patience.abort();
    expect(await taking).toEqual({ heldBy: 'r1' });
  });

  it('of this process itself that nobody renews is free in the end', async () => {
    const one = await made();
    await one.store.leases.claim('t', 'r1', 'near');
    const near = keeper(one.store.leases, 'near', nobody, { clock: one.clock, log: quiet });
    expect(await near.isFree('t')).toBe(false);
    one.clock.jump(leaseLife);
    expect(await near.isFree('t')).toBe(true);
  });
});

it.each([
  ['back', -hour],
  ['ahead', hour],
])('a clock that jumps %s by an hour keeps nobody from writing', async (_, shift) => {
  const one = await made();
  one.source.rowsNow = rowsOf(1, 40);
  let calls = 0;
  one.table.fault = ({ op }) => {
    if (op === 'create' && ++calls === 2) one.clock.set(shift);
    return undefined;
  };
  const began = one.clock.monotonic();
  const state = await one.run();
  expect([state.status, counts(state)]).toEqual(['done', { read: 40, created: 40 }]);
  expect(one.clock.monotonic() - began).toBeLessThan(60_000);
  expect(state.ms.total).toBeGreaterThanOrEqual(0);
  expect(state.ms.upload).toBeLessThan(60_000);
});
