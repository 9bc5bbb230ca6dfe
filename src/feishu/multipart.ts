import { Readable } from 'node:stream';
import { shape } from './shape.ts';

/** An encoded form and the content type that names its boundary. */
export interface Form {
  readonly type: string;
  readonly body: Buffer;
}

/**
 * Encodes the members of an upload as `multipart/form-data`: buffers and streams as files, the rest as text.
 * Files are held in memory; Feishu takes 30 MB at most. https://open.feishu.cn/document/server-docs/im-v1/file/create
 * @param fields what the SDK's upload method was given as `data`
 */
export async function multipart(fields: unknown): Promise<Form> {
  const members = shape(fields) ?? {};
  const form = new FormData();
  const name = typeof members['file_name'] === 'string' ? members['file_name'] : 'file';
  for (const [key, value] of Object.entries(members)) {
    if (value === undefined || value === null) continue;
    if (Buffer.isBuffer(value) || value instanceof Readable) {
      form.append(key, new Blob([await bytes(value)]), name);
    } else form.append(key, typeof value === 'object' ? JSON.stringify(value) : String(value));
  }
  const encoded = new Response(form);
  return {
    type: encoded.headers.get('content-type') ?? 'multipart/form-data',
    body: Buffer.from(await encoded.arrayBuffer()),
  };
}

async function bytes(value: Buffer | Readable): Promise<Uint8Array<ArrayBuffer>> {
  if (Buffer.isBuffer(value)) return new Uint8Array(value);
  const parts: Buffer[] = [];
  for await (const part of value) parts.push(Buffer.from(part as Uint8Array));
  return new Uint8Array(Buffer.concat(parts));
}
