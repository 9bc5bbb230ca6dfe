import type { Clock } from '../../run/ports.ts';
import { CallError, codeWord } from '../../sync/words/failure.ts';
import { type Problem, ProblemError } from '../../sync/words/problem.ts';

/** Whether one thing that the bot needs is there; else a stable code, and in English what is wrong. */
export type Check =
  | { readonly ok: true }
  | { readonly ok: false; readonly code: string; readonly message: string };

/** What `/readyz` answers. */
export interface Readiness {
  readonly ok: boolean;
  /** Runs can be kept. */
  readonly store: Check;
  /** Feishu takes the app's credentials. */
  readonly token: Check;
  /** Events come in. */
  readonly connection: Check;
}

/** How each of them is found out. */
export interface ReadyParts {
  /** Rejects within seconds when the store does not answer. */
  readonly ping: () => Promise<void>;
  /** Asks Feishu for a token. */
  readonly prove: () => Promise<void>;
  /** Why no events come in; nothing when they do. */
  readonly lost: () => Pick<Problem, 'code' | 'message'> | undefined;
  readonly clock: Clock;
}

/** Milliseconds that an answer about the token holds: good news longer. Calls for tokens do not count to a quota. */
const provenFor = 60_000;
const refusedFor = 15_000;
/** Milliseconds after which a probe gets its answer, whatever is not known yet. */
const patience = 2_500;

/**
 * Returns a function that tells whether the bot can work, and what stands in its way. The credentials are tried again
 * when somebody asks and the last try is a minute old, because a token that was given out stays good for two hours
 * after its secret was revoked; whoever asks does not wait for that, but for the first time.
 */
export function readiness({ ping, prove, lost, clock }: ReadyParts): () => Promise<Readiness> {
  let proof: { readonly check: Check; readonly at: number } | undefined;
  let proving: Promise<Check> | undefined;

  const proven = async (): Promise<Check> => {
    const age = proof && clock.now() - proof.at;
    if (age === undefined || age < 0 || age >= (proof?.check.ok ? provenFor : refusedFor))
      proving ??= checked(prove).then((check) => {
        proof = { check, at: clock.now() };
        proving = undefined;
        return check;
      });
    return proof?.check ?? proving ?? { ok: true };
  };

  return async () => {
    const [store, token] = await Promise.all([checked(ping), inTime(proven(), clock)]);
    // Words of a database may tell of its insides to whoever can reach the port: they stay in the log.
    const shown: Check = store.ok ? store : { ...store, message: 'The store does not answer; see the log.' };
    const why = lost();
    const connection: Check = why ? { ok: false, code: why.code, message: why.message.en } : { ok: true };
    return { ok: store.ok && token.ok && connection.ok, store: shown, token, connection };
  };
}

const checked = (work: () => Promise<void>): Promise<Check> =>
  work().then(
    () => ({ ok: true }),
    (error: unknown) => refused(error),
  );

function refused(error: unknown): Check {
  if (error instanceof ProblemError) {
    const [{ code, message }] = error.problems;
    return { ok: false, code, message: message.en };
  }
  if (error instanceof CallError)
    return { ok: false, code: codeWord(error.failure), message: error.failure.message };
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'failed';
  return { ok: false, code, message: 'See the log.' };
}

async function inTime(check: Promise<Check>, clock: Clock): Promise<Check> {
  const over = new AbortController();
  const late = clock.sleep(patience, over.signal).then(
    (): Check => ({ ok: false, code: 'timeout', message: `No answer within ${patience} ms.` }),
    (): Check => ({ ok: true }),
  );
  const answer = await Promise.race([check, late]);
  over.abort();
  return answer;
}
