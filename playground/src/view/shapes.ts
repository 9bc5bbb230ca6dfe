import { columnsOf } from '../bitable/records.ts';
import { tableUrl } from '../bitable/table-handle.ts';
import { isObject } from '../bitable/values/kind.ts';
import type {
  ChatWire,
  FieldWire,
  MessageWire,
  PressWire,
  RowsWire,
  TableWire,
  Words,
} from '../page/wire.ts';
import type { BaseState, ChatState, FieldState, MessageState, TableState, World } from '../world.ts';
import { isTyped, shownCells } from './cells.ts';

/** Words in both languages. */
export const words = (zh: string, en: string): Words => ({ zh, en });

/** A table with the base it stands in. */
export interface Placed {
  readonly base: BaseState;
  readonly table: TableState;
}

/** All tables of the tenant. */
export const tablesOf = (world: World): readonly Placed[] =>
  [...world.bases.values()].flatMap((base) => [...base.tables.values()].map((table) => ({ base, table })));

/** Finds a table by its id. Throws a sentence when there is none. */
export function tableById(world: World, id: string): Placed {
  const found = tablesOf(world).find(({ table }) => table.id === id);
  if (!found) throw new Error(`There is no table ${id}.`);
  return found;
}

const fieldWire = (field: FieldState): FieldWire => ({
  id: field.id,
  name: field.name,
  type: field.uiType,
  editable: isTyped(field),
  options: field.options.map(({ name }) => name),
});

export const tableWire = ({ base, table }: Placed): TableWire => ({
  id: table.id,
  name: table.name,
  base: base.name,
  url: tableUrl(base, table),
  fields: table.fields.map(fieldWire),
  size: table.rows.length,
});

/** Records a page asks for at once, at most. */
const mostRows = 200;

/** A part of a table's records. */
interface Part {
  readonly from: number;
  readonly count: number;
  /** The zone that dates are shown in; the base's when not given. */
  readonly zone: string | undefined;
}

/** So many records from a position on. */
export function rowsWire(world: World, { base, table }: Placed, { from, count, zone }: Part): RowsWire {
  const columns = columnsOf(world, base, table, table.fields, 'open_id');
  const start = Math.max(0, Math.min(from, table.rows.length));
  const rows = table.rows
    .slice(start, start + Math.min(count, mostRows))
    .map((row) => ({ id: row.id, cells: shownCells(row, columns, zone ?? base.timeZone) }));
  return { from: start, size: table.rows.length, rows };
}

export const chatWire = ({ id, kind, name, members }: ChatState): ChatWire => ({
  id,
  kind,
  name,
  members: [...members],
});

/** A message in its latest version. */
export function messageWire(
  world: World,
  message: MessageState,
  presses: readonly PressWire[],
): MessageWire | undefined {
  const latest = message.versions.at(-1);
  if (!latest) return undefined;
  const { id, chatId, sender, createdAt, parentId, threadId, recalled } = message;
  return {
    id,
    chatId,
    ...(sender.kind === 'user' && { openId: sender.openId }),
    at: createdAt,
    seq: latest.seq,
    body: bodyOf(world, message.type, latest.content, latest.card),
    ...(parentId !== undefined && { parentId }),
    ...(threadId !== undefined && { threadId }),
    recalled,
    patched: message.versions.length > 1,
    presses,
  };
}

function bodyOf(
  world: World,
  type: string,
  content: string,
  card: MessageState['versions'][number]['card'],
): MessageWire['body'] {
  if (card) return { kind: 'card', card };
  const said: unknown = JSON.parse(content);
  if (!isObject(said)) return { kind: 'other', type };
  if (type === 'text') return { kind: 'text', text: readable(world, String(said['text'] ?? '')) };
  if (type === 'post') return { kind: 'text', text: readable(world, postText(said)) };
  if (type === 'file') {
    const key = String(said['file_key']);
    const file = world.uploads.get(key);
    return { kind: 'file', key, name: file?.name ?? '', ...(file && { bytes: file.content.length }) };
  }
  return { kind: 'other', type };
}

/** Mentions as people read them. */
const readable = (world: World, text: string): string =>
  text
    .replaceAll('@_user_1', `@${world.bot.name}`)
    .replace(/<at user_id="([^"]*)">([^<]*)<\/at>/g, (_, id: string, name: string) => {
      const known = world.people.get(id)?.name ?? name;
      return `@${id === 'all' ? 'all' : known}`;
    });

/** The words of rich text, sent with a language around it or received without one. */
function postText(post: Record<string, unknown>): string {
  const inner = Array.isArray(post['content']) ? post : Object.values(post).find(isObject);
  const lines = isObject(inner) && Array.isArray(inner['content']) ? (inner['content'] as unknown[]) : [];
  const title = isObject(inner) && inner['title'] ? [String(inner['title'])] : [];
  const spans = (line: unknown): string =>
    (Array.isArray(line) ? (line as unknown[]) : [])
      .map((one) => (isObject(one) ? String(one['text'] ?? one['user_id'] ?? '') : ''))
      .join('');
  return [...title, ...lines.map(spans)].join('\n');
}
