import type { Definition } from '../definition/definition.ts';
import type { Target } from '../fields/column.ts';
import { optionsIn } from '../fields/kinds/choices.ts';
import type { WaitReason } from '../state/state.ts';
import type { Problem } from '../words/problem.ts';
import { count, type Text, text } from '../words/text.ts';
import { type Change, wantedAt } from './change.ts';

/** What the brake looks at: numbers of one plan and what is known from before. */
export interface Outlook {
  readonly mode: Definition['mode'];
  /** Rows that the query answered. */
  readonly sourceRows: number;
  /** Records that the read gave. */
  readonly records: number;
  /** Records that the table had when it was known last; 0 when it never was. */
  readonly known: number;
  /** Of the records read, those whose key is empty. */
  readonly withoutKey: number;
  /** Records under a key that somebody gave them, and that another row has. */
  readonly movedKeys: number;
  readonly creates: number;
  readonly updates: number;
  /** Deletes that would be carried out. */
  readonly deletes: number;
  /** Of these, records that somebody made by hand, or before the bot came. */
  readonly handMade: number;
  /** Whether a person has allowed this definition to delete hand-made records. */
  readonly handMadeAllowed: boolean;
  /** Select options that would be created. */
  readonly newOptions: number;
  readonly policy: Definition['deletes'];
  readonly brake: Definition['brake'];
  /** Whether the base has advanced permissions on. */
  readonly advanced: boolean;
  /** Whether the definition ever succeeded on this table. */
  readonly succeededBefore: boolean;
  /** Whether query, key or mapping are not those of the last success. */
  readonly changed: boolean;
  /** Names of fields that were filled once, are filled in the query, and read as empty in every record. */
  readonly emptied: readonly string[];
}

/** Below this many records, shares mean little and the brake stays off. */
export const brakeFrom = 10;

const percent = (share: number): string => `${Math.round(share * 1000) / 10}%`;

/** Says why a plan must wait for a person; nothing when it may be carried out at once. */
export function reasonsToWait(seen: Outlook): readonly WaitReason[] {
  const reasons: WaitReason[] = [];
  if (seen.records === 0 && seen.known > 0) reasons.push(emptyTable(seen.known));
  else if (seen.creates > 0 && seen.advanced && !seen.succeededBefore) reasons.push(noSight(seen.records));
  if (seen.creates > 0 && seen.records > 0 && seen.withoutKey === seen.records)
    reasons.push(noKeys(seen.records));
  if (seen.movedKeys > 0) reasons.push(movedKeys(seen.movedKeys));
  if (seen.sourceRows === 0 && seen.deletes > 0) reasons.push(emptySource(seen.deletes));
  for (const what of ['deletes', 'updates', 'creates'] as const) {
    const share = seen[what] / of(what, seen);
    if (seen.records >= brakeFrom && share > seen.brake[what]) reasons.push(tooMany(what, share, seen));
  }
  if (seen.handMade > 0 && seen.policy === 'ask' && !seen.handMadeAllowed)
    reasons.push(handMade(seen.handMade));
  if (seen.newOptions > newOptionsAtOnce) reasons.push(manyOptions(seen.newOptions));
  if (seen.records >= brakeFrom && seen.emptied.length > 0) reasons.push(emptied(seen.emptied));
  if (seen.changed && seen.creates + seen.updates + seen.deletes > 0) reasons.push(changed);
  return reasons;
}

const plural = (records: number): string => `${count(records)} record${records === 1 ? '' : 's'}`;

const noSight = (records: number): WaitReason => ({
  code: 'no-sight',
  message: text(
    `${records === 0 ? '表格读出来是空的' : `表格读出来有 ${count(records)} 条记录`}，而这个多维表格开启了高级权限：我可能看不到全部记录。请在 高级权限 里给应用一个可以查看全部记录的角色；如果数目是对的，请点「执行」。`,
    `The table reads as ${records === 0 ? 'empty' : plural(records)} and this Base has advanced permissions on: I may not be able to see all of it. Give the app a role that sees all records (advanced permissions, in the Base); if the number is right, press Apply.`,
  ),
});

const noKeys = (records: number): WaitReason => ({
  code: 'no-keys',
  message: text(
    `表格的 ${count(records)} 条记录主键读出来都是空的：可能是高级权限不让我看到主键字段（请给应用能查看全部字段的角色），也可能对应的字段不对。如果主键确实都是空的，请点「执行」。`,
    `All ${count(records)} records of the table read without a key: advanced permissions may hide the key field from me (give the app a role that sees all fields), or the key goes to the wrong field. If the keys really are empty, press Apply.`,
  ),
});

