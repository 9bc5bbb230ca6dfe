import type { Verdict } from '../../sync/words/failure.ts';
import type { Text } from '../../sync/words/text.ts';
import { cures } from './cures.ts';

/** What a code of Feishu's means for us. */
export interface CodeEntry {
  readonly code: number;
  readonly verdict: Verdict;
  /** Feishu's name for it. */
  readonly name: string;
  readonly cure: Text;
  /** Whether a write that was answered so may have been carried out. */
  readonly mayHaveHappened: boolean;
  /** Milliseconds to wait when Feishu names none. */
  readonly pause?: number;
  /** Whether it is also what a call gets that asks for too much at once. */
  readonly heavy?: true;
}

type Row = readonly [code: number, name: string];
type More = Partial<Pick<CodeEntry, 'mayHaveHappened' | 'pause' | 'heavy'>>;

const as = (verdict: Verdict, cure: Text, rows: readonly Row[], more: More = {}): readonly CodeEntry[] =>
  rows.map(([code, name]) => ({ code, name, verdict, cure, mayHaveHappened: false, ...more }));

/** Tables: https://open.feishu.cn/document/server-docs/docs/bitable-v1/app-table-record/batch_create and siblings. */
const bitable: readonly CodeEntry[] = [
  ...as('wait', cures.busy, [
    [1254112, 'TooManyRequestInSingleBase'],
    [1254290, 'TooManyRequest'],
  ]),
  ...as('wait', cures.conflict, [[1254291, 'Write conflict']]),
  ...as('wait', cures.busy, [[1254607, 'Data not ready']], { heavy: true }),
  ...as('wait', cures.copying, [[1254036, 'Base is copying']], { pause: 30_000 }),
  // The same request is being worked on at this moment, or just was.
  ...as('wait', cures.busy, [[1254608, 'Same API requests are submitted repeatedly']], {
    mayHaveHappened: true,
  }),
  ...as(
    'round',
    cures.passing,
    [
      [1254002, 'Fail'],
      [1255040, 'Request timed out'],
    ],
    { mayHaveHappened: true, heavy: true },
  ),
  ...as(
    'round',
    cures.passing,
    [
      [1254200, 'Internal error'],
      [1255001, 'InternalError'],
      [1255002, 'RpcError'],
      [1255003, 'MarshalError'],
      [1255004, 'UmMarshalError'],
      [1255005, 'ConvError'],
    ],
    { mayHaveHappened: true },
  ),
  ...as('values', cures.value, [
    [1254006, 'WrongRecordId'],
    [1254007, 'EmptyValue'],
    [1254015, 'Field types do not match'],
    [1254060, 'TextFieldConvFail'],
    [1254061, 'NumberFieldConvFail'],
    [1254062, 'SingleSelectFieldConvFail'],
    [1254063, 'MultiSelectFieldConvFail'],
    [1254064, 'DatetimeFieldConvFail'],
    [1254065, 'CheckboxFieldConvFail'],
    [1254066, 'UserFieldConvFail'],
    [1254067, 'LinkFieldConvFail'],
    [1254068, 'URLFieldConvFail'],
    [1254072, 'PhoneFieldConvFail'],
    [1254074, 'DuplexLinkFieldConvFail'],
  ]),
  ...as('values', cures.cell, [
    [1254106, 'AttachExceedLimit'],
    [1254130, 'TooLargeCell'],
  ]),
  ...as('values', cures.attachment, [
    [1254027, 'UploadAttachNotAllowed'],
    [1254069, 'AttachFieldConvFail'],
    [1254303, 'AttachPermNotAllow'],
  ]),
  ...as('gone', cures.record, [[1254043, 'RecordIdNotFound']]),
  ...as('smaller', cures.split, [
    [1254030, 'TooLargeResponse'],
    [1254104, 'RecordAddOnceExceedLimit'],
  ]),
  ...as('reread', cures.field, [
    [1254009, 'WrongFieldId'],
    [1254024, 'InvalidFieldNames'],
    [1254044, 'FieldIdNotFound'],
    [1254045, 'FieldNameNotFound'],
  ]),
  ...as(
    'settle',
    cures.busy,
    [
      [1255006, 'Client token conflict'],
      // All is as it should be already: reading back says so.
      [1254606, 'DataNotChange'],
    ],
    { mayHaveHappened: true },
  ),
  ...as('settle', cures.request, [[1254037, 'Invalid client token']]),
  ...as('stop', cures.table, [
    [1254003, 'WrongBaseToken'],
    [1254004, 'WrongTableId'],
    [1254040, 'BaseTokenNotFound'],
    [1254041, 'TableIdNotFound'],
    [1254702, 'DriveNodeNotExist'],
  ]),
  ...as('stop', cures.wiki, [[91402, 'NOTEXIST']]),
  ...as('stop', cures.view, [
    [1254005, 'WrongViewId'],
    [1254042, 'ViewIdNotFound'],
  ]),
  ...as('stop', cures.grant, [
    [91403, 'Forbidden'],
    [1254701, 'DriveNodePermNotAllow'],
  ]),
  ...as('stop', cures.role, [
    [1254301, 'OperationTypeError'],
    [1254302, 'Permission denied'],
    [1254304, 'PermNotAllow'],
  ]),
  ...as('stop', cures.policy, [[1254305, 'PermControl']]),
  ...as('stop', cures.plan, [[1254306, 'Plan limit']]),
  ...as('stop', cures.rows, [[1254103, 'RecordExceedLimit']]),
  ...as('stop', cures.limit, [
    [1254100, 'TableExceedLimit'],
    [1254101, 'ViewExceedLimit'],
    [1254102, 'FileExceedLimit'],
    [1254105, 'ColumnExceedLimit'],
    [1254109, 'FormulaTableSizeExceedLimit'],
    [1254110, 'RoleExceedLimit'],
    [1254111, 'MemberExceedLimit'],
    [1254292, 'MountNodeOutOfSiblingNum'],
  ]),
  ...as('stop', cures.nameTaken, [
    [1254013, 'TableNameDuplicated'],
    [1254014, 'FieldNameDuplicated'],
    [1254039, 'Name duplicated'],
  ]),
  ...as('stop', cures.badName, [
    [1254026, 'EmptyOptionName'],
    [1254028, 'EmptyFieldName'],
    [1254029, 'InvalidFieldName'],
    [1254038, 'Invalid name'],
  ]),
  ...as('stop', cures.newField, [
    [1254012, 'Type not supported'],
    [1254070, 'ActionValidateFailed'],
    [1254080, 'TextFieldPropertyError'],
    [1254081, 'NumberFieldPropertyError'],
    [1254082, 'SingleSelectFieldPropertyError'],
    [1254083, 'MultiSelectFieldPropertyError'],
    [1254084, 'DateTimeFieldPropertyError'],
    [1254085, 'CheckboxFieldPropertyError'],
    [1254086, 'UserFieldPropertyError'],
    [1254087, 'URLFieldPropertyError'],
    [1254088, 'AttachFieldPropertyError'],
    [1254089, 'LinkFieldPropertyError'],
    [1254090, 'LookUpFieldPropertyError'],
    [1254091, 'FormulaFieldPropertyError'],
    [1254092, 'DuplexLinkFieldPropertyError'],
    [1254093, 'CreatedTimeFieldPropertyError'],
    [1254094, 'ModifiedTimeFieldPropertyError'],
    [1254095, 'CreatedUserFieldPropertyError'],
    [1254096, 'ModifiedUserFieldPropertyError'],
  ]),
  ...as('stop', cures.request, [
    [1254000, 'WrongRequestJson'],
    [1254001, 'WrongRequestBody'],
    [1254008, 'EmptyView'],
    [1254010, 'ReqConvError'],
    [1254011, 'Wrong page size'],
    [1254016, 'InvalidSort'],
    [1254018, 'InvalidFilter'],
    [1254019, 'InvalidViewType'],
    [1254020, 'ViewNameDuplicated'],
    [1254021, 'EmptyViewName'],
    [1254022, 'InvalidViewName'],
    [1254023, 'LastViewDeleteForbidden'],
    [1254025, 'InvalidCopyTypes'],
    [1254031, 'InvalidAppName'],
    [1254032, 'InvalidRoleName'],
    [1254033, 'RoleNameDuplicated'],
    [1254034, 'LastTableDeleteForbidden'],
    [1254046, 'PrimaryFieldDeleteForbidden'],
    [1254047, 'RoleIdNotFound'],
    [1254048, 'MemberNotFound'],
    [1254049, 'FormFieldNotFound'],
    [1254050, 'SourceBlockNotFound'],
    [1254107, 'FilterTooLong'],
    [1254108, 'SortTooLong'],
    [1254800, 'InvalidParameter'],
  ]),
];

