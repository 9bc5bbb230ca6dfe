import type { Definition } from './definition.ts';

const units = { m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** How long a plan is good for when the definition does not say. */
export const usualLifetime = units.d;

/**
 * Milliseconds for which a plan is good: one that waits for a person expires then, and a run that was cut off is
 * not gone on with any more.
 */
export function lifetimeOf({ expires }: Pick<Definition, 'expires'>): number {
  const [, number, unit] = /^(\d+)([mhd])$/.exec(expires ?? '') ?? [];
  return unit === 'm' || unit === 'h' || unit === 'd' ? Number(number) * units[unit] : usualLifetime;
}
