import type { Config } from '../config.ts';
import type { FeishuClient } from '../feishu/calls/client.ts';
import { meanings } from '../feishu/calls/meanings.ts';
import { mayWrite, openTable } from '../feishu/table/open.ts';
import { uncounted } from '../process.ts';
import { tryLinked, tryPeople } from '../run/plan/lookup.ts';
import {
  type BothSides,
  keyNames,
  type OpenedTable,
  openOrigin,
  openTarget,
  pairSides,
  type Sides,
  wouldCreate,
} from '../run/plan/open-sides.ts';
import { nothingLearned, type WholeReason, whyWhole } from '../run/plan/short-cut.ts';
import type { People, Sources, Store, Table } from '../run/ports.ts';
import { openFound } from '../run/target.ts';
import type { Definition } from '../sync/definition/definition.ts';
import { isMismatch, type Mapping } from '../sync/fields/mapping.ts';
import { type NewField, namesOf } from '../sync/fields/schema.ts';
import { problemOf } from '../sync/words/failure.ts';
import type { Problem } from '../sync/words/problem.ts';
import { count, type Text, text } from '../sync/words/text.ts';
import type { Writes } from './others.ts';

/** What `check` tries a table with. */
export interface TableParts {
  readonly config: Pick<Config, 'timeZone'>;
  readonly client: FeishuClient;
  readonly people: People;
  readonly sources: Sources;
  readonly store: Pick<Store, 'facts' | 'known'>;
  /** Milliseconds since the epoch. */
  readonly now: number;
  readonly signal: AbortSignal;
}

/** What is known of a definition once its table was looked at. */
export interface CheckedTable {
  readonly problems: readonly Problem[];
  readonly writes: Writes;
  /** Missing where something stands between query and table. */
  readonly mapping?: Mapping;
  /** How the next run reads it; missing with the mapping. */
  readonly reading?: ReadingTold;
  /** Missing where its keys cannot be read: there is no mapping, or the key has no field yet. */
  readonly table?: Table;
}

/** Looks at the table of a definition: that it is there, that the app may write, that every column has its field. */
export async function checkTable(
  definition: Definition,
  queryWorks: boolean,
  { client, people, sources, store, config, now, signal }: TableParts,
): Promise<CheckedTable> {
  const { table } = await openFound(definition, store.facts, (address) =>
    openTable(client)(address, uncounted, signal),
  );
  const opening = { sources, store, place: config, signal };
  const target = await openTarget(definition, table, opening);
  const { about, fields } = target;
  const zone = definition.timeZone ?? config.timeZone;
  const problems: Problem[] = about.advanced && (await isEmpty(table, signal)) ? [noSight] : [];
  problems.push(...(await rightProblems({ client, signal }, target)));
  if (about.timeZone !== undefined && about.timeZone !== zone) problems.push(otherZone(about.timeZone, zone));
  const writes = { definition, table: target.scope.table, fields: undefined };
  if (!queryWorks) return { problems, writes };
  const both = { definition, target, origin: await openOrigin(definition, opening) };
  const { mapping, found } = await fitted(both, signal);
  problems.push(...found);
  if (isMismatch(mapping)) return { problems: [...problems, ...mapping], writes };
  problems.push(...mapping.notes.map(noted));
  await tryLinked(table, mapping.targets, signal);
  await tryPeople(people, mapping.targets, uncounted, signal);
  const written = mapping.targets.filter((_, at) => !mapping.key.includes(at)).map(({ name }) => name);
  const hasKey = keyNames(mapping).every((key) => fields.some(({ name }) => name === key));
  const sides = { ...both, mapping, notes: [] };
  const reading = await readingTold(sides, { store, now, timeZone: config.timeZone });
  return { problems, writes: { ...writes, fields: written }, mapping, reading, ...(hasKey ? { table } : {}) };
}

/** How the next run of a definition reads its table. */
export interface ReadingTold {
  readonly words: Text;
  readonly problems: readonly Problem[];
}

/** Says whether a run would read the table whole, and why; asks Feishu nothing more. */
async function readingTold(
  sides: Sides,
  { store, now, timeZone }: Pick<TableParts, 'store' | 'now'> & { readonly timeZone: string },
): Promise<ReadingTold> {
  const { scope } = sides.target;
  const [known, facts = nothingLearned] = await Promise.all([
    store.known.load(scope),
    store.facts.shortCut.of(scope),
  ]);
  const why = whyWhole(known, facts, { sides, now });
  if (why?.kind !== 'distrusted') return { words: howToRead(why), problems: [] };
  const at = new Date(why.since).toLocaleString('sv-SE', { timeZone });
  return { words: howToRead(why), problems: [distrusted(sides.definition.name, at)] };
}

