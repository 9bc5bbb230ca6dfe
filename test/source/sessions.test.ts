import { describe, expect, it } from 'vitest';
import type { Query, Source } from '../../src/run/ports.ts';
import { withFewSessions } from '../../src/source/sources.ts';

const query: Query = { sql: 'select 1', at: '', timeout: 1000, timeZone: 'UTC' };
const never = () => new AbortController().signal;
const nextTurn = () => new Promise((resolve) => setImmediate(resolve));

/** A source that counts its open sessions; each answer has three batches. */
function counted() {
  const seen = { open: 0, most: 0, asked: 0 };
  const begin = (): void => {
    seen.asked += 1;
    seen.open += 1;
    seen.most = Math.max(seen.most, seen.open);
  };
  const short = async <T>(value: T): Promise<T> => {
    begin();
    await nextTurn();
    seen.open -= 1;
    return value;
  };
  const source: Source = {
    columns: () => short([]),
    describe: () => short([]),
    check: () => short([]),
    rows: async () => {
      begin();
      let left = 3;
      const end = () => {
        seen.open -= 1;
        return { done: true, value: undefined } as const;
      };
      const next = async () => (left-- > 0 ? { done: false, value: [[left]] } : end());
      const batches = { [Symbol.asyncIterator]: () => ({ next, return: async () => end() }) };
      return { columns: [], batches } as never;
    },
    stop: async () => undefined,
  };
  return { seen, source: withFewSessions(source) };
}

const drain = async (source: Source, signal = never()): Promise<number> => {
  let batches = 0;
  for await (const _ of (await source.rows(query, signal)).batches) {
    batches += 1;
    await nextTurn();
  }
  return batches;
};

describe('the sessions of a connection', () => {
  it('are eight at most, whatever is asked for, and everybody gets a turn', async () => {
    const { seen, source } = counted();
    const all = Array.from({ length: 60 }, (_, at) =>
      at % 2 === 0 ? drain(source) : source.columns(query, never()).then(() => 3),
    );
    expect(await Promise.all(all)).toEqual(Array.from({ length: 60 }, () => 3));
    expect(seen).toEqual({ open: 0, most: 8, asked: 60 });
  });

  it('are given back by whoever stops in the middle', async () => {
    const { seen, source } = counted();
    for (let n = 0; n < 20; n++) for await (const _ of (await source.rows(query, never())).batches) break;
    expect(await drain(source)).toBe(3);
    expect(seen.open).toBe(0);
  });

  it('let go of whoever is told to stop while waiting, who opens none', async () => {
    const { seen, source } = counted();
    const held = await Promise.all(Array.from({ length: 8 }, () => source.rows(query, never())));
    const stop = new AbortController();
    const waiting = source.rows(query, stop.signal);
    stop.abort(new Error('cancelled'));
    await expect(waiting).rejects.toThrow('cancelled');
    await expect(source.columns(query, stop.signal)).rejects.toThrow('cancelled');
    for (const { batches } of held) for await (const _ of batches) break;
    expect(await drain(source)).toBe(3);
    expect(seen.asked).toBe(9);
  });
});
