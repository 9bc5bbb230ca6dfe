import type { Fault, Playground } from 'bitable-playground';
import { type Chance, chance } from './chance.ts';
import { meddle } from './people.ts';
import type { Process } from './process.ts';
import type { Ending, Scenario } from './scenario.ts';
import type { Stage } from './stage.ts';

/** Decides what happens to each call to a Base, by the seed, the step and the so-many-th call in it. */
export interface Director {
  /** A new step begins: calls are counted from 1 again. */
  step(at: number): void;
  /** Ends a process at one of the calls of this step. @param cancel what somebody types elsewhere */
  end(process: Process, ending: Ending, cancel: () => void): void;
  /** Whether the process of this step was killed. */
  killed(): boolean;
  /** Resolves when Feishu has answered everything that reached it, also what a killed process had sent. */
  quiet(): Promise<void>;
  /** From now on the weather is fine and people keep away. */
  calm(): void;
}

/** Faults that happen by chance, with how often of all of them; those of writes and of reads. */
const both: readonly (readonly [number, Fault])[] = [
  [2, { kind: 'throttle', seconds: 1 }],
  [1, { kind: 'throttle', seconds: 3 }],
  [2, { kind: 'code', code: 1254290 }],
  [2, { kind: 'code', code: 1255001 }],
  [1, { kind: 'code', code: 1255002 }],
  [1, { kind: 'html' }],
  [1, { kind: 'html', status: 504 }],
  [2, { kind: 'reset' }],
  [1, { kind: 'truncate' }],
  [1, { kind: 'delay', ms: 25 }],
];
const writes: readonly (readonly [number, Fault])[] = [
  [4, { kind: 'code', code: 1254291 }],
  [2, { kind: 'code', code: 1254607 }],
  [3, { kind: 'reset', applied: true }],
  [2, { kind: 'html', status: 502, applied: true }],
  [2, { kind: 'code', code: 1255040, applied: true }],
  [1, { kind: 'code', code: 1255001, applied: true }],
  [1, { kind: 'code', code: 1299999 }],
  [1, { kind: 'code', code: 1299998 }],
  // A record that was never there: the message of a batch that one vanished record refuses.
  [1, { kind: 'code', code: 1254043 }],
];
const stops: readonly (readonly [number, Fault])[] = [
  [1, { kind: 'code', code: 1254302 }],
  [1, { kind: 'code', code: 99991403 }],
];
/** When it costs a second of real time, it is rare. */
const cut: Fault = { kind: 'reset' };
const refusal: Fault = { kind: 'code', code: 1254015 };
const tooMany: Fault = { kind: 'code', code: 1254104 };

/** Takes charge of a Feishu. */
export function direct({ feishu, base, table, jump }: Stage, scenario: Scenario): Director {
  const { weather, seed, setting } = scenario;
  const chosen = new Map<number, Fault>();
  let step = 0;
  let call = 0;
  let calm = false;
  let killed = false;
  const inFlight = new Set<number>();
  feishu.onRequest(({ id }) => {
    inFlight.add(id);
  });
  feishu.onCall(({ id }) => {
    inFlight.delete(id);
  });
  /** The call of this step at which the app may do again what it may. */
  let openedAt: number | undefined;
  let ending: { readonly process: Process; readonly how: Ending; cancel(): void } | undefined;

  for (const fault of new Set(
    [...both, ...writes, ...stops].map(([, one]) => one).concat(cut, refusal, tooMany),
  ))
    feishu.faults.add({
      when: { times: Number.POSITIVE_INFINITY, match: ({ id }) => chosen.get(id) === fault },
      fault,
    });

  function faultFor(request: Parameters<Parameters<Playground['onRequest']>[0]>[0]): Fault | undefined {
    const luck = chance(`fault ${seed} ${step} ${call}`);
    const { write, name } = request.route;
    const records = write ? ((request.body() as { records?: unknown[] }).records ?? []) : [];
    if (luck.yes(weather.faults)) {
      const odds = [...both, ...(write ? writes : []), ...(weather.stops ? stops : [])];
      const all = odds.flatMap(([times, fault]) => Array<Fault>(times).fill(fault));
      const [first, ...rest] = all;
      if (first) return luck.pick([first, ...rest]);
    }
    if (write && records.length > (weather.rowsMost ?? Number.POSITIVE_INFINITY)) return tooMany;
    const words = write && name !== 'records.batch_delete' ? JSON.stringify(records) : '';
    return weather.refused.some((word) => words.includes(`"${word}"`)) ? refusal : undefined;
  }

  function shut(luck: Chance): void {
    if (openedAt === call) {
      base.setAccess('manage');
      openedAt = undefined;
    } else if (openedAt === undefined && luck.yes(weather.shut)) {
      base.setAccess(luck.pick(['none', 'read']));
      openedAt = call + luck.int(1, 6);
    }
  }

  /** Clocks jump between calls: no request is an hour on its way. */
  const jumps: number[] = [];
  let under = 0;
  feishu.onCall(() => {
    under--;
    if (under === 0) for (const ms of jumps.splice(0)) jump(ms);
  });
  feishu.onRequest(async (request) => {
    under++;
    if (!request.path.startsWith('/open-apis/bitable/') || calm) return;
    call++;
    const mine = call;
    const fault = faultFor(request);
    if (fault) chosen.set(request.id, fault);
    const luck = chance(`person ${seed} ${step} ${mine}`);
    if (luck.yes(weather.person)) meddle(luck, scenario, table);
    shut(luck);
    if (luck.yes(0.003)) feishu.app.revokeTokens();
    if (luck.yes(weather.jumps)) jumps.push(luck.pick([20_000, 140_000, 3_600_000]));
    if (ending?.how.how === 'let' || ending?.how.call !== mine) return;
    const { process, how } = ending;
    if (how.how === 'term') process.term();
    if (how.how === 'cancel') ending.cancel();
    if (how.how !== 'kill') return;
    killed = true;
    await process.kill();
    if (!how.applied) chosen.set(request.id, cut);
  });
  feishu.onCall(({ path }) => {
    if (
      ending?.how.how !== 'answered' ||
      !path.startsWith('/open-apis/bitable/') ||
      call < ending.how.call ||
      killed
    )
      return;
    const { process, how } = ending;
    killed = true;
    setTimeout(() => void process.kill(), how.later);
  });

  return {
    step: (at) => {
      step = at;
      call = 0;
      killed = false;
      ending = undefined;
      if (openedAt !== undefined) base.setAccess('manage');
      openedAt = undefined;
    },
    end: (process, how, cancel) => {
      if (setting.kind === 'quick' && (how.how === 'kill' || how.how === 'answered')) return;
      ending = { process, how, cancel };
    },
    killed: () => killed,
    quiet: async () => {
      while (inFlight.size > 0) await new Promise((resolve) => setImmediate(resolve));
    },
    calm: () => {
      calm = true;
    },
  };
}
