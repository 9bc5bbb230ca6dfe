import type { Fault, Playground } from 'bitable-playground';
import { type Text, text } from '../sync/words/text.ts';

/** One fault of the demo. */
export interface PlayedFault {
  readonly name: Text;
  /** What is played, and what the program is to make of it. */
  readonly story: Text;
}

/** The faults while they are played. */
export interface FaultPlay {
  /** Ends those that last: from now on everything gets through. */
  mend(): void;
}

/** The faults in the order in which the first run meets them: the second chunk the first one, and so on. */
export const faultStories = [
  {
    name: text('限流', 'throttled call'),
    story: text('429，一秒后再来：等一等再发，不占用轮次', '429, wait a second: it waits and goes again'),
  },
  {
    name: text('写冲突', 'write conflict'),
    story: text(
      '1254291，表格正被写入：放慢后再发',
      '1254291, the table is busy: it slows down and goes again',
    ),
  },
  {
    name: text('坏行', 'refused row'),
    story: text(
      '1254060，有一行不被接受：对半再对半拆分，直到只剩那一行',
      '1254060: the chunk is halved until the bad row stands alone',
    ),
  },
  {
    name: text('丢失的应答', 'lost answer'),
    story: text(
      '已写入但连接断开：下一轮用同一个令牌再问，不会重复',
      'written, then cut off: asked again, never written twice',
    ),
  },
  {
    name: text('失败的分块', 'failing chunk'),
    story: text(
      '1255001，每一轮都失败，直到按下“重试失败分块”',
      '1255001 every round, until you press "Retry failed chunks"',
    ),
  },
] as const satisfies readonly PlayedFault[];

const create = 'records.batch_create';

/** What the faults need of a request. */
type Request = Parameters<NonNullable<Parameters<Playground['faults']['add']>[0]['when']['match']>>[0];

/**
 * Orders the faults of the first run. The rows they hit are not named but taken as they come: the second chunk
 * that is created is throttled, and so on, whatever the source.
 * @param key the field that names a row
 * @param met told when a fault is met for the first time: its place in {@link faultStories}, and the row's key when it is about one
 */
export function playFaults(
  faults: Playground['faults'],
  key: string,
  met: (fault: number, row: string | undefined) => void,
): FaultPlay {
  const chunkOf = numbering(key);
  const takeBack: (() => void)[] = [];
  const told = new Set<number>();
  const tell = (fault: number, row?: string): void => {
    if (told.has(fault)) return;
    told.add(fault);
    met(fault, row);
  };

  /** Hits the first sending of a chunk. */
  const once = (at: number, fault: Fault): void => {
    const match = (request: Request): boolean => {
      if (chunkOf(request).number !== at + 2) return false;
      tell(at);
      return true;
    };
    faults.add({ when: { route: create, match }, fault });
  };

  /** Hits whatever holds a certain row of a chunk, until it is taken back. @param place of the row, from 0 to 1 */
  const always = (at: number, place: number, fault: Fault): void => {
    let row: string | undefined;
    const match = (request: Request): boolean => {
      const { number, keys } = chunkOf(request);
      if (number === at + 2) row ??= keys[Math.floor(place * (keys.length - 1))];
      if (row === undefined || !keys.includes(row)) return false;
      tell(at, row);
      return true;
    };
    takeBack.push(faults.add({ when: { route: create, times: Number.POSITIVE_INFINITY, match }, fault }));
  };

  once(0, { kind: 'throttle', seconds: 1 });
  once(1, { kind: 'code', code: 1254291 });
  always(2, 0.3, { kind: 'code', code: 1254060 });
  once(3, { kind: 'reset', applied: true });
  always(4, 0.5, { kind: 'code', code: 1255001 });
  return {
    mend: () => {
      for (const end of takeBack.splice(0)) end();
    },
  };
}

interface Chunk {
  /** From 1, in the order of their first sending; parts of a chunk have its number. */
  readonly number: number;
  readonly keys: readonly string[];
}

/** Tells the chunks apart by the rows in them, for the wire carries no chunk IDs. */
function numbering(key: string): (request: Request) => Chunk {
  const numbers = new Map<string, number>();
  let last: { readonly request: number; readonly chunk: Chunk } | undefined;
  let chunks = 0;
  return (request) => {
    if (last?.request === request.id) return last.chunk;
    const keys = keysIn(request.body(), key);
    const known = numbers.get(keys[0] ?? '');
    if (known === undefined) chunks += 1;
    const number = known ?? chunks;
    for (const one of keys) numbers.set(one, number);
    last = { request: request.id, chunk: { number, keys } };
    return last.chunk;
  };
}

function keysIn(body: unknown, key: string): readonly string[] {
  const { records } = body as { readonly records?: readonly { readonly fields?: Record<string, unknown> }[] };
  return (records ?? []).map(({ fields }) => String(fields?.[key] ?? ''));
}
