import type { Change } from '../sync/change.ts';
import type { Checked, Finding, Verified } from '../sync/checked.ts';
import type { Definition } from '../sync/definition.ts';
import { diff } from '../sync/diff.ts';
import type { Key } from '../sync/key.ts';
import { isMismatch, keyIn, mapColumns } from '../sync/mapping.ts';
import { ProblemError } from '../sync/problem.ts';
import type { BadRow } from '../sync/state.ts';
import { type Text, text } from '../sync/text.ts';
import { zoneOf } from '../sync/zone.ts';
import { idsOf, invalidRow, untouchable } from './bad-keys.ts';
import { listedKey } from './bad-rows.ts';
import { resolving } from './compare.ts';
import type { Place } from './job.ts';
import type { CallMeter, OpenTable, People, Scope, Sources, Store } from './ports.ts';
import { queryOf } from './query.ts';
import { type BothRead, readSides } from './read-sides.ts';
import type { SourceRow } from './read-source.ts';
import { openSpool, type Spool } from './spool.ts';
import { openFound } from './target.ts';
import { allOf } from './together.ts';

/** What verifying works with. */
export interface VerifyParts {
  readonly sources: Sources;
  readonly people: People;
  readonly store: Pick<Store, 'facts' | 'ledger' | 'leases'>;
  readonly openTable: OpenTable;
  readonly place: Place;
}

/**
 * Reads both sides and compares them key by key, as a run does. Writes nothing and takes no lease.
 * @param onKeys gets every key, some at a time, in the query's order, then what only the table has
 */
export type Verify = (
  definition: Definition,
  onKeys: (keys: readonly Checked[]) => Promise<void>,
  meter: CallMeter,
  signal: AbortSignal,
) => Promise<Verified>;

/** Keys that are handed on at once. */
const batch = 500;
const samplesKept = 5;

/** Makes the verification of one program. Rejects with `ProblemError` or `CallError`. */
export function verifier(parts: VerifyParts): Verify {
  const { store, place } = parts;
  const { folder } = place;
  return async (saved, onKeys, meter, signal) => {
    const { definition, table } = await openFound(saved, store.facts, (address) =>
      parts.openTable(address, meter, signal),
    );
    const scope: Scope = { definition: definition.name, table: `${table.base}/${table.id}` };
    const source = parts.sources(definition.source.connection);
    const query = queryOf(definition, parts.place.timeZone);
    const zone = zoneOf(query.timeZone);
    const [about, fields, revision, columns] = await allOf([
      table.about(signal),
      table.fields(signal),
      table.revision(signal),
      source.columns(query, signal),
    ]);
    const known = (await store.facts.fields.of(scope)) ?? [];
    const mapping = mapColumns(definition, columns, fields, zone, known);
    if (isMismatch(mapping)) throw new ProblemError(mapping);
    const spool = openSpool<SourceRow>({ folder });
    const bad = openSpool<BadRow>({ folder, memory: 4 * 1024 * 1024 });
    try {
      const both = await readSides({
        ...{ source, query, columns, table, about, revision, mapping, zone, meter, spool, bad, signal },
        people: parts.people,
        onRead: () => undefined,
        timed: (_, work) => work(),
      });
      const keyNames = mapping.key.map((at) => mapping.targets[at]?.name ?? '');
      const within = definition.view === 'limit' ? await table.inView(keyNames, signal) : undefined;
      const report = reporter(onKeys);
      const sides = { definition, mapping, spool, bad, scope, within, ...both };
      for await (const key of checked(sides, store.ledger)) {
        signal.throwIfAborted();
        await report.take(key);
      }
      const running = await store.leases.holder(scope.table);
      const notes = doubts({ running: running?.run, moved: both.records.moved, advanced: about.advanced });
      return {
        ...{ rows: both.rows.rows, records: both.records.index.size },
        ...(await report.end()),
        notes: [...mapping.notes, ...notes],
      };
    } finally {
      await spool.close();
      await bad.close();
    }
  };
}

type Sides = BothRead & {
  readonly definition: Definition;
  readonly mapping: Exclude<ReturnType<typeof mapColumns>, readonly unknown[]>;
  readonly spool: Spool<SourceRow>;
  readonly bad: Spool<BadRow>;
  readonly scope: Scope;
  readonly within: ReadonlySet<string> | undefined;
};

