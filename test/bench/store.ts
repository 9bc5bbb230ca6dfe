import { monitorEventLoopDelay, performance } from 'node:perf_hooks';
import { openStore } from '../../src/store/open.ts';
import { sqlitePlace } from '../store/places.ts';
import { chunkOf, knownOf, outcomeOf, parts, runOf } from '../store/samples.ts';

/**
 * Writes 100 chunks of 1 MB to a store in a file and settles each with 1,000 ledger entries, and prints how long the
 * event loop was held up meanwhile, next to what the machine's other work does to a process that only waits.
 */
export async function benchStore(print: (line: string) => void): Promise<void> {
  const place = await sqlitePlace();
  const store = await openStore(place.url, parts);
  const scope = { definition: 'orders', table: `bench/${process.pid}` };
  const run = `bench-${process.pid}`;
  const claim = await store.leases.claim(scope.table, run, 'bench');
  if (claim.kind !== 'claimed') throw new Error('the lease is held');
  await store.journal.createRun(runOf(run, {}, scope));

  const idle = monitorEventLoopDelay({ resolution: 1 });
  idle.enable();
  await new Promise((resolve) => setTimeout(resolve, 2_000));
  idle.disable();
  const delay = monitorEventLoopDelay({ resolution: 1 });
  const spent = { add: [] as number[], send: [] as number[], settle: [] as number[] };
  const timed = async (step: keyof typeof spent, work: Promise<void>): Promise<void> => {
    const from = performance.now();
    await work;
    spent[step].push(performance.now() - from);
  };
  const begun = performance.now();
  delay.enable();
  for (let seq = 1; seq <= 100; seq++) {
    const id = `C${seq}`;
    const wrote = Array.from({ length: 1_000 }, (_, at) => ({
      key: `SO-2026-${seq * 1_000 + at}`,
      record: `rec${id}x${at}`.padEnd(14, '0'),
      hash: '0123456789abcd',
    }));
    await timed('add', store.journal.addChunks(run, [chunkOf(id, seq, Buffer.alloc(1_000_000, id))]));
    await timed(
      'send',
      store.journal.sending({ run, chunk: id, token: `token-${id}`, at: 1, fence: claim.lease.fence }),
    );
    await timed(
      'settle',
      store.journal.settle({
        run,
        scope,
        chunk: id,
        outcome: outcomeOf({ wrote }),
        fence: claim.lease.fence,
      }),
    );
  }
  delay.disable();
  const total = performance.now() - begun;

  const ms = (n: number): string => `${n.toFixed(1)} ms`;
  const middle = (all: number[]): number => all.toSorted((a, b) => a - b)[Math.floor(all.length / 2)] ?? 0;
  print(`100 chunks of 1 MB with 1,000 ledger entries each: ${ms(total)}`);
  for (const [step, all] of Object.entries(spent)) {
    print(`  ${step.padEnd(6)} median ${ms(middle(all))}, longest ${ms(Math.max(...all))}`);
  }
  print(`event loop held up: longest ${ms(delay.max / 1e6)}, 99 % below ${ms(delay.percentile(99) / 1e6)}`);
  print(
    `  while nothing was done:   longest ${ms(idle.max / 1e6)}, 99 % below ${ms(idle.percentile(99) / 1e6)}`,
  );
  await store.stop();
  await place.remove();
  await benchKnown(print);
}

const records = 1_000_000;

/** Keeps a table of 1,000,000 records twice, loads it, and prints how long the event loop was held up meanwhile. */
async function benchKnown(print: (line: string) => void): Promise<void> {
  const place = await sqlitePlace();
  const store = await openStore(place.url, parts);
  const scope = { definition: 'orders', table: `bench/${process.pid}` };
  const known = knownOf('bench', records);
  const delay = monitorEventLoopDelay({ resolution: 1 });
  const timed = async (work: () => Promise<unknown>): Promise<string> => {
    const from = performance.now();
    delay.reset();
    delay.enable();
    await work();
    delay.disable();
    return `${(performance.now() - from).toFixed(0)} ms (event loop held up ${(delay.max / 1e6).toFixed(0)} ms)`;
  };
  const first = await timed(() => store.known.keep(scope, known));
  const again = await timed(() => store.known.keep(scope, known));
  const load = await timed(() => store.known.load(scope));
  const bytes = [...known.table.parts()].reduce((sum, part) => sum + part.length, 0);
  const each = (bytes / records).toFixed(1);
  print(`known    1,000,000 records of ${each} bytes: save ${first}, again ${again}, load ${load}`);
  await store.stop();
  await place.remove();
}
