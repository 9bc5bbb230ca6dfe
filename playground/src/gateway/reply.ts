import { codeText } from './codes.ts';

/** One HTTP answer, ready to be written. */
export interface Reply {
  readonly status: number;
  /** The `code` in the body; 0 is success, -1 a body that is no JSON. */
  readonly code: number;
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
  /** How many records the call carried or gave back. */
  readonly rows: number;
}

/** What a refusal may say beside its code. */
export interface RefusalParts {
  readonly msg?: string;
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Further members of the `error` object. */
  readonly error?: Readonly<Record<string, unknown>>;
}

/** Thrown by any handler to answer with an error code. Nothing has been changed when it is thrown. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly code: number;
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly parts: Readonly<Record<string, unknown>>;

  constructor(code: number, parts: RefusalParts = {}) {
    super(parts.msg ?? codeText(code).msg);
    this.code = code;
    this.status = parts.status ?? codeText(code).status;
    this.headers = parts.headers ?? {};
    this.parts = parts.error ?? {};
  }
}

/** A parameter that does not fit the schema: HTTP 400, 99992402, with the field's name. */
export const invalid = (field: string, description: string): Refusal =>
  new Refusal(99992402, { error: { field_violations: [{ field, description }] } });

/** The answer of a refused call; `error.log_id` repeats the header `X-Tt-Logid`. */
export function refused(refusal: Refusal, logId: string): Reply {
  const { code, message, status, headers } = refusal;
  const body = JSON.stringify({
    code,
    msg: message,
    error: { message, log_id: logId, ...refusal.parts },
  });
  return { status, code, body, headers, rows: 0 };
}

/** A success whose `data` is already JSON text. */
export const okJson = (data: string, rows = 0): Reply => ({
  status: 200,
  code: 0,
  body: `{"code":0,"msg":"success","data":${data}}`,
  headers: {},
  rows,
});

/** A success with `data`. */
export const ok = (data: unknown, rows = 0): Reply => okJson(JSON.stringify(data), rows);

/** An answer whose members stand beside `code`, without `data`. */
export const bare = (body: Readonly<Record<string, unknown>> & { readonly code: number }): Reply => ({
  status: 200,
  code: body.code,
  body: JSON.stringify(body),
  headers: {},
  rows: 0,
});
