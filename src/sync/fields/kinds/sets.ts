import { type Text, text } from '../../words/text.ts';
import type { Value } from '../column.ts';
import {
  type Bad,
  type Cell,
  type CellRules,
  isBad,
  isJsonNull,
  type Kind,
  type Place,
  unfit,
} from './kind.ts';
import { plainText } from './text.ts';

/** Members that one cell takes. https://open.feishu.cn/document/platform-notices/breaking-change/base-add-record-limit-checking-rules */
const perCell = { people: 1_000, links: 500, files: 100, groups: 10 };

/** What sets one kind of field apart from the others whose cells hold several values without order. */
export interface SetRules {
  readonly most: number;
  readonly noun: Text;
  /** Makes the check of one word of the source: the member that it means (`''` for none), or why not. */
  member(place: Place): (word: string) => string | Bad;
  /** The list in a cell as read, where it is not the cell itself. */
  items?(raw: unknown): unknown;
  /** The member in one item of a cell as read; `''` for none. */
  held(item: unknown): string;
  /** What people call the member in one item of a cell as read; `''` where Feishu does not say. */
  name?(item: unknown): string;
  written(member: string): unknown;
}

/** Makes the rules of cells that are sets, compared without order or doubles. Canonical: the sorted JSON array. */
export const setRules = (rules: SetRules): CellRules => ({
  ...namesBy(rules),
  wanted: (place) => {
    const most = place.field.multiple === false ? 1 : rules.most;
    const member = rules.member(place);
    return (value) => {
      const words = wordsIn(place, value);
      if (isNo(words)) return words;
      const members: string[] = [];
      for (const word of words) {
        const one = member(word);
        if (isBad(one)) return one;
        members.push(one);
      }
      const size = new Set(members.filter((one) => one !== '')).size;
      if (size <= most) return cellOf(members);
      const { zh, en } = rules.noun;
      return unfit(place, value, {
        zh: `最多 ${most} 个${zh}，现有 ${size} 个`,
        en: `has ${size} ${en}, too many (at most ${most})`,
      });
    };
  },
  held(raw) {
    const items = rules.items ? rules.items(raw) : raw;
    return cellOf((Array.isArray(items) ? items : [items]).map(rules.held));
  },
  written: (cell) => (cell === '' ? null : membersIn(cell).map(rules.written)),
});

function namesBy({ held, name }: SetRules): Pick<CellRules, 'names'> {
  if (!name) return {};
  return {
    *names(raw) {
      for (const item of Array.isArray(raw) ? raw : []) {
        const words = name(item);
        if (words !== '') yield [held(item), words];
      }
    },
  };
}

/** The canonical cell of a set: doubles and empty members count for nothing. */
export function cellOf(members: Iterable<string>): Cell {
  const set = [...new Set(members)].filter((member) => member !== '').sort();
  return set.length === 0 ? '' : JSON.stringify(set);
}

export const membersIn = (cell: Cell): readonly string[] =>
  cell === '' ? [] : (JSON.parse(cell) as readonly string[]);

/** A member of an object as text, for items such as `{id}`. */
export function idIn(item: unknown, name: string): string {
  if (typeof item !== 'object' || item === null) return '';
  const id = (item as Readonly<Record<string, unknown>>)[name];
  return typeof id === 'string' ? id : '';
}

/** Checks that every word has the look of an ID; blanks around it go. */
export const looking =
  (pattern: RegExp, why: Text & { readonly advice?: Text }) =>
  (place: Place) =>
  (word: string): string | Bad => {
    const trimmed = word.trim();
    return trimmed === '' || pattern.test(trimmed) ? trimmed : unfit(place, trimmed, why);
  };

const isNo = (words: readonly string[] | Bad): words is Bad => 'bad' in words;

/** A SET column is split at commas, another where its rule says so; a JSON array gives its members. */
function wordsIn(place: Place, value: Exclude<Value, null>): readonly string[] | Bad {
  const whole = plainText(place, value);
  if (isBad(whole)) return whole;
  const separator = place.rule.split ?? (place.column.type === 'set' ? ',' : undefined);
  if (separator !== undefined) return whole.split(separator).map((word) => word.trim());
  const isJson = place.column.type === 'json';
  if (!isJson && !whole.startsWith('[')) return [whole];
  const parsed = parse(whole);
  if (parsed === undefined) return [whole];
  if (isJsonNull(place, whole)) return [];
  const members: readonly unknown[] = Array.isArray(parsed) ? parsed : [parsed];
  if (members.some((member) => typeof member === 'object' && member !== null)) {
    return unfit(place, value, nested);
  }
  return members.map((member) => (member === null ? '' : String(member)));
}

const nested = {
  zh: '只接受一层的 JSON 数组',
  en: 'is not a flat JSON array',
  advice: text(
    "请在查询里取出值，如 JSON_EXTRACT(列, '$[*].name')，或用 GROUP_CONCAT(列) 并在定义里写 split: ','。",
    "Take the values out in the query, such as JSON_EXTRACT(column, '$[*].name'), or use GROUP_CONCAT(column) and say split: ',' in the definition.",
  ),
};