/** Every key of both sides once; a key that stands several times in the query once for each of its rows. */
async function* checked(sides: Sides, ledger: Store['ledger']): AsyncGenerator<Checked> {
  const { definition, mapping, rows, records, within } = sides;
  const { mode } = definition;
  const judge = diff(mapping, records.index, rows.times, 'mirror');
  const ready = sides.resolver && resolving(mapping, sides.resolver);
  const place = { mapping, table: records, source: rows };
  for await (const some of sides.bad.groups()) for (const row of some) yield wrong(row, 'invalid');
  for await (const some of sides.spool.groups())
    for (const { row, cells: words } of some) {
      const cells = ready ? ready(words) : words;
      if ('bad' in cells) {
        yield wrong({ kind: 'rejected', row, ...cells.bad }, 'invalid');
        continue;
      }
      const found = judge.row(cells);
      if (found.kind === 'invalid')
        yield wrong(invalidRow(row, found, place), found.why === 'empty' ? 'invalid' : 'doubled');
      else if (found.kind === 'create') yield one('missing', mapping, found, row, mode === 'update');
      else if (found.kind === 'update')
        yield one('different', mapping, found, row, mode === 'append' || within?.has(found.record) === false);
      else yield one('equal', mapping, { key: keyIn(mapping, cells) }, row, false);
    }
  let group: Change[] = [];
  async function* extras(): AsyncGenerator<Checked> {
    const ids = group.flatMap((change) => ('record' in change ? [change.record] : []));
    const ours = definition.deletes === 'ours' ? await ledger.known(sides.scope, ids) : undefined;
    for (const change of group) {
      const record = 'record' in change ? change.record : '';
      const outside = within?.has(record) === false || ours?.has(record) === false;
      yield one('extra', mapping, change, null, mode !== 'mirror' || outside);
    }
    group = [];
  }
  for (const change of judge.leftOver()) {
    group.push(change);
    if (group.length === batch) yield* extras();
  }
  yield* extras();
  for (const row of untouchable(place)) yield wrong(row, row.key === '' ? 'invalid' : 'doubled');
}

const wrong = ({ key, row, reason, value, kind }: BadRow, finding: Finding): Checked => ({
  ...{ finding, key, row, fields: [], reason, leftAlone: false },
  records: kind === 'rejected' ? '' : (value ?? ''),
});

function one(
  finding: Finding,
  mapping: Sides['mapping'],
  change: Change | { readonly key: Key },
  row: number | null,
  leftAlone: boolean,
): Checked {
  const fields =
    'differences' in change ? change.differences.map(([at]) => mapping.targets[at]?.name ?? '') : [];
  const records = 'record' in change ? idsOf([change.record]) : '';
  return { finding, key: listedKey(mapping, change.key), row, fields, records, leftAlone };
}

/** Counts keys and hands them on in groups. */
function reporter(onKeys: (keys: readonly Checked[]) => Promise<void>) {
  const counts = { equal: 0, missing: 0, extra: 0, different: 0, doubled: 0, invalid: 0 };
  const samples: Partial<Record<Finding, string[]>> = {};
  let leftAlone = 0;
  let group: Checked[] = [];
  return {
    async take(key: Checked): Promise<void> {
      if (key.leftAlone) leftAlone++;
      else {
        counts[key.finding]++;
        const some = samples[key.finding] ?? [];
        if (key.finding !== 'equal' && some.length < samplesKept)
          samples[key.finding] = [...some, shortKey(key)];
      }
      group.push(key);
      if (group.length < batch) return;
      await onKeys(group);
      group = [];
    },
    async end() {
      if (group.length > 0) await onKeys(group);
      return { counts, samples, leftAlone };
    },
  };
}

const shortKey = ({ key, row }: Checked): string =>
  key === '' ? (row === null ? '—' : `#${row}`) : [...key.slice(0, 80)].slice(0, 40).join('');

const doubts = (seen: {
  readonly running: string | undefined;
  readonly moved: boolean;
  readonly advanced: boolean;
}): readonly Text[] => [
  ...(seen.running === undefined
    ? []
    : [
        text(
          `运行 ${seen.running} 正在写这个表格：等它结束再核对才准。`,
          `Run ${seen.running} is writing to this table: only when it has ended is the answer exact.`,
        ),
      ]),
  ...(seen.moved
    ? [
        text(
          '核对期间有人在改这个表格，个别差异可能只是那一刻的。',
          'Somebody changed the table meanwhile: some differences may be of that moment only.',
        ),
      ]
    : []),
  ...(seen.advanced
    ? [
        text(
          '这个多维表格开启了高级权限：看不到的记录会算作缺少。',
          'This Base has advanced permissions on: records that I may not see count as missing.',
        ),
      ]
    : []),
];