const movedKeys = (records: number): WaitReason => ({
  code: 'moved-keys',
  message: text(
    `有 ${count(records)} 条记录的主键被人改成了另一行的主键：照做会把它们当作那一行的记录，原来的行就算没有记录。`,
    `${records === 1 ? 'The key of 1 record was changed to that of another row' : `The keys of ${count(records)} records were changed to those of other rows`}: carried out, such a record counts as the other row’s, and the row that it belonged to as one without a record.`,
  ),
});

const emptyTable = (known: number): WaitReason => ({
  code: 'empty-table',
  message: text(
    `表格读出来是空的，但我上次在里面写过 ${count(known)} 条记录：可能看不到记录（权限），也可能被人清空了。`,
    `The table reads as empty, but I have written ${count(known)} records there before: I may not be able to see them (permissions), or someone has emptied it.`,
  ),
});

const emptySource = (deletes: number): WaitReason => ({
  code: 'empty-source',
  message: text(
    `查询没有返回任何行，照做会删除 ${count(deletes)} 条记录。`,
    `The query answered no rows at all; carried out, that deletes ${count(deletes)} records.`,
  ),
});

/** Records of which a brake takes its share: those that are there, or for creates, those that would be. */
const of = (what: 'deletes' | 'updates' | 'creates', { records, creates }: Outlook): number =>
  what === 'creates' ? records + creates : records;

const verbs = { deletes: '删除', updates: '更新', creates: '新增' };

const tooMany = (what: 'deletes' | 'updates' | 'creates', share: number, seen: Outlook): WaitReason => ({
  code: what,
  message: text(
    `将${verbs[what]} ${count(seen[what])} 条，占表格${what === 'creates' ? '写入后的' : ''} ${count(of(what, seen))} 条的 ${percent(share)}，超过 ${percent(seen.brake[what])} 的上限。`,
    `${count(seen[what])} ${what} of ${count(of(what, seen))} records${what === 'creates' ? ' in the end' : ''} is ${percent(share)}, above the limit of ${percent(seen.brake[what])}.`,
  ),
});

const handMade = (records: number): WaitReason => ({
  code: 'hand-made',
  message: text(
    `将删除的记录里有 ${count(records)} 条不是我新建的（手工录入，或在启用同步之前就有）。同意一次以后，这个同步就可以删除它们。`,
    `${count(records)} of the records to delete ${records === 1 ? 'was' : 'were'} not created by me, but by hand or before this sync began. Say yes once and this sync may delete such records.`,
  ),
});

const emptied = (names: readonly string[]): WaitReason => {
  const some = names.slice(0, 5);
  return {
    code: 'empty-column',
    message: text(
      `这些字段我以前写过，现在每条记录读出来都是空的：${some.join('、')}。可能是高级权限不让我看到它们（请给应用能查看全部字段的角色），也可能被人清空了；确实是清空了，请点「执行」。`,
      `I have written these fields before, and now they read as empty in every record: ${some.join(', ')}. Advanced permissions may hide them from me (give the app a role that sees all fields), or someone has cleared them; if they were cleared, press Apply.`,
    ),
  };
};

const manyOptions = (options: number): WaitReason => ({
  code: 'new-options',
  message: text(
    `将新建 ${count(options)} 个选项：这一列可能不该是单选或多选字段。`,
    `${count(options)} select options would be created: the column may not belong in a select field.`,
  ),
});

const changed: WaitReason = {
  code: 'changed',
  message: text(
    '查询、主键或字段对应关系在上次成功之后改过，请看一眼新的计划。',
    'The query, the key or the mapping has changed since the last success: please look at the new plan.',
  ),
};

/**
 * Whether the deletes of a plan are left out because of rows whose key is empty or cannot be read: any record that
 * would go may be such a row's, and nobody can say yes to what cannot be told. Creates and updates go by keys that were
 * read, and a row without a key is never sent, so they need not wait.
 */
export const keepsDeletes = ({ keyless }: { readonly keyless: number }): boolean => keyless > 0;

/** What is told of deletes that are left out. @param kept how many those are */
export const keptDeletes = (keyless: number, kept: number): Text =>
  text(
    `查询里有 ${count(keyless)} 行的主键为空或读不出来，本来要删除的 ${count(kept)} 条记录可能正是它们的，所以都没有删。请改查询（或过滤掉这些行）。`,
    `The key of ${count(keyless)} rows of the query is empty or cannot be read, and the ${count(kept)} records that were to be deleted may be theirs: they are kept. Correct the query, or leave such rows out of it.`,
  );

