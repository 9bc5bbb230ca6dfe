import type { ColumnRule } from '../definition/definition.ts';
import type { Field } from '../definition/field.ts';
import type { Problem } from '../words/problem.ts';
import { count, nearest, type Text, text } from '../words/text.ts';
import { type Lookup, type Pair, type PersonBy, personWords, type Target } from './column.ts';
import { type Bad, type Cell, isBad } from './kinds/kind.ts';
import { cellOf, membersIn } from './kinds/sets.ts';

/** What a column's rule asks to be looked up; nothing where the column holds IDs. */
export function lookupOf(
  { by, missing = 'reject' }: ColumnRule,
  { kind, linkTable }: Field,
): Lookup | undefined {
  if (by === undefined) return undefined;
  if (kind === 'link') return linkTable === undefined ? undefined : { kind, table: linkTable, by, missing };
  return kind === 'person' && isPersonWord(by) ? { kind, by, missing } : undefined;
}

export const isPersonWord = (word: string): word is PersonBy =>
  personWords.some((one: string) => one === word);

export interface Directory {
  find(word: string): string | undefined;
  /** A word that stands for an ID. Searches: for the few IDs that people are shown. */
  called(id: string): string | undefined;
  /** Whether several records have the word, so that it means none of them. */
  isDoubled(word: string): boolean;
  /** Whether a record of that ID was read; not told of people. */
  has?(id: string): boolean;
  /** Why a word that was not found may exist all the same. Its row is then never sent, whatever `missing` says. */
  readonly doubt?: Text;
}

/** Turns the words in a row's cells into IDs. */
export interface Resolver {
  /** The row with IDs in the place of words, or the first cell with a word that has no match. */
  row(cells: readonly Cell[]): readonly Cell[] | { readonly field: string; readonly bad: Bad };
  /** The word for an ID in the field at a position, where one was looked up. */
  called(at: number, id: string): string | undefined;
  /**
   * The linked records that a cell loses for want of a word, and that were not read: they may be there all the same.
   * @param words the cell as the query has it @param held as the table has it @param wanted with IDs, as it would be written
   */
  lost(at: number, cell: Readonly<Record<'words' | 'held' | 'wanted', Cell>>): readonly string[];
  /** What is worth telling after the last row. */
  notes(): readonly Text[];
  /** The same resolver before its first row. */
  anew(): Resolver;
}

/** Makes the resolver of a mapping; undefined when none of its fields needs one. */
export function resolver(
  targets: readonly Target[],
  directoryOf: (lookup: Lookup) => Directory,
): Resolver | undefined {
  const places = targets.flatMap((target, at): Looked[] => {
    const { lookup } = target;
    return lookup
      ? [{ at, target, lookup, directory: directoryOf(lookup), leftOut: new Set(), times: 0 }]
      : [];
  });
  if (places.length === 0) return undefined;
  let strangers = false;

  function resolve(place: Looked, cell: Cell): Cell | Bad {
    const words = membersIn(cell);
    const missing = words.filter((word) => place.directory.find(word) === undefined);
    if (missing.length > 0) {
      if (place.lookup.kind === 'person') strangers = true;
      if (place.lookup.missing === 'reject' || place.directory.doubt) return noMatch(place, missing);
      place.times += missing.length;
      for (const word of missing) if (place.leftOut.size <= wordsShown) place.leftOut.add(word);
    }
    return cellOf(words.flatMap((word) => place.directory.find(word) ?? []));
  }

  const self: Resolver = {
    row(cells) {
      const resolved = [...cells];
      for (const place of places) {
        const cell = resolve(place, cells[place.at] ?? '');
        if (isBad(cell)) return { field: place.target.name, bad: cell };
        resolved[place.at] = cell;
      }
      return resolved;
    },
    anew: () => resolver(targets, directoryOf) ?? self,
    called: (at, id) => places.find((place) => place.at === at)?.directory.called(id),
    lost(at, { words, held, wanted }) {
      const directory = places.find((place) => place.at === at)?.directory;
      const kept = membersIn(wanted);
      if (membersIn(words).length === kept.length) return [];
      return membersIn(held).filter((id) => directory?.has?.(id) === false && !kept.includes(id));
    },
    notes: () => [...places.filter(({ times }) => times > 0).map(leftOutNote), ...(strangers ? [range] : [])],
  };
  return self;
}

/** One looked-up field, and what became of its words without a match. */
interface Looked {
  readonly at: number;
  readonly target: Target;
  readonly lookup: Lookup;
  readonly directory: Directory;
  /** The first few words that were left out, and how many values were. */
  readonly leftOut: Set<string>;
  times: number;
}

/** Words that a message shows, and characters of each. */
const wordsShown = 3;
const charactersShown = 40;

function leftOutNote({ target: { name, hidden }, lookup, leftOut, times }: Looked): Text {
  const shown = quoted([...leftOut], hidden);
  const what = lookup.kind === 'person' ? text('人', 'person') : text('记录', 'linked record');
  return text(
    `字段「${name}」有 ${count(times)} 个值没有找到对应的${what.zh}，已留空：${shown}`,
    `${count(times)} values for ${name} name no ${what.en} and were left out: ${shown}`,
  );
}

