import { CallError, type Failure, type Verdict } from '../../sync/words/failure.ts';
import type { Problem } from '../../sync/words/problem.ts';
import { type Text, text } from '../../sync/words/text.ts';
import { type CodeEntry, type Codes, cardRefused, codes } from './codes.ts';
import { type Answer, list, type NoAnswer, type Shape, shape, words } from './http.ts';
import { meanings, network, otherDomain, unanswered } from './meanings.ts';
import { ProxyFault } from './tunnel.ts';

/** The code of an answer: 0 is success, undefined when it is no answer of Feishu's. */
function codeOf(answer: Answer): number | undefined {
  const code = shape(answer.json)?.['code'];
  return typeof code === 'number' ? code : undefined;
}

/** Whether Feishu says that all is well. */
export const isSuccess = (answer: Answer): boolean =>
  answer.status >= 200 && answer.status < 300 && codeOf(answer) === 0;

const errorOf = (answer: Answer): Shape | undefined => shape(shape(answer.json)?.['error']);

/** Says what an answer that is no success means; a `write` may have happened all the same. */
export function failureOf(answer: Answer, write: boolean, all: Codes = codes): Failure {
  // A success that came with a failing status says nothing of its own.
  const code = codeOf(answer) || undefined;
  const known = code === undefined ? byStatus(answer) : byCode(code, answer, all);
  const { verdict, pointed, mayHaveHappened = false, heavy, pause, what, cure } = known;
  const header = answer.headers['x-tt-logid'];
  const logId = words([header].flat()[0]) ?? words(errorOf(answer)?.['log_id']);
  const retryAfter = waitOf(answer) ?? pause;
  const pointer = pointerOf(answer);
  return {
    how: code === undefined ? 'threw' : 'answered',
    code: code ?? null,
    message: messageOf(answer, code),
    verdict: pointer && pointed ? pointed : verdict,
    mayHaveHappened: write && mayHaveHappened,
    status: answer.status,
    ...(heavy && { heavy }),
    ...(retryAfter !== undefined && { retryAfter }),
    ...(logId !== undefined && { logId }),
    ...(what && { what }),
    ...(cure && { cure }),
    ...(pointer !== undefined && { pointer }),
  };
}

/** Says what a call without an answer means. */
export function silenceOf({ cause, sent, why, message }: NoAnswer, write: boolean): Failure {
  const base = { how: 'threw', code: null, message } as const;
  if (cause instanceof ProxyFault) {
    const { what, cure, final } = cause;
    const verdict = final ? 'stop' : 'round';
    return { ...base, verdict, silence: 'unreached', mayHaveHappened: false, what, cure };
  }
  return {
    ...base,
    verdict: silent[why] ?? 'round',
    silence: sent ? 'unanswered' : 'unreached',
    mayHaveHappened: write && sent,
    cure: sent ? unanswered : network,
  };
}

/** What there is to do when no answer came, where that is not to try again in the next round. */
const silent: { readonly [why in NoAnswer['why']]?: Verdict } = { 'too-large': 'smaller', 'held-up': 'wait' };

/** An answer that Feishu calls a success, and that cannot be one. */
export const odd = (message: string, verdict: Verdict = 'unknown', mayHaveHappened = false): CallError =>
  new CallError({ how: 'threw', code: null, message, verdict, mayHaveHappened, cure: meanings.passing.cure });

interface Known extends Partial<CodeEntry> {
  readonly verdict: Verdict;
}

function byCode(code: number, answer: Answer, all: Codes): Known {
  if (code === cardRefused && cardIsLocked(answer)) return { verdict: 'wait' };
  const entry = all.get(code);
  if (entry) return entry.cure === meanings.scope.cure ? { ...entry, cure: missingScopes(answer) } : entry;
  // Nobody knows what such a code says of a write: it is read back before its rows are called failed.
  return answer.status === 429 ? { verdict: 'wait' } : { verdict: 'unknown', mayHaveHappened: true };
}

/** Answers without a code: a gateway's page, a cut or an empty body. */
function byStatus({ status, instead }: Answer): Known {
  if (status === 429) return { verdict: 'wait', cure: meanings.busy.cure };
  if (status === 413) return { verdict: 'smaller', cure: meanings.split.cure };
  if (status === 404 || (status >= 300 && status < 400)) return { verdict: 'stop', cure: otherDomain };
  // A page where JSON should be comes from something between us and Feishu; a cut body comes from Feishu itself.
  if (status < 300 || status >= 500)
    return { verdict: 'round', mayHaveHappened: true, cure: meanings.passing.cure };
  return { verdict: 'unknown', ...(instead !== undefined && { cure: otherDomain }) };
}

