import { type TableHandle, tableHandle } from '../bitable/table-handle.ts';
import { isObject } from '../bitable/values/kind.ts';
import { menuPressed } from '../chat/arrivals.ts';
import { say } from '../chat/say.ts';
import type { Outcome, PageAct, Words } from '../page/wire.ts';
import type { Parts } from '../parts.ts';
import type { FieldState, Person } from '../world.ts';
import { isTyped, readTyped } from './cells.ts';
import type { FaultPanel } from './fault-panel.ts';
import { type Placed, tableById, words } from './shapes.ts';

/** What the acts of the page need. */
export interface Stage {
  readonly parts: Parts;
  readonly panel: FaultPanel;
  /** The demo's own buttons. */
  readonly extras: readonly { run(): Promise<Words> }[];
  /** The zone that dates are typed in; the base's when not given. */
  readonly zone: string | undefined;
  /** Writes a line into the log. */
  note(line: Words): void;
}

/** Does what a person did on the page. Throws a sentence when it cannot be done. */
export async function perform(stage: Stage, act: PageAct): Promise<Outcome> {
  const { parts, panel } = stage;
  const { world } = parts;
  switch (act.kind) {
    case 'say': {
      const chat = world.chats.get(act.chat);
      if (!chat) throw new Error('There is no such chat.');
      parts.marks.set(chat.id, world.seq);
      const draft = {
        chat,
        from: personOf(parts, act.from),
        text: act.text,
        mention: act.mention,
        post: false,
      };
      // Whether the app takes it is another matter, and shows in the log.
      say(world, parts.events, draft).delivered.catch(() => undefined);
      return {};
    }
    case 'click': {
      const { kind: _, message, from, ...target } = act;
      return parts.click(message, target, personOf(parts, from));
    }
    case 'menu':
      menuPressed(world, parts.events, personOf(parts, act.from), act.key).delivered.catch(() => undefined);
      return {};
    case 'fault':
      panel.set(act.name, act.on);
      return {};
    case 'extra': {
      const extra = stage.extras[act.at];
      if (!extra) throw new Error('There is no such button.');
      const said = await extra.run();
      stage.note(said);
      return { toast: { type: 'success', content: said.en, i18n: { zh_cn: said.zh, en_us: said.en } } };
    }
    case 'edit':
    case 'editSome':
    case 'add':
    case 'remove':
      return changeTable(stage, act);
  }
}

type TableAct = Extract<PageAct, { readonly table: string }>;

function changeTable({ parts, note, zone }: Stage, act: TableAct): Outcome {
  const placed = tableById(parts.world, act.table);
  const { base, table } = placed;
  const handle = tableHandle(parts.world, base, table, parts.author.openId);
  switch (act.kind) {
    case 'edit': {
      const field = table.fields.find(({ id }) => id === act.field);
      if (!field || !isTyped(field)) throw new Error('That cell cannot be typed into here.');
      handle.edit(act.record, { [field.name]: readTyped(act.text, field, zone ?? base.timeZone) });
      note(words(`有人修改了“${field.name}”`, `Somebody edited ${field.name}`));
      return { record: act.record };
    }
    case 'editSome': {
      const { record, field } = editSome(parts, placed, handle);
      note(words(`有人修改了“${field}”`, `Somebody edited ${field}`));
      return { record };
    }
    case 'add': {
      const record = handle.add(sampleOf(parts, placed));
      note(words('有人新增了一行', 'Somebody added a row'));
      return { record };
    }
    case 'remove':
      handle.remove(act.record);
      note(words('有人删除了一行', 'Somebody deleted a row'));
      return { record: act.record };
  }
}

function personOf({ world }: Parts, openId: string): Person {
  const person = world.people.get(openId);
  if (!person) throw new Error('There is no such person.');
  return person;
}

/** What a person typed by hand looks like. */
const byHand = (field: FieldState, at: number): unknown => {
  if (field.type === 2) return at;
  if (field.type === 3 && field.options.length > 0) return field.options[at % field.options.length]?.name;
  if (field.type === 1) return `✎ ${at}`;
  return undefined;
};

/** Changes a cell outside the index column that a person might change. */
function editSome(
  { world }: Parts,
  { table }: Placed,
  handle: TableHandle,
): { readonly record: string; readonly field: string } {
  const row = table.rows[world.random.below(Math.max(1, table.rows.length))];
  if (!row) throw new Error('The table has no rows yet.');
  const fields = table.fields.filter((field) => !field.primary && [1, 2, 3].includes(field.type));
  const field = fields[world.random.below(Math.max(1, fields.length))];
  if (!field) throw new Error('The table has no field that can be changed here.');
  handle.edit(row.id, { [field.name]: byHand(field, 1 + world.random.below(900)) });
  return { record: row.id, field: field.name };
}

/** A row that somebody began by hand: the index column alone. */
function sampleOf({ world }: Parts, { table }: Placed): Record<string, unknown> {
  const primary = table.fields.find((field) => field.primary);
  const value = primary && byHand(primary, 1000 + world.random.below(9000));
  return primary && value !== undefined ? { [primary.name]: value } : {};
}

/** Reads an act as it came over the wire. Throws a sentence when it is none. */
export function readAct(body: unknown): PageAct {
  const kinds = ['say', 'click', 'menu', 'edit', 'editSome', 'add', 'remove', 'fault', 'extra'];
  if (!isObject(body) || !kinds.includes(String(body['kind']))) throw new Error('That is no act.');
  const texts = [
    'chat',
    'from',
    'text',
    'message',
    'name',
    'table',
    'record',
    'field',
    'option',
    'input',
    'key',
  ];
  for (const name of texts) {
    if (body[name] !== undefined && typeof body[name] !== 'string')
      throw new Error(`The ${name} is no text.`);
  }
  return body as unknown as PageAct;
}
