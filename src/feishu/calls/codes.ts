import type { Verdict } from '../../sync/words/failure.ts';
import type { Text } from '../../sync/words/text.ts';
import { cures } from './cures.ts';

/** What a code of Feishu's means for us. */
export interface CodeEntry {
  readonly code: number;
  readonly verdict: Verdict;
  readonly cure: Text;
  /** Whether a write that was answered so may have been carried out. */
  readonly mayHaveHappened: boolean;
  /** Milliseconds to wait when Feishu names none. */
  readonly pause?: number;
  /** Whether it is also what a call gets that asks for too much at once. */
  readonly heavy?: true;
}

type More = Partial<Pick<CodeEntry, 'mayHaveHappened' | 'pause' | 'heavy'>>;

const as = (
  verdict: Verdict,
  cure: Text,
  numbers: readonly number[],
  more: More = {},
): readonly CodeEntry[] => numbers.map((code) => ({ code, verdict, cure, mayHaveHappened: false, ...more }));

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
  ...as('wait', cures.busy, [1254112, 1254290]),
  ...as('wait', cures.conflict, [1254291]),
  ...as('wait', cures.busy, [1254607], { heavy: true }),
  ...as('wait', cures.copying, [1254036], { pause: 30_000 }),
  // The same request is being worked on at this moment, or just was.
  ...as('wait', cures.busy, [1254608], maybe),
  // "Fail" and "Request timed out".
  ...as('round', cures.passing, [1254002, 1255040], { ...maybe, heavy: true }),
  ...as('round', cures.passing, [1254200, ...range(1255001, 1255005)], maybe),
  ...as('values', cures.value, [1254006, 1254007, 1254015, ...range(1254060, 1254068), 1254072, 1254074]),
  ...as('values', cures.cell, [1254106, 1254130]),
  ...as('values', cures.attachment, [1254027, 1254069, 1254303]),
  ...as('gone', cures.record, [1254043]),
  ...as('smaller', cures.split, [1254030, 1254104]),
  ...as('reread', cures.field, [1254009, 1254024, 1254044, 1254045]),
  // "Client token conflict", and "DataNotChange": all is as it should be already, reading back says so.
  ...as('settle', cures.busy, [1255006, 1254606], maybe),
  // "Invalid client token".
  ...as('settle', cures.request, [1254037]),
  ...as('stop', cures.table, [1254003, 1254004, 1254040, 1254041, 1254702]),
  ...as('stop', cures.wiki, [91402]),
  ...as('stop', cures.view, [1254005, 1254042]),
  ...as('stop', cures.grant, [91403, 1254701]),
  ...as('stop', cures.role, [1254301, 1254302, 1254304]),
  ...as('stop', cures.policy, [1254305]),
  ...as('stop', cures.plan, [1254306]),
  ...as('stop', cures.rows, [1254103]),
  ...as('stop', cures.limit, [...range(1254100, 1254102), 1254105, ...range(1254109, 1254111), 1254292]),
  ...as('stop', cures.nameTaken, [1254013, 1254014, 1254039]),
  ...as('stop', cures.badName, [1254026, 1254028, 1254029, 1254038]),
  // "Type not supported", "ActionValidateFailed", and the property of each type of field.
  ...as('stop', cures.newField, [1254012, 1254070, ...range(1254080, 1254096)]),
  // Bodies, pages, sorts, filters, views and roles of a kind that this program does not send.
  ...as('stop', cures.request, [
    ...[1254000, 1254001, 1254008, 1254010, 1254011, 1254016, ...range(1254018, 1254023), 1254025],
    ...[...range(1254031, 1254034), ...range(1254046, 1254050), 1254107, 1254108, 1254800],
  ]),
];

