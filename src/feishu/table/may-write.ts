import { CallError, type Failure } from '../../sync/words/failure.ts';
import type { CallSpec, FeishuClient } from '../calls/client.ts';

/** Whether the app may write to a table: `no` with Feishu's answer where a call showed it. */
export type WriteRight =
  | { readonly kind: 'yes' }
  | { readonly kind: 'no'; readonly failure?: Failure }
  | { readonly kind: 'unsure'; readonly failure: Failure };

/** Where the question is asked. */
export interface Asking {
  readonly base: string;
  readonly table: string;
  /** Any field of the table. */
  readonly field: string;
  /** Whether roles decide besides the right on the base. */
  readonly advanced: boolean;
}

/** An ID of the form of a record's that no record has. */
const noRecord = 'recNoSuchRecord';

/**
 * Asks whether the app may write to a table, without any effect. Rejects only when the signal is aborted.
 *
 * The base is asked first: https://open.feishu.cn/document/uAjLw4CM/ukTMukTMukTM/reference/drive-v1/permission-member/auth
 * says whether the app may edit it, with the scope `bitable:app`, which the app needs anyway. Where roles decide too, or
 * that answer does not come, an update of a record that does not exist is tried: all or nothing, so that it can change
 * nothing, and answered with "record not found" only where the right is there.
 */
export async function mayWrite(
  client: FeishuClient,
  asking: Asking,
  spec: Omit<CallSpec, 'kind'> & { readonly signal: AbortSignal },
): Promise<WriteRight> {
  const may = await editsBase(client, asking.base, spec).catch((error: unknown) => {
    if (error instanceof CallError) return undefined;
    throw error;
  });
  if (may === false) return { kind: 'no' };
  return may && !asking.advanced ? { kind: 'yes' } : tryUpdate(client, asking, spec);
}

async function editsBase(
  client: FeishuClient,
  token: string,
  spec: Omit<CallSpec, 'kind'> & { readonly signal: AbortSignal },
): Promise<boolean | undefined> {
  const answer = await client.again({ ...spec, kind: 'read' }, (sdk, options) =>
    sdk.drive.v1.permissionMember.auth(
      { path: { token }, params: { type: 'bitable', action: 'edit' } },
      options,
    ),
  );
  return answer.data?.auth_result;
}

async function tryUpdate(
  client: FeishuClient,
  { base, table, field }: Asking,
  spec: Omit<CallSpec, 'kind'> & { readonly signal: AbortSignal },
): Promise<WriteRight> {
  const path = { app_token: base, table_id: table };
  const data = { records: [{ record_id: noRecord, fields: { [field]: '' } }] };
  try {
    await client.again({ ...spec, kind: 'write' }, (sdk, options) =>
      sdk.bitable.appTableRecord.batchUpdate({ path, data }, options),
    );
    return { kind: 'yes' };
  } catch (error) {
    if (!(error instanceof CallError)) throw error;
    const { failure } = error;
    if (failure.verdict === 'gone' || failure.verdict === 'values') return { kind: 'yes' };
    return { kind: failure.verdict === 'stop' ? 'no' : 'unsure', failure };
  }
}
