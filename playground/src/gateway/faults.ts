import { seededRandom } from '../random.ts';
import { codeText } from './codes.ts';
import { Refusal, type Reply, refused } from './reply.ts';
import type { Request } from './router.ts';

/** The `data` of an answer. */
type Data = Readonly<Record<string, unknown>>;

/** What goes wrong. With `applied: true` the call does its work first and only the answer is lost or replaced. */
export type Fault =
  /** An error code; `status` and `msg` default to the usual ones. */
  | {
      readonly kind: 'code';
      readonly code: number;
      readonly status?: number;
      readonly msg?: string;
      readonly headers?: Readonly<Record<string, string>>;
      readonly applied?: boolean;
    }
  /** Answers later, then normally. */
  | { readonly kind: 'delay'; readonly ms: number }
  /** Cuts the connection without an answer. */
  | { readonly kind: 'reset'; readonly applied?: boolean }
  /** A gateway's HTML page. */
  | { readonly kind: 'html'; readonly status?: number; readonly applied?: boolean }
  /** The right answer, cut in the middle of its JSON. */
  | { readonly kind: 'truncate' }
  /** The right answer with another `data`: a page that is empty, ends early, repeats records, counts wrong. */
  | { readonly kind: 'answer'; readonly change: (data: Data) => Data }
  /** HTTP 429, 99991400, with the headers that tell when to come again. */
  | { readonly kind: 'throttle'; readonly seconds?: number }
  /** Never answers. */
  | { readonly kind: 'hang'; readonly applied?: boolean };

/** Which requests a fault hits. */
export interface When {
  readonly method?: string;
  /** The short name of a route, such as `records.batch_create`. */
  readonly route?: string;
  /** The first of the matching requests that is hit; from 1, default 1. */
  readonly nth?: number;
  /** How many are hit from there on; default 1. `Infinity` for all. */
  readonly times?: number;
  readonly match?: (request: Request) => boolean;
}

/** A scripted fault. */
export interface FaultRule {
  readonly when: When;
  readonly fault: Fault;
}

/** How often each kind of random fault happens: 0 never, 1 always. */
export interface FaultRates {
  /** 429 with headers. */
  readonly throttle?: number;
  /** 1254291, on writes. */
  readonly conflict?: number;
  /** 1254290. */
  readonly busy?: number;
  /** 1255001. */
  readonly error?: number;
  /** 1254607, on writes. */
  readonly notReady?: number;
  readonly resetBefore?: number;
  /** The work is done, the answer is lost; on writes. */
  readonly resetAfter?: number;
  /** 1255040, HTTP 504, the work being done; on writes. */
  readonly timeoutAfter?: number;
  readonly html?: number;
  /** Cut JSON, on reads. */
  readonly truncate?: number;
}

/** Where faults are ordered. */
export interface Faults {
  /** Adds a scripted fault; answers how to take it back. */
  add(rule: FaultRule): () => void;
  /** Lets calls to bases fail at random, the same way for the same seed and order of calls; answers how to end it. */
  random(seed: number, rates: FaultRates): () => void;
  clear(): void;
  /** The faults that hit so far, in order. */
  hits(): readonly { readonly call: number; readonly route: string; readonly fault: Fault }[];
}

/** The server's side of {@link Faults}. */
export interface FaultBook extends Faults {
  pick(request: Request): Fault | undefined;
}

interface Script {
  readonly rule: FaultRule;
  seen: number;
}

function hitsScript(script: Script, request: Request): boolean {
  const { method, route, nth = 1, times = 1, match } = script.rule.when;
  if (method !== undefined && method !== request.method) return false;
  if (route !== undefined && route !== request.route.name) return false;
  if (match && !match(request)) return false;
  script.seen += 1;
  return script.seen >= nth && script.seen < nth + times;
}

interface Chance {
  readonly share: number;
  readonly on: 'all' | 'reads' | 'writes';
  readonly fault: Fault;
}

const chancesOf = (rates: FaultRates): readonly Chance[] => [
  { share: rates.throttle ?? 0, on: 'all', fault: { kind: 'throttle', seconds: 1 } },
  { share: rates.busy ?? 0, on: 'all', fault: { kind: 'code', code: 1254290 } },
  { share: rates.error ?? 0, on: 'all', fault: { kind: 'code', code: 1255001 } },
  { share: rates.html ?? 0, on: 'all', fault: { kind: 'html' } },
  { share: rates.resetBefore ?? 0, on: 'all', fault: { kind: 'reset' } },
  { share: rates.truncate ?? 0, on: 'reads', fault: { kind: 'truncate' } },
  { share: rates.conflict ?? 0, on: 'writes', fault: { kind: 'code', code: 1254291 } },
  { share: rates.notReady ?? 0, on: 'writes', fault: { kind: 'code', code: 1254607 } },
  { share: rates.resetAfter ?? 0, on: 'writes', fault: { kind: 'reset', applied: true } },
  { share: rates.timeoutAfter ?? 0, on: 'writes', fault: { kind: 'code', code: 1255040, applied: true } },
];

