import type { Field, TableRecord } from '../../sync/definition/field.ts';
import type { Lookup, PersonBy, Target } from '../../sync/fields/column.ts';
import { linkKeyField, linkKeys } from '../../sync/fields/key.ts';
import type { Cell } from '../../sync/fields/kinds/kind.ts';
import { type Directory, type Resolver, resolver } from '../../sync/fields/lookup.ts';
import type { Mapping } from '../../sync/fields/mapping.ts';
import type { Update } from '../../sync/plan/change.ts';
import { ProblemError, problem } from '../../sync/words/problem.ts';
import { count, text } from '../../sync/words/text.ts';
import type { Zone } from '../../sync/words/zone.ts';
import type { CallMeter, LinkedTable, People, Table } from '../ports.ts';
import type { Sides } from './open-sides.ts';
import { readStill } from './read-still.ts';

type LinkLookup = Extract<Lookup, { kind: 'link' }>;

/** What the look-ups of one run found: people by what they are looked up by, linked tables by {@link linkName}. */
export type Linked = ReadonlyMap<string, Directory>;
export type Known = ReadonlyMap<PersonBy, Directory>;

/** Looks all the words of people up. Rejects when any look-up fails: that is never "nobody". */
export async function findPeople(
  people: People,
  words: ReadonlyMap<PersonBy, ReadonlySet<string>>,
  meter: CallMeter,
  signal: AbortSignal,
): Promise<Known> {
  const known = new Map<PersonBy, Directory>();
  for (const [by, some] of words) {
    const ids = some.size === 0 ? none : await people.openIds(by, [...some], meter, signal);
    known.set(by, { find: (word) => ids.get(word), called: wordIn(ids), isDoubled: () => false });
  }
  return known;
}

const none: ReadonlyMap<string, string> = new Map();

const wordIn =
  (ids: ReadonlyMap<string, string>) =>
  (id: string): string | undefined =>
    [...ids].find(([, one]) => one === id)?.[0];

/** Reads the naming field of every linked table in which records are looked up: each once, and whole or not at all. */
export async function readLinked(
  { origin, target, mapping }: Pick<Sides, 'origin' | 'target' | 'mapping'>,
  signal: AbortSignal,
): Promise<Linked> {
  const directories = new Map<string, Directory>();
  // An empty read may be a missing right then.
  const how = { zone: origin.zone, advanced: target.about.advanced };
  for (const lookup of linksIn(mapping.targets))
    directories.set(linkName(lookup), await readOne(target.table.linked(lookup.table), lookup, how, signal));
  return directories;
}

/** Finds the naming field of every linked table; rejects with what is wrong with it. Reads no records. */
export async function tryLinked(
  table: Pick<Table, 'linked'>,
  targets: readonly Target[],
  signal: AbortSignal,
): Promise<void> {
  for (const lookup of linksIn(targets)) await namingField(table.linked(lookup.table), lookup, signal);
}

/** Asks for somebody who does not exist, by each word that people are looked up by: shows whether the app may. */
export async function tryPeople(
  people: People,
  targets: readonly Target[],
  meter: CallMeter,
  signal: AbortSignal,
): Promise<void> {
  const by = new Set(targets.flatMap(({ lookup }) => (lookup?.kind === 'person' ? [lookup.by] : [])));
  for (const one of by) await people.openIds(one, [strangers[one]], meter, signal);
}

const strangers: Readonly<Record<PersonBy, string>> = {
  email: 'nobody@example.com',
  mobile: '13800000000',
  user_id: 'nobody',
  union_id: 'on_00000000000000000000000000000000',
};

/** Brings together what was found; undefined when the mapping looks nothing up. */
export const resolverOf = (targets: readonly Target[], known: Known, linked: Linked): Resolver | undefined =>
  resolver(targets, (lookup) => {
    const found = lookup.kind === 'person' ? known.get(lookup.by) : linked.get(linkName(lookup));
    if (!found) throw new Error(`Nothing was looked up by ${lookup.by}.`);
    return found;
  });

/** One look-up a linked table and field, however many columns use it. */
const linksIn = (targets: readonly Target[]): Iterable<LinkLookup> =>
  new Map(
    targets.flatMap(({ lookup }) => (lookup?.kind === 'link' ? [[linkName(lookup), lookup] as const] : [])),
  ).values();

const linkName = ({ table, by }: LinkLookup): string => `${table} ${by}`;

async function namingField(table: LinkedTable, lookup: LinkLookup, signal: AbortSignal) {
  const revision = await table.revision(signal).catch(unseen);
  const field = linkKeyField(await table.fields(signal), lookup);
  if ('code' in field) throw problem(field);
  return { field, revision };
}

