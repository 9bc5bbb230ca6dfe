import { DatabaseSync, type StatementSyncInstance } from '@photostructure/sqlite';
import { collectedRows } from './sqlite-collected.ts';
import { limits, type Refusal, refusal } from './sqlite-rules.ts';
import { watch } from './sqlite-watch.ts';
import type { Bounds, Declared, Reply, Request, Rows, Task } from './sqlite-wire.ts';

const answer = 'bitable-sync answer';
const table = `temp."${answer}"`;

/** A query that was prepared. */
interface Reader {
  readonly columns: readonly Declared[];
  /** Runs the query into a table of our own, which lets go of the file early, and returns what reads from it. */
  collect(): () => Rows;
}

/** What the query would do that it may not. */
class Refused extends Error {
  readonly refusal: Refusal;

  constructor(refusal: Refusal) {
    super(refusal.name);
    this.refusal = refusal;
  }
}

function open({ path, sql, patience }: Task): Reader {
  const db = new DatabaseSync(path, {
    readOnly: true,
    defensive: true,
    returnArrays: true,
    readBigInts: true,
    timeout: patience,
    limits,
  });
  db.exec('pragma trusted_schema = off; pragma cell_size_check = on; pragma temp.journal_mode = off');
  const firsts = (statement: string): string[] =>
    (db.prepare(statement).all() as unknown[][]).map(([first]) => String(first));
  const [encoding = ''] = firsts('pragma encoding');
  // Ordinary tables are kept in these words, whatever they were made with; the rest is made up by modules.
  const virtual = new Set(
    firsts(`select lower(name) from sqlite_schema where type = 'table' and sql not like 'create table %'
      union all select lower(name) from pragma_module_list`),
  );

  function prepare(statement: string): StatementSyncInstance {
    let refused: Refusal | undefined;
    db.setAuthorizer((action, ...about) => {
      const found = refusal({ virtual, answer }, action, about);
      refused ??= found;
      return found ? 1 : 0;
    });
    try {
      return db.prepare(statement);
    } catch (error) {
      throw refused ? new Refused(refused) : error;
    }
  }

  const columns = prepare(sql)
    .columns()
    .map(({ name, type }) => ({ name, type }));
  return {
    columns,
    collect() {
      const names = columns.map((_, at) => `c${at}`);
      db.setAuthorizer(null);
      // Columns without a type keep each value as it is.
      db.exec(`create table ${table} (${names.join(', ')})`);
      prepare(`insert into ${table} ${sql}`).run();
      db.setAuthorizer(null);
      return collectedRows(db, { table, names, encoding });
    },
  };
}

/** Answers requests one after the other; see `sqlite-process.ts` for the other end. */
function serve(): void {
  let reader: Reader | undefined;
  let more = (): Rows => ({ kind: 'rows', rows: [] });
  const answerTo = (request: Request): Reply => {
    if (request === 'more') return more();
    if (request === 'collect') {
      more = reader?.collect() ?? more;
      return { kind: 'collected' };
    }
    reader = open(request);
    return { kind: 'columns', columns: reader.columns };
  };
  process.on('message', (request: Request) => {
    try {
      process.send?.(answerTo(request));
    } catch (error) {
      process.send?.(failure(error));
    }
  });
  process.on('disconnect', () => process.exit());
  // A signal to all processes of a terminal or a service is for the program, which says when this one ends.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => undefined);
  const [most = '{}'] = process.argv.slice(2);
  watch(JSON.parse(most) as Bounds, () => process.send?.({ kind: 'ready' } satisfies Reply));
}

function failure(error: unknown): Reply {
  if (error instanceof Refused) return { kind: 'refused', refusal: error.refusal };
  const message = error instanceof Error ? error.message : String(error);
  const code = error instanceof Error && 'errcode' in error ? Number(error.errcode) : 1;
  return { kind: 'failed', code, message };
}

serve();
