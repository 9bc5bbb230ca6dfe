import type { Failure, Verdict } from '../../sync/words/failure.ts';
import { type Meaning, meanings } from './meanings.ts';

/** Card content refused; the true reason stands in the message as `ErrCode: …`. */
export const cardRefused = 230099;

/** What a code of Feishu's means for us. */
export interface CodeEntry extends Meaning {
  readonly code: number;
  readonly verdict: Verdict;
  /** Whether a write that was answered so may have been carried out. */
  readonly mayHaveHappened: boolean;
  /** Milliseconds to wait when Feishu names none. */
  readonly pause?: number;
  /** Whether it is also what a call gets that asks for too much at once. */
  readonly heavy?: true;
  /**
   * What it says to whom made the call. `nobody`: an ID names nobody whom the app may see · `app`: the token endpoint
   * refuses the app itself, with HTTP 200 · `token`: a fresh one may do · `words`: a line of plain text may pass.
   */
  readonly tells?: 'nobody' | 'app' | 'token' | 'words';
}

const as = (
  verdict: Verdict,
  means: Meaning,
  numbers: readonly number[],
  more: Partial<Omit<CodeEntry, keyof Meaning | 'code' | 'verdict'>> = {},
): readonly CodeEntry[] =>
  numbers.map((code) => ({ code, verdict, ...means, mayHaveHappened: false, ...more }));

/** Codes that follow each other. */
const range = (first: number, last: number): readonly number[] =>
  Array.from({ length: last - first + 1 }, (_, at) => first + at);

/** For a write that was answered so and may be in the table all the same. */
const maybe = { mayHaveHappened: true } as const;

/**
 * Tables. What Feishu calls each code stands on the pages
 * https://open.feishu.cn/document/server-docs/docs/bitable-v1/app-table-record/batch_create and siblings.
 */
const bitable: readonly CodeEntry[] = [
  ...as('wait', meanings.busy, [1254112, 1254290]),
  ...as('wait', meanings.conflict, [1254291]),
  ...as('wait', meanings.busy, [1254607], { heavy: true }),
  ...as('wait', meanings.copying, [1254036], { pause: 30_000 }),
  // The same request is being worked on at this moment, or just was.
  ...as('wait', meanings.busy, [1254608], maybe),
  // "Fail" and "Request timed out".
  ...as('round', meanings.passing, [1254002, 1255040], { ...maybe, heavy: true }),
  ...as('round', meanings.passing, [1254200, ...range(1255001, 1255005)], maybe),
  ...as('values', meanings.value, [1254006, 1254007, 1254015, ...range(1254060, 1254068), 1254072, 1254074]),
  ...as('values', meanings.cell, [1254106, 1254130]),
  ...as('values', meanings.attachment, [1254027, 1254069, 1254303]),
  ...as('gone', meanings.record, [1254043]),
  ...as('smaller', meanings.split, [1254030, 1254104]),
  ...as('reread', meanings.field, [1254009, 1254024, 1254044, 1254045]),
  // "Client token conflict", and "DataNotChange": all is as it should be already, reading back says so.
  ...as('settle', meanings.busy, [1255006, 1254606], maybe),
  // "Invalid client token".
  ...as('settle', meanings.request, [1254037]),
  ...as('stop', meanings.table, [1254003, 1254004, 1254040, 1254041, 1254702]),
  ...as('stop', meanings.wiki, [91402]),
  ...as('stop', meanings.view, [1254005, 1254042]),
  ...as('stop', meanings.grant, [91403, 1254701]),
  ...as('stop', meanings.role, [1254301, 1254302, 1254304]),
  ...as('stop', meanings.policy, [1254305]),
  ...as('stop', meanings.plan, [1254306]),
  ...as('stop', meanings.rows, [1254103]),
  ...as('stop', meanings.limit, [...range(1254100, 1254102), 1254105, ...range(1254109, 1254111), 1254292]),
  ...as('stop', meanings.nameTaken, [1254013, 1254014, 1254039]),
  ...as('stop', meanings.badName, [1254026, 1254028, 1254029, 1254038]),
  // "Type not supported", "ActionValidateFailed", and the property of each type of field.
  ...as('stop', meanings.newField, [1254012, 1254070, ...range(1254080, 1254096)]),
  // Bodies, pages, sorts, filters, views and roles of a kind that this program does not send.
  ...as('stop', meanings.request, [
    ...[1254000, 1254001, 1254008, 1254010, 1254011, 1254016, ...range(1254018, 1254023), 1254025],
    ...[...range(1254031, 1254034), ...range(1254046, 1254050), 1254107, 1254108, 1254800],
  ]),
];