function noMatch({ target: { name, hidden }, lookup, directory }: Looked, missing: readonly string[]): Bad {
  const unknown = missing.filter((word) => !directory.isDoubled(word));
  const words = quoted(unknown.length > 0 ? unknown : missing, hidden);
  if (lookup.kind === 'person') {
    const { zh, en } = called[lookup.by];
    return {
      bad: text(
        `字段「${name}」按${zh}找不到人：${words}。此人不存在、已离职，或不在应用的通讯录权限范围内`,
        `${words} is nobody's ${en} for ${name}: unknown, gone, or outside the app's contact range`,
      ),
    };
  }
  const doubt = directory.doubt ?? text('', '');
  return {
    bad:
      unknown.length === 0
        ? text(
            `字段「${name}」：关联表里「${lookup.by}」为 ${words} 的记录不止一条，无法确定是哪一条`,
            `${words} stands twice in the linked table (${lookup.by}), so nobody knows which record is meant for ${name}`,
          )
        : text(
            `字段「${name}」：关联表里没有「${lookup.by}」为 ${words} 的记录${doubt.zh}`,
            `${words} is not in the linked table (${lookup.by}) for ${name}${doubt.en}`,
          ),
  };
}

const called: Readonly<Record<PersonBy, Text>> = {
  email: text('邮箱', 'e-mail address'),
  mobile: text('手机号', 'mobile number'),
  user_id: text(' user_id ', 'user_id'),
  union_id: text(' union_id ', 'union_id'),
};

const range = text(
  '有人没有找到？请确认他们在应用的通讯录权限范围内：开发者后台 → 权限管理 → 数据权限 → 通讯录权限范围，改后发布新版本。企业邮箱不能用来找人。',
  'People were not found: check that the app’s contact range holds them (developer console → Permissions & Scopes → Data permissions → contact range; publish a version after a change). Addresses of Feishu Mail find nobody.',
);

function quoted(words: readonly string[], hidden: boolean): string {
  if (hidden) return '`•••`';
  const shown = words.slice(0, wordsShown).map((word) => {
    const points = [...word.slice(0, charactersShown * 2)];
    return `\`${points.length > charactersShown ? `${points.slice(0, charactersShown).join('')}…` : word}\``;
  });
  return `${shown.join(' ')}${words.length > wordsShown ? ' …' : ''}`;
}

/** What is wrong with a column's `by`, before anything is looked up. */
export function lookupProblems({ column, field, rule: { by } }: Pair): readonly Problem[] {
  if (by === undefined) return [];
  if (field.kind === 'person') {
    return by === 'open_id' || isPersonWord(by) ? [] : [noPersonWord(column.name, by)];
  }
  if (field.kind === 'link') return field.linkTable === undefined ? [noLinkedTable(field.name)] : [];
  return [
    {
      code: 'no-look-up',
      where: column.name,
      message: text(
        `字段「${field.name}」（${field.look}）不能用 by 查找`,
        `nothing is looked up for the field "${field.name}" (${field.look})`,
      ),
      cure: text(
        '只有人员和关联字段可以写 by，请删掉它。',
        'Only person and link fields take by: leave it out.',
      ),
    },
  ];
}

function noPersonWord(column: string, by: string): Problem {
  const [near] = nearest(by, [...personWords, 'open_id']);
  const hint = near === undefined ? '' : `by: ${near}`;
  return {
    code: 'no-look-up',
    where: column,
    message: text(`不能按「${by}」找人`, `people cannot be looked up by "${by}"`),
    cure: text(
      `可以写 open_id、${personWords.join('、')}。${hint && `是不是 ${hint}？`}`,
      `It can be open_id, ${personWords.join(', ')}.${hint && ` Did you mean ${hint}?`}`,
    ),
  };
}

const noLinkedTable = (field: string): Problem => ({
  code: 'no-linked-table',
  message: text(
    `飞书没有说明关联字段「${field}」连到哪个数据表`,
    `Feishu does not say which table the link field "${field}" points at`,
  ),
  cure: text(
    '确认应用能看到关联的数据表；或去掉 by，在查询里直接给出记录 ID。',
    'See that the app may see the linked table; or leave by out and let the query answer record IDs.',
  ),
});

/** Different words of people that one run looks up. */
export const wordsMost = 200_000;
/** Characters of a word that can name somebody: those of the longest e-mail address. */
const longest = 320;

/** Gathers the different words by which people are named; nothing where no person is looked up. */
export function lookupWords(targets: readonly Target[]) {
  const sets = new Map<PersonBy, Set<string>>();
  const places = targets.flatMap(({ lookup }, at) => {
    if (lookup?.kind !== 'person') return [];
    const words = sets.get(lookup.by) ?? new Set<string>();
    sets.set(lookup.by, words);
    return [{ at, words }];
  });
  const size = (): number => [...sets.values()].reduce((all, words) => all + words.size, 0);
  return {
    /** Takes a row's words; answers false once there are more than {@link wordsMost}. */
    take(cells: readonly Cell[]): boolean {
      if (places.length === 0) return true;
      for (const { at, words } of places) {
        const cell = cells[at] ?? '';
        for (const word of membersIn(cell)) if (word.length <= longest) words.add(word);
      }
      return size() <= wordsMost;
    },
    all: (): ReadonlyMap<PersonBy, ReadonlySet<string>> => sets,
  };
}

export const tooManyWords: Problem = {
  code: 'too-many-people',
  message: text(
    `查询里要查找的人超过 ${count(wordsMost)} 个`,
    `the query names more than ${count(wordsMost)} different people to look up`,
  ),
  cure: text(
    '请检查 by 用的列是不是选错了；人确实这么多时，请在查询里直接给出 open_id（by: open_id）。',
    'See whether by is said of the wrong column; if there are so many people, let the query answer their open_ids (by: open_id).',
  ),
};
