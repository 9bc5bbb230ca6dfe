import { ProblemError } from '../sync/words/problem.ts';

/**
 * Waits for all. Of several failures the one in words for people is told: a table that is not there fails each call,
 * and only one of them knows the names of those that are.
 */
export async function allOf<T extends readonly Promise<unknown>[]>(
  work: readonly [...T],
): Promise<{ [K in keyof T]: Awaited<T[K]> }> {
  const reasons = (await Promise.allSettled(work)).flatMap((one) =>
    one.status === 'rejected' ? [one.reason as unknown] : [],
  );
  if (reasons.length > 0) throw reasons.find((reason) => reason instanceof ProblemError) ?? reasons[0];
  return Promise.all(work) as Promise<{ [K in keyof T]: Awaited<T[K]> }>;
}

/** Does two things at once; when one fails the other is given up, and both have ended before this rejects. */
export async function sideBySide<A, B>(
  signal: AbortSignal,
  one: (signal: AbortSignal) => Promise<A>,
  other: (signal: AbortSignal) => Promise<B>,
): Promise<[A, B]> {
  const give = new AbortController();
  const both = AbortSignal.any([signal, give.signal]);
  const work = [one(both), other(both)] as const;
  for (const part of work) part.catch((error: unknown) => give.abort(error));
  const [first, second] = await Promise.allSettled(work);
  if (first.status === 'fulfilled' && second.status === 'fulfilled') return [first.value, second.value];
  throw give.signal.reason;
}