/** The gateway: https://open.feishu.cn/document/server-docs/api-call-guide/generic-error-code and …/frequency-control. */
const gateway: readonly CodeEntry[] = [
  ...as('wait', cures.busy, [99991400]),
  ...as('round', cures.passing, [1500, 1551, 2200], maybe),
  ...as('stop', cures.request, [9499, 99992402]),
  ...as('stop', cures.openId, [99992351, 99992361]),
  ...as('stop', cures.quota, [99991403]),
  ...as('stop', cures.address, [99991401]),
  ...as('stop', cures.scope, [99991672, 99991676, 99991679]),
  ...as('stop', cures.enable, [10014, 99991662, 99991673]),
  ...as('stop', cures.credentials, [10003, 10005, 10012, 10013, 10015, 99991543]),
  // Tokens: missing, not valid, of another tenant or kind, malformed, expired.
  ...as('stop', cures.credentials, [
    ...[99991661, 99991663, 99991664, 99991665, 99991668, 99991669, 99991671, 99991677],
  ]),
];

/** Messages: https://open.feishu.cn/document/server-docs/im-v1/message/create, …/reply, …/patch. */
const messages: readonly CodeEntry[] = [
  // Creations throttled, the limit of one chat or message, a message that is still being sent.
  ...as('wait', cures.busy, [11232, 11233, 11247, 230020, 230049]),
  // Parameters, words that an audit refuses, length, kind; of files their parameters and size.
  ...as('values', cures.content, [230001, 230017, 230022, 230025, 230028, 230054, 230055, 230099]),
  ...as('values', cures.content, [234001, 234006, 234010]),
  // Recalled, older than 14 days, deleted.
  ...as('stop', cures.message, [230011, 230031, 230110]),
  // The bot is not in the chat, may not write to it, or there is none.
  ...as('stop', cures.chat, [230002, 230018, 230019, 230034, 230035, 230075, 232006, 232009, 232011]),
  // Not in the availability range, left, or stopped this bot.
  ...as('stop', cures.person, [230013, 230029, 230053]),
  ...as('stop', cures.bot, [230006]),
  ...as('stop', cures.scope, [230027]),
];

/** Wiki: https://open.feishu.cn/document/server-docs/docs/wiki-v2/space/get_node. */
const wiki: readonly CodeEntry[] = [
  ...as('round', cures.passing, [131001, 131007]),
  ...as('stop', cures.request, [131002, 131004]),
  ...as('stop', cures.page, [131005]),
  ...as('stop', cures.grant, [131006]),
];

/** People: https://open.feishu.cn/document/contact-v3/user/batch and …/server-docs/contact-v3/user/batch_get_id. */
const contact: readonly CodeEntry[] = [
  ...as('values', cures.people, [41050, 99992360, 99992364, 99992381]),
  // "No department authority".
  ...as('stop', cures.people, [40004]),
  ...as('stop', cures.request, [40001]),
];

/** Every code that this program has an opinion on. */
export const codes: ReadonlyMap<number, CodeEntry> = new Map(
  [...bitable, ...gateway, ...messages, ...wiki, ...contact].map((entry) => [entry.code, entry]),
);

/** Codes with which a look-up of people says that an ID names nobody whom the app may see. */
export const nobodyCodes: ReadonlySet<number> = new Set([41050, 99992351, 99992360, 99992364, 99992381]);

/** The app lacks a scope. */
export const scopeMissing = 99991672;

/** Codes with which the token endpoint refuses the app itself; they come with HTTP 200. */
export const credentialCodes: ReadonlySet<number> = new Set([
  10003, 10005, 10012, 10013, 10014, 10015, 99991543,
]);

/** Codes that one fresh token may cure. */
export const tokenCodes: ReadonlySet<number> = new Set([99991661, 99991663]);

/** Card content refused; the true reason stands in the message as `ErrCode: …`. */
export const cardRefused = 230099;
/** Inside {@link cardRefused}: several things, one of which is a click that still locks the card. */
export const cardLocked = 11310;

/** Codes that refuse what a message says or how it says it: a line of plain text may pass. */
export const contentCodes: ReadonlySet<number> = new Set([230022, 230025, 230028, 230054, cardRefused]);