/** The gateway: https://open.feishu.cn/document/server-docs/api-call-guide/generic-error-code and …/frequency-control. */
const gateway: readonly CodeEntry[] = [
  ...as('wait', cures.busy, [[99991400, 'Request trigger frequency limit']]),
  ...as(
    'round',
    cures.passing,
    [
      [1500, 'Gateway internal error'],
      [1551, 'Gateway internal error'],
      [2200, 'Gateway internal error'],
    ],
    { mayHaveHappened: true },
  ),
  ...as('stop', cures.request, [
    [9499, 'Bad request'],
    [99992402, 'Field validation failed'],
  ]),
  ...as('stop', cures.openId, [
    [99992351, 'Invalid open_id'],
    [99992361, 'open_id of another app'],
  ]),
  ...as('stop', cures.quota, [[99991403, 'Monthly quota of API calls exceeded']]),
  ...as('stop', cures.address, [[99991401, 'IP not allowed']]),
  ...as('stop', cures.scope, [
    [99991672, 'App lacks the scope'],
    [99991676, 'Token lacks permission'],
    [99991679, 'User did not grant the scope'],
  ]),
  ...as('stop', cures.enable, [
    [10014, 'App not available'],
    [99991662, 'App disabled'],
    [99991673, 'App not installed'],
  ]),
  ...as('stop', cures.credentials, [
    [10003, 'Invalid app_id'],
    [10005, 'Invalid credentials'],
    [10012, 'Invalid credentials'],
    [10013, 'Invalid credentials'],
    [10015, 'Wrong app_secret'],
    [99991543, 'app_id and app_secret do not match'],
    [99991661, 'Access token missing'],
    [99991663, 'Access token invalid'],
    [99991664, 'App access token invalid'],
    [99991665, 'Token of another tenant'],
    [99991668, 'User access token invalid'],
    [99991669, 'Refresh token invalid'],
    [99991671, 'Access token malformed'],
    [99991677, 'User access token expired'],
  ]),
];

