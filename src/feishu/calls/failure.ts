import { CallError, type Failure, type Verdict } from '../../sync/words/failure.ts';
import { type Text, text } from '../../sync/words/text.ts';
import { cardLocked, cardRefused, codes } from './codes.ts';
import { cures, headlines } from './cures.ts';
import type { Answer, NoAnswer } from './http.ts';
import { list, type Shape, shape, words } from './shape.ts';
import { ProxyFault } from './tunnel.ts';

/** The code of an answer: 0 is success, undefined when it is no answer of Feishu's. */
export function codeOf(answer: Answer): number | undefined {
  const code = answer.body.kind === 'json' ? shape(answer.body.value)?.['code'] : undefined;
  return typeof code === 'number' ? code : undefined;
}

/** Feishu's log ID of an answer. */
function logIdOf(answer: Answer): string | undefined {
  const header = answer.headers['x-tt-logid'];
  return words(Array.isArray(header) ? header[0] : header) ?? words(errorOf(answer)?.['log_id']);
}

const errorOf = (answer: Answer): Shape | undefined =>
  answer.body.kind === 'json' ? shape(shape(answer.body.value)?.['error']) : undefined;

/**
 * Says what an answer that is no success means.
 * @param write whether the call changes something, so that it may have happened all the same
 */
export function failureOf(answer: Answer, write: boolean): Failure {
  // A success that came with a failing status says nothing of its own.
  const code = codeOf(answer) || undefined;
  const known = code === undefined ? byStatus(answer) : byCode(code, answer);
  const logId = logIdOf(answer);
  const retryAfter = waitOf(answer) ?? known.pause;
  const pointer = pointerOf(answer);
  return {
    how: code === undefined ? 'threw' : 'answered',
    code: code ?? null,
    message: messageOf(answer),
    verdict: pointer && known.pointed ? known.pointed : known.verdict,
    mayHaveHappened: write && known.mayHaveHappened,
    status: answer.status,
    ...(known.heavy ? { heavy: known.heavy } : {}),
    ...(retryAfter === undefined ? {} : { retryAfter }),
    ...(logId === undefined ? {} : { logId }),
    ...(known.what === undefined ? {} : { what: known.what }),
    ...(known.cure === undefined ? {} : { cure: known.cure }),
    ...(pointer === undefined ? {} : { pointer }),
  };
}

/** Says what a call without an answer means. */
export function silenceOf(error: NoAnswer, write: boolean): Failure {
  const base = { how: 'threw', code: null, message: error.message } as const;
  if (error.cause instanceof ProxyFault) {
    const { what, cure, final } = error.cause;
    const verdict = final ? 'stop' : 'round';
    return { ...base, verdict, silence: 'unreached', mayHaveHappened: false, what, cure };
  }
  return {
    ...base,
    verdict: silent[error.why] ?? 'round',
    silence: error.sent ? 'unanswered' : 'unreached',
    mayHaveHappened: write && error.sent,
    cure: error.sent ? cures.unanswered : cures.network,
  };
}

/** What there is to do when no answer came, where that is not to try again in the next round. */
const silent: { readonly [why in NoAnswer['why']]?: Verdict } = { 'too-large': 'smaller', 'held-up': 'wait' };

/** An answer that Feishu calls a success, and that cannot be one. */
export const odd = (message: string, verdict: Verdict = 'unknown', mayHaveHappened = false): CallError =>
  new CallError({ how: 'threw', code: null, message, verdict, mayHaveHappened, cure: cures.passing });

interface Known {
  readonly verdict: Verdict;
  /** The verdict when Feishu points at one record: then it is that record and not the whole request. */
  readonly pointed?: Verdict | undefined;
  readonly mayHaveHappened: boolean;
  readonly what?: Text | undefined;
  readonly cure?: Text | undefined;
  readonly pause?: number | undefined;
  readonly heavy?: true | undefined;
}

/** Faults of a whole request, unless Feishu points at one record of it. */
const wholeRequest: ReadonlySet<Text> = new Set([cures.request, cures.badName, cures.newField, cures.openId]);

function byCode(code: number, answer: Answer): Known {
  if (code === cardRefused && cardIsLocked(answer)) return { verdict: 'wait', mayHaveHappened: false };
  const entry = codes.get(code);
  if (!entry) {
    // Nobody knows what such a code says of a write: it is read back before its rows are called failed.
    return answer.status === 429
      ? { verdict: 'wait', mayHaveHappened: false }
      : { verdict: 'unknown', mayHaveHappened: true };
  }
  const pointed = wholeRequest.has(entry.cure) ? 'values' : undefined;
  const cure = entry.cure === cures.scope ? missingScopes(answer) : entry.cure;
  return { ...entry, what: headlines.get(entry.cure), cure, pointed };
}

