import { describe, expect, it } from 'vitest';
import type { Run, Runs } from '../../src/run/runs/runs.ts';
import type { Actor } from '../../src/sync/state/state.ts';
import { counts, definitionOf, type FakeTable, rowsOf, until, type World } from './fakes.ts';
import { made, newGate } from './stage.ts';

const by: Actor = { kind: 'chat', openId: 'ou_anna' };
/** A process in which a run of one definition holds the table, in its first write, until it is let go. */
async function held() {
  const one = await made();
  one.source.rowsNow = rowsOf(1, 5);
  const gate = newGate();
  one.table.fault = ({ op }) => (op === 'create' ? { wait: gate.passed } : undefined);
  const runs = one.process();
  const first = await start(runs, one.definition);
  await until(() => one.table.writes().length === 1);
  return { one, runs, first, letGo: gate.open };
}

type Definition = World['definition'];

async function start(runs: Runs, definition: Definition): Promise<Run> {
  const started = await runs.start({ definition, by, queue: true });
  if (started.kind !== 'started') throw new Error('busy');
  return started.run;
}

const other = (title = '用户'): Definition => definitionOf({ title, mode: 'upsert' });
const creates = (table: FakeTable): number => table.writes().filter(({ op }) => op === 'create').length;

describe('a run whose table another definition holds', () => {
  it('waits with its place and who holds the table, and starts by itself', async () => {
    const { one, runs, first, letGo } = await held();
    const run = await start(runs, other());
    expect(run.state()).toMatchObject({
      ...{ status: 'running', phase: 'queued' },
      queue: {
        place: 1,
        holder: { definition: one.definition.name, title: '订单', by, changes: { total: 5 } },
      },
    });
    expect(creates(one.table)).toBe(1);

    letGo();
    const last = await run.ended;
    expect([last.run, last.status, last.queue]).toEqual([run.id, 'done', undefined]);
    expect(last.startedAt).toBeGreaterThanOrEqual(first.state().startedAt);
    expect(counts(last)).toMatchObject({ read: 5 });
    expect(run.lost.aborted).toBe(false);
  });

  it('goes behind those that came before, and moves up', async () => {
    const { one, runs, letGo } = await held();
    const second = await start(runs, other());
    // Whoever comes in the same millisecond may stand before.
    await one.clock.sleep(10);
    const third = await start(runs, other());
    expect(third.state().queue?.place).toBe(2);
    const places: (number | undefined)[] = [];
    third.watch(({ queue }) => places.push(queue?.place));
    // The second one reads until the third has seen that it is next.
    const moved = newGate();
    one.table.fault = ({ op }) => (op === 'records' ? { wait: moved.passed } : undefined);
    letGo();
    await until(() => places.includes(1));
    moved.open();
    expect((await second.ended).status).toBe('done');
    expect((await third.ended).status).toBe('done');
    expect(third.state().endedAt).toBeGreaterThanOrEqual(second.state().endedAt ?? Number.NaN);
  });

  it('is shown again to whoever asks for it twice, and is refused to those who do not want to wait', async () => {
    const { one, runs, letGo } = await held();
    const users = other();
    const run = await start(runs, users);
    expect(await runs.start({ definition: users, by, queue: true })).toMatchObject({ kind: 'busy', run });
    expect(await runs.start({ definition: users, by })).toMatchObject({ kind: 'busy' });
    // The holder's own definition gains nothing by waiting.
    const shown = await runs.start({ definition: one.definition, by, queue: true });
    expect(shown).toMatchObject({ kind: 'busy', state: { definition: one.definition.name } });
    letGo();
    await run.ended;
  });

  it('does not begin while everything is frozen, though its turn has come', async () => {
    const { one, runs, first, letGo } = await held();
    const run = await start(runs, other());
    one.frozen = true;
    letGo();
    // What was under way comes to its end.
    expect((await first.ended).status).toBe('done');
    await one.clock.sleep(5_000);
    expect(run.state()).toMatchObject({ status: 'running', queue: { place: 1, holder: null, frozen: true } });
    await expect(runs.start({ definition: one.definition, by })).rejects.toThrow('frozen');
    one.frozen = false;
    expect((await run.ended).status).toBe('done');
  });

  it('can be cancelled before its turn, at any instance', async () => {
    const { one, runs, first, letGo } = await held();
    const [here, there] = [await start(runs, other()), await start(runs, other())];
    expect(await runs.cancel(here.id, by, here.state().version)).toMatchObject({ kind: 'settled' });
    expect(await one.process('two').cancel(there.id, by)).toMatchObject({ kind: 'settled' });
    expect((await here.ended).status).toBe('cancelled');
    expect((await there.ended).acts.map(({ op }) => op)).toEqual(['start', 'cancel']);
    expect(await runs.cancel(here.id, by)).toMatchObject({ kind: 'stale' });
    letGo();
    await first.ended;
    expect(creates(one.table)).toBe(1);
  });

  it('goes on after a restart, under its ID', async () => {
    const { one, runs, letGo } = await held();
    const users = other();
    const run = await start(runs, users);
    const stopping = runs.stop();
    letGo();
    await stopping;
    expect((await run.ended).status).toBe('running');
    expect(run.lost.aborted).toBe(true);

    one.table.fault = () => undefined;
    one.definition = users;
    const resumed = await one.process('two').resume();
    const again = resumed.find(({ id }) => id === run.id);
    expect(again).toBeDefined();
    expect(await again?.ended).toMatchObject({ run: run.id, status: 'done' });
    expect((await again?.ended)?.queue).toBeUndefined();
  });
});
