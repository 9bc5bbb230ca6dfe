import { afterEach, describe, expect, it } from 'vitest';
import { table } from '../../src/feishu/table/table.ts';
import type { RecordPage, Table } from '../../src/run/ports.ts';
import { problemOf } from '../../src/sync/words/failure.ts';
import {
  failureFrom,
  forever,
  newClient,
  newMeter,
  quickClock,
  type Script,
  type Scripted,
  startServer,
} from './parts.ts';

const closers: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  while (closers.length > 0) await closers.pop()?.();
});

async function tableOf(script: Script) {
  const server = await startServer(script);
  const clock = quickClock();
  const client = newClient(server.url, { clock });
  closers.push(server.stop, client.stop);
  return { server, clock, table: table(client, 'app', { table: 'tbl1' }, newMeter()) };
}

const record = (id: string) => ({ record_id: id, fields: {} });
const page = (ids: readonly string[], next: string | undefined, more: Record<string, unknown> = {}) => ({
  body: {
    code: 0,
    data: { items: ids.map(record), has_more: next !== undefined, page_token: next, ...more },
  },
});

type Page = ReturnType<typeof page>;
/** As the books have them: some are no pages. */
interface Paged {
  readonly body?: { readonly data?: { readonly items?: readonly { readonly record_id: string }[] | null } };
}

/** Answers the pages by the token that was asked for, with the right total where a page says none. */
const pages = (book: Readonly<Record<string, unknown>>): Script => {
  const items = Object.values(book).flatMap((one) => (one as Paged).body?.data?.items ?? []);
  const total = new Set(items.map(({ record_id }) => record_id)).size;
  return ({ path, query }) => {
    if (path.endsWith('/internal')) return undefined;
    const one = book[query.get('page_token') ?? ''] as Paged;
    return one.body?.data ? { body: { code: 0, data: { total, ...one.body.data } } } : (one as Scripted);
  };
};

async function readAll(records: AsyncIterable<RecordPage>): Promise<string[]> {
  let ids: string[] = [];
  for await (const one of records) {
    if (one.restarted) ids = [];
    ids.push(...one.records.map(({ id }) => id));
  }
  return ids;
}

/** Books that say that there are five records, and do not list them. */
const short: readonly (readonly [string, Readonly<Record<string, Page>>])[] = [
  ['ends early', { '': page(['r1', 'r2'], 'p2'), p2: page(['r3'], undefined, { total: 5 }) }],
  ['is empty', { '': page([], undefined, { total: 5 }) }],
  [
    'has an empty page in its middle',
    { '': page(['r1', 'r2'], 'a'), a: page([], 'b'), b: page(['r5'], undefined, { total: 5 }) },
  ],
  [
    'hands a page out twice',
    {
      '': page(['r1', 'r2'], 'a'),
      a: page(['r3'], 'b'),
      b: page(['r1', 'r2'], undefined, { total: 5 }),
    },
  ],
  [
    'repeats records of a page, and leaves others out',
    { '': page(['r1', 'r2'], 'a'), a: page(['r3', 'r3', 'r2'], undefined, { total: 5 }) },
  ],
  [
    'is longer than it says',
    { '': page(['r1', 'r2', 'r3'], 'a'), a: page(['r4', 'r5', 'r6'], undefined, { total: 5 }) },
  ],
];

type Reading = (table: Table) => Promise<unknown>;
const idsOf = (records: Iterable<{ readonly id: string }>) => [...records].map(({ id }) => id).sort();
const readings: readonly (readonly [string, Reading])[] = [
  ['a whole table', async (one) => readAll(one.records([], forever))],
  ['a linked table', async (one) => readAll(one.linked('tbl2').records([], forever))],
  ['a view', async (one) => [...(await one.inView([], forever))]],
  ['a filter', async (one) => idsOf(await one.matching('k', ['1'], [], forever))],
];