// The one place that reads words: code 11310 inside a refusal has several meanings, one of which is a click that still
// locks the card.
const cardIsLocked = (answer: Answer): boolean => {
  const message = words(shape(answer.json)?.['msg']) ?? '';
  return message.includes('ErrCode: 11310') && /lock/i.test(message);
};

/**
 * A value that Feishu quotes: `records[0].fields.date.fieldValue.VALUE.fieldName.date`. It may hold quotes, line breaks
 * and these very words, so all goes up to the last `.fieldName.`, or to the end.
 */
const quotedValue = /\.fieldValue\.(?:.*(?=\.fieldName\.)|.*)/s;

/** Feishu's own words, cut, and without the values that some of its messages quote. */
function messageOf({ status, json, instead }: Answer, code: number | undefined): string {
  if (code === undefined) return `HTTP ${status}, ${instead ?? 'an answer without a code'}`;
  const message = words(shape(json)?.['msg']) ?? `code ${code}`;
  return message.replace(quotedValue, '').replace(/\s+/g, ' ').slice(0, 200);
}

/** The pause that Feishu asks for: https://open.feishu.cn/document/server-docs/api-call-guide/frequency-control. */
function waitOf({ headers }: Answer): number | undefined {
  const seconds = Number(headers['x-ogw-ratelimit-reset'] ?? headers['retry-after']);
  return Number.isFinite(seconds) && seconds > 0 ? Math.min(seconds, 3600) * 1000 : undefined;
}

/** The record or cell that Feishu points at; never a value. */
function pointerOf(answer: Answer): string | undefined {
  const said = [shape(answer.json)?.['msg'], errorOf(answer)?.['message']]
    .map((one) => words(one) ?? '')
    .join('\n');
  const record = /record not found,?\s*id\s*=\s*([A-Za-z0-9]{1,60})/i.exec(said)?.[1];
  const cell = /records\[\d+\](?:\.fields\.[^'"\n]*?(?=\.fieldValue\.|['"\n]|$))?/.exec(said)?.[0];
  return record ?? cell?.slice(0, 160);
}

/** Which scopes the app lacks, any one of which is enough, and Feishu's page that grants them. */
function missingScopes(answer: Answer): Text {
  const error = errorOf(answer);
  const scopes = (list(error?.['permission_violations']) ?? [])
    .map((one) => words(shape(one)?.['subject']) ?? '')
    .filter((one) => /^[\w:.-]{1,80}$/.test(one))
    .slice(0, 10);
  if (scopes.length === 0) return meanings.scope.cure;
  const links = (list(error?.['helps']) ?? []).map((one) => words(shape(one)?.['url']) ?? '');
  const page = links.find((url) => url.length < 500 && consolePage.test(url)) ?? 'https://open.feishu.cn/app';
  return text(
    `给应用开通下列任一权限并发布新版本：${scopes.join('、')}。${page}`,
    `Give the app any one of these scopes and publish a version: ${scopes.join(', ')}. ${page}`,
  );
}

const consolePage = /^https:\/\/open\.(feishu\.cn|larksuite\.com)\/[\w\-./?=&%:,]*$/;

/** Says which setting the token endpoint refuses, or that the app cannot be used. */
export function wrongCredentials({ code, message, logId }: Failure): Problem {
  const said = `${code}: ${message}`;
  const where = refusedSetting(code, message);
  const about = logId === undefined ? {} : { logId };
  if (where === undefined)
    return {
      ...{ code: 'app-not-available', where: 'FEISHU_APP_ID', cure: meanings.enable.cure, ...about },
      message: text(`飞书说应用不可用（${said}）。`, `Feishu says that the app is not available (${said}).`),
    };
  return {
    ...{ code: 'wrong-credentials', where, cure: meanings.credentials.cure, ...about },
    message: text(`飞书不认 ${where}（${said}）。`, `Feishu does not accept ${where} (${said}).`),
  };
}

/**
 * The setting that Feishu does not accept; undefined when the app itself cannot be used. The list of codes knows 10014
 * as the latter only, but a secret or an app ID that is wrong is answered with it too: its words tell which.
 * https://open.feishu.cn/document/server-docs/api-call-guide/generic-error-code
 */
function refusedSetting(code: number | null, message: string): string | undefined {
  if (code === 10015) return 'FEISHU_APP_SECRET';
  if (code !== 10014) return 'FEISHU_APP_ID / FEISHU_APP_SECRET';
  if (/secret/i.test(message)) return 'FEISHU_APP_SECRET';
  return /not exist/i.test(message) ? 'FEISHU_APP_ID' : undefined;
}
