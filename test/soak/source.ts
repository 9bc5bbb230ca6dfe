import { join } from 'node:path';
import { DatabaseSync } from '@photostructure/sqlite';
import { createDatabase } from '../support/mysql-server.ts';
import type { Chance } from './chance.ts';
import { names, type Scenario } from './scenario.ts';

/** A row of the source, as the database holds it. */
export interface SourceRow {
  readonly pk: number;
  readonly id: string | null;
  readonly name: string | null;
  /** Digits, as the database shows them. */
  readonly amount: string | null;
  /** Milliseconds since the epoch. */
  readonly at: number | null;
  readonly status: string | null;
  readonly tags: string | null;
  readonly active: number | null;
}

/** The real database that is synced from, and what is in it. */
export interface Source {
  /** For `CONNECTION_SHOP`. */
  readonly url: string;
  /** What the table holds after each change, oldest first. */
  readonly versions: readonly (readonly SourceRow[])[];
  /** Replaces what the table holds. */
  write(rows: readonly SourceRow[]): Promise<void>;
  close(): Promise<void>;
}

/** The query of the definition. */
export const query =
  'select id as "编号", name as "名称", amount as "金额", at as "时间", status as "状态", tags as "标签", active as "启用" from things';

/** Opens an empty source: a file in the folder, or a schema on the server. */
export async function openSource(folder: string, mysqlUrl: string | undefined): Promise<Source> {
  const versions: (readonly SourceRow[])[] = [[]];
  const { url, exec, close } = mysqlUrl === undefined ? sqlite(folder) : await mysql(mysqlUrl);
  await exec([
    'create table things (pk int primary key, id varchar(60), name varchar(200), amount decimal(30,2), at bigint, status varchar(40), tags varchar(200), active int)',
  ]);
  return {
    url,
    versions,
    write: async (rows) => {
      const values = rows.map((row) => `(${Object.values(row).map(literal).join(', ')})`);
      await exec([
        'delete from things',
        ...(rows.length > 0 ? [`insert into things values ${values.join(', ')}`] : []),
      ]);
      versions.push(rows);
    },
    close,
  };
}

const literal = (value: string | number | null): string =>
  value === null ? 'null' : typeof value === 'number' ? String(value) : `'${value.replaceAll("'", "''")}'`;

function sqlite(folder: string) {
  const file = new DatabaseSync(join(folder, 'source.db'));
  return {
    url: 'sqlite:./source.db',
    exec: async (lines: readonly string[]) => {
      for (const line of lines) file.exec(line);
    },
    close: async () => {
      file.close();
    },
  };
}

async function mysql(server: string) {
  const database = await createDatabase(server);
  return {
    url: database.url,
    exec: async (lines: readonly string[]) => {
      for (const line of lines) await database.query(line);
    },
    close: () => database.drop(),
  };
}

/** A key that rows and people use; some of a pool that both draw from. */
export const someKey = (luck: Chance, { numericKey, rows }: Scenario): string => {
  const number = luck.int(1, Math.max(10, Math.round(rows * 1.6)));
  return numericKey ? String(1000 + number) : `${luck.yes(0.1) ? 'k' : 'K'}-${number}`;
};

/** Rows to begin with. */
export function firstRows(luck: Chance, scenario: Scenario): SourceRow[] {
  return Array.from({ length: scenario.rows }, (_, at) => {
    const id = scenario.numericKey ? String(1001 + at) : `K-${at + 1}`;
    return someRow(luck, scenario, at, luck.yes(0.03) ? oddKey(luck, scenario) : id);
  });
}

const oddKey = (luck: Chance, scenario: Scenario): string | null => {
  if (!scenario.keyless || luck.yes(0.4)) return someKey(luck, scenario);
  return luck.yes(0.3) && !scenario.numericKey ? ' ' : null;
};

function someRow(luck: Chance, { numericKey }: Scenario, pk: number, id: string | null): SourceRow {
  const or = <T>(value: T): T | null => (luck.yes(0.1) ? null : value);
  return {
    pk,
    id: numericKey && id?.trim() === '' ? null : id,
    name: or(luck.some(names) ?? ''),
    // More digits than a number field holds: such a row can never be sent.
    amount: luck.yes(0.02)
      ? '123456789012345678'
      : or((luck.int(0, 50_000) / 4).toFixed(luck.yes(0.5) ? 2 : 0)),
    at: or(1_700_000_000_000 + luck.int(0, 1_000_000) * 60_000),
    status: or(luck.pick(['新建', '已付', '完成', `S${luck.int(1, 4)}`])),
    tags: or([...new Set([luck.pick(['甲', '乙']), luck.pick(['丙', '丁', '戊'])])].join(',')),
    active: luck.int(0, 1),
  };
}

/** The rows after somebody worked in the shop. */
export function nextRows(luck: Chance, scenario: Scenario, before: readonly SourceRow[]): SourceRow[] {
  const how = luck.next();
  if (how < 0.04) return [];
  let rows = before.map((row) => {
    if (!luck.yes(0.15)) return row;
    const { id } = row;
    return someRow(luck, scenario, row.pk, luck.yes(0.05) ? oddKey(luck, scenario) : id);
  });
  const gone = how < 0.2 ? 0.5 : 0.08;
  rows = rows.filter(() => !luck.yes(gone));
  let pk = Math.max(0, ...before.map((row) => row.pk + 1));
  for (let n = luck.int(0, 12); n > 0; n--) rows.push(someRow(luck, scenario, pk++, someKey(luck, scenario)));
  return rows;
}
