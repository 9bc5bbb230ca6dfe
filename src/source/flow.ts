/** Carries what a driver pushes to a `for await`. Never pushes back: what nobody has taken yet piles up. */
export interface Flow<T> {
  push(item: T): void;
  end(): void;
  /** Whoever reads gets the error at once, before items that are still waiting. */
  fail(error: unknown): void;
  readonly items: AsyncIterable<T>;
}

/** Opens a flow. @param onReturn called when the reader leaves before the end */
export function openFlow<T>(onReturn: () => void): Flow<T> {
  let waiting: T[] = [];
  let taken = 0;
  let state: { readonly kind: 'open' | 'ended' } | { readonly kind: 'failed'; readonly error: unknown } = {
    kind: 'open',
  };
  let wake = (): void => {};

  function finish(how: typeof state): void {
    if (state.kind === 'open') state = how;
    wake();
  }

  async function next(): Promise<IteratorResult<T, undefined>> {
    for (;;) {
      if (state.kind === 'failed') throw state.error;
      const item = waiting[taken];
      if (item !== undefined) {
        taken += 1;
        if (taken === waiting.length) [waiting, taken] = [[], 0];
        return { done: false, value: item };
      }
      if (state.kind === 'ended') return { done: true, value: undefined };
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  }

  async function leave(): Promise<IteratorResult<T, undefined>> {
    const early = state.kind === 'open';
    finish({ kind: 'ended' });
    [waiting, taken] = [[], 0];
    if (early) onReturn();
    return { done: true, value: undefined };
  }

  return {
    push(item) {
      if (state.kind !== 'open') return;
      waiting.push(item);
      wake();
    },
    end: () => finish({ kind: 'ended' }),
    fail: (error) => finish({ kind: 'failed', error }),
    items: { [Symbol.asyncIterator]: () => ({ next, return: leave }) },
  };
}
