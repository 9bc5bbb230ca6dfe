import { Refusal, type RefusalParts } from '../../gateway/reply.ts';
import type { Person, World } from '../../world.ts';
import { type IdType, isObject, isStrings, type Place, type ValueKind } from './kind.ts';

/** Finds a person by one of the three kinds of id. */
export function personById(world: World, id: string, idType: IdType): Person | undefined {
  if (idType === 'open_id') return world.people.get(id);
  for (const person of world.people.values()) {
    if ((idType === 'union_id' ? person.unionId : person.userId) === id) return person;
  }
  return undefined;
}

/** A person's id of one kind. */
export const idOf = (person: Person, idType: IdType): string => {
  if (idType === 'union_id') return person.unionId;
  return idType === 'user_id' ? person.userId : person.openId;
};

/** A person as records show one. */
export function personJson(world: World, openId: string, idType: IdType): Record<string, unknown> {
  const person = world.people.get(openId) ?? (openId === world.bot.openId ? world.bot : undefined);
  if (!person) return { id: openId, name: '', en_name: '', email: '', avatar_url: '' };
  const { name, email } = person;
  return {
    id: idOf(person, idType),
    name,
    en_name: name,
    email,
    avatar_url: 'https://example.com/avatar.png',
  };
}

/** The `id` of each item of a list of `{id}`; refuses everything else. */
function ids(value: unknown, most: number, code: number): string[] {
  const fits =
    Array.isArray(value) &&
    value.length <= most &&
    value.every((item) => isObject(item) && typeof item['id'] === 'string');
  if (!fits) throw new Refusal(code);
  return value.map((item: { id: string }) => item.id);
}

const nonEmpty = (list: readonly string[]): readonly string[] | undefined =>
  list.length === 0 ? undefined : list;

/** Persons (type 11): written as `[{id}]`, read with name and e-mail. */
export const user: ValueKind = {
  writable: true,
  check: (value, { world, idType }) => {
    for (const id of ids(value, 1000, 1254066)) {
      if (!personById(world, id, idType)) throw new Refusal(1254066);
    }
  },
  store: (value, { world, idType }) =>
    nonEmpty((value as { id: string }[]).map(({ id }) => personById(world, id, idType)?.openId ?? id)),
  read: (cell, { world, idType }) => (cell as readonly string[]).map((id) => personJson(world, id, idType)),
  plain: (cell) => (cell as readonly string[]).map((id) => ({ id })),
};

/** Groups (type 23): written as `[{id: "oc_…"}]`. */
export const group: ValueKind = {
  writable: true,
  check: (value, { world }) => {
    for (const id of ids(value, 10, 1254015)) {
      if (!world.chats.has(id)) throw new Refusal(1254015);
    }
  },
  store: (value) => nonEmpty((value as { id: string }[]).map(({ id }) => id)),
  read: (cell, { world }) =>
    (cell as readonly string[]).map((id) => ({
      id,
      name: world.chats.get(id)?.name ?? '',
      avatar_url: 'https://example.com/group.png',
    })),
  plain: (cell) => (cell as readonly string[]).map((id) => ({ id })),
};

/** Files (type 17): written as `[{file_token}]` of files uploaded to this base. */
export const attachment: ValueKind = {
  writable: true,
  check: (value, { base }) => {
    if (!Array.isArray(value)) throw new Refusal(1254069);
    if (value.length > 100) throw new Refusal(1254106);
    for (const item of value as unknown[]) {
      const token = isObject(item) ? item['file_token'] : undefined;
      if (typeof token !== 'string') throw new Refusal(1254069);
      if (!base.files.has(token)) throw new Refusal(1254303);
    }
  },
  store: (value) => nonEmpty((value as { file_token: string }[]).map((item) => item.file_token)),
  read: (cell, { base }) =>
    (cell as readonly string[]).map((token) => {
      const file = base.files.get(token);
      const address = `https://open.feishu.cn/open-apis/drive/v1/medias/${token}/download`;
      return {
        file_token: token,
        name: file?.name ?? '',
        size: file?.size ?? 0,
        tmp_url: `${address}?temporary=1`,
        type: file?.type ?? '',
        url: address,
      };
    }),
  plain: (cell) => (cell as readonly string[]).map((token) => ({ file_token: token })),
};

const link = (code: number, parts: RefusalParts = {}): ValueKind => ({
  writable: true,
  check: (value, { base, field }: Place) => {
    if (!isStrings(value) || value.length > 500) throw new Refusal(code, parts);
    const other = base.tables.get(field.linkTable ?? '');
    if (other && !value.every((id) => other.byId.has(id))) throw new Refusal(code, parts);
  },
  store: (value) => nonEmpty([...new Set(value as string[])]),
  read: (cell) => ({ link_record_ids: cell }),
  plain: (cell) => cell,
});

/** One-way links (type 18): written as record ids, read as `{link_record_ids}`. */
export const singleLink = link(1254067);

/** Two-way links (type 21); the other table's field follows. */
export const duplexLink = link(1254074);
