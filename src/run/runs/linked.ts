/** A signal of one's own that also ends when another one does, and leaves nothing behind on it. */
export interface Linked {
  readonly signal: AbortSignal;
  /** Ends it; to be called in every case. */
  end(): void;
}

// AbortSignal.any would do, but on Node 20 it holds on to memory while the longer-lived signal lives.
export function linked(to: AbortSignal): Linked {
  const own = new AbortController();
  const pass = () => own.abort();
  if (to.aborted) pass();
  to.addEventListener('abort', pass, { once: true });
  return {
    signal: own.signal,
    end() {
      to.removeEventListener('abort', pass);
      own.abort();
    },
  };
}
