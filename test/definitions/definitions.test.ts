import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseFile } from '../../src/definitions/file.ts';
import { folderDefinitions } from '../../src/definitions/folder.ts';
import { ProblemError } from '../../src/sync/words/problem.ts';

const fixtures = fileURLToPath(new URL('../fixtures/definitions', import.meta.url));
const orders = readFileSync(join(fixtures, 'orders.yaml'), 'utf8');

/** A file with these lines beside the necessary ones, or in their place. */
const fileWith = (lines: Readonly<Record<string, string>>): string =>
  Object.entries({
    name: 'orders',
    source: '{ connection: shop, query: select 1 as no }',
    key: 'no',
    target: 'https://example.feishu.cn/base/APPTOKEN?table=tblXXXX',
    ...lines,
  })
    .map(([key, value]) => `${key}: ${value}\n`)
    .join('');

const rulesIn = (yaml: string): unknown => {
  const parsed = parseFile('orders.yaml', yaml);
  return 'definition' in parsed ? Object.entries(parsed.definition.fields) : parsed;
};

/** Where each problem stands and what it says. */
function problemsOf(yaml: string): string[] {
  const parsed = parseFile('orders.yaml', yaml);
  return 'problems' in parsed ? parsed.problems.map(({ where, message }) => `${where} ${message.en}`) : [];
}

