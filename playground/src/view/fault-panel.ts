import { isObject } from '../bitable/values/kind.ts';
import type { Fault } from '../gateway/faults.ts';
import type { Request } from '../gateway/router.ts';
import type { FaultName, FaultWire } from '../page/wire.ts';
import type { Parts } from '../parts.ts';
import type { World } from '../world.ts';

/** The faults that people order on the page. */
export interface FaultPanel {
  list(): readonly FaultWire[];
  /** Arms a fault once more, or takes it back. */
  set(name: FaultName, on: boolean): void;
  /** Takes everything back. */
  close(): void;
}

interface Switch {
  readonly how: FaultWire['how'];
  armed: number;
  used: number;
  detail: string | undefined;
  readonly takeBack: (() => void)[];
}

/** ms that a slow service adds to each call. */
const drag = 1500;

const isBase = ({ path }: Request): boolean => path.startsWith('/open-apis/bitable/');
const isWrite = (request: Request): boolean => isBase(request) && request.route.write;

/** The faults that hit one call each: which calls, and how. */
const single: Partial<
  Record<FaultName, { readonly fits: (request: Request) => boolean; readonly fault: Fault }>
> = {
  throttle: { fits: isBase, fault: { kind: 'throttle', seconds: 2 } },
  conflict: { fits: isWrite, fault: { kind: 'code', code: 1254291 } },
  loseAnswer: { fits: isWrite, fault: { kind: 'reset', applied: true } },
};

/** Makes the panel. @param changed told whenever something was armed, taken back or has hit; `hit` names what did */
export function newFaultPanel(parts: Parts, changed: (hit?: FaultName) => void): FaultPanel {
  const { faults, settings, world, connections } = parts;
  const make = (how: Switch['how']): Switch => ({ how, armed: 0, used: 0, detail: undefined, takeBack: [] });
  const switches: Record<FaultName, Switch> = {
    throttle: make('once'),
    conflict: make('once'),
    loseAnswer: make('once'),
    refuseRow: make('lasting'),
    revoke: make('lasting'),
    slow: make('lasting'),
    disconnect: make('now'),
  };
  // Two faults armed for the same call would both count as used; the first takes it.
  let claimed = 0;

  const hit = (name: FaultName): void => {
    switches[name].used += 1;
    if (switches[name].how === 'once') switches[name].armed -= 1;
    changed(name);
  };

  const arm = (name: FaultName, fits: (request: Request) => boolean, fault: Fault, times: number): void => {
    let left = times;
    const match = (request: Request): boolean => {
      if (left === 0 || request.id === claimed || !fits(request)) return false;
      left -= 1;
      claimed = request.id;
      hit(name);
      return true;
    };
    switches[name].takeBack.push(faults.add({ when: { times, match }, fault }));
  };

  /** Picks a row of the next write and refuses whatever holds it. */
  const refuseRow = (): void => {
    let row: string | undefined;
    const fits = (request: Request): boolean => {
      if (!isWrite(request)) return false;
      const keys = keysIn(request, primaryOf(world, request));
      row ??= keys[Math.floor(keys.length / 3)];
      if (row === undefined || !keys.includes(row)) return false;
      switches.refuseRow.detail = row;
      return true;
    };
    arm('refuseRow', fits, { kind: 'code', code: 1254060 }, Number.POSITIVE_INFINITY);
  };

  const revoke = (): void => {
    const before = [...world.bases.values()].map((base) => ({ base, access: base.access }));
    for (const { base } of before) base.access = 'none';
    switches.revoke.takeBack.push(() => {
      for (const { base, access } of before) base.access = access;
    });
  };

  const slow = (): void => {
    const before = settings.latency;
    settings.latency = (route, rows) => drag + (typeof before === 'number' ? before : before(route, rows));
    switches.slow.takeBack.push(() => {
      settings.latency = before;
    });
  };

  const begin = (name: FaultName): void => {
    const one = single[name];
    switches[name].armed += 1;
    if (one) arm(name, one.fits, one.fault, 1);
    else if (name === 'refuseRow') refuseRow();
    else if (name === 'revoke') revoke();
    else slow();
  };

  const end = (name: FaultName): void => {
    switches[name].armed = 0;
    switches[name].detail = undefined;
    for (const takeBack of switches[name].takeBack.splice(0)) takeBack();
  };

  return {
    list: () =>
      Object.entries(switches).map(([name, { how, armed, used, detail }]) => ({
        name: name as FaultName,
        how,
        armed,
        used,
        ...(detail !== undefined && { detail }),
      })),
    set: (name, on) => {
      const { how, armed } = switches[name];
      if (how === 'now') {
        switches[name].used += 1;
        connections.disconnect();
      } else if (!on) end(name);
      else if (how === 'once' || armed === 0) begin(name);
      changed();
    },
    close: () => {
      for (const name of Object.keys(switches)) end(name as FaultName);
    },
  };
}

/** The name of the index column of the table that a request is about. */
function primaryOf({ bases }: World, { params }: Request): string | undefined {
  const table = bases.get(params['app_token'] ?? '')?.tables.get(params['table_id'] ?? '');
  return table?.fields.find((field) => field.primary)?.name;
}

/** What names the records of a write: the index column where it is sent, else the record's id. */
function keysIn(request: Request, primary: string | undefined): readonly string[] {
  const body = request.body();
  const records = isObject(body) && Array.isArray(body['records']) ? (body['records'] as unknown[]) : [];
  return records.map((record) => {
    if (!isObject(record)) return String(record);
    if (typeof record['record_id'] === 'string') return record['record_id'];
    return isObject(record['fields']) ? String(record['fields'][primary ?? '']) : '';
  });
}
