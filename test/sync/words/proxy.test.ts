import { expect, it } from 'vitest';
import { isProxied, proxyHost } from '../../../src/sync/words/web-address.ts';

const proxy = (...around: string[]) => ({
  setting: 'HTTPS_PROXY',
  url: 'http://ann:pass-word@proxy.example.com:3128',
  around,
});

it.each([
  ['open.feishu.cn', 443, [], true],
  ['open.feishu.cn', 443, ['open.feishu.cn'], false],
  ['Open.Feishu.CN.', 443, ['open.feishu.cn'], false],
  ['open.feishu.cn', 443, ['OPEN.feishu.cn'], false],
  ['open.feishu.cn', 443, ['feishu.cn'], false],
  ['open.feishu.cn', 443, ['.feishu.cn'], false],
  ['open.feishu.cn', 443, ['*.feishu.cn'], false],
  ['feishu.cn', 443, ['.feishu.cn'], false],
  ['notfeishu.cn', 443, ['feishu.cn', '.feishu.cn'], true],
  ['feishu.cn.example.com', 443, ['feishu.cn'], true],
  ['open.feishu.cn', 443, ['open.feishu.cn:443'], false],
  ['open.feishu.cn', 443, ['.feishu.cn:443'], false],
  ['open.feishu.cn', 443, ['open.feishu.cn:8443'], true],
  ['open.feishu.cn', 443, ['*'], false],
  ['open.feishu.cn', 443, ['db.example.com', '.', '', 'feishu'], true],
  ['127.0.0.1', 8080, [], true],
  ['localhost', 8080, [], true],
  ['127.0.0.1', 8080, ['localhost', '127.0.0.1'], false],
  ['::1', 8080, ['::1'], false],
  ['[::1]', 8080, ['::1'], false],
  ['::1', 8080, ['[::1]'], false],
  ['::1', 8080, ['[::1]:8080'], false],
  ['::1', 8080, ['[::1]:81'], true],
] as const)('%s:%i with NO_PROXY=%j goes through the proxy: %s', (host, port, around, expected) => {
  expect(isProxied(proxy(...around), host, port)).toBe(expected);
});

it('is named without its login', () => {
  expect(proxyHost(proxy())).toBe('proxy.example.com:3128');
});