describe('a definition file', () => {
  it('can hold every key', async () => {
    const definition = await folderDefinitions(fixtures).get('every-thing_1');
    expect(definition).toMatchObject({
      key: [
        { column: '店铺', field: '店铺' },
        { column: 'no', field: '订单号' },
      ],
      fields: {
        sex: { as: 'select', map: { 0: '女', 1: '男' }, default: '未知', options: 'reject' },
        paid: { to: '付款时间', as: 'date', unit: 's' },
        extra: { skip: true },
      },
      brake: { deletes: 0.05, updates: 0.75, creates: 0.4 },
      access: { run: ['everyone'] },
      schedule: [{ do: 'run', stale: '26h' }, { do: 'remind', unless: '4h' }, { do: 'digest' }],
      create: 'fields',
    });
  });

  it.each([
    [
      'a wrong number',
      orders.replace('rounds: 3', 'rounds: 30'),
      ['orders.yaml:20:9 rounds must be a whole number from 0 to 10'],
    ],
    ['an unknown key', orders.replace('rounds: 3', 'round: 3'), ['orders.yaml:20:1 round is unknown']],
    [
      'a wrong word in a rule',
      orders.replace('as: date', 'unit: days'),
      ['orders.yaml:17:17 fields.下单时间.unit must be one of s, ms'],
    ],
    [
      'a name that no object can hold',
      fileWith({ fields: '{ a: { map: { 1: x, __proto__: y } }, "__proto__": skip }' }),
      [
        'orders.yaml:5:29 `__proto__` cannot be used as a name',
        'orders.yaml:5:47 `__proto__` cannot be used as a name',
      ],
    ],
    [
      'an empty value in a map',
      fileWith({ fields: '{ a: { map: { ~: x } }, b: { map: { null: y, NA: z } } }' }),
      [
        'orders.yaml:5:23 a map cannot replace empty values (~ or null)',
        'orders.yaml:5:45 a map cannot replace empty values (~ or null)',
      ],
    ],
    [
      'a query that writes',
      orders.replace('where uo', 'into outfile'),
      ['orders.yaml:6:10 Query, line 6: the query has INTO, which writes a file or a variable.'],
    ],
    [
      'a time that never comes',
      `${orders}schedule: [{ do: run, cron: "0 9 31 2 *" }]\n`,
      ['orders.yaml:22:29 "0 9 31 2 *" never comes: its months have no such day'],
    ],
    [
      'a time that is none',
      `${orders}schedule: [{ do: run, cron: "0 25 31 2 *" }]\n`,
      ['orders.yaml:22:29 "0 25 31 2 *" is not a cron expression'],
    ],
    ...[
      'schedule:\n  - do: run\n    cron: */5 * * * *\n    chat: oc_1\n',
      'schedule:\n  - do: run\n    cron: * 9 * * *\n',
      'schedule:\n  - do: run\n    cron: @daily\n',
      'schedule:\n  - do: run\n    cron: ? 9 * * *\n',
      'schedule:\n  - {cron: 0 9 * * 1,3,5, do: run}\n',
      'schedule:\n  - {cron: 0 9,18 * * *, do: run}\n',
      'schedule: [{cron: */5 * * * *, do: run}]\n',
    ].map((schedule): [string, string, string[]] => {
      const [lines = [], column = 0] = [
        schedule.split('cron: ')[0]?.split('\n'),
        (schedule.split('\n').find((line) => line.includes('cron: ')) ?? '').indexOf('cron: ') + 7,
      ];
      const words = 'cron stands without quotes, and YAML reads it as something else';
      return [schedule, `${orders}${schedule}`, [`orders.yaml:${21 + lines.length}:${column} ${words}`]];
    }),
    ...[
      ['schedule: */5 * * * *\n', '22:11'],
      ['schedule:\n  - */5 8-20 * * 1-5\n', '23:5'],
      ['schedule:\n  - do: run\n    cron:\n      */10 * * * *\n', '25:7'],
      ['schedule: [ */5 * * * * ]\n', '22:13'],
    ].map(([schedule = '', at]): [string, string, string[]] => [
      schedule,
      `${orders}${schedule}`,
      [`orders.yaml:${at} cron stands without quotes, and YAML reads it as something else`],
    ]),
    ...[
      ['title： orders\n', '22:1 the colon is a full-width one (：)'],
      ['access:\n  run： everyone\n', '23:3 access must be lines of "name: value"'],
      ['view: "limit\n', '23:1 a quote, bracket, comma or colon is missing'],
      ['timeZone: "\\Asia"\n', '22:12 a \\ inside double quotes is followed by the wrong letter'],
      ['timeZone: @asia\n', '22:11 a value cannot begin with @ or `'],
    ].map(([line = '', said = '']): [string, string, string[]] => [
      line,
      `${orders}${line}`,
      [`orders.yaml:${said}`],
    ]),
    [
      'a zone by its abbreviation',
      `${orders}timeZone: CST\n`,
      ['orders.yaml:22:11 "CST" is an abbreviation: it means different zones to different people'],
    ],
    ['a missing entry', orders.replace('key: 订单号\n', ''), ['orders.yaml:2:1 key is missing']],
    [
      'a missing entry inside',
      orders.replace('  connection: shop\n', ''),
      ['orders.yaml:4:1 source.connection is missing'],
    ],
    [
      'a wrong list item',
      orders.replace('key: 订单号', 'key:\n  - a\n  - [b]'),
      ['orders.yaml:15:5 key[1] must be a column, or { source: column, table: field }'],
    ],
    ['the same key twice', `${orders}rounds: 4\n`, ['orders.yaml:22:1 the same key is there twice']],
    ['a tab', orders.replace('  connection', '\tconnection'), ['orders.yaml:5:1 a tab is used as indent']],
    ['a bracket left open', 'key: [a', ['orders.yaml:1:8 the indent is wrong, or a bracket is not closed']],
    ['two documents', `${orders}---\n${orders}`, ['orders.yaml:22:1 the file holds several documents (---)']],
    [
      'a reference to nothing',
      'name: *orders',
      ['orders.yaml:1:7 a reference (*) leads nowhere, or there are too many of them'],
    ],
    ['nothing', '# later\n', ['orders.yaml:1:1 the file is empty']],
    ['a list', '- name: orders', ['orders.yaml:1:1 the definition must be lines of "name: value"']],
    ['prose', 'Please sync the orders.', ['orders.yaml:1:1 the definition must be lines of "name: value"']],
  ])('with %s says where', (_, yaml, problems) => {
    expect(problemsOf(yaml)).toEqual(problems);
  });

  it.each<[written: string, meant: unknown]>([
    ['007', '007'],
    ['7', 7],
    ['-7', -7],
    ['+7', '+7'],
    ['-0', '-0'],
    ['1.5', 1.5],
    ['1.50', '1.50'],
    ['.5', '.5'],
    ['12345678901234567890', '12345678901234567890'],
    ['9007199254740993', '9007199254740993'],
    ['0.1234567890123456789', '0.1234567890123456789'],
    ['0x1F', '0x1F'],
    ['0o17', '0o17'],
    ['017', '017'],
    ['1e3', '1e3'],
    ['1_000', '1_000'],
    ['12:30:45', '12:30:45'],
    ['.inf', '.inf'],
    ['.NaN', '.NaN'],
    ['2026-01-31', '2026-01-31'],
    ['!!timestamp 2026-01-31', '2026-01-31'],
    ['!!int "007"', '007'],
    ['!!binary aGk=', 'aGk='],
    ['yes', 'yes'],
    ['no', 'no'],
    ['on', 'on'],
    ['Off', 'Off'],
    ['true', true],
    ['True', 'True'],
    ['FALSE', 'FALSE'],
    ['null', null],
    ['~', null],
    ['"007"', '007'],
  ])('takes %s as written, in a default and in a map', (written, meant) => {
    const yaml = fileWith({ fields: `{ a: { default: ${written}, map: { x: ${written} } } }` });
    for (const head of ['', '%YAML 1.1\n---\n']) {
      expect(rulesIn(head + yaml)).toEqual([['a', { default: meant, map: { x: meant } }]]);
    }
  });

  it.each([
    '01',
    '007',
    '0x1F',
    '1e3',
    '1.10',
    '12345678901234567890',
    'yes',
    'on',
    'true',
    'True',
    '2026-01-31',
    '12:30',
    '.inf',
    '"01"',
  ])('takes %s as written where it is the key of a map, or a column', (written) => {
    const name = written.replaceAll('"', '');
    expect(rulesIn(fileWith({ fields: `{ ${written}: { map: { ${written}: 北京 } } }` }))).toEqual([
      [name, { map: Object.fromEntries([[name, '北京']]) }],
    ]);
  });

  it.each([
    ['1: a, "1": b', false],
    ['1: a, 1: b', false],
    ['true: a, "true": b', false],
    ['1: a, 01: b', true],
    ['1: a, 1.0: b', true],
  ])('has a map with { %s } only where the entries are two as written', (entries, two) => {
    const told = problemsOf(fileWith({ fields: `{ city: { map: { ${entries} } } }` }));
    expect(told).toEqual(two ? [] : [expect.stringContaining('the same key is there twice')]);
  });

  it.each([
    ['title', '2026', 'title must be a text'],
    ['title', '007', 'title must be a text'],
    ['name', '007', 'name must be lower-case letters'],
    ['key', '1e3', 'key must be a column'],
    ['key', '[no, 1]', 'key[1] must be a column'],
    ['private', '[on, 1]', 'private[1] must be the name of a column'],
    ['timeZone', 'true', 'timeZone must be a time zone'],
    ['fields', '{ a: { to: 2026 } }', 'fields.a.to must be the name of a field'],
    ['fields', '{ a: { split: 0 } }', 'fields.a.split must be a separator'],
  ])('with %s: %s, which YAML does not read as a text, says to put it in quotes', (key, value, message) => {
    const parsed = parseFile('orders.yaml', fileWith({ [key]: value }));
    const [first] = 'problems' in parsed ? parsed.problems : [];
    expect(first).toMatchObject({
      where: expect.stringMatching(/^orders\.yaml:\d+:\d+$/),
      message: { en: expect.stringContaining(message) },
      cure: { en: expect.stringContaining('Put it in quotes') },
    });
  });

  it.each(['0\t9\t*\t*\t1-5', '0  9 * *  1-5', '0　9　*　*　1-5'])(
    'takes the blanks of %j for what they are',
    (cron) => {
      const parsed = parseFile('orders.yaml', fileWith({ schedule: `[{ do: run, cron: "${cron}" }]` }));
      expect(parsed).toMatchObject({ definition: { schedule: [{ cron: '0 9 * * 1-5' }] } });
    },
  );

  it.each([
    ['view: "limit', '少了引号、括号、逗号或冒号'],
    ['rounds: 30', 'rounds 必须是 0 到 10 的整数'],
    ['schedule: daily', 'schedule 必须是定时任务的列表'],
  ])('with %s is told in Chinese only', (line, message) => {
    const parsed = parseFile('orders.yaml', `${orders.replace('rounds: 3\n', '')}${line}\n`);
    expect('problems' in parsed && parsed.problems[0].message.zh).toBe(message);
  });

  it('does not ask for quotes where a number is meant', () => {
    const parsed = parseFile('orders.yaml', fileWith({ rounds: '30', brake: '{ deletes: 5 }' }));
    const cures = 'problems' in parsed ? parsed.problems.map(({ cure }) => cure.en) : [];
    expect(cures).toEqual(['It says 30 now.', 'It says 5 now.']);
  });

  it('with references that would multiply is refused quickly', () => {
    const bomb = ['a: &a [x,x,x,x,x,x,x,x,x]'];
    for (const [at, name] of ['b', 'c', 'd', 'e', 'f', 'g', 'h', 'i'].entries()) {
      const before = 'abcdefgh'[at];
      bomb.push(`${name}: &${name} [${Array.from({ length: 9 }, () => `*${before}`).join(',')}]`);
    }
    expect(problemsOf(bomb.join('\n'))).toEqual([
      'orders.yaml:1:1 a reference (*) leads nowhere, or there are too many of them',
    ]);
  });

  it('is read without throwing whatever stands in it, and every problem has a place in it', () => {
    const lines = orders.split('\n');
    const mangled = fc
      .array(fc.tuple(fc.nat(lines.length), fc.string({ unit: 'binary', maxLength: 20 })), { maxLength: 4 })
      .map((cuts) => {
        const copy = [...lines];
        for (const [at, words] of cuts) copy[at] = words;
        return copy.join('\n');
      });
    const yamlish = fc
      .array(
        fc.constantFrom(
          'a',
          ':',
          ' ',
          '\n',
          '- ',
          '[',
          ']',
          '{',
          '}',
          '&a',
          '*a',
          '|',
          '>',
          '"',
          "'",
          '!!x',
          '?',
          '<<',
          '---',
          '\t',
          '#',
          '%',
          '__proto__',
        ),
      )
      .map((tokens) => tokens.join(''));
    fc.assert(
      fc.property(fc.oneof(mangled, yamlish, fc.string()), (yaml) => {
        const parsed = parseFile('x.yaml', yaml);
        const told = 'problems' in parsed ? parsed.problems : [];
        for (const { where } of told) expect(where).toMatch(/^x\.yaml:\d+:\d+$/);
        expect('definition' in parsed || told.length > 0).toBe(true);
      }),
      { numRuns: 300 },
    );
  });
});

