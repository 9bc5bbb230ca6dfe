/** Where writes stand in line: how many may run at once in one base or table. */
export interface Lock {
  /** Takes a place; answers how to leave it, or `undefined` when all places are taken. */
  enter(appToken: string, tableId: string): (() => void) | undefined;
  /** The most writes that ran at the same time so far. */
  most(): number;
}

/** How many writes the service takes at once. */
export interface Writers {
  readonly per: 'base' | 'table';
  readonly atOnce: number;
}

/**
 * Counts running writes. Feishu's overview allows one at a time for a base, the text of 1254291 one for a table
 * (https://open.feishu.cn/document/server-docs/docs/bitable-v1/bitable-overview).
 */
export function newLock(writers: () => Writers): Lock {
  const inside = new Map<string, number>();
  let running = 0;
  let most = 0;
  return {
    enter: (appToken, tableId) => {
      const { per, atOnce } = writers();
      const key = per === 'base' ? appToken : `${appToken}/${tableId}`;
      const now = inside.get(key) ?? 0;
      if (now >= atOnce) return undefined;
      inside.set(key, now + 1);
      running += 1;
      most = Math.max(most, running);
      return () => {
        running -= 1;
        inside.set(key, (inside.get(key) ?? 1) - 1);
      };
    },
    most: () => most,
  };
}
