import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { lineOf, parseAddress, parseBaseAddress, withTable } from '../../../src/sync/definition/address.ts';

const table = 'tblAbCdEf12345';

describe('an address that is taken', () => {
  it.each([
    [
      'a base with a view',
      `https://example.feishu.cn/base/AppTokenAbc123?table=${table}&view=vewXyz123`,
      { kind: 'base', token: 'AppTokenAbc123', table, view: 'vewXyz123', line: 'feishu' },
    ],
    [
      'a wiki page',
      `https://example.feishu.cn/wiki/NodeTokenAbc?table=${table}`,
      { kind: 'wiki', token: 'NodeTokenAbc', table, line: 'feishu' },
    ],
    [
      'a base of Lark',
      `https://example.larksuite.com/base/AppTokenAbc123?table=${table}`,
      { kind: 'base', token: 'AppTokenAbc123', table, line: 'lark' },
    ],
    [
      'a sub-domain of a sub-domain',
      `https://example.sg.larksuite.com/base/AppTokenAbc123?table=${table}`,
      { kind: 'base', token: 'AppTokenAbc123', table, line: 'lark' },
    ],
    [
      "Lark's host for bases",
      `https://base.larksuite.com/AppTokenAbc123?table=${table}`,
      { kind: 'base', token: 'AppTokenAbc123', table, line: 'lark' },
    ],
    [
      'larkoffice.com, which says nothing of the line',
      `https://example.larkoffice.com/base/AppTokenAbc123?table=${table}`,
      { kind: 'base', token: 'AppTokenAbc123', table },
    ],
    [
      'a Feishu on this machine',
      `http://127.0.0.1:4020/base/AppTokenAbc123?table=${table}`,
      { kind: 'base', token: 'AppTokenAbc123', table, line: 'local' },
    ],
    [
      'no scheme, blanks around, a fragment, other parameters',
      `  example.feishu.cn/base/AppTokenAbc123?from=from_copylink&table=${table}#part `,
      { kind: 'base', token: 'AppTokenAbc123', table, line: 'feishu' },
    ],
    [
      'angle brackets as chats put them around links',
      `<https://example.feishu.cn/base/AppTokenAbc123?table=${table}>`,
      { kind: 'base', token: 'AppTokenAbc123', table, line: 'feishu' },
    ],
    [
      'a view that is none is left out',
      `https://example.feishu.cn/base/AppTokenAbc123?table=${table}&view=..%2F..`,
      { kind: 'base', token: 'AppTokenAbc123', table, line: 'feishu' },
    ],
  ])('%s', (_, line, address) => {
    expect(parseAddress(line)).toEqual({ kind: 'address', address });
  });
});

