import { tell, type World } from '../world.ts';
import type { Ack, Connections } from './connection.ts';
import { checkAddress, post, type Subscription } from './webhook.ts';

/** What became of an event. */
export interface Delivery {
  readonly eventId: string;
  /** True once a client has acknowledged it. */
  readonly acknowledged: boolean;
  /** How often it was sent. */
  readonly attempts: number;
}

/** Sends events and callbacks to the app. */
export interface Events {
  /**
   * Sends an event until it is acknowledged or the redeliveries are used up. While nobody is connected it waits.
   * The same event (same `event_id`) goes out each time.
   */
  deliver(
    type: string,
    event: Readonly<Record<string, unknown>>,
  ): { eventId: string; delivered: Promise<Delivery> };
  /** Sends an event that went out before once more, as a redelivery that was not needed. */
  again(eventId: string): Promise<Delivery>;
  /** Sends a callback once and gives back what was answered. Callbacks are never repeated. */
  callback(type: string, event: Readonly<Record<string, unknown>>): Promise<Ack>;
  /** Sends everything to an address from now on. Rejects when that does not answer the challenge. */
  subscribe(to: Subscription): Promise<void>;
  stop(): void;
}

/** The envelope of schema 2.0. */
function envelope(
  world: World,
  type: string,
  eventId: string,
  createTime: string,
  event: unknown,
  token: string,
): string {
  const { appId: app_id, tenantKey: tenant_key } = world;
  const header = {
    event_id: eventId,
    event_type: type,
    create_time: createTime,
    token,
    app_id,
    tenant_key,
  };
  return JSON.stringify({ schema: '2.0', header, event });
}

/**
 * Deadlines and repeats: https://open.feishu.cn/document/server-docs/event-subscription-guide/overview.
 * An answer with an error or none in time counts as not delivered.
 */
export function newEvents(world: World, connections: Connections): Events {
  const timers = new Map<NodeJS.Timeout, () => void>();
  const sent = new Map<string, { readonly type: string; readonly payload: string }>();
  let stopped = false;
  let address: Subscription | undefined;
  const token = (): string => address?.verificationToken ?? '';
  const hand = (payload: string, eventId: string): Promise<Ack> =>
    address
      ? post(payload, address, world.now() / 1000, world.limits.ackMs)
      : connections.send(payload, eventId);
  const ended = (): boolean => stopped;

  const pause = (ms: number): Promise<void> =>
    new Promise((resolve) => {
      const timer = setTimeout(() => {
        timers.delete(timer);
        resolve();
      }, ms);
      timers.set(timer, resolve);
    });

  /** Sends once, and tells how it was taken. */
  const send = async (type: string, payload: string, eventId: string): Promise<Ack> => {
    const [at, start] = [world.now(), performance.now()];
    const ack = await hand(payload, eventId);
    tell(world, { kind: 'event', at, type, ack: ack.kind, ms: performance.now() - start });
    return ack;
  };

  const push = async (type: string, eventId: string, payload: string): Promise<Delivery> => {
    let attempts = 0;
    const result = (acknowledged: boolean): Delivery => ({ eventId, acknowledged, attempts });
    while (!ended()) {
      if (!address) await Promise.race([connections.ready(), stop]);
      if (ended()) break;
      const ack = await send(type, payload, eventId);
      if (ack.kind === 'nobody') continue;
      attempts += 1;
      if (ack.kind === 'ok') return result(true);
      const wait = world.limits.redelivery[attempts - 1];
      if (wait === undefined) return result(false);
      await pause(wait);
    }
    return result(false);
  };

  let end = (): void => undefined;
  const stop = new Promise<void>((resolve) => {
    end = resolve;
  });

  return {
    deliver: (type, event) => {
      const eventId = world.random.hex(32);
      const payload = envelope(world, type, eventId, String(world.now()), event, token());
      sent.set(eventId, { type, payload });
      return { eventId, delivered: push(type, eventId, payload) };
    },
    again: (eventId) => {
      const known = sent.get(eventId);
      if (!known) throw new Error(`No event ${eventId} was sent.`);
      return push(known.type, eventId, known.payload);
    },
    callback: (type, event) => {
      const eventId = world.random.hex(32);
      const micros = `${world.now()}${String(world.random.below(1000)).padStart(3, '0')}`;
      return send(type, envelope(world, type, eventId, micros, event, token()), eventId);
    },
    async subscribe(to) {
      await checkAddress(to);
      address = to;
    },
    stop: () => {
      stopped = true;
      end();
      for (const [timer, resolve] of timers) {
        clearTimeout(timer);
        resolve();
      }
      timers.clear();
    },
  };
}
