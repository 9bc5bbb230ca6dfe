/** Wakes whoever waits at this moment; a ring that nobody waits for is forgotten. */
export interface Bell {
  ring(): void;
  rung(): Promise<void>;
}

export function createBell(): Bell {
  let waiting: (() => void) | undefined;
  return {
    ring: () => waiting?.(),
    rung: () =>
      new Promise((resolve) => {
        waiting = resolve;
      }),
  };
}