/** Answers without a code: a gateway's page, a cut or an empty body. */
function byStatus({ status, body }: Answer): Known {
  if (status === 429) return { verdict: 'wait', mayHaveHappened: false, cure: cures.busy };
  if (status === 413) return { verdict: 'smaller', mayHaveHappened: false, cure: cures.split };
  if (status >= 500) return { verdict: 'round', mayHaveHappened: true, cure: cures.passing };
  if (status === 404 || (status >= 300 && status < 400)) {
    return { verdict: 'stop', mayHaveHappened: false, cure: cures.domain };
  }
  // A page where JSON should be comes from something between us and Feishu; a cut body comes from Feishu itself.
  if (status < 300) return { verdict: 'round', mayHaveHappened: true, cure: cures.passing };
  return {
    verdict: 'unknown',
    mayHaveHappened: false,
    cure: body.kind === 'json' ? undefined : cures.domain,
  };
}

// The one place that reads words: code 11310 has several meanings that only its words tell apart.
const cardIsLocked = (answer: Answer): boolean => {
  const message = shape(answer.body.kind === 'json' ? answer.body.value : undefined)?.['msg'];
  return typeof message === 'string' && message.includes(`ErrCode: ${cardLocked}`) && /lock/i.test(message);
};

/**
 * A value that Feishu quotes: `records[0].fields.date.fieldValue.VALUE.fieldName.date`. It may hold quotes, line breaks
 * and these very words, so all goes up to the last `.fieldName.`, or to the end.
 */
const quotedValue = /\.fieldValue\.(?:.*(?=\.fieldName\.)|.*)/s;

/** Feishu's own words, cut, and without the values that some of its messages quote. */
function messageOf(answer: Answer): string {
  if (answer.body.kind !== 'json') return `HTTP ${answer.status}, ${bodyWords[answer.body.kind]}`;
  const body = shape(answer.body.value);
  const message = words(body?.['msg']);
  if (!codeOf(answer)) return `HTTP ${answer.status}, an answer without a code`;
  return (message ?? `code ${String(body?.['code'])}`)
    .replace(quotedValue, '')
    .replace(/\s+/g, ' ')
    .slice(0, 200);
}

const bodyWords = {
  empty: 'an empty answer',
  html: 'a web page instead of JSON',
  text: 'plain text instead of JSON',
  broken: 'broken JSON',
} as const;

/** The pause that Feishu asks for: https://open.feishu.cn/document/server-docs/api-call-guide/frequency-control. */
function waitOf(answer: Answer): number | undefined {
  const seconds = Number(answer.headers['x-ogw-ratelimit-reset'] ?? answer.headers['retry-after']);
  return Number.isFinite(seconds) && seconds > 0 ? Math.min(seconds, 3600) * 1000 : undefined;
}

/** The record or cell that Feishu points at; never a value. */
function pointerOf(answer: Answer): string | undefined {
  const body = answer.body.kind === 'json' ? shape(answer.body.value) : undefined;
  const said = [body?.['msg'], errorOf(answer)?.['message']]
    .filter((one) => typeof one === 'string')
    .join('\n');
  const record = /record not found,?\s*id\s*=\s*([A-Za-z0-9]{1,60})/i.exec(said)?.[1];
  return (
    record ??
    /records\[\d+\](?:\.fields\.[^'"\n]*?(?=\.fieldValue\.|['"\n]|$))?/.exec(said)?.[0].slice(0, 160)
  );
}

/** Which scopes the app lacks, any one of which is enough, and Feishu's page that grants them. */
function missingScopes(answer: Answer): Text {
  const error = errorOf(answer);
  const scopes = (list(error?.['permission_violations']) ?? [])
    .map((one) => words(shape(one)?.['subject']))
    .filter((one) => one !== undefined && /^[\w:.-]{1,80}$/.test(one))
    .slice(0, 10);
  if (scopes.length === 0) return cures.scope;
  const link = (list(error?.['helps']) ?? []).map((one) => words(shape(one)?.['url'])).find(isConsole);
  const page = link ?? 'https://open.feishu.cn/app';
  return text(
    `给应用开通下列任一权限并发布新版本：${scopes.join('、')}。${page}`,
    `Give the app any one of these scopes and publish a version: ${scopes.join(', ')}. ${page}`,
  );
}

const isConsole = (url: string | undefined): url is string =>
  url !== undefined &&
  url.length < 500 &&
  /^https:\/\/open\.(feishu\.cn|larksuite\.com)\/[\w\-./?=&%:,]*$/.test(url);