type Picker = (request: Request) => Fault | undefined;

function randomPicker(seed: number, rates: FaultRates): Picker {
  const random = seededRandom(seed);
  const chances = chancesOf(rates);
  return (request) => {
    if (!request.path.startsWith('/open-apis/bitable/')) return undefined;
    let at = random.next();
    for (const { share, on, fault } of chances) {
      const possible = on === 'all' || (on === 'writes') === request.route.write;
      if (!possible) continue;
      if (at < share) return fault;
      at -= share;
    }
    return undefined;
  };
}

/** Makes the book in which faults are ordered. */
export function newFaults(): FaultBook {
  const scripts = new Set<Script>();
  const pickers = new Set<Picker>();
  const hits: { call: number; route: string; fault: Fault }[] = [];
  const find = (request: Request): Fault | undefined => {
    let found: Fault | undefined;
    for (const script of scripts) if (hitsScript(script, request)) found ??= script.rule.fault;
    for (const picker of pickers) found ??= picker(request);
    return found;
  };
  return {
    add: (rule) => {
      const script = { rule, seen: 0 };
      scripts.add(script);
      return () => scripts.delete(script);
    },
    random: (seed, rates) => {
      const picker = randomPicker(seed, rates);
      pickers.add(picker);
      return () => pickers.delete(picker);
    },
    clear: () => {
      scripts.clear();
      pickers.clear();
      hits.length = 0;
    },
    hits: () => [...hits],
    pick: (request) => {
      const fault = find(request);
      if (fault) hits.push({ call: request.id, route: request.route.name, fault });
      return fault;
    },
  };
}

/** The answer of a throttled call (https://open.feishu.cn/document/server-docs/api-call-guide/frequency-control). */
export function throttled(limit: number, seconds: number, logId: string): Reply {
  const headers = { 'x-ogw-ratelimit-limit': String(limit), 'x-ogw-ratelimit-reset': String(seconds) };
  return refused(new Refusal(99991400, { headers }), logId);
}

/** A gateway's page in place of an answer. */
const htmlReply = (status: number): Reply => ({
  status,
  code: -1,
  body: `<html>\r\n<head><title>${status} Bad Gateway</title></head>\r\n<body>\r\n<center><h1>${status} Bad Gateway</h1></center>\r\n</body>\r\n</html>\r\n`,
  headers: { 'content-type': 'text/html' },
  rows: 0,
});

/** What a fault makes of a call: an answer, a cut connection or silence. */
export type Outcome =
  | { readonly kind: 'reply'; readonly reply: Reply }
  | { readonly kind: 'reset' }
  | { readonly kind: 'hang' };

/** Plays a fault around a call; `work` does the call itself and answers it. */
export async function play(
  fault: Fault,
  work: () => Promise<Reply>,
  logId: string,
  sleep: (ms: number) => Promise<void>,
): Promise<Outcome> {
  if ('applied' in fault && fault.applied) await work();
  switch (fault.kind) {
    case 'delay':
      await sleep(fault.ms);
      return { kind: 'reply', reply: await work() };
    case 'truncate': {
      const reply = await work();
      return {
        kind: 'reply',
        reply: { ...reply, code: -1, body: reply.body.slice(0, reply.body.length >> 1) },
      };
    }
    case 'answer': {
      const reply = await work();
      const { data, ...rest } = JSON.parse(reply.body) as { readonly data?: Data };
      return {
        kind: 'reply',
        reply: { ...reply, body: JSON.stringify({ ...rest, ...(data && { data: fault.change(data) }) }) },
      };
    }
    case 'throttle':
      return { kind: 'reply', reply: throttled(100, fault.seconds ?? 1, logId) };
    case 'html':
      return { kind: 'reply', reply: htmlReply(fault.status ?? 502) };
    case 'code': {
      const { code, status = codeText(code).status, msg = codeText(code).msg, headers = {} } = fault;
      return { kind: 'reply', reply: refused(new Refusal(code, { status, msg, headers }), logId) };
    }
    case 'reset':
    case 'hang':
      return { kind: fault.kind };
  }
}