describe.each(readings)('a list that does not hold what it says is no list: %s', (_, read) => {
  it.each(short)('that %s is read three times, and then fails in words', async (_, book) => {
    const one = await tableOf(pages(book));
    const failure = await failureFrom(read(one.table));
    expect(failure).toMatchObject({ code: null, mayHaveHappened: false });
    expect(problemOf(failure)).toMatchObject({
      code: 'records-overlooked',
      message: { en: expect.stringContaining('Feishu counts 5 records') },
    });
    expect(one.server.business()).toHaveLength(3 * Object.keys(book).length);
    expect(one.clock.slept).toEqual([1000, 2000]);
  });

  it.each([
    ['repeats the page before', page(['r1', 'r2'], undefined)],
    ['says nothing', { body: { code: 0, data: undefined } }],
    ['does not say whether there are more', page(['r3'], undefined, { has_more: undefined })],
  ])('is read again when a page %s', async (_, odd) => {
    let asked = 0;
    const { table: one, clock } = await tableOf((seen) => {
      if (seen.path.endsWith('/search') && !seen.query.has('page_token')) asked += 1;
      const second = asked < 3 ? odd : page(['r3'], undefined, { total: 3 });
      return pages({ '': page(['r1', 'r2'], 'p2'), p2: second })(seen, undefined as never);
    });
    expect(await read(one)).toEqual(['r1', 'r2', 'r3']);
    expect(clock.slept).toEqual([1000, 2000]);
  });

  it('is whole as soon as it agrees', async () => {
    let asked = 0;
    const { table: one, clock } = await tableOf((seen) => {
      if (seen.path.endsWith('/search') && !seen.query.has('page_token')) asked += 1;
      const second = page(asked < 3 ? ['r3'] : ['r3', 'r4'], undefined, { total: 4 });
      return pages({ '': page(['r1', 'r2'], 'p2'), p2: second })(seen, undefined as never);
    });
    expect(await read(one)).toEqual(['r1', 'r2', 'r3', 'r4']);
    expect(clock.slept).toEqual([1000, 2000]);
  });
});

describe.each([
  ['fields', 'field_id', 'field_name', (one: Table) => one.fields(forever)],
  ['tables', 'table_id', 'name', (one: Table) => one.revision(forever)],
] as const)('the list of %s', (noun, id, name, read) => {
  const item = (at: number) => ({
    [id]: `tbl${at}`,
    [name]: `n${at}`,
    type: 1,
    ui_type: 'Text',
    revision: 7,
  });
  const answers = (...totals: readonly unknown[]): Script => {
    let asked = 0;
    return ({ path }) => {
      if (path.endsWith('/internal')) return undefined;
      asked += 1;
      const total = totals[Math.min(asked, totals.length) - 1];
      return { body: { code: 0, data: { items: [item(1), item(2)], has_more: false, total } } };
    };
  };

  it('that is short of its total is read three times, and then fails in words', async () => {
    const { table: one, server, clock } = await tableOf(answers(3));
    const failure = await failureFrom(read(one));
    expect(problemOf(failure)).toMatchObject({
      code: `${noun}-overlooked`,
      message: { en: expect.stringContaining(`Feishu counts 3 ${noun}`) },
    });
    expect([server.business().length, clock.slept]).toEqual([3, [1000, 2000]]);
  });

  it('is whole once they agree, and without a total as it is', async () => {
    for (const totals of [[2], [3, 1, 2], [undefined], [null]]) {
      const { table: one, server } = await tableOf(answers(...totals));
      await read(one);
      expect(server.business()).toHaveLength(totals.length);
    }
  });
});

it('a view is read as far as it is asked for', async () => {
  const book = { '': page(['r1', 'r2'], 'p2'), p2: page(['r3'], undefined) };
  const { table } = await tableOf(pages(book));
  expect([...(await table.inView([], forever, 1))]).toEqual(['r1', 'r2']);
  expect([...(await table.inView([], forever))]).toEqual(['r1', 'r2', 'r3']);
});

