/** A JSON object whose members are not known yet. */
export type Shape = Readonly<Record<string, unknown>>;

/** Answers the value as an object, or undefined when it is none (arrays and null are none). */
export const shape = (value: unknown): Shape | undefined =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Shape) : undefined;

/** Answers the value as a list, or undefined when it is none. */
export const list = (value: unknown): readonly unknown[] | undefined =>
  Array.isArray(value) ? (value as readonly unknown[]) : undefined;

/** Answers a non-empty string, or undefined. */
export const words = (value: unknown): string | undefined =>
  typeof value === 'string' && value !== '' ? value : undefined;

/** Parses JSON; undefined when it is none. */
export function parsed(json: unknown): unknown {
  try {
    return typeof json === 'string' ? (JSON.parse(json) as unknown) : undefined;
  } catch {
    return undefined;
  }
}