/** A string of JSON, or a number outside of one. */
const token = /"(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*/g;

/** Reads JSON with its numbers as the digits that they are: an ID of 20 digits keeps them all. */
function parse(source: string): unknown {
  try {
    JSON.parse(source);
    return JSON.parse(source.replace(token, (found) => (found.startsWith('"') ? found : `"${found}"`)));
  } catch {
    return undefined;
  }
}

const openId = looking(/^ou_\w+$/, {
  zh: '需要 open_id（ou_…）',
  en: 'is no open_id (ou_…)',
  advice: text(
    '用邮箱、手机号等找人时，在定义里写 by: email（或 mobile、user_id、union_id）。',
    'To find people by something else, say by: email (or mobile, user_id, union_id) in the definition.',
  ),
});

/** Person fields. Canonical: the set of open_ids, or of words that `by` looks up; e-mail addresses in small letters. */
export const personKind: Kind = {
  title: text('人员', 'person'),
  fields: text('人员', 'Person'),
  values: text(
    'open_id（ou_…），或 `by: email`、`mobile`、`user_id`、`union_id`；同多选；最多 1,000 人',
    'open_ids (ou_…), or `by: email`, `mobile`, `user_id`, `union_id`; several as multi; at most 1,000',
  ),
  takes: ['integer', 'decimal', 'set', 'json'],
  heeds: ['split'],
  feishu: { types: [11], look: 'User', property: { multiple: true } },
  ...setRules({
    most: perCell.people,
    noun: text('人员', 'people'),
    member(place) {
      const { by = 'open_id' } = place.rule;
      if (by === 'open_id') return openId(place);
      return by === 'email' ? (word) => word.trim().toLowerCase() : (word) => word.trim();
    },
    held: (item) => idIn(item, 'id'),
    name: (item) => idIn(item, 'name'),
    written: (id) => ({ id }),
  }),
};

/** Group fields. Canonical: the chats' IDs as a set. */
export const groupKind: Kind = {
  title: text('群组', 'group'),
  fields: text('群组', 'Group'),
  values: text('群 ID（oc_…）；同多选；最多 10 个', 'chat IDs (oc_…); several as multi; at most 10'),
  takes: ['set', 'json'],
  heeds: ['split'],
  feishu: { types: [23], look: 'GroupChat', property: { multiple: true } },
  ...setRules({
    most: perCell.groups,
    noun: text('群组', 'groups'),
    member: looking(/^oc_\w+$/, { zh: '需要群 ID（oc_…）', en: 'is no chat ID (oc_…)' }),
    held: (item) => idIn(item, 'id'),
    name: (item) => idIn(item, 'name'),
    written: (id) => ({ id }),
  }),
};

const recordId = looking(/^rec\w+$/, {
  zh: '需要记录 ID（rec…）',
  en: 'is no record ID (rec…)',
  advice: text(
    '用对方表的主键找记录时，在定义里写 by: 字段名。',
    'To find records by a field of the linked table, say by: FIELD in the definition.',
  ),
});

/** Link fields, one-way and two-way. Canonical: the set of record IDs, or of words that `by` looks up. */
export const linkKind: Kind = {
  title: text('关联', 'link'),
  fields: text('单向关联、双向关联', 'Link, two-way link'),
  values: text(
    '记录 ID（rec…），或 `by: 对方表的字段`；同多选；最多 500 条',
    'record IDs (rec…), or `by: FIELD` of the linked table; several as multi; at most 500',
  ),
  takes: ['integer', 'decimal', 'set', 'json'],
  heeds: ['split'],
  feishu: { types: [18, 21], look: 'SingleLink' },
  ...setRules({
    most: perCell.links,
    noun: text('条关联记录', 'records'),
    member: (place) => (place.rule.by === undefined ? recordId(place) : (word) => word.trim()),
    // What is empty may be read as {}.
    items: (raw) =>
      typeof raw === 'object' && raw !== null && 'link_record_ids' in raw ? raw.link_record_ids : raw,
    held: (item) => (typeof item === 'string' ? item : ''),
    written: (id) => id,
  }),
};

/** Attachment fields. Canonical: the files' tokens as a set; the files are in the Base already. */
export const attachmentKind: Kind = {
  title: text('附件', 'attachment'),
  fields: text('附件', 'Attachment'),
  values: text(
    '已上传到这个多维表格的文件的 file_token；同多选；最多 100 个',
    'tokens of files that are in the Base already; several as multi; at most 100',
  ),
  takes: ['set', 'json'],
  heeds: ['split'],
  feishu: { types: [17], look: 'Attachment' },
  ...setRules({
    most: perCell.files,
    noun: text('个附件', 'files'),
    member: looking(/^[\w-]+$/, {
      zh: '需要文件的 file_token',
      en: 'is no file token',
      advice: text(
        '文件要先上传到这个多维表格；网址请写入超链接字段。',
        'A file is uploaded to the Base first; an address goes to a URL field.',
      ),
    }),
    held: (item) => idIn(item, 'file_token'),
    name: (item) => idIn(item, 'name'),
    written: (token) => ({ file_token: token }),
  }),
};