it('hands each record out once, though pages overlap', async () => {
  const book = { '': page(['r1', 'r2'], 'a'), a: page(['r2', 'r3', 'r3'], undefined) };
  const { table: own } = await tableOf(pages(book));
  expect(await readAll(own.records([], forever))).toEqual(['r1', 'r2', 'r3']);
});

describe('a read fails, instead of ending early or never,', () => {
  it.each([
    [
      'when a page has no token though there are more',
      { '': page(['r1'], undefined, { has_more: true }) },
      'no page token',
    ],
    [
      'when a page token comes back',
      { '': page(['r1'], 'p2'), p2: page(['r2'], 'p2') },
      'repeats a page token',
    ],
    [
      'when tokens go in a circle',
      { '': page(['r1'], 'a'), a: page(['r2'], 'b'), b: page(['r3'], 'a') },
      'repeats',
    ],
    [
      'when the same page comes again',
      { '': page(['r1'], 'p2'), p2: page(['r1'], 'p3') },
      'repeats the page before',
    ],
    ['when there is no data', { '': { body: { code: 0, msg: 'success' } } }, 'no data'],
    [
      'when has_more is missing',
      { '': page(['r1'], undefined, { has_more: undefined }) },
      'whether there are more',
    ],
    [
      'when items are missing',
      { '': page(['r1'], 'p2'), p2: page([], undefined, { items: undefined }) },
      'no items',
    ],
    [
      'when items are missing but counted',
      { '': page([], undefined, { items: null, total: 5 }) },
      'no items',
    ],
    ['when the total is no number', { '': page(['r1'], undefined, { total: '9' }) }, 'how many'],
    ['when a record has no ID', { '': page([''], undefined) }, 'without ID'],
    [
      'when a record has no fields',
      { '': page([], undefined, { items: [{ record_id: 'r1' }] }) },
      'without ID or fields',
    ],
    [
      'when pages are empty for ever',
      { '': page([], 'a'), a: page([], 'b'), b: page([], 'c'), c: page([], 'd') },
      'empty pages',
    ],
  ])('%s', async (_, book, message) => {
    const { table: one } = await tableOf(pages(book));
    const failure = await failureFrom(readAll(one.records([], forever)));
    expect(failure).toMatchObject({ how: 'threw', code: null, mayHaveHappened: false });
    expect(failure.message).toContain(message);
  });

  it('when a web page comes instead of the second page, however often', async () => {
    const html = { status: 200, body: '<html>maintenance</html>', headers: { 'content-type': 'text/html' } };
    const { table: one } = await tableOf(pages({ '': page(['r1'], 'p2'), p2: html }));
    expect((await failureFrom(readAll(one.records([], forever)))).message).toContain('a web page');
  });

  it('when the page cannot be made small enough', async () => {
    const sizes: string[] = [];
    const { table: one } = await tableOf(({ path, query }) => {
      if (path.endsWith('/internal')) return undefined;
      sizes.push(query.get('page_size') ?? '');
      return { body: { code: 1254030, msg: 'TooLargeResponse' } };
    });
    expect(await failureFrom(readAll(one.records([], forever)))).toMatchObject({ code: 1254030 });
    expect(sizes).toEqual(['500', '250', '125', '62', '31', '15', '7', '3', '1']);
  });
});

