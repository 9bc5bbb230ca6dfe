import type { Problem } from './problem.ts';
import { type Text, text } from './text.ts';

/**
 * What a failed call means for the run.
 *
 * | verdict  | what the run does                                                          |
 * |----------|----------------------------------------------------------------------------|
 * | wait     | throttled or in conflict: the same call again after a pause, no round used  |
 * | round    | a passing fault: sent again in the next round                              |
 * | values   | refused for what is in it: never repeated as it is, split instead          |
 * | gone     | holds the ID of a record that no longer exists                              |
 * | smaller  | too much for one call: halve and go on                                      |
 * | reread   | a field or table is not what we believe: read the fields again              |
 * | settle   | the idempotency token was refused: read back, then go on with a new one     |
 * | stop     | permission, quota or a hard limit: nothing more can succeed                 |
 * | unknown  | a code that no table lists: the chunk fails and is shown raw                 |
 */
export const verdicts = [
  ...(['wait', 'round', 'values', 'gone', 'smaller'] as const),
  ...(['reread', 'settle', 'stop', 'unknown'] as const),
] as const;
export type Verdict = (typeof verdicts)[number];

/** The two ways a call fails: without an answer from Feishu, or with a code in its answer. */
export const hows = ['threw', 'answered'] as const;
export type How = (typeof hows)[number];

export interface Failure {
  readonly how: How;
  /** Feishu's code; `null` when no answer with a code came back. */
  readonly code: number | null;
  /** Stable word for programs in place of a code, where `what` says all there is to say. */
  readonly word?: string;
  /** Feishu's own words, or those of the transport. Never holds row contents. */
  readonly message: string;
  readonly verdict: Verdict;
  /** Why there was no answer at all: the way there was shut, or it came to nothing on the way back. */
  readonly silence?: 'unreached' | 'unanswered';
  /** Whether a write may have been carried out all the same. */
  readonly mayHaveHappened: boolean;
  /** Whether the call may simply have been too much: sent in smaller parts when it fails so again. */
  readonly heavy?: true;
  /** How long Feishu asked us to wait, in milliseconds. */
  readonly retryAfter?: number;
  readonly status?: number;
  /** Feishu's log ID (`X-Tt-Logid`), for their support. */
  readonly logId?: string;
  /** What it means in words, for a headline, where we know it. */
  readonly what?: Text;
  /** What the person who can act should do, where we know it. */
  readonly cure?: Text;
  /** Feishu's pointer to the culprit, such as `records[3].fields.…` or a record ID. */
  readonly pointer?: string;
}

/** A call to Feishu that did not succeed. The only error that the table and chat ports reject with. */
export class CallError extends Error {
  readonly failure: Failure;

  constructor(failure: Failure, options?: ErrorOptions) {
    super(`${failure.code ?? failure.how}: ${failure.message}`, options);
    this.name = 'CallError';
    this.failure = failure;
  }
}

export const problemOf = (failure: Failure): Problem => ({
  code: codeWord(failure),
  message: said(failure),
  cure: failure.cure ?? later,
  ...(failure.logId === undefined ? {} : { logId: failure.logId }),
});

/** Feishu's code as a word for programs; without one the failure's own word, or `threw`. */
export const codeWord = ({ code, word, how }: Pick<Failure, 'code' | 'word' | 'how'>): string =>
  code === null ? (word ?? how) : String(code);

const later = text(
  '请稍后再试；如果一直这样，把日志 ID 发给飞书支持。',
  'Try again later; if it stays, give the log ID to Feishu support.',
);

function said({ code, message, silence, what, word }: Failure): Text {
  if (what && word !== undefined) return what;
  if (code !== null && what) {
    return text(
      `${what.zh}（飞书错误 ${code}：${message}）`,
      `${what.en} (Feishu error ${code}: ${message})`,
    );
  }
  if (code !== null) {
    return text(`飞书返回错误 ${code}：${message}`, `Feishu answered with the error ${code}: ${message}`);
  }
  const { zh, en } = what ?? silences[silence ?? 'half'];
  return text(`${zh}：${message}`, `${en}: ${message}`);
}

const silences = {
  unreached: text('连不上飞书', 'Feishu could not be reached'),
  unanswered: text('飞书没有应答', 'Feishu did not answer'),
  half: text('飞书的应答不完整', "Feishu's answer was not whole"),
} as const;