/** Reads a table as the run reads its own. */
async function readOne(
  table: LinkedTable,
  lookup: LinkLookup,
  { zone, advanced }: { readonly zone: Zone; readonly advanced: boolean },
  signal: AbortSignal,
): Promise<Directory> {
  const { field, revision } = await namingField(table, lookup, signal);
  const readKeys = async () => {
    const from = { fields: [field.name], revision, signal };
    return (await readStill(table, from, () => takingKeys(field, zone))).read.keys;
  };
  let keys = await readKeys();
  // One answer that is empty by mistake would leave all of it out.
  if (keys.size === 0) keys = await readKeys();
  return {
    has: (id) => keys.has(id),
    find: (word) => keys.find(word),
    called: (id) => keys.called(id),
    isDoubled: (word) => keys.isDoubled(word),
    ...(advanced && keys.words === 0 && { doubt: noSight }),
  };
}

function takingKeys(field: Field, zone: Zone) {
  const keys = linkKeys(field, zone);
  return {
    keys,
    count: () => keys.size,
    take(records: readonly TableRecord[]) {
      for (const { id, fields } of records)
        keys.add(id, Object.hasOwn(fields, field.name) ? fields[field.name] : null);
    },
  };
}

const noSight = text(
  '（关联表或它的这个字段读出来是空的，而多维表格开启了高级权限：应用可能看不到，请给应用可查看全部记录和字段的角色）',
  ' (the table, or that field of it, reads as empty and the Base has advanced permissions on: give the app a role that sees all records and fields)',
);

/** Linked records that a plan takes out of cells for want of a word, and that were not read, by their tables. */
export type LostLinks = ReadonlyMap<string, ReadonlySet<string>>;

/** Collects the links that a plan would lose to a linked table that was not read whole. */
export function lostLinks({ targets }: Pick<Mapping, 'targets'>, resolver: Resolver | undefined) {
  const all = new Map<string, Set<string>>();
  return {
    all: all as LostLinks,
    /** Takes an update. @param words the row as the query has it */
    see({ differences }: Update, words: readonly Cell[]): void {
      for (const [at, wanted, held] of differences) {
        const lookup = targets[at]?.lookup;
        if (lookup?.kind !== 'link' || !resolver) continue;
        const lost = resolver.lost(at, { words: words[at] ?? '', held, wanted });
        for (const id of lost) all.set(lookup.table, (all.get(lookup.table) ?? new Set()).add(id));
      }
    },
  };
}

/**
 * Looks lost links up by ID: a record that is really gone is absent. Rejects with a `ProblemError` where one is there, or
 * hidden: the linked table was not read whole then, and the plan would empty cells for nothing.
 */
export async function confirmGone(
  lost: LostLinks,
  table: Pick<Table, 'linked'>,
  signal: AbortSignal,
): Promise<void> {
  for (const [id, records] of lost) {
    const { present, forbidden } = await table.linked(id).look([...records], signal);
    if (forbidden.length > 0) throw problem(linksHidden(forbidden.length));
    if (present.length > 0) throw problem(linksOverlooked(present.length));
  }
}

const linksHidden = (records: number) => ({
  code: 'links-hidden',
  message: text(
    `表格里的关联指向关联表的 ${count(records)} 条记录，应用没有权限看到它们。为免误清空关联，什么都没有写入。`,
    `Cells link to records of the linked table that the app may not see (${count(records)}). Nothing was written, so that no link is emptied by mistake.`,
  ),
  cure: text(
    '在多维表格的“高级权限”里，给应用一个可以查看关联表全部记录的角色，再同步一次。',
    'In the Base’s advanced permissions (高级权限), give the app a role that sees all records of the linked table, then run the sync again.',
  ),
});

const linksOverlooked = (records: number) => ({
  code: 'links-overlooked',
  message: text(
    `飞书给出的关联表列表里少了至少 ${count(records)} 条实际存在的记录。为免误清空关联，什么都没有写入。`,
    `Feishu’s list of the linked table left out records that exist (${count(records)} or more). Nothing was written, so that no link is emptied by mistake.`,
  ),
  cure: text('请过几分钟再同步一次。', 'Run the sync again in a few minutes.'),
});

/** A linked table that the app does not see is not the one that the definition names. */
function unseen(error: unknown): never {
  if (!(error instanceof ProblemError) || error.problems[0].code !== 'no-such-table') throw error;
  throw problem(
    {
      code: 'no-linked-table',
      message: text('应用看不到关联的数据表', 'the app does not see the linked table'),
      cure: text(
        '请在多维表格的高级权限里，让应用能查看关联的数据表；或去掉 by，在查询里直接给出记录 ID。',
        'Let the app see the linked table in the Base’s advanced permissions; or leave by out and let the query answer record IDs.',
      ),
    },
    { cause: error },
  );
}