/**
 * What is told of a definition that keeps to a view. @param outside rows that differ from records out of view
 * @param within the records that the view shows
 */
export function viewNotes(outside: number, within: ReadonlySet<string> | undefined): readonly Text[] {
  if (within === undefined) return [];
  if (within.size === 0) return [emptyView];
  if (outside === 0) return [];
  return [
    text(
      `有 ${count(outside)} 行与表格里的记录不同，但那些记录不在视图里，没有更新；它们计入“无变化”。`,
      `${count(outside)} rows differ from records that the view does not show: these are not updated, and count as unchanged.`,
    ),
  ];
}

const emptyView = text(
  '视图里一条记录也没有（view: limit），所以表格里原有的记录都不会更新或删除。如果不该这样，请检查视图的筛选条件。',
  'The view shows no record at all (view: limit), so no record of the table is updated or deleted. If that is not intended, check the filters of the view.',
);

/** What is told of records that somebody else had deleted before their turn came. */
export const goneNote = (records: number): Text =>
  text(
    `要删除的记录里有 ${count(records)} 条已经被别人删掉了；它们计入“已删除”。`,
    `${count(records)} of the records to delete had already been deleted by someone else; they count as deleted.`,
  );

/** What is told of records that were to be deleted and have another key by now. */
export const keptNote = (records: number): Text =>
  text(
    `要删除的记录里有 ${count(records)} 条在此期间被人改了主键，没有删除。`,
    `${count(records)} of the records to delete were given another key meanwhile and are kept.`,
  );

/** What is told of rows to be created whose key somebody else gave a record meanwhile, where the mode only adds. */
export const leftNote = (rows: number): Text =>
  text(
    `要新增的行里有 ${count(rows)} 行已经被别人建好了，内容不同；append 模式不改它们，它们计入“已新增”。`,
    `${count(rows)} of the rows to create had already been created by someone else, with other values; the mode append leaves those as they are, and they count as created.`,
  );

/** New options in one run above which a person is asked: somebody may have mapped an ID column to a select. */
export const newOptionsAtOnce = 200;

/**
 * Options that one select field takes. Older and newer pages disagree (5,000 and 20,000): the lower one holds.
 * https://open.feishu.cn/document/platform-notices/breaking-change/base-add-record-limit-checking-rules
 */
export const optionsPerField = 5_000;

/** The select options that a plan would create; writing an unknown name creates it. */
export type NewOptions = ReturnType<typeof newOptions>;

/** Starts looking; the options that the fields have are known. */
export function newOptions(targets: readonly Target[]) {
  const selects = targets.flatMap(({ kind, name, options }, at) =>
    kind === 'select' || kind === 'multi'
      ? [{ at, kind, name, known: new Set(options ?? []), fresh: new Set<string>() }]
      : [],
  );
  return {
    /** Looks through a change for options that the table does not have. */
    see(change: Change): void {
      if (change.kind === 'delete') return;
      for (const { at, kind, known, fresh } of selects) {
        for (const name of optionsIn(kind, wantedAt(change, at))) if (!known.has(name)) fresh.add(name);
      }
    },
    /** How many different ones were seen. */
    get size(): number {
      return selects.reduce((sum, { fresh }) => sum + fresh.size, 0);
    },
    /** Fields that would hold more options than Feishu allows. */
    problems: (): readonly Problem[] =>
      selects
        .filter(({ known, fresh }) => known.size + fresh.size > optionsPerField)
        .map(({ name, known, fresh }) => optionsOver(name, known.size + fresh.size)),
    /** The names by field position. */
    names: (): (readonly [at: number, names: readonly string[]])[] =>
      selects.flatMap(({ at, fresh }) => (fresh.size > 0 ? [[at, [...fresh]] as const] : [])),
  };
}

const optionsOver = (field: string, options: number): Problem => ({
  code: 'too-many-options',
  message: text(
    `字段「${field}」会有 ${count(options)} 个选项，最多 ${count(optionsPerField)} 个。`,
    `The field "${field}" would have ${count(options)} options; ${count(optionsPerField)} is the most.`,
  ),
  cure: text(
    '这一列多半不是选项：请把字段改成文本。',
    'The column is probably no set of choices: make the field a text field.',
  ),
});
