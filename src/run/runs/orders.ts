import type { Clock, Log, Order, Orders } from '../ports.ts';
import type { Launcher } from './launcher.ts';

/** How often orders are looked for, in ms; only while this process carries a run out. */
export const ordersEvery = 900;

/** Carries out what was asked of this process's runs at other instances. */
export interface Orderly {
  stop(): Promise<void>;
}

/** Begins to look for orders with each run that is let go, and ends with the last one. */
export function orderly(orders: Orders, launch: Launcher, clock: Clock, log: Log): Orderly {
  const over = new AbortController();
  let looking: Promise<void> | undefined;

  async function carryOut({ id, run, op, by, version, at }: Order): Promise<void> {
    const active = launch.find(run);
    if (!active) return;
    // Of another version it was meant for what the run was doing before.
    if (active.board.state().version === version) {
      await active.cancel({ op, by, at });
      log.info('run.ordered', { run, op });
    }
    await orders.take(id);
  }

  async function look(): Promise<void> {
    while (launch.all().length > 0 && !over.signal.aborted) {
      try {
        for (const order of await orders.of(launch.all().map(({ run }) => run.id))) await carryOut(order);
      } catch (error) {
        log.warn('order.not-read', { error });
      }
      await clock.sleep(ordersEvery, over.signal).catch(() => undefined);
    }
    looking = undefined;
  }

  launch.onLaunch(() => {
    looking ??= look();
  });

  return {
    async stop() {
      over.abort();
      await looking;
    },
  };
}