describe('a read goes on', () => {
  it('when a last page carries a token all the same', async () => {
    const { server, table: one } = await tableOf(
      pages({ '': page(['r1'], 'p2'), p2: page(['r2'], 'p3', { has_more: false }) }),
    );
    expect(await readAll(one.records([], forever))).toEqual(['r1', 'r2']);
    expect(server.business()).toHaveLength(2);
  });

  it('over a page that became empty while people deleted', async () => {
    const { table: one } = await tableOf(
      pages({ '': page(['r1'], 'a'), a: page([], 'b'), b: page(['r2'], undefined) }),
    );
    expect(await readAll(one.records([], forever))).toEqual(['r1', 'r2']);
  });

  it('when an empty table has no list of items', async () => {
    const { table: one } = await tableOf(pages({ '': page([], undefined, { items: null, total: 0 }) }));
    expect(await readAll(one.records([], forever))).toEqual([]);
  });

  it('with unknown members beside those it knows', async () => {
    const { table: one } = await tableOf(
      pages({ '': { body: { ...page(['r1'], undefined).body, error: {}, new: 1 } } }),
    );
    expect(await readAll(one.records([], forever))).toEqual(['r1']);
  });

  it('with page size and token in the query and nothing of them in the body', async () => {
    const { server, table: one } = await tableOf(
      pages({ '': page(['r1'], 'p2'), p2: page(['r2'], undefined) }),
    );
    await readAll(one.records(['名'], forever));
    expect(server.business().map(({ query, body }) => [query.toString(), body])).toEqual([
      ['page_size=500', '{"field_names":["名"]}'],
      ['page_size=500&page_token=p2', '{"field_names":["名"]}'],
    ]);
  });
});

it('gives the page up that was asked for ahead when the caller walks away', async () => {
  let gone: () => void = () => undefined;
  const closed = new Promise<void>((resolve) => {
    gone = resolve;
  });
  let asked: () => void = () => undefined;
  const second = new Promise<void>((resolve) => {
    asked = resolve;
  });
  const { table: one } = await tableOf(({ path, query }, response) => {
    if (path.endsWith('/internal')) return undefined;
    if (!query.has('page_token')) return page(['r1'], 'p2', { total: 9 });
    response.on('close', gone);
    asked();
    return 'silence';
  });
  for await (const _ of one.records([], forever)) {
    await second;
    break;
  }
  await closed;
});

describe('a write that Feishu calls a success is none', () => {
  const answering = (records: unknown) =>
    tableOf(({ path }) =>
      path.endsWith('/internal') ? undefined : { body: { code: 0, data: { records } } },
    );

  it('when fewer records come back than were sent', async () => {
    const { table: one } = await answering([record('r1')]);
    const failure = await failureFrom(one.create([{ a: 1 }, { a: 2 }])('token', forever));
    expect(failure).toMatchObject({ mayHaveHappened: true, verdict: 'round' });
    expect(failure.message).toBe('2 records were sent, 1 came back');
  });

  it('when records come back without ID', async () => {
    const { table: one } = await answering([{ fields: {} }]);
    expect(await failureFrom(one.update([{ id: 'r1', fields: { a: 1 } }])(forever))).toMatchObject({
      mayHaveHappened: true,
    });
  });

  it('when a record was not deleted', async () => {
    const { table: one } = await answering([{ record_id: 'r1', deleted: false }]);
    expect(await failureFrom(one.delete(['r1'], forever))).toMatchObject({ mayHaveHappened: true });
  });

  it('when nothing comes back at all', async () => {
    const { table: one } = await answering(undefined);
    expect(await failureFrom(one.create([{ a: 1 }])('token', forever))).toMatchObject({
      mayHaveHappened: true,
    });
  });
});

it('splits look-ups by value to 50 conditions and 2,000 characters', async () => {
  const filters: { conditions: { value: string[] }[] }[] = [];
  const { table: one } = await tableOf(({ path, body }) => {
    if (path.endsWith('/internal')) return undefined;
    filters.push((JSON.parse(body) as { filter: (typeof filters)[number] }).filter);
    return page([], undefined, { total: 0 });
  });
  const short = Array.from({ length: 120 }, (_, at) => `${at}`);
  const long = Array.from({ length: 12 }, (_, at) => `${at}`.padEnd(600, 'x'));
  await one.matching('k', [...short, ...short, ...long], [], forever);
  expect(filters.flatMap(({ conditions }) => conditions.map(({ value }) => value[0]))).toEqual([
    ...short,
    ...long,
  ]);
  for (const filter of filters) {
    expect(filter.conditions.length).toBeLessThanOrEqual(50);
    expect(JSON.stringify(filter).length).toBeLessThanOrEqual(2000);
  }
});
