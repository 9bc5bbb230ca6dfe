/** Feishu's clocks: those of this machine may be wrong. */
export interface FeishuTime {
  /** As far as it is known, in ms. */
  now(): number;
  /** Asks Feishu. */
  ask(): Promise<number>;
}

/**
 * How long (ms) something may be on its way and still be meant: Feishu delivers again after 15 s, 5 min, 1 h and 6 h.
 * https://open.feishu.cn/document/server-docs/event-subscription-guide/overview
 */
const fresh = 5 * 60_000;

/**
 * Tells whether something that somebody did has reached the bot too late to be carried out unasked. Both times are
 * Feishu's. Before anything counts as late Feishu is asked what time it is, so that a clock of this machine that is
 * wrong, or was set, harms nothing that is fresh; where it does not answer, what is known decides.
 * @param at when it was done, in ms; what has no time is never late
 */
export async function isLate(at: number | undefined, time: FeishuTime): Promise<boolean> {
  if (at === undefined || time.now() - at <= fresh) return false;
  const now = await time.ask().catch(() => time.now());
  return now - at > fresh;
}