describe('a folder of definitions', () => {
  let folder: string;
  const write = (name: string, content: string | Uint8Array): void =>
    writeFileSync(join(folder, name), content);
  const called = (name: string): string => orders.replace('name: orders', `name: ${name}`);
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'bitable-sync-definitions-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it('lists good files and broken ones by name', async () => {
    write('b.yaml', called('users'));
    write('a.yml', called('orders'));
    write('broken.yaml', called('refunds').replace('rounds: 3', 'rounds: x'));
    write('unreadable.yaml', 'a: [');
    write('.hidden.yaml', 'x');
    write('notes.txt', 'x');
    const list = await folderDefinitions(folder).list();
    expect(list.map((one) => [one.name, 'definition' in one])).toEqual([
      ['orders', true],
      ['refunds', false],
      ['unreadable', false],
      ['users', true],
    ]);
    expect(list[1]).toMatchObject({
      file: join(folder, 'broken.yaml'),
      problems: [{ code: 'wrong-value', where: `${join(folder, 'broken.yaml')}:20:9` }],
    });
  });

  it('is read anew each time', async () => {
    const definitions = folderDefinitions(folder);
    write('a.yaml', orders);
    expect((await definitions.get('orders')).title).toBe('订单');
    write('a.yaml', orders.replace('title: 订单', 'title: 新订单'));
    expect((await definitions.get('orders')).title).toBe('新订单');
  });

  it('is parsed once until it changes, also to one of the same size', async () => {
    const definitions = folderDefinitions(folder);
    write('a.yaml', orders);
    const first = await definitions.get('orders');
    expect(await definitions.get('orders')).toBe(first);
    const { atime, mtime } = statSync(join(folder, 'a.yaml'));
    write('a.yaml', orders.replace('title: 订单', 'title: 单订'));
    utimesSync(join(folder, 'a.yaml'), atime, mtime);
    expect((await definitions.get('orders')).title).toBe('单订');
    rmSync(join(folder, 'a.yaml'));
    await expect(definitions.get('orders')).rejects.toBeInstanceOf(ProblemError);
  });

  it('refuses both of two files with one name, and only those', async () => {
    write('one.yaml', called('orders'));
    write('two.yaml', called('orders'));
    write('three.yaml', called('users'));
    const definitions = folderDefinitions(folder);
    const list = await definitions.list();
    expect(list.map((one) => ('problems' in one ? one.problems.map((it) => it.message.en) : 'good'))).toEqual(
      [
        [`orders is also the name of ${join(folder, 'two.yaml')}`],
        [`orders is also the name of ${join(folder, 'one.yaml')}`],
        'good',
      ],
    );
    await expect(definitions.get('orders')).rejects.toMatchObject({
      problems: [{ where: `${join(folder, 'one.yaml')}:2:7` }, { where: `${join(folder, 'two.yaml')}:2:7` }],
    });
  });

  it.each([
    ['oders', 'Did you mean orders?'],
    ['inventory', 'There are: orders, users.'],
    ['__proto__', 'There are: orders, users.'],
  ])('answers %s with the names there are', async (name, cure) => {
    write('a.yaml', called('orders'));
    write('b.yaml', called('users'));
    const asked = folderDefinitions(folder).get(name);
    await expect(asked).rejects.toMatchObject({
      problems: [{ code: 'no-such-definition', cure: { en: cure } }],
    });
  });

  it('rejects with the problems of a broken file that is asked for', async () => {
    write('a.yaml', orders.replace('rounds: 3', 'rounds: x'));
    await expect(folderDefinitions(folder).get('orders')).rejects.toBeInstanceOf(ProblemError);
  });

  it('tells of files that are no text, too large, or no files', async () => {
    write('latin.yaml', new Uint8Array([0x6e, 0xe9, 0x0a]));
    write('large.yaml', 'x'.repeat(64 * 1024 + 1));
    mkdirSync(join(folder, 'folder.yaml'));
    const list = await folderDefinitions(folder).list();
    expect(list.map((one) => ['problems' in one && one.problems[0]?.code, one.name])).toEqual([
      ['file-unreadable', 'folder'],
      ['file-too-large', 'large'],
      ['file-not-utf8', 'latin'],
    ]);
  });

  it('takes a file that begins with a byte order mark', async () => {
    write('a.yaml', `\ufeff${orders}`);
    expect((await folderDefinitions(folder).get('orders')).name).toBe('orders');
  });

  it('may be missing', async () => {
    const definitions = folderDefinitions(join(folder, 'none'));
    expect(await definitions.list()).toEqual([]);
    await expect(definitions.get('orders')).rejects.toThrow('no-such-definition');
  });
});
