import type { Mark } from '../ports.ts';
import type { Entry } from './entries.ts';

/** What must be known of a definition by those who watch it, also while its file cannot be read. */
export interface Watched {
  readonly title: string;
  /** Who is told. */
  readonly chat: string | undefined;
  readonly others: readonly string[];
  readonly limits: readonly Limit[];
}

/** When a table counts as stale, and who hears of it. */
export interface Limit {
  /** The entry's ID. */
  readonly id: string;
  readonly chat: string | undefined;
  /** As definitions write it, such as `26h`. */
  readonly stale: string;
}

/** What is to be watched of a definition with these entries. */
export function watching(entries: readonly Entry[], others: readonly string[]): Watched | undefined {
  const [first] = entries;
  if (first === undefined) return undefined;
  const limits = entries.flatMap(({ id, chat, stale }) => (stale === undefined ? [] : [{ id, chat, stale }]));
  return { title: first.definition.title, chat: first.chat, others, limits };
}

/** What was noted of a definition; `undefined` where nothing was, or nothing that can be read. */
export function watchedOf(marks: readonly Mark[], name: string): Watched | undefined {
  const found = marks.find((mark) => mark.definition === name)?.value;
  if (found === undefined) return undefined;
  const { title, chat, others, limits } = JSON.parse(found) as Partial<Readonly<Record<string, unknown>>>;
  return {
    title: typeof title === 'string' ? title : name,
    chat: typeof chat === 'string' ? chat : undefined,
    others: Array.isArray(others) ? others.filter((one): one is string => typeof one === 'string') : [],
    limits: Array.isArray(limits) ? limits.flatMap(limitOf) : [],
  };
}

function limitOf(one: unknown): readonly Limit[] {
  if (typeof one !== 'object' || one === null) return [];
  const { id, chat, stale } = one as Readonly<Record<string, unknown>>;
  if (typeof id !== 'string' || typeof stale !== 'string') return [];
  return [{ id, chat: typeof chat === 'string' ? chat : undefined, stale }];
}