describe('an address that is not taken has its own message', () => {
  const cases: readonly (readonly [line: string, code: string, words: string])[] = [
    ['', 'no-address', 'missing'],
    ['hello world', 'not-an-address', 'not a URL'],
    ['ftp://example.feishu.cn/base/x', 'not-an-address', 'not a URL'],
    ['AppTokenAbc123', 'not-an-address', 'not a URL'],
    [`base/AppTokenAbc123?table=${table}`, 'not-an-address', 'not a URL'],
    [`https://example.com/base/AppTokenAbc123?table=${table}`, 'not-feishu', 'not a Feishu address'],
    [
      `https://feishu.cn.example.com/base/AppTokenAbc123?table=${table}`,
      'not-feishu',
      'not a Feishu address',
    ],
    [`https://evilfeishu.cn/base/AppTokenAbc123?table=${table}`, 'not-feishu', 'not a Feishu address'],
    [`https://example.feishu.cn/sheets/ShtAbc123?table=${table}`, 'not-a-base', 'spreadsheet'],
    ['https://example.feishu.cn/docx/DocAbc123', 'not-a-base', 'document'],
    ['https://example.feishu.cn/share/base/form/shrAbc', 'not-a-base', 'shared view'],
    ['https://example.feishu.cn/record/RecAbc123', 'not-a-base', 'shared view'],
    ['https://example.feishu.cn/base/add/shrAbc', 'not-a-base', 'shared view'],
    ['https://example.feishu.cn/drive/folder/FldAbc', 'not-a-base', 'drive'],
    ['https://example.feishu.cn/calendar/x', 'not-a-base', '/base/ or /wiki/'],
    [`https://example.feishu.cn/base/?table=${table}`, 'no-token', 'lacks the token of the base'],
    [`https://example.feishu.cn/wiki/?table=${table}`, 'no-token', 'lacks the token of the page'],
    [`https://example.feishu.cn/base/a%2Fb%2Fc?table=${table}`, 'not-a-token', 'not the token of a base'],
    [`https://example.feishu.cn/base/App?table=${table}`, 'not-a-token', 'not the token of a base'],
    [
      `https://example.feishu.cn/base/${'a'.repeat(101)}?table=${table}`,
      'not-a-token',
      'not the token of a base',
    ],
    [`https://example.feishu.cn/wiki/ab?table=${table}`, 'not-a-token', 'not the token of a page'],
    ['https://example.feishu.cn/base/AppTokenAbc123', 'no-table', 'no table='],
    ['https://example.feishu.cn/base/AppTokenAbc123?table=blkAbc', 'is-dashboard', 'dashboard'],
    ['https://example.feishu.cn/base/AppTokenAbc123?table=wkfAbc', 'is-workflow', 'workflow'],
    ['https://example.feishu.cn/base/AppTokenAbc123?table=ldxAbc', 'is-document', 'document in the base'],
    ['https://example.feishu.cn/base/AppTokenAbc123?table=vewAbc', 'no-such-table-id', 'not a table ID'],
    ['https://example.feishu.cn/base/AppTokenAbc123?table=tbl/../x', 'no-such-table-id', 'not a table ID'],
  ];
  it.each(cases)('%s', (line, code, words) => {
    const parsed = parseAddress(line);
    if (parsed.kind !== 'problem') throw new Error('It was taken.');
    expect(parsed.problem).toMatchObject({ code, where: 'target' });
    expect(parsed.problem.message.en).toContain(words);
    expect(parsed.problem.cure.zh).toContain('/base/APPTOKEN?table=');
  });

  it('and no two kinds share one', () => {
    const told = cases.map(([line]) => {
      const parsed = parseAddress(line);
      return parsed.kind === 'problem' ? parsed.problem.message.zh : '';
    });
    expect(new Set(told).size).toBe(new Set(cases.map(([, , words]) => words)).size);
  });
});

describe('an address of a base', () => {
  it.each([
    [
      'https://example.feishu.cn/base/AppTokenAbc123',
      { kind: 'base', token: 'AppTokenAbc123', line: 'feishu' },
    ],
    [
      'https://example.feishu.cn/wiki/NodeAbc123?table=',
      { kind: 'wiki', token: 'NodeAbc123', line: 'feishu' },
    ],
    [
      'https://example.larksuite.com/base/AppTokenAbc123?table=tblAbc123&view=vewAbc',
      { kind: 'base', token: 'AppTokenAbc123', table: 'tblAbc123', view: 'vewAbc', line: 'lark' },
    ],
  ])('%s needs no table', (line, address) => {
    expect(parseBaseAddress(line)).toEqual({ kind: 'address', address });
  });

  it.each(['https://example.feishu.cn/base/AppTokenAbc123?table=blkAbc', 'https://example.com/base/x', ''])(
    'is not %j',
    (line) => {
      expect(parseBaseAddress(line)).toMatchObject({ kind: 'problem' });
    },
  );

  it('takes a table in, and lets the view of another go', () => {
    expect(withTable('https://example.feishu.cn/base/AppTokenAbc123', 'tblNew')).toBe(
      'https://example.feishu.cn/base/AppTokenAbc123?table=tblNew',
    );
    expect(
      withTable('https://example.feishu.cn/base/AppTokenAbc123?table=tblOld&view=vewOld', 'tblNew'),
    ).toBe('https://example.feishu.cn/base/AppTokenAbc123?table=tblNew');
  });
});

it('never throws, and takes nothing that could leave its place in a path', () => {
  fc.assert(
    fc.property(
      fc.oneof(fc.string(), fc.webUrl({ withQueryParameters: true })),
      fc.string(),
      (start, end) => {
        for (const line of [
          start,
          `https://a.feishu.cn/base/${start}?table=${end}`,
          `${start}?table=tbl${end}`,
        ]) {
          const parsed = parseAddress(line);
          if (parsed.kind !== 'address') continue;
          expect(parsed.address.token).toMatch(/^[\w-]+$/);
          expect(parsed.address.table).toMatch(/^tbl\w+$/);
        }
      },
    ),
  );
});

it.each([
  ['open.feishu.cn', 'feishu'],
  ['open.larksuite.com', 'lark'],
  ['127.0.0.1', 'local'],
  ['localhost', 'local'],
  ['open.larkoffice.com', undefined],
  ['example.com', undefined],
])('%s belongs to %s', (host, line) => {
  expect(lineOf(host)).toBe(line);
});
