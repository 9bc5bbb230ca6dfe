import { ok, Refusal, type Reply } from '../gateway/reply.ts';
import type { Request } from '../gateway/router.ts';
import type { UploadState, World } from '../world.ts';

const types: ReadonlySet<string> = new Set(['opus', 'mp4', 'pdf', 'doc', 'xls', 'ppt', 'stream']);
const mostBytes = 30 * 1024 * 1024;

/**
 * Takes a file for a message. Throws 234001 (a parameter), 234006 (over 30 MB) or 234010 (empty).
 * https://open.feishu.cn/document/server-docs/im-v1/file/create
 */
export function upload(world: World, request: Request): Reply {
  const parts = partsOf(request);
  const type = parts.get('file_type')?.toString('utf8') ?? '';
  const name = parts.get('file_name')?.toString('utf8') ?? '';
  const content = parts.get('file');
  if (!types.has(type)) throw new Refusal(234001, { msg: 'file_type is invalid' });
  if (name === '') throw new Refusal(234001, { msg: 'file_name is required' });
  if (!content) throw new Refusal(234001, { msg: 'file is required' });
  if (content.length === 0) throw new Refusal(234010);
  if (content.length > mostBytes) throw new Refusal(234006);
  const key = `file_v3_${world.random.hex(32)}`;
  world.uploads.set(key, { key, name, type, content: Buffer.from(content) });
  return ok({ file_key: key });
}

/** The parts of a form by name, files and words alike: some clients name no file. Throws 234001 when it is none. */
function partsOf({ raw, headers }: Request): ReadonlyMap<string, Buffer> {
  const boundary = /boundary="?([^";]+)/i.exec(String(headers['content-type'] ?? ''))?.[1];
  if (boundary === undefined) throw new Refusal(234001, { msg: 'The body is no multipart/form-data.' });
  const parts = new Map<string, Buffer>();
  const mark = Buffer.from(`--${boundary}`);
  for (let at = raw.indexOf(mark); at >= 0; ) {
    const start = at + mark.length + 2;
    const next = raw.indexOf(mark, start);
    const head = raw.indexOf('\r\n\r\n', start);
    if (next < 0 || head < 0 || head > next) return parts;
    const name = /name="([^"]*)"/.exec(raw.toString('utf8', start, head))?.[1] ?? '';
    parts.set(name, raw.subarray(head + 4, next - 2));
    at = next;
  }
  return parts;
}

/** The uploaded file that a message of type `file` names. Throws 230001 for a key that nobody got. */
export function uploadIn(world: World, content: string): UploadState {
  const key = /"file_key"\s*:\s*"([^"]*)"/.exec(content)?.[1] ?? '';
  const found = world.uploads.get(key);
  if (!found) throw new Refusal(230001, { msg: `file_key is invalid: ${key.slice(0, 80)}` });
  return found;
}