function howToRead(why: WholeReason | undefined): Text {
  switch (why?.kind) {
    case undefined:
      return text(
        '走捷径：表格没有变就不重读',
        'by the short cut: a table that did not change is not read again',
      );
    case 'asked':
      return text('每次都整读（read: whole）', 'the whole table in every run (read: whole)');
    case 'distrusted':
      return text('每次都整读，捷径已停用', 'the whole table in every run, the short cut is switched off');
    case 'unknown':
      return text('下次整读：还没有记下过这个表格', 'the whole table next: nothing is known of it yet');
    case 'small':
      return text(
        `整读：不超过 ${count(why.records)} 条记录的表格，捷径并不更快`,
        `the whole table: up to ${count(why.records)} records the short cut is no faster`,
      );
    case 'unproven':
      return text(
        `下次整读：捷径还在验证，已有 ${why.agreed} / ${why.needed} 次整读与它一致`,
        `the whole table next: the short cut is on trial, ${why.agreed} of ${why.needed} whole reads agreed with it`,
      );
    case 'untold':
      return text(
        `下次整读：机器人的写入会使表格的变动计数走多远，已看到 ${why.seen} / ${why.needed} 次`,
        `the whole table next: how far the bot’s own writes move the table’s change counter was seen ${why.seen} of ${why.needed} times`,
      );
    case 'due':
      return text(
        '下次整读：离上次整读够久了',
        'the whole table next: the last whole read was long enough ago',
      );
    case 'changed':
      return text(
        '下次整读：上次同步之后表格变过；没有变时走捷径',
        'the whole table next, for it changed since the last run; else by the short cut',
      );
  }
}

const distrusted = (name: string, at: string): Problem => ({
  code: 'warn-short-cut',
  message: text(
    `从 ${at} 起每次都整读表格：那次读到的内容变了，飞书的变动计数却没有变`,
    `since ${at} every run reads the whole table: what it held had changed, and Feishu’s change counter had not`,
  ),
  cure: text(
    `同步照常，只是慢一些。想让捷径重新接受验证，运行 bitable-sync trust ${name}。`,
    `Runs are right all the same, only slower. bitable-sync trust ${name} puts the short cut on trial again.`,
  ),
});

/** Pairs both sides, and says what `create: fields` does, or would do, about fields that the table lacks. */
async function fitted(both: BothSides, signal: AbortSignal) {
  const { wanted, problems, mapping } = await pairSides(both, 'new', signal);
  if (wanted.length + problems.length === 0) return { mapping, found: [] };
  if (both.definition.create !== 'fields') {
    const found = wanted.length > 0 ? [couldCreate(wanted)] : [];
    return { mapping: (await pairSides(both, 'none', signal)).mapping, found };
  }
  const will = { code: 'warn-will-create', message: wouldCreate(wanted), cure: nothingToDo };
  return { mapping, found: wanted.length > 0 ? [...problems, will] : problems };
}

async function rightProblems(
  { client, signal }: Pick<TableParts, 'client' | 'signal'>,
  { table: { base, id: table }, fields, about: { advanced } }: OpenedTable,
): Promise<readonly Problem[]> {
  const field = (fields.find(({ kind }) => kind === 'text') ?? fields[0])?.name ?? '';
  const right = await mayWrite(client, { base, table, field, advanced }, { meter: uncounted, signal });
  switch (right.kind) {
    case 'yes':
      return [];
    case 'no':
      return [right.failure ? { ...noWrite, cure: right.failure.cure ?? noWrite.cure } : noWrite];
    case 'unsure':
      return [{ ...problemOf(right.failure), code: 'warn-write-not-checked' }];
  }
}

const nothingToDo = text(
  '什么都不用做；先看看可以运行 bitable-sync plan。',
  'There is nothing to do; bitable-sync plan shows the rest first.',
);

function couldCreate(fields: readonly NewField[]): Problem {
  const names = namesOf(fields);
  return {
    code: 'warn-could-create',
    message: text(
      `定义里写上 create: fields，同步就会新建：${names.zh}。`,
      `With create: fields in the definition a run would create ${names.en}.`,
    ),
    cure: text(
      '写上 create: fields，或自己新建这些字段。',
      'Say create: fields, or create these fields by hand.',
    ),
  };
}

async function isEmpty(table: Table, signal: AbortSignal): Promise<boolean> {
  for await (const page of table.records([], signal)) return page.total === 0;
  return true;
}

const noSight: Problem = {
  code: 'warn-no-sight',
  message: text(
    '表格读出来是空的，而这个多维表格开启了高级权限：应用可能看不到记录。',
    'The table reads as empty and its Base has advanced permissions on: the app may not see the records.',
  ),
  cure: text(
    '在多维表格的高级权限里，给应用一个可以查看和编辑全部记录的角色。',
    'In the Base’s advanced permissions, give the app a role that sees and edits all records.',
  ),
};

const otherZone = (theirs: string, ours: string): Problem => ({
  code: 'warn-time-zone',
  message: text(
    `多维表格的时区是 ${theirs}，同步按 ${ours} 理解日期。`,
    `The Base’s zone is ${theirs}, the sync reads dates as ${ours}.`,
  ),
  cure: text(
    '如果日期差了几个小时，请设置 TIME_ZONE 或定义里的 timeZone。',
    'If dates are off by hours, set TIME_ZONE, or timeZone in the definition.',
  ),
});

const noWrite: Problem = {
  code: 'no-write-right',
  where: 'target',
  message: text('应用只能看这个多维表格，不能写入', 'the app may read this Base but not write to it'),
  cure: meanings.grant.cure,
};

const noted = (message: Text): Problem => ({
  code: 'warn-mapping',
  message,
  cure: text(
    '同步照常进行；如果不是本意，请改定义。',
    'A run continues all the same; change the definition if that is not what you want.',
  ),
});
