import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { setImmediate as letOthersWork } from 'node:timers/promises';
import type { Clock, Query, Rows, Source } from '../../run/ports.ts';
import type { Column, ColumnDetail, Value } from '../../sync/fields/column.ts';
import { type Leash, openLeash } from '../leash.ts';
import { judged, refuse, refuseDoubled, stopped, tooLong } from '../problems.ts';
import { unpacked } from './pack.ts';
import { type AskedFile, ReadFailure, sqliteProblem } from './problems.ts';
import { type Reader, startReader } from './process.ts';
import { declaredDetail } from './types.ts';
import type { Bounds, Reply, Request } from './wire.ts';

/** How long a writer may keep us waiting at most (ms). */
const longestWait = 5_000;
/** How long a process that told the columns is kept for the next query (ms). */
const spareFor = 5_000;
/** Far more than a table of Feishu's can take. */
const most: Bounds = { memory: 512 * 1024 ** 2, files: 2 * 1024 ** 3 };
/** How many groups of rows are asked for before the first of them is there. */
const ahead = 3;

/** A query that a process of its own has prepared. */
interface Opened {
  readonly columns: readonly ColumnDetail[];
  readonly reader: Reader;
  readonly leash: Leash;
}

/**
 * Reads from an SQLite file, which it cannot change.
 *
 * Each query runs in a process of its own (its columns may have been told there before), which is killed at the time limit, when the caller gives up, and when it
 * uses up more than it may: SQLite works in one piece, in a thread that nothing else could stop. There the answer is
 * first collected in a temporary table, which lets go of the file early.
 * @param where the setting's name, for problems
 */
export function sqliteSource(
  path: string,
  {
    where,
    clock,
    bounds = most,
  }: { readonly where: string; readonly clock: Clock; readonly bounds?: Bounds },
): Source {
  const askedOf = ({ at, sql }: Query): AskedFile => ({ where, path, at, sql, bounds });
  const stopping = new AbortController();
  let spare: Reader | undefined;

  /** A run asks for the columns and then for the rows: the process that told the one is kept for the other, for a moment. */
  function keep({ leash, reader }: Opened): void {
    leash.letGo();
    if (spare || stopping.signal.aborted) {
      reader.kill();
      return;
    }
    spare = reader;
    const drop = (): void => {
      if (spare === reader) take()?.kill();
    };
    void clock.sleep(spareFor, stopping.signal).then(drop, drop);
  }

  function take(): Reader | undefined {
    const taken = spare;
    spare = undefined;
    return taken?.lives() ? taken : undefined;
  }

  async function open(query: Query, signal: AbortSignal, run: boolean): Promise<Opened> {
    const { at } = query;
    refuse(query.sql, at, 'sqlite');
    const leash = openLeash([signal, stopping.signal], clock);
    let reader: Reader | undefined;
    try {
      leash.check();
      await leash.race(existing(path));
      reader = take() ?? startReader(bounds);
      await leash.race(reader.ready);
      const unlimit = leash.limit(query.timeout, () => tooLong(query.timeout, at));
      const patience = Math.ceil(Math.min(longestWait, query.timeout / 2));
      const task = { path: resolve(path), sql: query.sql, patience };
      const { columns } = await leash.race(answerTo(reader, task, 'columns'));
      const names = columns.map((column) => column.name);
      refuseDoubled(names, at);
      if (run) await leash.race(answerTo(reader, 'collect', 'collected'));
      unlimit();
      return { columns: columns.map(({ name, type }) => declaredDetail(name, type)), reader, leash };
    } catch (error) {
      const problem = leash.signal.aborted ? leash.reason() : sqliteProblem(error, askedOf(query));
      close({ leash, reader });
      throw problem;
    }
  }

  async function describe(query: Query, signal: AbortSignal): Promise<readonly ColumnDetail[]> {
    const opened = await open(query, signal, false);
    keep(opened);
    return opened.columns;
  }

  const columns = async (query: Query, signal: AbortSignal): Promise<readonly Column[]> =>
    (await describe(query, signal)).map(bare);

  async function rows(query: Query, signal: AbortSignal): Promise<Rows> {
    const opened = await open(query, signal, true);
    return { columns: opened.columns.map(bare), batches: groups(opened, askedOf(query)) };
  }

  return {
    columns,
    describe,
    rows,
    async check(query, signal) {
      const refused = judged(query.sql, query.at, 'sqlite');
      if (refused.length > 0) return refused;
      try {
        await columns(query, signal);
        return [];
      } catch (error) {
        if (signal.aborted) throw error;
        return sqliteProblem(error, askedOf(query)).problems;
      }
    },
    async stop() {
      stopping.abort(stopped(where));
    },
  };
}

/** SQLite has one word for everything that cannot be opened; the system tells more. */
async function existing(path: string): Promise<void> {
  if (!(await stat(path)).isFile()) throw Object.assign(new Error('EISDIR'), { code: 'EISDIR' });
}

function close({ leash, reader }: { readonly leash: Leash; readonly reader: Reader | undefined }): void {
  leash.letGo();
  reader?.kill();
}

/** Asks for something and takes only an answer of that kind. @throws ReadFailure */
async function answerTo<K extends Reply['kind']>(
  reader: Reader,
  request: Request,
  kind: K,
): Promise<Extract<Reply, { kind: K }>> {
  const reply = await reader.ask(request);
  if (isOf(reply, kind)) return reply;
  throw new ReadFailure(reply);
}

const isOf = <K extends Reply['kind']>(reply: Reply, kind: K): reply is Extract<Reply, { kind: K }> =>
  reply.kind === kind;

const bare = ({ name, type }: ColumnDetail): Column => ({ name, type });

type Group = readonly (readonly Value[])[];

/** Hands the collected rows over group by group. */
function groups(opened: Opened, asked: AskedFile): AsyncIterable<Group> {
  const { columns, leash, reader } = opened;
  const coming: Promise<Reply>[] = [];
  let ended = false;
  const end = async (): Promise<IteratorResult<Group, undefined>> => {
    if (!ended) close(opened);
    ended = true;
    return { done: true, value: undefined };
  };
  async function more(): Promise<Group> {
    while (coming.length < ahead) {
      const asking = reader.ask('more');
      // Whoever leaves early never looks at what was asked for.
      asking.catch(() => undefined);
      coming.push(asking);
    }
    const reply = await leash.race(coming.shift() ?? reader.ask('more'));
    if (reply.kind === 'packed') return unpacked(reply.packed, columns.length);
    if (reply.kind === 'rows') return reply.rows;
    throw new ReadFailure(reply);
  }
  async function next(): Promise<IteratorResult<Group, undefined>> {
    if (ended) return end();
    await letOthersWork();
    try {
      const rows = await more();
      return rows.length === 0 ? await end() : { done: false, value: rows };
    } catch (error) {
      const problem = leash.signal.aborted ? leash.reason() : sqliteProblem(error, asked);
      await end();
      throw problem;
    }
  }
  return { [Symbol.asyncIterator]: () => ({ next, return: end }) };
}
