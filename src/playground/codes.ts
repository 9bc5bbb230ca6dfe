/** What the server says for one error code: the HTTP status and the usual message. */
export interface CodeText {
  readonly status: number;
  readonly msg: string;
}

/**
 * The error codes this server uses.
 * Pages: https://open.feishu.cn/document/server-docs/api-call-guide/generic-error-code,
 * https://open.feishu.cn/document/server-docs/docs/bitable-v1/app-table-record/batch_create,
 * https://open.feishu.cn/document/uAjLw4CM/ukTMukTMukTM/reference/im-v1/message/create.
 */
export const codeTexts: ReadonlyMap<number, CodeText> = new Map([
  [9499, { status: 400, msg: 'Invalid request parameter' }],
  [10003, { status: 200, msg: 'invalid param' }],
  [10014, { status: 200, msg: 'app status is not available' }],
  [10015, { status: 200, msg: 'app secret invalid' }],
  [11232, { status: 429, msg: 'create message service trigger rate limit' }],
  [91402, { status: 404, msg: 'NOTEXIST' }],
  [91403, { status: 403, msg: 'Forbidden' }],
  [131001, { status: 400, msg: 'rpc fail' }],
  [131002, { status: 400, msg: 'param err' }],
  [131005, { status: 400, msg: 'not found' }],
  [131006, { status: 400, msg: 'permission denied' }],
  [230001, { status: 400, msg: 'Your request contains an invalid request parameter.' }],
  [230002, { status: 400, msg: 'Bot/User can NOT be out of the chat.' }],
  [230011, { status: 400, msg: 'The message was recalled.' }],
  [230020, { status: 400, msg: 'This operation triggers the frequency limit.' }],
  [230025, { status: 400, msg: 'The length of the message content reaches its limit.' }],
  [230031, { status: 400, msg: 'The message was sent too long ago to be changed.' }],
  [230034, { status: 400, msg: 'The receive_id is invalid.' }],
  [230099, { status: 400, msg: 'Failed to create card content' }],
  [1254000, { status: 200, msg: 'WrongRequestJson' }],
  [1254001, { status: 200, msg: 'WrongRequestBody' }],
  [1254002, { status: 200, msg: 'Fail' }],
  [1254003, { status: 200, msg: 'WrongBaseToken' }],
  [1254004, { status: 200, msg: 'WrongTableId' }],
  [1254005, { status: 200, msg: 'WrongViewId' }],
  [1254006, { status: 200, msg: 'WrongRecordId' }],
  [1254011, { status: 400, msg: 'PageSize must be greater than 0' }],
  [1254015, { status: 400, msg: 'FieldTypeValueNotMatch' }],
  [1254016, { status: 200, msg: 'InvalidSort' }],
  [1254018, { status: 200, msg: 'InvalidFilter' }],
  [1254024, { status: 200, msg: 'InvalidFieldNames' }],
  [1254030, { status: 200, msg: 'TooLargeResponse' }],
  [1254036, { status: 400, msg: 'Base is copying, please try again later.' }],
  [1254037, { status: 400, msg: 'Invalid client token, make sure that it complies with the specification.' }],
  [1254040, { status: 200, msg: 'BaseTokenNotFound' }],
  [1254041, { status: 200, msg: 'TableIdNotFound' }],
  [1254042, { status: 200, msg: 'ViewIdNotFound' }],
  [1254043, { status: 200, msg: 'RecordIdNotFound' }],
  [1254044, { status: 200, msg: 'FieldIdNotFound' }],
  [1254045, { status: 200, msg: 'FieldNameNotFound' }],
  [1254060, { status: 200, msg: 'TextFieldConvFail' }],
  [1254061, { status: 200, msg: 'NumberFieldConvFail' }],
  [1254062, { status: 200, msg: 'SingleSelectFieldConvFail' }],
  [1254063, { status: 200, msg: 'MultiSelectFieldConvFail' }],
  [1254064, { status: 200, msg: 'DatetimeFieldConvFail' }],
  [1254065, { status: 200, msg: 'CheckboxFieldConvFail' }],
  [1254066, { status: 200, msg: 'UserFieldConvFail' }],
  [1254067, { status: 200, msg: 'LinkFieldConvFail' }],
  [1254068, { status: 200, msg: 'URLFieldConvFail' }],
  [1254069, { status: 200, msg: 'AttachFieldConvFail' }],
  [1254072, { status: 200, msg: 'Failed to convert phone field, please make sure it is correct.' }],
  [
    1254074,
    {
      status: 400,
      msg: 'The parameters of Duplex Link field are invalid and need to be filled with an array of string.',
    },
  ],
  [1254103, { status: 200, msg: 'RecordExceedLimit' }],
  [1254104, { status: 200, msg: 'RecordAddOnceExceedLimit' }],
  [1254106, { status: 200, msg: 'AttachExceedLimit' }],
  [1254107, { status: 200, msg: 'Filter length exceeds the limit' }],
  [1254108, { status: 200, msg: 'Sort length exceeds the limit' }],
  [1254112, { status: 200, msg: 'TooManyRequestInSingleBase' }],
  [1254130, { status: 200, msg: 'TooLargeCell' }],
  [1254200, { status: 500, msg: 'internal error' }],
  [1254290, { status: 200, msg: 'TooManyRequest' }],
  [1254291, { status: 200, msg: 'Write conflict' }],
  [1254302, { status: 403, msg: 'The role has no permissions.' }],
  [1254303, { status: 403, msg: 'AttachPermNotAllow' }],
  [1254304, { status: 403, msg: 'PermNotAllow' }],
  [1254306, { status: 403, msg: 'The tenant or the owner of the base has reached a limit of its plan.' }],
  [1254607, { status: 400, msg: 'Data not ready, please try again later' }],
  [1254608, { status: 403, msg: 'Same API requests are submitted repeatedly.' }],
  [1255001, { status: 200, msg: 'InternalError' }],
  [1255002, { status: 200, msg: 'RpcError' }],
  [1255003, { status: 200, msg: 'MarshalError' }],
  [1255005, { status: 200, msg: 'ConvError' }],
  [1255006, { status: 400, msg: 'Client token conflict, please generate a new client token and try again.' }],
  [1255040, { status: 504, msg: 'Request timed out, please try again later' }],
  [99991400, { status: 429, msg: 'request trigger frequency limit' }],
  [99991403, { status: 429, msg: "This month's API call quota has been exceeded." }],
  [
    99991661,
    {
      status: 400,
      msg: 'Missing access token for authorization. Please make a request with token attached.',
    },
  ],
  [
    99991663,
    {
      status: 400,
      msg: 'Invalid access token for authorization. Please make a request with token attached.',
    },
  ],
  [
    99991668,
    {
      status: 400,
      msg: 'Invalid access token for authorization. User access tokens are not supported here.',
    },
  ],
  [
    99991671,
    { status: 400, msg: 'Invalid access token for authorization. The token must start with "t-" or "u-".' },
  ],
  [99991672, { status: 400, msg: 'Access denied.' }],
  [99991673, { status: 400, msg: 'The app is not installed or has been disabled.' }],
  [99992402, { status: 400, msg: 'field validation failed' }],
]);

/** The text of a code; an unknown one gets HTTP 200 and a plain message. */
export const codeText = (code: number): CodeText =>
  codeTexts.get(code) ?? { status: 200, msg: `error ${code}` };
