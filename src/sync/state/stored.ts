import { z } from 'zod';
import { fieldKinds } from '../definition/field.ts';
import type { KnownField } from '../fields/column.ts';
import { type Failure, hows, verdicts } from '../words/failure.ts';
import { type Problem, problem } from '../words/problem.ts';
import { type Text, text } from '../words/text.ts';

/**
 * Reads JSON that came out of the store. @param what it is of, for people: `state of run 1a2b`
 * @throws ProblemError when it is torn, or was written by a program that this one does not know
 */
export function parsed<T>(what: string, json: string, schema: z.ZodType<T>): T {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch (error) {
    throw unreadable(what, 'no JSON', error);
  }
  return checked(what, value, schema);
}

/** Checks a value that came out of the store. @throws ProblemError */
export function checked<T>(what: string, value: unknown, schema: z.ZodType<T>): T {
  const read = schema.safeParse(value);
  if (read.success) return read.data;
  const [issue] = read.error.issues;
  throw unreadable(what, issue ? `${issue.path.join('.')}: ${issue.message}` : '', read.error);
}

/** Says that something in the store cannot be read. @param what it is of, for people */
export const unreadable = (what: string, why: string, cause?: unknown) =>
  problem(
    {
      code: 'stored-unreadable',
      message: text(
        `存储里的一条内容读不出来：${what}（${why}）`,
        `the store holds something that cannot be read: ${what} (${why})`,
      ),
      cure: text(
        '用写下它的那个版本的程序，或从备份恢复存储',
        'run the version of the program that wrote it, or restore the store from a backup',
      ),
      where: 'STORE_URL',
    },
    { cause },
  );

/** Reads JSON that came out of the store; `undefined` for what cannot be read and may be missing. */
export function readable<T>(json: string, schema: z.ZodType<T>): T | undefined {
  try {
    return schema.safeParse(JSON.parse(json)).data;
  } catch {
    return undefined;
  }
}

/** An object that has a parser for each of its keys, also for those that may be missing. */
export const object = <T extends object>(
  shape: {
    readonly [K in keyof T]-?: z.ZodType<T[K]>;
  },
): z.ZodType<T> => z.object(shape) as unknown as z.ZodType<T>;

/** An object with a `format` beside its keys; 0.1.0 wrote none. @param format the newest that this program knows */
export const inFormat = <T>(format: number, schema: z.ZodType<T>): z.ZodType<T> =>
  z
    .looseObject({ format: z.number().max(format, 'written by a newer program').optional() })
    .transform((value): unknown => value)
    .pipe(schema);

export const amount = z.number();

export const numbers = <const K extends string>(...names: readonly K[]) =>
  z.object(Object.fromEntries(names.map((name) => [name, amount])) as Record<K, typeof amount>);

export const textSchema: z.ZodType<Text> = z.object({ zh: z.string(), en: z.string() });

export const problemSchema: z.ZodType<Problem> = z.object({
  ...{ code: z.string(), message: textSchema, cure: textSchema },
  ...{ where: z.string().exactOptional(), logId: z.string().exactOptional() },
});

const word = z.string().exactOptional();

export const failureSchema = object<Failure>({
  ...{ how: z.enum(hows), code: amount.nullable(), message: z.string(), verdict: z.enum(verdicts) },
  ...{ word, silence: z.enum(['unreached', 'unanswered']).exactOptional(), mayHaveHappened: z.boolean() },
  ...{ heavy: z.literal(true).exactOptional(), retryAfter: amount.exactOptional() },
  ...{ status: amount.exactOptional(), logId: word, what: textSchema.exactOptional() },
  ...{ cure: textSchema.exactOptional(), pointer: word },
});

export const knownFieldSchema = object<KnownField>({
  ...{ column: z.string(), id: z.string(), name: z.string(), kind: z.enum(fieldKinds) },
});
