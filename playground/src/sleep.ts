/** Waiting that can be ended. */
export interface Sleep {
  sleep(ms: number): Promise<void>;
  /** Ends all waits at once. */
  stop(): void;
}

/** Waits that end early when the playground stops. */
export function newSleep(): Sleep {
  const waiting = new Map<NodeJS.Timeout, () => void>();
  return {
    sleep: (ms) => {
      if (ms <= 0) return Promise.resolve();
      return new Promise((resolve) => {
        const timer = setTimeout(() => {
          waiting.delete(timer);
          resolve();
        }, ms);
        waiting.set(timer, resolve);
      });
    },
    stop: () => {
      for (const [timer, resolve] of waiting) {
        clearTimeout(timer);
        resolve();
      }
      waiting.clear();
    },
  };
}