/** Messages: https://open.feishu.cn/document/server-docs/im-v1/message/create, …/reply, …/patch. */
const messages: readonly CodeEntry[] = [
  ...as('wait', cures.busy, [
    [11232, 'Message creation throttled'],
    [11233, 'Message creation throttled'],
    [11247, 'Message creation throttled'],
    [230020, 'Frequency limit of one chat or message'],
    [230049, 'Message still being sent'],
  ]),
  ...as('values', cures.content, [
    [230001, 'Invalid parameter'],
    [230017, 'Resource of another bot'],
    [230022, 'Sensitive content'],
    [230025, 'Content too long'],
    [230028, 'Content refused by audit'],
    [230054, 'Message type not available'],
    [230055, 'File type mismatch'],
    [234001, 'Invalid parameter of an upload'],
    [234006, 'File too large'],
    [234010, 'File empty'],
    [230099, 'Card content refused'],
  ]),
  ...as('stop', cures.message, [
    [230011, 'Message recalled'],
    [230031, 'Message older than 14 days'],
    [230110, 'Message deleted'],
  ]),
  ...as('stop', cures.chat, [
    [230002, 'Bot not in the chat'],
    [230018, 'Group settings forbid it'],
    [230019, 'Topic does not exist'],
    [230034, 'receive_id invalid'],
    [230035, 'Sending denied'],
    [230075, 'Encrypted chat'],
    [232006, 'Chat does not exist'],
    [232009, 'Group dissolved'],
    [232011, 'Bot not in the chat'],
  ]),
  ...as('stop', cures.person, [
    [230013, 'Person not in the availability range'],
    [230029, 'Person left'],
    [230053, 'Person stopped this bot'],
  ]),
  ...as('stop', cures.bot, [[230006, 'Bot ability not enabled']]),
  ...as('stop', cures.scope, [[230027, 'Permission missing']]),
];

/** Wiki: https://open.feishu.cn/document/server-docs/docs/wiki-v2/space/get_node. */
const wiki: readonly CodeEntry[] = [
  ...as('round', cures.passing, [
    [131001, 'RPC failed'],
    [131007, 'Internal error'],
  ]),
  ...as('stop', cures.request, [
    [131002, 'Invalid parameter'],
    [131004, 'Invalid user'],
  ]),
  ...as('stop', cures.page, [[131005, 'Wiki node not found']]),
  ...as('stop', cures.grant, [[131006, 'No permission on the wiki node']]),
];

/** People: https://open.feishu.cn/document/contact-v3/user/batch and …/server-docs/contact-v3/user/batch_get_id. */
const contact: readonly CodeEntry[] = [
  ...as('values', cures.people, [
    [41050, 'Person not in the contact range'],
    [99992360, 'Invalid user_id'],
    [99992364, 'Person of another tenant'],
    [99992381, 'union_id not in this tenant'],
  ]),
  ...as('stop', cures.people, [[40004, 'No department authority']]),
  ...as('stop', cures.request, [[40001, 'Invalid parameter']]),
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