/** The gateway: https://open.feishu.cn/document/server-docs/api-call-guide/generic-error-code and …/frequency-control. */
const gateway: readonly CodeEntry[] = [
  ...as('wait', meanings.busy, [99991400]),
  ...as('round', meanings.passing, [1500, 1551, 2200], maybe),
  ...as('stop', meanings.request, [9499, 99992402]),
  ...as('stop', meanings.openId, [99992351], { tells: 'nobody' }),
  ...as('stop', meanings.openId, [99992361]),
  ...as('stop', meanings.quota, [99991403]),
  ...as('stop', meanings.address, [99991401]),
  ...as('stop', meanings.scope, [99991672, 99991676, 99991679]),
  ...as('stop', meanings.enable, [10014], { tells: 'app' }),
  ...as('stop', meanings.enable, [99991662, 99991673]),
  ...as('stop', meanings.credentials, [10003, 10005, 10012, 10013, 10015, 99991543], { tells: 'app' }),
  // Tokens: missing or not valid; then of another tenant or kind, malformed, expired.
  ...as('stop', meanings.credentials, [99991661, 99991663], { tells: 'token' }),
  ...as('stop', meanings.credentials, [99991664, 99991665, 99991668, 99991669, 99991671, 99991677]),
];

/** Messages: https://open.feishu.cn/document/server-docs/im-v1/message/create, …/reply, …/patch. */
const messages: readonly CodeEntry[] = [
  // Creations throttled, the limit of one chat or message, a message that is still being sent.
  ...as('wait', meanings.busy, [11232, 11233, 11247, 230020, 230049]),
  // Parameters, words that an audit refuses, length, kind; of files their parameters and size.
  ...as('values', meanings.content, [230022, 230025, 230028, 230054, cardRefused], { tells: 'words' }),
  ...as('values', meanings.content, [230001, 230017, 230055, 234001, 234006, 234010]),
  // Recalled, older than 14 days, deleted.
  ...as('stop', meanings.message, [230011, 230031, 230110]),
  // The bot is not in the chat, may not write to it, or there is none.
  ...as('stop', meanings.chat, [230002, 230018, 230019, 230034, 230035, 230075, 232006, 232009, 232011]),
  // Not in the availability range, left, or stopped this bot.
  ...as('stop', meanings.person, [230013, 230029, 230053]),
  ...as('stop', meanings.bot, [230006]),
  ...as('stop', meanings.scope, [230027]),
];

/** Wiki: https://open.feishu.cn/document/server-docs/docs/wiki-v2/space/get_node. */
const wiki: readonly CodeEntry[] = [
  ...as('round', meanings.passing, [131001, 131007]),
  ...as('stop', meanings.request, [131002, 131004]),
  ...as('stop', meanings.page, [131005]),
  ...as('stop', meanings.grant, [131006]),
];

/** People: https://open.feishu.cn/document/contact-v3/user/batch and …/server-docs/contact-v3/user/batch_get_id. */
const contact: readonly CodeEntry[] = [
  ...as('values', meanings.people, [41050, 99992360, 99992364, 99992381], { tells: 'nobody' }),
  // "No department authority".
  ...as('stop', meanings.people, [40004]),
  ...as('stop', meanings.request, [40001]),
];

export type Codes = ReadonlyMap<number, CodeEntry>;

/** Every code that this program has an opinion on. */
export const codes: Codes = new Map(
  [...bitable, ...gateway, ...messages, ...wiki, ...contact].map((entry) => [entry.code, entry]),
);

/** What a failed call says to whom made it, as {@link CodeEntry.tells}. */
export const tells = ({ code }: Pick<Failure, 'code'>): CodeEntry['tells'] =>
  code === null ? undefined : codes.get(code)?.tells;

/** The app lacks a scope. */
export const scopeMissing = 99991672;
